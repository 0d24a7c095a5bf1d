/* When to send again: the resend time, from measured round trips (PROTOCOL.md, "Resending").
 *
 * The estimate is that of RFC 6298: a smoothed round trip and its mean deviation, in integers. A call that was sent more
 * than once gives no sample, since the answer may belong to any copy. */
#include "client_internal.h"

/* No round trip is longer: the estimate is kept times 8. */
#define SRPC_MOST_SAMPLED 0x0FFFFFFFu

/* 2^20 milliseconds exceed any sensible upper bound many times over. */
#define SRPC_MOST_DOUBLINGS 20u

static srpc_time client_larger(srpc_time left, srpc_time right)
{
    return left > right ? left : right;
}

/* Returns the current resend time. */
static srpc_time client_resend_time(const srpc_client *client)
{
    const srpc_timing *timing = &client->state->timing;
    srpc_time time = client_larger(timing->min, timing->initial);
    srpc_time patient = client->state->left / 8u;
    srpc_time most;
    uint8_t doublings;
    if (client->state->is_measured) {
        /* If every round trip takes the same time, the deviation leaves no margin. */
        time = client->state->round_trip / 8u + client_larger(timing->min, client->state->deviation);
    }
    if (patient > timing->max_patient) {
        patient = timing->max_patient;
    }
    most = client_larger(time, client_larger(timing->max, patient));
    for (doublings = client->state->doublings; doublings > 0u; doublings--) {
        time = time < most - time ? 2u * time : most;
    }
    return time;
}

void srpc_client_timer_measured(const srpc_client *client, srpc_time sample)
{
    if (sample > SRPC_MOST_SAMPLED) {
        sample = SRPC_MOST_SAMPLED;
    }
    if (client->state->is_measured) {
        const uint32_t smoothed = client->state->round_trip / 8u;
        const uint32_t difference = sample > smoothed ? sample - smoothed : smoothed - sample;
        client->state->deviation += difference - client->state->deviation / 4u;
        client->state->round_trip += sample - smoothed;
    } else {
        client->state->is_measured = true;
        client->state->round_trip = 8u * sample;
        client->state->deviation = 2u * sample;
    }
}

void srpc_client_timer_arm(const srpc_client *client, srpc_time now)
{
    const srpc_client_call *call;
    bool is_first = true;
    uint8_t place;
    client->state->left = 0;
    for (place = 0; (call = srpc_client_call_at(client, place)) != NULL; place++) {
        if (srpc_is_in_flight(call)) {
            const srpc_time left = srpc_until(now, call->patience.deadline);
            if (is_first || left < client->state->left) {
                client->state->left = left;
            }
            is_first = false;
        }
    }
    client->state->planned = now + client_resend_time(client);
    client->state->due = client->state->planned;
    client->state->is_armed = true;
    client->state->has_heard = false;
}

void srpc_client_timer_disarm(const srpc_client *client)
{
    client->state->is_armed = false;
    client->state->has_heard = false;
    client->state->doublings = 0;
}

/* A device with many events may send such frames without end. */
void srpc_client_timer_heard_no_answer(const srpc_client *client)
{
    client->state->has_heard = false;
    client->state->due = client->state->planned;
}

bool srpc_client_timer_expired(const srpc_client *client, srpc_time now)
{
    if (!client->state->is_armed || !srpc_is_past(now, client->state->due)) {
        return false;
    }
    if (client->state->has_heard) {
        client->state->has_heard = false;
        client->state->due = client->state->heard_at + client_resend_time(client);
        if (!srpc_is_past(now, client->state->due)) {
            return false;
        }
    }
    client->state->is_armed = false;
    if (client->state->doublings < SRPC_MOST_DOUBLINGS) {
        client->state->doublings++;
    }
    return true;
}
