/* Bytes to frames and back (PROTOCOL.md, "Frames").
 *
 * A frame is COBS(payload, trailer), and a delimiter. A payload is put into its place in a buffer, and is sealed and
 * stuffed there; what was received is unstuffed where it is. Neither needs a second buffer. */
#ifndef SRPC_FRAME_H
#define SRPC_FRAME_H

#include <stdbool.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* The byte that ends every frame and occurs nowhere inside one. */
#define SRPC_DELIMITER 0u

/* The number of bytes in the trailer that follows a payload. */
#define SRPC_TRAILER 4u

/* Where payload and body begin in the buffer of a frame: behind the first code, and behind the header. */
#define SRPC_PAYLOAD 1u
#define SRPC_BODY 2u

/* The longest frame that the library has to deal with. With 256 or less, it saves the code for full COBS blocks. */
#ifndef SRPC_MAX_FRAME
#define SRPC_MAX_FRAME 65535
#endif

/* The longest frame, delimiter included, for a payload of that many bytes. */
#define SRPC_FRAME_LENGTH(payload) ((payload) + SRPC_TRAILER + ((payload) + SRPC_TRAILER + 253u) / 254u + 1u)

/* Makes a frame of the payload in `frame`, which begins at SRPC_PAYLOAD and ends at `end`, and returns its length, or 0
 * if that would be more than `size`. */
uint16_t srpc_frame_close(uint8_t *frame, uint16_t end, uint16_t size, uint32_t seal);

/* Undoes the stuffing of `length` bytes that were received between two delimiters. The payload is then at SRPC_PAYLOAD,
 * with its trailer behind it, which is still to be checked. Returns the payload's length, or 0 if this is no frame. */
uint16_t srpc_frame_open(uint8_t *frame, uint16_t length);

/* Returns the length of the frame at `frame`, delimiter included, or 0 if there is none within `size` bytes. */
uint16_t srpc_frame_length(const uint8_t *frame, uint16_t size);

/* Writes four bytes, the lowest first. */
void srpc_put_trailer(uint8_t *place, uint32_t trailer);

#ifdef __cplusplus
}
#endif

#endif
