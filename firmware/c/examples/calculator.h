/* The interface `calculator`, version 0.1.0, for firmware in C. */
#ifndef CALCULATOR_H
#define CALCULATOR_H

#include "serial_rpc.h"

#ifdef __cplusplus
extern "C" {
#endif

/* The interface as a server offers it: described, without its description, and without the device's own service. */
extern const srpc_interface calculator_interface;
extern const srpc_interface calculator_interface_undescribed;
extern const srpc_interface calculator_interface_bare;

#define CALCULATOR_FINGERPRINT 0x279E6133u

/* calculator: Integer arithmetic that reports overflow, some statistics, and a running total. */

/* The most elements of `samples` of calculator.statistics. */
#define CALCULATOR_STATISTICS_SAMPLES_MAX 16u

/* The reason why a calculation has no result. */
typedef enum calculator_math_error {
    /* The result does not fit its type. */
    CALCULATOR_MATH_ERROR_OVERFLOW = 0,
    /* The divisor is zero. */
    CALCULATOR_MATH_ERROR_DIVIDE_BY_ZERO = 1,
    /* The square root of a negative number is not a real number. */
    CALCULATOR_MATH_ERROR_NEGATIVE_ROOT = 2,
    /* There are no samples to summarise. */
    CALCULATOR_MATH_ERROR_NO_SAMPLES = 3
} calculator_math_error;

/* The results of statistics. */
typedef struct calculator_summary {
    uint8_t count;
    double min;
    double max;
    double mean;
    double deviation;
} calculator_summary;

/* A mistake in an expression. */
typedef enum calculator_expression_reason {
    CALCULATOR_EXPRESSION_REASON_EXPECTED_OPERAND = 0,
    CALCULATOR_EXPRESSION_REASON_EXPECTED_OPERATOR = 1,
    CALCULATOR_EXPRESSION_REASON_UNCLOSED = 2,
    CALCULATOR_EXPRESSION_REASON_UNOPENED = 3,
    CALCULATOR_EXPRESSION_REASON_TOO_DEEP = 4,
    CALCULATOR_EXPRESSION_REASON_OVERFLOW = 5,
    CALCULATOR_EXPRESSION_REASON_DIVIDE_BY_ZERO = 6
} calculator_expression_reason;

typedef struct calculator_expression_error {
    uint16_t position;
    calculator_expression_reason reason;
} calculator_expression_error;

/* A calculation. */
typedef enum calculator_operation_tag {
    CALCULATOR_OPERATION_ADD = 0,
    CALCULATOR_OPERATION_SUB = 1,
    CALCULATOR_OPERATION_MUL = 2,
    CALCULATOR_OPERATION_DIV = 3,
    CALCULATOR_OPERATION_REM = 4,
    CALCULATOR_OPERATION_POW = 5,
    CALCULATOR_OPERATION_ACCUMULATE = 6,
    CALCULATOR_OPERATION_CLEAR = 7
} calculator_operation_tag;

typedef struct calculator_operation {
    calculator_operation_tag tag;
    /* That of the tag; a variant without content has none. */
    union {
        struct {
            int32_t item_0;
            int32_t item_1;
        } add, sub, mul, div, rem;
        struct {
            int32_t item_0;
            uint32_t item_1;
        } pow;
        int64_t accumulate;
    } as;
} calculator_operation;

/* A `Result` that is part of a value. */
typedef struct calculator_calculation_result {
    bool is_error;
    union {
        int64_t value;
        calculator_math_error error;
    } as;
} calculator_calculation_result;

/* A past calculation. */
typedef struct calculator_calculation {
    calculator_operation operation;
    calculator_calculation_result result;
} calculator_calculation;

/* What the firmware implements. `context` is that of the server. A procedure with an error of its own returns true with
 * its value, and false with its error. */

/* Adds two numbers. */
bool calculator_add(void *context, int32_t x, int32_t y, int32_t *value, calculator_math_error *error);
bool calculator_sub(void *context, int32_t x, int32_t y, int32_t *value, calculator_math_error *error);
bool calculator_mul(void *context, int32_t x, int32_t y, int32_t *value, calculator_math_error *error);
bool calculator_div(void *context, int32_t x, int32_t y, int32_t *value, calculator_math_error *error);
bool calculator_rem(void *context, int32_t x, int32_t y, int32_t *value, calculator_math_error *error);
bool calculator_pow(void *context, int32_t base, uint32_t exponent, int32_t *value, calculator_math_error *error);
bool calculator_sqrt(void *context, double x, double *value, calculator_math_error *error);
/* Summarises up to 16 samples. */
bool calculator_statistics(void *context, const double *samples, uint32_t samples_count, calculator_summary *value,
                           calculator_math_error *error);
bool calculator_evaluate(void *context, srpc_string expression, int32_t *value, calculator_expression_error *error);
bool calculator_accumulate(void *context, int64_t amount, int64_t *value, calculator_math_error *error);
int64_t calculator_total(void *context);
void calculator_clear(void *context);
/* A moving stream. Returns the position of its first item: how many were dropped before it since the device started. */
uint32_t calculator_history_first(void *context);
/* Returns true with the item at `index` from the first, and false behind the last. */
bool calculator_history(void *context, uint32_t index, calculator_calculation *item);
/* A feed: `calculator_replay_next` gives the items of this call. */
bool calculator_replay(void *context, srpc_items *operations, int64_t *value, calculator_math_error *error);

/* What the firmware calls. */

/* Takes the next item of `operations`; returns false behind the last. */
bool calculator_replay_next(srpc_items *operations, calculator_operation *item);
/* Emits the event: the running total has become another. It may be called anywhere, at any time. */
void calculator_emit_total_changed(const srpc_events *events, int64_t total);

/* Codecs, for values that are stored or passed on. */
void calculator_write_operation(srpc_writer *writer, const calculator_operation *value);
void calculator_read_operation(srpc_reader *reader, calculator_operation *value);
void calculator_write_calculation(srpc_writer *writer, const calculator_calculation *value);
void calculator_write_summary(srpc_writer *writer, const calculator_summary *value);
void calculator_write_expression_error(srpc_writer *writer, const calculator_expression_error *value);

#ifdef __cplusplus
}
#endif

#endif
