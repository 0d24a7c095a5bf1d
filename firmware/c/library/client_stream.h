/* Streams: items that are pulled from a device in batches (PROTOCOL.md, "Streams"). */
#ifndef SRPC_CLIENT_STREAM_H
#define SRPC_CLIENT_STREAM_H

#include "client_caller.h"

#ifdef __cplusplus
extern "C" {
#endif

/* The most calls of a stream or a feed in flight. */
#define SRPC_AHEAD 8u

/* A batch that was asked for. Private. */
typedef struct srpc_asked {
    srpc_ticket ticket;
    uint32_t position;
    uint32_t nonce; /* of the session, if there was one */
    uint8_t limit;
    bool in_session;
} srpc_asked;

/* The items of a stream, pulled on demand, a batch of them at a time:
 *
 *     while (srpc_stream_asks(stream, caller, &target)) {
 *         srpc_write_u32(&stream->arguments, below);
 *     }
 *     if (stream->status == SRPC_OK) {
 *         *item = srpc_read_u32(&stream->reply);
 *     }
 *     return srpc_stream_end_item(stream, caller->client);
 *
 * It begins as `srpc_stream_begin` makes it, and ends with SRPC_END or an error. What is left of it when nobody wants more
 * items is forgotten by `srpc_stream_close`. The device runs the procedure anew for each batch, so a reset of the device
 * does no harm: the procedure promises the same items again. A moving stream's does not, and ends with
 * SRPC_ONCE_STREAM_CHANGED when the session ends. */
typedef struct srpc_stream {
    srpc_writer arguments; /* those behind position and limit */
    srpc_reader reply; /* of SRPC_OK the next item, of SRPC_OWN_ERROR the error */
    srpc_status status;
    uint32_t lost; /* how many items a moving stream has dropped, after the first and before this one */

    /* The rest is private. The plan: what was taken and is to be asked for, and how many items seem to fit. */
    uint32_t taken;
    uint32_t next;
    uint8_t limit; /* 0 if it is not known */
    uint8_t full; /* how many full batches came since that changed */
    uint8_t patience; /* how many make it worth while to ask for more */
    bool is_probing;
    bool has_begun;
    bool has_ended; /* no batch follows the one that is being read */
    bool is_done;
    /* The batches. */
    uint8_t asked_count;
    srpc_asked asked[SRPC_AHEAD]; /* the oldest first */
    uint8_t left; /* how many items of the oldest are still to be read */
    bool is_reading;
    bool is_asking; /* the arguments of another are being written */
    bool is_alone; /* the oldest was asked for with nothing else in flight */
    bool is_careful; /* one has failed, so the next is asked for alone */
    bool has_nonce;
    uint32_t nonce; /* of the session of the items taken */
    srpc_asked asking;
} srpc_stream;

/* Begins a stream: nothing was asked for. */
void srpc_stream_begin(srpc_stream *stream);

/* Waits for the next item, and returns false once there is one, or the stream has ended. Returns true if the arguments of
 * another batch are to be written meanwhile. */
bool srpc_stream_asks(srpc_stream *stream, const srpc_caller *caller, const srpc_target *target);

/* The same without waiting: the status is SRPC_PENDING if it returns false because bytes have to be moved first. */
bool srpc_stream_step(srpc_stream *stream, const srpc_client *client, srpc_time now, const srpc_target *target);

/* Returns the status, once the item or error has been read: SRPC_ONCE_BAD_REPLY if that does not decode. */
srpc_status srpc_stream_end_item(srpc_stream *stream, const srpc_client *client);

/* Forgets what was asked for. */
void srpc_stream_close(srpc_stream *stream, const srpc_client *client);

#ifdef __cplusplus
}
#endif

#endif
