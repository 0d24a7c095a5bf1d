/* The demonstration device: the calculator, a block of notes, and a log. Nothing here uses a register or a pin. */
#ifndef DEMONSTRATION_H
#define DEMONSTRATION_H

#include "calculator.h"

/* The number of calculations that calculator.history keeps. */
#define DEMONSTRATION_HISTORY 16

/* The largest size of the notes in bytes. */
#define DEMONSTRATION_NOTES 2048

/* The device's state, the context of its server. */
typedef struct demonstration {
    const srpc_events *events; /* where its events go */
    int64_t total;

    /* The last calculations, in a ring. */
    calculator_calculation history[DEMONSTRATION_HISTORY];
    uint32_t history_dropped; /* to make room for others */
    uint8_t history_oldest;
    uint8_t history_count;

    /* A block in RAM that callers can read and write. */
    uint8_t notes[DEMONSTRATION_NOTES];
    uint32_t notes_length;
    srpc_blocks_progress notes_progress;
    srpc_blocks blocks;
} demonstration;

/* Makes a device as it is when it is switched on, which emits its events to `events`. */
void demonstration_init(demonstration *device, const srpc_events *events);

#endif
