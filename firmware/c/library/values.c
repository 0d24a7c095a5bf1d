/* Values to bytes and back. */
#include "values.h"

#include <float.h>
#include <string.h>

srpc_string srpc_text(const char *text)
{
    srpc_string string;
    string.text = text;
    string.length = strlen(text);
    return string;
}

srpc_writer srpc_writer_of(uint8_t *bytes, size_t size)
{
    srpc_writer writer;
    writer.at = bytes;
    writer.end = bytes + size;
    writer.more = NULL;
    writer.more_end = NULL;
    return writer;
}

void srpc_writer_fail(srpc_writer *writer)
{
    writer->at = NULL;
    writer->end = NULL;
    writer->more = NULL;
    writer->more_end = NULL;
}

void srpc_write_u8(srpc_writer *writer, uint8_t value)
{
    uint8_t *at = writer->at;
    if (at == writer->end) {
        at = writer->more;
        if (at == writer->more_end) {
            srpc_writer_fail(writer);
            return;
        }
        writer->end = writer->more_end;
        writer->more = writer->more_end;
    }
    /* First, because the compiler must take the byte for a part of the writer. */
    writer->at = at + 1;
    *at = value;
}

void srpc_write_raw(srpc_writer *writer, const uint8_t *bytes, size_t count)
{
    for (; count > 0u; count--) {
        srpc_write_u8(writer, *bytes);
        bytes++;
    }
}

void srpc_write_u32(srpc_writer *writer, uint32_t value)
{
    for (; value > 0x7Fu; value >>= 7) {
        srpc_write_u8(writer, (uint8_t)(value | 0x80u));
    }
    srpc_write_u8(writer, (uint8_t)value);
}

void srpc_write_i32(srpc_writer *writer, int32_t value)
{
    /* The sign goes to the lowest bit. */
    const uint32_t doubled = (uint32_t)value << 1;
    srpc_write_u32(writer, value < 0 ? ~doubled : doubled);
}

void srpc_write_u64(srpc_writer *writer, uint64_t value)
{
    for (; value > 0x7Fu; value >>= 7) {
        srpc_write_u8(writer, (uint8_t)(value | 0x80u));
    }
    srpc_write_u8(writer, (uint8_t)value);
}

void srpc_write_i64(srpc_writer *writer, int64_t value)
{
    const uint64_t doubled = (uint64_t)value << 1;
    srpc_write_u64(writer, value < 0 ? ~doubled : doubled);
}

void srpc_write_u128(srpc_writer *writer, srpc_u128 value)
{
    while (value.high != 0u || value.low > 0x7Fu) {
        srpc_write_u8(writer, (uint8_t)(value.low | 0x80u));
        value.low = value.low >> 7 | value.high << 57;
        value.high >>= 7;
    }
    srpc_write_u8(writer, (uint8_t)value.low);
}

void srpc_write_i128(srpc_writer *writer, srpc_u128 value)
{
    const bool is_negative = (value.high >> 63) != 0u;
    srpc_u128 shifted;
    shifted.high = value.high << 1 | value.low >> 63;
    shifted.low = value.low << 1;
    if (is_negative) {
        shifted.high = ~shifted.high;
        shifted.low = ~shifted.low;
    }
    srpc_write_u128(writer, shifted);
}

/* Writes the lowest `count` bytes, the lowest first. */
static void srpc_write_fixed(srpc_writer *writer, uint64_t value, uint8_t count)
{
    for (; count > 0u; count--) {
        srpc_write_u8(writer, (uint8_t)value);
        value >>= 8;
    }
}

/* The fields of IEEE 754's numbers of 32 and 64 bits. */
#define SRPC_FRACTION_32 23u
#define SRPC_FRACTION_64 52u
#define SRPC_BIAS_32 127
#define SRPC_BIAS_64 1023
#define SRPC_SPECIAL_32 255
#define SRPC_SPECIAL_64 2047

uint64_t srpc_widened_bits(float value)
{
    uint32_t bits;
    uint64_t fraction;
    int16_t exponent;
    (void)memcpy(&bits, &value, sizeof bits);
    fraction = bits & (((uint32_t)1 << SRPC_FRACTION_32) - 1u);
    exponent = (int16_t)(bits >> SRPC_FRACTION_32 & 0xFFu);
    if (exponent == SRPC_SPECIAL_32) {
        exponent = SRPC_SPECIAL_64;
    } else if (exponent > 0) {
        exponent = (int16_t)(exponent - SRPC_BIAS_32 + SRPC_BIAS_64);
    } else if (fraction > 0u) {
        /* What is too small to be normal as a number of 32 bits is not as one of 64. */
        exponent = 1 - SRPC_BIAS_32 + SRPC_BIAS_64;
        while (fraction >> SRPC_FRACTION_32 == 0u) {
            fraction <<= 1;
            exponent--;
        }
        fraction &= ((uint32_t)1 << SRPC_FRACTION_32) - 1u;
    } else {
        /* Zero. */
    }
    return (uint64_t)(bits >> 31) << 63 | (uint64_t)exponent << SRPC_FRACTION_64 |
           fraction << (SRPC_FRACTION_64 - SRPC_FRACTION_32);
}

