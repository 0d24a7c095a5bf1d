/* The procedures of the service `calculator`.
 *
 * The state is the running total, which starts at zero, and the last calculations. An event is emitted at every change of
 * the total, and unusual calls are logged. */
#include "arithmetic.h"
#include "demonstration.h"
#include "expression.h"
#include "statistics.h"

#include <math.h>

static void log_line(const demonstration *device, log_level level, const char *text)
{
    log_emit_record(device->events, level, srpc_text("calculator"), srpc_text(text));
}

/* Adds a calculation to the history, which drops the oldest if there is no room, and returns the place of its result. */
static calculator_calculation_result *keep(demonstration *device, const calculator_operation *operation)
{
    calculator_calculation *place;
    if (device->history_count == DEMONSTRATION_HISTORY) {
        device->history_oldest = (uint8_t)((device->history_oldest + 1u) % DEMONSTRATION_HISTORY);
        device->history_dropped++;
        device->history_count--;
    }
    place = &device->history[(device->history_oldest + device->history_count) % DEMONSTRATION_HISTORY];
    device->history_count++;
    place->operation = *operation;
    return &place->result;
}

static void keep_value(demonstration *device, const calculator_operation *operation, int64_t value)
{
    calculator_calculation_result *result = keep(device, operation);
    result->is_error = false;
    result->as.value = value;
}

static void keep_error(demonstration *device, const calculator_operation *operation, calculator_math_error error)
{
    calculator_calculation_result *result = keep(device, operation);
    result->is_error = true;
    result->as.error = error;
}

/* Carries out an operation with a small result, and keeps it for the history. */
static bool calculate(demonstration *device, const calculator_operation *operation, int32_t *value,
                      calculator_math_error *error)
{
    bool has_value;
    switch (operation->tag) {
    case CALCULATOR_OPERATION_ADD:
        has_value = arithmetic_add(operation->as.add.item_0, operation->as.add.item_1, value, error);
        break;
    case CALCULATOR_OPERATION_SUB:
        has_value = arithmetic_sub(operation->as.sub.item_0, operation->as.sub.item_1, value, error);
        break;
    case CALCULATOR_OPERATION_MUL:
        has_value = arithmetic_mul(operation->as.mul.item_0, operation->as.mul.item_1, value, error);
        break;
    case CALCULATOR_OPERATION_DIV:
        has_value = arithmetic_div(operation->as.div.item_0, operation->as.div.item_1, value, error);
        if (!has_value && *error == CALCULATOR_MATH_ERROR_DIVIDE_BY_ZERO) {
            log_line(device, LOG_LEVEL_WARN, "asked to divide by zero");
        }
        break;
    case CALCULATOR_OPERATION_REM:
        has_value = arithmetic_rem(operation->as.rem.item_0, operation->as.rem.item_1, value, error);
        break;
    case CALCULATOR_OPERATION_POW:
    default:
        has_value = arithmetic_pow(operation->as.pow.item_0, operation->as.pow.item_1, value, error);
        break;
    }
    if (has_value) {
        keep_value(device, operation, *value);
    } else {
        keep_error(device, operation, *error);
    }
    return has_value;
}

static void set_total(demonstration *device, int64_t total)
{
    if (device->total != total) {
        device->total = total;
        calculator_emit_total_changed(device->events, total);
    }
}

bool calculator_add(void *context, int32_t x, int32_t y, int32_t *value, calculator_math_error *error)
{
    const calculator_operation operation = {CALCULATOR_OPERATION_ADD, {.add = {x, y}}};
    return calculate(context, &operation, value, error);
}

bool calculator_sub(void *context, int32_t x, int32_t y, int32_t *value, calculator_math_error *error)
{
    const calculator_operation operation = {CALCULATOR_OPERATION_SUB, {.sub = {x, y}}};
    return calculate(context, &operation, value, error);
}

bool calculator_mul(void *context, int32_t x, int32_t y, int32_t *value, calculator_math_error *error)
{
    const calculator_operation operation = {CALCULATOR_OPERATION_MUL, {.mul = {x, y}}};
    return calculate(context, &operation, value, error);
}

