/* Reads values and writes them again on an ATmega2560, where an `int` has 16 bits and a `double` 32.
 *
 * A question on USART0 is the letter of a type, the number of bytes that follow, and an encoded value; the answer is the
 * number of bytes, and the value encoded again. What does not decode has no bytes. */
#include "serial_rpc.h"

#include <avr/io.h>

static uint8_t receive(void)
{
    while ((UCSR0A & (1u << RXC0)) == 0u) {
    }
    return UDR0;
}

static void send(uint8_t byte)
{
    while ((UCSR0A & (1u << UDRE0)) == 0u) {
    }
    UDR0 = byte;
}

static void copy(uint8_t type, srpc_reader *reader, srpc_writer *writer)
{
    switch (type) {
    case 'h':
        srpc_write_u16(writer, srpc_read_u16(reader));
        break;
    case 'u':
        srpc_write_u32(writer, srpc_read_u32(reader));
        break;
    case 'i':
        srpc_write_i32(writer, srpc_read_i32(reader));
        break;
    case 'U':
        srpc_write_u64(writer, srpc_read_u64(reader));
        break;
    case 'I':
        srpc_write_i64(writer, srpc_read_i64(reader));
        break;
    case 'W':
        srpc_write_u128(writer, srpc_read_u128(reader));
        break;
    case 'f':
        srpc_write_f32(writer, srpc_read_f32(reader));
        break;
    case 'd':
        srpc_write_f64(writer, srpc_read_f64(reader));
        break;
    case 'c':
        srpc_write_char(writer, srpc_read_char(reader));
        break;
    case 's':
        srpc_write_string(writer, srpc_read_string(reader, UINT32_MAX));
        break;
    case 'b':
        srpc_write_bytes(writer, srpc_read_bytes(reader, UINT32_MAX));
        break;
    default:
        srpc_reader_fail(reader);
        break;
    }
}

int main(void)
{
    /* 115200 baud at 16 MHz. */
    UCSR0A = 1u << U2X0;
    UBRR0 = 16;
    UCSR0B = 1u << RXEN0 | 1u << TXEN0;
    for (;;) {
        uint8_t question[32];
        uint8_t answer[32];
        const uint8_t type = receive();
        const uint8_t length = receive();
        uint8_t at;
        srpc_reader reader = srpc_reader_of(question, length);
        srpc_writer writer = srpc_writer_of(answer, sizeof answer);
        for (at = 0; at < length; at++) {
            question[at % sizeof question] = receive();
        }
        copy(type, &reader, &writer);
        if (!srpc_reader_ended(&reader) || !srpc_writer_fits(&writer)) {
            writer.at = answer;
        }
        send((uint8_t)(writer.at - answer));
        for (at = 0; answer + at != writer.at; at++) {
            send(answer[at]);
        }
    }
}
