#include "table_factorial.h"

#include "decimal_write.h"
#include "digit_count.h"
#include "limb.h"
#include "thresholds.h"

#include <pthread.h>
#include <string.h>

enum {
    STEP = 32, /* the table has the factorials of its multiples */
    ENTRIES = INSTANT_MAX / STEP + 1,
    /* INSTANT_MAX! has 13,020 digits. The length grows faster than n, so an entry has on average
     * less than half as many limbs as the last one. */
    LAST_LIMBS = 724,
    ALL_LIMBS = ENTRIES * (LAST_LIMBS / 2 + 1),
    WORDS_MAX = STEP / 4 /* four factors up to INSTANT_MAX fit in a word */
};

static limb table[ALL_LIMBS];
static size_t start[ENTRIES + 1]; /* of the entries, in the table */

/*
 * Multiplies a number by several words in one pass over its limbs. Each word is one limb behind the
 * word before it, so the products by different words do not depend on each other and overlap.
 */
typedef struct {
    const limb *next, *end; /* limbs of the number that have not been read; zeros follow them */
    limb word[WORDS_MAX], carry[WORDS_MAX];
    limb waiting[WORDS_MAX + 1]; /* limbs for each word, and at last the product's */
    size_t words;
} multiplication;

static limb next_limb(multiplication *m)
{
    m->waiting[0] = m->next < m->end ? *m->next++ : 0;
    for (size_t i = m->words; i-- > 0;)
        m->carry[i] = limb_divide_product(
            (unsigned __int128)m->waiting[i] * m->word[i] + m->carry[i], &m->waiting[i + 1]);
    return m->waiting[m->words];
}

/* The k-th entry of the table times the numbers behind its own up to n, at most STEP of them. */
static multiplication start_multiplication(size_t k, uint64_t n)
{
    multiplication m = {.next = table + start[k], .end = table + start[k + 1]};
    limb word = 1;
    for (uint64_t factor = k * STEP + 1; factor <= n; factor++) {
        if (word > (LIMB_BASE - 1) / factor) {
            m.word[m.words++] = word;
            word = 1;
        }
        word *= factor;
    }
    m.word[m.words++] = word;
    for (size_t i = 1; i < m.words; i++)
        next_limb(&m);
    return m;
}

/* True if only zeros follow the limbs that have been computed so far. */
static bool ended(const multiplication *m)
{
    limb left = m->carry[0];
    for (size_t i = 1; i < m->words; i++)
        left |= m->waiting[i] | m->carry[i];
    return left == 0 && m->next == m->end;
}

static size_t limbs_of(uint64_t digits)
{
    return (size_t)((digits - 1) / LIMB_DIGITS + 1);
}

static void make_table(void)
{
    table[0] = 1;
    start[1] = 1;
    for (size_t k = 1; k < ENTRIES; k++) {
        multiplication m = start_multiplication(k - 1, k * STEP);
        start[k + 1] = start[k] + limbs_of(factorial_digit_count(k * STEP));
        for (size_t i = start[k]; i < start[k + 1]; i++)
            table[i] = next_limb(&m);
    }
}

void table_prepare(void)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, make_table);
}

factorial_status table_factorial(const factorial_plan *plan, char *digits)
{
    multiplication m = start_multiplication((size_t)(plan->n / STEP), plan->n);
    char *end = digits + plan->digits, highest[LIMB_DIGITS];
    for (; end - digits > LIMB_DIGITS; end -= LIMB_DIGITS)
        decimal_write_limb(end - LIMB_DIGITS, next_limb(&m));
    decimal_write_limb(highest, next_limb(&m));
    size_t rest = (size_t)(end - digits);
    memcpy(digits, highest + LIMB_DIGITS - rest, rest);
    return ended(&m) ? FACTORIAL_OK : FACTORIAL_WRONG;
}
