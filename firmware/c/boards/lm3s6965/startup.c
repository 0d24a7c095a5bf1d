/* Starts the processor: the vector table, and what happens before `main`. */
#include "interrupts.h"

#include <stdint.h>

extern uint32_t stack_top;
extern const uint32_t data_initial;
extern uint32_t data_start, data_end;
extern uint32_t bss_start, bss_end;

int main(void);
void reset(void);

/* Stops for the debugger: an exception that nobody has provided for is a mistake in the firmware. */
static void stop(void)
{
    for (;;) {
    }
}

/* A program may lack a handler. */
__attribute__((weak, alias("stop"))) void uart0_interrupt(void);
__attribute__((weak, alias("stop"))) void systick_interrupt(void);

/* An entry of the vector table. */
typedef union vector {
    uint32_t *stack;
    void (*handler)(void);
} vector;

__attribute__((section(".vectors"), used)) static const vector vectors[] = {
    {.stack = &stack_top},
    {.handler = reset},
    {.handler = stop}, /* NMI */
    {.handler = stop}, /* hard fault */
    {.handler = stop}, /* memory management */
    {.handler = stop}, /* bus fault */
    {.handler = stop}, /* usage fault */
    {.stack = 0},
    {.stack = 0},
    {.stack = 0},
    {.stack = 0},
    {.handler = stop}, /* SVCall */
    {.handler = stop}, /* debug monitor */
    {.stack = 0},
    {.handler = stop}, /* PendSV */
    {.handler = systick_interrupt},
    {.handler = stop}, /* GPIO ports A to E */
    {.handler = stop},
    {.handler = stop},
    {.handler = stop},
    {.handler = stop},
    {.handler = uart0_interrupt},
};

void reset(void)
{
    const uint32_t *from = &data_initial;
    uint32_t *to;
    for (to = &data_start; to < &data_end; to++) {
        *to = *from;
        from++;
    }
    for (to = &bss_start; to < &bss_end; to++) {
        *to = 0;
    }
    (void)main();
    stop();
}
