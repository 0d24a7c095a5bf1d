/* Evaluates an expression of integers. */
#ifndef EXPRESSION_H
#define EXPRESSION_H

#include "calculator.h"

/* Returns true with the value of an expression, and false with its first mistake. */
bool expression_evaluate(srpc_string expression, int32_t *value, calculator_expression_error *error);

#endif
