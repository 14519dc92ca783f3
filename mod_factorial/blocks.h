/*
 * Blocks of memory for large computations and their results.
 */
#ifndef MOD_FACTORIAL_BLOCKS_H
#define MOD_FACTORIAL_BLOCKS_H

#include "engine_shim.h"

/*
 * A block of so many bytes (more than 0), aligned to 64; NULL if there is none. Large ones come
 * straight from the kernel and go straight back: malloc might keep them. From any thread.
 */
void *block_acquire(size_t bytes);

/* The same as the engine's source of memory. */
extern factorial_memory block_memory;

/* Gives a block back, of the size it was acquired with; from any thread. */
void block_release(void *block, size_t bytes);

#endif
