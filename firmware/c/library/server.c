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

void srpc_server_sent_all(const srpc_server *server)
{
    if (srpc_server_sends_event(server)) {
        server->events->operations->sent(server->events, UINT16_MAX);
    } else {
        srpc_session_sent_all(server->session);
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

/* Receives until a frame has ended, and returns true, or until there is no byte. It keeps the place of the next one in a
 * register, which saves 6 instructions for each. */
static bool srpc_server_fill(const srpc_server *server, const srpc_link *link)
{
    uint8_t *at = server->frames + server->session->received;
    uint8_t *const end = server->frames + server->frame;
    int byte;
    for (;;) {
        byte = link->read(link->context);
        if (byte <= (int)SRPC_DELIMITER) {
            break;
        }
        if (at != end) {
            *at = (uint8_t)byte;
            at++;
        }
    }
    server->session->received = (uint16_t)(at - server->frames);
    if (byte < 0) {
        return false;
    }
    srpc_session_take(server);
    return true;
}

void srpc_server_serve(const srpc_server *server, const srpc_link *link)
{
    for (;;) {
        const uint8_t *bytes;
        uint16_t count;
        size_t sent = 0;
        while (!srpc_server_is_replying(server) && srpc_server_fill(server, link)) {
        }
        count = srpc_server_outgoing(server, &bytes);
        if (count > 0u) {
            sent = link->write(link->context, bytes, count);
        }
        if (sent > 0u && sent >= count) {
            srpc_server_sent_all(server);
        } else if (sent > 0u) {
            srpc_server_sent(server, (uint16_t)sent);
        } else if (link->wait != NULL) {
            link->wait(link->context);
        } else {
            return;
        }
    }
}
