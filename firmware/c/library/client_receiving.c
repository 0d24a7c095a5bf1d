/* The frames that a session receives: each is checked, and ends a call, proves that others have to be sent again, or
 * that the session is over. */
#include "client_internal.h"

#include <string.h>

/* The number of broken frames of one kind in a row up to which noise may have hit an answer. */
#define SRPC_MOST_HIT 2u

/* The number of frames in a row that are not sealed for this session which is not due to noise. */
#define SRPC_NOT_NOISE 8u

static bool client_is_connecting(const srpc_client *client)
{
    return client->state->phase == SRPC_PHASE_CONNECTING || client->state->phase == SRPC_PHASE_CONNECT_DUE;
}

/* Ends the session because another caller has begun one. The next one waits for the resend time, so that two callers do
 * not keep interrupting each other. */
static void client_taken_over(const srpc_client *client, srpc_time now)
{
    client->state->counters.taken_over++;
    srpc_client_end(client, SRPC_CAUSE_OTHER_CALLER, NULL);
    if (srpc_client_is_busy(client)) {
        srpc_client_begin_session(client);
        srpc_client_timer_arm(client, now);
    }
}

/* Takes a candidate that does not decode. It may have been an answer, but one that is too long for this caller would be
 * so each time. */
static void client_broken(const srpc_client *client, bool is_too_long)
{
    client->state->counters.broken++;
    if (!is_too_long) {
        client->state->too_long = 0;
    } else if (client->state->too_long < UINT8_MAX) {
        client->state->too_long++;
    } else {
        /* It has been counted often enough. */
    }
    if (client->state->too_long <= SRPC_MOST_HIT) {
        srpc_client_send_again(client);
    }
}

/* Takes a candidate that decodes but is not sealed for this session. Noise may have changed it, or it belongs to another
 * caller's session.
 *
 * In another caller's session, all frames from the device look like this, and so do this caller's frames to the device.
 * If each end answered every such frame at once, neither would stop. */
static void client_unsealed(const srpc_client *client, srpc_time now)
{
    client->state->counters.broken++;
    srpc_client_timer_heard_no_answer(client);
    if (client->state->strange < UINT8_MAX) {
        client->state->strange++;
    }
    if (client->state->phase == SRPC_PHASE_OPEN && client->state->strange >= SRPC_NOT_NOISE) {
        client_taken_over(client, now);
    } else if (client_is_connecting(client) || client->state->strange <= SRPC_MOST_HIT) {
        srpc_client_send_again(client);
    } else {
        /* More of them prove nothing new. */
    }
}

/* Takes the first answer in a session, or another version's. */
static void client_accepted(const srpc_client *client, srpc_reader body)
{
    srpc_accepted device;
    const uint8_t version = srpc_read_u8(&body);
    const uint32_t nonce = srpc_read_u32(&body);
    if (!srpc_reader_good(&body) || nonce != client->state->nonce) {
        return;
    }
    /* Only this version defines the remaining fields. */
    if (version != SRPC_VERSION) {
        srpc_client_call *call;
        uint8_t place;
        for (place = 0; (call = srpc_client_call_at(client, place)) != NULL; place++) {
            if (srpc_is_open(call)) {
                srpc_client_bytes(client, call)[0] = version;
                srpc_client_call_give_up(call, SRPC_NEVER_OTHER_VERSION, SRPC_CAUSE_RESET);
            }
        }
        srpc_client_end(client, SRPC_CAUSE_RESET, NULL);
        return;
    }
    device.window = srpc_read_u8(&body);
    device.max_frame = srpc_read_u16(&body);
    device.buffer = srpc_read_u16(&body);
    device.fingerprint = srpc_read_u32(&body);
    if (!srpc_reader_good(&body)) {
        return;
    }
    if (device.window > SRPC_MAX_WINDOW) {
        device.window = SRPC_MAX_WINDOW;
    }
    if (client->state->numbers_of != device.fingerprint) {
        client->state->numbers_of = device.fingerprint;
        (void)memset(client->numbers, 0, client->number_count * sizeof *client->numbers);
    }
    client->state->device = device;
    client->state->phase = SRPC_PHASE_OPEN;
    client->state->next_seq = 0;
    client->state->counters.sessions++;
    client->state->events_passed = 0;
    srpc_client_timer_disarm(client);
}

/* Takes an Accept within a session. If it has another nonce, another caller has begun a session: the link keeps order,
 * so it is not left over from an earlier session of this caller. */
