/* The seal of a frame. */
#include "message.h"

#include "frame.h"

uint32_t srpc_session_seal(uint32_t nonce)
{
    uint8_t bytes[SRPC_TRAILER];
    srpc_put_trailer(bytes, nonce);
    return srpc_crc(SRPC_NO_SEAL, bytes, SRPC_TRAILER);
}

uint32_t srpc_trailer(const uint8_t *payload, uint16_t length)
{
    const uint8_t *at = payload + length;
    return (uint32_t)at[0] | (uint32_t)at[1] << 8 | (uint32_t)at[2] << 16 | (uint32_t)at[3] << 24;
}

bool srpc_seal_checks(uint32_t seal, const uint8_t *payload, uint16_t length)
{
    return srpc_crc(seal, payload, length) == srpc_trailer(payload, length);
}
