/* The undescribed calculator, and a procedure that emits an event. */
#include "calculator.h"
#include "serve.h"

static uint32_t lock(void)
{
    uint32_t masked;
    __asm__ volatile("mrs %0, primask\n\tcpsid i" : "=r"(masked) : : "memory");
    return masked;
}

static void unlock(uint32_t masked)
{
    __asm__ volatile("msr primask, %0" : : "r"(masked) : "memory");
}

SRPC_EVENTS(events, 64, 1, 64, lock, unlock);

#define STAGE_KEY_MOVED 0x5A7E0001u

static void stage_emit_moved(const srpc_events *to, int32_t position)
{
    srpc_event event;
    if (srpc_events_begin(to, STAGE_KEY_MOVED, &event)) {
        srpc_write_i32(&event.data, position);
        srpc_events_end(to, &event);
    }
}

static srpc_outcome dispatch(void *context, uint16_t index, srpc_reader *arguments, srpc_writer *reply)
{
    int32_t position;
    if (index < 4u) {
        return calculator_interface_bare.dispatch(context, index, arguments, reply);
    }
    if (index != 4u) {
        return SRPC_UNKNOWN_PROCEDURE;
    }
    position = srpc_read_i32(arguments);
    if (!srpc_reader_ended(arguments)) {
        return SRPC_BAD_ARGUMENTS;
    }
    stage_emit_moved(&events, position);
    return SRPC_RETURN;
}

/* Any keys do: what is measured is how much they take. */
static const uint32_t keys[6] = {1, 2, 3, 4, 5, STAGE_KEY_MOVED};

static const srpc_interface interface = {dispatch, srpc_own_service, keys, NULL, NULL, 0, 0x12345678u, 6};

SRPC_SERVER(server, &interface, NULL, 64, 1, 0, &events);

int main(void)
{
    serve(&server);
    return 0;
}
