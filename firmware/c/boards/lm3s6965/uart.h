/* UART0, a PL011: received bytes are queued by interrupt, and a program that waits for one sleeps.
 *
 * The clocks, pins and baud rate of a real LM3S6965 are not set up here. QEMU ignores them, so no test would ever check
 * them. */
#ifndef UART_H
#define UART_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The number of received bytes that wait until the program reads them: a power of two. */
#define UART_BUFFER 256u

/* Starts the UART: 8 data bits, no parity, one stop bit. */
void uart_start(void);

/* Returns true if a received byte can be read. */
bool uart_has_received(void);

/* Sleeps until the next interrupt, unless a received byte can be read. */
void uart_sleep(void);

/* Returns the next received byte; sleeps until there is one. */
uint8_t uart_read(void);

/* Sends bytes, and waits until the UART has taken them all. */
void uart_write(const uint8_t *bytes, size_t count);

/* Returns how often received bytes were lost, since it was last asked. */
uint32_t uart_take_overruns(void);

#endif
