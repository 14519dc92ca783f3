#include "gmp_factorial.h"

#include "checksum.h"
#include "job.h"
#include "kernel/dispatch.h"
#include "primes.h"
#include "thresholds.h"

#include <gmp.h>
#include <string.h>

enum {
    LEAF_WORDS = 32,        /* up to so many words are multiplied one after another */
    LEAF_DIGITS = 100000,   /* mpz_get_str converts numbers of up to so many digits */
    TEXT_EXTRA = 3,         /* mpz_get_str's sign and end, and 1 that mpz_sizeinbase may add */
    EXPONENT_BITS = 27,     /* prime exponents in n! are below FACTORIAL_LIMIT < 2^27 */
    LEVELS_MAX = 13,        /* how often the digits of the largest result are halved */
    QUOTIENT_BITS = 1 << 25 /* a longer quotient is computed in blocks of so many bits */
};
_Static_assert((uint64_t)LEAF_DIGITS << LEVELS_MAX > 756570557, "the digits of FACTORIAL_LIMIT!");

size_t gmp_factorial_heap(const factorial_plan *plan)
{
    /* The largest division and its operands determine the peak. The largest measured peak is 7.8
     * times the bytes of the result; 33 / 4 leaves some room. */
    return 16384 + (size_t)((double)plan->digits * 0.41525) * 33 / 4;
}

/*
 * The scratch memory: offsets in bytes. The text that mpz_get_str writes takes the place of the
 * other parts, which are not needed any more by then.
 */
typedef struct {
    size_t text, words, primes, sieve, end;
} layout;

static layout lay_out(const factorial_plan *plan)
{
    layout l = {.end = (plan->digits < LEAF_DIGITS ? plan->digits : LEAF_DIGITS) + TEXT_EXTRA};
    if (plan->n <= SHORT_MAX_GMP)
        return l;
    size_t count = primes_count_bound(plan->n);
    l.primes = l.words + (count + 1) * sizeof(mp_limb_t);
    l.sieve = l.primes + (count + 1) / 2 * 2 * sizeof(uint32_t);
    size_t first_end = l.sieve + primes_scratch(plan->n);
    l.end = first_end > l.end ? first_end : l.end;
    return l;
}

size_t gmp_factorial_scratch(const factorial_plan *plan)
{
    return lay_out(plan).end;
}

/* ---- the product */

/* The product of word[0 .. count), count > 0; undefined if the job is cancelled. */
static void multiply_words(const factorial_job *job, mpz_t product, const mp_limb_t *word,
                           size_t count)
{
    if (count <= LEAF_WORDS) {
        mpz_set_ui(product, word[0]);
        for (size_t i = 1; i < count; i++)
            mpz_mul_ui(product, product, word[i]);
        return;
    }
    if (job_cancelled(job))
        return;
    mpz_t right;
    mpz_init(right);
    multiply_words(job, product, word, count / 2);
    multiply_words(job, right, word + count / 2, count - count / 2);
    if (!job_cancelled(job))
        mpz_mul(product, product, right);
    mpz_clear(right);
}

/*
 * Packs the primes whose exponent in n! has this bit, 2 and 5 left out, several to a word, and
 * returns the number of words, at least 1.
 */
static size_t pack_primes(mp_limb_t *word, const primes *found, uint64_t n, unsigned bit)
{
    size_t last = 0;
    word[0] = 1;
    /* The exponent of p is below n / (p - 1), so no larger prime has this bit. */
    for (size_t i = 1; i < found->count && found->prime[i] <= (n >> bit) + 1; i++) {
        uint32_t p = found->prime[i];
        if (p == 5 || !(primes_exponent(n, p) >> bit & 1))
            continue;
        if (word[last] > UINT64_MAX / p)
            word[++last] = 1;
        word[last] *= p;
    }
    return last + 1;
}

/* n! without its factors 2 and 5. */
static void odd_part(const factorial_job *job, mpz_t result, uint64_t n, const primes *found,
                     mp_limb_t *word)
{
    mpz_t factor;
    mpz_init(factor);
    mpz_set_ui(result, 1);
    for (unsigned bit = EXPONENT_BITS; bit-- > 0;) {
        if ((n >> bit) < 2)
            continue;
        if (job_cancelled(job))
            break;
        mpz_mul(result, result, result);
        multiply_words(job, factor, word, pack_primes(word, found, n, bit));
        if (job_cancelled(job))
            break;
        mpz_mul(result, result, factor);
    }
    mpz_clear(factor);
}

/* ---- the digits */

typedef struct {
    const factorial_job *job;
    uint64_t leaf;          /* digits of a number that is not divided further */
    unsigned levels;        /* of the divisions */
    mpz_t five[LEVELS_MAX]; /* 5^(leaf 2^i), i below levels: 10 to that power without its twos */
    char *text;             /* leaf + TEXT_EXTRA bytes, for mpz_get_str */
} conversion;

