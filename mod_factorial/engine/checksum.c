#include "checksum.h"

#include "job.h"
#include "pool.h"

static const uint64_t modulus = ((uint64_t)1 << 61) - 1;

/* Any x in, below 2^61 + 8 out. */
static inline uint64_t fold(uint64_t x)
{
    return (x & modulus) + (x >> 61);
}

/* Of factors below 2^62 and 2^61 + 8; the product is below 2^61 + 8. */
static inline uint64_t multiply(uint64_t a, uint64_t b)
{
    unsigned __int128 product = (unsigned __int128)a * b;
    return fold(((uint64_t)product & modulus) + (uint64_t)(product >> 61));
}

static inline uint64_t canonical(uint64_t x)
{
    x = fold(fold(x));
    return x == modulus ? 0 : x;
}

static uint64_t power(uint64_t base, uint64_t exponent)
{
    uint64_t result = 1;
    for (; exponent; exponent >>= 1, base = multiply(base, base))
        if (exponent & 1)
            result = multiply(result, base);
    return result;
}

enum { CHUNKS = 16, STREAMS = 8 }; /* the processor multiplies several at once */

/* The product of the streams' values. */
static uint64_t join(const uint64_t stream[STREAMS])
{
    uint64_t product = 1;
    for (unsigned s = 0; s < STREAMS; s++)
        product = multiply(product, stream[s]);
    return product;
}

/* ---- the product of all numbers up to n */

typedef struct {
    uint64_t n, value[CHUNKS];
} factors;

/* Two factors at a time: their product is below 2^54. */
static void multiply_chunk(void *context, size_t index)
{
    factors *f = context;
    uint64_t i = f->n * index / CHUNKS + 1, end = f->n * (index + 1) / CHUNKS + 1;
    uint64_t stream[STREAMS] = {1, 1, 1, 1, 1, 1, 1, 1};
    for (; i + 2 * STREAMS <= end; i += 2 * STREAMS)
        for (unsigned s = 0; s < STREAMS; s++)
            stream[s] = multiply(stream[s], (i + 2 * s) * (i + 2 * s + 1));
    for (; i < end; i++)
        stream[0] = multiply(stream[0], i);
    f->value[index] = join(stream);
}

uint64_t checksum_of_factorial(const factorial_job *job, uint64_t n)
{
    factors f = {.n = n};
    pool_run(job, CHUNKS, multiply_chunk, &f);
    uint64_t product = 1;
    for (size_t i = 0; i < CHUNKS; i++)
        product = multiply(product, f.value[i]);
    return canonical(product);
}

/* ---- the number that limbs are */

typedef struct {
    const uint64_t *a;
    size_t limbs, chunk;
    uint64_t base, value[CHUNKS];
} reading;

/* A chunk's value by Horner's rule, in as many streams as limbs are taken at a step. */
static void read_chunk(void *context, size_t index)
{
    reading *r = context;
    const uint64_t *a = r->a + index * r->chunk;
    size_t limbs = r->limbs - index * r->chunk;
    limbs = limbs < r->chunk ? limbs : r->chunk;
    uint64_t base = r->base, step = power(base, STREAMS), stream[STREAMS] = {0}, value = 0;
    while (limbs % STREAMS)
        value = fold(multiply(value, base) + fold(a[--limbs]));
    for (size_t i = limbs; i > 0; i -= STREAMS)
        for (unsigned s = 0; s < STREAMS; s++)
            stream[s] = fold(multiply(stream[s], step) + fold(a[i - STREAMS + s]));
    value = multiply(value, power(base, limbs));
    for (unsigned s = 0; s < STREAMS; s++)
        value = fold(value + multiply(stream[s], power(base, s)));
    r->value[index] = value;
}

static uint64_t read_number(const factorial_job *job, const uint64_t *a, size_t limbs,
                            uint64_t base, uint64_t zeros)
{
    reading r = {.a = a, .limbs = limbs, .chunk = (limbs + CHUNKS - 1) / CHUNKS, .base = base};
    size_t chunks = (limbs + r.chunk - 1) / r.chunk;
    pool_run(job, chunks, read_chunk, &r);
    uint64_t step = power(base, r.chunk), value = 0;
    for (size_t i = chunks; i-- > 0;)
        value = fold(multiply(value, step) + r.value[i]);
    return canonical(multiply(value, power(10, zeros)));
}

uint64_t checksum_of_limbs(const factorial_job *job, const limb *a, size_t limbs, uint64_t zeros)
{
    return read_number(job, a, limbs, fold(LIMB_BASE), zeros);
}

uint64_t checksum_of_words(const factorial_job *job, const uint64_t *a, size_t words,
                           uint64_t zeros)
{
    const uint64_t base = 8; /* 2^64 = 8 2^61 */
    return read_number(job, a, words, base, zeros);
}
