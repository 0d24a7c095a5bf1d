/* Events on their way to the caller. */
#include "events.h"

#include "server.h"

/* The number of events lost in a row from which on sequence numbers no longer count them. */
#define SRPC_UNTOLD 32u

/* The number of bytes for the length of a record. Behind it are the number of events dropped before the event, as a byte,
 * its topic, and its data. */
#define SRPC_RECORD 2u

/* The procedures of a device with events, and the errors of the first. */
enum { SRPC_SUBSCRIBE = 4, SRPC_UNSUBSCRIBE = 5 };
enum { SRPC_NO_SUCH_EVENT, SRPC_TOO_MANY };

static uint32_t srpc_events_lock(const srpc_events *events)
{
    return events->lock != NULL ? events->lock() : 0u;
}

static void srpc_events_unlock(const srpc_events *events, uint32_t locked)
{
    if (events->unlock != NULL) {
        events->unlock(locked);
    }
}

/* Returns the subscription to the event with that key, or NULL. */
static srpc_topic *srpc_events_topic(const srpc_events *events, uint32_t key)
{
    uint8_t at;
    for (at = 0; at < events->topic_count; at++) {
        if (events->topics[at].number != 0u && events->topics[at].key == key) {
            return &events->topics[at];
        }
    }
    return NULL;
}

/* Returns the place in the ring that is so far behind the first. */
static uint16_t srpc_events_place(const srpc_events *events, uint32_t behind)
{
    const uint32_t place = events->queue->start + behind;
    return (uint16_t)(place < events->size ? place : place - events->size);
}

bool srpc_events_wanted(const srpc_events *events, uint32_t key)
{
    const uint32_t locked = srpc_events_lock(events);
    const bool wanted = srpc_events_topic(events, key) != NULL;
    srpc_events_unlock(events, locked);
    return wanted;
}

bool srpc_events_begin(const srpc_events *events, uint32_t key, srpc_event *event)
{
    srpc_queue *const queue = events->queue;
    const srpc_topic *topic;
    event->locked = srpc_events_lock(events);
    topic = srpc_events_topic(events, key);
    if (topic != NULL && queue->dropped > UINT8_MAX) {
        /* With more before it than a byte counts, an event is dropped as well, until none waits and the number is sent by
         * itself. */
        if (queue->dropped < UINT32_MAX) {
            queue->dropped++;
        }
        topic = NULL;
    }
    if (topic == NULL) {
        srpc_events_unlock(events, event->locked);
        return false;
    }
    {
        const uint16_t place = srpc_events_place(events, queue->used);
        const uint16_t room = (uint16_t)(events->size - queue->used);
        const uint16_t behind = (uint16_t)(events->size - place);
        event->data = srpc_writer_of(events->ring + place, room < behind ? room : behind);
        if (room > behind) {
            event->data.more = events->ring;
            event->data.more_end = events->ring + (room - behind);
        }
    }
    /* The length comes in the end. */
    srpc_write_u8(&event->data, 0);
    srpc_write_u8(&event->data, 0);
    srpc_write_u8(&event->data, (uint8_t)queue->dropped);
    srpc_write_u16(&event->data, topic->number);
    return true;
}

void srpc_events_end(const srpc_events *events, const srpc_event *event)
{
    srpc_queue *const queue = events->queue;
    if (srpc_writer_fits(&event->data)) {
        const uint16_t place = srpc_events_place(events, queue->used);
        uint32_t length = (uint32_t)(event->data.at - events->ring) + events->size - place;
        if (length > events->size) {
            length -= events->size;
        }
        queue->dropped = 0;
        events->ring[place] = (uint8_t)(length - SRPC_RECORD);
        events->ring[srpc_events_place(events, queue->used + 1u)] = (uint8_t)((length - SRPC_RECORD) >> 8);
        queue->used = (uint16_t)(queue->used + length);
    } else if (queue->dropped < UINT32_MAX) {
        queue->dropped++;
    } else {
        /* So many are not counted. */
    }
    srpc_events_unlock(events, event->locked);
}

/* Takes out a byte of a record. */
static uint8_t srpc_events_pop(const srpc_events *events)
{
    const uint8_t byte = events->ring[events->queue->start];
    events->queue->start = srpc_events_place(events, 1);
    events->queue->used--;
    return byte;
}

/* Ends a frame that comes after `count` events. Without one that fits, `length` stays 0. */
static void srpc_events_close(const srpc_events *events, const srpc_writer *body, uint32_t seal)
{
    srpc_queue *const queue = events->queue;
    uint8_t *const frame = events->sending;
    if (srpc_writer_fits(body)) {
        frame[SRPC_PAYLOAD] = (uint8_t)(SRPC_KIND_EVENT | (queue->count & SRPC_SEQ_MASK));
        queue->length = srpc_frame_close(frame, (uint16_t)(body->at - frame), events->frame, seal);
    }
}

/* Takes out the next event, with its topic and data, and the number of those that were dropped before it. If there is
 * none, returns false with the number of those that were dropped. */