static void client_overheard(const srpc_client *client, srpc_time now, srpc_reader body)
{
    uint32_t nonce;
    (void)srpc_read_u8(&body);
    nonce = srpc_read_u32(&body);
    if (srpc_reader_good(&body) && nonce != client->state->nonce) {
        client_taken_over(client, now);
    }
}

static srpc_status client_fault(srpc_reader body)
{
    const uint8_t code = srpc_read_u8(&body);
    if (!srpc_reader_good(&body)) {
        return SRPC_ONCE_BAD_REPLY;
    }
    switch (code) {
    case SRPC_FAULT_UNKNOWN_PROCEDURE:
        return SRPC_NEVER_NO_SUCH_PROCEDURE;
    case SRPC_FAULT_BAD_ARGUMENTS:
        return SRPC_NEVER_BAD_ARGUMENTS;
    case SRPC_FAULT_REPLY_TOO_LARGE:
        return SRPC_ONCE_REPLY_TOO_LARGE;
    case SRPC_FAULT_OUTCOME_UNKNOWN:
        return SRPC_UNKNOWN_RELAY;
    case SRPC_FAULT_UNREACHABLE:
        return SRPC_NEVER_UNREACHABLE;
    case SRPC_FAULT_REFUSED:
        return SRPC_NEVER_REFUSED;
    default:
        return SRPC_UNKNOWN_FAULT;
    }
}

/* Takes the answer to the question for a number. A device answers with anything else only if it has none. */
static void client_learned(const srpc_client *client, srpc_client_call *call, srpc_status status, srpc_reader body)
{
    const bool is_some = srpc_read_variant(&body, 2) == 1u;
    const uint16_t value = is_some ? srpc_read_u16(&body) : 0u;
    if (status == SRPC_OK && is_some && srpc_reader_ended(&body)) {
        srpc_client_number *number = client->numbers + call->target->key % client->number_count;
        number->key = call->target->key;
        number->number = value;
        number->is_known = true;
        srpc_client_call_wait_again(call);
        return;
    }
    /* A relay may have refused to forward this call. */
    if (status != SRPC_NEVER_UNREACHABLE && status != SRPC_NEVER_REFUSED) {
        status = SRPC_NEVER_NO_SUCH_PROCEDURE;
    }
    srpc_client_call_give_up(call, status, SRPC_CAUSE_RESET);
}

static void client_answered(const srpc_client *client, srpc_time now, uint8_t seq, srpc_status status, srpc_reader body)
{
    srpc_client_call *call = srpc_client_flight_of(client, seq);
    bool is_waiting = false;
    uint32_t order;
    uint8_t place;
    if (call == NULL) {
        return;
    }
    order = call->first_order;
    if (srpc_sent_once(call)) {
        srpc_client_timer_measured(client, now - call->sent_at);
    }
    if (call->is_question) {
        client_learned(client, call, status, body);
    } else if (srpc_status_ran(status) == SRPC_RAN_NEVER) {
        srpc_client_call_give_up(call, status, SRPC_CAUSE_RESET);
    } else {
        /* It is shorter than its frame, and so fits. */
        call->length = (uint16_t)body.left;
        (void)memcpy(srpc_client_bytes(client, call), body.at, call->length);
        if (status == SRPC_OWN_ERROR && (call->target->flags & SRPC_FALLIBLE) == 0u) {
            status = SRPC_ONCE_BAD_REPLY;
        }
        srpc_client_call_end(call, status);
    }
    /* The link keeps order: of every unanswered call sent before this call's first copy, either the call or its reply
     * was lost. */
    for (place = 0; (call = srpc_client_call_at(client, place)) != NULL; place++) {
        if (srpc_is_in_flight(call)) {
            is_waiting = true;
            if (srpc_is_before(call->last_order, order)) {
                call->is_due = true;
            }
        }
    }
    client->state->too_long = 0;
    client->state->doublings = 0;
    if (is_waiting) {
        srpc_client_timer_arm(client, now);
    } else {
        srpc_client_timer_disarm(client);
    }
}

/* Sends all calls again, since the device has not received the one that it expects next. */
static void client_resend_all(const srpc_client *client, uint8_t next)
{
    const bool is_coming = client->state->outgoing_has_call && client->state->outgoing_seq == next;
    srpc_client_call *call;
    uint8_t place;
    client->state->counters.refused++;
    for (place = 0; (call = srpc_client_call_at(client, place)) != NULL; place++) {
        if (srpc_is_in_flight(call) && !(is_coming && call->seq == next)) {
            call->is_due = true;
        }
    }
}