/* The last `count` digits of x. If x has more digits, the check of the result fails. */
static void write_leaf(const conversion *c, char *digits, uint64_t count, const mpz_t x)
{
    memset(digits, '0', count);
    if (mpz_sizeinbase(x, 10) > count + 1) /* it may be 1 too large */
        return;
    mpz_get_str(c->text, 10, x);
    size_t length = strlen(c->text), least = length < count ? length : count;
    memcpy(digits + count - least, c->text + length - least, least);
}

/*
 * high = x / d and low = x mod d, which are 0 before; overwrites x. Long division by blocks of the
 * quotient, so that cancellation is checked often. Undefined if the job is cancelled.
 */
static void divide(const factorial_job *job, mpz_t high, mpz_t low, mpz_t x, const mpz_t d)
{
    mp_bitcnt_t below = mpz_sizeinbase(x, 2), block = mpz_sizeinbase(d, 2);
    mpz_t part;
    mpz_init(part);
    while (below > 0 && !job_cancelled(job)) {
        block = below < block ? below : block;
        below -= block;
        mpz_fdiv_q_2exp(part, x, below);
        mpz_fdiv_r_2exp(x, x, below);
        mpz_mul_2exp(low, low, block);
        mpz_add(low, low, part);
        mpz_tdiv_qr(part, low, low, d);
        mpz_mul_2exp(high, high, block);
        mpz_add(high, high, part);
        block = QUOTIENT_BITS;
    }
    mpz_clear(part);
}

/* Writes x, below 10^count and at most 10^(leaf 2^level), as `count` digits. Clears x. */
static void write_digits(const conversion *c, char *digits, uint64_t count, mpz_t x, unsigned level)
{
    if (level == 0 || job_cancelled(c->job)) {
        if (!job_cancelled(c->job))
            write_leaf(c, digits, count, x);
        mpz_clear(x);
        return;
    }
    /* x = high 10^k + low, by dividing the bits above the twos of 10^k by 5^k. */
    mp_bitcnt_t k = c->leaf << (level - 1);
    mpz_t high, low, twos;
    mpz_inits(high, low, twos, NULL);
    mpz_fdiv_r_2exp(twos, x, k);
    mpz_fdiv_q_2exp(x, x, k);
    divide(c->job, high, low, x, c->five[level - 1]);
    mpz_clear(x);
    mpz_mul_2exp(low, low, k);
    mpz_add(low, low, twos);
    mpz_clear(twos);
    write_digits(c, digits, count - k, high, level - 1);
    write_digits(c, digits + count - k, k, low, level - 1);
}

/* Writes x as `count` digits. Clears x. */
static void convert(const factorial_job *job, char *digits, uint64_t count, mpz_t x, char *text)
{
    conversion c = {.job = job, .text = text};
    while ((count >> c.levels) > LEAF_DIGITS)
        c.levels++;
    c.leaf = ((count - 1) >> c.levels) + 1;
    for (unsigned i = 0; i < c.levels; i++) {
        mpz_init(c.five[i]);
        if (i == 0)
            mpz_ui_pow_ui(c.five[0], 5, c.leaf);
        else if (!job_cancelled(job))
            mpz_mul(c.five[i], c.five[i - 1], c.five[i - 1]);
    }
    write_digits(&c, digits, count, x, c.levels);
    for (unsigned i = 0; i < c.levels; i++)
        mpz_clear(c.five[i]);
}

factorial_status gmp_factorial(const factorial_plan *plan, const factorial_job *job, char *digits,
                               char *scratch)
{
    uint64_t n = plan->n, zeros = 0;
    layout l = lay_out(plan);
    mpz_t x; /* n! / 10^zeros */
    mpz_init(x);
    if (n <= SHORT_MAX_GMP) {
        mpz_fac_ui(x, n);
    } else {
        zeros = primes_exponent(n, 5);
        primes found = primes_sieve(job, n, (void *)(scratch + l.primes), scratch + l.sieve);
        odd_part(job, x, n, &found, (void *)(scratch + l.words));
        if (!job_cancelled(job))
            mpz_mul_2exp(x, x, primes_exponent(n, 2) - zeros);
    }
    convert(job, digits, plan->digits - zeros, x, scratch + l.text);
    memset(digits + plan->digits - zeros, '0', zeros);
    bool right =
        !job_cancelled(job) && checksum_of_text(dispatch_used(), job, digits, plan->digits) ==
                                   checksum_of_factorial(job, n);
    if (job_cancelled(job))
        return FACTORIAL_CANCELLED;
    return right ? FACTORIAL_OK : FACTORIAL_WRONG;
}
