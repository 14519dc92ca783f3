/*
 * The kernels' own sources, run on bounds instead of numbers: a double here is the largest absolute
 * value of a residue, in units of p, that any input can lead to. Every operation tells the bound of
 * its result by the rules that docs/engine.md proves, and notes what those rules ask for.
 *
 * Defines the whole suite, for a file that has defined LANES and DOCUMENTED_ROW.
 */
#ifndef MOD_FACTORIAL_TESTS_BOUNDS_H
#define MOD_FACTORIAL_TESTS_BOUNDS_H

#include "engine/digit_count.h"
#include "engine/job.h"
#include "engine/kernel/convolution.h"
#include "engine/pool.h"
#include "guarded_scratch.h"
#include "suite.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* In the place of engine/kernel/vector.h and engine/kernel/limbs.h. */
#define MOD_FACTORIAL_ENGINE_VECTOR_H
#define MOD_FACTORIAL_ENGINE_LIMBS_H
#define KERNEL_INLINE   static inline __attribute__((always_inline))
#define KERNEL          kernel_of_bounds
#define KERNEL_MULTIPLY multiply_bounds
#define KERNEL_SPLIT    split_bounds
#define KERNEL_JOIN     join_bounds
#define KERNEL_WRITE    write_bounds
#define KERNEL_READ     read_bounds
#define KERNEL_NAME     "bounds"

/* Out of line: the kernels, unrolled, have thousands of operations. */
#define OPERATION static __attribute__((noinline))

#define LARGEST_PRODUCT     4.0  /* |a b| / p < 2^51 */
#define LARGEST_SUM         16.0 /* < 2^53 */
#define LARGEST_ROOT        0.5
#define LARGEST_COEFFICIENT 0.377 /* in units of p0 p1 p2 */
#define SECOND_ORDER        1e-9  /* above every term of second order that the rules leave out */

/* The largest in each lane. */
static double worst_product[LANES], worst_sum[LANES], worst_digit[FIELDS][LANES];

typedef struct {
    double bound[LANES];
} vd;
typedef limb vu __attribute__((vector_size(8 * LANES))); /* the kernels index it */
typedef struct {
    vd p, inverse;
} modulus;
typedef struct {
    double product[LANES], low;
} dot;

/* Without a branch, so that the compiler makes vector instructions of a loop over the lanes. */
KERNEL_INLINE double note(double value, double *worst)
{
    *worst = value > *worst ? value : *worst;
    return value;
}

static double largest(const double worst[LANES])
{
    double most = 0;
    for (int k = 0; k < LANES; k++)
        note(worst[k], &most);
    return most;
}

OPERATION vd splat(double x)
{
    vd v;
    for (int k = 0; k < LANES; k++)
        v.bound[k] = x;
    return v;
}

OPERATION vd load(const double *x)
{
    vd v;
    memcpy(&v, x, sizeof v);
    return v;
}

OPERATION void store(double *x, vd v)
{
    memcpy(x, &v, sizeof v);
}

OPERATION vd add(vd a, vd b)
{
    for (int k = 0; k < LANES; k++)
        a.bound[k] = note(a.bound[k] + b.bound[k], &worst_sum[k]);
    return a;
}

OPERATION vd sub(vd a, vd b)
{
    return add(a, b);
}

OPERATION vd reduce(vd a, modulus m)
{
    for (int k = 0; k < LANES; k++)
        a.bound[k] = 0.5 + a.bound[k] * 0x1p-50 + SECOND_ORDER;
    return a;
}

/* What is left after the multiple of p nearest to a sum of products, so large, is taken away. */
KERNEL_INLINE double remainder_bound(double product, double *worst)
{
    return 0.5 + note(product, worst) / 8 + SECOND_ORDER;
}

OPERATION vd mul(vd a, vd b, modulus m)
{
    for (int k = 0; k < LANES; k++)
        a.bound[k] = remainder_bound(a.bound[k] * b.bound[k], &worst_product[k]);
    return a;
}

typedef struct {
    vd value, quotient;
} multiplier;

OPERATION multiplier multiplier_of(vd w, modulus m)
{
    return (multiplier){w, w};
}

OPERATION multiplier multiplier_negative(multiplier w)
{
    return w;
}

OPERATION vd times(vd a, multiplier w, modulus m)
{
    return mul(a, w.value, m);
}

OPERATION dot dot_zero(void)
{
    return (dot){{0}, 0};
}

OPERATION void dot_add(dot *sum, vd a, vd b)
{
    for (int k = 0; k < LANES; k++)
        sum->product[k] += a.bound[k] * b.bound[k];
    sum->low += 0.5 + SECOND_ORDER + 0x1p-18; /* 2^48 / p */
}

OPERATION vd dot_reduce(dot sum, modulus m)
{
    vd v;
    for (int k = 0; k < LANES; k++) {
        v.bound[k] = remainder_bound(sum.product[k], &worst_product[k]);
        note(v.bound[k] + sum.low, &worst_sum[k]);
    }
    return v;
}

OPERATION void transpose(vd *v)
{
    for (int i = 0; i < LANES; i++)
        for (int k = 0; k < i; k++) {
            double x = v[i].bound[k];
            v[i].bound[k] = v[k].bound[i];
            v[k].bound[i] = x;
        }
}

/* ---- engine/kernel/limbs.h */

typedef struct {
    vd high, low;
} halves;

KERNEL_INLINE halves limbs_halves(const limb *a, size_t n, size_t i)
{
    return (halves){splat((double)LIMB_BASE / 0x1p49 * 1.001), splat(0x1p-18)};
}

