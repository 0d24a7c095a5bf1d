/* Arithmetic on `int32_t` with an error if there is no result. */
#include "arithmetic.h"

/* Takes a result of any size, if it fits. */
static bool narrow(int64_t result, int32_t *value, calculator_math_error *error)
{
    if (result < INT32_MIN || result > INT32_MAX) {
        *error = CALCULATOR_MATH_ERROR_OVERFLOW;
        return false;
    }
    *value = (int32_t)result;
    return true;
}

bool arithmetic_add(int32_t x, int32_t y, int32_t *value, calculator_math_error *error)
{
    return narrow((int64_t)x + y, value, error);
}

bool arithmetic_sub(int32_t x, int32_t y, int32_t *value, calculator_math_error *error)
{
    return narrow((int64_t)x - y, value, error);
}

bool arithmetic_mul(int32_t x, int32_t y, int32_t *value, calculator_math_error *error)
{
    return narrow((int64_t)x * y, value, error);
}

bool arithmetic_div(int32_t x, int32_t y, int32_t *value, calculator_math_error *error)
{
    if (y == 0) {
        *error = CALCULATOR_MATH_ERROR_DIVIDE_BY_ZERO;
        return false;
    }
    if (y == -1) {
        /* INT32_MIN / -1 is the only quotient that does not fit. */
        return narrow(-(int64_t)x, value, error);
    }
    *value = x / y;
    return true;
}

bool arithmetic_rem(int32_t x, int32_t y, int32_t *value, calculator_math_error *error)
{
    if (y == 0) {
        *error = CALCULATOR_MATH_ERROR_DIVIDE_BY_ZERO;
        return false;
    }
    /* C leaves INT32_MIN % -1 undefined; its remainder is a plain 0. */
    *value = y == -1 ? 0 : x % y;
    return true;
}

bool arithmetic_pow(int32_t base, uint32_t exponent, int32_t *value, calculator_math_error *error)
{
    int32_t power = 1;
    /* The base is squared no more than it is needed, for its square may overflow where the power does not. */
    while (exponent > 1) {
        if ((exponent & 1u) != 0 && !arithmetic_mul(power, base, &power, error)) {
            return false;
        }
        if (!arithmetic_mul(base, base, &base, error)) {
            return false;
        }
        exponent >>= 1;
    }
    if (exponent == 1) {
        return arithmetic_mul(power, base, value, error);
    }
    *value = power;
    return true;
}
