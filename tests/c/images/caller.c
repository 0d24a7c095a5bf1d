/* A caller of the calculator's `add`, one call at a time. */
#include "calculator.h"
#include "uart.h"

/* The current value of SysTick, which stands for a clock. */
#define TICKS (*(volatile const uint32_t *)0xE000E018u)

static srpc_time ticks(void *context)
{
    (void)context;
    return TICKS;
}

static int32_t read_some(void *context, uint8_t *bytes, size_t size, srpc_time timeout)
{
    const srpc_time started = ticks(context);
    (void)size;
    while ((UART_FLAGS & UART_RECEIVE_EMPTY) != 0u) {
        if (ticks(context) - started >= timeout) {
            return 0;
        }
    }
    *bytes = uart_read();
    return 1;
}

static int32_t write_some(void *context, const uint8_t *bytes, size_t count)
{
    (void)context;
    (void)count;
    uart_write(*bytes);
    return 1;
}

SRPC_CLIENT(client, 64, 1, 1, 0, 0);
static const srpc_caller caller = {&client, read_some, write_some, ticks, NULL};

/* As the generator writes it. */
static srpc_status calculator_call_add(int32_t x, int32_t y, int32_t *value, calculator_math_error *error)
{
    static const srpc_target target = {0x42EE235Cu, CALCULATOR_FINGERPRINT, 8, SRPC_NUMBER_IN,
                                       SRPC_IDEMPOTENT | SRPC_FALLIBLE};
    srpc_call call = srpc_call_begin(&caller, &target);
    srpc_write_i32(&call.arguments, x);
    srpc_write_i32(&call.arguments, y);
    (void)srpc_call_wait(&call);
    if (call.status == SRPC_OK) {
        *value = srpc_read_i32(&call.reply);
    } else if (call.status == SRPC_OWN_ERROR) {
        *error = (calculator_math_error)srpc_read_variant(&call.reply, 2);
    } else {
        /* Nothing came. */
    }
    return srpc_call_end(&call);
}

int main(void)
{
    calculator_math_error error;
    int32_t sum = 0;
    srpc_client_init(&client, 0);
    srpc_client_set_line(&client, 115200, 64);
    for (;;) {
        if (calculator_call_add(2, 3, &sum, &error) == SRPC_OK) {
            uart_write((uint8_t)sum);
        }
    }
}
