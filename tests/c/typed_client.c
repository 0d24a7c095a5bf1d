/* Calls every procedure of the calculator through its typed client, as `tests/src/calculator.rs` does in Rust. */
#include "calculator_client.h"

#include <stdlib.h>
#include <string.h>

/* Returns the line of the first check that fails. */
#define CHECK(condition)                                                                                               \
    do {                                                                                                               \
        if (!(condition)) {                                                                                            \
            return __LINE__;                                                                                           \
        }                                                                                                              \
    } while (0)

int typed_answers(const srpc_caller *caller);
int typed_events(const srpc_caller *caller, uint32_t *lost, int64_t *last);
uint32_t typed_statuses(const srpc_caller *caller);
int typed_addition(const srpc_caller *caller, int32_t x, int32_t y, int32_t *value);
int typed_accumulation(const srpc_caller *caller, int64_t amount, int64_t *value);
int typed_history(const srpc_caller *caller, uint32_t *items, uint32_t *lost);

static int typed_integers(const srpc_caller *caller)
{
    calculator_math_error error;
    int32_t value = 0;
    CHECK(calculator_call_add(caller, 2, 3, &value, &error) == SRPC_OK && value == 5);
    CHECK(calculator_call_add(caller, INT32_MAX, 1, &value, &error) == SRPC_OWN_ERROR);
    CHECK(error == CALCULATOR_MATH_ERROR_OVERFLOW);
    CHECK(calculator_call_sub(caller, -2000000000, 1, &value, &error) == SRPC_OK && value == -2000000001);
    CHECK(calculator_call_mul(caller, -12345, 67890, &value, &error) == SRPC_OK && value == -838102050);
    CHECK(calculator_call_div(caller, -7, 2, &value, &error) == SRPC_OK && value == -3);
    CHECK(calculator_call_div(caller, 1, 0, &value, &error) == SRPC_OWN_ERROR);
    CHECK(error == CALCULATOR_MATH_ERROR_DIVIDE_BY_ZERO);
    CHECK(calculator_call_rem(caller, -7, 2, &value, &error) == SRPC_OK && value == -1);
    CHECK(calculator_call_pow(caller, 2, 30, &value, &error) == SRPC_OK && value == 1 << 30);
    CHECK(calculator_call_pow(caller, 2, 31, &value, &error) == SRPC_OWN_ERROR);
    return 0;
}

static int typed_others(const srpc_caller *caller)
{
    static const double samples[8] = {2.0, 4.0, 4.0, 4.0, 5.0, 5.0, 7.0, 9.0};
    calculator_math_error error;
    calculator_expression_error mistake;
    calculator_summary summary;
    double root = 0.0;
    int32_t value = 0;
    int64_t total = 1;
    CHECK(calculator_call_sqrt(caller, 6.25, &root, &error) == SRPC_OK && root > 2.4999 && root < 2.5001);
    CHECK(calculator_call_sqrt(caller, -1.0, &root, &error) == SRPC_OWN_ERROR);
    CHECK(error == CALCULATOR_MATH_ERROR_NEGATIVE_ROOT);
    CHECK(calculator_call_statistics(caller, samples, 8, &summary, &error) == SRPC_OK);
    CHECK(summary.count == 8u && summary.mean > 4.9999 && summary.mean < 5.0001 && summary.max > 8.9999);
    CHECK(calculator_call_statistics(caller, samples, 0, &summary, &error) == SRPC_OWN_ERROR);
    CHECK(error == CALCULATOR_MATH_ERROR_NO_SAMPLES);
    CHECK(calculator_call_evaluate(caller, srpc_text("2*(3+4)-5"), &value, &mistake) == SRPC_OK && value == 9);
    CHECK(calculator_call_evaluate(caller, srpc_text("2*(3+4"), &value, &mistake) == SRPC_OWN_ERROR);
    CHECK(mistake.position == 2u && mistake.reason == CALCULATOR_EXPRESSION_REASON_UNCLOSED);
    CHECK(calculator_call_accumulate(caller, 40, &total, &error) == SRPC_OK && total == 40);
    CHECK(calculator_call_accumulate(caller, INT64_MAX, &total, &error) == SRPC_OWN_ERROR);
    CHECK(calculator_call_accumulate(caller, 2, &total, &error) == SRPC_OK && total == 42);
    CHECK(calculator_call_total(caller, &total) == SRPC_OK && total == 42);
    CHECK(calculator_call_clear(caller) == SRPC_OK);
    CHECK(calculator_call_total(caller, &total) == SRPC_OK && total == 0);
    return 0;
}

