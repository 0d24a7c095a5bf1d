/* The undescribed calculator, and a block of 256 bytes of RAM. */
#include "calculator.h"
#include "serve.h"

#define CAPACITY 256u

static uint8_t notes[CAPACITY];
static uint32_t notes_length;

static bool block(void *context, uint8_t number, srpc_block *found)
{
    (void)context;
    found->name.text = "notes";
    found->name.length = 5;
    found->length = notes_length;
    found->capacity = CAPACITY;
    return number == 0u;
}

static srpc_bytes read_at(void *context, uint8_t number, uint32_t offset, uint32_t most)
{
    srpc_bytes bytes;
    (void)context;
    (void)number;
    bytes.bytes = notes + offset;
    bytes.length = most;
    return bytes;
}

static bool write_at(void *context, uint8_t number, uint32_t offset, srpc_bytes bytes)
{
    size_t at;
    (void)context;
    (void)number;
    for (at = 0; at < bytes.length; at++) {
        notes[offset + at] = bytes.bytes[at];
    }
    return true;
}

static bool finish(void *context, uint8_t number, uint32_t length)
{
    (void)context;
    (void)number;
    notes_length = length;
    return true;
}

static const srpc_storage storage = {block, read_at, NULL, NULL, write_at, finish};
static srpc_blocks_progress progress;
static const srpc_blocks blocks = {&storage, NULL, &progress};

static srpc_outcome dispatch(void *context, uint16_t index, srpc_reader *arguments, srpc_writer *reply)
{
    if (index < 4u) {
        return calculator_interface_bare.dispatch(context, index, arguments, reply);
    }
    return srpc_blocks_dispatch(&blocks, (uint16_t)(index - 4u), arguments, reply);
}

/* Any keys do: what is measured is how much they take. */
static const uint32_t keys[11] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11};

static const srpc_interface interface = {dispatch, srpc_own_service, keys, NULL, NULL, 0, 0x12345678u, 11};

SRPC_SERVER(server, &interface, NULL, 64, 1, 0, NULL);

int main(void)
{
    serve(&server);
    return 0;
}
