/*
 * Blocks of memory for computations and their results, and what they occupy.
 */
#ifndef MOD_FACTORIAL_MEMORY_H
#define MOD_FACTORIAL_MEMORY_H

#include <stddef.h>

/*
 * The bytes that a block of this size occupies, which are what is charged for it: whole pages from
 * 128 KiB on, whole huge pages from 4 MiB on. Smaller blocks come from malloc, whose overhead of
 * some hundred bytes is not counted. Rounding a rounded size changes nothing.
 */
size_t memory_size(size_t bytes);

/* A block of `bytes`, more than 0, aligned to 64 bytes, contents undefined; NULL if the system has
 * none. From any thread. */
void *memory_allocate(size_t bytes);

/* Frees a block. `bytes` is what it was allocated with, or memory_size of that. NULL is ignored. */
void memory_free(void *block, size_t bytes);

#endif
