#include "heap.h"

#include <stdlib.h>

static void *acquire(factorial_memory *memory, size_t bytes)
{
    heap *h = (heap *)memory;
    if (atomic_fetch_sub(&h->until_refusal, 1) == 1)
        return NULL;
    size_t used = atomic_fetch_add(&h->used, bytes) + bytes, peak = atomic_load(&h->peak);
    while (used > peak && !atomic_compare_exchange_weak(&h->peak, &peak, used))
        ;
    return aligned_alloc(64, (bytes + 63) / 64 * 64);
}

static void release(factorial_memory *memory, void *block, size_t bytes)
{
    heap *h = (heap *)memory;
    atomic_fetch_sub(&h->used, bytes);
    free(block);
}

void heap_init(heap *h)
{
    *h = (heap){.memory = {acquire, release}};
}

void heap_refuse(heap *h, int k)
{
    atomic_store(&h->until_refusal, k);
}
