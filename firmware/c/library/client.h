/*
 * The caller's end: calls in, frames out, answers in, and when to look again.
 *
 * A client does no I/O and has no clock. It resolves the numbers of procedures and remembers them, resends
 * unanswered calls, and keeps subscriptions through resets. A driver moves its bytes: it sends the outgoing
 * ones, passes on received ones, and calls `srpc_client_advance` after `srpc_client_wait` at the latest.
 * `client_caller.h` has a driver that blocks, which typed clients call through.
 *
 * A client is a constant that says where its state is. The state starts with `srpc_client_init`.
 */
#ifndef SRPC_CLIENT_H
#define SRPC_CLIENT_H

#include "frame.h"
#include "message.h"
#include "service.h"
#include "values.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Milliseconds of a clock that wraps at 2^32. */
typedef uint32_t srpc_time;

/* The longest time that anything may take: 24 days. */
#define SRPC_LONGEST 0x7FFFFFFFU

/* How a call ended, or a step of something longer. `srpc_status_ran` says whether the procedure ran. */
typedef enum srpc_status {
    /* The procedure ran and returned a value, which is set. */
    SRPC_OK,
    /* The procedure ran and ended in its own error, which is set. */
    SRPC_OWN_ERROR,
    /* There are no more items. */
    SRPC_END,
    /* It has not ended yet. */
    SRPC_PENDING,

    /* It ran, but its value does not fit a frame of the device's or the caller's, */
    SRPC_ONCE_REPLY_TOO_LARGE,
    /* or what came is not the value that was expected, */
    SRPC_ONCE_BAD_REPLY,
    /* or the stream may no longer be the one of which a part was received. */
    SRPC_ONCE_STREAM_CHANGED,

    /* It never ran: the device has no procedure or event of that name and those types, */
    SRPC_NEVER_NO_SUCH_PROCEDURE,
    /* could not decode the arguments, */
    SRPC_NEVER_BAD_ARGUMENTS,
    /* does not let this caller make this call, */
    SRPC_NEVER_REFUSED,
    /* or speaks another version of the protocol; */
    SRPC_NEVER_OTHER_VERSION,
    /* or the call was not passed on to the device; */
    SRPC_NEVER_UNREACHABLE,
    /* or its arguments do not fit a frame; */
    SRPC_NEVER_ARGUMENTS_TOO_LARGE,
    /* or there is no room for another call, */
    SRPC_NEVER_BUSY,
    /* or for another subscription, here or in the device; */
    SRPC_NEVER_TOO_MANY,
    /* or before it could be sent, its deadline passed, */
    SRPC_NEVER_TIMEOUT,
    /* the link failed, */
    SRPC_NEVER_DISCONNECTED,
    /* or it was cancelled. */
    SRPC_NEVER_CANCELLED,

    /* It was sent and not answered, so it ran once or not at all. A deadline passed, its own or another's; */
    SRPC_UNKNOWN_TIMEOUT,
    /* the device was reset; */
    SRPC_UNKNOWN_RESET,
    /* the link failed; */
    SRPC_UNKNOWN_DISCONNECTED,
    /* it was cancelled; */
    SRPC_UNKNOWN_CANCELLED,
    /* another caller has begun a session with the device; */
    SRPC_UNKNOWN_OTHER_CALLER,
    /* whoever passed it on does not know; */
    SRPC_UNKNOWN_RELAY,
    /* or the answer was a fault that this version does not know. */
    SRPC_UNKNOWN_FAULT
} srpc_status;

typedef enum srpc_ran {
    /* It did not run and will not. */
    SRPC_RAN_NEVER,
    SRPC_RAN_ONCE,
    /* It ran once or not at all. */
    SRPC_RAN_UNKNOWN
} srpc_ran;

/* Returns whether the procedure of a call that ended like that ran. */
srpc_ran srpc_status_ran(srpc_status status);

/* Returns true if the device did not answer for a reason that may pass. */
bool srpc_may_pass(srpc_status status);

