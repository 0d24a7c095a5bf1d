/* Sequences that are longer than a frame: how a device fills a batch of a stream, and reads one of a feed (PROTOCOL.md,
 * "Streams" and "Feeds"). */
#include "service.h"

#include "frame.h"

/* What comes next in a batch. */
enum {
    SRPC_BATCH_BEFORE, /* the item before the first, which must exist */
    SRPC_BATCH_NEXT, /* an item */
    SRPC_BATCH_WRITTEN, /* nothing was done about the item that was written last */
    SRPC_BATCH_FULL /* nothing */
};

srpc_batch srpc_batch_begin(srpc_writer *reply, uint32_t position, uint8_t limit)
{
    srpc_batch batch;
    batch.reply = reply;
    batch.before = *reply;
    batch.body = reply->at;
    batch.limit = limit;
    if (batch.limit == 0u) {
        batch.limit = 1;
    }
    if (batch.limit > SRPC_MAX_BATCH) {
        batch.limit = SRPC_MAX_BATCH;
    }
    batch.end = 0;
    batch.phase = SRPC_BATCH_NEXT;
    batch.position = position;
    if (position > 0u) {
        batch.phase = SRPC_BATCH_BEFORE;
        batch.position--;
    }
    return batch;
}

srpc_batch srpc_batch_begin_moving(srpc_writer *reply, uint32_t position, uint8_t limit, uint32_t first)
{
    uint8_t *const body = reply->at;
    const uint32_t ahead = position - first;
    srpc_batch batch;
    if (position == 0u || ahead > UINT32_MAX / 2u) {
        position = 0;
    } else {
        position = ahead;
    }
    srpc_write_u32(reply, first + position);
    batch = srpc_batch_begin(reply, position, limit);
    batch.body = body;
    return batch;
}

/* Returns true if the end of the batch still fits, even if the frame has all codes that it can. */
static bool srpc_batch_has_room(const srpc_batch *batch)
{
    const srpc_writer *const reply = batch->reply;
    size_t payload;
    if (!srpc_writer_fits(reply)) {
        return false;
    }
    /* With the header and the end. */
    payload = (size_t)(reply->at - batch->body) + 2u;
    return SRPC_FRAME_LENGTH(payload) - payload <= (size_t)(reply->end - reply->at);
}

bool srpc_batch_wants(srpc_batch *batch)
{
    if (batch->phase == SRPC_BATCH_WRITTEN) {
        if (srpc_batch_has_room(batch)) {
            batch->phase = SRPC_BATCH_NEXT;
            batch->end++;
            batch->position++;
        } else {
            batch->phase = SRPC_BATCH_FULL;
            if (batch->end == 0u) {
                srpc_writer_fail(batch->reply);
            } else {
                *batch->reply = batch->before;
            }
        }
    }
    return batch->phase != SRPC_BATCH_FULL;
}

bool srpc_batch_has(srpc_batch *batch, bool exists)
{
    if (batch->phase == SRPC_BATCH_BEFORE) {
        batch->phase = exists ? SRPC_BATCH_NEXT : SRPC_BATCH_FULL;
        batch->position++;
        return false;
    }
    if (exists && batch->end < batch->limit) {
        batch->phase = SRPC_BATCH_WRITTEN;
        batch->before = *batch->reply;
        return true;
    }
    if (!exists) {
        batch->end |= SRPC_BATCH_LAST;
    }
    batch->phase = SRPC_BATCH_FULL;
    return false;
}

srpc_outcome srpc_batch_end(srpc_batch *batch)
{
    srpc_write_u8(batch->reply, batch->end);
    return SRPC_RETURN;
}

srpc_items srpc_items_begin(const srpc_reader *arguments)
{
    srpc_items items;
    items.reader = *arguments;
    items.left = srpc_read_u16(&items.reader);
    return items;
}

bool srpc_items_next(srpc_items *items)
{
    if (items->left == 0u || !srpc_reader_good(&items->reader)) {
        return false;
    }
    items->left--;
    return true;
}
