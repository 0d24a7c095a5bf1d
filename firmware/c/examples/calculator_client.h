/* A client of the interface `calculator`, version 0.1.0, for callers in C.
 *
 * Each function makes a call and waits for its end: SRPC_OK means that the value is set, SRPC_OWN_ERROR that the
 * procedure's own error is. For all others, `srpc_status_ran` says whether the procedure ran. Text and bytes in values lie
 * in the client until the next call. */
#ifndef CALCULATOR_CLIENT_H
#define CALCULATOR_CLIENT_H

#include "calculator.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Adds two numbers. */
srpc_status calculator_call_add(const srpc_caller *caller, int32_t x, int32_t y, int32_t *value,
                                calculator_math_error *error);
/* Summarises up to 16 samples. */
srpc_status calculator_call_statistics(const srpc_caller *caller, const double *samples, uint32_t samples_count,
                                       calculator_summary *value, calculator_math_error *error);
srpc_status calculator_call_evaluate(const srpc_caller *caller, srpc_string expression, int32_t *value,
                                     calculator_expression_error *error);
srpc_status calculator_call_accumulate(const srpc_caller *caller, int64_t amount, int64_t *value,
                                       calculator_math_error *error);
srpc_status calculator_call_total(const srpc_caller *caller, int64_t *value);
srpc_status calculator_call_clear(const srpc_caller *caller);

/* A moving stream: after `srpc_stream_begin`, take the next item until SRPC_END or an error. `srpc_stream_close` it if you
 * stop before. `stream->lost` items were dropped before this one. */
srpc_status calculator_next_history(const srpc_caller *caller, srpc_stream *stream, calculator_calculation *item);

/* A feed: sets `taken` to the number of items that were certainly taken. */
srpc_status calculator_feed_replay(const srpc_caller *caller, const calculator_operation *operations,
                                   uint32_t operations_count, uint32_t *taken, int64_t *value,
                                   calculator_math_error *error);

/* An event: subscribe, then give every event that comes to `calculator_take_total_changed`. */
srpc_status calculator_subscribe_total_changed(const srpc_caller *caller, srpc_subscription *subscription);
/* Returns true with the data if it is this event. Data that do not decode are no event. */
bool calculator_take_total_changed(srpc_subscription *subscription, const srpc_received_event *event,
                                   srpc_arrival *arrival, int64_t *total);

#ifdef __cplusplus
}
#endif

#endif
