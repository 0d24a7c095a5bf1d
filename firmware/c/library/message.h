/* The content of frames: the header and the bodies of the protocol's own (PROTOCOL.md, "Messages"), and the seal that
 * frames are checked by. */
#ifndef SRPC_MESSAGE_H
#define SRPC_MESSAGE_H

#include "crc.h"

#include <stdbool.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* The version of the protocol that this library speaks. */
#define SRPC_VERSION 1u

/* The maximum number of calls in flight. */
#define SRPC_MAX_WINDOW 15u

/* The shortest limit on frames that either end may have: the longest that an Accept can be. */
#define SRPC_MIN_FRAME 25u

/* The most items in a batch of a stream. */
#define SRPC_MAX_BATCH 127u

/* The number of the first procedure of an interface; those below are the device's own. */
#define SRPC_FIRST_NUMBER 8u

/* The topic of a count of events. */
#define SRPC_EVENT_COUNT 0u

/* The kinds of frames, where they are in a header. */
#define SRPC_KIND_CONNECT 0x00u
#define SRPC_KIND_ACCEPT 0x20u
#define SRPC_KIND_CALL 0x40u
#define SRPC_KIND_RETURN 0x60u
#define SRPC_KIND_ERROR 0x80u
#define SRPC_KIND_FAULT 0xA0u
#define SRPC_KIND_NAK 0xC0u
#define SRPC_KIND_EVENT 0xE0u

/* The parts of a header. */
#define SRPC_KIND_MASK 0xE0u
#define SRPC_SEQ_MASK 0x1Fu

/* The reasons why a call could not be carried out. */
#define SRPC_FAULT_UNKNOWN_PROCEDURE 0u
#define SRPC_FAULT_BAD_ARGUMENTS 1u
#define SRPC_FAULT_REPLY_TOO_LARGE 2u
#define SRPC_FAULT_OUTCOME_UNKNOWN 3u
#define SRPC_FAULT_UNREACHABLE 4u
#define SRPC_FAULT_REFUSED 5u

/* The reasons why a frame was rejected. */
#define SRPC_NAK_CORRUPT 0u
#define SRPC_NAK_TOO_LONG 1u
#define SRPC_NAK_OUT_OF_ORDER 2u
#define SRPC_NAK_NOT_CONNECTED 3u

/* The seal of a frame without a session: what its CRC-32 begins with. */
#define SRPC_NO_SEAL 0u

/* Returns the seal of a session's frames, as if its nonce preceded each payload. */
uint32_t srpc_session_seal(uint32_t nonce);

/* Returns true if a payload of `length` bytes with that seal has the trailer that follows it. */
bool srpc_seal_checks(uint32_t seal, const uint8_t *payload, uint16_t length);

/* Returns the trailer that follows a payload. It is the seal of the Nak that rejects a call without a session. */
uint32_t srpc_trailer(const uint8_t *payload, uint16_t length);

#ifdef __cplusplus
}
#endif

#endif
