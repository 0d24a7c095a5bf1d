/* The interface `calculator`, version 0.1.0, for firmware in C. */
#ifndef CALCULATOR_H
#define CALCULATOR_H

#include "serial_rpc.h"

extern const srpc_interface calculator_interface;
extern const srpc_interface calculator_interface_undescribed;
extern const srpc_interface calculator_interface_bare;

#define CALCULATOR_FINGERPRINT 0x3B46331Bu

typedef enum calculator_math_error {
    CALCULATOR_MATH_ERROR_OVERFLOW = 0,
    CALCULATOR_MATH_ERROR_DIVIDE_BY_ZERO = 1
} calculator_math_error;

bool calculator_add(void *context, int32_t x, int32_t y, int32_t *value, calculator_math_error *error);
bool calculator_sub(void *context, int32_t x, int32_t y, int32_t *value, calculator_math_error *error);
bool calculator_mul(void *context, int32_t x, int32_t y, int32_t *value, calculator_math_error *error);
bool calculator_div(void *context, int32_t x, int32_t y, int32_t *value, calculator_math_error *error);

#endif
