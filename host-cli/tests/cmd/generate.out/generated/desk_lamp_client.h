/* A client of the interface `desk-lamp`, version 1.0.0, for callers in C. Written by `serial-rpc generate c`.
 *
 * Each function makes a call and waits for its end: SRPC_OK means that the value is set, SRPC_OWN_ERROR that the
 * procedure's own error is. For all others, `srpc_status_ran` says whether the procedure ran. Text and bytes in
 * values lie in the client until the next call. */
#ifndef DESK_LAMP_CLIENT_H
#define DESK_LAMP_CLIENT_H

#include "desk_lamp.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Switches it. */
srpc_status lamp_call_set(const srpc_caller *caller, bool on);

/* Dims it. */
srpc_status lamp_call_dim(const srpc_caller *caller, uint8_t percent, lamp_state *value);

/* Names it. */
srpc_status lamp_call_rename(const srpc_caller *caller, srpc_string name);

/* Shows colours, one after the other, for so many milliseconds each.
 *
 * A feed: sets `taken` to the number of items that were certainly taken. */
srpc_status lamp_feed_play(const srpc_caller *caller, uint32_t duration, const lamp_colour *colours,
                           uint32_t colours_count, uint32_t *taken);

/* The last states.
 *
 * A stream: after `srpc_stream_begin`, take the next item until SRPC_END or an error. `srpc_stream_close` it if you
 * stop before. */
srpc_status lamp_next_states(const srpc_caller *caller, srpc_stream *stream, lamp_state *item);

/* Sets the pixels. */
srpc_status lamp_call_pixels(const srpc_caller *caller, const lamp_colour *pixels, uint32_t pixels_count,
                             lamp_pixels_value *value);

/* Somebody has turned the knob.
 *
 * An event: subscribe, then give every event that comes to the function that takes it. */
srpc_status lamp_subscribe_turned(const srpc_caller *caller, srpc_subscription *subscription);
/* Returns true with the data if it is this event. Data that do not decode are no event. */
bool lamp_take_turned(srpc_subscription *subscription, const srpc_received_event *event, srpc_arrival *arrival,
                      int16_t *double_);

#ifdef __cplusplus
}
#endif

#endif
