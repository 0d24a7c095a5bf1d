/* Blocks: large data with names, read and written piece by piece, and checked as a whole (PROTOCOL.md, "Blocks").
 *
 * A firmware that offers the service `blocks` writes a storage, which holds the bytes. The procedures are here: they check
 * requests, and track the progress of a write. */
#ifndef SRPC_BLOCKS_H
#define SRPC_BLOCKS_H

#include "service.h"

#ifdef __cplusplus
extern "C" {
#endif

/* The longest name of a block, in bytes. */
#define SRPC_BLOCK_NAME 32u

/* A block of a storage. */
typedef struct srpc_block {
    srpc_string name;
    uint32_t length;
    uint32_t capacity; /* the most bytes, 0 if it is read-only */
} srpc_block;

/* The memory of a device's blocks. The functions get the context of the blocks, and are called only for pieces that lie
 * inside their block; those that return a bool return false if the memory fails. */
typedef struct srpc_storage {
    /* Sets the block with that number; returns false behind the last. */
    bool (*block)(void *context, uint8_t number, srpc_block *block);
    /* Returns the bytes from `offset` on, at least one and up to `most`. While they are being written, they may lie behind
     * the block's length, but not its capacity. */
    srpc_bytes (*read_at)(void *context, uint8_t number, uint32_t offset, uint32_t most);
    /* Prepares to write the block from its beginning, for example by erasing it; NULL if there is nothing to do. */
    bool (*begin)(void *context, uint8_t number, uint32_t total);
    /* Returns true if an interrupted write can go on behind its first `offset` bytes, which are those that `read_at`
     * returns. If it is NULL, a write begins anew. */
    bool (*resume)(void *context, uint8_t number, uint32_t offset);
    /* Writes bytes; those before them were written already. */
    bool (*write_at)(void *context, uint8_t number, uint32_t offset, srpc_bytes bytes);
    /* Sets the block's length: all its bytes have been written and checked. It is called again if the caller missed the
     * answer and no other write has begun since. */
    bool (*finish)(void *context, uint8_t number, uint32_t length);
} srpc_storage;

/* The first bytes of a block, and their checksum. */
typedef struct srpc_block_start {
    uint32_t length;
    uint32_t crc;
    uint8_t block;
    bool is_begun; /* of those that are written: whether a write has begun */
    bool is_finished;
} srpc_block_start;

/* The progress of a write. It starts as all zeroes. */
typedef struct srpc_blocks_progress {
    srpc_block_start written;
    srpc_block_start checked; /* as the device itself has checked them last */
    uint32_t total; /* of the write */
} srpc_blocks_progress;

/* The blocks of a device. */
typedef struct srpc_blocks {
    const srpc_storage *storage;
    void *context; /* passed to its functions */
    srpc_blocks_progress *progress;
} srpc_blocks;

/* Answers a call of the procedure at `index` of the service `blocks`. */
srpc_outcome srpc_blocks_dispatch(const srpc_blocks *blocks, uint16_t index, srpc_reader *arguments,
                                  srpc_writer *reply);

#ifdef __cplusplus
}
#endif

#endif
