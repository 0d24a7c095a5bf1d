/* Evaluates an expression of integers while reading it, in one pass and without a syntax tree.
 *
 * A recursive descent: one function for each level of the grammar.
 *
 *     sum     = product { ("+" | "-") product }
 *     product = operand { ("*" | "/" | "%") operand }
 *     operand = number | ("+" | "-") operand | "(" sum ")"
 *
 * It recurses only at a parenthesis or a sign, of which no more than MAX_OPEN may be open at once. So its use of stack is
 * bounded for any input. ASCII whitespace may stand anywhere but inside a number.
 *
 * Of several mistakes the first one is reported: an operator is computed as soon as its right operand is complete, so
 * `1/0+` divides by zero before it lacks an operand. */
#include "expression.h"
#include "arithmetic.h"

/* The most parentheses and signs that may be open at once. */
#define MAX_OPEN 8

/* What is peeked at behind the last byte. */
#define END (-1)

typedef struct evaluator {
    srpc_string text;
    size_t position; /* of the first byte not yet consumed */
    uint8_t open; /* parentheses and signs whose operand is not complete yet */
    calculator_expression_error *error;
} evaluator;

static bool operand(evaluator *in, int32_t *value);
static bool sum(evaluator *in, int32_t *value);

/* Reports a mistake, and returns false. Positions beyond the range of the interface are reported as 65535. */
static bool fail(const evaluator *in, size_t position, calculator_expression_reason reason)
{
    in->error->position = position > UINT16_MAX ? UINT16_MAX : (uint16_t)position;
    in->error->reason = reason;
    return false;
}

/* Returns the next byte that is not whitespace; consumes the whitespace, but not the byte. */
static int peek(evaluator *in)
{
    while (in->position < in->text.length) {
        const char byte = in->text.text[in->position];
        if (byte != ' ' && byte != '\t' && byte != '\n' && byte != '\f' && byte != '\r') {
            return (unsigned char)byte;
        }
        in->position++;
    }
    return END;
}

static bool is_digit(int byte)
{
    return byte >= '0' && byte <= '9';
}

/* Reads the decimal number that starts here, times `sign`, which is 1 or -1. */
static bool number(evaluator *in, int32_t sign, int32_t *value)
{
    const size_t start = in->position;
    int32_t read = 0;
    while (in->position < in->text.length) {
        const char digit = in->text.text[in->position];
        calculator_math_error error;
        if (!is_digit(digit)) {
            break;
        }
        in->position++;
        if (!arithmetic_mul(read, 10, &read, &error) || !arithmetic_add(read, sign * (digit - '0'), &read, &error)) {
            return fail(in, start, CALCULATOR_EXPRESSION_REASON_OVERFLOW);
        }
    }
    *value = read;
    return true;
}

/* Computes the operator at `at`. */
static bool apply(const evaluator *in, arithmetic_operator *operator_, size_t at, int32_t x, int32_t y, int32_t *value)
{
    calculator_math_error error;
    if (operator_(x, y, value, &error)) {
        return true;
    }
    return fail(in, at,
                error == CALCULATOR_MATH_ERROR_DIVIDE_BY_ZERO ? CALCULATOR_EXPRESSION_REASON_DIVIDE_BY_ZERO
                                                              : CALCULATOR_EXPRESSION_REASON_OVERFLOW);
}

/* Reads the operand of the minus sign at `sign`, negated. */
static bool negated(evaluator *in, size_t sign, int32_t *value)
{
    int32_t positive = 0;
    if (is_digit(peek(in))) {
        /* INT32_MIN is a number only together with its sign. */
        return number(in, -1, value);
    }
    return operand(in, &positive) && apply(in, arithmetic_sub, sign, 0, positive, value);
}

/* Reads the content of the parenthesis at `parenthesis`. */
static bool parenthesised(evaluator *in, size_t parenthesis, int32_t *value)
{
    if (!sum(in, value)) {
        return false;
    }
    switch (peek(in)) {
    case ')':
        in->position++;
        return true;
    case END:
        return fail(in, parenthesis, CALCULATOR_EXPRESSION_REASON_UNCLOSED);
    default:
        return fail(in, in->position, CALCULATOR_EXPRESSION_REASON_EXPECTED_OPERATOR);
    }
}

static bool operand(evaluator *in, int32_t *value)
{
    const int byte = peek(in);
    const size_t at = in->position;
    bool is_read;
    if (is_digit(byte)) {
        return number(in, 1, value);
    }
    if (byte != '+' && byte != '-' && byte != '(') {
        return fail(in, at, CALCULATOR_EXPRESSION_REASON_EXPECTED_OPERAND);
    }
    in->position++;
    if (in->open == MAX_OPEN) {
        return fail(in, at, CALCULATOR_EXPRESSION_REASON_TOO_DEEP);
    }
    in->open++;
    if (byte == '+') {
        is_read = operand(in, value);
    } else if (byte == '-') {
        is_read = negated(in, at, value);
    } else {
        is_read = parenthesised(in, at, value);
    }
    in->open--;
    return is_read;
}

static bool product(evaluator *in, int32_t *value)
{
    if (!operand(in, value)) {
        return false;
    }
    for (;;) {
        const int byte = peek(in);
        const size_t at = in->position;
        arithmetic_operator *const operator_ = byte == '*'   ? arithmetic_mul
                                               : byte == '/' ? arithmetic_div
                                               : byte == '%' ? arithmetic_rem
                                                             : NULL;
        int32_t right = 0;
        if (operator_ == NULL) {
            return true;
        }
        in->position++;
        if (!operand(in, &right) || !apply(in, operator_, at, *value, right, value)) {
            return false;
        }
    }
}

static bool sum(evaluator *in, int32_t *value)
{
    if (!product(in, value)) {
        return false;
    }
    for (;;) {
        const int byte = peek(in);
        const size_t at = in->position;
        arithmetic_operator *const operator_ = byte == '+' ? arithmetic_add : byte == '-' ? arithmetic_sub : NULL;
        int32_t right = 0;
        if (operator_ == NULL) {
            return true;
        }
        in->position++;
        if (!product(in, &right) || !apply(in, operator_, at, *value, right, value)) {
            return false;
        }
    }
}

bool expression_evaluate(srpc_string expression, int32_t *value, calculator_expression_error *error)
{
    evaluator in;
    in.text = expression;
    in.position = 0;
    in.open = 0;
    in.error = error;
    if (!sum(&in, value)) {
        return false;
    }
    switch (peek(&in)) {
    case END:
        return true;
    case ')':
        return fail(&in, in.position, CALCULATOR_EXPRESSION_REASON_UNOPENED);
    default:
        return fail(&in, in.position, CALCULATOR_EXPRESSION_REASON_EXPECTED_OPERATOR);
    }
}