/* Returns a sentence about that end. */
const char *srpc_status_text(srpc_status status);

/* How the number of a procedure is known. */
typedef enum srpc_number_of {
    /* The device is asked for it, by key. */
    SRPC_NUMBER_UNKNOWN,
    /* Both ends have agreed upon it. */
    SRPC_NUMBER_FIXED,
    /* Devices with that fingerprint have it; others are asked. */
    SRPC_NUMBER_IN
} srpc_number_of;

/* Running it twice does no harm: it is sent again if it is unknown whether it ran. */
#define SRPC_IDEMPOTENT 1u
/* It has an error of its own. */
#define SRPC_FALLIBLE 2u
/* It returns a stream whose items come and go while it is read. */
#define SRPC_MOVING 4u

/* The procedure of a call. A constant: the client keeps the pointer. */
typedef struct srpc_target {
    uint32_t key;
    uint32_t fingerprint;
    uint16_t number;
    uint8_t number_of; /* a `srpc_number_of` */
    uint8_t flags; /* SRPC_IDEMPOTENT, SRPC_FALLIBLE, SRPC_MOVING */
} srpc_target;

/* The bounds of the resend time (PROTOCOL.md, "Resending"). */
typedef struct srpc_timing {
    /* The resend time before a round trip has been measured. */
    srpc_time initial;
    /* How much it exceeds the measured round trip at least. */
    srpc_time min;
    /* The longest that doubling leads to. */
    srpc_time max;
    /* The same for calls with much time. */
    srpc_time max_patient;
} srpc_timing;

/* The time limits of a call. */
typedef struct srpc_patience {
    srpc_time deadline;
    /* How often the deadline is extended by `timeout`, if the call never ran or may run twice. */
    uint32_t retries;
    srpc_time timeout;
} srpc_patience;

/* The name of a call until its result has been taken. None is 0. */
typedef uint32_t srpc_ticket;

/* The result of a call. */
typedef struct srpc_answer {
    /* SRPC_OK and SRPC_OWN_ERROR have bytes: the encoded value or error. */
    srpc_status status;
    const uint8_t *bytes;
    size_t length;
    /* Of SRPC_NEVER_OTHER_VERSION the version that the device speaks, of SRPC_UNKNOWN_FAULT the code. */
    uint8_t detail;
} srpc_answer;

/* An event, as it was received. */
typedef struct srpc_received_event {
    uint32_t key;
    /* How many events of any subscription the client had lost before. */
    uint32_t lost;
    /* The session in which it came, counted from 1. */
    uint32_t session;
    /* The encoded data. */
    const uint8_t *data;
    size_t length;
} srpc_received_event;

/* Takes an event as soon as it comes. It must not use the client. */
typedef void (*srpc_event_taker)(void *context, const srpc_received_event *event);

/* Counters of the link since the client was made. Each wraps. */
typedef struct srpc_client_counters {
    /* Frames sent, those sent again included. */
    uint32_t sent;
    uint32_t resent;
    /* Whole frames received, and those that did not decode or check, or were too long. */
    uint32_t received;
    uint32_t broken;
    /* Sessions that the device accepted. */
    uint32_t sessions;
    /* Frames that the device could not use. */
    uint32_t refused;
    uint32_t lost_links;
    /* Sessions that another caller ended. */
    uint32_t taken_over;
} srpc_client_counters;

/* What a device takes, as it has told in its Accept. */
typedef struct srpc_accepted {
    /* The longest frame, and how many received bytes it can hold while it is busy. */
    uint16_t max_frame;
    uint16_t buffer;
    /* How many calls may be in flight. */
    uint8_t window;
    /* The CRC-32 of its description. */
    uint32_t fingerprint;
} srpc_accepted;

