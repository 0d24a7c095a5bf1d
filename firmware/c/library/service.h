/* What a server calls: an interface, which `serial-rpc generate c` writes, and what its procedures are told and answer. */
#ifndef SRPC_SERVICE_H
#define SRPC_SERVICE_H

#include "message.h"
#include "values.h"

#ifdef __cplusplus
extern "C" {
#endif

struct srpc_server;

/* The outcome of a call: whether a value or an error was written, or the fault to answer with. */
typedef uint8_t srpc_outcome;
#define SRPC_RETURN ((srpc_outcome)SRPC_KIND_RETURN)
#define SRPC_ERROR ((srpc_outcome)SRPC_KIND_ERROR)
#define SRPC_FAULT(code) ((srpc_outcome)(SRPC_KIND_FAULT | (code)))
#define SRPC_UNKNOWN_PROCEDURE SRPC_FAULT(SRPC_FAULT_UNKNOWN_PROCEDURE)
#define SRPC_BAD_ARGUMENTS SRPC_FAULT(SRPC_FAULT_BAD_ARGUMENTS)
#define SRPC_REFUSED SRPC_FAULT(SRPC_FAULT_REFUSED)

/* Runs the procedure at `index` of an interface: reads its arguments, and writes its value or error.
 * `context` is what the server was given for it. */
typedef srpc_outcome srpc_dispatch(void *context, uint16_t index, srpc_reader *arguments, srpc_writer *reply);

/* Answers a call of the device's own service. */
typedef srpc_outcome srpc_answer_own(const struct srpc_server *server, uint16_t number, srpc_reader *arguments,
                                     srpc_writer *reply);

/* The services that a device offers. */
typedef struct srpc_interface {
    srpc_dispatch *dispatch;
    srpc_answer_own *own; /* srpc_own_service, or NULL for a device without its own service */
    const uint32_t *keys; /* the key of each procedure and event, in the order of their numbers */
    const uint8_t *description; /* NULL if it is left out */
    const uint8_t *digest; /* 16 bytes, NULL if it is left out */
    uint32_t description_length;
    uint32_t fingerprint;
    uint16_t count; /* of keys */
} srpc_interface;

/* The number of bytes in a digest. */
#define SRPC_DIGEST 16u

/* The device's own service, for an interface. */
srpc_outcome srpc_own_service(const struct srpc_server *server, uint16_t number, srpc_reader *arguments,
                              srpc_writer *reply);

/* Returns the number of the procedure or event with that key, 0 if there is none. */
uint16_t srpc_resolve(const srpc_interface *interface, uint32_t key);

/* The counters of a device's link since the device started. Each wraps. */
typedef struct srpc_statistics {
    uint32_t frames; /* received whole */
    uint32_t corrupt;
    uint32_t too_long;
    uint32_t out_of_order; /* calls received after a lost one */
    uint32_t duplicates; /* calls that were answered from memory */
    uint32_t overruns; /* bytes that found no room */
} srpc_statistics;

/* What the end of a batch has beside the number of its items if no item follows them. */
#define SRPC_BATCH_LAST 128u

/* A batch of a stream that is being written, item by item:
 *
 *     srpc_batch batch = srpc_batch_begin(reply, position, limit);
 *     while (srpc_batch_wants(&batch)) {
 *         if (srpc_batch_has(&batch, counter_up(context, to, batch.position, &item))) {
 *             srpc_write_u8(reply, item);
 *         }
 *     }
 *     return srpc_batch_end(&batch);
 */
typedef struct srpc_batch {
    srpc_writer *reply;
    srpc_writer before; /* as it was before the item that is being written */
    const uint8_t *body; /* of the reply */
    uint32_t position; /* of the item that is wanted, from the first that the device has */
    uint8_t limit;
    uint8_t end; /* the number of items, and SRPC_BATCH_LAST */
    uint8_t phase;
} srpc_batch;

/* Begins a batch, with what the caller asks for. */
srpc_batch srpc_batch_begin(srpc_writer *reply, uint32_t position, uint8_t limit);

/* Begins a batch of a moving stream, whose first item has the position `first`. */
srpc_batch srpc_batch_begin_moving(srpc_writer *reply, uint32_t position, uint8_t limit, uint32_t first);

/* Returns true if the item at `position` is wanted: the caller gets it from the procedure and tells `srpc_batch_has`. */
bool srpc_batch_wants(srpc_batch *batch);

/* Takes whether there is such an item, and returns true if it is to be written. */
bool srpc_batch_has(srpc_batch *batch, bool exists);

/* Ends a batch. */
srpc_outcome srpc_batch_end(srpc_batch *batch);

/* The items of a feed, which lie in the receive buffer. */
typedef struct srpc_items {
    srpc_reader reader;
    uint16_t left;
} srpc_items;

/* Begins to read the items of a feed. The generated code reads each of them once, to check it, before it calls the
 * procedure. */
srpc_items srpc_items_begin(const srpc_reader *arguments);

/* Returns true if there is another item, which is to be read from `reader`. */
bool srpc_items_next(srpc_items *items);

#ifdef __cplusplus
}
#endif

#endif
