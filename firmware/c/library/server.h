/* The device side: bytes in, reply bytes out.
 *
 * A server is a constant that says what is served, and where its state is. It does no I/O: a loop passes it the bytes that
 * were received, and sends what is outgoing.
 *
 *     SRPC_SERVER(server, &calculator_interface, NULL, 64, 4, 256, NULL);
 *     static const srpc_link uart = {uart_read, uart_write, uart_wait, NULL};
 *
 *     srpc_server_serve(&server, &uart);
 */
#ifndef SRPC_SERVER_H
#define SRPC_SERVER_H

#include "events.h"
#include "frame.h"
#include "service.h"
#include "session.h"

#ifdef __cplusplus
extern "C" {
#endif

/* A server. Everything in it stays as it is; what changes is in `state`, `frames` and the events. */
typedef struct srpc_server {
    const srpc_interface *interface;
    void *context; /* passed to the procedures */
    srpc_session *session; /* all zero at first */
    uint8_t *frames; /* SRPC_SERVER_BYTES(frame, window) bytes */
    const srpc_events *events; /* NULL without events */
    uint16_t frame; /* the longest frame in either direction, delimiter included: at least 25 */
    uint16_t buffer; /* how many received bytes can wait while a procedure runs */
    uint8_t window; /* how many calls may be in flight, and replies are kept: 1 to 15 */
} srpc_server;

/* The number of bytes for the frames of a server: the one that is received, and the kept replies. */
#define SRPC_SERVER_BYTES(frame, window) ((size_t)(frame) * ((window) + 1u))

/* Defines a server and its memory. `events` is NULL, or what SRPC_EVENTS has defined. */
#define SRPC_SERVER(name, interface, context, frame, window, buffer, events)                                           \
    static srpc_session name##_session;                                                                                \
    static uint8_t name##_frames[(frame) >= SRPC_MIN_FRAME && (frame) <= SRPC_MAX_FRAME && (window) >= 1 &&            \
                                         (window) <= SRPC_MAX_WINDOW                                                   \
                                     ? SRPC_SERVER_BYTES(frame, window)                                                \
                                     : 0u - 1u];                                                                       \
    static const srpc_server name = {interface, context, &name##_session, name##_frames, events, frame, buffer, window}

/* Takes one received byte, and runs the call that it completes, if it does.
 *
 * As long as a reply is to be sent, a completed frame is dropped as if the line had lost it, so send first. */
void srpc_server_receive(const srpc_server *server, uint8_t byte);

/* Returns how many bytes are to be sent, and where they are. They stay there until they are sent. */
uint16_t srpc_server_outgoing(const srpc_server *server, const uint8_t **bytes);

/* Notes that the first `count` of the outgoing bytes were sent. */
void srpc_server_sent(const srpc_server *server, uint16_t count);

/* Notes that all of the outgoing bytes were sent. */
void srpc_server_sent_all(const srpc_server *server);

/* Returns true if there is a reply to send. If not, the server can receive, even if there are events. */
bool srpc_server_is_replying(const srpc_server *server);

/* Returns the counters of the link. */
const srpc_statistics *srpc_server_statistics(const srpc_server *server);

/* Counts bytes lost because the receive buffer was full, so that callers can read the count. */
void srpc_server_note_overruns(const srpc_server *server, uint32_t bytes);

/* A link, such as a UART. */
typedef struct srpc_link {
    /* Returns a received byte, or a negative number if there is none. It may wait for one if the device has no events. */
    int (*read)(void *context);
    /* Sends some of `count` bytes, and returns how many: none if there is no room for now. */
    size_t (*write)(void *context, const uint8_t *bytes, size_t count);
    /* Waits until there is a byte, room for one or an event; it may return early. NULL if there is other work to do. */
    void (*wait)(void *context);
    void *context;
} srpc_link;

/* Serves a link: for ever if it can wait, and else as far as is possible without, for a loop with other work.
 *
 * Bytes are taken from the link one by one as they are needed. Calls that have come in go before events. */
void srpc_server_serve(const srpc_server *server, const srpc_link *link);

#ifdef __cplusplus
}
#endif

#endif
