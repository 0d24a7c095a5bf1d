/* What the files of the client share. Not for its users. */
#ifndef SRPC_CLIENT_INTERNAL_H
#define SRPC_CLIENT_INTERNAL_H

#include "client.h"

/* The state of a call. */
typedef enum srpc_client_call_state {
    /* There is no call in this slot. */
    SRPC_CALL_FREE,
    /* It waits to be sent. */
    SRPC_CALL_WAITING,
    SRPC_CALL_IN_FLIGHT,
    /* It has ended with a status. */
    SRPC_CALL_ENDED
} srpc_client_call_state;

typedef enum srpc_phase {
    SRPC_PHASE_CLOSED,
    /* A Connect was sent, or is to be sent. */
    SRPC_PHASE_CONNECTING,
    SRPC_PHASE_CONNECT_DUE,
    SRPC_PHASE_OPEN
} srpc_phase;

/* Why calls in flight have no answer. */
typedef enum srpc_cause {
    SRPC_CAUSE_TIMEOUT,
    SRPC_CAUSE_RESET,
    SRPC_CAUSE_DISCONNECTED,
    SRPC_CAUSE_CANCELLED,
    SRPC_CAUSE_OTHER_CALLER
} srpc_cause;

/* The number of the procedure that resolves a key, and the longest frame of that question. */
#define SRPC_RESOLVE 1u
#define SRPC_QUESTION SRPC_FRAME_LENGTH(1u + 1u + 5u)

/* Returns true if it is that time or later. */
static inline bool srpc_is_past(srpc_time now, srpc_time at)
{
    return now - at <= SRPC_LONGEST;
}

/* Returns the time until then, none if that has passed. */
static inline srpc_time srpc_until(srpc_time now, srpc_time then)
{
    return srpc_is_past(now, then) ? 0u : then - now;
}

/* Returns true if one frame was sent before another. The count wraps. */
static inline bool srpc_is_before(uint32_t left, uint32_t right)
{
    return left != right && right - left < 0x7FFFFFFFu;
}

static inline bool srpc_is_open(const srpc_client_call *call)
{
    return call->state == SRPC_CALL_WAITING || call->state == SRPC_CALL_IN_FLIGHT;
}

static inline bool srpc_is_in_flight(const srpc_client_call *call)
{
    return call->state == SRPC_CALL_IN_FLIGHT;
}

static inline bool srpc_is_idempotent(const srpc_client_call *call)
{
    return (call->target->flags & SRPC_IDEMPOTENT) != 0u;
}

/* Returns true if there is only one copy. */
static inline bool srpc_sent_once(const srpc_client_call *call)
{
    return call->first_order == call->last_order;
}

/* The ring of calls (client.c). */

/* Returns the call at that place among those that are used, from the oldest, or null behind the youngest. */
srpc_client_call *srpc_client_call_at(const srpc_client *client, uint8_t place);

/* Returns the call in flight with that sequence number, or null. */
srpc_client_call *srpc_client_flight_of(const srpc_client *client, uint8_t seq);

/* Returns the call of that name, or null. */
srpc_client_call *srpc_client_named(const srpc_client *client, srpc_ticket ticket);

/* Returns the arguments of a call, or what it was answered with. */
uint8_t *srpc_client_bytes(const srpc_client *client, const srpc_client_call *call);

/* Ends a call; or forgets it if it is abandoned. */
void srpc_client_call_end(srpc_client_call *call, srpc_status status);

/* Ends a call whose answer is lost. */
void srpc_client_call_lose(srpc_client_call *call, srpc_cause cause);

/* Ends a call that is not in flight. Unless it may have run in an earlier session, it never ran. */
void srpc_client_call_give_up(srpc_client_call *call, srpc_status status, srpc_cause cause);

/* Notes that neither the call nor the question for its number is in flight. */
void srpc_client_call_wait_again(srpc_client_call *call);

/* Sessions (client_session.c). */

/* Ends the session. `rejected` is the call that the device refused because it had no session, or null. */
void srpc_client_end(const srpc_client *client, srpc_cause cause, const srpc_client_call *rejected);

/* Makes a call wait again if no byte of it was accepted by the link. */
void srpc_client_take_back(const srpc_client *client);

/* Sends again what the device may be waiting for, since no answer arrived. */
void srpc_client_send_again(const srpc_client *client);

/* Takes the nonce of a new session, which is then requested. */
void srpc_client_begin_session(const srpc_client *client);

/* Returns true if a call is waiting or in flight. */
bool srpc_client_is_busy(const srpc_client *client);

/* Returns true if the target's number is known in this session, and sets it. */
bool srpc_client_number_of(const srpc_client *client, const srpc_target *target, uint16_t *number);

/* Returns the length of a varint. */
static inline uint16_t srpc_varint_length(uint16_t value)
{
    return value < 0x80u ? 1u : value < 0x4000u ? 2u : 3u;
}

/* Returns the length of the call's frame with that number, or a byte or two more if it is long. */
static inline uint32_t srpc_client_call_frame_length(const srpc_client_call *call, uint16_t number)
{
    const uint32_t payload = 1u + (uint32_t)srpc_varint_length(number) + call->length;
    return SRPC_FRAME_LENGTH(payload);
}

/* Writes what goes before the arguments of the call in a payload: the header, the number and, in a question, the key. */
void srpc_client_write_start(const srpc_client_call *call, srpc_writer *writer);

/* The longest of that. */
#define SRPC_MAX_START (1u + 3u + 5u)

/* The resend timer (client_timer.c). */
void srpc_client_timer_arm(const srpc_client *client, srpc_time now);
void srpc_client_timer_disarm(const srpc_client *client);
void srpc_client_timer_measured(const srpc_client *client, srpc_time sample);
void srpc_client_timer_heard_no_answer(const srpc_client *client);
bool srpc_client_timer_expired(const srpc_client *client, srpc_time now);

/* Subscriptions (client_events.c). */

/* Takes an Event of this session. */
static inline void srpc_client_take_event(const srpc_client *client, srpc_time now, uint8_t seq, srpc_reader body)
{
    if (client->subscriptions != NULL) {
        client->subscriptions->take(client, now, seq, body);
    }
}

/* Takes the device's answers to subscriptions, and asks again when due. */
static inline void srpc_client_tend_subscriptions(const srpc_client *client, srpc_time now)
{
    if (client->subscriptions != NULL) {
        client->subscriptions->tend(client, now);
    }
}

/* Returns how long until the device is to be asked next. */
static inline srpc_time srpc_client_subscriptions_wait(const srpc_client *client, srpc_time now)
{
    return client->subscriptions != NULL ? client->subscriptions->wait(client, now) : SRPC_LONGEST;
}

#endif
