/* The device side: bytes in, reply bytes out. */
#include "server.h"

void srpc_server_receive(const srpc_server *server, uint8_t byte)
{
    srpc_session *const session = server->session;
    if (byte == SRPC_DELIMITER) {
        srpc_session_take(server);
    } else if (session->received < server->frame) {
        server->frames[session->received] = byte;
        session->received++;
    } else {
        /* The candidate is too long, and will be dropped. */
    }
}

size_t srpc_server_receive_run(const srpc_server *server, const uint8_t *bytes, size_t count)
{
    srpc_session *const session = server->session;
    uint16_t received = session->received;
    size_t taken = 0;
    while (taken < count) {
        const uint8_t byte = bytes[taken];
        taken++;
        if (byte == SRPC_DELIMITER) {
            session->received = received;
            srpc_session_take(server);
            return taken;
        }
        if (received < server->frame) {
            server->frames[received] = byte;
            received++;
        }
    }
    session->received = received;
    return taken;
}

/* Returns true if it is an event's turn: its frame was begun, or there is no reply to send. */
static bool srpc_server_sends_event(const srpc_server *server)
{
    return server->events != NULL && (server->events->queue->sent > 0u || !srpc_server_is_replying(server));
}

uint16_t srpc_server_outgoing(const srpc_server *server, const uint8_t **bytes)
{
    if (srpc_server_sends_event(server)) {
        return server->events->operations->outgoing(server->events, server->session->seal, bytes);
    }
    return srpc_session_outgoing(server, bytes);
}

void srpc_server_sent(const srpc_server *server, uint16_t count)
{
    if (srpc_server_sends_event(server)) {
        server->events->operations->sent(server->events, count);
    } else {
        srpc_session_sent(server, count);
    }
}

bool srpc_server_is_replying(const srpc_server *server)
{
    return srpc_session_is_sending(server->session);
}

const srpc_statistics *srpc_server_statistics(const srpc_server *server)
{
    return &server->session->statistics;
}

void srpc_server_note_overruns(const srpc_server *server, uint32_t bytes)
{
    server->session->statistics.overruns += bytes;
}