bool calculator_div(void *context, int32_t x, int32_t y, int32_t *value, calculator_math_error *error)
{
    const calculator_operation operation = {CALCULATOR_OPERATION_DIV, {.div = {x, y}}};
    return calculate(context, &operation, value, error);
}

bool calculator_rem(void *context, int32_t x, int32_t y, int32_t *value, calculator_math_error *error)
{
    const calculator_operation operation = {CALCULATOR_OPERATION_REM, {.rem = {x, y}}};
    return calculate(context, &operation, value, error);
}

bool calculator_pow(void *context, int32_t base, uint32_t exponent, int32_t *value, calculator_math_error *error)
{
    const calculator_operation operation = {CALCULATOR_OPERATION_POW, {.pow = {base, exponent}}};
    return calculate(context, &operation, value, error);
}

/* Follows IEEE 754: the root of -0.0 is -0.0, of infinity infinity, and of NaN NaN. */
bool calculator_sqrt(void *context, double x, double *value, calculator_math_error *error)
{
    (void)context;
    if (x < 0.0) {
        *error = CALCULATOR_MATH_ERROR_NEGATIVE_ROOT;
        return false;
    }
    *value = sqrt(x);
    return true;
}

bool calculator_statistics(void *context, const double *samples, uint32_t samples_count, calculator_summary *value,
                           calculator_math_error *error)
{
    (void)context;
    if (!statistics_summarise(samples, samples_count, value)) {
        *error = CALCULATOR_MATH_ERROR_NO_SAMPLES;
        return false;
    }
    return true;
}

bool calculator_evaluate(void *context, srpc_string expression, int32_t *value, calculator_expression_error *error)
{
    (void)context;
    return expression_evaluate(expression, value, error);
}

bool calculator_accumulate(void *context, int64_t amount, int64_t *value, calculator_math_error *error)
{
    demonstration *device = context;
    const calculator_operation operation = {CALCULATOR_OPERATION_ACCUMULATE, {.accumulate = amount}};
    if (amount > 0 ? device->total > INT64_MAX - amount : device->total < INT64_MIN - amount) {
        *error = CALCULATOR_MATH_ERROR_OVERFLOW;
        log_line(device, LOG_LEVEL_WARN, "the total would overflow, and stays as it is");
        keep_error(device, &operation, *error);
        return false;
    }
    set_total(device, device->total + amount);
    keep_value(device, &operation, device->total);
    *value = device->total;
    return true;
}

int64_t calculator_total(void *context)
{
    const demonstration *device = context;
    return device->total;
}

void calculator_clear(void *context)
{
    demonstration *device = context;
    const calculator_operation operation = {CALCULATOR_OPERATION_CLEAR, {.accumulate = 0}};
    set_total(device, 0);
    log_line(device, LOG_LEVEL_INFO, "the total was cleared");
    keep_value(device, &operation, 0);
}

uint32_t calculator_history_first(void *context)
{
    const demonstration *device = context;
    return device->history_dropped;
}

bool calculator_history(void *context, uint32_t index, calculator_calculation *item)
{
    const demonstration *device = context;
    if (index >= device->history_count) {
        return false;
    }
    *item = device->history[(device->history_oldest + index) % DEMONSTRATION_HISTORY];
    return true;
}

bool calculator_replay(void *context, srpc_items *operations, int64_t *value, calculator_math_error *error)
{
    demonstration *device = context;
    calculator_operation operation;
    while (calculator_replay_next(operations, &operation)) {
        int32_t small;
        int64_t total;
        switch (operation.tag) {
        case CALCULATOR_OPERATION_ACCUMULATE:
            if (!calculator_accumulate(context, operation.as.accumulate, &total, error)) {
                return false;
            }
            break;
        case CALCULATOR_OPERATION_CLEAR:
            calculator_clear(context);
            break;
        default:
            if (!calculate(device, &operation, &small, error)) {
                return false;
            }
            break;
        }
    }
    *value = device->total;
    return true;
}
