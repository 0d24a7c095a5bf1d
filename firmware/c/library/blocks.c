/* Blocks: checks requests, and tracks the progress of a write (PROTOCOL.md, "Blocks"). */
#include "blocks.h"
#include "crc.h"

#include <string.h>

/* The places of the procedures in the service. */
enum { BLOCKS_LIST, BLOCKS_FIND, BLOCKS_READ, BLOCKS_CHECKSUM, BLOCKS_BEGIN, BLOCKS_WRITE, BLOCKS_FINISH };

/* How a request ended: done, or with the error of that number. */
typedef enum blocks_outcome {
    BLOCKS_NO_SUCH_BLOCK = 0,
    BLOCKS_READ_ONLY = 1,
    BLOCKS_TOO_LONG = 2,
    BLOCKS_OUT_OF_RANGE = 3,
    BLOCKS_NOT_BEGUN = 4,
    BLOCKS_GAP = 5,
    BLOCKS_DIFFERS = 6,
    BLOCKS_FAILED = 7,
    BLOCKS_DONE = 8
} blocks_outcome;

static bool is_same_start(const srpc_block_start *one, const srpc_block_start *other)
{
    return (one->block == other->block) && (one->length == other->length) && (one->crc == other->crc);
}

/* Returns bytes of a block, no more than were asked for. */
static srpc_bytes read_piece(const srpc_blocks *blocks, uint8_t number, uint32_t offset, uint32_t most)
{
    srpc_bytes bytes = blocks->storage->read_at(blocks->context, number, offset, most);
    if (bytes.length > most) {
        bytes.length = (size_t)most;
    }
    return bytes;
}

/* Sets the block at `index` of the list, and returns false behind the last. A name that is too long is left out. */
static bool list_block(const srpc_blocks *blocks, uint32_t index, srpc_block *block)
{
    if ((index > UINT8_MAX) || !blocks->storage->block(blocks->context, (uint8_t)index, block)) {
        return false;
    }
    if (block->name.length > SRPC_BLOCK_NAME) {
        block->name.length = 0;
    }
    return true;
}

/* Sets the block of that name, and its number. */
static blocks_outcome find_block(const srpc_blocks *blocks, srpc_string name, uint8_t *number, srpc_block *block)
{
    uint32_t at;
    for (at = 0; (at <= UINT8_MAX) && blocks->storage->block(blocks->context, (uint8_t)at, block); at++) {
        if ((block->name.length == name.length) && (memcmp(block->name.text, name.text, name.length) == 0)) {
            *number = (uint8_t)at;
            return BLOCKS_DONE;
        }
    }
    return BLOCKS_NO_SUCH_BLOCK;
}

/* Sets the bytes of a block from `offset` on, up to `most`. */
static blocks_outcome read_block(const srpc_blocks *blocks, uint8_t number, uint32_t offset, uint32_t most,
                                 srpc_bytes *bytes)
{
    srpc_block block;
    uint32_t count = most;
    if (!blocks->storage->block(blocks->context, number, &block)) {
        return BLOCKS_NO_SUCH_BLOCK;
    }
    if (offset > block.length) {
        return BLOCKS_OUT_OF_RANGE;
    }
    if (count > block.length - offset) {
        count = block.length - offset;
    }
    bytes->bytes = NULL;
    bytes->length = 0;
    if (count > 0u) {
        *bytes = read_piece(blocks, number, offset, count);
    }
    return BLOCKS_DONE;
}

/* Sets the CRC-32 of bytes whose own is `before` and `length` bytes of a block from `offset` on. */
static blocks_outcome checksum_block(const srpc_blocks *blocks, uint8_t number, uint32_t offset, uint32_t length,
                                     uint32_t before, uint32_t *crc)
{
    srpc_blocks_progress *progress = blocks->progress;
    const srpc_block_start behind = {offset, before, number, false, false};
    srpc_block block;
    uint32_t left = length;
    uint32_t sum = before;
    if (!blocks->storage->block(blocks->context, number, &block)) {
        return BLOCKS_NO_SUCH_BLOCK;
    }
    if (block.capacity < block.length) {
        block.capacity = block.length;
    }
    if ((offset > block.capacity) || (length > block.capacity - offset)) {
        return BLOCKS_OUT_OF_RANGE;
    }
    while (left > 0u) {
        const srpc_bytes bytes = read_piece(blocks, number, offset + (length - left), left);
        if (bytes.length == 0u) {
            return BLOCKS_FAILED;
        }
        sum = srpc_crc(sum, bytes.bytes, bytes.length);
        left -= (uint32_t)bytes.length;
    }
    if (((offset == 0u) && (before == 0u)) || is_same_start(&behind, &progress->checked)) {
        progress->checked.length = offset + length;
        progress->checked.crc = sum;
        progress->checked.block = number;
    }
    *crc = sum;
    return BLOCKS_DONE;
}

