/* The undescribed calculator, a stream and a feed. */
#include "calculator.h"
#include "serve.h"

#define SAMPLES 16u

static int32_t tape[SAMPLES];

static bool recorder_recorded(uint32_t index, int32_t *item)
{
    if (index >= SAMPLES) {
        return false;
    }
    *item = tape[index];
    return true;
}

static bool recorder_record_next(srpc_items *samples, int32_t *item)
{
    if (!srpc_items_next(samples)) {
        return false;
    }
    *item = srpc_read_i32(&samples->reader);
    return true;
}

static void recorder_record(srpc_items *samples)
{
    uint32_t at = 0;
    int32_t sample;
    while (at < SAMPLES && recorder_record_next(samples, &sample)) {
        tape[at] = sample;
        at++;
    }
}

static srpc_outcome dispatch(void *context, uint16_t index, srpc_reader *arguments, srpc_writer *reply)
{
    if (index < 4u) {
        return calculator_interface_bare.dispatch(context, index, arguments, reply);
    }
    if (index == 4u) {
        const uint32_t position = srpc_read_u32(arguments);
        const uint8_t limit = srpc_read_u8(arguments);
        int32_t item = 0;
        srpc_batch batch;
        if (!srpc_reader_ended(arguments)) {
            return SRPC_BAD_ARGUMENTS;
        }
        batch = srpc_batch_begin(reply, position, limit);
        while (srpc_batch_wants(&batch)) {
            if (srpc_batch_has(&batch, recorder_recorded(batch.position, &item))) {
                srpc_write_i32(reply, item);
            }
        }
        return srpc_batch_end(&batch);
    }
    if (index == 5u) {
        srpc_items samples = srpc_items_begin(arguments);
        srpc_items checked = samples;
        int32_t item;
        while (recorder_record_next(&checked, &item)) {
        }
        if (!srpc_reader_ended(&checked.reader)) {
            return SRPC_BAD_ARGUMENTS;
        }
        recorder_record(&samples);
        return SRPC_RETURN;
    }
    return SRPC_UNKNOWN_PROCEDURE;
}

/* Any keys do: what is measured is how much they take. */
static const uint32_t keys[6] = {1, 2, 3, 4, 5, 6};

static const srpc_interface interface = {dispatch, srpc_own_service, keys, NULL, NULL, 0, 0x12345678u, 6};

SRPC_SERVER(server, &interface, NULL, 64, 1, 0, NULL);

int main(void)
{
    serve(&server);
    return 0;
}