float srpc_narrowed(uint64_t bits)
{
    const uint8_t more = SRPC_FRACTION_64 - SRPC_FRACTION_32;
    const uint64_t fraction = bits & ((UINT64_C(1) << SRPC_FRACTION_64) - 1u);
    const int16_t exponent = (int16_t)(bits >> SRPC_FRACTION_64 & 0x7FFu);
    const int16_t wanted = (int16_t)(exponent - SRPC_BIAS_64 + SRPC_BIAS_32);
    uint32_t narrow = SRPC_SPECIAL_32;
    float value;
    narrow <<= SRPC_FRACTION_32;
    if (exponent == SRPC_SPECIAL_64) {
        if (fraction != 0u) {
            /* Not a number. */
            narrow |= UINT32_C(1) << (SRPC_FRACTION_32 - 1u) | (uint32_t)(fraction >> more);
        }
    } else if (wanted < SRPC_SPECIAL_32) {
        uint64_t whole = fraction | (uint64_t)(exponent > 0 ? 1 : 0) << SRPC_FRACTION_64;
        uint8_t dropped = more;
        uint64_t half;
        uint64_t rest;
        if (wanted < 1) {
            /* As many more as it is too small to be normal. */
            dropped = wanted < -(int16_t)SRPC_FRACTION_32 - 1 ? 63 : (uint8_t)(more + 1 - wanted);
        }
        half = UINT64_C(1) << (dropped - 1u);
        rest = whole & (half * 2u - 1u);
        whole >>= dropped;
        /* To the nearest, and of two to the even one. What is carried goes into the exponent, as it must. */
        if (rest > half || (rest == half && (whole & 1u) != 0u)) {
            whole++;
        }
        narrow = (uint32_t)whole;
        if (wanted > 1) {
            narrow += (uint32_t)(wanted - 1) << SRPC_FRACTION_32;
        }
    } else {
        /* Infinite, or too large to be finite. */
    }
    narrow |= (uint32_t)(bits >> 63) << 31;
    (void)memcpy(&value, &narrow, sizeof value);
    return value;
}

void srpc_write_f32(srpc_writer *writer, float value)
{
    uint32_t bits;
    (void)memcpy(&bits, &value, sizeof bits);
    srpc_write_fixed(writer, bits, sizeof bits);
}

/* Where `double` has no more bits than `float`, it is converted. */
#if DBL_MANT_DIG == FLT_MANT_DIG
static uint64_t srpc_double_bits(double value)
{
    return srpc_widened_bits((float)value);
}

static double srpc_double_of(uint64_t bits)
{
    return srpc_narrowed(bits);
}
#else
static uint64_t srpc_double_bits(double value)
{
    uint64_t bits;
    (void)memcpy(&bits, &value, sizeof bits);
    return bits;
}

static double srpc_double_of(uint64_t bits)
{
    double value;
    (void)memcpy(&value, &bits, sizeof value);
    return value;
}
#endif

void srpc_write_f64(srpc_writer *writer, double value)
{
    srpc_write_fixed(writer, srpc_double_bits(value), sizeof(uint64_t));
}

void srpc_write_char(srpc_writer *writer, uint32_t value)
{
    if (value < 0x80u) {
        srpc_write_u8(writer, 1);
        srpc_write_u8(writer, (uint8_t)value);
    } else if (value < 0x800u) {
        srpc_write_u8(writer, 2);
        srpc_write_u8(writer, (uint8_t)(0xC0u | value >> 6));
        srpc_write_u8(writer, (uint8_t)(0x80u | (value & 0x3Fu)));
    } else if (value < 0x10000u) {
        if (value >= 0xD800u && value <= 0xDFFFu) {
            srpc_writer_fail(writer);
        }
        srpc_write_u8(writer, 3);
        srpc_write_u8(writer, (uint8_t)(0xE0u | value >> 12));
        srpc_write_u8(writer, (uint8_t)(0x80u | (value >> 6 & 0x3Fu)));
        srpc_write_u8(writer, (uint8_t)(0x80u | (value & 0x3Fu)));
    } else {
        if (value > 0x10FFFFu) {
            srpc_writer_fail(writer);
        }
        srpc_write_u8(writer, 4);
        srpc_write_u8(writer, (uint8_t)(0xF0u | value >> 18));
        srpc_write_u8(writer, (uint8_t)(0x80u | (value >> 12 & 0x3Fu)));
        srpc_write_u8(writer, (uint8_t)(0x80u | (value >> 6 & 0x3Fu)));
        srpc_write_u8(writer, (uint8_t)(0x80u | (value & 0x3Fu)));
    }
}

