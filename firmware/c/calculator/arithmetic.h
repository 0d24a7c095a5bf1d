/* Arithmetic on `int32_t` with an error if there is no result: the operators of the procedures and of expressions. */
#ifndef ARITHMETIC_H
#define ARITHMETIC_H

#include "calculator.h"

/* Computes one operator of two operands: returns true with its value, and false with the reason why there is none. */
typedef bool arithmetic_operator(int32_t x, int32_t y, int32_t *value, calculator_math_error *error);

arithmetic_operator arithmetic_add;
arithmetic_operator arithmetic_sub;
arithmetic_operator arithmetic_mul;
arithmetic_operator arithmetic_div;
arithmetic_operator arithmetic_rem;

/* Raises `base` to the power of `exponent`. */
bool arithmetic_pow(int32_t base, uint32_t exponent, int32_t *value, calculator_math_error *error);

#endif
