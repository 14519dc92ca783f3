#include "engine/decimal.h"
#include "engine/kernel/convolution.h"
#include "engine/kernel/dispatch.h"
#include "engine/limb.h"
#include "guarded_scratch.h"
#include "integers.h"
#include "suite.h"

#include <stdlib.h>
#include <string.h>

/*
 * The longest schoolbook products are tested, the shortest by transforms where this CPU has a
 * kernel: decimal_multiply chooses.
 */
enum { LONGEST = 400 };

static factorial_job job;
static workspace space;

static void set_up(void)
{
    space = (workspace){.kernel = dispatch_available(0), .job = &job};
    if (space.kernel) {
        fields_prepare(space.kernel->leaf_points);
        space.scratch_size = decimal_scratch(space.kernel, 2 * LONGEST);
        space.scratch = guarded_scratch_new(space.scratch_size);
    }
}

static void tear_down(void)
{
    if (space.kernel)
        guarded_scratch_delete(space.scratch, space.scratch_size);
}

static void fill(limb *a, size_t limbs, int kind)
{
    for (size_t i = 0; i < limbs; i++)
        a[i] = kind == 0   ? LIMB_BASE - 1
               : kind == 1 ? (i == limbs - 1)
                           : (uint64_t)rand() * (uint64_t)rand() % LIMB_BASE;
    a[limbs - 1] += a[limbs - 1] == 0;
}

static void assert_product(const limb *product, size_t limbs, const limb *a, size_t an,
                           const limb *b, size_t bn)
{
    mpz_t x, y, z;
    mpz_inits(x, y, z, NULL);
    integer_from_limbs(x, a, an);
    integer_from_limbs(y, b, bn);
    integer_from_limbs(z, product, limbs);
    mpz_mul(x, x, y);
    ck_assert(mpz_cmp(x, z) == 0 && product[limbs - 1] != 0);
    mpz_clears(x, y, z, NULL);
}

START_TEST(quotients_by_the_base_are_exact)
{
    static const limb edges[] = {0, 1, 2, LIMB_BASE / 2, LIMB_BASE - 2, LIMB_BASE - 1};
    enum { EDGES = sizeof edges / sizeof *edges };
    srand(20260106);
    for (size_t i = 0; i < 200000; i++) {
        limb remainder, pair[2];
        if (i < EDGES * EDGES) {
            pair[0] = edges[i / EDGES];
            pair[1] = edges[i % EDGES];
        } else {
            fill(pair, 2, 2);
        }
        unsigned __int128 x = (unsigned __int128)pair[0] * LIMB_BASE + pair[1];
        bool exact = limb_divide_product(x, &remainder) == pair[0] && remainder == pair[1];
        exact = limb_divide(x, &remainder) == pair[0] && remainder == pair[1] && exact;
        x += (unsigned __int128)(UINT64_MAX - pair[0]) * LIMB_BASE;
        exact = limb_divide(x, &remainder) == UINT64_MAX && remainder == pair[1] && exact;
        if (!exact)
            ck_abort_msg("wrong quotient of %lu and %lu", (unsigned long)pair[0],
                         (unsigned long)pair[1]);
    }
}
END_TEST

START_TEST(products_agree_with_gmp)
{
    if (!space.kernel)
        return;
    srand(20260105);
    static limb a[LONGEST], b[LONGEST], product[2 * LONGEST];
    size_t step = suite_under_valgrind() ? 41 : 7;
    for (int kind = 0; kind < 3; kind++)
        for (size_t an = 1; an < 200; an += an < 8 ? 1 : step)
            for (size_t bn = 1; bn < 200; bn += bn < 8 ? 1 : step) {
                fill(a, an, kind);
                fill(b, bn, kind);
                size_t limbs = decimal_multiply(&space, product, a, an, b, bn);
                assert_product(product, limbs, a, an, b, bn);
            }
}
END_TEST