void srpc_write_bytes(srpc_writer *writer, srpc_bytes value)
{
    srpc_write_u32(writer, (uint32_t)value.length);
    srpc_write_raw(writer, value.bytes, value.length);
}

void srpc_write_string(srpc_writer *writer, srpc_string value)
{
    size_t at;
    srpc_write_u32(writer, (uint32_t)value.length);
    for (at = 0; at < value.length; at++) {
        srpc_write_u8(writer, (uint8_t)value.text[at]);
    }
}

srpc_reader srpc_reader_of(const uint8_t *bytes, size_t count)
{
    srpc_reader reader;
    reader.at = bytes;
    reader.left = (int32_t)count;
    return reader;
}

void srpc_reader_fail(srpc_reader *reader)
{
    reader->left = -1;
}

uint8_t srpc_read_u8(srpc_reader *reader)
{
    if (reader->left <= 0) {
        srpc_reader_fail(reader);
        return 0;
    }
    reader->left--;
    return *reader->at++;
}

const uint8_t *srpc_read_raw(srpc_reader *reader, uint32_t count)
{
    const uint8_t *const bytes = reader->at;
    if (reader->left < 0 || count > (uint32_t)reader->left) {
        srpc_reader_fail(reader);
        return NULL;
    }
    reader->at += count;
    reader->left -= (int32_t)count;
    return bytes;
}

uint32_t srpc_read_varint(srpc_reader *reader, uint8_t bits)
{
    const uint8_t *at = reader->at;
    int32_t left = reader->left;
    uint32_t value = 0;
    uint8_t shift = 0;
    for (; left > 0; left--) {
        const uint8_t byte = *at;
        const uint32_t part = byte & 0x7Fu;
        at++;
        value |= part << shift;
        if (bits - shift < 7 && byte >> (bits - shift) != 0u) {
            break;
        }
        if (byte == part) {
            reader->at = at;
            reader->left = left - 1;
            return value;
        }
        shift = (uint8_t)(shift + 7u);
    }
    srpc_reader_fail(reader);
    return 0;
}

uint64_t srpc_read_u64(srpc_reader *reader)
{
    uint64_t value = 0;
    uint8_t shift;
    for (shift = 0; shift < 64u; shift = (uint8_t)(shift + 7u)) {
        const uint8_t byte = srpc_read_u8(reader);
        const uint64_t part = byte & 0x7Fu;
        /* Only one bit is left for the last byte. */
        if (shift > 57u && byte > 1u) {
            break;
        }
        value |= part << shift;
        if (byte == part) {
            return value;
        }
    }
    srpc_reader_fail(reader);
    return 0;
}

srpc_u128 srpc_read_u128(srpc_reader *reader)
{
    srpc_u128 value = {0, 0};
    uint8_t shift;
    for (shift = 0; shift < 128u; shift = (uint8_t)(shift + 7u)) {
        const uint8_t byte = srpc_read_u8(reader);
        const uint64_t part = byte & 0x7Fu;
        /* Only two bits are left for the last byte. */
        if (shift > 121u && byte > 3u) {
            break;
        }
        if (shift >= 64u) {
            value.high |= part << (shift - 64u);
        } else {
            value.low |= part << shift;
            if (shift > 57u) {
                value.high |= part >> (64u - shift);
            }
        }
        if (byte == part) {
            return value;
        }
    }
    srpc_reader_fail(reader);
    value.low = 0;
    value.high = 0;
    return value;
}

int32_t srpc_read_signed(srpc_reader *reader, uint8_t bits)
{
    const uint32_t value = srpc_read_varint(reader, bits);
    /* Both halves are below 2^31. */
    const int32_t half = (int32_t)(value >> 1);
    return (value & 1u) != 0u ? -1 - half : half;
}

int64_t srpc_read_i64(srpc_reader *reader)
{
    const uint64_t value = srpc_read_u64(reader);
    const int64_t half = (int64_t)(value >> 1);
    return (value & 1u) != 0u ? -1 - half : half;
}

