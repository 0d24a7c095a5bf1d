/* The state of the device's end of a session (PROTOCOL.md, "Sessions"): which call runs next, and what is being sent.
 *
 * Its bytes can be copied. It starts as all zeroes, so that in static memory it takes no flash. */
#ifndef SRPC_SESSION_H
#define SRPC_SESSION_H

#include "frame.h"
#include "service.h"

#ifdef __cplusplus
extern "C" {
#endif

/* The longest Nak: a header and a code. */
#define SRPC_NAK_BYTES SRPC_FRAME_LENGTH(2u)

typedef struct srpc_session {
    srpc_statistics statistics;
    uint32_t seal; /* of the session's frames */
    uint16_t received; /* the bytes of the candidate so far, or the longest frame if it is too long */
    uint16_t sent; /* how many bytes of the outgoing frame were sent */
    uint16_t max_frame; /* the longest reply */
    uint8_t phase;
    uint8_t next; /* the number of the call that runs next */
    /* The calls that have run in this session, which tells how many replies are kept and where. It counts up to twice the
     * window and then continues from the window. */
    uint8_t calls;
    uint8_t sending;
    uint8_t nak[SRPC_NAK_BYTES];
} srpc_session;

/* Takes the candidate that a delimiter has ended, and runs the call in it, if it is a new one.
 *
 * As long as there is something to send, the candidate is dropped, as if the line had lost it. */
void srpc_session_take(const struct srpc_server *server);

/* Returns true if there is something to send. */
bool srpc_session_is_sending(const srpc_session *session);

/* Returns how many bytes are to be sent, and where they are. */
uint16_t srpc_session_outgoing(const struct srpc_server *server, const uint8_t **bytes);

/* Notes that the first `count` of the outgoing bytes were sent. */
void srpc_session_sent(const struct srpc_server *server, uint16_t count);

/* Notes that all of the outgoing bytes were sent. */
void srpc_session_sent_all(srpc_session *session);

#ifdef __cplusplus
}
#endif

#endif
