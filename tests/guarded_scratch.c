#define _DEFAULT_SOURCE /* MAP_ANONYMOUS */
#include "guarded_scratch.h"

#include <check.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>

enum { PAGE = 1 << 16, PATTERN = 0xa5 }; /* a multiple of every system's pages */

/* One released block for each power of two in pages. It cannot be touched, as if it were unmapped,
 * but its memory need not be fetched from the system and cleared anew. */
static uint8_t *spare[64];

static unsigned power_for(size_t size)
{
    unsigned power = 0;
    while ((size_t)PAGE << power < size)
        power++;
    return power;
}

void *guarded_scratch_new(size_t size)
{
    unsigned power = power_for(size);
    size_t body = (size_t)PAGE << power;
    uint8_t *area = spare[power];
    spare[power] = NULL;
    if (!area)
        area = mmap(NULL, body + PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (area == MAP_FAILED || mprotect(area, body, PROT_READ | PROT_WRITE) != 0)
        ck_abort_msg("no memory of %zu bytes", size);
    return memset(area + body - size, PATTERN, size);
}

void guarded_scratch_delete(void *block, size_t size)
{
    unsigned power = power_for(size);
    size_t body = (size_t)PAGE << power;
    uint8_t *area = (uint8_t *)block + size - body;
    if (spare[power]) {
        munmap(area, body + PAGE);
    } else {
        mprotect(area, body, PROT_NONE);
        spare[power] = area;
    }
}

size_t guarded_scratch_used(const void *block, size_t size)
{
    const uint8_t *byte = block;
    while (size > 0 && byte[size - 1] == PATTERN)
        size--;
    return size;
}
