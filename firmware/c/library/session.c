/* The device's end of a session: what each received frame means, which call is to run, and how frames are answered. */
#include "session.h"

#include "server.h"

/* Phases of a session. */
enum {
    SRPC_NOT_CONNECTED,
    SRPC_CONNECTED,
    SRPC_GAP_REPORTED /* the missing call `next` has been reported to the caller */
};

/* The frame that is being sent. The Nak is 0 and all zeroes at first, so a device begins by sending a delimiter, which
 * ends what was being sent before a reset. From SRPC_SENDING_REPLY on it is the reply in that slot. */
enum { SRPC_SENDING_NAK, SRPC_SENDING_NOTHING, SRPC_SENDING_REPLY };

static void srpc_session_send(srpc_session *session, uint8_t frame)
{
    session->sending = frame;
    session->sent = 0;
}

/* Returns the buffer of the reply in a slot. The first buffer is that of received frames. */
static uint8_t *srpc_session_slot(const srpc_server *server, uint8_t slot)
{
    return server->frames + (size_t)server->frame * (slot + 1u);
}

/* Makes a frame whose body is a code. */
static void srpc_session_close_code(uint8_t *frame, uint8_t header, uint8_t code, uint32_t seal)
{
    frame[SRPC_PAYLOAD] = header;
    frame[SRPC_BODY] = code;
    (void)srpc_frame_close(frame, SRPC_BODY + 1u, SRPC_NAK_BYTES, seal);
}

/* Counts a rejected frame, and reports the next call, unless that is useless or was done before: a gap is reported once. */
static void srpc_session_refuse(srpc_session *session, uint8_t reason)
{
    if (reason != SRPC_NAK_NOT_CONNECTED) {
        switch (reason) {
        case SRPC_NAK_CORRUPT:
            session->statistics.corrupt++;
            break;
        case SRPC_NAK_TOO_LONG:
            session->statistics.too_long++;
            break;
        default:
            session->statistics.out_of_order++;
            break;
        }
        if (session->phase == SRPC_NOT_CONNECTED ||
            (reason == SRPC_NAK_OUT_OF_ORDER && session->phase == SRPC_GAP_REPORTED)) {
            return;
        }
        session->phase = SRPC_GAP_REPORTED;
    }
    srpc_session_close_code(session->nak, (uint8_t)(SRPC_KIND_NAK | session->next), reason, session->seal);
    srpc_session_send(session, SRPC_SENDING_NAK);
}

/* Begins a session, or rejects a caller of another version. */
static void srpc_session_connect(const srpc_server *server, srpc_reader *body)
{
    srpc_session *const session = server->session;
    const uint8_t version = srpc_read_u8(body);
    const uint32_t nonce = srpc_read_u32(body);
    const uint32_t max_frame = srpc_read_u32(body);
    /* No reply is kept from here on, so a slot is free to hold the Accept. */
    uint8_t *const frame = srpc_session_slot(server, 0);
    srpc_writer accept = srpc_writer_of(frame + SRPC_BODY, server->frame - SRPC_BODY);
    if (!srpc_reader_good(body)) {
        return;
    }
    session->max_frame = server->frame;
    if (max_frame < session->max_frame) {
        session->max_frame = max_frame < SRPC_MIN_FRAME ? (uint16_t)SRPC_MIN_FRAME : (uint16_t)max_frame;
    }
    session->seal = srpc_session_seal(nonce);
    session->phase = version == SRPC_VERSION ? SRPC_CONNECTED : SRPC_NOT_CONNECTED;
    session->next = 0;
    session->calls = 0;
    srpc_write_u8(&accept, SRPC_VERSION);
    srpc_write_u32(&accept, nonce);
    srpc_write_u8(&accept, server->window);
    srpc_write_u32(&accept, server->frame);
    srpc_write_u32(&accept, server->buffer);
    srpc_write_u32(&accept, server->interface->fingerprint);
    frame[SRPC_PAYLOAD] = SRPC_KIND_ACCEPT;
    (void)srpc_frame_close(frame, (uint16_t)(accept.at - frame), server->frame, SRPC_NO_SEAL);
    srpc_session_send(session, SRPC_SENDING_REPLY);
    if (server->events != NULL) {
        server->events->operations->clear(server->events);
    }
}

/* Runs a call. Returns the outcome. */
static srpc_outcome srpc_session_dispatch(const srpc_server *server, srpc_reader *arguments, srpc_writer *reply)
{
    const srpc_interface *const interface = server->interface;
    const uint32_t number = srpc_read_u32(arguments);
    if (!srpc_reader_good(arguments)) {
        return SRPC_BAD_ARGUMENTS;
    }
    if (number > UINT16_MAX) {
        return SRPC_UNKNOWN_PROCEDURE;
    }
    if (number >= SRPC_FIRST_NUMBER) {
        return interface->dispatch(server->context, (uint16_t)(number - SRPC_FIRST_NUMBER), arguments, reply);
    }
    if (interface->own == NULL) {
        return SRPC_UNKNOWN_PROCEDURE;
    }
    return interface->own(server, (uint16_t)number, arguments, reply);
}

