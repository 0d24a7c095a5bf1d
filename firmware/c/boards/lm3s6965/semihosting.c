/* Semihosting: a breakpoint, and the number of an operation. */
#include "semihosting.h"

#include <stddef.h>

#define OPERATION_WRITE0 0x04u
#define OPERATION_TIME 0x11u
#define OPERATION_EXIT 0x18u
#define EXIT_SUCCESS 0x20026u
#define EXIT_FAILURE 0x20023u

static uint32_t ask(uint32_t operation, uintptr_t argument)
{
    register uint32_t first __asm("r0") = operation;
    register uintptr_t second __asm("r1") = argument;
    __asm volatile("bkpt 0xab" : "+r"(first) : "r"(second) : "memory");
    return first;
}

void semihosting_print(const char *text)
{
    (void)ask(OPERATION_WRITE0, (uintptr_t)text);
}

uint32_t semihosting_time(void)
{
    return ask(OPERATION_TIME, 0);
}

void semihosting_exit(bool success)
{
    (void)ask(OPERATION_EXIT, success ? EXIT_SUCCESS : EXIT_FAILURE);
}
