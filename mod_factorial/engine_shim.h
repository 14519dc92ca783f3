/*
 * What compute.c, process.c, blocks.c and keeper.c still need of the engine's former interface. It
 * goes as soon as they use factorial_plan directly.
 */
#ifndef MOD_FACTORIAL_ENGINE_SHIM_H
#define MOD_FACTORIAL_ENGINE_SHIM_H

#include "engine/factorial.h"

#include <stdatomic.h>

typedef struct factorial_memory factorial_memory;
struct factorial_memory {
    void *(*acquire)(factorial_memory *memory, size_t bytes);
    void (*release)(factorial_memory *memory, void *block, size_t bytes);
};

static inline size_t factorial_digit_count(uint64_t n)
{
    return factorial_make_plan(n, FACTORIAL_AUTO).digits;
}

static inline size_t factorial_memory_need(uint64_t n, factorial_method method)
{
    factorial_plan plan = factorial_make_plan(n, method);
    return plan.scratch + plan.gmp_heap;
}

/* False if the memory refuses the scratch block. */
static inline bool factorial_compute_in(factorial_memory *memory, const factorial_plan *plan,
                                        const factorial_job *job, char *digits,
                                        factorial_status *status)
{
    void *scratch = plan->scratch ? memory->acquire(memory, plan->scratch) : NULL;
    if (plan->scratch && !scratch)
        return false;
    *status = factorial_compute(plan, job, digits, scratch);
    if (scratch)
        memory->release(memory, scratch, plan->scratch);
    return true;
}

#endif
