/* The interface `calculator`, version 0.1.0, for firmware in C. Written by `serial-rpc generate c`. */
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

#define CALCULATOR_FINGERPRINT 0x5EB2F908u

/* What the firmware implements has a parameter `context`, which is that of the server. A procedure with an error of
 * its own returns true with its value, and false with its error. */

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

/* The results of [`Calculator::statistics`]. */
typedef struct calculator_summary {
    /* The number of samples, 1 to 16. */
    uint8_t count;
    /* The smallest sample. */
    double min;
    /* The largest sample. */
    double max;
    /* The arithmetic mean. */
    double mean;
    /* The standard deviation of the population. */
    double deviation;
} calculator_summary;

/* A mistake in an expression. */
typedef enum calculator_expression_reason {
    /* A number, a sign or an opening parenthesis is expected here. */
    CALCULATOR_EXPRESSION_REASON_EXPECTED_OPERAND = 0,
    /* An operator, a closing parenthesis or the end is expected here. */
    CALCULATOR_EXPRESSION_REASON_EXPECTED_OPERATOR = 1,
    /* This opening parenthesis is never closed. */
    CALCULATOR_EXPRESSION_REASON_UNCLOSED = 2,
    /* This closing parenthesis was never opened. */
    CALCULATOR_EXPRESSION_REASON_UNOPENED = 3,
    /* More than 8 parentheses and signs are open at once. */
    CALCULATOR_EXPRESSION_REASON_TOO_DEEP = 4,
    /* This number or the result of this operator does not fit an `i32`. */
    CALCULATOR_EXPRESSION_REASON_OVERFLOW = 5,
    /* The divisor of this operator is zero. */
    CALCULATOR_EXPRESSION_REASON_DIVIDE_BY_ZERO = 6
} calculator_expression_reason;

/* The error of [`Calculator::evaluate`]. */
typedef struct calculator_expression_error {
    /* The offset in bytes of the offending character, or of the end of the expression. */
    uint16_t position;
    /* The reason. */
    calculator_expression_reason reason;
} calculator_expression_error;

/* A calculation. */
typedef enum calculator_operation_tag {
    /* The sum of two numbers. */
    CALCULATOR_OPERATION_ADD = 0,
    /* The first less the second. */
    CALCULATOR_OPERATION_SUB = 1,
    /* The product of two numbers. */
    CALCULATOR_OPERATION_MUL = 2,
    /* The first divided by the second. */
    CALCULATOR_OPERATION_DIV = 3,
    /* The remainder of dividing the first by the second. */
    CALCULATOR_OPERATION_REM = 4,
    /* The first to the power of the second. */
    CALCULATOR_OPERATION_POW = 5,
    /* The running total and this amount. */
    CALCULATOR_OPERATION_ACCUMULATE = 6,
    /* Nothing: the running total is set to zero. */
    CALCULATOR_OPERATION_CLEAR = 7
} calculator_operation_tag;

typedef struct calculator_operation {
    calculator_operation_tag tag;
    /* That of the tag; a variant without content has none. */
    union {
        struct {
            int32_t item_0;
            int32_t item_1;
        } add;
        struct {
            int32_t item_0;
            int32_t item_1;
        } sub;
        struct {
            int32_t item_0;
            int32_t item_1;
        } mul;
        struct {
            int32_t item_0;
            int32_t item_1;
        } div;
        struct {
            int32_t item_0;
            int32_t item_1;
        } rem;
        struct {
            int32_t item_0;
            uint32_t item_1;
        } pow;
        int64_t accumulate;
    } as;
} calculator_operation;

typedef struct calculator_calculation_result {
    bool is_error;
    union {
        int64_t value;
        calculator_math_error error;
    } as;
} calculator_calculation_result;

/* A past calculation. */
typedef struct calculator_calculation {
    /* The operation. */
    calculator_operation operation;
    /* Its result, or the reason why it has none. */
    calculator_calculation_result result;
} calculator_calculation;

/* Adds two numbers. */
bool calculator_add(void *context, int32_t x, int32_t y, int32_t *value, calculator_math_error *error);

/* Subtracts `y` from `x`. */
bool calculator_sub(void *context, int32_t x, int32_t y, int32_t *value, calculator_math_error *error);

/* Multiplies two numbers. */
bool calculator_mul(void *context, int32_t x, int32_t y, int32_t *value, calculator_math_error *error);

/* Divides `x` by `y`, rounding towards zero. */
bool calculator_div(void *context, int32_t x, int32_t y, int32_t *value, calculator_math_error *error);

/* The remainder of dividing `x` by `y`; it has the sign of `x`. */
bool calculator_rem(void *context, int32_t x, int32_t y, int32_t *value, calculator_math_error *error);

/* Raises `base` to the power of `exponent`. */
bool calculator_pow(void *context, int32_t base, uint32_t exponent, int32_t *value, calculator_math_error *error);

/* The square root of `x`. */
bool calculator_sqrt(void *context, double x, double *value, calculator_math_error *error);

/* Summarises up to 16 samples. */
bool calculator_statistics(void *context, const double *samples, uint32_t samples_count, calculator_summary *value,
                           calculator_math_error *error);

