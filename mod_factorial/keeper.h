/*
 * Memory that is kept between computations: clearing fresh pages is a third of what a computation
 * costs that gets its memory from the kernel.
 */
#ifndef MOD_FACTORIAL_KEEPER_H
#define MOD_FACTORIAL_KEEPER_H

#include "engine_shim.h"

typedef struct factorial_keeper factorial_keeper;

/*
 * A keeper of memory that comes from `source`, which it keeps using and which must outlive it. Idle
 * blocks stay acquired from the source, as long as they do not exceed `ceiling` bytes together. All
 * of the keeper's functions but create and destroy may be called from any number of threads. NULL
 * if there is no memory.
 */
factorial_keeper *factorial_keeper_create(factorial_memory *source, size_t ceiling);

/* Gives all idle blocks back. No block may be in use. NULL is nothing to destroy. */
void factorial_keeper_destroy(factorial_keeper *keeper);

/*
 * For jobs: acquires the smallest idle block that is long enough, of which at most an eighth would
 * not be used; else a new one from the source. If the source refuses, all idle blocks are
 * given back and it is asked again. Releases to the idle blocks; if they would exceed the ceiling,
 * back to the source.
 */
factorial_memory *factorial_keeper_memory(factorial_keeper *keeper);

/* Gives all idle blocks back to the source. Returns their bytes. */
size_t factorial_keeper_give_back(factorial_keeper *keeper);

/* Bytes of the idle blocks at this moment. */
size_t factorial_keeper_idle(factorial_keeper *keeper);

/*
 * A block for a source's acquire, to be given back by free: aligned to 64, or if it is long to 2
 * MiB and in huge pages where the system has them. NULL if there is no memory.
 */
void *keeper_allocate(size_t bytes);

#endif
