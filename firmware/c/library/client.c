/* The calls that a client still keeps: waiting to be sent, in flight, or ended with the result not yet taken. They
 * form a ring in the order in which they were made, which is the order in which they are sent and run. */
#include "client_internal.h"

#include <string.h>

srpc_ran srpc_status_ran(srpc_status status)
{
    if (status >= SRPC_UNKNOWN_TIMEOUT) {
        return SRPC_RAN_UNKNOWN;
    }
    return status >= SRPC_NEVER_NO_SUCH_PROCEDURE ? SRPC_RAN_NEVER : SRPC_RAN_ONCE;
}

bool srpc_may_pass(srpc_status status)
{
    return status == SRPC_NEVER_TIMEOUT || status == SRPC_NEVER_DISCONNECTED || status == SRPC_UNKNOWN_TIMEOUT ||
           status == SRPC_UNKNOWN_DISCONNECTED || status == SRPC_UNKNOWN_RESET;
}

void srpc_client_init(const srpc_client *client, uint32_t nonce)
{
    (void)memset(client->state, 0, sizeof *client->state);
    (void)memset(client->calls, 0, client->call_count * sizeof *client->calls);
    (void)memset(client->numbers, 0, client->number_count * sizeof *client->numbers);
    (void)memset(client->topics, 0, client->topic_count * sizeof *client->topics);
    client->state->nonce = nonce;
    client->state->timeout = 2000;
    client->state->timing.initial = 100;
    client->state->timing.min = 5;
    client->state->timing.max = 250;
    client->state->timing.max_patient = 4000;
}

void srpc_client_set_line(const srpc_client *client, uint32_t baud, uint16_t frame)
{
    /* Ten bits a byte, both ways, and twice that for the device's work. */
    const uint32_t bits = (uint32_t)frame * 40u;
    client->state->timing.initial = 50u + bits * 1000u / (baud > 0u ? baud : 1u);
}

void srpc_client_set_patience(const srpc_client *client, srpc_time timeout, uint32_t retries)
{
    client->state->timeout = timeout;
    client->state->retries = retries;
}

srpc_patience srpc_client_patience(const srpc_client *client, srpc_time now)
{
    srpc_patience patience;
    patience.deadline = now + client->state->timeout;
    patience.retries = client->state->retries;
    patience.timeout = client->state->timeout;
    return patience;
}

/* The ring. */

srpc_client_call *srpc_client_call_at(const srpc_client *client, uint8_t place)
{
    uint32_t slot = (uint32_t)client->state->next_slot + place;
    const uint8_t count = client->call_count;
    if (place >= client->state->used) {
        return NULL;
    }
    slot += (uint32_t)(count - client->state->used);
    return client->calls + (slot < count ? slot : slot - count);
}

srpc_client_call *srpc_client_flight_of(const srpc_client *client, uint8_t seq)
{
    srpc_client_call *call;
    uint8_t place;
    for (place = 0; (call = srpc_client_call_at(client, place)) != NULL; place++) {
        if (srpc_is_in_flight(call) && call->seq == seq) {
            break;
        }
    }
    return call;
}

srpc_client_call *srpc_client_named(const srpc_client *client, srpc_ticket ticket)
{
    srpc_client_call *call;
    uint8_t place;
    for (place = 0; (call = srpc_client_call_at(client, place)) != NULL; place++) {
        if (call->ticket == ticket && call->state != SRPC_CALL_FREE) {
            break;
        }
    }
    return call;
}

bool srpc_client_is_busy(const srpc_client *client)
{
    srpc_client_call *call;
    uint8_t place;
    for (place = 0; (call = srpc_client_call_at(client, place)) != NULL; place++) {
        if (srpc_is_open(call)) {
            return true;
        }
    }
    return false;
}

uint8_t *srpc_client_bytes(const srpc_client *client, const srpc_client_call *call)
{
    return client->bytes + (size_t)(call - client->calls) * client->frame;
}

