/* UART0 and its receive buffer. */
#include "uart.h"
#include "interrupts.h"

/* The registers of a PL011 that are used here; see ARM DDI 0183, chapter 3. */
typedef struct pl011 {
    volatile uint32_t data; /* the upper bits are errors when it is read */
    uint32_t unused_from_04[5];
    volatile uint32_t flags;
    uint32_t unused_from_1c[4];
    volatile uint32_t line_control;
    volatile uint32_t control;
    uint32_t unused_from_34;
    volatile uint32_t interrupt_mask;
    uint32_t unused_from_3c[2];
    volatile uint32_t interrupt_clear;
} pl011;

#define UART0 ((pl011 *)0x4000C000u)

#define DATA_OVERRUN (1u << 11)
/* Framing, parity, break: a byte that was damaged on the line. The protocol detects that by itself. */
#define DATA_DAMAGED (7u << 8)
#define FLAG_RECEIVE_FIFO_EMPTY (1u << 4)
#define FLAG_TRANSMIT_FIFO_FULL (1u << 5)
#define LINE_FIFOS (1u << 4)
#define LINE_EIGHT_BITS (3u << 5)
#define CONTROL_ENABLE (1u << 0)
#define CONTROL_TRANSMIT (1u << 8)
#define CONTROL_RECEIVE (1u << 9)
/* The FIFO is filled to its trigger level, or it has held bytes for a while. */
#define RECEIVE_INTERRUPTS (1u << 4 | 1u << 6)

/* The register of the interrupt controller that unmasks interrupts 0 to 31, and the interrupt of UART0. */
#define UNMASK_INTERRUPTS (*(volatile uint32_t *)0xE000E100u)
#define UART0_INTERRUPT (1u << 5)

/* The bytes ever put in and taken out, modulo 2^32. Only the interrupt writes the one, only the program the other, so
 * neither needs a lock. */
static volatile uint32_t put, taken;
static volatile uint8_t ring[UART_BUFFER];

/* The times that bytes were lost, modulo 2^32; only the interrupt writes it. */
static volatile uint32_t overruns;
static uint32_t told_overruns;

void uart_start(void)
{
    UART0->line_control = LINE_EIGHT_BITS | LINE_FIFOS;
    UART0->control = CONTROL_ENABLE | CONTROL_TRANSMIT | CONTROL_RECEIVE;
    UART0->interrupt_mask = RECEIVE_INTERRUPTS;
    UNMASK_INTERRUPTS = UART0_INTERRUPT;
}

void uart0_interrupt(void)
{
    /* First acknowledge, then empty the FIFO: a byte that comes in between interrupts again. */
    UART0->interrupt_clear = RECEIVE_INTERRUPTS;
    while ((UART0->flags & FLAG_RECEIVE_FIFO_EMPTY) == 0) {
        const uint32_t data = UART0->data;
        const uint32_t at = put;
        if ((data & DATA_OVERRUN) != 0) {
            overruns++;
        }
        if ((data & DATA_DAMAGED) != 0) {
            continue;
        }
        if (at - taken < UART_BUFFER) {
            ring[at % UART_BUFFER] = (uint8_t)data;
            put = at + 1;
        } else {
            overruns++;
        }
    }
}

bool uart_has_received(void)
{
    return put != taken;
}

void uart_sleep(void)
{
    /* With interrupts masked, or a byte might slip in between the question and the sleep. A masked interrupt still ends
     * the sleep, and is handled as soon as it is unmasked. */
    __asm volatile("cpsid i" ::: "memory");
    if (!uart_has_received()) {
        __asm volatile("wfi" ::: "memory");
    }
    __asm volatile("cpsie i" ::: "memory");
}

uint8_t uart_read(void)
{
    const uint32_t at = taken;
    uint8_t byte;
    while (!uart_has_received()) {
        uart_sleep();
    }
    byte = ring[at % UART_BUFFER];
    taken = at + 1;
    return byte;
}

void uart_write(const uint8_t *bytes, size_t count)
{
    for (; count > 0; count--) {
        while ((UART0->flags & FLAG_TRANSMIT_FIFO_FULL) != 0) {
        }
        UART0->data = *bytes;
        bytes++;
    }
}

uint32_t uart_take_overruns(void)
{
    const uint32_t all = overruns;
    const uint32_t fresh = all - told_overruns;
    told_overruns = all;
    return fresh;
}
