/* A caller in C, of a lamp at the other end of standard input and output. It fails with the number of the line at which
 * something is not as it should be. */
#include "desk_lamp_client.h"

#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define EXPECT(is_so)                                                                                                  \
    do {                                                                                                               \
        if (!(is_so)) {                                                                                                \
            (void)fprintf(stderr, "caller.c:%d: not %s\n", __LINE__, #is_so);                                          \
            return 1;                                                                                                  \
        }                                                                                                              \
    } while (0)

static int32_t read_some(void *context, uint8_t *bytes, size_t size, srpc_time timeout)
{
    struct pollfd input = {STDIN_FILENO, POLLIN, 0};
    (void)context;
    if (poll(&input, 1, (int)timeout) <= 0) {
        return 0;
    }
    const ssize_t count = read(STDIN_FILENO, bytes, size);
    return count > 0 ? (int32_t)count : -1;
}

static int32_t write_some(void *context, const uint8_t *bytes, size_t count)
{
    (void)context;
    return (int32_t)write(STDOUT_FILENO, bytes, count);
}

static srpc_time now(void *context)
{
    struct timespec time;
    (void)context;
    (void)clock_gettime(CLOCK_MONOTONIC, &time);
    return (srpc_time)((uint64_t)time.tv_sec * 1000u + (uint64_t)time.tv_nsec / 1000000u);
}

SRPC_CLIENT(client, 256, 4, 8, 1, 128);
static const srpc_caller caller = {&client, read_some, write_some, now, NULL};

int main(void)
{
    static const lamp_colour colours[3] = {{1, 2, 3}, {4, 5, 6}, {7, 8, 9}};
    static lamp_colour many[500];
    static const char name[] = "a very long name indeed";
    lamp_state state;
    lamp_pixels_value pixels;
    srpc_stream stream;
    srpc_subscription subscription;
    srpc_received_event event;
    srpc_arrival arrival;
    srpc_status status;
    uint32_t count = 0;
    uint32_t taken = 0;
    int16_t turned = 0;

    srpc_client_init(&client, (uint32_t)getpid());
    /* Other work of the machine is no failure. */
    srpc_client_set_patience(&client, 60000, 0);

    EXPECT(lamp_subscribe_turned(&caller, &subscription) == SRPC_OK);
    EXPECT(lamp_call_set(&caller, true) == SRPC_OK);
    EXPECT(srpc_caller_next_event(&caller, 60000, &event));
    EXPECT(lamp_take_turned(&subscription, &event, &arrival, &turned));
    EXPECT(turned == -300);

    EXPECT(lamp_call_dim(&caller, 50, &state) == SRPC_OK);
    EXPECT(state.tag == LAMP_STATE_ON && state.as.on.colour.item_2 == 3u && state.as.on.percent == 50u);
    EXPECT(lamp_call_dim(&caller, 101, &state) == SRPC_OWN_ERROR);

    EXPECT(lamp_call_rename(&caller, srpc_text("desk")) == SRPC_OK);
    /* What is longer than the interface allows is not sent. */
    status = lamp_call_rename(&caller, srpc_text(name));
    EXPECT(srpc_status_ran(status) == SRPC_RAN_NEVER);
    status = lamp_call_pixels(&caller, many, LAMP_PIXELS_PIXELS_MAX + 1u, &pixels);
    EXPECT(srpc_status_ran(status) == SRPC_RAN_NEVER);

    EXPECT(lamp_call_pixels(&caller, colours, 3, &pixels) == SRPC_OK);
    EXPECT(pixels.is_some && pixels.value == 15u);
    EXPECT(lamp_call_pixels(&caller, colours, 0, &pixels) == SRPC_OK);
    EXPECT(!pixels.is_some);

    srpc_stream_begin(&stream);
    for (status = lamp_next_states(&caller, &stream, &state); status == SRPC_OK;
         status = lamp_next_states(&caller, &stream, &state)) {
        if (count % 2u == 0u) {
            EXPECT(state.tag == LAMP_STATE_OFF);
        } else {
            EXPECT(state.tag == LAMP_STATE_BROKEN && state.as.broken.length == 4u);
            EXPECT(memcmp(state.as.broken.text, "bulb", 4) == 0);
        }
        count++;
    }
    EXPECT(status == SRPC_END && count == 100u);

    for (count = 0; count < 500u; count++) {
        many[count].item_0 = (uint8_t)count;
    }
    EXPECT(lamp_feed_play(&caller, 70000, many, 500, &taken) == SRPC_OK);
    EXPECT(taken == 500u);
    EXPECT(lamp_feed_play(&caller, 7, many, 0, &taken) == SRPC_OK);
    EXPECT(taken == 0u);
    return 0;
}
