/* A client of the interface `calculator`, version 0.1.0. */
#include "calculator_client.h"

/* A procedure, and its number in this interface. Another device is asked for it. */
#define CALCULATOR_TARGET(name, key, number, flags)                                                                    \
    static const srpc_target name = {key, CALCULATOR_FINGERPRINT, number, SRPC_NUMBER_IN, flags}

CALCULATOR_TARGET(calculator_target_add, 0x42EE235Cu, 8, SRPC_IDEMPOTENT | SRPC_FALLIBLE);
CALCULATOR_TARGET(calculator_target_statistics, 0x66E5EF25u, 15, SRPC_IDEMPOTENT | SRPC_FALLIBLE);
CALCULATOR_TARGET(calculator_target_evaluate, 0xC4E2E55Cu, 16, SRPC_IDEMPOTENT | SRPC_FALLIBLE);
CALCULATOR_TARGET(calculator_target_accumulate, 0xB1148F64u, 17, SRPC_FALLIBLE);
CALCULATOR_TARGET(calculator_target_total, 0xEAC898A9u, 18, SRPC_IDEMPOTENT);
CALCULATOR_TARGET(calculator_target_clear, 0xAE07BBBCu, 19, SRPC_IDEMPOTENT);
CALCULATOR_TARGET(calculator_target_history, 0x41C0246Fu, 21, SRPC_IDEMPOTENT | SRPC_MOVING);
CALCULATOR_TARGET(calculator_target_replay, 0x419E5E1Au, 22, SRPC_FALLIBLE);

static void calculator_read_summary(srpc_reader *reader, calculator_summary *value)
{
    value->count = srpc_read_u8(reader);
    value->min = srpc_read_f64(reader);
    value->max = srpc_read_f64(reader);
    value->mean = srpc_read_f64(reader);
    value->deviation = srpc_read_f64(reader);
}

static void calculator_read_expression_error(srpc_reader *reader, calculator_expression_error *value)
{
    value->position = srpc_read_u16(reader);
    value->reason = (calculator_expression_reason)srpc_read_variant(reader, 7);
}

static void calculator_read_calculation(srpc_reader *reader, calculator_calculation *value)
{
    calculator_read_operation(reader, &value->operation);
    value->result.is_error = srpc_read_variant(reader, 2) == 1u;
    if (value->result.is_error) {
        value->result.as.error = (calculator_math_error)srpc_read_variant(reader, 4);
    } else {
        value->result.as.value = srpc_read_i64(reader);
    }
}

srpc_status calculator_call_add(const srpc_caller *caller, int32_t x, int32_t y, int32_t *value,
                                calculator_math_error *error)
{
    srpc_call call = srpc_call_begin(caller, &calculator_target_add);
    srpc_write_i32(&call.arguments, x);
    srpc_write_i32(&call.arguments, y);
    (void)srpc_call_wait(&call);
    if (call.status == SRPC_OK) {
        *value = srpc_read_i32(&call.reply);
    } else if (call.status == SRPC_OWN_ERROR) {
        *error = (calculator_math_error)srpc_read_variant(&call.reply, 4);
    }
    return srpc_call_end(&call);
}

srpc_status calculator_call_statistics(const srpc_caller *caller, const double *samples, uint32_t samples_count,
                                       calculator_summary *value, calculator_math_error *error)
{
    srpc_call call = srpc_call_begin(caller, &calculator_target_statistics);
    uint32_t index;
    srpc_write_u32(&call.arguments, samples_count);
    for (index = 0; index < samples_count; index++) {
        srpc_write_f64(&call.arguments, samples[index]);
    }
    (void)srpc_call_wait(&call);
    if (call.status == SRPC_OK) {
        calculator_read_summary(&call.reply, value);
    } else if (call.status == SRPC_OWN_ERROR) {
        *error = (calculator_math_error)srpc_read_variant(&call.reply, 4);
    }
    return srpc_call_end(&call);
}

srpc_status calculator_call_evaluate(const srpc_caller *caller, srpc_string expression, int32_t *value,
                                     calculator_expression_error *error)
{
    srpc_call call = srpc_call_begin(caller, &calculator_target_evaluate);
    srpc_write_string(&call.arguments, expression);
    (void)srpc_call_wait(&call);
    if (call.status == SRPC_OK) {
        *value = srpc_read_i32(&call.reply);
    } else if (call.status == SRPC_OWN_ERROR) {
        calculator_read_expression_error(&call.reply, error);
    }
    return srpc_call_end(&call);
}

srpc_status calculator_call_accumulate(const srpc_caller *caller, int64_t amount, int64_t *value,
                                       calculator_math_error *error)
{
    srpc_call call = srpc_call_begin(caller, &calculator_target_accumulate);
    srpc_write_i64(&call.arguments, amount);
    (void)srpc_call_wait(&call);
    if (call.status == SRPC_OK) {
        *value = srpc_read_i64(&call.reply);
    } else if (call.status == SRPC_OWN_ERROR) {
        *error = (calculator_math_error)srpc_read_variant(&call.reply, 4);
    }
    return srpc_call_end(&call);
}

srpc_status calculator_call_total(const srpc_caller *caller, int64_t *value)
{
    srpc_call call = srpc_call_begin(caller, &calculator_target_total);
    (void)srpc_call_wait(&call);
    if (call.status == SRPC_OK) {
        *value = srpc_read_i64(&call.reply);
    }
    return srpc_call_end(&call);
}

srpc_status calculator_call_clear(const srpc_caller *caller)
{
    srpc_call call = srpc_call_begin(caller, &calculator_target_clear);
    (void)srpc_call_wait(&call);
    return srpc_call_end(&call);
}

srpc_status calculator_next_history(const srpc_caller *caller, srpc_stream *stream, calculator_calculation *item)
{
    while (srpc_stream_asks(stream, caller, &calculator_target_history)) {
        /* Arguments of the stream's are written to `stream->arguments` here. */
    }
    if (stream->status == SRPC_OK) {
        calculator_read_calculation(&stream->reply, item);
    }
    return srpc_stream_end_item(stream, caller->client);
}

srpc_status calculator_feed_replay(const srpc_caller *caller, const calculator_operation *operations,
                                   uint32_t operations_count, uint32_t *taken, int64_t *value,
                                   calculator_math_error *error)
{
    srpc_feed feed = srpc_feed_begin(caller, &calculator_target_replay);
    while (srpc_feed_asks(&feed, operations_count)) {
        /* Arguments before the items are written to `feed.arguments` here. */
        while (srpc_feed_wants(&feed, operations_count)) {
            calculator_write_operation(&feed.arguments, &operations[feed.given]);
        }
    }
    *taken = feed.taken;
    if (feed.status == SRPC_OK) {
        *value = srpc_read_i64(&feed.reply);
    } else if (feed.status == SRPC_OWN_ERROR) {
        *error = (calculator_math_error)srpc_read_variant(&feed.reply, 4);
    }
    return srpc_feed_end(&feed);
}

srpc_status calculator_subscribe_total_changed(const srpc_caller *caller, srpc_subscription *subscription)
{
    return srpc_caller_subscribe(caller, 0xA38F1A4Fu, subscription);
}

bool calculator_take_total_changed(srpc_subscription *subscription, const srpc_received_event *event,
                                   srpc_arrival *arrival, int64_t *total)
{
    srpc_reader data = srpc_reader_of(event->data, event->length);
    if (!srpc_subscription_takes(subscription, event, arrival)) {
        return false;
    }
    *total = srpc_read_i64(&data);
    return srpc_reader_ended(&data);
}
