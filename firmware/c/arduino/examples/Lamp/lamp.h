/* The interface `lamp`, version 0.1.0, for firmware in C. */
#ifndef LAMP_H
#define LAMP_H

#include "serial_rpc.h"

#ifdef __cplusplus
extern "C" {
#endif

extern const srpc_interface lamp_interface;

#define LAMP_FINGERPRINT 0xACB52532u

/* More than 100 percent. */
typedef struct lamp_too_bright {
    uint8_t nothing;
} lamp_too_bright;

/* Sets the brightness in percent. */
bool lamp_dim(void *context, uint8_t percent, lamp_too_bright *error);
/* The brightness in percent. */
uint8_t lamp_brightness(void *context);
/* Emits the event: the brightness has become another. */
void lamp_emit_dimmed(const srpc_events *events, uint8_t percent);

#ifdef __cplusplus
}
#endif

#endif
