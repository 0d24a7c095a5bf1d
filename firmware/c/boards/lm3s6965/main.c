/* The board's program: serves the calculator, its notes and its log on the UART, for ever. */
#include "demonstration.h"
#include "uart.h"

/* The longest frame, in bytes: enough for 16 samples of 8 bytes, or a long expression. */
#define FRAME 160

/* The number of calls that a caller may send ahead. */
#define WINDOW 4

/* Events wait here until the line is free. No interrupt emits any, so nothing has to be masked. */
SRPC_EVENTS(events, 512, 4, FRAME, NULL, NULL);

static demonstration device;

SRPC_SERVER(server, &calculator_interface, &device, FRAME, WINDOW, UART_BUFFER, &events);

int main(void)
{
    demonstration_init(&device, &events);
    uart_start();
    for (;;) {
        const uint8_t *bytes;
        uint16_t count;
        srpc_server_receive(&server, uart_read());
        srpc_server_note_overruns(&server, uart_take_overruns());
        while ((count = srpc_server_outgoing(&server, &bytes)) > 0) {
            uart_write(bytes, count);
            srpc_server_sent(&server, count);
        }
    }
}
