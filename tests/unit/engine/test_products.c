#include "engine/kernel/convolution.h"
#include "engine/kernel/dispatch.h"
#include "engine/products.h"
#include "guarded_scratch.h"
#include "integers.h"
#include "suite.h"

#include <stdlib.h>

static factorial_job job;

static void set_up(void)
{
    job = (factorial_job){.threads = 2, .pool = factorial_pool_create(1, false, NULL, NULL)};
}

static void tear_down(void)
{
    factorial_pool_destroy(job.pool);
}

/* The product of the primes whose exponent has this bit, in n! / 10^zeros. */
static void expected_product(mpz_t x, const primes *found, uint64_t n, unsigned bit)
{
    mpz_set_ui(x, 1);
    for (size_t k = 0; k < found->count; k++) {
        uint64_t p = found->prime[k], exponent = primes_exponent(n, p);
        exponent -= p == 2 || p == 5 ? primes_exponent(n, 5) : 0;
        if (exponent >> bit & 1)
            mpz_mul_ui(x, x, p);
    }
}

/* All memory is as long as is asked for, and ends at a page that cannot be touched. */
typedef struct {
    size_t prime_size, word_size, scratch_size;
    primes found;
    limb *word;
    products_by_bit products;
} multiplied;

static multiplied multiply(uint64_t n)
{
    const kernel *k = dispatch_available(0);
    multiplied m = {.prime_size = primes_count_bound(n) * sizeof *m.found.prime,
                    .word_size = products_words_bound(n) * sizeof *m.word,
                    .scratch_size = 3 * decimal_scratch(k, products_limbs_bound(n))};
    void *sieve = malloc(primes_scratch(n));
    ck_assert_ptr_nonnull(sieve);
    m.found = primes_sieve(&job, n, guarded_scratch_new(m.prime_size), sieve);
    free(sieve);
    m.word = guarded_scratch_new(m.word_size);
    workspace w = {k, &job, guarded_scratch_new(m.scratch_size), m.scratch_size};
    products_multiply_trees(&m.products, &w, m.word, &m.found, n, primes_exponent(n, 5));
    guarded_scratch_delete(w.scratch, m.scratch_size);
    for (unsigned bit = 0; bit < m.products.bits; bit++)
        ck_assert_uint_le(m.products.power[bit].length, products_limbs_bound(n));
    return m;
}

static void release(multiplied *m)
{
    guarded_scratch_delete(m->found.prime, m->prime_size);
    guarded_scratch_delete(m->word, m->word_size);
}

static void check(uint64_t n)
{
    multiplied all = multiply(n);
    products_by_bit *p = &all.products;
    mpz_t x, y, whole;
    mpz_inits(x, y, whole, NULL);
    mpz_set_ui(whole, 1);
    for (unsigned bit = p->bits; bit-- > 0;) {
        integer_from_limbs(x, p->power[bit].limbs, p->power[bit].length);
        expected_product(y, &all.found, n, bit);
        ck_assert_int_eq(mpz_cmp(x, y), 0);
        mpz_mul(whole, whole, whole);
        mpz_mul(whole, whole, x);
    }
    mpz_fac_ui(x, n);
    mpz_ui_pow_ui(y, 10, primes_exponent(n, 5));
    mpz_divexact(x, x, y);
    ck_assert_int_eq(mpz_cmp(x, whole), 0);
    mpz_clears(x, y, whole, NULL);
    release(&all);
}

START_TEST(the_products_are_those_of_the_primes_with_each_bit)
{
    if (!dispatch_available(0))
        return;
    fields_prepare(dispatch_available(0)->leaf_points);
    for (uint64_t n = 2; n < 3000; n += suite_under_valgrind() ? 97 : n < 300 ? 1 : 23)
        check(n);
    for (uint64_t n = 3000; n < (suite_under_valgrind() ? 4000 : 200000); n = n * 7 / 4)
        check(n);
}
END_TEST

/* The first subtree of a bit becomes the product, and keeps the number of its primes. */
START_TEST(for_several_threads_the_primes_are_divided_into_subtrees)
{
    enum { PRIMES = 1229 }; /* up to 10,000 */
    for (job.threads = 1; dispatch_available(0) && job.threads <= 2; job.threads++) {
        multiplied all = multiply(10000);
        ck_assert_uint_eq(all.products.power[0].primes, job.threads == 1 ? PRIMES : PRIMES / 64);
        release(&all);
    }
}
END_TEST

START_TEST(the_words_fit_up_to_the_limit)
{
    static const uint64_t n[] = {1000000, 9999999, 30000000, FACTORIAL_LIMIT};
    bool slow = suite_under_valgrind() || suite_sanitized();
    for (size_t i = 0; dispatch_available(0) && i < (slow ? 1 : sizeof n / sizeof *n); i++) {
        multiplied all = multiply(n[i]);
        release(&all);
    }
}
END_TEST

Suite *suite(void)
{
    Suite *s = suite_create("products");
    TCase *t = tcase_create("products");
    tcase_add_checked_fixture(t, set_up, tear_down);
    tcase_set_timeout(t, 60);
    tcase_add_test(t, the_products_are_those_of_the_primes_with_each_bit);
    tcase_add_test(t, for_several_threads_the_primes_are_divided_into_subtrees);
    tcase_add_test(t, the_words_fit_up_to_the_limit);
    suite_add_tcase(s, t);
    return s;
}
