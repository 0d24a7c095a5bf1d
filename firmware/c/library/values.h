/* Values to bytes and back (PROTOCOL.md, "Encoding of values").
 *
 * A writer and a reader note by themselves when something does not fit or does not decode, and do nothing from then on. So
 * the code that writes or reads a value has no error paths: it asks once, in the end. A value that could not be read is
 * zero. */
#ifndef SRPC_VALUES_H
#define SRPC_VALUES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Text that lies elsewhere: in UTF-8, without a zero at its end. As an argument it lies in the receive buffer, until the
 * procedure returns. */
typedef struct srpc_string {
    const char *text;
    size_t length;
} srpc_string;

/* Bytes that lie elsewhere. */
typedef struct srpc_bytes {
    const uint8_t *bytes;
    size_t length;
} srpc_bytes;

/* Integers of 128 bits. Those with a sign are two's complement. */
typedef struct srpc_u128 {
    uint64_t low;
    uint64_t high;
} srpc_u128;

/* Returns what a string literal or any other text with a zero at its end has. */
srpc_string srpc_text(const char *text);

/* Writes values to memory, which may be in two pieces. */
typedef struct srpc_writer {
    uint8_t *at; /* where the next byte goes, NULL if something did not fit */
    uint8_t *end;
    uint8_t *more; /* the second piece, equal to `more_end` if there is none or it was begun */
    uint8_t *more_end;
} srpc_writer;

/* Returns a writer for `size` bytes. */
srpc_writer srpc_writer_of(uint8_t *bytes, size_t size);

/* Returns true if everything has fitted. */
static inline bool srpc_writer_fits(const srpc_writer *writer)
{
    return writer->at != NULL;
}

/* Makes a writer one in which something did not fit. */
void srpc_writer_fail(srpc_writer *writer);

void srpc_write_u8(srpc_writer *writer, uint8_t value);
/* Writes bytes without their number, such as a value that is encoded already. */
void srpc_write_raw(srpc_writer *writer, const uint8_t *bytes, size_t count);
/* Writes an unsigned integer of up to 32 bits, or the index of a variant, or a number of elements. */
void srpc_write_u32(srpc_writer *writer, uint32_t value);
void srpc_write_i32(srpc_writer *writer, int32_t value);
void srpc_write_u64(srpc_writer *writer, uint64_t value);
void srpc_write_i64(srpc_writer *writer, int64_t value);
void srpc_write_u128(srpc_writer *writer, srpc_u128 value);
void srpc_write_i128(srpc_writer *writer, srpc_u128 value);
void srpc_write_f32(srpc_writer *writer, float value);
void srpc_write_f64(srpc_writer *writer, double value);
/* Writes one character of Unicode. */
void srpc_write_char(srpc_writer *writer, uint32_t value);
void srpc_write_string(srpc_writer *writer, srpc_string value);
void srpc_write_bytes(srpc_writer *writer, srpc_bytes value);

/* Returns a number in 64 bits of IEEE 754, and the nearest that has 32: for processors whose `double` has no more. */
uint64_t srpc_widened_bits(float value);
float srpc_narrowed(uint64_t bits);

static inline void srpc_write_bool(srpc_writer *writer, bool value)
{
    srpc_write_u8(writer, value ? 1 : 0);
}

static inline void srpc_write_i8(srpc_writer *writer, int8_t value)
{
    srpc_write_u8(writer, (uint8_t)value);
}

static inline void srpc_write_u16(srpc_writer *writer, uint16_t value)
{
    srpc_write_u32(writer, value);
}

static inline void srpc_write_i16(srpc_writer *writer, int16_t value)
{
    srpc_write_i32(writer, value);
}

/* Reads values from encoded bytes. */
typedef struct srpc_reader {
    const uint8_t *at;
    int32_t left; /* how many bytes are left, negative if something did not decode */
} srpc_reader;

/* Returns a reader of `count` bytes, at most 65,535. */
srpc_reader srpc_reader_of(const uint8_t *bytes, size_t count);

/* Returns true if everything has decoded, and no bytes are left. */
static inline bool srpc_reader_ended(const srpc_reader *reader)
{
    return reader->left == 0;
}

/* Returns true if everything has decoded so far. */
static inline bool srpc_reader_good(const srpc_reader *reader)
{
    return reader->left >= 0;
}

/* Makes a reader one in which something did not decode. */
void srpc_reader_fail(srpc_reader *reader);

uint8_t srpc_read_u8(srpc_reader *reader);
/* Takes `count` bytes, and returns where they lie, or NULL if there are fewer. */
const uint8_t *srpc_read_raw(srpc_reader *reader, uint32_t count);
/* Reads an unsigned integer of `bits` bits, up to 32. */
uint32_t srpc_read_varint(srpc_reader *reader, uint8_t bits);
/* Reads an unsigned integer of 64 bits. */
uint64_t srpc_read_u64(srpc_reader *reader);
int32_t srpc_read_signed(srpc_reader *reader, uint8_t bits);
int64_t srpc_read_i64(srpc_reader *reader);
srpc_u128 srpc_read_u128(srpc_reader *reader);
srpc_u128 srpc_read_i128(srpc_reader *reader);
float srpc_read_f32(srpc_reader *reader);
double srpc_read_f64(srpc_reader *reader);
bool srpc_read_bool(srpc_reader *reader);
/* Reads one character of Unicode. */
uint32_t srpc_read_char(srpc_reader *reader);
/* Reads the number of elements that follow, at most `most`. */
uint32_t srpc_read_length(srpc_reader *reader, uint32_t most);
/* Reads the index of a variant, which must be less than `count`. */
uint32_t srpc_read_variant(srpc_reader *reader, uint32_t count);
/* Reads text of at most `most` bytes. It is checked to be UTF-8. */
srpc_string srpc_read_string(srpc_reader *reader, uint32_t most);
/* Reads at most `most` bytes. */
srpc_bytes srpc_read_bytes(srpc_reader *reader, uint32_t most);

static inline uint16_t srpc_read_u16(srpc_reader *reader)
{
    return (uint16_t)srpc_read_varint(reader, 16);
}

static inline uint32_t srpc_read_u32(srpc_reader *reader)
{
    return srpc_read_varint(reader, 32);
}

static inline int8_t srpc_read_i8(srpc_reader *reader)
{
    const uint8_t byte = srpc_read_u8(reader);
    return (int8_t)(byte < 128u ? byte : byte - 256);
}

static inline int16_t srpc_read_i16(srpc_reader *reader)
{
    return (int16_t)srpc_read_signed(reader, 16);
}

static inline int32_t srpc_read_i32(srpc_reader *reader)
{
    return srpc_read_signed(reader, 32);
}

#ifdef __cplusplus
}
#endif

#endif
