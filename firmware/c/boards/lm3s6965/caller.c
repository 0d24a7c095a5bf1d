/* A microcontroller that calls another one: it calls every procedure of the calculator that is served at the other end of
 * the UART.
 *
 * The results are printed through semihosting, line by line. At the end the board switches itself off, with success if
 * every call was answered, even with the procedure's own error. */
#include "calculator_client.h"
#include "clock.h"
#include "semihosting.h"
#include "uart.h"

/* The longest frame, in bytes: that of 16 samples of 8 bytes each. */
#define FRAME 160

/* The time limit for a call: the other board may be switched on later than this one. */
#define PATIENCE 30000

/* Room for 2 calls, 16 numbers of procedures, a subscription, and 64 bytes of events. */
SRPC_CLIENT(client, FRAME, 2, 16, 1, 64);

static int32_t read(void *context, uint8_t *bytes, size_t size, srpc_time timeout)
{
    const srpc_time start = clock_now();
    size_t count = 0;
    (void)context;
    while (!uart_has_received() && clock_now() - start < timeout) {
        uart_sleep();
    }
    while (count < size && uart_has_received()) {
        bytes[count] = uart_read();
        count++;
    }
    return (int32_t)count;
}

static int32_t write(void *context, const uint8_t *bytes, size_t count)
{
    (void)context;
    uart_write(bytes, count);
    return (int32_t)count;
}

static srpc_time now(void *context)
{
    (void)context;
    return clock_now();
}

static const srpc_caller caller = {&client, read, write, now, NULL};

static void print_number(int64_t number)
{
    uint64_t left = number < 0 ? 0u - (uint64_t)number : (uint64_t)number;
    char digits[21];
    char *first = &digits[20];
    *first = '\0';
    do {
        first--;
        *first = (char)('0' + left % 10u);
        left /= 10u;
    } while (left > 0u);
    if (number < 0) {
        semihosting_print("-");
    }
    semihosting_print(first);
}

/* Prints a number that has at most one decimal, as all here have. */
static void print_decimal(double number)
{
    const int64_t tenths = (int64_t)(number * 10.0);
    print_number(tenths / 10);
    semihosting_print(".");
    print_number(tenths % 10);
}

static const char *const math_errors[] = {"Overflow", "DivideByZero", "NegativeRoot", "NoSamples"};

static const char *const expression_reasons[] = {"ExpectedOperand", "ExpectedOperator", "Unclosed",    "Unopened",
                                                 "TooDeep",         "Overflow",         "DivideByZero"};

/* Prints the call and how it ended, but for the value of one that returned. Returns true if that is to be printed. */
static bool begin_line(const char *call, srpc_status status)
{
    semihosting_print(call);
    switch (status) {
    case SRPC_OK:
        semihosting_print(" = ");
        return true;
    case SRPC_OWN_ERROR:
        semihosting_print(" = error ");
        return false;
    default:
        semihosting_print(" failed: ");
        semihosting_print(srpc_status_text(status));
        semihosting_print("\n");
        return false;
    }
}

/* Prints the error of a call that has one, and returns true if it was answered. */
static bool end_line(srpc_status status, calculator_math_error error)
{
    if (status == SRPC_OWN_ERROR) {
        semihosting_print(math_errors[error]);
    }
    if (status == SRPC_OK || status == SRPC_OWN_ERROR) {
        semihosting_print("\n");
        return true;
    }
    return false;
}

static bool show_number(const char *call, srpc_status status, int64_t value, calculator_math_error error)
{
    if (begin_line(call, status)) {
        print_number(value);
    }
    return end_line(status, error);
}

/* Calls a procedure of two numbers. */
static bool show_small(const char *call, srpc_status status, const int32_t *value, const calculator_math_error *error)
{
    return show_number(call, status, status == SRPC_OK ? *value : 0,
                       status == SRPC_OWN_ERROR ? *error : CALCULATOR_MATH_ERROR_OVERFLOW);
}

static bool show_statistics(const char *call, const double *samples, uint32_t count)
{
    calculator_summary summary;
    calculator_math_error error = CALCULATOR_MATH_ERROR_OVERFLOW;
    const srpc_status status = calculator_call_statistics(&caller, samples, count, &summary, &error);
    if (begin_line(call, status)) {
        print_number(summary.count);
        semihosting_print(" from ");
        print_decimal(summary.min);
        semihosting_print(" to ");
        print_decimal(summary.max);
        semihosting_print(", mean ");
        print_decimal(summary.mean);
        semihosting_print(", deviation ");
        print_decimal(summary.deviation);
    }
    return end_line(status, error);
}

static bool show_evaluate(const char *call, const char *expression)
{
    int32_t value;
    calculator_expression_error error;
    const srpc_status status = calculator_call_evaluate(&caller, srpc_text(expression), &value, &error);
    if (begin_line(call, status)) {
        print_number(value);
    }
    if (status == SRPC_OWN_ERROR) {
        print_number(error.position);
        semihosting_print(" ");
        semihosting_print(expression_reasons[error.reason]);
        semihosting_print("\n");
        return true;
    }
    return end_line(status, CALCULATOR_MATH_ERROR_OVERFLOW);
}

