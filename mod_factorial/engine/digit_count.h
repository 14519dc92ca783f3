/*
 * The number of digits of n!, without computing n!.
 */
#ifndef MOD_FACTORIAL_ENGINE_DIGIT_COUNT_H
#define MOD_FACTORIAL_ENGINE_DIGIT_COUNT_H

#include <stddef.h>
#include <stdint.h>

/*
 * The number of decimal digits of n!, n <= FACTORIAL_LIMIT; at least 1. Takes some nanoseconds
 * whatever n is.
 *
 * Stirling's formula for log n! (Abramowitz and Stegun, 6.1.38) in double precision. Where its
 * rounding error could decide between two counts, it is evaluated again in extended precision,
 * whose error is smaller than the distance of any log10 n! from an integer.
 */
size_t factorial_digit_count(uint64_t n);

#endif
