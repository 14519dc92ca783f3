#include "memory.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

/* Smaller blocks come from malloc, which caches some for each thread and is faster. Larger ones are
 * mapped, and returned to the kernel at once. */
static const size_t MAPPED_MIN = (size_t)128 << 10;

static const size_t ALIGNMENT = 64, PAGE = 4096, HUGE_PAGE = (size_t)2 << 20;

static size_t round_up(size_t bytes, size_t unit)
{
    return (bytes + unit - 1) / unit * unit;
}

size_t memory_size(size_t bytes)
{
    if (bytes < MAPPED_MIN)
        return bytes;
    return round_up(bytes, bytes >= 2 * HUGE_PAGE ? HUGE_PAGE : PAGE);
}

static void *map(size_t size)
{
    void *area = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    return area == MAP_FAILED ? NULL : area;
}

/* Maps whole huge pages, where the kernel has them: fewer page faults, fewer TLB misses. */
static void *map_huge(size_t size)
{
    uint8_t *area = map(size + HUGE_PAGE);
    if (!area)
        return NULL;
    size_t before = round_up((uintptr_t)area, HUGE_PAGE) - (uintptr_t)area;
    if (before)
        munmap(area, before);
    munmap(area + before + size, HUGE_PAGE - before);
    madvise(area + before, size, MADV_HUGEPAGE);
    return area + before;
}

/* Before version 2.38, glibc's aligned_alloc takes ten times as long as its malloc. The address
 * that malloc returned is stored before the block: there is room, since malloc aligns to two
 * pointers. */
static void *allocate_aligned(size_t bytes)
{
    uint8_t *area = malloc(bytes + ALIGNMENT);
    if (!area)
        return NULL;
    uint8_t *block = area + ALIGNMENT - (uintptr_t)area % ALIGNMENT;
    memcpy(block - sizeof area, &area, sizeof area);
    return block;
}

void *memory_allocate(size_t bytes)
{
    size_t size = memory_size(bytes);
    return size < MAPPED_MIN      ? allocate_aligned(size)
           : size < 2 * HUGE_PAGE ? map(size)
                                  : map_huge(size);
}

void memory_free(void *block, size_t bytes)
{
    void *area;
    if (!block)
        return;
    if (bytes >= MAPPED_MIN) {
        munmap(block, memory_size(bytes));
        return;
    }
    memcpy(&area, (uint8_t *)block - sizeof area, sizeof area);
    free(area);
}
