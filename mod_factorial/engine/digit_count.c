#include "digit_count.h"

#include <float.h>
#include <math.h>

/*
 * Over all n from 3 to FACTORIAL_LIMIT, log10 n! comes no nearer to an integer than 7.2e-9 (at
 * n = 54,528,830; a test walks through all of them). The rounding error of the extended evaluation
 * is below 1e-9, so it always decides. Formats of 53 bits are not enough.
 */
_Static_assert(LDBL_MANT_DIG >= 64, "long double must be an extended format");

/* Stirling's formula. The series that belongs to it would add less than 0.04 / n: no n! up to the
 * limit is so near to a power of ten that this decides. A test compares every n. */
static double log10_factorial(double n)
{
    return ((n + 0.5) * log(n) - n) * 0.43429448190325182765 + 0.39908993417905752478;
}

static long double log10_factorial_extended(long double n)
{
    return ((n + 0.5L) * logl(n) - n) * 0.43429448190325182765113L + 0.39908993417905752478250L;
}

size_t factorial_digit_count(uint64_t n)
{
    if (n == 0)
        return 1;
    double estimate = log10_factorial((double)n);
    /* A dozen roundings of numbers up to 2.5 times the result, in any rounding mode. */
    double error = 64 * DBL_EPSILON * estimate;
    double nearest = round(estimate); /* rint depends on the rounding mode */
    if (fabs(estimate - nearest) > error)
        return (size_t)estimate + 1;
    return (size_t)log10_factorial_extended((long double)n) + 1;
}
