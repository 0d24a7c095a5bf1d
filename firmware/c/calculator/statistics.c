/* Summarises samples without losing them to rounding, overflow or underflow.
 *
 * The textbook's formula for the deviation cancels catastrophically, and squares leave the range of `double` long before
 * the samples do. So the samples are scaled by a power of two, without relevant rounding, until the largest lies between
 * 0.5 and 1; then the deviations from the mean are squared, not the samples.
 *
 * Infinite samples are included in the minimum, the maximum and the mean, which is NaN if there are infinities of both
 * signs; the deviation is NaN then. One NaN makes all four NaN. */
#include "statistics.h"

#include <math.h>

/* Returns the lesser of both, or NaN if either is, where `fmin` would hide it. */
static double lesser(double x, double y)
{
    return x < y || isnan(x) ? x : y;
}

/* Returns the greater of both, or NaN if either is, where `fmax` would hide it. */
static double greater(double x, double y)
{
    return x > y || isnan(x) ? x : y;
}

/* Sets the mean and the standard deviation of finite samples. */
static void set_moments(const double *samples, uint32_t count, calculator_summary *summary)
{
    const double number = (double)count;
    double estimate = 0.0;
    double error = 0.0;
    double squares = 0.0;
    double variance;
    int exponent;
    uint32_t at;
    (void)frexp(greater(-summary->min, summary->max), &exponent);
    for (at = 0; at < count; at++) {
        estimate += scalbn(samples[at], -exponent);
    }
    estimate /= number;
    /* The estimate is rounded; the sum of the deviations from it is its error. */
    for (at = 0; at < count; at++) {
        const double deviation = scalbn(samples[at], -exponent) - estimate;
        error += deviation;
        squares += deviation * deviation;
    }
    variance = greater(0.0, (squares - error * error / number) / number);
    summary->mean = scalbn(estimate + error / number, exponent);
    summary->mean = lesser(greater(summary->mean, summary->min), summary->max);
    summary->deviation = scalbn(sqrt(variance), exponent);
}

bool statistics_summarise(const double *samples, uint32_t count, calculator_summary *summary)
{
    uint32_t at;
    if (count == 0) {
        return false;
    }
    summary->count = (uint8_t)count;
    summary->min = samples[0];
    summary->max = samples[0];
    for (at = 1; at < count; at++) {
        summary->min = lesser(summary->min, samples[at]);
        summary->max = greater(summary->max, samples[at]);
    }
    if (isfinite(summary->min) && isfinite(summary->max)) {
        set_moments(samples, count, summary);
    } else {
        /* The infinity, or NaN if there is one of either sign; NaN stays NaN. */
        summary->mean = summary->min + summary->max;
        summary->deviation = (double)NAN;
    }
    return true;
}
