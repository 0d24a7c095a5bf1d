/* Streams, pulled as fast as the link carries them. */
#include "client_stream.h"

#include "client_internal.h"

#include <string.h>

/* The number of full batches in a row after which more items might fit. */
#define SRPC_PATIENCE 8u

/* The plan.
 *
 * The first batch shows how many items fit a frame. From then on, batches of that size are requested ahead. A batch that is
 * shorter, because its items were longer, leaves a gap before those behind it: they are void and requested again. */

void srpc_stream_begin(srpc_stream *stream)
{
    (void)memset(stream, 0, sizeof *stream);
    stream->status = SRPC_PENDING;
    stream->patience = SRPC_PATIENCE;
    stream->is_alone = true;
}

/* Plans the next request. Returns false if there is none: `window` batches may be asked for at a time. */
static bool stream_plan(srpc_stream *stream, uint8_t window)
{
    const bool is_ahead = window > 1u && stream->limit > 0u;
    if (stream->has_ended || stream->asked_count >= window) {
        return false;
    }
    if (window > 1u && stream->limit == 0u && stream->asked_count > 0u) {
        return false;
    }
    stream->asking.position = stream->next;
    /* If no batch follows it, it may hold as many items as fit. */
    stream->asking.limit = is_ahead ? stream->limit : SRPC_MAX_BATCH;
    if (is_ahead) {
        stream->next += stream->limit;
    }
    return true;
}

static bool stream_wants(const srpc_stream *stream, const srpc_asked *asked)
{
    return !stream->has_ended && asked->position == stream->taken;
}

static void stream_came_short(srpc_stream *stream, uint8_t count)
{
    if (stream->is_probing) {
        stream->patience = stream->patience > UINT8_MAX / 2u ? UINT8_MAX : (uint8_t)(2u * stream->patience);
    }
    stream->is_probing = false;
    stream->full = 0;
    stream->limit = count > 0u ? count : 1u;
    stream->next = stream->taken;
}

static void stream_came_full(srpc_stream *stream, uint8_t asked)
{
    if (asked == stream->limit) {
        stream->is_probing = false;
    }
    if (stream->full < UINT8_MAX) {
        stream->full++;
    }
    if (stream->full >= stream->patience) {
        const uint8_t more = (uint8_t)(stream->limit + 1u + stream->limit / 8u);
        stream->full = 0;
        stream->is_probing = true;
        stream->limit = more < SRPC_MAX_BATCH ? more : SRPC_MAX_BATCH;
    }
    if (stream->next - stream->taken > UINT32_MAX / 2u) {
        stream->next = stream->taken;
    }
}

/* Takes a batch that is wanted. Returns SRPC_OK and leaves its items to be read, or fails. */
static srpc_status stream_take_batch(srpc_stream *stream, const srpc_answer *answer, bool moves)
{
    const srpc_asked *const asked = stream->asked;
    srpc_reader items;
    uint32_t start = asked->position;
    uint32_t missed;
    uint8_t end;
    uint8_t count;
    if (answer->length == 0u) {
        return SRPC_ONCE_BAD_REPLY;
    }
    end = answer->bytes[answer->length - 1u];
    count = end & SRPC_MAX_BATCH;
    items = srpc_reader_of(answer->bytes, answer->length - 1u);
    if (moves) {
        start = srpc_read_u32(&items);
        if (!srpc_reader_good(&items)) {
            return SRPC_ONCE_BAD_REPLY;
        }
    }
    if (end == 0u) {
        return SRPC_ONCE_STREAM_CHANGED;
    }
    if (count > asked->limit) {
        return SRPC_ONCE_BAD_REPLY;
    }
    missed = start - asked->position;
    if (stream->has_begun) {
        if (missed > UINT32_MAX / 2u) {
            return SRPC_ONCE_STREAM_CHANGED;
        }
        stream->lost = missed < UINT32_MAX - stream->lost ? stream->lost + missed : UINT32_MAX;
    }
    if (!moves && start > UINT32_MAX - count) {
        return SRPC_ONCE_BAD_REPLY;
    }
    stream->has_begun = true;
    stream->taken = start + count;
    stream->has_ended = end > SRPC_MAX_BATCH;
    if (count < asked->limit || stream->limit == 0u || missed > 0u) {
        stream_came_short(stream, count);
    } else {
        stream_came_full(stream, asked->limit);
    }
    stream->reply = items;
    stream->left = count;
    stream->is_reading = true;
    return SRPC_OK;
}

/* The calls. */

void srpc_stream_close(srpc_stream *stream, const srpc_client *client)
{
    while (stream->asked_count > 0u) {
        stream->asked_count--;
        srpc_client_forget(client, stream->asked[stream->asked_count].ticket);
    }
}

/* Ends the stream. What it was answered with stays until the next call is begun. */
static bool stream_finish(srpc_stream *stream, const srpc_client *client, srpc_status status)
{
    srpc_stream_close(stream, client);
    stream->status = status;
    stream->is_done = true;
    return false;
}

/* Forgets the oldest batch. */
static void stream_drop_oldest(srpc_stream *stream, const srpc_client *client)
{
    srpc_client_forget(client, stream->asked[0].ticket);
    stream->asked_count--;
    (void)memmove(stream->asked, stream->asked + 1, stream->asked_count * sizeof *stream->asked);
}