/* What a client keeps about a call. Private, as are the next two. */
typedef struct srpc_client_call {
    const srpc_target *target;
    srpc_patience patience;
    srpc_ticket ticket;
    /* The places of its first and its last copy among all frames sent. */
    uint32_t first_order;
    uint32_t last_order;
    /* When the last byte of the last copy was sent. */
    srpc_time sent_at;
    uint16_t length;
    uint16_t number;
    uint8_t state;
    uint8_t status;
    uint8_t seq;
    bool is_due;
    bool is_question;
    bool may_have_run;
    bool is_abandoned;
    bool is_own;
} srpc_client_call;

typedef struct srpc_client_number {
    uint32_t key;
    uint16_t number;
    bool is_known;
} srpc_client_number;

typedef struct srpc_client_topic {
    uint32_t key;
    srpc_ticket asked;
    uint32_t known_in;
    uint32_t answered_in;
    srpc_time asked_at;
    uint16_t users;
    uint16_t topic;
    uint8_t status;
    bool is_due;
} srpc_client_topic;

/* What changes in a client. Private. */
typedef struct srpc_client_state {
    srpc_timing timing;
    srpc_client_counters counters;
    srpc_event_taker take_event;
    void *event_context;
    /* The time limit of calls, and how often it is extended. */
    srpc_time timeout;
    uint32_t retries;

    /* The ring of calls, in the order in which they were made: the next is made in `next_slot`, and of those
       before it, the last `used` may have calls. */
    uint8_t next_slot;
    uint8_t used;
    srpc_ticket last_ticket;
    /* The fingerprint of the devices whose numbers are remembered. */
    uint32_t numbers_of;

    /* The session: the call that is sent next for the first time is `next_seq`. */
    uint8_t phase;
    uint8_t next_seq;
    uint32_t nonce;
    srpc_accepted device;
    /* The number of frames with calls so far, to tell which of two was sent first. */
    uint32_t order;
    /* How many candidates in a row were decoded but not sealed for this session, and were too long. */
    uint8_t strange;
    uint8_t too_long;
    /* The number of bytes received since the last delimiter, or `frame` if they are too many. */
    uint16_t received;

    /* The frame that is being sent, and the call in it. A delimiter goes before if `flush`. */
    uint16_t outgoing_length;
    uint16_t outgoing_sent;
    uint8_t outgoing_seq;
    bool outgoing_has_call;
    bool flush;
    /* The link has the bytes and may have accepted some. */
    bool is_offered;

    /* The resend timer: smoothed round trip, times 8, and mean deviation, times 4. */
    bool is_measured;
    bool is_armed;
    bool has_heard;
    uint8_t doublings;
    uint32_t round_trip;
    uint32_t deviation;
    /* The time that the calls in flight had left when it was started. */
    srpc_time left;
    srpc_time due;
    /* When it was first due, before a received frame deferred it. */
    srpc_time planned;
    srpc_time heard_at;

    /* How many events of this session are known to have been sent or dropped, and how many of all did not
       arrive, or found no room. */
    uint32_t events_passed;
    uint32_t events_lost;
    uint32_t events_dropped;
    /* The events that wait to be read. */
    uint16_t events_start;
    uint16_t events_end;
} srpc_client_state;

struct srpc_client;

/* What a client with subscriptions does about them. A client without has none of it, nor its code. */
typedef struct srpc_subscriptions {
    void (*take)(const struct srpc_client *client, srpc_time now, uint8_t seq, srpc_reader body);
    void (*tend)(const struct srpc_client *client, srpc_time now);
    srpc_time (*wait)(const struct srpc_client *client, srpc_time now);
} srpc_subscriptions;

extern const srpc_subscriptions srpc_client_subscriptions;

/* The caller's end of a link. Everything in it stays as it is; what changes is what it points to. */
typedef struct srpc_client {
    srpc_client_state *state;
    uint8_t *bytes; /* SRPC_CLIENT_BYTES(frame, calls) bytes */
    srpc_client_call *calls;
    srpc_client_number *numbers;
    srpc_client_topic *topics;
    uint8_t *events;
    const srpc_subscriptions *subscriptions; /* &srpc_client_subscriptions, or NULL if `topic_count` is 0 */
    uint16_t frame; /* the longest frame in either direction, delimiter included: at least 25 */
    uint16_t events_size; /* bytes for events that wait to be read, each with 16 in addition to its data */
    uint8_t call_count; /* how many calls there is room for; those that a device cannot take yet wait here */
    uint8_t number_count; /* how many numbers of procedures it remembers, at least 1 */
    uint8_t topic_count; /* how many events it can subscribe to, perhaps none */
} srpc_client;

