/* Blocks: checks requests, and tracks the progress of a write (PROTOCOL.md, "Blocks"). */
#include "blocks.h"
#include "crc.h"

#include <string.h>

static bool is_same(const srpc_block_start *one, const srpc_block_start *other)
{
    return (one->block == other->block) && (one->length == other->length) && (one->crc == other->crc);
}

static srpc_blocks_outcome done_if(bool is_done)
{
    return is_done ? SRPC_BLOCKS_DONE : SRPC_BLOCKS_FAILED;
}

/* Returns bytes of a block, no more than were asked for. */
static srpc_bytes read_at(const srpc_blocks *blocks, uint8_t number, uint32_t offset, uint32_t most)
{
    srpc_bytes bytes = blocks->storage->read_at(blocks->context, number, offset, most);
    if (bytes.length > most) {
        bytes.length = (size_t)most;
    }
    return bytes;
}

bool srpc_blocks_list(const srpc_blocks *blocks, uint32_t index, srpc_block *block)
{
    if ((index > UINT8_MAX) || !blocks->storage->block(blocks->context, (uint8_t)index, block)) {
        return false;
    }
    if (block->name.length > SRPC_BLOCK_NAME) {
        block->name.length = 0;
    }
    return true;
}

srpc_blocks_outcome srpc_blocks_find(const srpc_blocks *blocks, srpc_string name, uint8_t *number, srpc_block *block)
{
    uint32_t at;
    for (at = 0; (at <= UINT8_MAX) && blocks->storage->block(blocks->context, (uint8_t)at, block); at++) {
        if ((block->name.length == name.length) && (memcmp(block->name.text, name.text, name.length) == 0)) {
            *number = (uint8_t)at;
            return SRPC_BLOCKS_DONE;
        }
    }
    return SRPC_BLOCKS_NO_SUCH_BLOCK;
}

srpc_blocks_outcome srpc_blocks_read(const srpc_blocks *blocks, uint8_t number, uint32_t offset, uint16_t most,
                                     srpc_bytes *bytes)
{
    srpc_block block;
    uint32_t count = most;
    if (!blocks->storage->block(blocks->context, number, &block)) {
        return SRPC_BLOCKS_NO_SUCH_BLOCK;
    }
    if (offset > block.length) {
        return SRPC_BLOCKS_OUT_OF_RANGE;
    }
    if (count > block.length - offset) {
        count = block.length - offset;
    }
    bytes->bytes = NULL;
    bytes->length = 0;
    if (count > 0u) {
        *bytes = read_at(blocks, number, offset, count);
    }
    return SRPC_BLOCKS_DONE;
}

srpc_blocks_outcome srpc_blocks_checksum(const srpc_blocks *blocks, uint8_t number, uint32_t offset, uint32_t length,
                                         uint32_t before, uint32_t *crc)
{
    srpc_blocks_progress *progress = blocks->progress;
    const srpc_block_start behind = {offset, before, number};
    srpc_block block;
    uint32_t left = length;
    uint32_t sum = before;
    if (!blocks->storage->block(blocks->context, number, &block)) {
        return SRPC_BLOCKS_NO_SUCH_BLOCK;
    }
    if (block.capacity < block.length) {
        block.capacity = block.length;
    }
    if ((offset > block.capacity) || (length > block.capacity - offset)) {
        return SRPC_BLOCKS_OUT_OF_RANGE;
    }
    while (left > 0u) {
        const srpc_bytes bytes = read_at(blocks, number, offset + (length - left), left);
        if (bytes.length == 0u) {
            return SRPC_BLOCKS_FAILED;
        }
        sum = srpc_crc(sum, bytes.bytes, bytes.length);
        left -= (uint32_t)bytes.length;
    }
    if (((offset == 0u) && (before == 0u)) || is_same(&behind, &progress->checked)) {
        progress->checked.length = offset + length;
        progress->checked.crc = sum;
        progress->checked.block = number;
    }
    *crc = sum;
    return SRPC_BLOCKS_DONE;
}

srpc_blocks_outcome srpc_blocks_begin(const srpc_blocks *blocks, uint8_t number, uint32_t total, uint32_t offset,
                                      uint32_t before)
{
    const srpc_storage *storage = blocks->storage;
    srpc_blocks_progress *progress = blocks->progress;
    const srpc_block_start begun = {offset, before, number};
    srpc_block block;
    if (!storage->block(blocks->context, number, &block)) {
        return SRPC_BLOCKS_NO_SUCH_BLOCK;
    }
    if (block.capacity == 0u) {
        return SRPC_BLOCKS_READ_ONLY;
    }
    if (total > block.capacity) {
        return SRPC_BLOCKS_TOO_LONG;
    }
    if (offset > total) {
        return SRPC_BLOCKS_OUT_OF_RANGE;
    }
    if (progress->is_begun && (progress->total == total) && is_same(&progress->written, &begun)) {
        return SRPC_BLOCKS_DONE;
    }
    progress->is_begun = false;
    if (offset > 0u) {
        if (!is_same(&begun, &progress->checked) || (storage->resume == NULL) ||
            !storage->resume(blocks->context, number, offset)) {
            return SRPC_BLOCKS_NOT_BEGUN;
        }
    } else if ((storage->begin != NULL) && !storage->begin(blocks->context, number, total)) {
        return SRPC_BLOCKS_FAILED;
    } else {
        /* It is ready to be written. */
    }
    progress->written = begun;
    progress->total = total;
    progress->is_begun = true;
    progress->is_finished = false;
    return SRPC_BLOCKS_DONE;
}

srpc_blocks_outcome srpc_blocks_write(const srpc_blocks *blocks, uint32_t offset, srpc_bytes bytes)
{
    srpc_blocks_progress *progress = blocks->progress;
    srpc_block_start *written = &progress->written;
    if (!progress->is_begun) {
        return SRPC_BLOCKS_NOT_BEGUN;
    }
    if ((offset > progress->total) || (bytes.length > progress->total - offset)) {
        return SRPC_BLOCKS_OUT_OF_RANGE;
    }
    if (offset + (uint32_t)bytes.length <= written->length) {
        return SRPC_BLOCKS_DONE;
    }
    if (offset != written->length) {
        return SRPC_BLOCKS_GAP;
    }
    (void)memset(&progress->checked, 0, sizeof progress->checked);
    if (!blocks->storage->write_at(blocks->context, written->block, offset, bytes)) {
        return SRPC_BLOCKS_FAILED;
    }
    written->length += (uint32_t)bytes.length;
    written->crc = srpc_crc(written->crc, bytes.bytes, bytes.length);
    return SRPC_BLOCKS_DONE;
}

srpc_blocks_outcome srpc_blocks_finish(const srpc_blocks *blocks, uint32_t crc)
{
    srpc_blocks_progress *progress = blocks->progress;
    const srpc_block_start *written = &progress->written;
    if (!progress->is_begun) {
        return SRPC_BLOCKS_NOT_BEGUN;
    }
    if (written->length != progress->total) {
        return SRPC_BLOCKS_GAP;
    }
    if (written->crc != crc) {
        return SRPC_BLOCKS_DIFFERS;
    }
    if (!progress->is_finished) {
        progress->is_finished = blocks->storage->finish(blocks->context, written->block, progress->total);
    }
    return done_if(progress->is_finished);
}
