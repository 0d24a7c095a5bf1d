/* A client of the interface `desk-lamp`, version 1.0.0. Written by `serial-rpc generate c`. */
#include "desk_lamp_client.h"

static const srpc_target lamp_target_set = {
    0x68BBC88Du, DESK_LAMP_FINGERPRINT, 8u, SRPC_NUMBER_IN, SRPC_IDEMPOTENT,
};

static const srpc_target lamp_target_dim = {
    0xA7C279B3u, DESK_LAMP_FINGERPRINT, 9u, SRPC_NUMBER_IN, SRPC_FALLIBLE,
};

static const srpc_target lamp_target_rename = {
    0xECD3F7C0u, DESK_LAMP_FINGERPRINT, 10u, SRPC_NUMBER_IN, 0u,
};

static const srpc_target lamp_target_play = {
    0x2554C5B6u, DESK_LAMP_FINGERPRINT, 11u, SRPC_NUMBER_IN, 0u,
};

static const srpc_target lamp_target_states = {
    0xD09C7880u, DESK_LAMP_FINGERPRINT, 12u, SRPC_NUMBER_IN, SRPC_IDEMPOTENT,
};

static const srpc_target lamp_target_pixels = {
    0xBCA58F8Du, DESK_LAMP_FINGERPRINT, 13u, SRPC_NUMBER_IN, 0u,
};

static void lamp_client_write_colour(srpc_writer *writer, const lamp_colour *value)
{
    srpc_write_u8(writer, value->item_0);
    srpc_write_u8(writer, value->item_1);
    srpc_write_u8(writer, value->item_2);
}

static void lamp_client_read_colour(srpc_reader *reader, lamp_colour *value)
{
    value->item_0 = srpc_read_u8(reader);
    value->item_1 = srpc_read_u8(reader);
    value->item_2 = srpc_read_u8(reader);
}

static void lamp_client_read_state(srpc_reader *reader, lamp_state *value)
{
    value->tag = (lamp_state_tag)srpc_read_variant(reader, 3u);
    switch (value->tag) {
    case LAMP_STATE_ON:
        lamp_client_read_colour(reader, &value->as.on.colour);
        value->as.on.percent = srpc_read_u8(reader);
        break;
    case LAMP_STATE_BROKEN:
        value->as.broken = srpc_read_string(reader, 8u);
        break;
    case LAMP_STATE_OFF:
    default:
        break;
    }
}

static void lamp_client_read_pixels_value(srpc_reader *reader, lamp_pixels_value *value)
{
    value->is_some = srpc_read_bool(reader);
    if (value->is_some) {
        value->value = srpc_read_u8(reader);
    }
}

srpc_status lamp_call_set(const srpc_caller *caller, bool on)
{
    srpc_call call = srpc_call_begin(caller, &lamp_target_set);
    srpc_write_bool(&call.arguments, on);
    (void)srpc_call_wait(&call);
    return srpc_call_end(&call);
}

srpc_status lamp_call_dim(const srpc_caller *caller, uint8_t percent, lamp_state *value)
{
    srpc_call call = srpc_call_begin(caller, &lamp_target_dim);
    srpc_write_u8(&call.arguments, percent);
    (void)srpc_call_wait(&call);
    if (call.status == SRPC_OK) {
        lamp_client_read_state(&call.reply, value);
    }
    return srpc_call_end(&call);
}

srpc_status lamp_call_rename(const srpc_caller *caller, srpc_string name)
{
    srpc_call call = srpc_call_begin(caller, &lamp_target_rename);
    if (name.length > 16u) {
        srpc_writer_fail(&call.arguments);
    }
    srpc_write_string(&call.arguments, name);
    (void)srpc_call_wait(&call);
    return srpc_call_end(&call);
}

srpc_status lamp_feed_play(const srpc_caller *caller, uint32_t duration, const lamp_colour *colours,
                           uint32_t colours_count, uint32_t *taken)
{
    srpc_feed feed = srpc_feed_begin(caller, &lamp_target_play);
    while (srpc_feed_asks(&feed, colours_count)) {
        srpc_write_u32(&feed.arguments, duration);
        while (srpc_feed_wants(&feed, colours_count)) {
            lamp_client_write_colour(&feed.arguments, &colours[feed.given]);
        }
    }
    *taken = feed.taken;
    return srpc_feed_end(&feed);
}

srpc_status lamp_next_states(const srpc_caller *caller, srpc_stream *stream, lamp_state *item)
{
    while (srpc_stream_asks(stream, caller, &lamp_target_states)) {
    }
    if (stream->status == SRPC_OK) {
        lamp_client_read_state(&stream->reply, item);
    }
    return srpc_stream_end_item(stream, caller->client);
}

srpc_status lamp_call_pixels(const srpc_caller *caller, const lamp_colour *pixels, uint32_t pixels_count,
                             lamp_pixels_value *value)
{
    srpc_call call = srpc_call_begin(caller, &lamp_target_pixels);
    uint32_t at;
    if (pixels_count > LAMP_PIXELS_PIXELS_MAX) {
        srpc_writer_fail(&call.arguments);
    }
    srpc_write_u32(&call.arguments, pixels_count);
    for (at = 0; at < pixels_count; at++) {
        lamp_client_write_colour(&call.arguments, &pixels[at]);
    }
    (void)srpc_call_wait(&call);
    if (call.status == SRPC_OK) {
        lamp_client_read_pixels_value(&call.reply, value);
    }
    return srpc_call_end(&call);
}

srpc_status lamp_subscribe_turned(const srpc_caller *caller, srpc_subscription *subscription)
{
    return srpc_caller_subscribe(caller, 0x97A5BE28u, subscription);
}

bool lamp_take_turned(srpc_subscription *subscription, const srpc_received_event *event, srpc_arrival *arrival,
                      int16_t *double_)
{
    srpc_reader data = srpc_reader_of(event->data, event->length);
    if (!srpc_subscription_takes(subscription, event, arrival)) {
        return false;
    }
    *double_ = srpc_read_i16(&data);
    return srpc_reader_ended(&data);
}
