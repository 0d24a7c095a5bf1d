/* A client of the interface `calculator`, version 0.1.0. Written by `serial-rpc generate c`. */
#include "calculator_client.h"

static const srpc_target calculator_target_add = {
    0x42EE235Cu, CALCULATOR_FINGERPRINT, 8u, SRPC_NUMBER_IN, SRPC_IDEMPOTENT | SRPC_FALLIBLE,
};

static const srpc_target calculator_target_sub = {
    0x334D269Fu, CALCULATOR_FINGERPRINT, 9u, SRPC_NUMBER_IN, SRPC_IDEMPOTENT | SRPC_FALLIBLE,
};

static const srpc_target calculator_target_mul = {
    0x67A8718Bu, CALCULATOR_FINGERPRINT, 10u, SRPC_NUMBER_IN, SRPC_IDEMPOTENT | SRPC_FALLIBLE,
};

static const srpc_target calculator_target_div = {
    0x7204CF0Fu, CALCULATOR_FINGERPRINT, 11u, SRPC_NUMBER_IN, SRPC_IDEMPOTENT | SRPC_FALLIBLE,
};

static const srpc_target calculator_target_rem = {
    0x2B04EA0Au, CALCULATOR_FINGERPRINT, 12u, SRPC_NUMBER_IN, SRPC_IDEMPOTENT | SRPC_FALLIBLE,
};

static const srpc_target calculator_target_pow = {
    0x05520D40u, CALCULATOR_FINGERPRINT, 13u, SRPC_NUMBER_IN, SRPC_IDEMPOTENT | SRPC_FALLIBLE,
};

static const srpc_target calculator_target_sqrt = {
    0x5B17BF2Fu, CALCULATOR_FINGERPRINT, 14u, SRPC_NUMBER_IN, SRPC_IDEMPOTENT | SRPC_FALLIBLE,
};

static const srpc_target calculator_target_statistics = {
    0x66E5EF25u, CALCULATOR_FINGERPRINT, 15u, SRPC_NUMBER_IN, SRPC_IDEMPOTENT | SRPC_FALLIBLE,
};

static const srpc_target calculator_target_evaluate = {
    0xC4E2E55Cu, CALCULATOR_FINGERPRINT, 16u, SRPC_NUMBER_IN, SRPC_IDEMPOTENT | SRPC_FALLIBLE,
};

static const srpc_target calculator_target_accumulate = {
    0xB1148F64u, CALCULATOR_FINGERPRINT, 17u, SRPC_NUMBER_IN, SRPC_FALLIBLE,
};

static const srpc_target calculator_target_total = {
    0xEAC898A9u, CALCULATOR_FINGERPRINT, 18u, SRPC_NUMBER_IN, SRPC_IDEMPOTENT,
};

static const srpc_target calculator_target_clear = {
    0xAE07BBBCu, CALCULATOR_FINGERPRINT, 19u, SRPC_NUMBER_IN, SRPC_IDEMPOTENT,
};

static const srpc_target calculator_target_history = {
    0x41C0246Fu, CALCULATOR_FINGERPRINT, 21u, SRPC_NUMBER_IN, SRPC_IDEMPOTENT | SRPC_MOVING,
};

static const srpc_target calculator_target_replay = {
    0x419E5E1Au, CALCULATOR_FINGERPRINT, 22u, SRPC_NUMBER_IN, SRPC_FALLIBLE,
};

static const srpc_target blocks_target_list = {
    0xEF4CF564u, CALCULATOR_FINGERPRINT, 23u, SRPC_NUMBER_IN, SRPC_IDEMPOTENT,
};

static const srpc_target blocks_target_find = {
    0xF5E2E561u, CALCULATOR_FINGERPRINT, 24u, SRPC_NUMBER_IN, SRPC_IDEMPOTENT | SRPC_FALLIBLE,
};

static const srpc_target blocks_target_read = {
    0xDD198CFAu, CALCULATOR_FINGERPRINT, 25u, SRPC_NUMBER_IN, SRPC_IDEMPOTENT | SRPC_FALLIBLE,
};

static const srpc_target blocks_target_checksum = {
    0x317BF657u, CALCULATOR_FINGERPRINT, 26u, SRPC_NUMBER_IN, SRPC_IDEMPOTENT | SRPC_FALLIBLE,
};

