/* What a debugger, or QEMU, does for a program that stops at its breakpoints (ARM's semihosting). */
#ifndef SEMIHOSTING_H
#define SEMIHOSTING_H

#include <stdbool.h>
#include <stdint.h>

/* Prints text with a zero at its end. */
void semihosting_print(const char *text);

/* Returns the time of day in seconds. */
uint32_t semihosting_time(void);

/* Switches the board off. */
void semihosting_exit(bool success);

#endif
