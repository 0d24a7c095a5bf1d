/* A caller for a program that has nothing else to do while it waits: a typed client's function is one call.
 *
 *     SRPC_CLIENT(client, 64, 4, 8, 1, 128);
 *     static const srpc_caller caller = {&client, uart_read, uart_write, millis, NULL};
 *
 *     srpc_client_init(&client, random());
 *     if (calculator_call_add(&caller, 2, 3, &sum, &error) == SRPC_OK) { … }
 */
#ifndef SRPC_CLIENT_CALLER_H
#define SRPC_CLIENT_CALLER_H

#include "client.h"

#ifdef __cplusplus
extern "C" {
#endif

/* A client with its link and clock. Everything in it stays as it is. */
typedef struct srpc_caller {
    const srpc_client *client;
    /* Reads up to `size` bytes, and waits for the first for at most `timeout` milliseconds. Returns how many, or a negative
     * number if the link has failed. */
    int32_t (*read)(void *context, uint8_t *bytes, size_t size, srpc_time timeout);
    /* Writes the first of these bytes, as many as the link takes. Returns how many, or a negative number if the link has
     * failed. */
    int32_t (*write)(void *context, const uint8_t *bytes, size_t count);
    /* Returns the milliseconds of a clock that never goes back. It may wrap. */
    srpc_time (*now)(void *context);
    void *context; /* passed to these three */
} srpc_caller;

/* Sends and receives what there is, and waits for at most `most` milliseconds if there is nothing. */
void srpc_caller_turn(const srpc_caller *caller, srpc_time most);

/* A call, as the functions of typed clients make it:
 *
 *     srpc_call call = srpc_call_begin(caller, &target);
 *     srpc_write_i32(&call.arguments, x);
 *     switch (srpc_call_wait(&call)) {
 *     case SRPC_OK:
 *         *value = srpc_read_i32(&call.reply);
 *         break;
 *     …
 *     }
 *     return srpc_call_end(&call);
 */
typedef struct srpc_call {
    const srpc_caller *caller;
    const srpc_target *target;
    srpc_patience patience; /* may be changed before the call is waited for */
    srpc_writer arguments;
    srpc_reader reply; /* of SRPC_OK the value, of SRPC_OWN_ERROR the error. It stays until the next call is begun. */
    srpc_status status;
} srpc_call;

/* Begins a call: its arguments are to be written next. */
srpc_call srpc_call_begin(const srpc_caller *caller, const srpc_target *target);

/* Makes the call, and waits until it has ended, which it has by its deadline. */
srpc_status srpc_call_wait(srpc_call *call);

/* Returns how it ended, once what it was answered with has been read: SRPC_ONCE_BAD_REPLY if that does not decode. */
srpc_status srpc_call_end(const srpc_call *call);

/* Subscribes to the event with that key, and waits until the device has taken it. */
srpc_status srpc_caller_subscribe(const srpc_caller *caller, uint32_t key, srpc_subscription *subscription);

/* Ends a subscription. */
void srpc_caller_unsubscribe(const srpc_caller *caller, const srpc_subscription *subscription);

/* Waits for an event of any subscription, for at most that long. Its data stay until bytes are received. */
bool srpc_caller_next_event(const srpc_caller *caller, srpc_time timeout, srpc_received_event *event);

#ifdef __cplusplus
}
#endif

#endif
