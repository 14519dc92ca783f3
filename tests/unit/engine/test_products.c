#include "engine/kernel/convolution.h"
#include "engine/kernel/dispatch.h"
#include "engine/products.h"
#include "guarded_scratch.h"
#include "suite.h"

#include <gmp.h>
#include <stdlib.h>

static factorial_job job;

static void set_up(void)
{
    job = (factorial_job){.threads = 2, .pool = factorial_pool_create(1, NULL, NULL)};
}

static void tear_down(void)
{
    factorial_pool_destroy(job.pool);
}

static void from_limbs(mpz_t x, const limb *a, size_t limbs)
{
    mpz_set_ui(x, 0);
    while (limbs-- > 0) {
        mpz_mul_ui(x, x, LIMB_BASE);
        mpz_add_ui(x, x, a[limbs]);
    }
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

typedef struct {
    uint32_t *prime;
    size_t prime_size;
    limb *word; /* ends at a page that cannot be touched */
    size_t word_size;
    primes found;
    products_by_bit products;
} packed;

static packed pack(uint64_t n)
{
    packed p = {.prime_size = primes_count_bound(n) * sizeof *p.prime,
                .word_size = products_words_bound(n) * sizeof *p.word};
    void *scratch = malloc(primes_scratch());
    p.prime = malloc(p.prime_size);
    ck_assert(scratch && p.prime);
    p.found = primes_sieve(&job, n, p.prime, scratch);
    free(scratch);
    p.word = guarded_scratch_new(p.word_size);
    products_pack(&job, &p.products, p.word, &p.found, n, primes_exponent(n, 5));
    return p;
}

static void release(packed *p)
{
    guarded_scratch_delete(p->word, p->word_size);
    free(p->prime);
}

static void check(uint64_t n)
{
    const kernel *k = dispatch_available(0);
    packed all = pack(n);
    products_by_bit *p = &all.products;
    size_t size = 3 * decimal_scratch(k, products_limbs_bound(n));
    workspace w = {k, &job, guarded_scratch_new(size), size};
    products_multiply_trees(p, &w);
    guarded_scratch_delete(w.scratch, size);

    mpz_t x, y, whole;
    mpz_inits(x, y, whole, NULL);
    mpz_set_ui(whole, 1);
    for (unsigned bit = p->bits; bit-- > 0;) {
        ck_assert_uint_le(p->power[bit].length, products_limbs_bound(n));
        from_limbs(x, p->power[bit].limbs, p->power[bit].length);
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

/* The words are packed, not multiplied, which would take too long. */
START_TEST(the_words_fit_up_to_the_limit)
{
    static const uint64_t n[] = {1000000, 9999999, 30000000, FACTORIAL_LIMIT};
    for (size_t i = 0; i < (suite_under_valgrind() ? 1 : sizeof n / sizeof *n); i++) {
        packed all = pack(n[i]);
        products_by_bit *p = &all.products;
        ck_assert_uint_le(p->start[p->bits], products_words_bound(n[i]));
        for (unsigned bit = 0; bit < p->bits; bit++)
            ck_assert_uint_le(p->start[bit + 1] - p->start[bit], products_limbs_bound(n[i]));
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
    tcase_add_test(t, the_words_fit_up_to_the_limit);
    suite_add_tcase(s, t);
    return s;
}