/* Begins to write a block of `total` bytes, of which the first `offset` are there already and have the CRC-32 `before`. */
static blocks_outcome begin_write(const srpc_blocks *blocks, uint8_t number, uint32_t total, uint32_t offset,
                                  uint32_t before)
{
    const srpc_storage *storage = blocks->storage;
    srpc_blocks_progress *progress = blocks->progress;
    const srpc_block_start begun = {offset, before, number, false, false};
    srpc_block block;
    if (!storage->block(blocks->context, number, &block)) {
        return BLOCKS_NO_SUCH_BLOCK;
    }
    if (block.capacity == 0u) {
        return BLOCKS_READ_ONLY;
    }
    if (total > block.capacity) {
        return BLOCKS_TOO_LONG;
    }
    if (offset > total) {
        return BLOCKS_OUT_OF_RANGE;
    }
    if (progress->written.is_begun && (progress->total == total) && is_same_start(&progress->written, &begun)) {
        return BLOCKS_DONE;
    }
    progress->written.is_begun = false;
    if (offset > 0u) {
        if (!is_same_start(&begun, &progress->checked) || (storage->resume == NULL) ||
            !storage->resume(blocks->context, number, offset)) {
            return BLOCKS_NOT_BEGUN;
        }
    } else if ((storage->begin != NULL) && !storage->begin(blocks->context, number, total)) {
        return BLOCKS_FAILED;
    } else {
        /* It is ready to be written. */
    }
    progress->written = begun;
    progress->total = total;
    progress->written.is_begun = true;
    progress->written.is_finished = false;
    return BLOCKS_DONE;
}

/* Writes the next bytes of the block that was begun. */
static blocks_outcome write_piece(const srpc_blocks *blocks, uint32_t offset, srpc_bytes bytes)
{
    srpc_blocks_progress *progress = blocks->progress;
    srpc_block_start *written = &progress->written;
    if (!progress->written.is_begun) {
        return BLOCKS_NOT_BEGUN;
    }
    if ((offset > progress->total) || (bytes.length > progress->total - offset)) {
        return BLOCKS_OUT_OF_RANGE;
    }
    if (offset + (uint32_t)bytes.length <= written->length) {
        return BLOCKS_DONE;
    }
    if (offset != written->length) {
        return BLOCKS_GAP;
    }
    (void)memset(&progress->checked, 0, sizeof progress->checked);
    if (!blocks->storage->write_at(blocks->context, written->block, offset, bytes)) {
        return BLOCKS_FAILED;
    }
    written->length += (uint32_t)bytes.length;
    written->crc = srpc_crc(written->crc, bytes.bytes, bytes.length);
    return BLOCKS_DONE;
}

/* Ends writing, if all bytes are there and `crc` is their CRC-32. */
static blocks_outcome finish_write(const srpc_blocks *blocks, uint32_t crc)
{
    srpc_blocks_progress *progress = blocks->progress;
    const srpc_block_start *written = &progress->written;
    if (!progress->written.is_begun) {
        return BLOCKS_NOT_BEGUN;
    }
    if (written->length != progress->total) {
        return BLOCKS_GAP;
    }
    if (written->crc != crc) {
        return BLOCKS_DIFFERS;
    }
    if (!progress->written.is_finished) {
        progress->written.is_finished = blocks->storage->finish(blocks->context, written->block, progress->total);
    }
    return progress->written.is_finished ? BLOCKS_DONE : BLOCKS_FAILED;
}