static bool srpc_events_next(const srpc_events *events, srpc_writer *body, uint32_t *dropped)
{
    srpc_queue *const queue = events->queue;
    const uint32_t locked = srpc_events_lock(events);
    const bool is_event = queue->used > 0u;
    if (is_event) {
        uint16_t length = srpc_events_pop(events);
        length = (uint16_t)(length | (uint16_t)srpc_events_pop(events) << 8);
        *dropped = srpc_events_pop(events);
        for (; length > 1u; length--) {
            srpc_write_u8(body, srpc_events_pop(events));
        }
    } else {
        *dropped = queue->dropped;
        queue->dropped = 0;
    }
    srpc_events_unlock(events, locked);
    return is_event;
}

/* Makes the next frame, if there is an event or a count to send. */
static void srpc_events_make(const srpc_events *events, uint32_t seal)
{
    srpc_queue *const queue = events->queue;
    while (queue->length == 0u) {
        srpc_writer body = srpc_writer_of(events->sending + SRPC_BODY, events->frame - SRPC_BODY);
        uint32_t dropped;
        bool is_event;
        if (queue->count_due) {
            queue->count_due = false;
            srpc_write_u32(&body, SRPC_EVENT_COUNT);
            srpc_write_u32(&body, queue->count);
            srpc_events_close(events, &body, seal);
            return;
        }
        is_event = srpc_events_next(events, &body, &dropped);
        queue->count += dropped;
        if (is_event) {
            srpc_events_close(events, &body, seal);
            queue->count++;
            /* The count is sent if this event did not fit, if so many were dropped that its number is ambiguous, and
             * regularly, in case so many get lost on the way. */
            queue->count_due = queue->length == 0u || dropped >= SRPC_UNTOLD || queue->count % SRPC_UNTOLD == 0u;
        } else if (dropped > 0u) {
            /* The next event may not follow soon, so the count is sent. */
            queue->count_due = true;
        } else {
            return;
        }
    }
}

static void srpc_events_clear(const srpc_events *events)
{
    srpc_queue *const queue = events->queue;
    const uint32_t locked = srpc_events_lock(events);
    uint8_t at;
    for (at = 0; at < events->topic_count; at++) {
        events->topics[at].number = 0;
    }
    queue->used = 0;
    queue->dropped = 0;
    srpc_events_unlock(events, locked);
    queue->count = 0;
    queue->count_due = false;
    if (queue->sent == 0u) {
        queue->length = 0;
    }
}

static uint16_t srpc_events_outgoing(const srpc_events *events, uint32_t seal, const uint8_t **bytes)
{
    srpc_queue *const queue = events->queue;
    srpc_events_make(events, seal);
    *bytes = events->sending + queue->sent;
    return (uint16_t)(queue->length - queue->sent);
}

static void srpc_events_sent(const srpc_events *events, uint16_t count)
{
    srpc_queue *const queue = events->queue;
    if (count < queue->length - queue->sent) {
        queue->sent = (uint16_t)(queue->sent + count);
    } else {
        queue->length = 0;
        queue->sent = 0;
    }
}

/* Accepts events with that key from now on. Returns false if there are too many subscriptions. */
static bool srpc_events_subscribe(const srpc_events *events, uint32_t key, uint16_t number)
{
    const uint32_t locked = srpc_events_lock(events);
    srpc_topic *topic = srpc_events_topic(events, key);
    uint8_t at;
    for (at = 0; topic == NULL && at < events->topic_count; at++) {
        if (events->topics[at].number == 0u) {
            topic = &events->topics[at];
            topic->key = key;
            topic->number = number;
        }
    }
    srpc_events_unlock(events, locked);
    return topic != NULL;
}

static void srpc_events_unsubscribe(const srpc_events *events, uint32_t key)
{
    const uint32_t locked = srpc_events_lock(events);
    srpc_topic *const topic = srpc_events_topic(events, key);
    if (topic != NULL) {
        topic->number = 0;
    }
    srpc_events_unlock(events, locked);
}

static srpc_outcome srpc_events_answer(const srpc_server *server, uint16_t number, srpc_reader *arguments,
                                       srpc_writer *reply)
{
    const srpc_events *const events = server->events;
    uint32_t key;
    if (number > SRPC_UNSUBSCRIBE) {
        return SRPC_UNKNOWN_PROCEDURE;
    }
    key = srpc_read_u32(arguments);
    if (!srpc_reader_ended(arguments)) {
        return SRPC_BAD_ARGUMENTS;
    }
    if (number == SRPC_UNSUBSCRIBE) {
        srpc_events_unsubscribe(events, key);
    } else {
        const uint16_t topic = srpc_resolve(server->interface, key);
        if (topic == 0u) {
            srpc_write_u32(reply, SRPC_NO_SUCH_EVENT);
            return SRPC_ERROR;
        }
        if (!srpc_events_subscribe(events, key, topic)) {
            srpc_write_u32(reply, SRPC_TOO_MANY);
            return SRPC_ERROR;
        }
        srpc_write_u16(reply, topic);
        /* The event that waits to be sent is sent after this answer. */
        srpc_write_u32(reply,
                       events->queue->count - (events->queue->length > 0u && events->queue->sent == 0u ? 1u : 0u));
    }
    return SRPC_RETURN;
}

const srpc_events_operations srpc_queued_events = {srpc_events_answer, srpc_events_clear, srpc_events_outgoing,
                                                   srpc_events_sent};
