/*
 * The engine's memory for tests: counts what is held, remembers the peak, refuses on demand.
 */
#ifndef MOD_FACTORIAL_TESTS_HEAP_H
#define MOD_FACTORIAL_TESTS_HEAP_H

#include "engine/factorial.h"

typedef struct {
    factorial_memory memory;
    atomic_size_t used, peak; /* bytes */
    atomic_int until_refusal; /* counts down; the request that reaches 0 is refused */
} heap;

void heap_init(heap *h);

/* Refuses the k-th request from now on, counted from 1, and no other; 0 refuses none. */
void heap_refuse(heap *h, int k);

#endif
