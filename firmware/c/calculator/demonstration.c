/* The demonstration device, and what its service `blocks` offers: one block, `notes`, in RAM. */
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

void demonstration_init(demonstration *device, const srpc_events *events)
{
    memset(device, 0, sizeof *device);
    device->events = events;
    device->blocks.storage = &storage;
    device->blocks.context = device;
    device->blocks.progress = &device->notes_progress;
}

const srpc_blocks *calculator_blocks(void *context)
{
    const demonstration *device = context;
    return &device->blocks;
}
