/*
 * The monotonic clock: time limits and durations must not change when the wall clock is set.
 */
#ifndef MOD_FACTORIAL_CLOCK_H
#define MOD_FACTORIAL_CLOCK_H

#include <stdint.h>
#include <time.h>

enum { CLOCK_MS = 1000, CLOCK_SECOND = 1000000 }; /* microseconds */

/* Microseconds since an arbitrary moment. */
static inline int64_t clock_now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * CLOCK_SECOND + t.tv_nsec / 1000;
}

#endif