static int typed_sequences(const srpc_caller *caller)
{
    calculator_operation operations[100];
    calculator_calculation item;
    calculator_math_error error;
    srpc_stream stream;
    uint32_t taken = 0;
    uint32_t index;
    int64_t total = 0;
    memset(operations, 0, sizeof operations);
    for (index = 0; index < 100u; index++) {
        operations[index].tag = CALCULATOR_OPERATION_ACCUMULATE;
        operations[index].as.accumulate = (int64_t)index + 1;
    }
    CHECK(calculator_feed_replay(caller, operations, 100, &taken, &total, &error) == SRPC_OK);
    CHECK(total == 5050 && taken == 100u);
    /* One more fails, and none runs after it. */
    operations[50].as.accumulate = INT64_MAX;
    CHECK(calculator_feed_replay(caller, operations, 100, &taken, &total, &error) == SRPC_OWN_ERROR);
    CHECK(error == CALCULATOR_MATH_ERROR_OVERFLOW && taken <= 50u);
    CHECK(calculator_feed_replay(caller, operations, 0, &taken, &total, &error) == SRPC_OK && taken == 0u);
    CHECK(calculator_call_clear(caller) == SRPC_OK);
    operations[50].as.accumulate = 51;
    CHECK(calculator_feed_replay(caller, operations, 100, &taken, &total, &error) == SRPC_OK && total == 5050);
    srpc_stream_begin(&stream);
    for (index = 85; index <= 100u; index++) {
        CHECK(calculator_next_history(caller, &stream, &item) == SRPC_OK);
        CHECK(item.operation.tag == CALCULATOR_OPERATION_ACCUMULATE && item.operation.as.accumulate == index);
        CHECK(!item.result.is_error);
    }
    CHECK(calculator_next_history(caller, &stream, &item) == SRPC_END && stream.lost == 0u);
    CHECK(calculator_next_history(caller, &stream, &item) == SRPC_END);
    CHECK(calculator_call_clear(caller) == SRPC_OK);
    return 0;
}

/* Returns 0 if everything answers as it should, and else the line of what does not. */
int typed_answers(const srpc_caller *caller)
{
    int failed = typed_integers(caller);
    failed = failed != 0 ? failed : typed_others(caller);
    return failed != 0 ? failed : typed_sequences(caller);
}

/* Changes the total 20 times, and reads the events of it. Sums up what was lost, and sets the last total that came. */
int typed_events(const srpc_caller *caller, uint32_t *lost, int64_t *last)
{
    srpc_subscription subscription;
    srpc_received_event event;
    srpc_arrival arrival;
    calculator_math_error error;
    uint32_t came = 0;
    int64_t total;
    int change;
    *lost = 0;
    CHECK(calculator_subscribe_total_changed(caller, &subscription) == SRPC_OK);
    for (change = 0; change < 20; change++) {
        CHECK(calculator_call_accumulate(caller, 1, &total, &error) == SRPC_OK);
    }
    while (srpc_caller_next_event(caller, 1200, &event)) {
        CHECK(calculator_take_total_changed(&subscription, &event, &arrival, last));
        CHECK(!arrival.after_gap);
        came++;
        *lost += arrival.lost;
    }
    /* Those behind the last one that came. */
    *lost += srpc_client_lost_events(caller->client) - subscription.lost;
    srpc_caller_unsubscribe(caller, &subscription);
    CHECK(came + *lost == 20u);
    return 0;
}

int typed_addition(const srpc_caller *caller, int32_t x, int32_t y, int32_t *value)
{
    calculator_math_error error;
    return (int)calculator_call_add(caller, x, y, value, &error);
}

int typed_accumulation(const srpc_caller *caller, int64_t amount, int64_t *value)
{
    calculator_math_error error;
    return (int)calculator_call_accumulate(caller, amount, value, &error);
}

/* Reads the history, and counts its items and those that were missed. Returns the status at its end. */
int typed_history(const srpc_caller *caller, uint32_t *items, uint32_t *lost)
{
    calculator_calculation item;
    srpc_stream stream;
    srpc_status status;
    *items = 0;
    srpc_stream_begin(&stream);
    while ((status = calculator_next_history(caller, &stream, &item)) == SRPC_OK) {
        ++*items;
    }
    *lost = stream.lost;
    return (int)status;
}

/* Calls everything, whatever comes back. Returns the set of the statuses, a bit for each. */
uint32_t typed_statuses(const srpc_caller *caller)
{
    static const double samples[3] = {1.0, 2.0, 3.0};
    calculator_operation operations[30];
    calculator_calculation item;
    calculator_math_error error;
    calculator_expression_error mistake;
    calculator_summary summary;
    srpc_subscription subscription;
    srpc_received_event event;
    srpc_arrival arrival;
    srpc_stream stream;
    srpc_status status;
    uint32_t statuses = 0;
    uint32_t taken;
    uint32_t items;
    int64_t total;
    int32_t value;
    memset(operations, 0, sizeof operations);
    statuses |= UINT32_C(1) << calculator_call_add(caller, 2, 3, &value, &error);
    statuses |= UINT32_C(1) << calculator_call_statistics(caller, samples, 3, &summary, &error);
    statuses |= UINT32_C(1) << calculator_call_evaluate(caller, srpc_text("1+1"), &value, &mistake);
    statuses |= UINT32_C(1) << calculator_call_accumulate(caller, 1, &total, &error);
    statuses |= UINT32_C(1) << calculator_call_total(caller, &total);
    statuses |= UINT32_C(1) << calculator_call_clear(caller);
    statuses |= UINT32_C(1) << calculator_feed_replay(caller, operations, 30, &taken, &total, &error);
    status = calculator_subscribe_total_changed(caller, &subscription);
    statuses |= UINT32_C(1) << status;
    if (status == SRPC_OK) {
        for (items = 0; items < 5u && srpc_caller_next_event(caller, 300, &event); items++) {
            (void)calculator_take_total_changed(&subscription, &event, &arrival, &total);
        }
        srpc_caller_unsubscribe(caller, &subscription);
    }
    /* A device may have items without end. */
    srpc_stream_begin(&stream);
    for (items = 0; items < 200u; items++) {
        status = calculator_next_history(caller, &stream, &item);
        if (status != SRPC_OK) {
            break;
        }
    }
    srpc_stream_close(&stream, caller->client);
    return statuses | UINT32_C(1) << status;
}