/* The number of bytes for the frames of a client: one for each call, the one that is sent, and the one that is received. */
#define SRPC_CLIENT_BYTES(frame, calls) ((size_t)(frame) * ((calls) + 2u))

/* Defines a client and its memory, for `calls` calls at a time and subscriptions to `topics` events. If these are taken as
 * they come, `event_size` may be 0. */
#define SRPC_CLIENT(name, frame, calls, numbers, topics, event_size)                                                   \
    static srpc_client_state name##_state;                                                                             \
    static uint8_t name##_bytes[(frame) >= SRPC_MIN_FRAME && (frame) <= SRPC_MAX_FRAME && (calls) >= 1 &&              \
                                        (calls) <= 255 && (numbers) >= 1                                               \
                                    ? SRPC_CLIENT_BYTES(frame, calls)                                                  \
                                    : 0u - 1u];                                                                        \
    static srpc_client_call name##_calls[calls];                                                                       \
    static srpc_client_number name##_numbers[numbers];                                                                 \
    static srpc_client_topic name##_topics[(topics) > 0 ? (topics) : 1];                                               \
    static uint8_t name##_events[(event_size) > 0 ? (event_size) : 1];                                                 \
    static const srpc_client name = {&name##_state,                                                                    \
                                     name##_bytes,                                                                     \
                                     name##_calls,                                                                     \
                                     name##_numbers,                                                                   \
                                     name##_topics,                                                                    \
                                     name##_events,                                                                    \
                                     (topics) > 0 ? &srpc_client_subscriptions : NULL,                                 \
                                     frame,                                                                            \
                                     event_size,                                                                       \
                                     calls,                                                                            \
                                     numbers,                                                                          \
                                     topics}

/* Begins without a session. Calls time out after two seconds.
 *
 * Its sessions are numbered from `nonce` on. Callers that use a link one after the other need different
 * ones: a random number, a serial number, or a counter in flash. */
void srpc_client_init(const srpc_client *client, uint32_t nonce);

/* Sets the resend times, for a line of `baud` bits per second with frames of usually `frame` bytes. */
void srpc_client_set_line(const srpc_client *client, uint32_t baud, uint16_t frame);

/* Sets the time limit of calls, and how often it is extended for a call that was not sent or may run twice. */
void srpc_client_set_patience(const srpc_client *client, srpc_time timeout, uint32_t retries);

/* Returns the patience with a call that is made now. */
srpc_patience srpc_client_patience(const srpc_client *client, srpc_time now);

/* Lets `take` have the events as they come, instead of those that wait to be read. */
void srpc_client_on_event(const srpc_client *client, srpc_event_taker take, void *context);

/* Calls. */

/* Returns true if another call can be made. */
bool srpc_client_has_room(const srpc_client *client);

/* Begins a call, if there is room: its arguments are to be written next. */
bool srpc_client_begin(const srpc_client *client, srpc_writer *arguments);

/* Makes the call that was begun, which is sent as soon as the device can take it. Returns SRPC_OK and sets
 * the ticket, or returns SRPC_NEVER_ARGUMENTS_TOO_LARGE if they do not fit a frame. */
srpc_status srpc_client_start(const srpc_client *client, const srpc_writer *arguments, const srpc_target *target,
                              const srpc_patience *patience, srpc_ticket *ticket);

/* Returns true if the call has ended, and sets its result, whose bytes stay until the call is forgotten. */
bool srpc_client_ended(const srpc_client *client, srpc_ticket ticket, srpc_answer *answer);

