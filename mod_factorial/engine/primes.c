#include "primes.h"

#include "job.h"

#include <math.h>
#include <string.h>

enum {
    SEGMENT_CELLS = 1 << 15, /* one byte an odd number: a segment fits in the first-level cache */
    LARGEST_ROOT = 10000     /* the square root of FACTORIAL_LIMIT */
};

typedef struct {
    uint8_t crossed[SEGMENT_CELLS];
    uint8_t composite[LARGEST_ROOT + 1];
    uint32_t step[LARGEST_ROOT / 4]; /* the odd primes up to the root of n */
    uint32_t next[LARGEST_ROOT / 4]; /* the first cell not yet crossed out for each */
    size_t steps;
} sieve;

_Static_assert((uint64_t)LARGEST_ROOT *LARGEST_ROOT >= FACTORIAL_LIMIT, "the sieve's root");

uint64_t primes_exponent(uint64_t n, uint64_t p)
{
    uint64_t exponent = 0;
    while (n >= p) {
        n /= p;
        exponent += n;
    }
    return exponent;
}

/* pi(n) < 1.25506 n / log n for n > 1 (Rosser and Schoenfeld, 1962, corollary 1), and one more for
 * collect. */
size_t primes_count_bound(uint64_t n)
{
    return n < 20 ? 9 : (size_t)(1.256 * (double)n / log((double)n)) + 1;
}

size_t primes_scratch(void)
{
    return sizeof(sieve);
}

/* Cell c stands for the odd number 2c + 1. */
static void prepare_steps(sieve *s, uint64_t n)
{
    s->steps = 0;
    memset(s->composite, 0, sizeof s->composite);
    for (uint32_t p = 3; (uint64_t)p * p <= n; p += 2) {
        if (s->composite[p])
            continue;
        for (uint32_t multiple = p * p; multiple <= LARGEST_ROOT; multiple += 2 * p)
            s->composite[multiple] = 1;
        s->step[s->steps] = p;
        s->next[s->steps++] = (p * p - 1) / 2;
    }
}

static void cross_out(sieve *s, uint64_t low, uint64_t high)
{
    memset(s->crossed, 0, high - low);
    if (low == 0)
        s->crossed[0] = 1; /* the number 1 */
    for (size_t k = 0; k < s->steps; k++) {
        uint64_t cell = s->next[k];
        for (; cell < high; cell += s->step[k])
            s->crossed[cell - low] = 1;
        s->next[k] = (uint32_t)cell;
    }
}

/* Every number is written behind the primes and stays if it is one: which they are no branch
 * predictor guesses. */
static void collect(const sieve *s, uint64_t low, uint64_t high, primes *found)
{
    size_t count = found->count;
    for (uint64_t cell = low; cell < high; cell++) {
        found->prime[count] = (uint32_t)(2 * cell + 1);
        count += !s->crossed[cell - low];
    }
    found->count = count;
}

primes primes_sieve(const factorial_job *job, uint64_t n, uint32_t *room, void *scratch)
{
    primes found = {room, 0};
    sieve *s = scratch;
    if (n >= 2)
        found.prime[found.count++] = 2;
    prepare_steps(s, n);
    uint64_t cells = (n + 1) / 2;
    for (uint64_t low = 0; low < cells && !job_cancelled(job); low += SEGMENT_CELLS) {
        uint64_t high = low + SEGMENT_CELLS < cells ? low + SEGMENT_CELLS : cells;
        cross_out(s, low, high);
        collect(s, low, high, &found);
    }
    return found;
}
