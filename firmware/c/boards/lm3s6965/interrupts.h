/* The handlers of interrupts, which the vector table names. */
#ifndef INTERRUPTS_H
#define INTERRUPTS_H

/* UART0 has received bytes. */
void uart0_interrupt(void);

/* A period of SysTick has ended. */
void systick_interrupt(void);

#endif