START_TEST(squares_agree_with_gmp)
{
    if (!space.kernel)
        return;
    static limb a[LONGEST], product[2 * LONGEST];
    for (int kind = 0; kind < 3; kind++)
        for (size_t n = 1; n < LONGEST; n += n < 140 ? 1 : 37) {
            fill(a, n, kind);
            size_t limbs = decimal_multiply(&space, product, a, n, a, n);
            assert_product(product, limbs, a, n, a, n);
        }
}
END_TEST

/* Of schoolbook multiplication by products of limbs; of transforms by their points and levels. */
START_TEST(times_are_estimated)
{
    static const kernel k = {.leaf_points = 64};
    static const struct {
        size_t a_limbs, b_limbs;
        bool square;
        double time;
    } rows[] = {
        {1, 1, false, 1},
        {1000, 48, false, 48000},
        {48, 1000, false, 48000},
        {49, 49, false, 1.4 * 256 * 8},
        {1000, 49, false, 1.4 * 1152 * 11},
        {64, 64, true, 2048},
        {65, 65, true, 256 * 8},
        {2048, 2048, true, 4096 * 12},
        {2049, 2049, true, 4608 * 13},
        {3072, 1024, false, 1.4 * 4096 * 12},
        {1024, 3072, false, 1.4 * 4096 * 12},
        {3071, 1025, false, 1.5 * 4096 * 12},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        ck_assert_double_eq_tol(decimal_time(&k, rows[i].a_limbs, rows[i].b_limbs, rows[i].square),
                                rows[i].time, 1e-6);
}
END_TEST

/* No squares, although both begin at the same address. */
START_TEST(products_with_the_own_lower_limbs_agree_with_gmp)
{
    static const size_t lengths[][2] = {{30, 20}, {20, 30}, {150, 120}, {120, 150}, {390, 100}};
    static limb a[LONGEST], product[2 * LONGEST];
    if (!space.kernel)
        return;
    fill(a, LONGEST, 2);
    for (size_t i = 0; i < sizeof lengths / sizeof *lengths; i++) {
        size_t an = lengths[i][0], bn = lengths[i][1];
        size_t limbs = decimal_multiply(&space, product, a, an, a, bn);
        assert_product(product, limbs, a, an, a, bn);
    }
}
END_TEST

START_TEST(the_product_may_overlap_its_factors)
{
    if (!space.kernel)
        return;
    static limb pair[2 * LONGEST], copy[2 * LONGEST];
    for (size_t n = 1; n < LONGEST; n += 9)
        for (size_t gap = 0; gap < 3 && gap < n; gap++) { /* as product.c's pairs lie */
            fill(pair, 2 * n, 2);
            memcpy(copy, pair, sizeof pair);
            copy[n - 1] = pair[n - 1] += pair[n - 1] == 0;
            size_t limbs = decimal_multiply(&space, pair, pair, n, pair + n + gap, n - gap);
            assert_product(pair, limbs, copy, n, copy + n + gap, n - gap);
        }
}
END_TEST

START_TEST(products_by_a_word_agree_with_gmp)
{
    static limb a[LONGEST], copy[LONGEST];
    for (int kind = 0; kind < 3; kind++)
        for (size_t n = 1; n < 60; n++) {
            limb word = kind == 0 ? LIMB_BASE - 1 : kind == 1 ? 1 : 1 + (limb)rand();
            fill(a, n, kind);
            memcpy(copy, a, sizeof a);
            size_t limbs = decimal_multiply_word(a, n, word);
            assert_product(a, limbs, copy, n, &word, 1);
        }
}
END_TEST

Suite *suite(void)
{
    Suite *s = suite_create("decimal");
    TCase *t = tcase_create("decimal");
    tcase_add_checked_fixture(t, set_up, tear_down);
    tcase_set_timeout(t, 60);
    tcase_add_test(t, quotients_by_the_base_are_exact);
    tcase_add_test(t, products_agree_with_gmp);
    tcase_add_test(t, squares_agree_with_gmp);
    tcase_add_test(t, times_are_estimated);
    tcase_add_test(t, products_with_the_own_lower_limbs_agree_with_gmp);
    tcase_add_test(t, the_product_may_overlap_its_factors);
    tcase_add_test(t, products_by_a_word_agree_with_gmp);
    suite_add_tcase(s, t);
    return s;
}
