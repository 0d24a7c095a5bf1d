/* Summarises samples. */
#ifndef STATISTICS_H
#define STATISTICS_H

#include "calculator.h"

/* Summarises samples; returns false if there are none. The interface allows at most 16. */
bool statistics_summarise(const double *samples, uint32_t count, calculator_summary *summary);

#endif
