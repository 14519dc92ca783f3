/*
 * Slots: equal parts of the scratch memory. Each thread that runs an iteration of a loop takes one.
 */
#ifndef MOD_FACTORIAL_ENGINE_SLOTS_H
#define MOD_FACTORIAL_ENGINE_SLOTS_H

#include <stdatomic.h>
#include <stdint.h>

enum { SLOTS_MAX = 64 };

typedef _Atomic uint64_t free_slots; /* one bit for each */

/* The initial value for `count` slots, 1 to SLOTS_MAX; all are free. */
static inline uint64_t slots_free(unsigned count)
{
    return UINT64_MAX >> (SLOTS_MAX - count);
}

/* The number of a slot. No more threads may run the loop than there are slots, so that one is
 * always free. */
static inline unsigned slots_take(free_slots *slots)
{
    uint64_t free = atomic_load(slots);
    while (!atomic_compare_exchange_weak(slots, &free, free & (free - 1)))
        ;
    return (unsigned)__builtin_ctzll(free);
}

static inline void slots_give_back(free_slots *slots, unsigned slot)
{
    atomic_fetch_or(slots, UINT64_C(1) << slot);
}

#endif
