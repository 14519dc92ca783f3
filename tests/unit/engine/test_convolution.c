#include "engine/kernel/convolution.h"
#include "engine/kernel/dispatch.h"
#include "engine/thresholds.h"
#include "guarded_scratch.h"
#include "integers.h"
#include "suite.h"

#include <stdlib.h>
#include <string.h>

/* Each test runs with each kernel that this CPU has, alone and with a helper. */
enum { KERNELS_MAX = 2 };

static const kernel *used;
static factorial_job job;

static void set_up(void)
{
    job = (factorial_job){.threads = 2, .pool = factorial_pool_create(1, false, NULL, NULL)};
    ck_assert_ptr_nonnull(job.pool);
}

static void tear_down(void)
{
    factorial_pool_destroy(job.pool);
}

static bool choose(int index)
{
    used = dispatch_available((unsigned)index);
    if (used)
        fields_prepare(used->leaf_points);
    return used;
}

static uint64_t state = 20260103;

static uint64_t random_number(uint64_t below)
{
    state = state * 6364136223846793005u + 1442695040888963407u;
    return (state >> 20) % below;
}

/* Now and then a 0 or the largest of all. */
static limb random_limb(void)
{
    switch (random_number(16)) {
    case 0:
        return 0;
    case 1:
        return LIMB_BASE - 1;
    default:
        return random_number(1000000000) * 1000000000 + random_number(1000000000);
    }
}

static limb *new_limbs(size_t count)
{
    limb *x = malloc((count + 1) * sizeof *x);
    ck_assert_ptr_nonnull(x);
    x[count] = 0x5a5a5a5a5a5a5a5a; /* must stay so */
    return x;
}

static void free_limbs(limb *x, size_t count)
{
    ck_assert_uint_eq(x[count], 0x5a5a5a5a5a5a5a5a);
    free(x);
}

static void multiply_in(size_t size, limb *product, const limb *a, size_t an, const limb *b,
                        size_t bn)
{
    workspace w = {used, &job, guarded_scratch_new(size), size};
    convolution_multiply(&w, product, a, an, b, bn);
    guarded_scratch_delete(w.scratch, size);
}

/* In all scratch memory that it can use, or in the least. */
static void multiply(limb *product, const limb *a, size_t an, const limb *b, size_t bn)
{
    size_t size = random_number(2) ? convolution_scratch(used, an + bn)
                                   : convolution_scratch_least(used, an + bn);
    multiply_in(size, product, a, an, b, bn);
}

static void assert_product(const limb *product, const limb *a, size_t an, const limb *b, size_t bn)
{
    mpz_t x, y, z;
    mpz_inits(x, y, z, NULL);
    integer_from_limbs(x, a, an);
    integer_from_limbs(y, b, bn);
    mpz_mul(x, x, y);
    integer_from_limbs(z, product, an + bn);
    if (mpz_cmp(x, z) != 0)
        ck_abort_msg("%s: wrong product of %zu and %zu limbs", used->name, an, bn);
    mpz_clears(x, y, z, NULL);
}

static void check_random(size_t an, size_t bn)
{
    limb *a = new_limbs(an), *b = new_limbs(bn), *product = new_limbs(an + bn);
    for (size_t i = 0; i < an; i++)
        a[i] = random_limb();
    for (size_t i = 0; i < bn; i++)
        b[i] = random_limb();
    multiply(product, a, an, b, bn);
    assert_product(product, a, an, b, bn);
    multiply(product, a, an, a, an < bn ? an : bn);
    assert_product(product, a, an, a, an < bn ? an : bn);
    free_limbs(a, an);
    free_limbs(b, bn);
    free_limbs(product, an + bn);
}

/* (B^an - 1)(B^bn - 1), an >= bn: every coefficient as large as it can be, carries all through. */
static void check_extreme(size_t an, size_t bn)
{
    limb *a = new_limbs(an), *product = new_limbs(an + bn);
    for (size_t i = 0; i < an; i++)
        a[i] = LIMB_BASE - 1;
    multiply(product, a, an, a, bn);
    for (size_t i = 0; i < an + bn; i++) {
        limb expected = i == 0 ? 1 : i < bn ? 0 : i == an ? LIMB_BASE - 2 : LIMB_BASE - 1;
        if (product[i] != expected)
            ck_abort_msg("%s: (B^%zu - 1)(B^%zu - 1) is wrong at %zu", used->name, an, bn, i);
    }
    free_limbs(a, an);
    free_limbs(product, an + bn);
}

START_TEST(products_of_every_small_length_agree_with_gmp)
{
    if (!choose(_i))
        return;
    size_t step = suite_under_valgrind() ? 37 : suite_sanitized() ? 17 : 1;
    for (size_t limbs = 2; limbs < 1100; limbs += step) {
        size_t small = 1 + random_number(limbs / 2);
        check_random(limbs - small, small);
        check_random(limbs - limbs / 2, limbs / 2);
    }
}
END_TEST

