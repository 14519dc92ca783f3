#include "checksum.h"

#include "job.h"
#include "tasks.h"

static const uint64_t modulus = ((uint64_t)1 << 61) - 1;

/* x below 2^64 in, at most 2^61 out. */
static inline uint64_t fold(uint64_t x)
{
    return (x & modulus) + (x >> 61);
}

/* Of factors below 2^62 and 2^61 + 8. */
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

/* ---- the primes' side */

/* Primes with the same exponent are multiplied before they are raised to it: all above the root of
 * n have few exponents. */
uint64_t checksum_of_primes(const factorial_job *job, const primes *found, uint64_t n,
                            uint64_t zeros)
{
    uint64_t result = 1;
    size_t k = 0;
    while (k < found->count && !job_cancelled(job)) {
        uint64_t p = found->prime[k], exponent = primes_exponent(n, p);
        if (p * p <= n || p <= 5) {
            exponent -= p == 2 || p == 5 ? zeros : 0;
            result = multiply(result, power(p, exponent));
            k++;
            continue;
        }
        /* In four products, for the processor multiplies several at once. */
        uint64_t last = n / exponent, part[4] = {1, 1, 1, 1};
        for (; k + 4 <= found->count && found->prime[k + 3] <= last; k += 4)
            for (unsigned i = 0; i < 4; i++)
                part[i] = multiply(part[i], found->prime[k + i]);
        for (; k < found->count && found->prime[k] <= last; k++)
            part[0] = multiply(part[0], found->prime[k]);
        part[0] = multiply(multiply(part[0], part[1]), multiply(part[2], part[3]));
        result = multiply(result, power(part[0], exponent));
    }
    return canonical(result);
}

/* ---- the limbs' side */

enum { CHUNKS = 16, STREAMS = 4 };

typedef struct {
    const limb *a;
    size_t limbs, chunk;
    uint64_t value[CHUNKS];
} reading;

/* A chunk's value by Horner's rule, in as many streams as limbs are taken at a step. */
static void read_chunk(void *context, size_t index)
{
    reading *r = context;
    const limb *a = r->a + index * r->chunk;
    size_t limbs = r->limbs - index * r->chunk;
    limbs = limbs < r->chunk ? limbs : r->chunk;
    uint64_t base = fold(LIMB_BASE), step = power(base, STREAMS), stream[STREAMS] = {0}, value = 0;
    while (limbs % STREAMS)
        value = fold(multiply(value, base) + a[--limbs]);
    for (size_t i = limbs; i > 0; i -= STREAMS)
        for (unsigned s = 0; s < STREAMS; s++)
            stream[s] = fold(multiply(stream[s], step) + a[i - STREAMS + s]);
    value = multiply(value, power(base, limbs));
    for (unsigned s = 0; s < STREAMS; s++)
        value = fold(value + multiply(stream[s], power(base, s)));
    r->value[index] = value;
}

uint64_t checksum_of_limbs(const factorial_job *job, const limb *a, size_t limbs)
{
    reading r = {.a = a, .limbs = limbs, .chunk = (limbs + CHUNKS - 1) / CHUNKS};
    size_t chunks = (limbs + r.chunk - 1) / r.chunk;
    tasks_run(job, chunks, read_chunk, &r);
    uint64_t step = power(fold(LIMB_BASE), r.chunk), value = 0;
    for (size_t i = chunks; i-- > 0;)
        value = fold(multiply(value, step) + r.value[i]);
    return canonical(value);
}
