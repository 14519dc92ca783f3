#include "engine/convolution.h"
#include "engine/cpu.h"
#include "engine/powers.h"
#include "heap.h"
#include "suite.h"

#include <gmp.h>
#include <stdlib.h>

static heap memory;
static factorial_job job;

static void set_up(void)
{
    heap_init(&memory);
    job = (factorial_job){
        .memory = &memory.memory, .threads = 2, .pool = factorial_pool_create(1, NULL, NULL)};
}

static void tear_down(void)
{
    factorial_pool_destroy(job.pool);
    ck_assert_uint_eq(memory.used, 0);
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

static void check(uint64_t n)
{
    const kernel *k = cpu_kernel(0);
    primes found;
    ck_assert_int_eq(primes_sieve(&job, n, &found), FACTORIAL_OK);
    products_by_bit p;
    void *block = memory.memory.acquire(&memory.memory, product_bytes(n));
    product_pack(&job, &p, block, &found, n, primes_exponent(n, 5));

    size_t bytes = 3 * decimal_scratch(k, product_limbs_bound(n));
    workshop w = {k, &job, true, memory.memory.acquire(&memory.memory, bytes)};
    product_multiply(&p, &w, bytes);
    mpz_t x, y, whole;
    mpz_inits(x, y, whole, NULL);
    mpz_set_ui(whole, 1);
    for (unsigned bit = p.bits; bit-- > 0;) {
        ck_assert_uint_le(p.power[bit].length, product_limbs_bound(n));
        from_limbs(x, p.power[bit].limbs, p.power[bit].length);
        expected_product(y, &found, n, bit);
        ck_assert_int_eq(mpz_cmp(x, y), 0);
        mpz_mul(whole, whole, whole);
        mpz_mul(whole, whole, x);
    }
    memory.memory.release(&memory.memory, w.scratch, bytes);

    mpz_fac_ui(x, n);
    mpz_ui_pow_ui(y, 10, primes_exponent(n, 5));
    mpz_divexact(x, x, y);
    ck_assert_int_eq(mpz_cmp(x, whole), 0);
    mpz_clears(x, y, whole, NULL);
    memory.memory.release(&memory.memory, block, product_bytes(n));
    primes_free(&job, &found);
}

START_TEST(the_products_are_those_of_the_primes_with_each_bit)
{
    if (!cpu_kernel(0))
        return;
    fields_prepare(cpu_kernel(0)->leaf_points);
    for (uint64_t n = 2; n < 3000; n += suite_under_valgrind() ? 97 : n < 300 ? 1 : 23)
        check(n);
    for (uint64_t n = 3000; n < (suite_under_valgrind() ? 4000 : 200000); n = n * 7 / 4)
        check(n);
}
END_TEST

/* What factorial_compute holds for the largest n must be enough: words are counted, not computed.
 */
START_TEST(the_words_fit_up_to_the_limit)
{
    static const uint64_t n[] = {1000000, 9999999, 30000000, FACTORIAL_LIMIT};
    for (size_t i = 0; i < (suite_under_valgrind() ? 1 : sizeof n / sizeof *n); i++) {
        primes found;
        ck_assert_int_eq(primes_sieve(&job, n[i], &found), FACTORIAL_OK);
        products_by_bit p;
        void *block = memory.memory.acquire(&memory.memory, product_bytes(n[i]));
        product_pack(&job, &p, block, &found, n[i], primes_exponent(n[i], 5));
        ck_assert_uint_le(p.start[p.bits] * sizeof(limb), product_bytes(n[i]));
        for (unsigned bit = 0; bit < p.bits; bit++)
            ck_assert_uint_le(p.start[bit + 1] - p.start[bit], product_limbs_bound(n[i]));
        memory.memory.release(&memory.memory, block, product_bytes(n[i]));
        primes_free(&job, &found);
    }
}
END_TEST

Suite *suite(void)
{
    Suite *s = suite_create("product");
    TCase *t = tcase_create("product");
    tcase_add_checked_fixture(t, set_up, tear_down);
    tcase_set_timeout(t, 60);
    tcase_add_test(t, the_products_are_those_of_the_primes_with_each_bit);
    tcase_add_test(t, the_words_fit_up_to_the_limit);
    suite_add_tcase(s, t);
    return s;
}
