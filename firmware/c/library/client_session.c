/* The caller's end of a session (PROTOCOL.md, "Sessions"): when to connect, what to send next and what again, and how
 * each call ends when a session does. */
#include "client_internal.h"

#include <string.h>

/* Returns the place of the frame that is being sent, behind those of the calls' bytes. */
static uint8_t *client_outgoing_frame(const srpc_client *client)
{
    return client->bytes + (size_t)client->call_count * client->frame;
}

/* Sending. */

/* Drops the rest of the frame that is being sent. */
static void client_clear_outgoing(const srpc_client *client)
{
    client->state->flush = false;
    client->state->is_offered = false;
    client->state->outgoing_has_call = false;
    client->state->outgoing_sent = 0;
    client->state->outgoing_length = 0;
}

/* Makes a frame of what was written behind the first code. */
static void client_close_frame(const srpc_client *client, const srpc_writer *payload, uint32_t seal)
{
    uint8_t *frame = client_outgoing_frame(client);
    client->state->outgoing_length = 0;
    /* The length was checked before, so it fits. */
    if (srpc_writer_fits(payload)) {
        const uint16_t end = (uint16_t)(payload->at - frame);
        client->state->outgoing_length = srpc_frame_close(frame, end, client->frame, seal);
    }
    client->state->counters.sent++;
}

static srpc_writer client_begin_frame(const srpc_client *client)
{
    return srpc_writer_of(client_outgoing_frame(client) + SRPC_PAYLOAD, client->frame - SRPC_PAYLOAD);
}

static void client_make_connect(const srpc_client *client)
{
    srpc_writer payload = client_begin_frame(client);
    client->state->phase = SRPC_PHASE_CONNECTING;
    srpc_write_u8(&payload, SRPC_KIND_CONNECT);
    srpc_write_u8(&payload, SRPC_VERSION);
    srpc_write_u32(&payload, client->state->nonce);
    srpc_write_u16(&payload, client->frame);
    client->state->flush = true;
    client->state->outgoing_has_call = false;
    client_close_frame(client, &payload, SRPC_NO_SEAL);
}

void srpc_client_write_start(const srpc_client_call *call, srpc_writer *writer)
{
    srpc_write_u8(writer, (uint8_t)(SRPC_KIND_CALL | call->seq));
    srpc_write_u16(writer, call->number);
    if (call->is_question) {
        srpc_write_u32(writer, call->target->key);
    }
}

/* Puts a call, or the question for its number, into a frame. */
static void client_make_call(const srpc_client *client, srpc_client_call *call)
{
    srpc_writer payload = client_begin_frame(client);
    client->state->order++;
    call->last_order = client->state->order;
    srpc_client_write_start(call, &payload);
    if (!call->is_question) {
        srpc_write_raw(&payload, srpc_client_bytes(client, call), call->length);
    }
    client->state->outgoing_has_call = true;
    client->state->outgoing_seq = call->seq;
    client_close_frame(client, &payload, srpc_session_seal(client->state->nonce));
}

/* Makes the frame of the oldest call that is to be sent again. */
static bool client_make_again(const srpc_client *client)
{
    srpc_client_call *call;
    uint8_t place;
    for (place = 0; (call = srpc_client_call_at(client, place)) != NULL; place++) {
        if (srpc_is_in_flight(call) && call->is_due) {
            call->is_due = false;
            client->state->counters.resent++;
            client_make_call(client, call);
            return true;
        }
    }
    return false;
}

bool srpc_client_number_of(const srpc_client *client, const srpc_target *target, uint16_t *number)
{
    const uint32_t fingerprint = client->state->device.fingerprint;
    const srpc_client_number *known = client->numbers + target->key % client->number_count;
    if (target->number_of == SRPC_NUMBER_FIXED ||
        (target->number_of == SRPC_NUMBER_IN && target->fingerprint == fingerprint)) {
        *number = target->number;
        return true;
    }
    *number = known->number;
    return known->is_known && known->key == target->key;
}

