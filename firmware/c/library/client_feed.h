/* Feeds: items sent to a procedure in calls as large as frames allow (PROTOCOL.md, "Feeds"). */
#ifndef SRPC_CLIENT_FEED_H
#define SRPC_CLIENT_FEED_H

#include "client_stream.h"

#ifdef __cplusplus
extern "C" {
#endif

/* A call of a feed. Private. */
typedef struct srpc_fed {
    srpc_ticket ticket;
    uint8_t count;
} srpc_fed;

/* Items that are fed to a procedure, as many in a call as fit:
 *
 *     srpc_feed feed = srpc_feed_begin(caller, &target);
 *     while (srpc_feed_asks(&feed, count)) {
 *         srpc_write_u8(&feed.arguments, scale);
 *         while (srpc_feed_wants(&feed, count)) {
 *             srpc_write_u16(&feed.arguments, amounts[feed.given]);
 *         }
 *     }
 *     if (feed.status == SRPC_OK) {
 *         *value = srpc_read_u32(&feed.reply);
 *     }
 *     return srpc_feed_end(&feed);
 */
typedef struct srpc_feed {
    const srpc_caller *caller;
    const srpc_target *target;
    srpc_writer arguments;
    srpc_reader reply; /* of SRPC_OK the value of the last call, of SRPC_OWN_ERROR the error */
    srpc_status status;
    uint32_t given; /* how many items are in calls, or in the one that is being written */
    uint32_t taken; /* how many were certainly taken; if the status leaves it open, those in flight may be, too */

    /* The rest is private. */
    srpc_writer before; /* as it was before the item that is being written */
    uint8_t *count_at;
    uint8_t count;
    uint8_t phase;
    bool has_call; /* a call has been made */
    uint8_t fed_count;
    srpc_fed fed[SRPC_AHEAD]; /* the oldest first */
    srpc_patience patience;
} srpc_feed;

/* Begins to feed a procedure. If it has an error of its own, each call waits for the one before it, so that none runs after
 * an error. Else several are in flight. */
srpc_feed srpc_feed_begin(const srpc_caller *caller, const srpc_target *target);

/* Waits until there is room for a call, and returns true if the arguments of one are to be written: those before the items,
 * and then those of `total` items that are not yet given. Returns false when all calls have ended. */
bool srpc_feed_asks(srpc_feed *feed, uint32_t total);

/* Returns true if the next item is to be written: there is one, and it may fit. */
bool srpc_feed_wants(srpc_feed *feed, uint32_t total);

/* Returns how it ended, once what it was answered with has been read: SRPC_ONCE_BAD_REPLY if that does not decode. */
srpc_status srpc_feed_end(const srpc_feed *feed);

#ifdef __cplusplus
}
#endif

#endif
