#include "result.h"

#include "memory.h"

typedef struct {
    size_t bytes;
    admission *budget;
} header;

enum { HEADER = 64 }; /* stands before the digits, and keeps their alignment */

_Static_assert(sizeof(header) <= HEADER, "the header has room before the digits");

size_t result_size(size_t digits)
{
    return memory_size(HEADER + digits);
}

char *result_allocate(size_t digits, admission *budget)
{
    size_t bytes = result_size(digits);
    char *block = memory_allocate(bytes);
    if (!block)
        return NULL;
    *(header *)(void *)block = (header){bytes, budget};
    return block + HEADER;
}

void result_free(void *digits)
{
    char *block = (char *)digits - HEADER;
    header h = *(header *)(void *)block;
    memory_free(block, h.bytes);
    if (h.budget)
        admission_return(h.budget, h.bytes);
}