/* All tails of several powers of two, at both ends of what each has room for. */
START_TEST(products_of_every_shape_agree_with_gmp)
{
    if (!choose(_i))
        return;
    size_t top = suite_under_valgrind() ? 4096 : suite_sanitized() ? 4096 : 32768;
    for (size_t m = 2048; m <= top; m *= 2)
        for (size_t eighths = 8; eighths < 16; eighths++)
            for (size_t off = 0; off < 2; off++) {
                size_t limbs = m / 8 * eighths + off, small = 1 + random_number(limbs / 2);
                check_random(limbs - small, small);
                check_random(limbs / 2, limbs - limbs / 2);
            }
}
END_TEST

START_TEST(products_of_the_largest_limbs_are_exact)
{
    if (!choose(_i))
        return;
    size_t top = suite_under_valgrind() ? 3000 : suite_sanitized() ? 10000 : 300000;
    for (size_t n = 2; n < 700; n += suite_under_valgrind() || suite_sanitized() ? 61 : 1) {
        check_extreme(n, n);
        check_extreme(n, 1 + n / 3);
    }
    for (size_t n = 700; n < top; n += n / 9) {
        check_extreme(n, n);
        check_extreme(n, 1 + random_number(n));
    }
}
END_TEST

/* a b on 64 threads, for which blocks are split, and on two; in all scratch and in the least. */
static void check_split(const limb *a, size_t an, const limb *b, size_t bn)
{
    limb *product = new_limbs(an + bn), *expected = new_limbs(an + bn);
    size_t all = convolution_scratch(used, an + bn);
    size_t least = convolution_scratch_least(used, an + bn);
    job.threads = 2;
    multiply_in(all, expected, a, an, b, bn);
    multiply_in(least, product, a, an, b, bn);
    ck_assert_mem_eq(product, expected, (an + bn) * sizeof *product);
    job.threads = 64;
    multiply_in(least, product, a, an, b, bn);
    ck_assert_mem_eq(product, expected, (an + bn) * sizeof *product);
    multiply_in(all, product, a, an, b, bn);
    ck_assert_mem_eq(product, expected, (an + bn) * sizeof *product);
    free_limbs(product, an + bn);
    free_limbs(expected, an + bn);
}

START_TEST(products_of_every_shape_are_the_same_on_many_threads)
{
    if (!choose(_i))
        return;
    enum { LONGEST = 2 * SPLIT_MIN, STEP = SPLIT_MIN / 8 };
    limb *a = new_limbs(LONGEST);
    for (size_t i = 0; i < LONGEST; i++)
        a[i] = random_limb();
    for (size_t n = SPLIT_MIN; n <= LONGEST; n += suite_under_valgrind() ? LONGEST : STEP) {
        size_t half = n / 2;
        check_split(a, half, a, half);
        check_split(a, n - half / 3, a + half, half / 3);
    }
    free_limbs(a, LONGEST);
}
END_TEST

START_TEST(the_product_may_take_a_factors_place)
{
    if (!choose(_i))
        return;
    enum { AN = 700, BN = 300 };
    limb *a = new_limbs(AN + BN), *b = new_limbs(BN), copy[AN];
    for (size_t i = 0; i < AN; i++)
        copy[i] = a[i] = random_limb();
    for (size_t i = 0; i < BN; i++)
        b[i] = random_limb();
    multiply(a, a, AN, b, BN);
    assert_product(a, copy, AN, b, BN);
    free_limbs(a, AN + BN);
    free_limbs(b, BN);
}
END_TEST

static bool always(void *unused)
{
    return true;
}

START_TEST(a_cancelled_product_stops)
{
    if (!choose(_i))
        return;
    job.cancelled = always;
    enum { N = 100000 };
    limb *a = new_limbs(N), *product = new_limbs(2 * N);
    memset(a, 0, N * sizeof *a);
    memset(product, 1, 2 * N * sizeof *product);
    multiply(product, a, N, a, N);
    ck_assert_uint_ne(product[N], 0); /* it has not come so far as to write that */
    free_limbs(a, N);
    free_limbs(product, 2 * N);
}
END_TEST

Suite *suite(void)
{
    Suite *s = suite_create("convolution");
    TCase *t = tcase_create("convolution");
    tcase_add_checked_fixture(t, set_up, tear_down);
    tcase_set_timeout(t, 120);
    tcase_add_loop_test(t, products_of_every_small_length_agree_with_gmp, 0, KERNELS_MAX);
    tcase_add_loop_test(t, products_of_every_shape_agree_with_gmp, 0, KERNELS_MAX);
    tcase_add_loop_test(t, products_of_every_shape_are_the_same_on_many_threads, 0, KERNELS_MAX);
    tcase_add_loop_test(t, products_of_the_largest_limbs_are_exact, 0, KERNELS_MAX);
    tcase_add_loop_test(t, the_product_may_take_a_factors_place, 0, KERNELS_MAX);
    tcase_add_loop_test(t, a_cancelled_product_stops, 0, KERNELS_MAX);
    suite_add_tcase(s, t);
    return s;
}
