/* The time since the start, from SysTick. */
#ifndef CLOCK_H
#define CLOCK_H

#include <stdint.h>

/* Starts the clock, which interrupts every millisecond and so ends a sleep. */
void clock_start(void);

/* Returns the milliseconds since it was started, modulo 2^32. */
uint32_t clock_now(void);

#endif
