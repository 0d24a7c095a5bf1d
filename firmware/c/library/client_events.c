/* The subscriptions of a client, the count of events, and those that wait to be read (PROTOCOL.md, "Events").
 *
 * A subscription belongs to a session, which ends when the device is reset or the link is lost. The client therefore
 * subscribes again in each session, and asks again after a silence. Asking also opens a session and reveals lost events
 * that no other event followed. */
#include "client_internal.h"

#include <string.h>

/* The silence of a device after which the client checks that it still knows the subscription. */
#define SRPC_ASK_AFTER 500u

/* What goes before the data of an event that waits: key, losses, session and length. */
#define SRPC_EVENT_HEAD 16u

static const srpc_target client_subscribe = {0, 0, 4, SRPC_NUMBER_FIXED, SRPC_IDEMPOTENT | SRPC_FALLIBLE};
static const srpc_target client_unsubscribe = {0, 0, 5, SRPC_NUMBER_FIXED, SRPC_IDEMPOTENT};

static void client_tend_subscriptions(const srpc_client *client, srpc_time now);

/* The count. */

uint32_t srpc_client_lost_events(const srpc_client *client)
{
    return client->state->events_lost + client->state->events_dropped;
}

/* Notes that there were `count` events so far in this session. An old answer that was sent again may report a lower
 * count: then the difference is more than half the range. */
static void client_reckon(const srpc_client *client, uint32_t count)
{
    const uint32_t missing = count - client->state->events_passed;
    if (missing <= UINT32_MAX / 2u) {
        client->state->events_lost += missing;
        client->state->events_passed = count;
    }
}

/* Events that wait. */

void srpc_client_on_event(const srpc_client *client, srpc_event_taker take, void *context)
{
    client->state->take_event = take;
    client->state->event_context = context;
}

/* Keeps an event, or counts it as lost if there is no room. */
static void client_keep(const srpc_client *client, const srpc_received_event *event)
{
    uint8_t *const events = client->events;
    const size_t needed = SRPC_EVENT_HEAD + event->length;
    uint8_t *place;
    if ((size_t)(client->events_size - client->state->events_end) < needed) {
        const size_t waiting = (size_t)(client->state->events_end - client->state->events_start);
        (void)memmove(events, events + client->state->events_start, waiting);
        client->state->events_start = 0;
        client->state->events_end = (uint16_t)waiting;
    }
    if ((size_t)(client->events_size - client->state->events_end) < needed) {
        client->state->events_dropped++;
        return;
    }
    place = events + client->state->events_end;
    srpc_put_trailer(place, event->key);
    srpc_put_trailer(place + 4, event->lost + client->state->events_dropped);
    srpc_put_trailer(place + 8, event->session);
    srpc_put_trailer(place + 12, (uint32_t)event->length);
    (void)memcpy(place + SRPC_EVENT_HEAD, event->data, event->length);
    client->state->events_end = (uint16_t)(client->state->events_end + needed);
}

bool srpc_client_next_event(const srpc_client *client, srpc_received_event *event)
{
    const uint8_t *const place = client->events + client->state->events_start;
    if (client->state->events_start == client->state->events_end) {
        return false;
    }
    event->key = srpc_trailer(place, 0);
    event->lost = srpc_trailer(place, 4);
    event->session = srpc_trailer(place, 8);
    event->length = (size_t)srpc_trailer(place, 12);
    event->data = place + SRPC_EVENT_HEAD;
    client->state->events_start = (uint16_t)(client->state->events_start + SRPC_EVENT_HEAD + event->length);
    return true;
}

bool srpc_subscription_takes(srpc_subscription *subscription, const srpc_received_event *event, srpc_arrival *arrival)
{
    if (event->key != subscription->key) {
        return false;
    }
    arrival->lost = event->lost - subscription->lost;
    arrival->after_gap = subscription->session != 0u && subscription->session != event->session;
    subscription->lost = event->lost;
    subscription->session = event->session;
    return true;
}

/* Receiving. */

