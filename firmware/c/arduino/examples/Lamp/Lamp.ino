// A lamp on the pin of the board's own LED, dimmed over the serial port:
//
//     serial-rpc --port /dev/ttyACM0 call lamp.dim 50

#include <serial_rpc.h>

#include "lamp.h"

// The longest frame in bytes, and how many calls may be in flight.
#define FRAME 64
#define WINDOW 2

// Events wait here: 64 bytes of them, of at most 2 kinds.
SRPC_EVENTS(events, 64, 2, FRAME, NULL, NULL);

// One byte of the serial port's buffer always stays free.
SRPC_SERVER(server, &lamp_interface, NULL, FRAME, WINDOW, SERIAL_RX_BUFFER_SIZE - 1, &events);

static uint8_t brightness;

void setup()
{
    pinMode(LED_BUILTIN, OUTPUT);
    Serial.begin(115200);
}

void loop()
{
    const uint8_t *bytes;
    uint16_t count;
    while ((count = srpc_server_outgoing(&server, &bytes)) > 0) {
        srpc_server_sent(&server, (uint16_t)Serial.write(bytes, count));
    }
    if (Serial.available() > 0) {
        srpc_server_receive(&server, (uint8_t)Serial.read());
    }
}

extern "C" bool lamp_dim(void *, uint8_t percent)
{
    if (percent > 100) {
        return false;
    }
    analogWrite(LED_BUILTIN, percent * 255 / 100);
    if (percent != brightness) {
        brightness = percent;
        lamp_emit_dimmed(&events, percent);
    }
    return true;
}

extern "C" uint8_t lamp_brightness(void *)
{
    return brightness;
}
