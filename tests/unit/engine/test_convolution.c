#include "engine/kernel/convolution.h"
#include "engine/kernel/dispatch.h"
#include "engine/thresholds.h"
#include "guarded_scratch.h"
#include "suite.h"

#include <gmp.h>
#include <stdlib.h>
#include <string.h>

/* Each test runs with each kernel that this CPU has, alone and with a helper. */
enum { KERNELS_MAX = 2 };

static const kernel *used;
static factorial_job job;

static void set_up(void)
{
    job = (factorial_job){.threads = 2, .pool = factorial_pool_create(1, NULL, NULL)};
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

static void to_integer(mpz_t x, const limb *a, size_t n)
{
    char *text = malloc(n * LIMB_DIGITS + 1);
    for (size_t i = 0; i < n; i++) {
        limb rest = a[n - 1 - i];
        for (size_t k = LIMB_DIGITS; k-- > 0; rest /= 10)
            text[i * LIMB_DIGITS + k] = (char)('0' + rest % 10);
    }
    text[n * LIMB_DIGITS] = '\0';
    mpz_set_str(x, text, 10);
    free(text);
}

static void assert_product(const limb *product, const limb *a, size_t an, const limb *b, size_t bn)
{
    for (size_t i = 0; i < an + bn; i++)
        if (product[i] >= LIMB_BASE)
            ck_abort_msg("%s: limb %zu of a product is too large", used->name, i);
    mpz_t x, y, z;
    mpz_inits(x, y, z, NULL);
    to_integer(x, a, an);
    to_integer(y, b, bn);
    mpz_mul(x, x, y);
    to_integer(z, product, an + bn);
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

/* a b on 64 threads, for which blocks are split, and on two; in all scratch memory and the least.
 */
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

/* ---- the division of the work, by a kernel that notes what it is given */

static convolution given;
static unsigned given_threads;
static size_t loads[2], stores, blocks;
static struct {
    double *points;
    size_t count, j;
} loaded; /* a short factor, for one block */
static struct {
    size_t q, at, points, j;
    unsigned levels;
} block[FIELDS * SEGMENTS_MAX];

static void note_load(const convolution *c, unsigned operand, size_t chunk)
{
    given = *c;
    given_threads = c->job->threads;
    ck_assert_uint_eq(chunk, loads[operand]++);
}

static void note_load_block(const field *f, double *points, size_t count, size_t j, const limb *b,
                            size_t limbs)
{
    loaded.points = points;
    loaded.count = count;
    loaded.j = j;
    ck_assert_ptr_eq(b, given.operand[1]);
    ck_assert_uint_eq(limbs, given.operand_limbs[1]);
}

static void note_multiply(const field *f, double *a, double *b, size_t points, size_t j,
                          unsigned levels, const factorial_job *unused)
{
    size_t q = (size_t)(f - fields), at = (size_t)(a - given.points[0][q]);
    if (loaded.points) {
        ck_assert_ptr_eq(b, loaded.points);
        ck_assert_uint_eq(points, loaded.count);
        ck_assert_uint_eq(j, loaded.j);
    } else {
        ck_assert_ptr_eq(b, given.points[given.operands - 1][q] + at);
    }
    ck_assert_uint_lt(blocks, sizeof block / sizeof *block);
    block[blocks].q = q;
    block[blocks].at = at;
    block[blocks].points = points;
    block[blocks].j = j;
    block[blocks++].levels = levels;
}

static void note_store(convolution *c, size_t chunk)
{
    ck_assert_uint_eq(chunk, stores++);
    for (unsigned k = 0; k < c->segments; k++)
        c->carry[k][chunk][0] = c->carry[k][chunk][1] = 0;
}

/* By the number of segments: the blocks that kernel.h lists, in units of h; 0 points: none. */
static const struct {
    size_t at, points, j;
    unsigned levels;
} expected_blocks[SEGMENTS_MAX + 1][6] = {
    [4] = {{0, 1, 0, 2}, {1, 1, 1, 2}, {2, 1, 2, 2}, {3, 1, 3, 2}},
    [5] = {{0, 1, 0, 3}, {1, 1, 1, 3}, {2, 1, 2, 3}, {3, 1, 3, 3}, {4, 1, 4, 1}},
    [6] = {{0, 1, 0, 3}, {1, 1, 1, 3}, {2, 1, 2, 3}, {3, 1, 3, 3}, {4, 2, 2, 1}},
    [7] = {{0, 1, 0, 3}, {1, 1, 1, 3}, {2, 1, 2, 3}, {3, 1, 3, 3}, {4, 2, 2, 2}, {6, 1, 6, 2}},
    [9] = {{0, 2, 0, 3}, {2, 2, 1, 3}, {4, 2, 2, 3}, {6, 2, 3, 3}, {8, 1, 8, 1}},
    [11] = {{0, 2, 0, 3}, {2, 2, 1, 3}, {4, 2, 2, 3}, {6, 2, 3, 3}, {8, 2, 4, 2}, {10, 1, 10, 2}},
    [13] = {{0, 2, 0, 3}, {2, 2, 1, 3}, {4, 2, 2, 3}, {6, 2, 3, 3}, {8, 4, 2, 2}, {12, 1, 12, 2}},
};

static void check_blocks(void)
{
    size_t expected = 0;
    for (size_t e = 0; e < 6 && expected_blocks[given.segments][e].points; e++)
        for (size_t q = 0; q < FIELDS; q++, expected++) {
            size_t found = 0;
            for (size_t i = 0; i < blocks; i++)
                found += block[i].q == q &&
                         block[i].at == expected_blocks[given.segments][e].at * given.h &&
                         block[i].points == expected_blocks[given.segments][e].points * given.h &&
                         block[i].j == expected_blocks[given.segments][e].j &&
                         block[i].levels == expected_blocks[given.segments][e].levels;
            ck_assert_uint_eq(found, 1);
        }
    ck_assert_uint_eq(blocks, expected);
}

static const kernel notes = {.leaf_points = 64,
                             .load = note_load,
                             .load_block = note_load_block,
                             .multiply = note_multiply,
                             .store = note_store};

static void check_division(size_t an, size_t bn, bool square)
{
    static limb a, b, product;
    /* Neither numbers nor scratch memory are touched. */
    workspace w = {&notes, &job, NULL, convolution_scratch(&notes, an + bn)};
    loads[0] = loads[1] = stores = blocks = 0;
    loaded.points = NULL;
    convolution_multiply(&w, &product, &a, an, square ? &a : &b, bn);
    size_t length = given.h * given.segments, m = given.h * (given.segments < 8 ? 4 : 8);
    size_t shorter = length == m ? m / 8 * 7 : length - (m == 256 ? m / 4 : m / 8);
    size_t longest = 0;
    for (size_t i = 0; i < blocks; i++)
        longest = block[i].points > longest ? block[i].points : longest;
    bool apart = !square &&
                 (an < bn ? an : bn) <= longest; /* the shorter factor, from the block's own slot */
    ck_assert_int_eq(loaded.points != NULL, apart);
    ck_assert_uint_eq(given.operands, square || apart ? 1 : 2);
    ck_assert_uint_le(an + bn, length);
    if (length > 256) /* the next shorter length would not do */
        ck_assert_uint_gt(an + bn, shorter);
    ck_assert_uint_le(given.chunks, CHUNKS_MAX);
    ck_assert_uint_eq(given.chunk % RESIDUES_RUN, 0);
    ck_assert_uint_ge(given.chunk, given.h < 512 ? RESIDUES_RUN : 512);
    ck_assert_uint_ge(given.chunk * given.chunks, given.h);
    ck_assert_uint_lt(given.chunk * (given.chunks - 1), given.h);
    ck_assert_uint_eq(loads[0], given.chunks);
    ck_assert_uint_eq(loads[1], given.operands == 1 ? 0 : given.chunks);
    ck_assert_uint_eq(stores, given.chunks);
    check_blocks();
    /* The arrays do not overlap, and the least scratch memory has slots behind one factor's. */
    ck_assert_uint_ge(convolution_scratch(&notes, an + bn), 2 * FIELDS * length * sizeof(double));
    ck_assert_uint_ge(convolution_scratch_least(&notes, an + bn),
                      (FIELDS * length + 4 * longest) * sizeof(double));
    if (apart)
        ck_assert_uint_ge((size_t)(loaded.points - given.points[0][FIELDS - 1]), length);
    for (size_t i = 1; i < given.operands * FIELDS; i++)
        ck_assert_uint_ge((size_t)(given.points[i / FIELDS][i % FIELDS] -
                                   given.points[(i - 1) / FIELDS][(i - 1) % FIELDS]),
                          length);
}

/* Whatever the length and however many threads: there is room for so many chunks' carries. */
START_TEST(the_work_is_divided_into_chunks_and_blocks)
{
    job.pool = NULL;
    for (size_t limbs = 98; limbs < (size_t)1 << 26; limbs += limbs / 37 + 1) {
        check_division(limbs / 2, limbs - limbs / 2, false);
        check_division(limbs / 2, limbs / 2, true);
    }
    for (size_t m = 256; m <= (size_t)1 << 26; m *= 2)
        for (size_t quarters = 4; quarters < 8; quarters++) {
            check_division(m / 4 * quarters - 1, 1, false);
            check_division(m / 4 * quarters, 1, false);
        }
}
END_TEST

START_TEST(no_more_threads_take_part_than_have_a_slot)
{
    static limb a, b, product;
    job = (factorial_job){.threads = 64};
    for (size_t limbs = SHARED_MIN; limbs < (size_t)1 << 26; limbs += limbs / 3) {
        workspace w = {&notes, &job, NULL, convolution_scratch_least(&notes, limbs)};
        loads[0] = loads[1] = stores = blocks = 0;
        loaded.points = NULL;
        convolution_multiply(&w, &product, &a, limbs - 1, &b, 1);
        ck_assert_uint_eq(given_threads, 4);
    }
}
END_TEST

Suite *suite(void)
{
    Suite *s = suite_create("convolution");
    TCase *division = tcase_create("division");
    tcase_add_checked_fixture(division, set_up, tear_down);
    tcase_add_test(division, the_work_is_divided_into_chunks_and_blocks);
    tcase_add_test(division, no_more_threads_take_part_than_have_a_slot);
    suite_add_tcase(s, division);
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
