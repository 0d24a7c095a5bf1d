/* The counter and the ring of PROTOCOL.md's vectors, by hand as the generator would write them. */
#include "serial_rpc.h"

extern const srpc_interface sequences_counter;
extern const srpc_interface sequences_ring;

/* The numbers below `to`. */
static bool sequences_up(uint8_t to, uint32_t index, uint8_t *item)
{
    *item = (uint8_t)index;
    return index < to;
}

/* The last three of the numbers 0 to 6. */
#define SEQUENCES_FIRST 4u

static bool sequences_last(uint32_t index, uint8_t *item)
{
    *item = (uint8_t)(SEQUENCES_FIRST + index);
    return index < 3u;
}

static srpc_outcome sequences_dispatch_counter(void *context, uint16_t index, srpc_reader *arguments, srpc_writer *reply)
{
    (void)context;
    switch (index) {
    case 0: {
        const uint32_t position = srpc_read_u32(arguments);
        const uint8_t limit = srpc_read_u8(arguments);
        const uint8_t to = srpc_read_u8(arguments);
        srpc_batch batch;
        if (!srpc_reader_ended(arguments)) {
            return SRPC_BAD_ARGUMENTS;
        }
        batch = srpc_batch_begin(reply, position, limit);
        while (srpc_batch_wants(&batch)) {
            uint8_t item;
            if (srpc_batch_has(&batch, sequences_up(to, batch.position, &item))) {
                srpc_write_u8(reply, item);
            }
        }
        return srpc_batch_end(&batch);
    }
    case 1: {
        const uint8_t scale = srpc_read_u8(arguments);
        srpc_items amounts = srpc_items_begin(arguments);
        srpc_items checked = amounts;
        uint32_t sum = 0;
        while (srpc_items_next(&checked)) {
            (void)srpc_read_u16(&checked.reader);
        }
        if (!srpc_reader_ended(&checked.reader)) {
            return SRPC_BAD_ARGUMENTS;
        }
        while (srpc_items_next(&amounts)) {
            sum += (uint32_t)srpc_read_u16(&amounts.reader) * scale;
        }
        srpc_write_u32(reply, sum);
        return SRPC_RETURN;
    }
    default:
        return SRPC_UNKNOWN_PROCEDURE;
    }
}

static srpc_outcome sequences_dispatch_ring(void *context, uint16_t index, srpc_reader *arguments, srpc_writer *reply)
{
    const uint32_t position = srpc_read_u32(arguments);
    const uint8_t limit = srpc_read_u8(arguments);
    srpc_batch batch;
    (void)context;
    if (index != 0u) {
        return SRPC_UNKNOWN_PROCEDURE;
    }
    if (!srpc_reader_ended(arguments)) {
        return SRPC_BAD_ARGUMENTS;
    }
    batch = srpc_batch_begin_moving(reply, position, limit, SEQUENCES_FIRST);
    while (srpc_batch_wants(&batch)) {
        uint8_t item;
        if (srpc_batch_has(&batch, sequences_last(batch.position, &item))) {
            srpc_write_u8(reply, item);
        }
    }
    return srpc_batch_end(&batch);
}

const srpc_interface sequences_counter = {sequences_dispatch_counter, NULL, NULL, NULL, NULL, 0, 0, 0};
const srpc_interface sequences_ring = {sequences_dispatch_ring, NULL, NULL, NULL, NULL, 0, 0, 0};
