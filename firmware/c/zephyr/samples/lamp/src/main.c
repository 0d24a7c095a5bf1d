/* A lamp that is dimmed over the UART of the console:
 *
 *     serial-rpc --port /dev/ttyACM0 call lamp.dim 50
 *
 * The UART's interrupt puts received bytes into a ring, and the thread sleeps until there are some. */
#include "lamp.h"

#include <zephyr/device.h>
#include <zephyr/drivers/uart.h>
#include <zephyr/kernel.h>
#include <zephyr/sys/atomic.h>
#include <zephyr/sys/ring_buffer.h>

/* The longest frame in bytes, how many calls may be in flight, and how many received bytes may wait. */
#define FRAME 64
#define WINDOW 4
#define BUFFER 256

RING_BUF_DECLARE(received, BUFFER);
static K_SEM_DEFINE(has_received, 0, 1);
static atomic_t overruns;
static const struct device *const uart = DEVICE_DT_GET(DT_CHOSEN(zephyr_console));

/* Any thread or interrupt may emit an event. */
static uint32_t lock(void)
{
    return irq_lock();
}

static void unlock(uint32_t key)
{
    irq_unlock(key);
}

SRPC_EVENTS(events, 64, 2, FRAME, lock, unlock);
SRPC_SERVER(server, &lamp_interface, NULL, FRAME, WINDOW, BUFFER, &events);

static uint8_t brightness;

static void on_interrupt(const struct device *device, void *context)
{
    uint8_t byte;
    ARG_UNUSED(context);
    (void)uart_irq_update(device);
    while (uart_irq_rx_ready(device) > 0 && uart_fifo_read(device, &byte, 1) == 1) {
        if (ring_buf_put(&received, &byte, 1) == 0) {
            (void)atomic_inc(&overruns);
        }
    }
    k_sem_give(&has_received);
}

static void send(void)
{
    const uint8_t *bytes;
    uint16_t count;
    while ((count = srpc_server_outgoing(&server, &bytes)) > 0) {
        uint16_t at;
        for (at = 0; at < count; at++) {
            uart_poll_out(uart, bytes[at]);
        }
        srpc_server_sent(&server, count);
    }
}

int main(void)
{
    if (!device_is_ready(uart) || uart_irq_callback_user_data_set(uart, on_interrupt, NULL) != 0) {
        return 1;
    }
    uart_irq_rx_enable(uart);
    for (;;) {
        uint8_t byte;
        (void)k_sem_take(&has_received, K_FOREVER);
        srpc_server_note_overruns(&server, (uint32_t)atomic_clear(&overruns));
        while (ring_buf_get(&received, &byte, 1) == 1) {
            srpc_server_receive(&server, byte);
            send();
        }
    }
}

bool lamp_dim(void *context, uint8_t percent)
{
    ARG_UNUSED(context);
    if (percent > 100) {
        return false;
    }
    if (percent != brightness) {
        brightness = percent;
        lamp_emit_dimmed(&events, percent);
    }
    return true;
}

uint8_t lamp_brightness(void *context)
{
    ARG_UNUSED(context);
    return brightness;
}