KERNEL_INLINE void limbs_of_coefficients(vd v0, vd v1, vd v2, vu *d0, vu *d1, vu *d2)
{
    for (int k = 0; k < LANES; k++) {
        note(v0.bound[k], &worst_digit[0][k]);
        note(v1.bound[k], &worst_digit[1][k]);
        note(v2.bound[k], &worst_digit[2][k]);
    }
    *d0 = *d1 = *d2 = (vu){0};
}

typedef struct {
    vu d1, d2, carry;
} limbs_pending;

KERNEL_INLINE vu limbs_add(limbs_pending *pending, vu d0, vu d1, vu d2, vu *full)
{
    return d0;
}

#include "engine/kernel/transform.c" /* NOLINT(bugprone-suspicious-include) */

#include "engine/kernel/residues.c" /* NOLINT(bugprone-suspicious-include) */

void KERNEL_WRITE(char *end, const limb *a, size_t count)
{
}

void KERNEL_READ(uint64_t *word, const char *digits, size_t count)
{
}

/* ---- the test */

static void fill(double *x, size_t count)
{
    for (size_t i = 0; i < count; i++)
        x[i] = LARGEST_ROOT;
}

/* Every constant is a residue nearest to 0. */
static void fill_fields(void)
{
    for (unsigned q = 0; q < FIELDS; q++) {
        field *f = &fields[q];
        fill(&f->low[0][0][0], 2 * LOW_RECORDS * ROOTS);
        fill(&f->high[0][0][0], 2 * HIGH_RECORDS * ROOTS);
        fill(f->lane_root, ROOTS);
        fill(f->lane_inverse, ROOTS);
        fill(f->lane_square, ROOTS);
        fill(f->scale, POINTS_LOG + 1);
        fill(f->divisor, FIELDS);
        f->p = f->inverse = 1;
    }
}

typedef enum { SQUARE, PRODUCT, PRODUCT_IN_LEAST_SCRATCH, FORMS } form;

static void propagate_bounds(const factorial_job *job, size_t limbs, form f)
{
    limb *a = calloc(limbs, sizeof *a), *product = calloc(limbs, sizeof *product);
    size_t size = f == PRODUCT ? convolution_scratch(&kernel_of_bounds, limbs)
                               : convolution_scratch_least(&kernel_of_bounds, limbs);
    void *scratch = guarded_scratch_new(size);
    ck_assert(a && product);
    size_t half = limbs / 2;
    workspace w = {&kernel_of_bounds, job, scratch, size};
    convolution_multiply(&w, product, a, half, a, f == SQUARE ? half : limbs - half - 1);
    free(a);
    free(product);
    guarded_scratch_delete(scratch, size);
}

START_TEST(no_product_no_sum_and_no_digit_leaves_its_bounds)
{
    fill_fields();
    /* Many threads in the division of the work, but none besides this one. */
    factorial_job alone = {0},
                  many = {.pool = factorial_pool_create(0, false, NULL, NULL), .threads = 64};
    ck_assert_ptr_nonnull(many.pool);
    unsigned longest = suite_under_valgrind() ? 12 : suite_sanitized() ? 14 : 18;
    for (unsigned log = 5; log < longest; log++)
        for (size_t eighths = 8; eighths < 16; eighths++) {
            size_t limbs = ((size_t)1 << log) / 8 * eighths;
            for (form f = 0; f < FORMS; f++) {
                propagate_bounds(&alone, limbs, f);
                propagate_bounds(&many, limbs, f);
            }
        }
    factorial_pool_destroy(many.pool);
    char row[80]; /* of the table in docs/engine.md, which tests/guards looks for */
    snprintf(row, sizeof row, "| %d | %.3f | %.2f | %.3f | %.3f | %.3f |", LANES,
             largest(worst_product), largest(worst_sum), largest(worst_digit[0]),
             largest(worst_digit[1]), largest(worst_digit[2]));
    if (!suite_under_valgrind() && !suite_sanitized()) /* which take fewer lengths */
        ck_assert_str_eq(row, DOCUMENTED_ROW);
    ck_assert_double_lt(largest(worst_product), LARGEST_PRODUCT);
    ck_assert_double_lt(largest(worst_sum), LARGEST_SUM);
    ck_assert_double_lt(largest(worst_digit[0]), 1);
    ck_assert_double_lt(largest(worst_digit[1]), 1);
    /* So that the coefficient is the one of two candidates that is below LARGEST_COEFFICIENT. */
    ck_assert_double_lt(largest(worst_digit[2]), 1 - LARGEST_COEFFICIENT);
    ck_assert_double_gt(largest(worst_product), 1); /* something has been propagated */
    ck_assert_double_gt(largest(worst_digit[2]), 0.49);
}
END_TEST

/* A coefficient is below 10^36 times the limbs. */
START_TEST(the_longest_product_has_coefficients_that_three_residues_determine)
{
    double largest = 1e36 * (double)CONVOLUTION_LIMBS_MAX, primes = 1;
    for (unsigned q = 0; q < FIELDS; q++)
        primes *= (double)field_prime[q];
    ck_assert_double_lt(largest, LARGEST_COEFFICIENT * primes);
    ck_assert_double_gt((double)CONVOLUTION_LIMBS_MAX * LIMB_DIGITS,
                        (double)factorial_digit_count(FACTORIAL_LIMIT));
}
END_TEST

Suite *suite(void)
{
    Suite *s = suite_create("bounds");
    TCase *t = tcase_create("bounds");
    tcase_set_timeout(t, 60);
    tcase_add_test(t, no_product_no_sum_and_no_digit_leaves_its_bounds);
    tcase_add_test(t, the_longest_product_has_coefficients_that_three_residues_determine);
    suite_add_tcase(s, t);
    return s;
}

#endif