/* Calls. */

void srpc_client_call_end(srpc_client_call *call, srpc_status status)
{
    call->state = call->is_abandoned ? SRPC_CALL_FREE : SRPC_CALL_ENDED;
    call->status = (uint8_t)status;
}

void srpc_client_call_lose(srpc_client_call *call, srpc_cause cause)
{
    srpc_client_call_end(call, (srpc_status)((unsigned)SRPC_UNKNOWN_TIMEOUT + (unsigned)cause));
}

void srpc_client_call_give_up(srpc_client_call *call, srpc_status status, srpc_cause cause)
{
    if (call->may_have_run) {
        srpc_client_call_lose(call, cause);
    } else {
        srpc_client_call_end(call, status);
    }
}

void srpc_client_call_wait_again(srpc_client_call *call)
{
    call->state = call->is_abandoned ? SRPC_CALL_FREE : SRPC_CALL_WAITING;
}

bool srpc_client_has_room(const srpc_client *client)
{
    return client->calls[client->state->next_slot].state == SRPC_CALL_FREE;
}

bool srpc_client_begin(const srpc_client *client, srpc_writer *arguments)
{
    const srpc_client_call *call = client->calls + client->state->next_slot;
    *arguments = srpc_writer_of(srpc_client_bytes(client, call), client->frame);
    return call->state == SRPC_CALL_FREE;
}

srpc_status srpc_client_start(const srpc_client *client, const srpc_writer *arguments, const srpc_target *target,
                              const srpc_patience *patience, srpc_ticket *ticket)
{
    srpc_client_call *call = client->calls + client->state->next_slot;
    const srpc_client_call *oldest;
    *ticket = 0;
    if (call->state != SRPC_CALL_FREE) {
        return SRPC_NEVER_BUSY;
    }
    if (!srpc_writer_fits(arguments)) {
        return SRPC_NEVER_ARGUMENTS_TOO_LARGE;
    }
    call->length = (uint16_t)(arguments->at - srpc_client_bytes(client, call));
    /* An unknown number may turn out to be a short one. */
    call->number = target->number_of == SRPC_NUMBER_FIXED ? target->number : 0u;
    if (srpc_client_call_frame_length(call, call->number) > client->frame) {
        return SRPC_NEVER_ARGUMENTS_TOO_LARGE;
    }
    while ((oldest = srpc_client_call_at(client, 0)) != NULL && oldest->state == SRPC_CALL_FREE) {
        client->state->used--;
    }
    client->state->used++;
    client->state->next_slot++;
    if (client->state->next_slot == client->call_count) {
        client->state->next_slot = 0;
    }
    client->state->last_ticket++;
    if (client->state->last_ticket == 0u) {
        client->state->last_ticket = 1;
    }
    *ticket = client->state->last_ticket;
    call->ticket = client->state->last_ticket;
    call->target = target;
    call->patience = *patience;
    call->state = SRPC_CALL_WAITING;
    call->may_have_run = false;
    call->is_abandoned = false;
    call->is_own = false;
    return SRPC_OK;
}

bool srpc_client_ended(const srpc_client *client, srpc_ticket ticket, srpc_answer *answer)
{
    const srpc_client_call *call = srpc_client_named(client, ticket);
    if (call == NULL || call->state != SRPC_CALL_ENDED) {
        return false;
    }
    answer->status = (srpc_status)call->status;
    answer->bytes = srpc_client_bytes(client, call);
    answer->detail = answer->bytes[0];
    answer->length = answer->status <= SRPC_OWN_ERROR ? call->length : 0u;
    return true;
}

bool srpc_client_take(const srpc_client *client, srpc_ticket ticket, srpc_answer *answer)
{
    const bool has_ended = srpc_client_ended(client, ticket, answer);
    if (has_ended) {
        srpc_client_forget(client, ticket);
    }
    return has_ended;
}