/* Asks again, for one batch at a time, for what was not received. */
static void stream_begin_again(srpc_stream *stream, const srpc_client *client)
{
    srpc_stream_close(stream, client);
    stream->is_reading = false;
    stream->is_careful = true;
    stream->next = stream->taken;
}

/* Makes the call whose arguments have been written. */
static bool stream_asked(srpc_stream *stream, const srpc_client *client, srpc_time now, const srpc_target *target)
{
    const srpc_patience patience = srpc_client_patience(client, now);
    srpc_status status;
    stream->is_asking = false;
    stream->is_alone = stream->asked_count == 0u;
    stream->asking.in_session = client->state->phase == SRPC_PHASE_OPEN;
    stream->asking.nonce = client->state->nonce;
    status = srpc_client_start(client, &stream->arguments, target, &patience, &stream->asking.ticket);
    if (status != SRPC_OK) {
        return stream_finish(stream, client, status);
    }
    stream->asked[stream->asked_count] = stream->asking;
    stream->asked_count++;
    return true;
}

/* Returns true if another batch is to be asked for, and begins its call. */
static bool stream_begins(srpc_stream *stream, const srpc_client *client)
{
    uint8_t window = stream->is_careful ? 1u : srpc_client_window(client);
    if (window > SRPC_AHEAD) {
        window = SRPC_AHEAD;
    }
    if (!srpc_client_has_room(client) || !stream_plan(stream, window)) {
        return false;
    }
    stream->is_asking = srpc_client_begin(client, &stream->arguments);
    srpc_write_u32(&stream->arguments, stream->asking.position);
    srpc_write_u8(&stream->arguments, stream->asking.limit);
    return stream->is_asking;
}

/* Returns true if a new batch is not certain to be of the session of the items before. A device that was reset counts the
 * positions of a moving stream anew. */
static bool stream_is_stray(const srpc_stream *stream, const srpc_client *client)
{
    const srpc_asked *const asked = stream->asked;
    const bool has_lasted =
        asked->in_session && client->state->phase == SRPC_PHASE_OPEN && asked->nonce == client->state->nonce;
    return !(has_lasted && (!stream->has_nonce || stream->nonce == asked->nonce));
}

bool srpc_stream_step(srpc_stream *stream, const srpc_client *client, srpc_time now, const srpc_target *target)
{
    const bool moves = (target->flags & SRPC_MOVING) != 0u;
    srpc_answer answer;
    if (stream->is_done) {
        stream->status = SRPC_END;
        return false;
    }
    if (stream->is_asking && !stream_asked(stream, client, now, target)) {
        return false;
    }
    for (;;) {
        stream->status = SRPC_PENDING;
        if (stream_begins(stream, client)) {
            return true;
        }
        if (stream->asked_count == 0u) {
            /* Calls that were given up still take all the room. */
            srpc_client_reclaim(client);
            if (srpc_client_has_room(client)) {
                continue;
            }
            return false;
        }
        if (!srpc_client_ended(client, stream->asked[0].ticket, &answer)) {
            return false;
        }
        if (stream->is_reading) {
            if (stream->left > 0u) {
                stream->left--;
                stream->status = SRPC_OK;
                return false;
            }
            /* The items fill the given bytes exactly. */
            if (!srpc_reader_ended(&stream->reply)) {
                return stream_finish(stream, client, SRPC_ONCE_BAD_REPLY);
            }
            if (stream->has_ended) {
                return stream_finish(stream, client, SRPC_END);
            }
            stream->is_reading = false;
            stream_drop_oldest(stream, client);
        } else if (answer.status > SRPC_OWN_ERROR) {
            /* Others may have failed only because the user did not read for a while, and their deadline passed. */
            if ((stream->is_alone && stream->asked_count == 1u) || !srpc_may_pass(answer.status)) {
                return stream_finish(stream, client, answer.status);
            }
            stream_begin_again(stream, client);
        } else if (!stream_wants(stream, stream->asked)) {
            stream_drop_oldest(stream, client);
        } else if (answer.status == SRPC_OWN_ERROR) {
            stream->reply = srpc_reader_of(answer.bytes, answer.length);
            return stream_finish(stream, client, SRPC_OWN_ERROR);
        } else if (moves && stream_is_stray(stream, client)) {
            /* Without a session, the first request could not name one. */
            if (stream->has_nonce || stream->is_careful) {
                return stream_finish(stream, client, SRPC_ONCE_STREAM_CHANGED);
            }
            stream_begin_again(stream, client);
        } else {
            const srpc_status status = stream_take_batch(stream, &answer, moves);
            if (status != SRPC_OK) {
                return stream_finish(stream, client, status);
            }
            stream->is_careful = false;
            stream->has_nonce = true;
            stream->nonce = client->state->nonce;
        }
    }
}

bool srpc_stream_asks(srpc_stream *stream, const srpc_caller *caller, const srpc_target *target)
{
    for (;;) {
        if (srpc_stream_step(stream, caller->client, caller->now(caller->context), target)) {
            return true;
        }
        if (stream->status != SRPC_PENDING) {
            return false;
        }
        srpc_caller_turn(caller, SRPC_LONGEST);
    }
}

srpc_status srpc_stream_end_item(srpc_stream *stream, const srpc_client *client)
{
    if ((stream->status == SRPC_OK && !srpc_reader_good(&stream->reply)) ||
        (stream->status == SRPC_OWN_ERROR && !srpc_reader_ended(&stream->reply))) {
        (void)stream_finish(stream, client, SRPC_ONCE_BAD_REPLY);
    }
    return stream->status;
}