static const srpc_target blocks_target_begin = {
    0xD7720482u, CALCULATOR_FINGERPRINT, 27u, SRPC_NUMBER_IN, SRPC_IDEMPOTENT | SRPC_FALLIBLE,
};

static const srpc_target blocks_target_write = {
    0xA237B87Au, CALCULATOR_FINGERPRINT, 28u, SRPC_NUMBER_IN, SRPC_IDEMPOTENT | SRPC_FALLIBLE,
};

static const srpc_target blocks_target_finish = {
    0x88CD6698u, CALCULATOR_FINGERPRINT, 29u, SRPC_NUMBER_IN, SRPC_IDEMPOTENT | SRPC_FALLIBLE,
};

static void calculator_client_read_summary(srpc_reader *reader, calculator_summary *value)
{
    value->count = srpc_read_u8(reader);
    value->min = srpc_read_f64(reader);
    value->max = srpc_read_f64(reader);
    value->mean = srpc_read_f64(reader);
    value->deviation = srpc_read_f64(reader);
}

static void calculator_client_read_expression_error(srpc_reader *reader, calculator_expression_error *value)
{
    value->position = srpc_read_u16(reader);
    value->reason = (calculator_expression_reason)srpc_read_variant(reader, 7u);
}

static void calculator_client_write_operation(srpc_writer *writer, const calculator_operation *value)
{
    srpc_write_u32(writer, (uint32_t)value->tag);
    switch (value->tag) {
    case CALCULATOR_OPERATION_ADD:
        srpc_write_i32(writer, value->as.add.item_0);
        srpc_write_i32(writer, value->as.add.item_1);
        break;
    case CALCULATOR_OPERATION_SUB:
        srpc_write_i32(writer, value->as.sub.item_0);
        srpc_write_i32(writer, value->as.sub.item_1);
        break;
    case CALCULATOR_OPERATION_MUL:
        srpc_write_i32(writer, value->as.mul.item_0);
        srpc_write_i32(writer, value->as.mul.item_1);
        break;
    case CALCULATOR_OPERATION_DIV:
        srpc_write_i32(writer, value->as.div.item_0);
        srpc_write_i32(writer, value->as.div.item_1);
        break;
    case CALCULATOR_OPERATION_REM:
        srpc_write_i32(writer, value->as.rem.item_0);
        srpc_write_i32(writer, value->as.rem.item_1);
        break;
    case CALCULATOR_OPERATION_POW:
        srpc_write_i32(writer, value->as.pow.item_0);
        srpc_write_u32(writer, value->as.pow.item_1);
        break;
    case CALCULATOR_OPERATION_ACCUMULATE:
        srpc_write_i64(writer, value->as.accumulate);
        break;
    case CALCULATOR_OPERATION_CLEAR:
        break;
    default:
        srpc_writer_fail(writer);
        break;
    }
}

static void calculator_client_read_operation(srpc_reader *reader, calculator_operation *value)
{
    value->tag = (calculator_operation_tag)srpc_read_variant(reader, 8u);
    switch (value->tag) {
    case CALCULATOR_OPERATION_ADD:
        value->as.add.item_0 = srpc_read_i32(reader);
        value->as.add.item_1 = srpc_read_i32(reader);
        break;
    case CALCULATOR_OPERATION_SUB:
        value->as.sub.item_0 = srpc_read_i32(reader);
        value->as.sub.item_1 = srpc_read_i32(reader);
        break;
    case CALCULATOR_OPERATION_MUL:
        value->as.mul.item_0 = srpc_read_i32(reader);
        value->as.mul.item_1 = srpc_read_i32(reader);
        break;
    case CALCULATOR_OPERATION_DIV:
        value->as.div.item_0 = srpc_read_i32(reader);
        value->as.div.item_1 = srpc_read_i32(reader);
        break;
    case CALCULATOR_OPERATION_REM:
        value->as.rem.item_0 = srpc_read_i32(reader);
        value->as.rem.item_1 = srpc_read_i32(reader);
        break;
    case CALCULATOR_OPERATION_POW:
        value->as.pow.item_0 = srpc_read_i32(reader);
        value->as.pow.item_1 = srpc_read_u32(reader);
        break;
    case CALCULATOR_OPERATION_ACCUMULATE:
        value->as.accumulate = srpc_read_i64(reader);
        break;
    case CALCULATOR_OPERATION_CLEAR:
    default:
        break;
    }
}

