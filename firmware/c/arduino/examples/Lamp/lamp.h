/* The interface `lamp`, version 0.1.0, for firmware in C. Written by `serial-rpc generate c`. */
#ifndef LAMP_H
#define LAMP_H

#include "serial_rpc.h"

#ifdef __cplusplus
extern "C" {
#endif

/* The interface as a server offers it: described, without its description, and without the device's own service. */
extern const srpc_interface lamp_interface;
extern const srpc_interface lamp_interface_undescribed;
extern const srpc_interface lamp_interface_bare;

#define LAMP_FINGERPRINT 0xACB52532u

/* What the firmware implements has a parameter `context`, which is that of the server. A procedure with an error of
 * its own returns true with its value, and false with its error. */

/* lamp: A lamp that can be dimmed. */

/* Sets the brightness in percent.
 *
 * Its error is `TooBright`: More than 100 percent. */
bool lamp_dim(void *context, uint8_t percent);

/* The brightness in percent. */
uint8_t lamp_brightness(void *context);

/* What the firmware calls. */

/* The brightness has become another.
 *
 * An event: it may be emitted anywhere, at any time. */
void lamp_emit_dimmed(const srpc_events *events, uint8_t percent);

#ifdef __cplusplus
}
#endif

#endif
