/* The procedures of the service `blocks`: one block, `notes`, in RAM. */
#include "blocks.h"
#include "demonstration.h"

#include <string.h>

static bool get_block(void *context, uint8_t number, srpc_block *block)
{
    const demonstration *device = context;
    block->name = srpc_text("notes");
    block->length = device->notes_length;
    block->capacity = DEMONSTRATION_NOTES;
    return number == 0;
}

static srpc_bytes read_at(void *context, uint8_t number, uint32_t offset, uint32_t most)
{
    const demonstration *device = context;
    const srpc_bytes bytes = {device->notes + offset, most};
    (void)number;
    return bytes;
}

/* Bytes are written where they are read. */
static bool resume(void *context, uint8_t number, uint32_t offset)
{
    (void)context;
    (void)number;
    (void)offset;
    return true;
}

static bool write_at(void *context, uint8_t number, uint32_t offset, srpc_bytes bytes)
{
    demonstration *device = context;
    (void)number;
    memcpy(device->notes + offset, bytes.bytes, bytes.length);
    return true;
}

static bool finish(void *context, uint8_t number, uint32_t length)
{
    demonstration *device = context;
    (void)number;
    device->notes_length = length;
    return true;
}

static const srpc_storage storage = {get_block, read_at, NULL, resume, write_at, finish};

static srpc_blocks blocks_of(void *context)
{
    demonstration *device = context;
    const srpc_blocks blocks = {&storage, device, &device->notes_progress};
    return blocks;
}

/* Returns true if it is done, or sets the error. */
static bool is_done(srpc_blocks_outcome outcome, blocks_block_error *error)
{
    if (outcome == SRPC_BLOCKS_DONE) {
        return true;
    }
    *error = (blocks_block_error)outcome;
    return false;
}

bool blocks_list(void *context, uint32_t index, blocks_block_info *item)
{
    const srpc_blocks blocks = blocks_of(context);
    srpc_block block;
    if (!srpc_blocks_list(&blocks, index, &block)) {
        return false;
    }
    item->name = block.name;
    item->length = block.length;
    item->capacity = block.capacity;
    return true;
}

bool blocks_find(void *context, srpc_string name, blocks_found *value, blocks_block_error *error)
{
    const srpc_blocks blocks = blocks_of(context);
    srpc_block block;
    if (!is_done(srpc_blocks_find(&blocks, name, &value->block, &block), error)) {
        return false;
    }
    value->length = block.length;
    value->capacity = block.capacity;
    return true;
}

bool blocks_read(void *context, uint8_t block, uint32_t offset, uint16_t most, srpc_bytes *value,
                 blocks_block_error *error)
{
    const srpc_blocks blocks = blocks_of(context);
    return is_done(srpc_blocks_read(&blocks, block, offset, most, value), error);
}

bool blocks_checksum(void *context, uint8_t block, uint32_t offset, uint32_t length, uint32_t before, uint32_t *value,
                     blocks_block_error *error)
{
    const srpc_blocks blocks = blocks_of(context);
    return is_done(srpc_blocks_checksum(&blocks, block, offset, length, before, value), error);
}

bool blocks_begin(void *context, uint8_t block, uint32_t total, uint32_t offset, uint32_t before,
                  blocks_block_error *error)
{
    const srpc_blocks blocks = blocks_of(context);
    return is_done(srpc_blocks_begin(&blocks, block, total, offset, before), error);
}

bool blocks_write(void *context, uint32_t offset, srpc_bytes bytes, blocks_block_error *error)
{
    const srpc_blocks blocks = blocks_of(context);
    return is_done(srpc_blocks_write(&blocks, offset, bytes), error);
}

bool blocks_finish(void *context, uint32_t crc, blocks_block_error *error)
{
    const srpc_blocks blocks = blocks_of(context);
    return is_done(srpc_blocks_finish(&blocks, crc), error);
}
