/* A lamp in C, served over standard input and output. */
#include "desk_lamp.h"

#include <string.h>
#include <unistd.h>

/* Shown colours, and what the knob was turned to. */
static uint32_t shown;
static lamp_colour last;
static bool is_on;

SRPC_EVENTS(events, 128, 1, 128, NULL, NULL);
SRPC_SERVER(server, &desk_lamp_interface, NULL, 128, 4, 512, &events);

void lamp_set(void *context, bool on)
{
    (void)context;
    is_on = on;
    lamp_emit_turned(&events, on ? 1 : -300);
}

bool lamp_dim(void *context, uint8_t percent, lamp_state *value)
{
    (void)context;
    if (percent > 100u) {
        return false;
    }
    value->tag = LAMP_STATE_ON;
    value->as.on.colour = last;
    value->as.on.percent = percent;
    return true;
}

void lamp_rename(void *context, srpc_string name)
{
    (void)context;
    (void)name;
}

void lamp_play(void *context, uint32_t duration, srpc_items *colours)
{
    lamp_colour colour;
    (void)context;
    while (lamp_play_next(colours, &colour)) {
        last = colour;
        shown += duration;
    }
}

bool lamp_states(void *context, uint32_t index, lamp_state *item)
{
    (void)context;
    if (index >= 100u) {
        return false;
    }
    if (index % 2u == 0u) {
        item->tag = LAMP_STATE_OFF;
    } else {
        item->tag = LAMP_STATE_BROKEN;
        item->as.broken = srpc_text("bulb");
    }
    return true;
}

void lamp_pixels(void *context, const lamp_colour *pixels, uint32_t pixels_count, lamp_pixels_value *value)
{
    uint32_t at;
    (void)context;
    value->is_some = pixels_count > 0u;
    value->value = (uint8_t)shown;
    for (at = 0; at < pixels_count; at++) {
        value->value = (uint8_t)(value->value + pixels[at].item_1);
    }
}

int main(void)
{
    uint8_t byte;
    while (read(STDIN_FILENO, &byte, 1) == 1) {
        const uint8_t *bytes;
        uint16_t count;
        srpc_server_receive(&server, byte);
        for (count = srpc_server_outgoing(&server, &bytes); count > 0u; count = srpc_server_outgoing(&server, &bytes)) {
            const ssize_t written = write(STDOUT_FILENO, bytes, count);
            if (written < 0) {
                return 1;
            }
            srpc_server_sent(&server, (uint16_t)written);
        }
    }
    return 0;
}
