/*
 * Blocks of memory for computations and their results, and what they occupy.
 */
#ifndef MOD_FACTORIAL_MEMORY_H
#define MOD_FACTORIAL_MEMORY_H

#include <stddef.h>

/*
 * The bytes that a block of this size occupies: whole pages from 128 KiB on, whole huge pages from
 * 4 MiB on, and no less than `bytes`. What is charged for a block is this. Smaller blocks are
 * malloc's, which adds some hundred bytes to each that are not counted. A size that was rounded
 * stays as it is.
 */
size_t memory_size(size_t bytes);

/* A block of `bytes`, more than 0, aligned to 64 bytes, contents undefined; NULL if the system has
 * none. From any thread. */
void *memory_allocate(size_t bytes);

/* Frees a block. `bytes` is what it was allocated with, or memory_size of that. NULL is ignored. */
void memory_free(void *block, size_t bytes);

#endif
