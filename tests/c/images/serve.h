/* Serves the UART for ever. */
#ifndef SERVE_H
#define SERVE_H

#include "serial_rpc.h"
#include "uart.h"

static int serve_read(void *context)
{
    (void)context;
    return uart_read();
}

static size_t serve_write(void *context, const uint8_t *bytes, size_t count)
{
    size_t at;
    (void)context;
    for (at = 0; at < count; at++) {
        uart_write(bytes[at]);
    }
    return count;
}

static const srpc_link serve_uart = {serve_read, serve_write, NULL, NULL};

static inline void serve(const srpc_server *server)
{
    for (;;) {
        srpc_server_serve(server, &serve_uart);
    }
}

#endif