void srpc_client_forget(const srpc_client *client, srpc_ticket ticket)
{
    srpc_client_call *call;
    srpc_client_take_back(client);
    call = srpc_client_named(client, ticket);
    if (call != NULL) {
        call->is_abandoned = true;
        if (!srpc_is_in_flight(call)) {
            call->state = SRPC_CALL_FREE;
        }
    }
}

void srpc_client_reclaim(const srpc_client *client)
{
    srpc_client_call *call;
    uint8_t place;
    for (place = 0; (call = srpc_client_call_at(client, place)) != NULL; place++) {
        if (call->state == SRPC_CALL_ENDED && !call->is_own) {
            call->state = SRPC_CALL_FREE;
        }
    }
}

void srpc_client_give_up(const srpc_client *client)
{
    srpc_client_call *call;
    uint8_t place;
    for (place = 0; (call = srpc_client_call_at(client, place)) != NULL; place++) {
        if (call->state == SRPC_CALL_WAITING) {
            srpc_client_call_give_up(call, SRPC_NEVER_DISCONNECTED, SRPC_CAUSE_DISCONNECTED);
        }
    }
}

/* The device. */

const srpc_accepted *srpc_client_device(const srpc_client *client)
{
    return client->state->phase == SRPC_PHASE_OPEN ? &client->state->device : NULL;
}

uint8_t srpc_client_window(const srpc_client *client)
{
    const uint8_t count = client->call_count;
    if (client->state->phase != SRPC_PHASE_OPEN || client->state->device.window == 0u) {
        return 1;
    }
    return client->state->device.window < count ? client->state->device.window : count;
}

size_t srpc_client_room(const srpc_client *client, const srpc_target *target)
{
    uint32_t frame = client->frame;
    uint32_t room = 0;
    uint16_t number = target->number;
    const bool is_open = client->state->phase == SRPC_PHASE_OPEN;
    if (is_open && client->state->device.max_frame < frame) {
        frame = client->state->device.max_frame;
    }
    if (target->number_of != SRPC_NUMBER_FIXED && !(is_open && srpc_client_number_of(client, target, &number))) {
        number = UINT16_MAX;
    }
    /* The longest payload that certainly fits. */
    while (SRPC_FRAME_LENGTH(room + 256u) <= frame) {
        room += 256u;
    }
    while (SRPC_FRAME_LENGTH(room + 1u) <= frame) {
        room++;
    }
    number = (uint16_t)(1u + srpc_varint_length(number));
    room = room > number ? room - number : 0u;
    return (size_t)room;
}

const char *srpc_status_text(srpc_status status)
{
    static const char *const texts[] = {
        "the procedure returned a value",
        "the procedure ended in its own error",
        "there are no more items",
        "it has not ended yet",
        "the procedure ran, but its value does not fit a frame",
        "the procedure ran, but its reply is not of the expected type",
        "the stream may have changed while it was read: it became shorter, or the session ended",
        "the device has no such procedure or event",
        "the device could not decode the arguments",
        "the device does not let this caller make this call",
        "the device speaks another version of the protocol",
        "the call could not be passed on to its device, so it never ran",
        "the arguments do not fit a frame",
        "too many calls are in flight",
        "there is no room for another subscription",
        "the deadline passed before the call could be sent",
        "the link failed before the call could be sent",
        "the call was cancelled before it could be sent",
        "no answer came in time: the call may have run, once, or not",
        "the device was reset: the call may have run, once, or not",
        "the link failed: the call may have run, once, or not",
        "the call was cancelled: it may have run, once, or not",
        "another caller has taken over the device: the call may have run, once, or not",
        "the call was passed on and its answer was lost: it may have run, once, or not",
        "the device answered with an unknown fault: the call may have run, once, or not",
    };
    return (size_t)status < sizeof texts / sizeof *texts ? texts[status] : "";
}
