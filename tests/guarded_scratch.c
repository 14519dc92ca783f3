#define _DEFAULT_SOURCE /* MAP_ANONYMOUS */
#include "guarded_scratch.h"

#include <check.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>

enum { PAGE = 1 << 16, PATTERN = 0xa5 }; /* a multiple of every system's pages */

static size_t whole_pages(size_t size)
{
    return (size + PAGE - 1) / PAGE * PAGE;
}

void *guarded_scratch_new(size_t size)
{
    size_t body = whole_pages(size);
    uint8_t *area =
        mmap(NULL, body + PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    ck_assert(area != MAP_FAILED);
    ck_assert_int_eq(mprotect(area + body, PAGE, PROT_NONE), 0);
    return memset(area + body - size, PATTERN, size);
}

void guarded_scratch_delete(void *block, size_t size)
{
    size_t body = whole_pages(size);
    munmap((uint8_t *)block + size - body, body + PAGE);
}

size_t guarded_scratch_used(const void *block, size_t size)
{
    const uint8_t *byte = block;
    while (size > 0 && byte[size - 1] == PATTERN)
        size--;
    return size;
}