static void client_take_event(const srpc_client *client, srpc_time now, uint8_t seq, srpc_reader body)
{
    const uint16_t topic = srpc_read_u16(&body);
    const uint32_t session = client->state->counters.sessions;
    uint8_t place;
    if (!srpc_reader_good(&body)) {
        return;
    }
    if (topic == SRPC_EVENT_COUNT) {
        const uint32_t count = srpc_read_u32(&body);
        if (srpc_reader_good(&body)) {
            client_reckon(client, count);
        }
        return;
    }
    client_reckon(client, client->state->events_passed + ((seq - client->state->events_passed) & SRPC_SEQ_MASK));
    client->state->events_passed++;
    for (place = 0; place < client->topic_count; place++) {
        srpc_client_topic *const entry = client->topics + place;
        if (entry->users > 0u && entry->known_in == session && entry->topic == topic) {
            srpc_received_event event;
            entry->asked_at = now;
            event.key = entry->key;
            event.lost = client->state->events_lost;
            event.session = session;
            event.data = body.at;
            event.length = (size_t)body.left;
            if (client->state->take_event != NULL) {
                client->state->take_event(client->state->event_context, &event);
            } else {
                client_keep(client, &event);
            }
            return;
        }
    }
}

/* Subscriptions. */

static srpc_client_topic *client_topic_of(const srpc_client *client, uint32_t key)
{
    uint8_t place;
    for (place = 0; place < client->topic_count; place++) {
        srpc_client_topic *const entry = client->topics + place;
        if (entry->users > 0u && entry->key == key) {
            return entry;
        }
    }
    return NULL;
}

bool srpc_client_subscribe(const srpc_client *client, srpc_time now, uint32_t key)
{
    srpc_client_topic *entry = client_topic_of(client, key);
    uint8_t place;
    if (entry != NULL) {
        if (entry->users < UINT16_MAX) {
            entry->users++;
        }
        return true;
    }
    for (place = 0; place < client->topic_count; place++) {
        entry = client->topics + place;
        if (entry->users == 0u) {
            (void)memset(entry, 0, sizeof *entry);
            entry->key = key;
            entry->users = 1;
            entry->is_due = true;
            client_tend_subscriptions(client, now);
            return true;
        }
    }
    return false;
}

/* Makes a call about an event. Returns its ticket, or 0 if there is no room. */
static srpc_ticket client_call_about(const srpc_client *client, uint32_t key, const srpc_target *target,
                                     const srpc_patience *patience)
{
    srpc_writer arguments;
    srpc_ticket ticket = 0;
    if (srpc_client_begin(client, &arguments)) {
        srpc_write_u32(&arguments, key);
        if (srpc_client_start(client, &arguments, target, patience, &ticket) == SRPC_OK) {
            srpc_client_named(client, ticket)->is_own = true;
        }
    }
    return ticket;
}

void srpc_client_unsubscribe(const srpc_client *client, srpc_time now, uint32_t key)
{
    srpc_client_topic *const entry = client_topic_of(client, key);
    if (entry == NULL) {
        return;
    }
    entry->users--;
    if (entry->users > 0u) {
        return;
    }
    if (entry->asked != 0u) {
        srpc_client_forget(client, entry->asked);
    }
    if (entry->known_in != 0u && client->state->phase == SRPC_PHASE_OPEN) {
        srpc_patience patience;
        srpc_ticket told;
        patience.deadline = now + SRPC_ASK_AFTER;
        patience.retries = 0;
        patience.timeout = 0;
        told = client_call_about(client, key, &client_unsubscribe, &patience);
        if (told != 0u) {
            /* It is sent even though nobody waits for the result. */
            srpc_client_named(client, told)->is_abandoned = true;
        }
    }
}

srpc_status srpc_client_subscribed(const srpc_client *client, uint32_t key)
{
    srpc_client_topic *const entry = client_topic_of(client, key);
    srpc_status status;
    if (entry == NULL) {
        return SRPC_NEVER_NO_SUCH_PROCEDURE;
    }
    status = (srpc_status)entry->status;
    entry->status = SRPC_OK;
    if (status != SRPC_OK) {
        return status;
    }
    return entry->known_in != 0u && entry->known_in == client->state->counters.sessions ? SRPC_OK : SRPC_PENDING;
}

