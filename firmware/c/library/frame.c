/* Bytes to frames and back. */
#include "frame.h"

#include "crc.h"

#include <stddef.h>

/* The most bytes in a COBS block, without its code. */
#define SRPC_BLOCK 254u

/* Frames up to this length have nothing behind a full block. */
#define SRPC_HAS_FULL_BLOCKS (SRPC_MAX_FRAME > 256)

void srpc_put_trailer(uint8_t *place, uint32_t trailer)
{
    place[0] = (uint8_t)trailer;
    place[1] = (uint8_t)(trailer >> 8);
    place[2] = (uint8_t)(trailer >> 16);
    place[3] = (uint8_t)(trailer >> 24);
}

/* Returns where the block that begins at `code` ends, if it has no zero before. */
static inline uint8_t *srpc_block_end(uint8_t *code, uint8_t *last)
{
#if SRPC_HAS_FULL_BLOCKS
    if (last - code > (ptrdiff_t)SRPC_BLOCK + 1) {
        return code + SRPC_BLOCK + 1u;
    }
#else
    (void)code;
#endif
    return last;
}

/* It goes through the bytes once, seal and codes together, and through the trailer in the same loop: sealing that is of
 * no use, but a loop of its own takes more flash. */
uint16_t srpc_frame_close(uint8_t *frame, uint16_t end, uint16_t size, uint32_t seal)
{
    uint8_t *at = frame + SRPC_PAYLOAD;
    uint8_t *code = frame;
    uint8_t *last = frame + end;
    /* What is to come behind the last byte. */
    uint16_t more = SRPC_TRAILER + 1u;
#ifdef SRPC_CRC_OWN
    seal = srpc_crc(seal, at, (size_t)(last - at));
#endif
    if ((uint32_t)end + more > size) {
        return 0;
    }
    for (;;) {
        uint8_t *block_end = srpc_block_end(code, last);
        while (at != block_end) {
            const uint8_t byte = *at;
#ifndef SRPC_CRC_OWN
            seal = srpc_crc_byte(seal, byte);
#endif
            if (byte == SRPC_DELIMITER) {
                *code = (uint8_t)(at - code);
                code = at;
                block_end = srpc_block_end(code, last);
            }
            at++;
        }
#if SRPC_HAS_FULL_BLOCKS
        if (at != last) {
            /* Another byte follows, so a full block is closed before it. Closing it at once would add an empty block to a
             * frame that ends there. */
            uint8_t *to;
            if (last + more >= frame + size) {
                return 0;
            }
            for (to = last; to != at; to--) {
                *to = *(to - 1);
            }
            last++;
            *code = (uint8_t)(at - code);
            code = at;
            at++;
            continue;
        }
#endif
        if (more > 1u) {
            srpc_put_trailer(last, seal);
            last += SRPC_TRAILER;
            more = 1;
        } else {
            break;
        }
    }
    *code = (uint8_t)(at - code);
    *at = SRPC_DELIMITER;
    return (uint16_t)(at + 1 - frame);
}

uint16_t srpc_frame_open(uint8_t *frame, uint16_t length)
{
    uint32_t at = 0;
#if SRPC_HAS_FULL_BLOCKS
    uint32_t taken_out = 0;
    bool is_behind_full = false;
#endif
    while (at < length) {
        const uint32_t next = at + frame[at];
        if (next > length) {
            return 0;
        }
#if SRPC_HAS_FULL_BLOCKS
        {
            /* No zero follows a full block, so the bytes behind it move up. */
            uint32_t from = at;
            const bool is_full = frame[at] > SRPC_BLOCK;
            frame[at] = 0;
            if (is_behind_full) {
                taken_out++;
                from++;
            }
            is_behind_full = is_full;
            if (taken_out > 0u) {
                for (; from < next; from++) {
                    frame[from - taken_out] = frame[from];
                }
            }
        }
#else
        frame[at] = 0;
#endif
        at = next;
    }
#if SRPC_HAS_FULL_BLOCKS
    at -= taken_out;
#endif
    /* The first code, at least one byte of payload, and the trailer. */
    if (at < SRPC_PAYLOAD + 1u + SRPC_TRAILER) {
        return 0;
    }
    return (uint16_t)(at - SRPC_PAYLOAD - SRPC_TRAILER);
}

uint16_t srpc_frame_length(const uint8_t *frame, uint16_t size)
{
    uint32_t end = 0;
    while (end < size) {
        if (frame[end] == SRPC_DELIMITER) {
            return (uint16_t)(end + 1u);
        }
        end += frame[end];
    }
    return 0;
}
