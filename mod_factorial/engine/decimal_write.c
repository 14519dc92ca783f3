#include "decimal_write.h"

#include "pool.h"

#include <string.h>

enum { CHUNK_LIMBS = 1 << 13 };

typedef struct {
    const kernel *kernel;
    char *end; /* of the digits */
    const limb *a;
    size_t limbs; /* but for the highest */
} writing;

/* Two digits of each number below 100. */
static const char pairs[] = "00010203040506070809101112131415161718192021222324"
                            "25262728293031323334353637383940414243444546474849"
                            "50515253545556575859606162636465666768697071727374"
                            "75767778798081828384858687888990919293949596979899";

static inline void write_pair(char *digits, uint32_t x)
{
    memcpy(digits, pairs + 2 * x, 2);
}

/* x < 10^9 as 9 digits. */
static inline void write_nine(char *digits, uint32_t x)
{
    uint32_t high = x / 100000, low = x - high * 100000; /* 4 and 5 digits */
    uint32_t middle = low / 1000, last = low - middle * 1000;
    write_pair(digits, high / 100);
    write_pair(digits + 2, high % 100);
    write_pair(digits + 4, middle);
    digits[6] = (char)('0' + last / 100);
    write_pair(digits + 7, last % 100);
}

void decimal_write_limb(char *digits, limb x)
{
    uint32_t high = (uint32_t)(x / 1000000000);
    write_nine(digits, high);
    write_nine(digits + 9, (uint32_t)(x - high * UINT64_C(1000000000)));
}

static void write_chunk(void *context, size_t chunk)
{
    const writing *w = context;
    size_t from = chunk * CHUNK_LIMBS;
    size_t to = w->limbs - from < CHUNK_LIMBS ? w->limbs : from + CHUNK_LIMBS;
    w->kernel->write_limbs(w->end - LIMB_DIGITS * from, w->a + from, to - from);
}

void decimal_write(const kernel *k, const factorial_job *job, char *digits, size_t count,
                   const limb *a, size_t limbs)
{
    char highest[LIMB_DIGITS];
    size_t first = count - LIMB_DIGITS * (limbs - 1);
    decimal_write_limb(highest, a[limbs - 1]);
    memcpy(digits, highest + LIMB_DIGITS - first, first);
    writing w = {k, digits + count, a, limbs - 1};
    pool_run(job, (w.limbs + CHUNK_LIMBS - 1) / CHUNK_LIMBS, write_chunk, &w);
}