/* Takes the answer of the device. Returns false if there is none yet. */
static bool client_take_answer(const srpc_client *client, srpc_client_topic *entry, srpc_time now)
{
    srpc_answer answer;
    srpc_reader body;
    if (!srpc_client_take(client, entry->asked, &answer)) {
        return false;
    }
    entry->asked = 0;
    entry->answered_in = client->state->counters.sessions;
    entry->asked_at = now;
    body = srpc_reader_of(answer.bytes, answer.length);
    if (answer.status == SRPC_OK) {
        const uint16_t topic = srpc_read_u16(&body);
        const uint32_t count = srpc_read_u32(&body);
        if (srpc_reader_ended(&body)) {
            client_reckon(client, count);
            entry->topic = topic;
            entry->known_in = client->state->counters.sessions;
        } else {
            answer.status = SRPC_ONCE_BAD_REPLY;
        }
    } else if (answer.status == SRPC_OWN_ERROR) {
        const bool is_too_many = srpc_read_variant(&body, 2) == 1u;
        answer.status = is_too_many ? SRPC_NEVER_TOO_MANY : SRPC_NEVER_NO_SUCH_PROCEDURE;
        if (!srpc_reader_ended(&body)) {
            answer.status = SRPC_ONCE_BAD_REPLY;
        }
    } else if (answer.status == SRPC_NEVER_CANCELLED || answer.status == SRPC_UNKNOWN_CANCELLED) {
        /* The caller cancelled this one, not the device. */
        entry->is_due = true;
        return true;
    } else {
        /* The reason why there is no answer. */
    }
    entry->status = (uint8_t)answer.status;
    return true;
}

static void client_ask(const srpc_client *client, srpc_client_topic *entry, srpc_time now)
{
    /* It has as long as the calls before it, since it is answered after them. */
    srpc_patience patience = srpc_client_patience(client, now);
    const srpc_client_call *call;
    uint8_t place;
    for (place = 0; (call = srpc_client_call_at(client, place)) != NULL; place++) {
        if (srpc_is_open(call) && srpc_until(now, call->patience.deadline) > srpc_until(now, patience.deadline)) {
            patience.deadline = call->patience.deadline;
        }
    }
    entry->asked = client_call_about(client, entry->key, &client_subscribe, &patience);
    /* If there was no room, there may be later. */
    entry->asked_at = now;
    entry->is_due = false;
}

static void client_tend_subscriptions(const srpc_client *client, srpc_time now)
{
    uint8_t place;
    for (place = 0; place < client->topic_count; place++) {
        srpc_client_topic *const entry = client->topics + place;
        const uint32_t session = client->state->counters.sessions;
        if (entry->users == 0u || (entry->asked != 0u && !client_take_answer(client, entry, now))) {
            continue;
        }
        if (entry->is_due || now - entry->asked_at >= SRPC_ASK_AFTER ||
            (client->state->phase == SRPC_PHASE_OPEN && entry->answered_in != session)) {
            client_ask(client, entry, now);
        }
    }
}

static srpc_time client_subscriptions_wait(const srpc_client *client, srpc_time now)
{
    srpc_time wait = SRPC_LONGEST;
    uint8_t place;
    for (place = 0; place < client->topic_count; place++) {
        const srpc_client_topic *const entry = client->topics + place;
        if (entry->users > 0u && entry->asked == 0u) {
            const srpc_time silent = now - entry->asked_at;
            const srpc_time left = entry->is_due || silent >= SRPC_ASK_AFTER ? 0u : SRPC_ASK_AFTER - silent;
            if (left < wait) {
                wait = left;
            }
        }
    }
    return wait;
}

const srpc_subscriptions srpc_client_subscriptions = {client_take_event, client_tend_subscriptions,
                                                      client_subscriptions_wait};