/* Returns the trailer of the frame that carries a call. */
static uint32_t client_trailer_of(const srpc_client *client, const srpc_client_call *call)
{
    uint8_t start[SRPC_MAX_START];
    srpc_writer writer = srpc_writer_of(start, sizeof start);
    uint32_t seal = srpc_session_seal(client->state->nonce);
    srpc_client_write_start(call, &writer);
    seal = srpc_crc(seal, start, (size_t)(writer.at - start));
    return call->is_question ? seal : srpc_crc(seal, srpc_client_bytes(client, call), call->length);
}

/* Takes a frame of this session, or one that begins or refuses it. */
static void client_take(const srpc_client *client, srpc_time now, uint8_t header, srpc_reader body)
{
    const uint8_t seq = header & SRPC_SEQ_MASK;
    const uint8_t kind = header & SRPC_KIND_MASK;
    client->state->counters.received++;
    client->state->strange = 0;
    if (client_is_connecting(client)) {
        if (kind == SRPC_KIND_ACCEPT) {
            client_accepted(client, body);
        }
        return;
    }
    if (client->state->phase != SRPC_PHASE_OPEN) {
        return;
    }
    switch (kind) {
    case SRPC_KIND_ACCEPT:
        client_overheard(client, now, body);
        break;
    case SRPC_KIND_RETURN:
        client_answered(client, now, seq, SRPC_OK, body);
        break;
    case SRPC_KIND_ERROR:
        client_answered(client, now, seq, SRPC_OWN_ERROR, body);
        break;
    case SRPC_KIND_FAULT:
        client_answered(client, now, seq, client_fault(body), body);
        break;
    case SRPC_KIND_NAK:
        if (srpc_read_u8(&body) == SRPC_NAK_NOT_CONNECTED && srpc_reader_good(&body)) {
            srpc_client_end(client, SRPC_CAUSE_RESET, srpc_client_flight_of(client, seq));
        } else {
            client_resend_all(client, seq);
        }
        break;
    case SRPC_KIND_EVENT:
        srpc_client_timer_heard_no_answer(client);
        srpc_client_take_event(client, now, seq, body);
        break;
    default:
        break;
    }
}

/* Takes what was received between two delimiters. */
static void client_take_candidate(const srpc_client *client, srpc_time now, uint8_t *frame, uint16_t length)
{
    const uint8_t *payload = frame + SRPC_PAYLOAD;
    uint16_t payload_length = 0;
    uint8_t kind;
    uint32_t seal;
    if (length < client->frame) {
        payload_length = srpc_frame_open(frame, length);
    }
    if (payload_length == 0u) {
        client_broken(client, length >= client->frame);
        return;
    }
    kind = payload[0] & SRPC_KIND_MASK;
    seal = SRPC_NO_SEAL;
    if (kind != SRPC_KIND_CONNECT && kind != SRPC_KIND_ACCEPT) {
        if (client->state->phase != SRPC_PHASE_OPEN) {
            /* It belongs to an earlier session or to another caller's, whose frames may never end. */
            srpc_client_timer_heard_no_answer(client);
            return;
        }
        seal = srpc_session_seal(client->state->nonce);
        if (kind == SRPC_KIND_NAK && payload_length > 1u && payload[1] == SRPC_NAK_NOT_CONNECTED) {
            /* It is about a call of this session if it is sealed with that call's trailer. */
            const srpc_client_call *call = srpc_client_flight_of(client, payload[0] & SRPC_SEQ_MASK);
            if (call == NULL) {
                client_unsealed(client, now);
                return;
            }
            seal = client_trailer_of(client, call);
        }
    }
    if (srpc_seal_checks(seal, payload, payload_length)) {
        client_take(client, now, payload[0], srpc_reader_of(payload + 1, payload_length - 1u));
    } else {
        client_unsealed(client, now);
    }
}

void srpc_client_receive(const srpc_client *client, srpc_time now, const uint8_t *bytes, size_t count)
{
    const uint16_t size = client->frame;
    uint8_t *frame = client->bytes + ((size_t)client->call_count + 1u) * size;
    const uint8_t *const end = bytes + count;
    for (; bytes != end; bytes++) {
        if (*bytes != SRPC_DELIMITER) {
            if (client->state->received < size) {
                frame[client->state->received] = *bytes;
                client->state->received++;
            }
            if (client->state->received < size) {
                client->state->has_heard = true;
                client->state->heard_at = now;
            }
        } else if (client->state->received > 0u) {
            const uint16_t length = client->state->received;
            client->state->received = 0;
            client_take_candidate(client, now, frame, length);
            srpc_client_tend_subscriptions(client, now);
        } else {
            /* Delimiters in a row end nothing. */
        }
    }
}