srpc_u128 srpc_read_i128(srpc_reader *reader)
{
    const srpc_u128 value = srpc_read_u128(reader);
    srpc_u128 half;
    half.low = value.low >> 1 | value.high << 63;
    half.high = value.high >> 1;
    if ((value.low & 1u) != 0u) {
        half.low = ~half.low;
        half.high = ~half.high;
    }
    return half;
}

/* Reads `count` bytes, the lowest first. */
static uint64_t srpc_read_fixed(srpc_reader *reader, uint8_t count)
{
    const uint8_t *const bytes = srpc_read_raw(reader, count);
    uint64_t value = 0;
    if (bytes != NULL) {
        for (; count > 0u; count--) {
            value = value << 8 | bytes[count - 1u];
        }
    }
    return value;
}

float srpc_read_f32(srpc_reader *reader)
{
    const uint32_t bits = (uint32_t)srpc_read_fixed(reader, sizeof bits);
    float value;
    (void)memcpy(&value, &bits, sizeof value);
    return value;
}

double srpc_read_f64(srpc_reader *reader)
{
    return srpc_double_of(srpc_read_fixed(reader, sizeof(uint64_t)));
}

uint32_t srpc_read_length(srpc_reader *reader, uint32_t most)
{
    const uint32_t value = srpc_read_varint(reader, 32);
    if (value > most) {
        srpc_reader_fail(reader);
        return 0;
    }
    return value;
}

uint32_t srpc_read_variant(srpc_reader *reader, uint32_t count)
{
    return srpc_read_length(reader, count - 1u);
}

bool srpc_read_bool(srpc_reader *reader)
{
    const uint8_t byte = srpc_read_u8(reader);
    if (byte > 1u) {
        srpc_reader_fail(reader);
    }
    return byte == 1u;
}

srpc_bytes srpc_read_bytes(srpc_reader *reader, uint32_t most)
{
    srpc_bytes value;
    const uint32_t length = srpc_read_length(reader, most);
    value.bytes = srpc_read_raw(reader, length);
    value.length = value.bytes != NULL ? (size_t)length : 0u;
    return value;
}

/* Takes one character from UTF-8 at `*at`, before `end`. Returns false if it is none. */
static bool srpc_take_char(const uint8_t **at, const uint8_t *end, uint32_t *value)
{
    const uint8_t first = **at;
    uint32_t least;
    uint8_t behind;
    if (first < 0x80u) {
        *value = first;
        (*at)++;
        return true;
    }
    if (first >= 0xC0u && first < 0xE0u) {
        *value = first & 0x1Fu;
        behind = 1;
        least = 0x80;
    } else if (first >= 0xE0u && first < 0xF0u) {
        *value = first & 0x0Fu;
        behind = 2;
        least = 0x800;
    } else if (first >= 0xF0u && first < 0xF8u) {
        *value = first & 0x07u;
        behind = 3;
        least = 0x10000;
    } else {
        return false;
    }
    if (end - *at <= behind) {
        return false;
    }
    for (; behind > 0u; behind--) {
        (*at)++;
        if ((**at & 0xC0u) != 0x80u) {
            return false;
        }
        *value = *value << 6 | (**at & 0x3Fu);
    }
    (*at)++;
    /* Each is encoded in as few bytes as it can be, and halves of surrogate pairs are none. */
    return *value >= least && *value <= 0x10FFFFu && !(*value >= 0xD800u && *value <= 0xDFFFu);
}

uint32_t srpc_read_char(srpc_reader *reader)
{
    const srpc_bytes bytes = srpc_read_bytes(reader, 4);
    const uint8_t *at = bytes.bytes;
    uint32_t value;
    if (bytes.length == 0u || !srpc_take_char(&at, bytes.bytes + bytes.length, &value) ||
        at != bytes.bytes + bytes.length) {
        srpc_reader_fail(reader);
        return 0;
    }
    return value;
}

srpc_string srpc_read_string(srpc_reader *reader, uint32_t most)
{
    const srpc_bytes bytes = srpc_read_bytes(reader, most);
    const uint8_t *at = bytes.bytes;
    srpc_string string;
    uint32_t value;
    string.text = (const char *)bytes.bytes;
    string.length = bytes.length;
    while (bytes.length > 0u && at != bytes.bytes + bytes.length) {
        if (!srpc_take_char(&at, bytes.bytes + bytes.length, &value)) {
            srpc_reader_fail(reader);
            string.length = 0;
            break;
        }
    }
    return string;
}
