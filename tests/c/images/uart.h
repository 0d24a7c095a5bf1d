/* UART0 of an LM3S6965, a PL011, polled: as plain as possible, because the measure is the difference to an echo over it. */
#ifndef UART_H
#define UART_H

#include <stddef.h>
#include <stdint.h>

#define UART_DATA (*(volatile uint32_t *)0x4000C000u)
#define UART_FLAGS (*(volatile const uint32_t *)0x4000C018u)
#define UART_RECEIVE_EMPTY (1u << 4)
#define UART_TRANSMIT_FULL (1u << 5)

static inline uint8_t uart_read(void)
{
    while ((UART_FLAGS & UART_RECEIVE_EMPTY) != 0u) {
    }
    return (uint8_t)UART_DATA;
}

static inline void uart_write(uint8_t byte)
{
    while ((UART_FLAGS & UART_TRANSMIT_FULL) != 0u) {
    }
    UART_DATA = byte;
}

#endif
