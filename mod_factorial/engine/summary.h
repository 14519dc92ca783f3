/*
 * The size, the trailing zeros and the first digits of n!, without computing n!.
 */
#ifndef MOD_FACTORIAL_ENGINE_SUMMARY_H
#define MOD_FACTORIAL_ENGINE_SUMMARY_H

#include <stdint.h>

/* Up to here the number of digits is below 2^53, which every JSON parser reads exactly. */
#define FACTORIAL_SUMMARY_LIMIT 100000000000000u

enum { FACTORIAL_LEADING_DIGITS = 20 };

typedef struct {
    uint64_t n;
    uint64_t digits;         /* the number of decimal digits, at least 1 */
    uint64_t trailing_zeros; /* at their end */
    /* The first 20 digits, cut and not rounded, or all of them if there are fewer; terminated. */
    char leading[FACTORIAL_LEADING_DIGITS + 1];
} factorial_summary;

/*
 * Fills in the summary of n!, exactly, for n up to FACTORIAL_SUMMARY_LIMIT. Takes some ten
 * microseconds. It computes in integers alone, so the floating-point environment does not matter,
 * and may be called from any number of threads at once. GMP takes at most some kilobytes from
 * malloc meanwhile.
 *
 * Stirling's series for ln n! (Abramowitz & Stegun 6.1.40 and 6.1.42) in fixed point, with a proven
 * bound on the error; where that bound leaves the last digit undecided, with twice the precision.
 */
void factorial_summarize(uint64_t n, factorial_summary *summary);

#endif