/* Makes the frame of the oldest waiting call, if the device can take it, or the question for its number. Calls behind a
 * question wait, because calls run in the order in which they were made. */
static void client_make_new(const srpc_client *client, srpc_time now)
{
    const srpc_accepted *device = &client->state->device;
    uint32_t bytes_in_flight = 0;
    srpc_time latest = 0;
    uint8_t ahead = 0;
    srpc_client_call *call;
    uint8_t place;
    for (place = 0; (call = srpc_client_call_at(client, place)) != NULL; place++) {
        if (srpc_is_in_flight(call)) {
            const uint8_t behind = (uint8_t)(client->state->next_seq - call->seq) & SRPC_SEQ_MASK;
            const srpc_time left = srpc_until(now, call->patience.deadline);
            if (call->is_question) {
                return;
            }
            if (left > latest) {
                latest = left;
            }
            if (behind > ahead) {
                ahead = behind;
            }
            bytes_in_flight += srpc_client_call_frame_length(call, call->number);
        }
    }
    for (place = 0; (call = srpc_client_call_at(client, place)) != NULL; place++) {
        uint32_t length = SRPC_QUESTION;
        uint16_t number;
        bool is_known;
        if (call->state != SRPC_CALL_WAITING) {
            continue;
        }
        is_known = srpc_client_number_of(client, call->target, &number);
        if (is_known) {
            length = srpc_client_call_frame_length(call, number);
        }
        if (length > client->frame || length > device->max_frame) {
            srpc_client_call_give_up(call, SRPC_NEVER_ARGUMENTS_TOO_LARGE, SRPC_CAUSE_RESET);
            continue;
        }
        if (ahead > 0u) {
            if (ahead >= device->window || bytes_in_flight + length > device->buffer) {
                return;
            }
            /* Its deadline would end the session, and with it a longer call that it only waits for. */
            if (srpc_until(now, call->patience.deadline) < latest) {
                return;
            }
        }
        call->state = SRPC_CALL_IN_FLIGHT;
        call->seq = client->state->next_seq;
        call->first_order = client->state->order + 1u;
        call->sent_at = now;
        call->is_due = false;
        call->is_question = !is_known;
        call->number = is_known ? number : SRPC_RESOLVE;
        client->state->next_seq = (client->state->next_seq + 1u) & SRPC_SEQ_MASK;
        client_make_call(client, call);
        return;
    }
}

void srpc_client_begin_session(const srpc_client *client)
{
    client->state->nonce++;
    client->state->phase = SRPC_PHASE_CONNECTING;
}

/* Makes the next frame to send, if there is one. */
static void client_make_next(const srpc_client *client, srpc_time now)
{
    client->state->outgoing_sent = 0;
    client->state->outgoing_length = 0;
    if (client->state->phase == SRPC_PHASE_CLOSED && srpc_client_is_busy(client)) {
        srpc_client_begin_session(client);
        client->state->phase = SRPC_PHASE_CONNECT_DUE;
    }
    if (client->state->phase == SRPC_PHASE_CONNECT_DUE) {
        client_make_connect(client);
    } else if (client->state->phase == SRPC_PHASE_OPEN && !client_make_again(client)) {
        client_make_new(client, now);
    } else {
        /* There is nothing to send, or it has been made. */
    }
}

const uint8_t *srpc_client_outgoing(const srpc_client *client, srpc_time now, size_t *count)
{
    static const uint8_t delimiter = SRPC_DELIMITER;
    if (client->state->outgoing_sent == client->state->outgoing_length) {
        client_make_next(client, now);
    }
    client->state->is_offered = true;
    if (client->state->flush) {
        *count = 1;
        return &delimiter;
    }
    *count = (size_t)(client->state->outgoing_length - client->state->outgoing_sent);
    return client_outgoing_frame(client) + client->state->outgoing_sent;
}

