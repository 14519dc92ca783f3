#include "checksum.h"

#include "pool.h"

static const uint64_t modulus = ((uint64_t)1 << 61) - 1;

/* Threads share the chunks. Each chunk has several independent chains of products, as many as the
 * processor can multiply at once. */
enum { CHECK_CHUNKS = 64, STREAMS = 8 };

/* The number of chunks of at least `least` units each; at least one chunk. */
static size_t chunks_for(size_t units, size_t least)
{
    size_t chunks = units / least;
    return chunks < 1 ? 1 : chunks < CHECK_CHUNKS ? chunks : CHECK_CHUNKS;
}

/* x modulo 2^61 - 1, below 2^61 + 8. */
static inline uint64_t fold(uint64_t x)
{
    return (x & modulus) + (x >> 61);
}

/*
 * a b modulo 2^61 - 1 from a and 8 b: the product's upper half is the quotient of a b by 2^61, its
 * lower half 8 times the remainder; their sum is the result. With a < 2^62 and 8 b < 2^64 it is
 * below 2^61 + 2^62, with 8 b < 2^60 below 2^61 + 2^58.
 */
static inline uint64_t multiply_by_eighth(uint64_t a, uint64_t eight_b)
{
    unsigned __int128 product = (unsigned __int128)a * eight_b;
    return ((uint64_t)product >> 3) + (uint64_t)(product >> 64);
}

/* a b for a < 2^62 and any b; below 2^61 + 8. */
static inline uint64_t multiply(uint64_t a, uint64_t b)
{
    return fold(multiply_by_eighth(a, 8 * fold(fold(b))));
}

static uint64_t canonical(uint64_t x)
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

/* ---- the product of all numbers up to n */

enum { CHUNK_FACTORS = 4096 };

typedef struct {
    uint64_t n;
    size_t chunks;
    uint64_t value[CHECK_CHUNKS];
} factors;

/* Two factors at a time: 8 times their product is below 2^57. */
static void multiply_chunk(void *context, size_t index)
{
    factors *f = context;
    uint64_t i = f->n * index / f->chunks + 1, end = f->n * (index + 1) / f->chunks + 1;
    uint64_t stream[STREAMS] = {1, 1, 1, 1, 1, 1, 1, 1}, product = 1;
    for (; i + 2 * STREAMS <= end; i += 2 * STREAMS)
#pragma GCC unroll 8
        for (unsigned s = 0; s < STREAMS; s++)
            stream[s] = multiply_by_eighth(stream[s], 8 * (i + 2 * s) * (i + 2 * s + 1));
    for (; i < end; i++)
        product = multiply(product, i);
    for (unsigned s = 0; s < STREAMS; s++)
        product = multiply(product, stream[s]);
    f->value[index] = product;
}

uint64_t checksum_of_factorial(const factorial_job *job, uint64_t n)
{
    factors f = {.n = n, .chunks = chunks_for(n, CHUNK_FACTORS)};
    uint64_t product = 1;
    pool_run(job, f.chunks, multiply_chunk, &f);
    for (size_t i = 0; i < f.chunks; i++)
        product = multiply(product, f.value[i]);
    return canonical(product);
}

/* ---- the value of the text, by Horner's rule */

/* A unit is one word for each stream; blocks of units are read at once. */
enum { WORD_DIGITS = 16, UNIT_DIGITS = STREAMS * WORD_DIGITS, BLOCK_UNITS = 16, CHUNK_UNITS = 64 };

typedef struct {
    const kernel *kernel;
    const char *digits;
    size_t head, units, chunks; /* head: the digits before the first whole unit */
    uint64_t base, step;        /* 10^16, and 8 times 10^128 */
    uint64_t value[CHECK_CHUNKS];
} reading;

static uint64_t read_word(const char *digits, size_t count)
{
    uint64_t word = 0;
    for (size_t i = 0; i < count; i++)
        word = word * 10 + (uint8_t)(digits[i] - '0');
    return word;
}

static size_t first_unit(const reading *r, size_t chunk)
{
    return r->units * chunk / r->chunks;
}

static void read_chunk(void *context, size_t index)
{
    reading *r = context;
    size_t from = first_unit(r, index), units = first_unit(r, index + 1) - from;
    const char *at = r->digits + r->head + from * UNIT_DIGITS;
    uint64_t word[BLOCK_UNITS * STREAMS] = {0}, stream[STREAMS] = {0}, value = 0;
    while (units > 0) {
        size_t words = (units < BLOCK_UNITS ? units : BLOCK_UNITS) * STREAMS;
        if (r->kernel)
            r->kernel->read_words(word, at, words);
        else
            for (size_t i = 0; i < words; i++)
                word[i] = read_word(at + i * WORD_DIGITS, WORD_DIGITS);
        for (size_t i = 0; i < words; i += STREAMS)
#pragma GCC unroll 8
            for (unsigned s = 0; s < STREAMS; s++)
                stream[s] = fold(multiply_by_eighth(stream[s], r->step)) + word[i + s];
        at += words * WORD_DIGITS;
        units -= words / STREAMS;
    }
    for (unsigned s = 0; s < STREAMS; s++)
        value = fold(multiply(value, r->base) + stream[s]);
    r->value[index] = value;
}

uint64_t checksum_of_text(const kernel *k, const factorial_job *job, const char *digits,
                          size_t count)
{
    reading r = {.kernel = k,
                 .digits = digits,
                 .head = count % UNIT_DIGITS,
                 .units = count / UNIT_DIGITS,
                 .chunks = chunks_for(count / UNIT_DIGITS, CHUNK_UNITS),
                 .base = power(10, WORD_DIGITS),
                 .step = 8 * canonical(power(10, UNIT_DIGITS))};
    uint64_t value = 0;
    for (size_t i = 0; i < r.head; i += WORD_DIGITS) {
        size_t length = r.head - i < WORD_DIGITS ? r.head - i : WORD_DIGITS;
        value = fold(multiply(value, power(10, length)) + read_word(digits + i, length));
    }
    pool_run(job, r.chunks, read_chunk, &r);
    for (size_t i = 0; i < r.chunks; i++) {
        size_t length = (first_unit(&r, i + 1) - first_unit(&r, i)) * UNIT_DIGITS;
        value = fold(multiply(value, power(10, length)) + r.value[i]);
    }
    return canonical(value);
}
