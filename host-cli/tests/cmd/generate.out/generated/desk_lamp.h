/* The interface `desk-lamp`, version 1.0.0, for firmware in C. Written by `serial-rpc generate c`. */
#ifndef DESK_LAMP_H
#define DESK_LAMP_H

#include "serial_rpc.h"

#ifdef __cplusplus
extern "C" {
#endif

/* The interface as a server offers it: described, without its description, and without the device's own service. */
extern const srpc_interface desk_lamp_interface;
extern const srpc_interface desk_lamp_interface_undescribed;
extern const srpc_interface desk_lamp_interface_bare;

#define DESK_LAMP_FINGERPRINT 0xA3801C15u

/* What the firmware implements has a parameter `context`, which is that of the server. A procedure with an error of
 * its own returns true with its value, and false with its error. */

/* lamp: A lamp. */

/* The most elements of `pixels` of lamp.pixels. */
#define LAMP_PIXELS_PIXELS_MAX 8u

/* Red, green and blue. */
typedef struct lamp_colour {
    uint8_t item_0;
    uint8_t item_1;
    uint8_t item_2;
} lamp_colour;

/* What it does. * / #error "A comment ends where its writer wants it to." / * */
typedef enum lamp_state_tag {
    /* No light. */
    LAMP_STATE_OFF = 0,
    /* Light of a colour. */
    LAMP_STATE_ON = 1,
    LAMP_STATE_BROKEN = 2
} lamp_state_tag;

typedef struct lamp_state {
    lamp_state_tag tag;
    /* That of the tag; a variant without content has none. */
    union {
        struct {
            /* The colour. */
            lamp_colour colour;
            /* How bright it is. */
            uint8_t percent;
        } on;
        srpc_string broken;
    } as;
} lamp_state;

typedef struct lamp_pixels_value {
    bool is_some;
    uint8_t value;
} lamp_pixels_value;

/* Switches it. */
void lamp_set(void *context, bool on);

/* Dims it.
 *
 * Its error is `TooBright`: More than 100 percent. */
bool lamp_dim(void *context, uint8_t percent, lamp_state *value);

/* Names it. */
void lamp_rename(void *context, srpc_string name);

/* Shows colours, one after the other, for so many milliseconds each.
 *
 * A feed: `lamp_play_next` gives the items of this call, `colours`. */
void lamp_play(void *context, uint32_t duration, srpc_items *colours);

/* The last states.
 *
 * A stream: returns true with the item at `index`, and false behind the last. */
bool lamp_states(void *context, uint32_t index, lamp_state *item);

/* Sets the pixels. */
void lamp_pixels(void *context, const lamp_colour *pixels, uint32_t pixels_count, lamp_pixels_value *value);

/* What the firmware calls. */

/* Takes the next item of `colours`; returns false behind the last. */
bool lamp_play_next(srpc_items *colours, lamp_colour *item);

/* Somebody has turned the knob.
 *
 * An event: it may be emitted anywhere, at any time. */
void lamp_emit_turned(const srpc_events *events, int16_t double_);

/* Codecs, for values that are stored or passed on. */
void lamp_write_colour(srpc_writer *writer, const lamp_colour *value);
void lamp_read_colour(srpc_reader *reader, lamp_colour *value);
void lamp_write_state(srpc_writer *writer, const lamp_state *value);
void lamp_read_state(srpc_reader *reader, lamp_state *value);
void lamp_write_pixels_value(srpc_writer *writer, const lamp_pixels_value *value);
void lamp_read_pixels_value(srpc_reader *reader, lamp_pixels_value *value);

#ifdef __cplusplus
}
#endif

#endif