void srpc_client_sent(const srpc_client *client, srpc_time now, size_t count)
{
    const size_t left = (size_t)(client->state->outgoing_length - client->state->outgoing_sent);
    client->state->is_offered = false;
    if (count > 0u && client->state->flush) {
        client->state->flush = false;
        count--;
    }
    if (count == 0u || left == 0u) {
        return;
    }
    client->state->outgoing_sent = (uint16_t)(client->state->outgoing_sent + (count < left ? count : left));
    if (count >= left) {
        if (client->state->outgoing_has_call) {
            srpc_client_call *call = srpc_client_flight_of(client, client->state->outgoing_seq);
            client->state->outgoing_has_call = false;
            if (call != NULL) {
                call->sent_at = now;
            }
        }
        srpc_client_timer_arm(client, now);
    }
}

void srpc_client_take_back(const srpc_client *client)
{
    srpc_client_call *call;
    if (!client->state->outgoing_has_call || client->state->outgoing_sent > 0u || client->state->is_offered) {
        return;
    }
    call = srpc_client_flight_of(client, client->state->outgoing_seq);
    if (call != NULL && srpc_sent_once(call)) {
        const bool flush = client->state->flush;
        srpc_client_call_wait_again(call);
        client->state->next_seq = client->state->outgoing_seq;
        client_clear_outgoing(client);
        client->state->flush = flush;
        client->state->counters.sent--;
    }
}

/* Skips the frame that is being sent at this moment: nothing received so far can be about it. A device that cannot
 * receive while it sends would lose the needless copy and report it, and so on with every call. */
void srpc_client_send_again(const srpc_client *client)
{
    srpc_client_call *call;
    uint8_t place;
    if (client->state->phase == SRPC_PHASE_CONNECTING || client->state->phase == SRPC_PHASE_CONNECT_DUE) {
        client->state->phase = client->state->outgoing_sent == client->state->outgoing_length ? SRPC_PHASE_CONNECT_DUE
                                                                                              : SRPC_PHASE_CONNECTING;
    } else if (client->state->phase == SRPC_PHASE_OPEN) {
        for (place = 0; (call = srpc_client_call_at(client, place)) != NULL; place++) {
            if (srpc_is_in_flight(call)) {
                if (!client->state->outgoing_has_call || client->state->outgoing_seq != call->seq) {
                    call->is_due = true;
                }
                return;
            }
        }
    } else {
        /* There is no session in which anything was sent. */
    }
}

/* Time. */

srpc_time srpc_client_wait(const srpc_client *client, srpc_time now)
{
    srpc_time wait = srpc_client_subscriptions_wait(client, now);
    const srpc_client_call *call;
    uint8_t place;
    for (place = 0; (call = srpc_client_call_at(client, place)) != NULL; place++) {
        if (srpc_is_open(call) && srpc_until(now, call->patience.deadline) < wait) {
            wait = srpc_until(now, call->patience.deadline);
        }
    }
    if (client->state->is_armed && srpc_until(now, client->state->due) < wait) {
        wait = srpc_until(now, client->state->due);
    }
    return wait;
}

/* Extends the deadline if the call may be tried again. */
static bool client_try_again(srpc_client_call *call)
{
    const bool has_begun = srpc_is_in_flight(call) && !call->is_question;
    const bool is_harmless = srpc_is_idempotent(call) || !(has_begun || call->may_have_run);
    if (call->patience.retries == 0u || !is_harmless || call->is_abandoned) {
        return false;
    }
    call->patience.retries--;
    call->patience.deadline += call->patience.timeout;
    return true;
}

/* Ends a call. Returns true if it was in flight, so that its session has to end. */
static bool client_give_up(srpc_client_call *call, srpc_status status, srpc_cause cause)
{
    const bool is_in_flight = srpc_is_in_flight(call);
    if (is_in_flight && !call->is_question) {
        srpc_client_call_lose(call, cause);
    } else {
        srpc_client_call_give_up(call, status, cause);
    }
    return is_in_flight;
}

