/*
 * Scratch memory that ends at a page which cannot be touched: a write past its end ends the test.
 */
#ifndef MOD_FACTORIAL_TESTS_GUARDED_SCRATCH_H
#define MOD_FACTORIAL_TESTS_GUARDED_SCRATCH_H

#include <stddef.h>

/* A block of so many bytes, filled with one pattern. It is aligned to the largest power of two that
 * divides its size. Released by the function below, with the same size. */
void *guarded_scratch_new(size_t size);
void guarded_scratch_delete(void *block, size_t size);

/* The end of the highest byte that has changed, counted from the block's beginning. */
size_t guarded_scratch_used(const void *block, size_t size);

#endif
