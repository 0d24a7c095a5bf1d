/* Feeds: the items of a call, and the calls. */
#include "client_feed.h"

#include "client_internal.h"

#include <string.h>

enum {
    /* The arguments before the items are being written. */
    FEED_HEAD = 1,
    FEED_ITEMS,
    /* No more items go into this call. */
    FEED_FULL
};

srpc_feed srpc_feed_begin(const srpc_caller *caller, const srpc_target *target)
{
    srpc_feed feed;
    (void)memset(&feed, 0, sizeof feed);
    feed.caller = caller;
    feed.target = target;
    feed.status = SRPC_PENDING;
    return feed;
}

/* Ends the feed. What it was answered with stays until the next call is begun. */
static bool feed_finish(srpc_feed *feed, srpc_status status)
{
    while (feed->fed_count > 0u) {
        feed->fed_count--;
        srpc_client_forget(feed->caller->client, feed->fed[feed->fed_count].ticket);
    }
    feed->status = status;
    return false;
}

/* Makes the call whose arguments have been written. */
static bool feed_fed(srpc_feed *feed, uint32_t total)
{
    srpc_fed *const fed = feed->fed + feed->fed_count;
    srpc_status status;
    feed->phase = 0;
    if (feed->count_at == NULL || (feed->count == 0u && feed->given < total)) {
        return feed_finish(feed, SRPC_NEVER_ARGUMENTS_TOO_LARGE);
    }
    *feed->count_at = feed->count;
    status = srpc_client_start(feed->caller->client, &feed->arguments, feed->target, &feed->patience, &fed->ticket);
    if (status != SRPC_OK) {
        return feed_finish(feed, status);
    }
    fed->count = feed->count;
    feed->fed_count++;
    feed->has_call = true;
    return true;
}

/* Waits until the device has announced the frames that it takes. Any answer shows that it has, even that of a device
 * without its own service, which knows no ping. */
static srpc_status feed_announced(const srpc_feed *feed)
{
    static const srpc_target ping = {0, 0, 3, SRPC_NUMBER_FIXED, SRPC_IDEMPOTENT};
    srpc_call call;
    srpc_status status;
    if (feed->has_call || feed->caller->client->state->phase == SRPC_PHASE_OPEN) {
        return SRPC_OK;
    }
    call = srpc_call_begin(feed->caller, &ping);
    srpc_write_u8(&call.arguments, 0);
    status = srpc_call_wait(&call);
    return feed->caller->client->state->phase == SRPC_PHASE_OPEN ? SRPC_OK : status;
}

/* Begins a call if there is room for one. */
static bool feed_begins(srpc_feed *feed)
{
    const srpc_client *const client = feed->caller->client;
    const size_t room = srpc_client_room(client, feed->target);
    /* No call may run after one that failed. */
    const bool is_fallible = (feed->target->flags & SRPC_FALLIBLE) != 0u;
    const uint8_t window = is_fallible ? 1u : srpc_client_window(client);
    if (feed->fed_count >= window || feed->fed_count >= SRPC_AHEAD || !srpc_client_begin(client, &feed->arguments)) {
        return false;
    }
    if (room < (size_t)(feed->arguments.end - feed->arguments.at)) {
        feed->arguments.end = feed->arguments.at + room;
    }
    feed->patience = srpc_client_patience(client, feed->caller->now(feed->caller->context));
    feed->phase = FEED_HEAD;
    feed->count_at = NULL;
    feed->count = 0;
    return true;
}

bool srpc_feed_asks(srpc_feed *feed, uint32_t total)
{
    const srpc_caller *const caller = feed->caller;
    srpc_time now = caller->now(caller->context);
    const srpc_time deadline = now + caller->client->state->timeout;
    srpc_answer answer;
    if (feed->phase != 0u && !feed_fed(feed, total)) {
        return false;
    }
    while (feed->status == SRPC_PENDING) {
        const bool has_more = feed->given < total || !feed->has_call;
        if (has_more) {
            const srpc_status announced = feed_announced(feed);
            if (announced != SRPC_OK) {
                return feed_finish(feed, announced > SRPC_OWN_ERROR ? announced : SRPC_ONCE_BAD_REPLY);
            }
            if (feed_begins(feed)) {
                return true;
            }
        }
        if (feed->fed_count == 0u) {
            srpc_client_reclaim(caller->client);
            if (srpc_is_past(now, deadline)) {
                return feed_finish(feed, SRPC_NEVER_TIMEOUT);
            }
        } else if (srpc_client_take(caller->client, feed->fed[0].ticket, &answer)) {
            const uint8_t count = feed->fed[0].count;
            feed->fed_count--;
            (void)memmove(feed->fed, feed->fed + 1, feed->fed_count * sizeof *feed->fed);
            feed->reply = srpc_reader_of(answer.bytes, answer.length);
            if (answer.status != SRPC_OK) {
                return feed_finish(feed, answer.status);
            }
            feed->taken += count;
            if (!has_more && feed->fed_count == 0u) {
                return feed_finish(feed, SRPC_OK);
            }
            continue;
        } else {
            /* The oldest call is still in flight. */
        }
        srpc_caller_turn(caller, srpc_until(now, deadline));
        now = caller->now(caller->context);
    }
    return false;
}

bool srpc_feed_wants(srpc_feed *feed, uint32_t total)
{
    if (feed->phase == FEED_HEAD) {
        feed->count_at = feed->arguments.at;
        feed->phase = FEED_ITEMS;
        /* The number of items precedes them but is known last. There are few enough for one byte. */
        srpc_write_u8(&feed->arguments, 0);
        if (!srpc_writer_fits(&feed->arguments)) {
            feed->count_at = NULL;
            feed->phase = FEED_FULL;
        }
    } else if (feed->phase == FEED_ITEMS && srpc_writer_fits(&feed->arguments)) {
        feed->count++;
        feed->given++;
    } else {
        feed->arguments = feed->before;
        feed->phase = FEED_FULL;
    }
    feed->before = feed->arguments;
    return feed->phase == FEED_ITEMS && feed->count < SRPC_MAX_BATCH && feed->given < total;
}

srpc_status srpc_feed_end(const srpc_feed *feed)
{
    if (feed->status <= SRPC_OWN_ERROR && !srpc_reader_ended(&feed->reply)) {
        return SRPC_ONCE_BAD_REPLY;
    }
    return feed->status;
}