static bool call_arithmetic(void)
{
    int32_t value;
    double root;
    calculator_math_error error = CALCULATOR_MATH_ERROR_OVERFLOW;
    srpc_status status;
    bool is_answered = true;
/* Calls a procedure of two numbers, prints the result, and notes if it was not answered. */
#define CALL(procedure, x, y)                                                                                          \
    status = calculator_call_##procedure(&caller, x, y, &value, &error);                                               \
    is_answered &= show_small(#procedure "(" #x ", " #y ")", status, &value, &error)
    CALL(add, 2, 3);
    CALL(add, INT32_MAX, 1);
    CALL(sub, -2000000000, 1);
    CALL(mul, -12345, 67890);
    CALL(div, -7, 2);
    CALL(div, 1, 0);
    CALL(rem, -7, 2);
    CALL(pow, 2, 30);
    CALL(pow, 2, 31);
#undef CALL
    status = calculator_call_sqrt(&caller, 2.25, &root, &error);
    if (begin_line("sqrt(2.25)", status)) {
        print_decimal(root);
    }
    is_answered &= end_line(status, error);
    status = calculator_call_sqrt(&caller, -1.0, &root, &error);
    (void)begin_line("sqrt(-1.0)", status);
    is_answered &= end_line(status, error);
    return is_answered;
}

static bool call_total(void)
{
    static const int64_t amounts[] = {40, INT64_MAX, 2};
    static const char *const calls[] = {"accumulate(40)", "accumulate(INT64_MAX)", "accumulate(2)"};
    int64_t value = 0;
    calculator_math_error error = CALCULATOR_MATH_ERROR_OVERFLOW;
    srpc_status status = calculator_call_clear(&caller);
    size_t at;
    bool is_answered;
    (void)begin_line("clear()", status);
    is_answered = end_line(status, error);
    for (at = 0; at < sizeof amounts / sizeof *amounts; at++) {
        status = calculator_call_accumulate(&caller, amounts[at], &value, &error);
        is_answered &= show_number(calls[at], status, value, error);
    }
    status = calculator_call_total(&caller, &value);
    return show_number("total()", status, value, error) && is_answered;
}

/* Feeds operations, hears of the change that they make, and reads the history that they leave. */
static bool call_sequences(void)
{
    calculator_operation operations[100];
    calculator_calculation item;
    srpc_subscription subscription;
    srpc_received_event event;
    srpc_arrival arrival;
    srpc_stream history;
    uint32_t taken = 0;
    int64_t value = 0;
    int64_t heard = 0;
    uint32_t count = 0;
    calculator_math_error error = CALCULATOR_MATH_ERROR_OVERFLOW;
    srpc_status status = calculator_subscribe_total_changed(&caller, &subscription);
    bool is_answered;
    (void)begin_line("subscribe_total_changed()", status);
    is_answered = end_line(status, error);
    status = calculator_call_accumulate(&caller, 8, &value, &error);
    is_answered &= show_number("accumulate(8)", status, value, error);
    if (srpc_caller_next_event(&caller, PATIENCE, &event) &&
        calculator_take_total_changed(&subscription, &event, &arrival, &heard)) {
        is_answered &= show_number("total_changed", SRPC_OK, heard, error);
    }
    srpc_caller_unsubscribe(&caller, &subscription);

    for (count = 0; count < 100u; count++) {
        operations[count].tag = CALCULATOR_OPERATION_ACCUMULATE;
        operations[count].as.accumulate = (int64_t)count;
    }
    status = calculator_feed_replay(&caller, operations, count, &taken, &value, &error);
    is_answered &= show_number("replay(0 to 99)", status, value, error);

    srpc_stream_begin(&history);
    count = 0;
    do {
        status = calculator_next_history(&caller, &history, &item);
        count += status == SRPC_OK ? 1u : 0u;
    } while (status == SRPC_OK);
    status = status == SRPC_END ? SRPC_OK : status;
    return show_number("history()", status, count, error) && is_answered;
}

static bool call_every_procedure(void)
{
    static const double samples[] = {2.0, 4.0, 4.0, 4.0, 5.0, 5.0, 7.0, 9.0};
    bool is_answered = call_arithmetic();
    is_answered &= show_statistics("statistics(2, 4, 4, 4, 5, 5, 7, 9)", samples, 8);
    is_answered &= show_statistics("statistics()", samples, 0);
    is_answered &= show_evaluate("evaluate(2*(3+4)-5)", "2*(3+4)-5");
    is_answered &= show_evaluate("evaluate(2*(3+4)", "2*(3+4");
    is_answered &= call_total();
    is_answered &= call_sequences();
    return is_answered;
}

int main(void)
{
    bool is_answered;
    uart_start();
    clock_start();
    /* The sessions need a number that none before has had: the time of day. A board without a debugger would count its
     * starts in flash instead. */
    srpc_client_init(&client, semihosting_time());
    srpc_client_set_patience(&client, PATIENCE, 0);
    semihosting_print("calling\n");
    is_answered = call_every_procedure();
    semihosting_exit(is_answered);
    return 0;
}
