/* A client of the interface `calculator`, version 0.1.0, for callers in C. Written by `serial-rpc generate c`.
 *
 * Each function makes a call and waits for its end: SRPC_OK means that the value is set, SRPC_OWN_ERROR that the
 * procedure's own error is. For all others, `srpc_status_ran` says whether the procedure ran. Text and bytes in
 * values lie in the client until the next call. */
#ifndef CALCULATOR_CLIENT_H
#define CALCULATOR_CLIENT_H

#include "calculator.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Adds two numbers. */
srpc_status calculator_call_add(const srpc_caller *caller, int32_t x, int32_t y, int32_t *value,
                                calculator_math_error *error);

/* Subtracts `y` from `x`. */
srpc_status calculator_call_sub(const srpc_caller *caller, int32_t x, int32_t y, int32_t *value,
                                calculator_math_error *error);

/* Multiplies two numbers. */
srpc_status calculator_call_mul(const srpc_caller *caller, int32_t x, int32_t y, int32_t *value,
                                calculator_math_error *error);

/* Divides `x` by `y`, rounding towards zero. */
srpc_status calculator_call_div(const srpc_caller *caller, int32_t x, int32_t y, int32_t *value,
                                calculator_math_error *error);

/* The remainder of dividing `x` by `y`; it has the sign of `x`. */
srpc_status calculator_call_rem(const srpc_caller *caller, int32_t x, int32_t y, int32_t *value,
                                calculator_math_error *error);

/* Raises `base` to the power of `exponent`. */
srpc_status calculator_call_pow(const srpc_caller *caller, int32_t base, uint32_t exponent, int32_t *value,
                                calculator_math_error *error);

/* The square root of `x`. */
srpc_status calculator_call_sqrt(const srpc_caller *caller, double x, double *value, calculator_math_error *error);

/* Summarises up to 16 samples. */
srpc_status calculator_call_statistics(const srpc_caller *caller, const double *samples, uint32_t samples_count,
                                       calculator_summary *value, calculator_math_error *error);

/* Evaluates an expression of integers, `+ - * / %` and parentheses, such as `2*(3+4)-5`. */
srpc_status calculator_call_evaluate(const srpc_caller *caller, srpc_string expression, int32_t *value,
                                     calculator_expression_error *error);

/* Adds `amount` to the running total and returns the new total.
 *
 * A total that would overflow is an error and leaves the total as it was. */
srpc_status calculator_call_accumulate(const srpc_caller *caller, int64_t amount, int64_t *value,
                                       calculator_math_error *error);

/* The running total. */
srpc_status calculator_call_total(const srpc_caller *caller, int64_t *value);

/* Sets the running total to zero. */
srpc_status calculator_call_clear(const srpc_caller *caller);

/* The running total has become another.
 *
 * An event: subscribe, then give every event that comes to the function that takes it. */
srpc_status calculator_subscribe_total_changed(const srpc_caller *caller, srpc_subscription *subscription);
/* Returns true with the data if it is this event. Data that do not decode are no event. */
bool calculator_take_total_changed(srpc_subscription *subscription, const srpc_received_event *event,
                                   srpc_arrival *arrival, int64_t *total);

/* The last 16 calculations with integers and the running total, from the oldest.
 *
 * A moving stream: after `srpc_stream_begin`, take the next item until SRPC_END or an error. `srpc_stream_close` it
 * if you stop before. `stream->lost` items were dropped before this one. */
srpc_status calculator_next_history(const srpc_caller *caller, srpc_stream *stream, calculator_calculation *item);

/* Carries out operations one after the other, up to the first that has no result, and returns
 * the running total.
 *
 * A feed: sets `taken` to the number of items that were certainly taken. */
srpc_status calculator_feed_replay(const srpc_caller *caller, const calculator_operation *operations,
                                   uint32_t operations_count, uint32_t *taken, int64_t *value,
                                   calculator_math_error *error);

/* The blocks, in the order of their numbers, which begin at 0.
 *
 * A stream: after `srpc_stream_begin`, take the next item until SRPC_END or an error. `srpc_stream_close` it if you
 * stop before. */
srpc_status blocks_next_list(const srpc_caller *caller, srpc_stream *stream, blocks_block_info *item);

/* The block of that name. */
srpc_status blocks_call_find(const srpc_caller *caller, srpc_string name, blocks_found *value,
                             blocks_block_error *error);

/* The bytes of a block from `offset` on: up to `most`, and none at its end. */
srpc_status blocks_call_read(const srpc_caller *caller, uint8_t block, uint32_t offset, uint16_t most,
                             srpc_bytes *value, blocks_block_error *error);

/* The CRC-32 of bytes whose own is `before` (0 for none) and `length` bytes of a block from
 * `offset` on, which may lie behind its end. */
srpc_status blocks_call_checksum(const srpc_caller *caller, uint8_t block, uint32_t offset, uint32_t length,
                                 uint32_t before, uint32_t *value, blocks_block_error *error);

/* Begins to write a block that will have `total` bytes. The first `offset` of them are there
 * already, and their CRC-32 is `before`: both are 0 unless writing was interrupted. Then `checksum`
 * must have been asked for those bytes last, from the first on. */
srpc_status blocks_call_begin(const srpc_caller *caller, uint8_t block, uint32_t total, uint32_t offset,
                              uint32_t before, blocks_block_error *error);

/* Writes the next bytes of the block that was begun; those at `offset` that are there already
 * are not written again. */
srpc_status blocks_call_write(const srpc_caller *caller, uint32_t offset, srpc_bytes bytes, blocks_block_error *error);

/* Ends writing, if all bytes are there and `crc` is their CRC-32: only then does the block
 * change its length. */
srpc_status blocks_call_finish(const srpc_caller *caller, uint32_t crc, blocks_block_error *error);

/* A line of the log: how much it matters, what part of the firmware it is from, and what it says.
 *
 * An event: subscribe, then give every event that comes to the function that takes it. */
srpc_status log_subscribe_record(const srpc_caller *caller, srpc_subscription *subscription);
/* Returns true with the data if it is this event. Data that do not decode are no event. */
bool log_take_record(srpc_subscription *subscription, const srpc_received_event *event, srpc_arrival *arrival,
                     log_level *level, srpc_string *target, srpc_string *text);

#ifdef __cplusplus
}
#endif

#endif