/* Answers blocks.list. */
static srpc_outcome list(const srpc_blocks *blocks, srpc_reader *arguments, srpc_writer *reply)
{
    const uint32_t position = srpc_read_u32(arguments);
    const uint8_t limit = srpc_read_u8(arguments);
    srpc_batch batch;
    if (!srpc_reader_ended(arguments)) {
        return SRPC_BAD_ARGUMENTS;
    }
    batch = srpc_batch_begin(reply, position, limit);
    while (srpc_batch_wants(&batch)) {
        srpc_block block = {{NULL, 0}, 0, 0};
        if (srpc_batch_has(&batch, list_block(blocks, batch.position, &block))) {
            srpc_write_string(reply, block.name);
            srpc_write_u32(reply, block.length);
            srpc_write_u32(reply, block.capacity);
        }
    }
    return srpc_batch_end(&batch);
}

/* Answers the other procedures, whose arguments are all read before any is looked at. Sets the outcome, unless it returns
 * false because they did not decode. */
static bool answer(const srpc_blocks *blocks, uint16_t index, srpc_reader *arguments, srpc_writer *reply,
                   blocks_outcome *outcome)
{
    uint8_t number = 0;
    uint32_t offset;
    uint32_t length;
    uint32_t crc;
    srpc_string name;
    srpc_bytes bytes;
    srpc_block block;
    switch (index) {
    case BLOCKS_FIND:
        name = srpc_read_string(arguments, UINT32_MAX);
        if (!srpc_reader_ended(arguments)) {
            return false;
        }
        *outcome = find_block(blocks, name, &number, &block);
        if (*outcome == BLOCKS_DONE) {
            srpc_write_u8(reply, number);
            srpc_write_u32(reply, block.length);
            srpc_write_u32(reply, block.capacity);
        }
        return true;
    case BLOCKS_READ:
        number = srpc_read_u8(arguments);
        offset = srpc_read_u32(arguments);
        length = srpc_read_u16(arguments);
        if (!srpc_reader_ended(arguments)) {
            return false;
        }
        *outcome = read_block(blocks, number, offset, length, &bytes);
        if (*outcome == BLOCKS_DONE) {
            srpc_write_bytes(reply, bytes);
        }
        return true;
    case BLOCKS_CHECKSUM:
        number = srpc_read_u8(arguments);
        offset = srpc_read_u32(arguments);
        length = srpc_read_u32(arguments);
        crc = srpc_read_u32(arguments);
        if (!srpc_reader_ended(arguments)) {
            return false;
        }
        *outcome = checksum_block(blocks, number, offset, length, crc, &crc);
        if (*outcome == BLOCKS_DONE) {
            srpc_write_u32(reply, crc);
        }
        return true;
    case BLOCKS_BEGIN:
        number = srpc_read_u8(arguments);
        length = srpc_read_u32(arguments);
        offset = srpc_read_u32(arguments);
        crc = srpc_read_u32(arguments);
        if (!srpc_reader_ended(arguments)) {
            return false;
        }
        *outcome = begin_write(blocks, number, length, offset, crc);
        return true;
    case BLOCKS_WRITE:
        offset = srpc_read_u32(arguments);
        bytes = srpc_read_bytes(arguments, UINT32_MAX);
        if (!srpc_reader_ended(arguments)) {
            return false;
        }
        *outcome = write_piece(blocks, offset, bytes);
        return true;
    default: /* BLOCKS_FINISH */
        crc = srpc_read_u32(arguments);
        if (!srpc_reader_ended(arguments)) {
            return false;
        }
        *outcome = finish_write(blocks, crc);
        return true;
    }
}

srpc_outcome srpc_blocks_dispatch(const srpc_blocks *blocks, uint16_t index, srpc_reader *arguments, srpc_writer *reply)
{
    blocks_outcome outcome;
    if (index == BLOCKS_LIST) {
        return list(blocks, arguments, reply);
    }
    if (index > BLOCKS_FINISH) {
        return SRPC_UNKNOWN_PROCEDURE;
    }
    if (!answer(blocks, index, arguments, reply, &outcome)) {
        return SRPC_BAD_ARGUMENTS;
    }
    if (outcome == BLOCKS_DONE) {
        return SRPC_RETURN;
    }
    srpc_write_u32(reply, (uint32_t)outcome);
    return SRPC_ERROR;
}