static void calculator_client_read_calculation_result(srpc_reader *reader, calculator_calculation_result *value)
{
    value->is_error = srpc_read_variant(reader, 2u) == 1u;
    if (value->is_error) {
        value->as.error = (calculator_math_error)srpc_read_variant(reader, 4u);
    } else {
        value->as.value = srpc_read_i64(reader);
    }
}

static void calculator_client_read_calculation(srpc_reader *reader, calculator_calculation *value)
{
    calculator_client_read_operation(reader, &value->operation);
    calculator_client_read_calculation_result(reader, &value->result);
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
        *error = (calculator_math_error)srpc_read_variant(&call.reply, 4u);
    }
    return srpc_call_end(&call);
}

srpc_status calculator_call_sub(const srpc_caller *caller, int32_t x, int32_t y, int32_t *value,
                                calculator_math_error *error)
{
    srpc_call call = srpc_call_begin(caller, &calculator_target_sub);
    srpc_write_i32(&call.arguments, x);
    srpc_write_i32(&call.arguments, y);
    (void)srpc_call_wait(&call);
    if (call.status == SRPC_OK) {
        *value = srpc_read_i32(&call.reply);
    } else if (call.status == SRPC_OWN_ERROR) {
        *error = (calculator_math_error)srpc_read_variant(&call.reply, 4u);
    }
    return srpc_call_end(&call);
}

srpc_status calculator_call_mul(const srpc_caller *caller, int32_t x, int32_t y, int32_t *value,
                                calculator_math_error *error)
{
    srpc_call call = srpc_call_begin(caller, &calculator_target_mul);
    srpc_write_i32(&call.arguments, x);
    srpc_write_i32(&call.arguments, y);
    (void)srpc_call_wait(&call);
    if (call.status == SRPC_OK) {
        *value = srpc_read_i32(&call.reply);
    } else if (call.status == SRPC_OWN_ERROR) {
        *error = (calculator_math_error)srpc_read_variant(&call.reply, 4u);
    }
    return srpc_call_end(&call);
}

srpc_status calculator_call_div(const srpc_caller *caller, int32_t x, int32_t y, int32_t *value,
                                calculator_math_error *error)
{
    srpc_call call = srpc_call_begin(caller, &calculator_target_div);
    srpc_write_i32(&call.arguments, x);
    srpc_write_i32(&call.arguments, y);
    (void)srpc_call_wait(&call);
    if (call.status == SRPC_OK) {
        *value = srpc_read_i32(&call.reply);
    } else if (call.status == SRPC_OWN_ERROR) {
        *error = (calculator_math_error)srpc_read_variant(&call.reply, 4u);
    }
    return srpc_call_end(&call);
}

srpc_status calculator_call_rem(const srpc_caller *caller, int32_t x, int32_t y, int32_t *value,
                                calculator_math_error *error)
{
    srpc_call call = srpc_call_begin(caller, &calculator_target_rem);
    srpc_write_i32(&call.arguments, x);
    srpc_write_i32(&call.arguments, y);
    (void)srpc_call_wait(&call);
    if (call.status == SRPC_OK) {
        *value = srpc_read_i32(&call.reply);
    } else if (call.status == SRPC_OWN_ERROR) {
        *error = (calculator_math_error)srpc_read_variant(&call.reply, 4u);
    }
    return srpc_call_end(&call);
}

srpc_status calculator_call_pow(const srpc_caller *caller, int32_t base, uint32_t exponent, int32_t *value,
                                calculator_math_error *error)
{
    srpc_call call = srpc_call_begin(caller, &calculator_target_pow);
    srpc_write_i32(&call.arguments, base);
    srpc_write_u32(&call.arguments, exponent);
    (void)srpc_call_wait(&call);
    if (call.status == SRPC_OK) {
        *value = srpc_read_i32(&call.reply);
    } else if (call.status == SRPC_OWN_ERROR) {
        *error = (calculator_math_error)srpc_read_variant(&call.reply, 4u);
    }
    return srpc_call_end(&call);
}

