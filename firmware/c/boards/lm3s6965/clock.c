/* The clock: an interrupt of SysTick every millisecond. */
#include "clock.h"
#include "interrupts.h"

/* The registers of SysTick; see ARM DDI 0403, B3.3. */
#define SYSTICK_CONTROL (*(volatile uint32_t *)0xE000E010u)
#define SYSTICK_RELOAD (*(volatile uint32_t *)0xE000E014u)
#define SYSTICK_CURRENT (*(volatile uint32_t *)0xE000E018u)
#define CONTROL_ENABLE (1u << 0)
#define CONTROL_INTERRUPT (1u << 1)
#define CONTROL_PROCESSOR_CLOCK (1u << 2)

/* The frequency of the LM3S6965's oscillator at start; QEMU's is 4 % faster. */
#define TICKS_PER_MILLISECOND 12000u

/* Only the interrupt writes it. */
static volatile uint32_t milliseconds;

void clock_start(void)
{
    SYSTICK_RELOAD = TICKS_PER_MILLISECOND - 1u;
    SYSTICK_CURRENT = 0;
    SYSTICK_CONTROL = CONTROL_ENABLE | CONTROL_INTERRUPT | CONTROL_PROCESSOR_CLOCK;
}

void systick_interrupt(void)
{
    milliseconds++;
}

uint32_t clock_now(void)
{
    return milliseconds;
}
