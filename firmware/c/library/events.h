/* Events on their way to the caller (PROTOCOL.md, "Events").
 *
 * A procedure, another task or an interrupt puts an event into the queue, by the function that is generated for it, and the
 * server takes it out when the line is free. Nobody waits: an event without a subscription is dropped at once, and if the
 * queue is full, the event is dropped and counted. */
#ifndef SRPC_EVENTS_H
#define SRPC_EVENTS_H

#include "service.h"

#ifdef __cplusplus
extern "C" {
#endif

/* An event that the caller has subscribed to. */
typedef struct srpc_topic {
    uint32_t key;
    uint16_t number; /* 0 if there is none */
} srpc_topic;

/* The state of a queue. It starts as all zeroes. */
typedef struct srpc_queue {
    uint32_t dropped; /* the events dropped after the last one that waits */
    uint32_t count; /* the events in this session, sent or dropped */
    uint16_t start; /* of the records in the ring */
    uint16_t used; /* bytes of the ring */
    uint16_t length; /* of the frame that is being sent, 0 without one */
    uint16_t sent;
    bool count_due; /* the caller needs the count, because it cannot infer it from its events */
} srpc_queue;

struct srpc_events;

/* What a server needs of its events. */
typedef struct srpc_events_operations {
    srpc_outcome (*answer)(const struct srpc_server *server, uint16_t number, srpc_reader *arguments,
                           srpc_writer *reply);
    void (*clear)(const struct srpc_events *events);
    uint16_t (*outgoing)(const struct srpc_events *events, uint32_t seal, const uint8_t **bytes);
    void (*sent)(const struct srpc_events *events, uint16_t count);
} srpc_events_operations;

extern const srpc_events_operations srpc_queued_events;

/* The events of a server. Everything in it stays as it is; what changes is what it points to. */
typedef struct srpc_events {
    const srpc_events_operations *operations;
    srpc_queue *queue;
    uint8_t *ring;
    srpc_topic *topics;
    uint8_t *sending; /* the frame */
    uint16_t size; /* of the ring */
    uint16_t frame; /* the longest frame, as that of the server */
    uint8_t topic_count;
    uint32_t (*lock)(void); /* masks the interrupts that emit events; NULL if none do */
    void (*unlock)(uint32_t state); /* takes what `lock` returned */
} srpc_events;

/* Defines the events of a server with such frames: with `size` bytes for those that wait, each with 4 or 5 bytes in
 * addition to its data, and room for `topic_count` subscriptions at once. */
#define SRPC_EVENTS(name, size, topic_count, frame, lock, unlock)                                                      \
    static srpc_queue name##_queue;                                                                                    \
    static uint8_t name##_ring[size];                                                                                  \
    static srpc_topic name##_topics[topic_count];                                                                      \
    static uint8_t name##_sending[frame];                                                                              \
    static const srpc_events name = {                                                                                  \
        &srpc_queued_events, &name##_queue, name##_ring, name##_topics, name##_sending, size, frame,                   \
        topic_count,         lock,          unlock}

/* Returns true if there is a subscription to the event with that key. */
bool srpc_events_wanted(const srpc_events *events, uint32_t key);

/* An event that is being written. */
typedef struct srpc_event {
    srpc_writer data;
    uint32_t locked; /* what `lock` returned */
} srpc_event;

/* Begins to write an event. Returns false if nobody has subscribed to it; else write its data, and end it. Interrupts are
 * masked meanwhile. */
bool srpc_events_begin(const srpc_events *events, uint32_t key, srpc_event *event);

/* Ends an event that was begun. */
void srpc_events_end(const srpc_events *events, const srpc_event *event);

#ifdef __cplusplus
}
#endif

#endif