static bool client_is_overdue(const srpc_client_call *call, srpc_time now)
{
    return srpc_is_open(call) && srpc_is_past(now, call->patience.deadline);
}

void srpc_client_advance(const srpc_client *client, srpc_time now)
{
    bool lost_one = false;
    srpc_client_call *call;
    uint8_t place;
    for (place = 0; (call = srpc_client_call_at(client, place)) != NULL; place++) {
        if (client_is_overdue(call, now)) {
            srpc_client_take_back(client);
            break;
        }
    }
    for (place = 0; (call = srpc_client_call_at(client, place)) != NULL; place++) {
        if (client_is_overdue(call, now) && !client_try_again(call) &&
            client_give_up(call, SRPC_NEVER_TIMEOUT, SRPC_CAUSE_TIMEOUT)) {
            lost_one = true;
        }
    }
    if (lost_one) {
        /* If the session went on, the call could still run after its caller has given up. */
        srpc_client_end(client, SRPC_CAUSE_TIMEOUT, NULL);
    }
    if (!srpc_client_is_busy(client)) {
        if (client->state->phase != SRPC_PHASE_OPEN) {
            client->state->phase = SRPC_PHASE_CLOSED;
        }
        srpc_client_timer_disarm(client);
    } else if (srpc_client_timer_expired(client, now)) {
        if (client->state->outgoing_sent == client->state->outgoing_length) {
            client->state->flush = true;
        }
        srpc_client_send_again(client);
    } else {
        /* Nothing is due. */
    }
    srpc_client_tend_subscriptions(client, now);
}

/* Ending. */

void srpc_client_cancel(const srpc_client *client)
{
    bool lost_one = false;
    srpc_client_call *call;
    uint8_t place;
    srpc_client_take_back(client);
    for (place = 0; (call = srpc_client_call_at(client, place)) != NULL; place++) {
        if (srpc_is_open(call) && client_give_up(call, SRPC_NEVER_CANCELLED, SRPC_CAUSE_CANCELLED)) {
            lost_one = true;
        }
    }
    if (lost_one) {
        srpc_client_end(client, SRPC_CAUSE_CANCELLED, NULL);
    }
}

void srpc_client_link_lost(const srpc_client *client)
{
    client->state->received = 0;
    srpc_client_end(client, SRPC_CAUSE_DISCONNECTED, NULL);
}

/* If the rejected call was sent once, it never ran, and neither did those sent once after it, because from there on the
 * device had no session to run them in. They are sent again in the next session, as are idempotent calls. The outcome
 * of all others is unknown. */
void srpc_client_end(const srpc_client *client, srpc_cause cause, const srpc_client_call *rejected)
{
    srpc_client_call *call;
    uint32_t rejected_order = 0;
    uint8_t place;
    srpc_client_take_back(client);
    if (rejected != NULL && !srpc_is_in_flight(rejected)) {
        rejected = NULL;
    }
    if (rejected != NULL) {
        rejected_order = rejected->last_order;
    }
    for (place = 0; (call = srpc_client_call_at(client, place)) != NULL; place++) {
        bool never_ran;
        if (!srpc_is_in_flight(call)) {
            continue;
        }
        never_ran = srpc_sent_once(call) && rejected != NULL &&
                    (call == rejected || srpc_is_before(rejected_order, call->first_order));
        if (call->is_abandoned || call->is_question) {
            srpc_client_call_wait_again(call);
        } else if (never_ran || srpc_is_idempotent(call)) {
            call->state = SRPC_CALL_WAITING;
            if (!never_ran) {
                call->may_have_run = true;
            }
        } else {
            srpc_client_call_lose(call, cause);
        }
    }
    if (cause == SRPC_CAUSE_DISCONNECTED) {
        client->state->counters.lost_links++;
    }
    client->state->phase = SRPC_PHASE_CLOSED;
    client->state->strange = 0;
    client->state->too_long = 0;
    client_clear_outgoing(client);
    srpc_client_timer_disarm(client);
}
