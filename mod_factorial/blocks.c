#include "blocks.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

/* Smaller blocks are malloc's, which is faster for them, and keeps some for each thread. */
static const size_t MAPPED_FROM = (size_t)1 << 17;

static const size_t ALIGNMENT = 64;
static const size_t HUGE_PAGE = (size_t)1 << 21;

static size_t rounded(size_t bytes, size_t unit)
{
    return (bytes + unit - 1) / unit * unit;
}

/* Whole huge pages, where the kernel has them: fewer faults and fewer misses of the page table's
 * cache. */
static void *map_huge(size_t size)
{
    uint8_t *area = mmap(NULL, size + HUGE_PAGE, PROT_READ | PROT_WRITE,
                         MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (area == MAP_FAILED)
        return NULL;
    size_t before = rounded((uintptr_t)area, HUGE_PAGE) - (uintptr_t)area;
    if (before)
        munmap(area, before);
    if (before != HUGE_PAGE)
        munmap(area + before + size, HUGE_PAGE - before);
    madvise(area + before, size, MADV_HUGEPAGE);
    return area + before;
}

/* Before version 2.38, glibc's aligned_alloc takes ten times as long as its malloc, which has a
 * cache for each thread. Where the block began stands in front of the aligned part: there is room,
 * since malloc's own alignment is that of two pointers. */
static void *allocate_aligned(size_t bytes)
{
    uint8_t *area = malloc(bytes + ALIGNMENT);
    if (!area)
        return NULL;
    uint8_t *block = area + ALIGNMENT - (uintptr_t)area % ALIGNMENT;
    memcpy(block - sizeof area, &area, sizeof area);
    return block;
}

static void free_aligned(void *block)
{
    void *area;
    memcpy(&area, (uint8_t *)block - sizeof area, sizeof area);
    free(area);
}

void *block_acquire(size_t bytes)
{
    if (bytes >= 2 * HUGE_PAGE)
        return map_huge(rounded(bytes, HUGE_PAGE));
    if (bytes < MAPPED_FROM)
        return allocate_aligned(bytes);
    void *block = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    return block == MAP_FAILED ? NULL : block;
}

void block_release(void *block, size_t bytes)
{
    if (bytes < MAPPED_FROM)
        free_aligned(block);
    else
        munmap(block, bytes >= 2 * HUGE_PAGE ? rounded(bytes, HUGE_PAGE) : bytes);
}

static void *acquire(factorial_memory *unused, size_t bytes)
{
    return block_acquire(bytes);
}

static void release(factorial_memory *unused, void *block, size_t bytes)
{
    block_release(block, bytes);
}

factorial_memory block_memory = {acquire, release};
