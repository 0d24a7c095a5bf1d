/* Runs a firmware image on an emulated ATmega2560, its USART0 being a Unix socket:
 *
 *     emulate IMAGE SOCKET
 *
 * As with QEMU, the board boots when somebody connects to the socket, and no byte is given to the board before it has room
 * for it. Bytes come no faster than at 115200 baud. While nothing is on the line, this mostly sleeps. */
#include <errno.h>
#include <poll.h>
#include <simavr/avr_uart.h>
#include <simavr/sim_avr.h>
#include <simavr/sim_elf.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define FREQUENCY 16000000
/* Ten bits for a byte. */
#define CYCLES_PER_BYTE (FREQUENCY / 11520)
/* After the time of so many bytes without one, the line is at rest. */
#define REST 64

static int line = -1;
/* From when the receiver is switched on. */
static bool has_room = false;
static unsigned rested = 0;

static void on_sent(struct avr_irq_t *irq, uint32_t value, void *context)
{
    const uint8_t byte = (uint8_t)value;
    (void)irq;
    (void)context;
    rested = 0;
    while (send(line, &byte, 1, MSG_NOSIGNAL) < 0 && errno == EINTR) {
    }
}

static void on_room(struct avr_irq_t *irq, uint32_t value, void *context)
{
    (void)irq;
    (void)value;
    has_room = context != NULL;
}

static int connected(const char *path)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    const int listener = socket(AF_UNIX, SOCK_STREAM, 0);
    if (listener < 0 || strlen(path) >= sizeof address.sun_path) {
        return -1;
    }
    strcpy(address.sun_path, path);
    if (bind(listener, (struct sockaddr *)&address, sizeof address) != 0 || listen(listener, 1) != 0) {
        return -1;
    }
    return accept(listener, NULL, NULL);
}

/* Gives the board a byte, if there is one. Returns false if the other end has hung up. */
static bool receive(avr_irq_t *input)
{
    struct pollfd waiting = {.fd = line, .events = POLLIN};
    uint8_t byte;
    if (poll(&waiting, 1, rested < REST ? 0 : 1) <= 0) {
        rested++;
        return true;
    }
    if (recv(line, &byte, 1, 0) != 1) {
        return false;
    }
    rested = 0;
    avr_raise_irq(input, byte);
    return true;
}

int main(int count, char **arguments)
{
    elf_firmware_t firmware;
    avr_t *const avr = avr_make_mcu_by_name("atmega2560");
    uint32_t flags = 0;
    avr_irq_t *input;
    avr_cycle_count_t next = 0;
    memset(&firmware, 0, sizeof firmware);
    if (count != 3 || avr == NULL || elf_read_firmware(arguments[1], &firmware) != 0) {
        fprintf(stderr, "usage: emulate IMAGE SOCKET\n");
        return 2;
    }
    avr_init(avr);
    avr_load_firmware(avr, &firmware);
    avr->frequency = FREQUENCY;
    /* It neither prints what is sent nor sleeps when the USART is polled. */
    avr_ioctl(avr, AVR_IOCTL_UART_SET_FLAGS('0'), &flags);
    input = avr_io_getirq(avr, AVR_IOCTL_UART_GETIRQ('0'), UART_IRQ_INPUT);
    avr_irq_register_notify(avr_io_getirq(avr, AVR_IOCTL_UART_GETIRQ('0'), UART_IRQ_OUTPUT), on_sent, NULL);
    avr_irq_register_notify(avr_io_getirq(avr, AVR_IOCTL_UART_GETIRQ('0'), UART_IRQ_OUT_XON), on_room, avr);
    avr_irq_register_notify(avr_io_getirq(avr, AVR_IOCTL_UART_GETIRQ('0'), UART_IRQ_OUT_XOFF), on_room, NULL);
    line = connected(arguments[2]);
    if (line < 0) {
        perror(arguments[2]);
        return 2;
    }
    for (;;) {
        const int state = avr_run(avr);
        if (state == cpu_Done || state == cpu_Crashed) {
            fprintf(stderr, "the board has stopped at 0x%x\n", (unsigned)avr->pc);
            return 1;
        }
        if (has_room && avr->cycle >= next) {
            next = avr->cycle + CYCLES_PER_BYTE;
            if (!receive(input)) {
                return 0;
            }
        }
    }
}
