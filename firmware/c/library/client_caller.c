/* A caller that waits by blocking. */
#include "client_caller.h"

#include "client_internal.h"

/* The number of bytes that are read at once. */
#define SRPC_READ_AT_ONCE 32u

static srpc_time caller_now(const srpc_caller *caller)
{
    return caller->now(caller->context);
}

/* Sends what there is. Returns false if the link has failed. Makes the wait short if it takes no more now. */
static bool caller_send(const srpc_caller *caller, srpc_time *most)
{
    srpc_time now = caller_now(caller);
    size_t count;
    const uint8_t *outgoing = srpc_client_outgoing(caller->client, now, &count);
    while (count > 0u) {
        const int32_t sent = caller->write(caller->context, outgoing, count);
        if (sent < 0) {
            return false;
        }
        now = caller_now(caller);
        srpc_client_sent(caller->client, now, (size_t)sent);
        if (sent == 0) {
            /* It may take some soon, and have something to read before. */
            *most = *most > 1u ? 1u : *most;
            break;
        }
        outgoing = srpc_client_outgoing(caller->client, now, &count);
    }
    return true;
}

/* What is due is done last, lest anybody waits behind the end of a call. */
void srpc_caller_turn(const srpc_caller *caller, srpc_time most)
{
    uint8_t bytes[SRPC_READ_AT_ONCE];
    int32_t count = -1;
    if (caller_send(caller, &most)) {
        const srpc_time wait = srpc_client_wait(caller->client, caller_now(caller));
        count = caller->read(caller->context, bytes, sizeof bytes, wait < most ? wait : most);
    }
    if (count < 0) {
        srpc_client_link_lost(caller->client);
        srpc_client_give_up(caller->client);
    } else {
        const srpc_time now = caller_now(caller);
        srpc_client_receive(caller->client, now, bytes, (size_t)count);
        srpc_client_advance(caller->client, now);
    }
}

srpc_call srpc_call_begin(const srpc_caller *caller, const srpc_target *target)
{
    srpc_call call;
    srpc_time now = caller_now(caller);
    call.caller = caller;
    call.target = target;
    call.patience = srpc_client_patience(caller->client, now);
    call.reply = srpc_reader_of(NULL, 0);
    call.status = SRPC_PENDING;
    while (!srpc_client_begin(caller->client, &call.arguments)) {
        if (srpc_is_past(now, call.patience.deadline)) {
            call.status = SRPC_NEVER_TIMEOUT;
            srpc_writer_fail(&call.arguments);
            break;
        }
        srpc_client_reclaim(caller->client);
        if (!srpc_client_has_room(caller->client)) {
            srpc_caller_turn(caller, srpc_until(now, call.patience.deadline));
        }
        now = caller_now(caller);
    }
    return call;
}

srpc_status srpc_call_wait(srpc_call *call)
{
    const srpc_client *const client = call->caller->client;
    srpc_ticket ticket;
    srpc_answer answer;
    if (call->status != SRPC_PENDING) {
        return call->status;
    }
    call->status = srpc_client_start(client, &call->arguments, call->target, &call->patience, &ticket);
    if (call->status != SRPC_OK) {
        return call->status;
    }
    while (!srpc_client_take(client, ticket, &answer)) {
        srpc_caller_turn(call->caller, SRPC_LONGEST);
    }
    call->status = answer.status;
    call->reply = srpc_reader_of(answer.bytes, answer.length);
    return call->status;
}

srpc_status srpc_call_end(const srpc_call *call)
{
    if (call->status <= SRPC_OWN_ERROR && !srpc_reader_ended(&call->reply)) {
        return SRPC_ONCE_BAD_REPLY;
    }
    return call->status;
}

srpc_status srpc_caller_subscribe(const srpc_caller *caller, uint32_t key, srpc_subscription *subscription)
{
    const srpc_client *const client = caller->client;
    srpc_time now = caller_now(caller);
    const srpc_time deadline = now + client->state->timeout * (client->state->retries + 1u);
    srpc_status status = SRPC_PENDING;
    subscription->key = key;
    subscription->session = 0;
    subscription->lost = srpc_client_lost_events(client);
    if (!srpc_client_subscribe(client, now, key)) {
        return SRPC_NEVER_TOO_MANY;
    }
    for (;;) {
        status = srpc_client_subscribed(client, key);
        if (status == SRPC_PENDING && srpc_is_past(now, deadline)) {
            /* A device that is reset again and again may answer always too late. */
            status = SRPC_NEVER_TIMEOUT;
        }
        if (status != SRPC_PENDING) {
            break;
        }
        srpc_caller_turn(caller, srpc_until(now, deadline));
        now = caller_now(caller);
    }
    if (status != SRPC_OK) {
        srpc_client_unsubscribe(client, now, key);
    }
    return status;
}

void srpc_caller_unsubscribe(const srpc_caller *caller, const srpc_subscription *subscription)
{
    srpc_client_unsubscribe(caller->client, caller_now(caller), subscription->key);
}

bool srpc_caller_next_event(const srpc_caller *caller, srpc_time timeout, srpc_received_event *event)
{
    srpc_time now = caller_now(caller);
    const srpc_time limit = now + timeout;
    while (!srpc_client_next_event(caller->client, event)) {
        if (srpc_is_past(now, limit)) {
            return false;
        }
        srpc_caller_turn(caller, srpc_until(now, limit));
        now = caller_now(caller);
    }
    return true;
}
