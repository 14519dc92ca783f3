#include "digits.h"

#include "blocks.h"

typedef struct {
    size_t bytes;
    admission *budget;
} header;

enum { HEADER = 64 }; /* the digits are aligned as blocks are */

_Static_assert(sizeof(header) <= HEADER, "the header has room in front of the digits");

size_t digits_bytes(uint64_t count)
{
    return HEADER + count;
}

char *digits_acquire(uint64_t count, admission *budget)
{
    char *block = block_acquire(digits_bytes(count));
    if (!block)
        return NULL;
    *(header *)(void *)block = (header){digits_bytes(count), budget};
    return block + HEADER;
}

void digits_release(void *digits)
{
    char *block = (char *)digits - HEADER;
    header h = *(header *)(void *)block;
    block_release(block, h.bytes);
    if (h.budget)
        admission_release(h.budget, h.bytes);
}