/* Runs the next call, and keeps its reply. */
static void srpc_session_run(const srpc_server *server, srpc_reader *arguments)
{
    srpc_session *const session = server->session;
    const uint8_t seq = session->next;
    const uint8_t window = server->window;
    const uint8_t slot = session->calls < window ? session->calls : (uint8_t)(session->calls - window);
    uint8_t *const frame = srpc_session_slot(server, slot);
    const uint16_t size = session->max_frame;
    srpc_writer reply = srpc_writer_of(frame + SRPC_BODY, size - SRPC_BODY);
    srpc_outcome outcome = srpc_session_dispatch(server, arguments, &reply);
    if (outcome < SRPC_KIND_FAULT) {
        frame[SRPC_PAYLOAD] = (uint8_t)(outcome | seq);
        if (!srpc_writer_fits(&reply) ||
            srpc_frame_close(frame, (uint16_t)(reply.at - frame), size, session->seal) == 0u) {
            outcome = SRPC_FAULT(SRPC_FAULT_REPLY_TOO_LARGE);
        }
    }
    if (outcome >= SRPC_KIND_FAULT) {
        srpc_session_close_code(frame, (uint8_t)(SRPC_KIND_FAULT | seq), (uint8_t)(outcome & ~SRPC_KIND_FAULT),
                                session->seal);
    }
    session->next = (uint8_t)((seq + 1u) & SRPC_SEQ_MASK);
    session->phase = SRPC_CONNECTED;
    session->calls = session->calls >= 2u * window - 1u ? window : (uint8_t)(session->calls + 1u);
    srpc_session_send(session, (uint8_t)(SRPC_SENDING_REPLY + slot));
}

/* Decides whether a call is new, has run already, or comes too early. */
static void srpc_session_call(const srpc_server *server, uint8_t seq, srpc_reader *arguments)
{
    srpc_session *const session = server->session;
    const uint8_t window = server->window;
    const uint8_t behind = (uint8_t)((session->next - seq) & (int)SRPC_SEQ_MASK);
    if (behind == 0u) {
        srpc_session_run(server, arguments);
    } else if (behind <= session->calls && behind <= window) {
        /* The slot of the next call is this modulo the window. */
        uint8_t slot = (uint8_t)(session->calls - behind);
        if (slot >= window) {
            slot = (uint8_t)(slot - window);
        }
        session->statistics.duplicates++;
        srpc_session_send(session, (uint8_t)(SRPC_SENDING_REPLY + slot));
    } else {
        srpc_session_refuse(session, SRPC_NAK_OUT_OF_ORDER);
    }
}

void srpc_session_take(const srpc_server *server)
{
    srpc_session *const session = server->session;
    uint8_t *const payload = server->frames + SRPC_PAYLOAD;
    uint16_t length = session->received;
    uint32_t seal = session->seal;
    uint8_t kind;
    srpc_reader body;
    session->received = 0;
    if (length == 0u || session->sending != SRPC_SENDING_NOTHING) {
        return;
    }
    if (length >= server->frame) {
        srpc_session_refuse(session, SRPC_NAK_TOO_LONG);
        return;
    }
    length = srpc_frame_open(server->frames, length);
    if (length == 0u) {
        srpc_session_refuse(session, SRPC_NAK_CORRUPT);
        return;
    }
    kind = (uint8_t)(payload[0] & SRPC_KIND_MASK);
    if (kind <= SRPC_KIND_ACCEPT) {
        seal = SRPC_NO_SEAL;
    } else if (kind == SRPC_KIND_CALL && session->phase == SRPC_NOT_CONNECTED) {
        /* Without a session, no call is expected and nothing is sealed, so these can hold the rejected call and the
         * trailer that proves the Nak is about it. */
        session->next = (uint8_t)(payload[0] & SRPC_SEQ_MASK);
        session->seal = srpc_trailer(payload, length);
        srpc_session_refuse(session, SRPC_NAK_NOT_CONNECTED);
        return;
    }
    if (!srpc_seal_checks(seal, payload, length)) {
        srpc_session_refuse(session, SRPC_NAK_CORRUPT);
        return;
    }
    session->statistics.frames++;
    body = srpc_reader_of(payload + 1, length - 1u);
    if (kind == SRPC_KIND_CONNECT) {
        srpc_session_connect(server, &body);
    } else if (kind == SRPC_KIND_CALL) {
        srpc_session_call(server, (uint8_t)(payload[0] & SRPC_SEQ_MASK), &body);
    } else {
        /* Only devices send the others: the line loops back, or another device is on it. */
    }
}

bool srpc_session_is_sending(const srpc_session *session)
{
    return session->sending != SRPC_SENDING_NOTHING;
}

uint16_t srpc_session_outgoing(const srpc_server *server, const uint8_t **bytes)
{
    const srpc_session *const session = server->session;
    const uint8_t *frame = session->nak;
    uint16_t size = SRPC_NAK_BYTES;
    if (session->sending == SRPC_SENDING_NOTHING) {
        return 0;
    }
    if (session->sending >= SRPC_SENDING_REPLY) {
        frame = srpc_session_slot(server, (uint8_t)(session->sending - SRPC_SENDING_REPLY));
        size = server->frame;
    }
    *bytes = frame + session->sent;
    return (uint16_t)(srpc_frame_length(frame, size) - session->sent);
}

void srpc_session_sent(const srpc_server *server, uint16_t count)
{
    srpc_session *const session = server->session;
    const uint8_t *bytes;
    if (count < srpc_session_outgoing(server, &bytes)) {
        session->sent = (uint16_t)(session->sent + count);
    } else {
        srpc_session_sent_all(session);
    }
}

void srpc_session_sent_all(srpc_session *session)
{
    session->sending = SRPC_SENDING_NOTHING;
}