/* The same, and forgets the call. The bytes stay until the next call is begun. */
bool srpc_client_take(const srpc_client *client, srpc_ticket ticket, srpc_answer *answer);

/* Stops waiting for a call. One that was not sent never runs. One in flight may run: it is resent until it is
 * answered, because the device runs no later call before it. */
void srpc_client_forget(const srpc_client *client, srpc_ticket ticket);

/* Forgets the calls that have ended and whose results nobody has taken. */
void srpc_client_reclaim(const srpc_client *client);

/* Ends every call, and the session with them if one was in flight. */
void srpc_client_cancel(const srpc_client *client);

/* The link. */

/* Returns the bytes to send now, none if there is nothing to send. Until `srpc_client_sent` tells how many the
 * link has accepted, it may have accepted any. */
const uint8_t *srpc_client_outgoing(const srpc_client *client, srpc_time now, size_t *count);

/* Notes that the link has accepted the first `count` bytes of the outgoing, perhaps none. */
void srpc_client_sent(const srpc_client *client, srpc_time now, size_t count);

/* Takes received bytes. */
void srpc_client_receive(const srpc_client *client, srpc_time now, const uint8_t *bytes, size_t count);

/* Returns how long from now `srpc_client_advance` is to be called at the latest; SRPC_LONGEST if nothing is to
 * be waited for. */
srpc_time srpc_client_wait(const srpc_client *client, srpc_time now);

/* Does what is due: resends unanswered calls and ends calls whose deadline has passed. */
void srpc_client_advance(const srpc_client *client, srpc_time now);

/* Ends the session because the link is gone. Calls that were not sent are kept, and those that may run twice
 * are sent again, once the link is back. */
void srpc_client_link_lost(const srpc_client *client);

/* Ends every call that waits to be sent, because the link is gone for good. */
void srpc_client_give_up(const srpc_client *client);

/* The device. */

/* Returns what the device takes in this session, or null without a session. */
const srpc_accepted *srpc_client_device(const srpc_client *client);

/* Returns how many calls keep the device busy, at least 1. */
uint8_t srpc_client_window(const srpc_client *client);

/* Returns how many bytes of arguments certainly fit a call. */
size_t srpc_client_room(const srpc_client *client, const srpc_target *target);

/* Events. */

/* Subscribes to the event with that key, in this session and all later ones. Returns false if there is no room
 * for it. Each subscription is ended by one `srpc_client_unsubscribe`. */
bool srpc_client_subscribe(const srpc_client *client, srpc_time now, uint32_t key);

/* Ends one subscription to the event with that key. */
void srpc_client_unsubscribe(const srpc_client *client, srpc_time now, uint32_t key);

/* Returns SRPC_OK if the device has accepted the subscription in this session, SRPC_PENDING if it has not
 * answered, or why it did not. That is returned once; the client keeps asking. */
srpc_status srpc_client_subscribed(const srpc_client *client, uint32_t key);

/* Takes out the oldest event that waits to be read; false if there is none. Its data stay until bytes are
 * received. */
bool srpc_client_next_event(const srpc_client *client, srpc_received_event *event);

/* Returns how many events the device has sent that did not arrive, or has dropped, or that found no room here. Losses while
 * there was no session are not included. */
uint32_t srpc_client_lost_events(const srpc_client *client);

/* One user's subscription to an event, which counts the losses. */
typedef struct srpc_subscription {
    uint32_t key;
    uint32_t lost;
    uint32_t session;
} srpc_subscription;

/* How an event came. */
typedef struct srpc_arrival {
    /* How many events were lost since the one before of this subscription. They may be any that the client
       subscribes to. Events between two sessions are not counted. */
    uint32_t lost;
    /* The one before came in another session: it is unknown what happened in between. */
    bool after_gap;
} srpc_arrival;

/* Returns true if the event is of that subscription, and notes the losses. */
bool srpc_subscription_takes(srpc_subscription *subscription, const srpc_received_event *event, srpc_arrival *arrival);

#ifdef __cplusplus
}
#endif

#endif
