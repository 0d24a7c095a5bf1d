/* CRC-32/ISO-HDLC, the check on every frame, key and fingerprint (PROTOCOL.md, "Seal"). */
#ifndef SRPC_CRC_H
#define SRPC_CRC_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* For what is so short that it is faster in its place, even where size counts. */
#if defined(__GNUC__)
#define SRPC_INLINE static inline __attribute__((always_inline))
#else
#define SRPC_INLINE static inline
#endif

/* The number of entries in the table: 16 take 64 bytes of flash, 256 take 1 KiB and half of the instructions. */
#ifndef SRPC_CRC_TABLE
#define SRPC_CRC_TABLE 16
#endif

/* Returns the CRC-32 of bytes whose own is `crc` (0 for none) followed by `count` more.
 *
 * With SRPC_CRC_OWN defined, the library leaves it to the firmware, which may use a unit of the chip. */
uint32_t srpc_crc(uint32_t crc, const uint8_t *bytes, size_t count);

#ifndef SRPC_CRC_OWN
/* The effect of the lowest bits on the checksum, for each of their values. */
extern const uint32_t srpc_crc_table[SRPC_CRC_TABLE];

/* Returns the CRC-32 with one more byte. */
SRPC_INLINE uint32_t srpc_crc_byte(uint32_t crc, uint8_t byte)
{
    crc ^= byte;
#if SRPC_CRC_TABLE == 16
    crc = (crc >> 4) ^ srpc_crc_table[crc & 15u];
    return (crc >> 4) ^ srpc_crc_table[crc & 15u];
#else
    return (crc >> 8) ^ srpc_crc_table[crc & 255u];
#endif
}
#endif

#ifdef __cplusplus
}
#endif

#endif