srpc_status calculator_call_sqrt(const srpc_caller *caller, double x, double *value, calculator_math_error *error)
{
    srpc_call call = srpc_call_begin(caller, &calculator_target_sqrt);
    srpc_write_f64(&call.arguments, x);
    (void)srpc_call_wait(&call);
    if (call.status == SRPC_OK) {
        *value = srpc_read_f64(&call.reply);
    } else if (call.status == SRPC_OWN_ERROR) {
        *error = (calculator_math_error)srpc_read_variant(&call.reply, 4u);
    }
    return srpc_call_end(&call);
}

srpc_status calculator_call_statistics(const srpc_caller *caller, const double *samples, uint32_t samples_count,
                                       calculator_summary *value, calculator_math_error *error)
{
    srpc_call call = srpc_call_begin(caller, &calculator_target_statistics);
    uint32_t at;
    if (samples_count > CALCULATOR_STATISTICS_SAMPLES_MAX) {
        srpc_writer_fail(&call.arguments);
    }
    srpc_write_u32(&call.arguments, samples_count);
    for (at = 0; at < samples_count; at++) {
        srpc_write_f64(&call.arguments, samples[at]);
    }
    (void)srpc_call_wait(&call);
    if (call.status == SRPC_OK) {
        calculator_client_read_summary(&call.reply, value);
    } else if (call.status == SRPC_OWN_ERROR) {
        *error = (calculator_math_error)srpc_read_variant(&call.reply, 4u);
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
        calculator_client_read_expression_error(&call.reply, error);
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
        *error = (calculator_math_error)srpc_read_variant(&call.reply, 4u);
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

srpc_status calculator_next_history(const srpc_caller *caller, srpc_stream *stream, calculator_calculation *item)
{
    while (srpc_stream_asks(stream, caller, &calculator_target_history)) {
    }
    if (stream->status == SRPC_OK) {
        calculator_client_read_calculation(&stream->reply, item);
    }
    return srpc_stream_end_item(stream, caller->client);
}

srpc_status calculator_feed_replay(const srpc_caller *caller, const calculator_operation *operations,
                                   uint32_t operations_count, uint32_t *taken, int64_t *value,
                                   calculator_math_error *error)
{
    srpc_feed feed = srpc_feed_begin(caller, &calculator_target_replay);
    while (srpc_feed_asks(&feed, operations_count)) {
        while (srpc_feed_wants(&feed, operations_count)) {
            calculator_client_write_operation(&feed.arguments, &operations[feed.given]);
        }
    }
    *taken = feed.taken;
    if (feed.status == SRPC_OK) {
        *value = srpc_read_i64(&feed.reply);
    } else if (feed.status == SRPC_OWN_ERROR) {
        *error = (calculator_math_error)srpc_read_variant(&feed.reply, 4u);
    }
    return srpc_feed_end(&feed);
}

static void blocks_client_read_block_info(srpc_reader *reader, blocks_block_info *value)
{
    value->name = srpc_read_string(reader, 32u);
    value->length = srpc_read_u32(reader);
    value->capacity = srpc_read_u32(reader);
}

static void blocks_client_read_found(srpc_reader *reader, blocks_found *value)
{
    value->block = srpc_read_u8(reader);
    value->length = srpc_read_u32(reader);
    value->capacity = srpc_read_u32(reader);
}

srpc_status blocks_next_list(const srpc_caller *caller, srpc_stream *stream, blocks_block_info *item)
{
    while (srpc_stream_asks(stream, caller, &blocks_target_list)) {
    }
    if (stream->status == SRPC_OK) {
        blocks_client_read_block_info(&stream->reply, item);
    }
    return srpc_stream_end_item(stream, caller->client);
}

srpc_status blocks_call_find(const srpc_caller *caller, srpc_string name, blocks_found *value,
                             blocks_block_error *error)
{
    srpc_call call = srpc_call_begin(caller, &blocks_target_find);
    srpc_write_string(&call.arguments, name);
    (void)srpc_call_wait(&call);
    if (call.status == SRPC_OK) {
        blocks_client_read_found(&call.reply, value);
    } else if (call.status == SRPC_OWN_ERROR) {
        *error = (blocks_block_error)srpc_read_variant(&call.reply, 8u);
    }
    return srpc_call_end(&call);
}

srpc_status blocks_call_read(const srpc_caller *caller, uint8_t block, uint32_t offset, uint16_t most,
                             srpc_bytes *value, blocks_block_error *error)
{
    srpc_call call = srpc_call_begin(caller, &blocks_target_read);
    srpc_write_u8(&call.arguments, block);
    srpc_write_u32(&call.arguments, offset);
    srpc_write_u16(&call.arguments, most);
    (void)srpc_call_wait(&call);
    if (call.status == SRPC_OK) {
        *value = srpc_read_bytes(&call.reply, UINT32_MAX);
    } else if (call.status == SRPC_OWN_ERROR) {
        *error = (blocks_block_error)srpc_read_variant(&call.reply, 8u);
    }
    return srpc_call_end(&call);
}

srpc_status blocks_call_checksum(const srpc_caller *caller, uint8_t block, uint32_t offset, uint32_t length,
                                 uint32_t before, uint32_t *value, blocks_block_error *error)
{
    srpc_call call = srpc_call_begin(caller, &blocks_target_checksum);
    srpc_write_u8(&call.arguments, block);
    srpc_write_u32(&call.arguments, offset);
    srpc_write_u32(&call.arguments, length);
    srpc_write_u32(&call.arguments, before);
    (void)srpc_call_wait(&call);
    if (call.status == SRPC_OK) {
        *value = srpc_read_u32(&call.reply);
    } else if (call.status == SRPC_OWN_ERROR) {
        *error = (blocks_block_error)srpc_read_variant(&call.reply, 8u);
    }
    return srpc_call_end(&call);
}

srpc_status blocks_call_begin(const srpc_caller *caller, uint8_t block, uint32_t total, uint32_t offset,
                              uint32_t before, blocks_block_error *error)
{
    srpc_call call = srpc_call_begin(caller, &blocks_target_begin);
    srpc_write_u8(&call.arguments, block);
    srpc_write_u32(&call.arguments, total);
    srpc_write_u32(&call.arguments, offset);
    srpc_write_u32(&call.arguments, before);
    (void)srpc_call_wait(&call);
    if (call.status == SRPC_OWN_ERROR) {
        *error = (blocks_block_error)srpc_read_variant(&call.reply, 8u);
    }
    return srpc_call_end(&call);
}

srpc_status blocks_call_write(const srpc_caller *caller, uint32_t offset, srpc_bytes bytes, blocks_block_error *error)
{
    srpc_call call = srpc_call_begin(caller, &blocks_target_write);
    srpc_write_u32(&call.arguments, offset);
    srpc_write_bytes(&call.arguments, bytes);
    (void)srpc_call_wait(&call);
    if (call.status == SRPC_OWN_ERROR) {
        *error = (blocks_block_error)srpc_read_variant(&call.reply, 8u);
    }
    return srpc_call_end(&call);
}

srpc_status blocks_call_finish(const srpc_caller *caller, uint32_t crc, blocks_block_error *error)
{
    srpc_call call = srpc_call_begin(caller, &blocks_target_finish);
    srpc_write_u32(&call.arguments, crc);
    (void)srpc_call_wait(&call);
    if (call.status == SRPC_OWN_ERROR) {
        *error = (blocks_block_error)srpc_read_variant(&call.reply, 8u);
    }
    return srpc_call_end(&call);
}

srpc_status log_subscribe_record(const srpc_caller *caller, srpc_subscription *subscription)
{
    return srpc_caller_subscribe(caller, 0x8AB4293Cu, subscription);
}

bool log_take_record(srpc_subscription *subscription, const srpc_received_event *event, srpc_arrival *arrival,
                     log_level *level, srpc_string *target, srpc_string *text)
{
    srpc_reader data = srpc_reader_of(event->data, event->length);
    if (!srpc_subscription_takes(subscription, event, arrival)) {
        return false;
    }
    *level = (log_level)srpc_read_variant(&data, 5u);
    *target = srpc_read_string(&data, UINT32_MAX);
    *text = srpc_read_string(&data, UINT32_MAX);
    return srpc_reader_ended(&data);
}
