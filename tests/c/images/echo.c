/* Sends back every byte: the baseline without a protocol. */
#include "uart.h"

int main(void)
{
    for (;;) {
        uart_write(uart_read());
    }
}
