#include "digit_count.h"

#include <float.h>
#include <math.h>

/*
 * Over all n from 3 to FACTORIAL_LIMIT, log10 n! comes no nearer to an integer than 7.2e-9 (at
 * n = 54,528,830; a test walks through all of them). The error of the extended evaluation is below
 * 1e-9, so it always decides. Formats of 53 bits are not enough.
 */
_Static_assert(LDBL_MANT_DIG >= 64, "long double must be an extended format");

enum { SERIES_MIN = 16 }; /* below, the series is not accurate enough */

static size_t count_by_product(uint64_t n)
{
    uint64_t product = 1;
    size_t digits = 1;
    for (uint64_t i = 2; i <= n; i++)
        product *= i;
    for (; product >= 10; product /= 10)
        digits++;
    return digits;
}

static double log10_factorial(double n)
{
    double x = 1 / n, series = x * (1.0 / 12 - x * x * (1.0 / 360 - x * x / 1260));
    return ((n + 0.5) * log(n) - n + series) * 0.43429448190325182765 + 0.39908993417905752478;
}

/* The series is left out: this is called only for n so large that its terms decide nothing. The
 * tests compare every n up to the limit. */
static long double log10_factorial_extended(long double n)
{
    return ((n + 0.5L) * logl(n) - n) * 0.43429448190325182765113L + 0.39908993417905752478250L;
}

size_t factorial_digit_count(uint64_t n)
{
    if (n < SERIES_MIN)
        return count_by_product(n);

    double estimate = log10_factorial((double)n);
    /* A dozen roundings of numbers up to 2.5 times the result, in any rounding mode, and the
     * series' first omitted term. */
    double error = 64 * DBL_EPSILON * estimate + 1e-10;
    double nearest = round(estimate); /* rint depends on the rounding mode */
    if (fabs(estimate - nearest) > error)
        return (size_t)estimate + 1;
    return (size_t)log10_factorial_extended((long double)n) + 1;
}