/* Evaluates an expression of integers, `+ - * / %` and parentheses, such as `2*(3+4)-5`. */
bool calculator_evaluate(void *context, srpc_string expression, int32_t *value, calculator_expression_error *error);

/* Adds `amount` to the running total and returns the new total.
 *
 * A total that would overflow is an error and leaves the total as it was. */
bool calculator_accumulate(void *context, int64_t amount, int64_t *value, calculator_math_error *error);

/* The running total. */
int64_t calculator_total(void *context);

/* Sets the running total to zero. */
void calculator_clear(void *context);

/* The last 16 calculations with integers and the running total, from the oldest.
 *
 * A moving stream: returns true with the item at `index` from the first, and false behind the last. */
bool calculator_history(void *context, uint32_t index, calculator_calculation *item);
/* Returns the position of the first item: how many were dropped before it since the device started. */
uint32_t calculator_history_first(void *context);

/* Carries out operations one after the other, up to the first that has no result, and returns
 * the running total.
 *
 * A feed: `calculator_replay_next` gives the items of this call, `operations`. */
bool calculator_replay(void *context, srpc_items *operations, int64_t *value, calculator_math_error *error);

/* What the firmware calls. */

/* Takes the next item of `operations`; returns false behind the last. */
bool calculator_replay_next(srpc_items *operations, calculator_operation *item);

/* The running total has become another.
 *
 * An event: it may be emitted anywhere, at any time. */
void calculator_emit_total_changed(const srpc_events *events, int64_t total);

/* Codecs, for values that are stored or passed on. */
void calculator_write_summary(srpc_writer *writer, const calculator_summary *value);
void calculator_read_summary(srpc_reader *reader, calculator_summary *value);
void calculator_write_expression_error(srpc_writer *writer, const calculator_expression_error *value);
void calculator_read_expression_error(srpc_reader *reader, calculator_expression_error *value);
void calculator_write_operation(srpc_writer *writer, const calculator_operation *value);
void calculator_read_operation(srpc_reader *reader, calculator_operation *value);
void calculator_write_calculation_result(srpc_writer *writer, const calculator_calculation_result *value);
void calculator_read_calculation_result(srpc_reader *reader, calculator_calculation_result *value);
void calculator_write_calculation(srpc_writer *writer, const calculator_calculation *value);
void calculator_read_calculation(srpc_reader *reader, calculator_calculation *value);

/* blocks: Named data that is read and written a piece at a time. Pieces name a block by its number. */

/* A listed block. */
typedef struct blocks_block_info {
    /* The name by which it is found. */
    srpc_string name;
    /* The number of bytes in it. */
    uint32_t length;
    /* The maximum number of bytes, or 0 if it is read-only. */
    uint32_t capacity;
} blocks_block_info;

/* A block that was found. */
typedef struct blocks_found {
    /* Its number. */
    uint8_t block;
    /* The number of bytes in it. */
    uint32_t length;
    /* The maximum number of bytes, or 0 if it is read-only. */
    uint32_t capacity;
} blocks_found;

/* The reason why a block cannot be read or written. */
typedef enum blocks_block_error {
    /* There is no block of that name or number. */
    BLOCKS_BLOCK_ERROR_NO_SUCH_BLOCK = 0,
    /* It cannot be written. */
    BLOCKS_BLOCK_ERROR_READ_ONLY = 1,
    /* It cannot hold that many bytes. */
    BLOCKS_BLOCK_ERROR_TOO_LONG = 2,
    /* The bytes lie behind the end of the block. */
    BLOCKS_BLOCK_ERROR_OUT_OF_RANGE = 3,
    /* No write has begun since the device was started, or not all bytes before the offset are there. */
    BLOCKS_BLOCK_ERROR_NOT_BEGUN = 4,
    /* These are not the next bytes; some before them are missing. */
    BLOCKS_BLOCK_ERROR_GAP = 5,
    /* The checksum differs from that of the written bytes. */
    BLOCKS_BLOCK_ERROR_DIFFERS = 6,
    /* The memory that holds it failed. */
    BLOCKS_BLOCK_ERROR_FAILED = 7
} blocks_block_error;

/* Returns the blocks that the device offers. The library answers the procedures. */
const srpc_blocks *calculator_blocks(void *context);

/* log: What the device does, as it says itself. */

/* The level of a line, the most urgent first, as in the crate `log`. */
typedef enum log_level {
    /* Something failed. */
    LOG_LEVEL_ERROR = 0,
    /* Something may be wrong. */
    LOG_LEVEL_WARN = 1,
    /* Something worth knowing happened. */
    LOG_LEVEL_INFO = 2,
    /* Something that helps to find a mistake. */
    LOG_LEVEL_DEBUG = 3,
    /* Every step. */
    LOG_LEVEL_TRACE = 4
} log_level;

/* What the firmware calls. */

/* A line of the log: how much it matters, what part of the firmware it is from, and what it says.
 *
 * An event: it may be emitted anywhere, at any time. */
void log_emit_record(const srpc_events *events, log_level level, srpc_string target, srpc_string text);

#ifdef __cplusplus
}
#endif

#endif
