#include "primes.h"

#include "job.h"
#include "pool.h"

#include <math.h>
#include <string.h>

enum {
    SEGMENT_CELLS = 1 << 15, /* one byte an odd number: a segment fits in the first-level cache */
    SEGMENT_WORDS = 1 << 15 >> 6, /* of one bit an odd number */
    PARTS_MAX = 64,
    PERIOD = 3 * 5 * 7,  /* cells after which the multiples of 3, 5 and 7 repeat */
    LARGEST_ROOT = 10000 /* the square root of FACTORIAL_LIMIT */
};

/* Consecutive segments that one thread sieves in order. */
typedef struct {
    uint64_t first, segments;
    size_t count; /* of the primes in it */
    uint32_t *found;
    uint32_t next[LARGEST_ROOT / 4]; /* the first cell not yet crossed out for each step */
    uint8_t crossed[SEGMENT_CELLS];
} part;

/* In the scratch memory: this, the parts, and a bit for each cell. */
typedef struct {
    uint64_t cells;
    part *part;
    uint64_t *left; /* bits: not crossed out */
    size_t steps;
    uint32_t step[LARGEST_ROOT / 4]; /* the primes from 11 up to the root of n */
    uint8_t composite[LARGEST_ROOT + 1];
    uint8_t pattern[PERIOD + SEGMENT_CELLS]; /* the multiples of 3, 5 and 7 are crossed out */
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

/* pi(n) < 1.25506 n / log n for n > 1 (Rosser and Schoenfeld, 1962, corollary 1). */
size_t primes_count_bound(uint64_t n)
{
    return n < 20 ? 8 : (size_t)(1.256 * (double)n / log((double)n));
}

/* Cell c stands for the odd number 2c + 1. */
static uint64_t cells_for(uint64_t n)
{
    return (n + 1) / 2;
}

static size_t segments_for(uint64_t n)
{
    return (size_t)(cells_for(n) + SEGMENT_CELLS - 1) / SEGMENT_CELLS;
}

static size_t parts_for(uint64_t n)
{
    size_t segments = segments_for(n);
    return segments < PARTS_MAX ? segments : PARTS_MAX;
}

size_t primes_scratch(uint64_t n)
{
    return sizeof(sieve) + parts_for(n) * sizeof(part) +
           segments_for(n) * SEGMENT_WORDS * sizeof(uint64_t);
}

static void prepare_steps(sieve *s, uint64_t n)
{
    s->steps = 0;
    memset(s->composite, 0, sizeof s->composite);
    for (uint32_t p = 3; (uint64_t)p * p <= n; p += 2) {
        if (s->composite[p])
            continue;
        for (uint32_t multiple = p * p; multiple <= LARGEST_ROOT; multiple += 2 * p)
            s->composite[multiple] = 1;
        if (p > 7)
            s->step[s->steps++] = p;
    }
}

/* Long enough to copy a segment, or all cells if they are fewer, from any place in the period. */
static void prepare_pattern(sieve *s)
{
    size_t cells = PERIOD + (s->cells < SEGMENT_CELLS ? s->cells : SEGMENT_CELLS);
    memset(s->pattern, 0, cells);
    for (size_t p = 3; p <= 7; p += 2)
        for (size_t cell = p / 2; cell < cells; cell += p)
            s->pattern[cell] = 1;
}

/* The cell of the first odd multiple of p that is neither below the cell `low` nor below p^2. */
static uint32_t first_multiple(uint32_t p, uint64_t low)
{
    uint64_t cell = ((uint64_t)p * p - 1) / 2;
    return (uint32_t)(cell < low ? cell + (low - cell + p - 1) / p * p : cell);
}

static void cross_out(const sieve *s, part *p, uint64_t low, uint64_t high)
{
    memcpy(p->crossed, s->pattern + low % PERIOD, high - low);
    memset(p->crossed + (high - low), 1, (low - high) % 64); /* the rest of the last word */
    for (size_t cell = low; cell < 4 && cell < high; cell++)
        p->crossed[cell] = cell == 0; /* of 1, 3, 5 and 7 all but 1 are prime */
    for (size_t k = 0; k < s->steps; k++) {
        uint64_t cell = p->next[k];
        for (; cell < high; cell += s->step[k])
            p->crossed[cell - low] = 1;
        p->next[k] = (uint32_t)cell;
    }
}

/* The lowest bit of each byte, the first byte's as the lowest. A multiplication moves eight bits at
 * once. */
static uint64_t bits_of(const uint8_t *bytes)
{
    uint64_t bits = 0;
    for (unsigned i = 0; i < 64; i += 8) {
        uint64_t eight = 0;
        for (unsigned k = 0; k < 8; k++)
            eight |= (uint64_t)bytes[i + k] << 8 * k;
        bits |= (eight * 0x0102040810204080) >> 56 << i;
    }
    return bits;
}

static uint64_t part_end(const sieve *s, const part *p)
{
    uint64_t end = (p->first + p->segments) * SEGMENT_CELLS;
    return end < s->cells ? end : s->cells;
}

static void sieve_part(void *context, size_t index)
{
    const sieve *s = context;
    part *p = &s->part[index];
    for (size_t k = 0; k < s->steps; k++)
        p->next[k] = first_multiple(s->step[k], p->first * SEGMENT_CELLS);
    p->count = 0;
    uint64_t end = part_end(s, p);
    for (uint64_t low = p->first * SEGMENT_CELLS; low < end; low += SEGMENT_CELLS) {
        uint64_t high = low + SEGMENT_CELLS < end ? low + SEGMENT_CELLS : end;
        cross_out(s, p, low, high);
        for (uint64_t cell = low; cell < high; cell += 64) {
            uint64_t left = ~bits_of(p->crossed + (cell - low));
            s->left[cell / 64] = left;
            p->count += (size_t)__builtin_popcountll(left);
        }
    }
}

static void collect_part(void *context, size_t index)
{
    const sieve *s = context;
    const part *p = &s->part[index];
    uint32_t *found = p->found;
    for (uint64_t cell = p->first * SEGMENT_CELLS; cell < part_end(s, p); cell += 64)
        for (uint64_t left = s->left[cell / 64]; left; left &= left - 1)
            *found++ = 2 * ((uint32_t)cell + (uint32_t)__builtin_ctzll(left)) + 1;
}

primes primes_sieve(const factorial_job *job, uint64_t n, uint32_t *room, void *scratch)
{
    primes found = {room, 0};
    size_t parts = parts_for(n), segments = segments_for(n);
    sieve *s = scratch;
    s->cells = cells_for(n);
    s->part = (part *)(s + 1);
    s->left = (uint64_t *)(s->part + parts);
    prepare_steps(s, n);
    prepare_pattern(s);
    for (size_t i = 0; i < parts; i++) {
        s->part[i].first = segments * i / parts;
        s->part[i].segments = segments * (i + 1) / parts - segments * i / parts;
    }
    pool_run(job, parts, sieve_part, s);
    if (job_cancelled(job))
        return found;

    if (n >= 2)
        room[found.count++] = 2;
    for (size_t i = 0; i < parts; i++) {
        s->part[i].found = room + found.count;
        found.count += s->part[i].count;
    }
    pool_run(job, parts, collect_part, s);
    return found;
}
