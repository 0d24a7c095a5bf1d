/* The calculator's implementation. */
#include "calculator.h"

static bool checked(int64_t exact, int32_t *value, calculator_math_error *error)
{
    *value = (int32_t)exact;
    *error = CALCULATOR_MATH_ERROR_OVERFLOW;
    return *value == exact;
}

bool calculator_add(void *context, int32_t x, int32_t y, int32_t *value, calculator_math_error *error)
{
    (void)context;
    return checked((int64_t)x + y, value, error);
}

bool calculator_sub(void *context, int32_t x, int32_t y, int32_t *value, calculator_math_error *error)
{
    (void)context;
    return checked((int64_t)x - y, value, error);
}

bool calculator_mul(void *context, int32_t x, int32_t y, int32_t *value, calculator_math_error *error)
{
    (void)context;
    return checked((int64_t)x * y, value, error);
}

bool calculator_div(void *context, int32_t x, int32_t y, int32_t *value, calculator_math_error *error)
{
    (void)context;
    if (y == 0) {
        *error = CALCULATOR_MATH_ERROR_DIVIDE_BY_ZERO;
        return false;
    }
    if (x == INT32_MIN && y == -1) {
        *error = CALCULATOR_MATH_ERROR_OVERFLOW;
        return false;
    }
    *value = x / y;
    return true;
}
