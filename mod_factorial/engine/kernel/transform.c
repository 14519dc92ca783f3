/*
 * Products of polynomials modulo x^m - r, in one block of a transform. Compiled once per
 * instruction set, with KERNEL its name.
 *
 * Forward transform, products and inverse transform run depth first in one recursion, so that what
 * fits into a cache stays in it. Nothing is ever reordered: each block finds its roots by its own
 * number.
 */
#include "transform.h"

#include "../job.h"

/* A leaf stays in registers: log2(LANES) levels of the transform across the vectors and, after a
 * transposition, the rest within each lane. */
enum { LEVELS = LANES == 8 ? 3 : LANES == 4 ? 2 : 1 };

enum { CANCEL_POINTS = 1 << 17 }; /* cancellation is checked before blocks of at least this size */

/* ---- twiddle factors */

/* The first ROOTS_USED roots of block j's record, as multipliers. */
enum { ROOTS_USED = LANES == 2 ? 4 : LANES };
typedef struct {
    _Alignas(64) double value[ROOTS_USED], quotient[ROOTS_USED];
} roots;

KERNEL_INLINE void block_roots(roots *r, const field *f, int inverse, size_t j, modulus m)
{
    const double *low = f->low[inverse][j % LOW_RECORDS];
    const double *high = f->high[inverse][j / LOW_RECORDS];
    for (int k = 0; k < ROOTS_USED; k += LANES) {
        vd w = load(low + k);
        multiplier all = multiplier_of(j < LOW_RECORDS ? w : mul(w, load(high + k), m), m);
        store(r->value + k, all.value);
        store(r->quotient + k, all.quotient);
    }
}

KERNEL_INLINE multiplier root(const roots *r, int k)
{
    return (multiplier){splat(r->value[k]), splat(r->quotient[k])};
}

/*
 * ---- base case: products modulo x^BASE - s, one in each lane
 *
 * Coefficient k of the product is the sum of a_i b_(k - i) for i <= k, and of s a_i b_(k + BASE -
 * i) for i > k, because x^BASE = s. All products of a coefficient are added exactly and reduced
 * once.
 */

/* x = x y */
KERNEL_INLINE void base_multiply(double *x, const double *y, multiplier s, modulus m)
{
    vd a[BASE], b[BASE], scaled[BASE];
#pragma GCC unroll 8
    for (int i = 0; i < BASE; i++) {
        a[i] = load(x + i * LANES);
        b[i] = load(y + i * LANES);
        scaled[i] = i > 0 ? times(b[i], s, m) : b[i];
    }
#pragma GCC unroll 8
    for (int k = 0; k < BASE; k++) {
        dot sum = dot_zero();
#pragma GCC unroll 8
        for (int i = 0; i < BASE; i++)
            dot_add(&sum, a[i], i <= k ? b[k - i] : scaled[BASE + k - i]);
        store(x + k * LANES, dot_reduce(sum, m));
    }
}

/* x = x^2. Each product of two different coefficients occurs twice, and is computed once. */
KERNEL_INLINE void base_square(double *x, multiplier s, modulus m)
{
    vd a[BASE], scaled[BASE], twice[BASE];
#pragma GCC unroll 8
    for (int i = 0; i < BASE; i++) {
        a[i] = load(x + i * LANES);
        scaled[i] = 2 * i >= BASE ? times(a[i], s, m) : a[i];
        twice[i] = add(a[i], a[i]);
    }
#pragma GCC unroll 8
    for (int k = 0; k < BASE; k++) {
        dot sum = dot_zero();
#pragma GCC unroll 8
        for (int i = 0; i < BASE; i++)
#pragma GCC unroll 8
            for (int j = i; j < BASE; j++)
                if (i + j == k || i + j == k + BASE)
                    dot_add(&sum, i == j ? a[i] : twice[i], i + j == k ? a[j] : scaled[j]);
        store(x + k * LANES, dot_reduce(sum, m));
    }
}

/* ---- leaves */

/*
 * A leaf is a square of LANES vectors of LANES points. Its first levels combine whole vectors;
 * after a transposition each lane has BASE neighbouring points, or with eight lanes twice as many,
 * which one more level splits. Then the base case multiplies.
 *
 * Leaves are transformed, multiplied and transformed back in three loops over a few neighbours,
 * each short enough for the processor to begin an iteration before the previous one has ended. In
 * the transforms most operations wait for the result of the one before, so two leaves are computed
 * at once, and their instructions alternate.
 */
enum { LEAVES = 4, TOGETHER = 2 };

/* The twiddle factors of one leaf. With eight lanes there is one more level within the lanes,
 * `root` is its root, and then s is `root` in the first half of the vectors and -root in the
 * second; else s is `root`. */
typedef struct {
    roots forward, inverse;
    multiplier root, root_inverse;
} leaf_roots;

/* The factors of leaves j to j + count - 1; there is at least one. */
static void find_leaf_roots(leaf_roots *r, const field *f, size_t j, size_t count, modulus m)
{
    do {
        block_roots(&r->forward, f, 0, j, m);
        block_roots(&r->inverse, f, 1, j, m);
        if (LANES == 8) {
            vd forward = load(f->lane_root), inverse = load(f->lane_inverse);
            r->root = multiplier_of(times(forward, root(&r->forward, 7), m), m);
            r->root_inverse = multiplier_of(times(inverse, root(&r->inverse, 7), m), m);
        } else {
            vd square = load(f->lane_square);
            r->root = multiplier_of(times(square, root(&r->forward, LANES == 4), m), m);
        }
        r++;
        j++;
    } while (--count > 0);
}

/* Transforms `count` leaves (1 or TOGETHER), which lie one after another: x, y become x + w y and
 * x - w y. The additions are not reduced before the end, where the bounds allow it. */
KERNEL_INLINE void forward_together(double *a, const leaf_roots *r, const int count, modulus m)
{
    vd v[TOGETHER][LANES];
#pragma GCC unroll 2
    for (int t = 0; t < count; t++)
#pragma GCC unroll 8
        for (int i = 0; i < LANES; i++)
            v[t][i] = load(a + t * LEAF + i * LANES);
#pragma GCC unroll 3
    for (int l = 0; l < LEVELS; l++)
#pragma GCC unroll 4
        for (int k = 0; k < LANES / 2; k++)
#pragma GCC unroll 2
            for (int t = 0; t < count; t++) {
                int half = LANES / 2 >> l, block = k / half, i = k + block * half;
                multiplier w = root(&r[t].forward, (1 << l) - 1 + block);
                vd x = v[t][i], y = times(v[t][i + half], w, m);
                v[t][i] = add(x, y);
                v[t][i + half] = sub(x, y);
            }
#pragma GCC unroll 2
    for (int t = 0; t < count; t++)
        transpose(v[t]);
#pragma GCC unroll 4
    for (int i = 0; LANES == 8 && i < 4; i++)
#pragma GCC unroll 2
        for (int t = 0; t < count; t++) {
            vd x = v[t][i], y = times(v[t][i + LANES / 2], r[t].root, m);
            v[t][i] = add(x, y);
            v[t][i + LANES / 2] = sub(x, y);
        }
#pragma GCC unroll 8
    for (int i = 0; i < LANES; i++)
#pragma GCC unroll 2
        for (int t = 0; t < count; t++)
            store(a + t * LEAF + i * LANES, reduce(v[t][i], m));
}

static void leaves_forward(double *a, const leaf_roots *r, size_t count, modulus m)
{
    for (; count >= TOGETHER; count -= TOGETHER, a += TOGETHER * LEAF, r += TOGETHER)
        forward_together(a, r, TOGETHER, m);
    if (count > 0)
        forward_together(a, r, 1, m);
}

/* The inverse, except for a factor of 2 at each level: x, y become x + y and (x - y) / w. Values
 * that have only been added are reduced before they can exceed their bound. */
KERNEL_INLINE void inverse_together(double *a, const leaf_roots *r, const int count, modulus m)
{
    vd v[TOGETHER][LANES];
#pragma GCC unroll 2
    for (int t = 0; t < count; t++)
#pragma GCC unroll 8
        for (int i = 0; i < LANES; i++)
            v[t][i] = load(a + t * LEAF + i * LANES);
#pragma GCC unroll 4
    for (int i = 0; LANES == 8 && i < 4; i++)
#pragma GCC unroll 2
        for (int t = 0; t < count; t++) {
            vd x = v[t][i], y = v[t][i + LANES / 2];
            v[t][i] = add(x, y);
            v[t][i + LANES / 2] = times(sub(x, y), r[t].root_inverse, m);
        }
#pragma GCC unroll 2
    for (int t = 0; t < count; t++)
        transpose(v[t]);
#pragma GCC unroll 3
    for (int l = LEVELS - 1; l >= 0; l--) {
#pragma GCC unroll 2
        for (int t = 0; LANES == 8 && l == 0 && t < count; t++) {
            v[t][0] = reduce(v[t][0], m); /* they have only been added */
            v[t][LANES / 2] = reduce(v[t][LANES / 2], m);
        }
#pragma GCC unroll 4
        for (int k = 0; k < LANES / 2; k++)
#pragma GCC unroll 2
            for (int t = 0; t < count; t++) {
                int half = LANES / 2 >> l, block = k / half, i = k + block * half;
                multiplier w = root(&r[t].inverse, (1 << l) - 1 + block);
                vd x = v[t][i], y = v[t][i + half];
                v[t][i] = add(x, y);
                v[t][i + half] = times(sub(x, y), w, m);
            }
    }
#pragma GCC unroll 2
    for (int t = 0; t < count; t++) {
        v[t][LANES == 8] = reduce(v[t][LANES == 8], m); /* the same */
#pragma GCC unroll 8
        for (int i = 0; i < LANES; i++)
            store(a + t * LEAF + i * LANES, v[t][i]);
    }
}

static void leaves_inverse(double *a, const leaf_roots *r, size_t count, modulus m)
{
    for (; count >= TOGETHER; count -= TOGETHER, a += TOGETHER * LEAF, r += TOGETHER)
        inverse_together(a, r, TOGETHER, m);
    if (count > 0)
        inverse_together(a, r, 1, m);
}

/* The products of transformed leaves; b may be a. */
static void leaves_products(double *a, const double *b, const leaf_roots *r, size_t count,
                            modulus m)
{
    bool square = a == b;
    for (; count > 0; count--, a += LEAF, b += LEAF, r++)
#pragma GCC unroll 2
        for (int i = 0; i < LEAF; i += BASE * LANES) {
            multiplier s = i == 0 ? r->root : multiplier_negative(r->root);
            if (square)
                base_square(a + i, s, m);
            else
                base_multiply(a + i, b + i, s, m);
        }
}

/* a = a b LEAF / BASE in leaves j to j + count - 1, which lie one after another; b may be a.
 * Overwrites b. */
static void leaves_multiply(const field *f, double *a, double *b, size_t j, size_t count, modulus m)
{
    leaf_roots r[LEAVES];
    find_leaf_roots(r, f, j, count, m);
    leaves_forward(a, r, count, m);
    if (b != a)
        leaves_forward(b, r, count, m);
    leaves_products(a, b, r, count, m);
    leaves_inverse(a, r, count, m);
}

/* ---- passes over memory */

/*
 * Two levels in one pass: block j of size 4 h becomes blocks 4j to 4j + 3, of which the first
 * `count` points are computed. The first level has the root w(j), the second w(2j) and w(2j + 1).
 */
static void down_two(double *a, size_t h, size_t count, const roots *w, modulus m)
{
    multiplier w0 = root(w, 0), w1 = root(w, 1), w2 = root(w, 2);
    for (size_t i = 0; i < count; i += LANES) {
        vd x0 = reduce(load(a + i), m), x1 = load(a + i + h);
        vd x2 = times(load(a + i + 2 * h), w0, m), x3 = times(load(a + i + 3 * h), w0, m);
        vd s = add(x0, x2), t = times(add(x1, x3), w1, m);
        vd d = sub(x0, x2), e = times(sub(x1, x3), w2, m);
        store(a + i, add(s, t));
        store(a + i + h, sub(s, t));
        store(a + i + 2 * h, add(d, e));
        store(a + i + 3 * h, sub(d, e));
    }
}

/* One level: block j of size 2 h becomes blocks 2j and 2j + 1. */
static void down_one(double *a, size_t h, size_t count, const roots *w, modulus m)
{
    multiplier w0 = root(w, 0);
    for (size_t i = 0; i < count; i += LANES) {
        vd x = reduce(load(a + i), m), y = times(load(a + i + h), w0, m);
        store(a + i, add(x, y));
        store(a + i + h, sub(x, y));
    }
}

/* The inverse root, times the scale unless that is NULL. */
KERNEL_INLINE multiplier scaled_root(const roots *inverse, int k, const multiplier *scale,
                                     modulus m)
{
    multiplier w = root(inverse, k);
    return scale ? multiplier_of(times(w.value, *scale, m), m) : w;
}

/* a, reduced and times the scale unless that is NULL. */
KERNEL_INLINE vd scaled(vd a, const multiplier *scale, modulus m)
{
    return scale ? times(a, *scale, m) : reduce(a, m);
}

/*
 * The inverses of down_two and down_one, except for the factors 4 and 2. The last pass over a block
 * also multiplies by its scale. This costs almost nothing, because most values are multiplied by a
 * root anyway.
 */
static void up_two(double *a, size_t h, size_t count, const roots *inverse, const multiplier *scale,
                   modulus m)
{
    multiplier w0 = root(inverse, 0), w0_scaled = scaled_root(inverse, 0, scale, m);
    multiplier w1 = scaled_root(inverse, 1, scale, m), w2 = scaled_root(inverse, 2, scale, m);
    for (size_t i = 0; i < count; i += LANES) {
        vd y0 = load(a + i), y1 = load(a + i + h);
        vd y2 = load(a + i + 2 * h), y3 = load(a + i + 3 * h);
        vd s = add(y0, y1), t = times(sub(y0, y1), w1, m);
        vd d = add(y2, y3), e = times(sub(y2, y3), w2, m);
        store(a + i, scaled(add(s, d), scale, m));
        store(a + i + h, add(t, e));
        store(a + i + 2 * h, times(sub(s, d), w0_scaled, m));
        store(a + i + 3 * h, times(sub(t, e), w0, m));
    }
}

static void up_one(double *a, size_t h, size_t count, const roots *inverse, const multiplier *scale,
                   modulus m)
{
    multiplier w0 = scaled_root(inverse, 0, scale, m);
    for (size_t i = 0; i < count; i += LANES) {
        vd x = load(a + i), y = load(a + i + h);
        store(a + i, scaled(add(x, y), scale, m));
        store(a + i + h, times(sub(x, y), w0, m));
    }
}

/*
 * a = a b points / BASE in block j, times the scale unless that is NULL. Overwrites b. The
 * recursion goes depth first: from some size on, a block stays in the cache until its product is
 * complete.
 */
static void multiply_block(const field *f, double *a, double *b, size_t points, size_t j,
                           const multiplier *scale, modulus m, const factorial_job *job)
{
    if (points == LEAF) {
        leaves_multiply(f, a, b, j, 1, m);
        for (size_t i = 0; scale && i < LEAF; i += LANES)
            store(a + i, times(load(a + i), *scale, m));
        return;
    }
    if (points >= CANCEL_POINTS && job_cancelled(job))
        return;
    size_t parts = points == 2 * LEAF ? 2 : 4, h = points / parts;
    roots w, inverse;
    block_roots(&w, f, 0, j, m);
    block_roots(&inverse, f, 1, j, m);
    (parts == 2 ? down_one : down_two)(a, h, h, &w, m);
    if (b != a)
        (parts == 2 ? down_one : down_two)(b, h, h, &w, m);
    if (h == LEAF)
        leaves_multiply(f, a, b, parts * j, parts, m);
    else
        for (size_t k = 0; k < parts; k++)
            multiply_block(f, a + k * h, b + k * h, h, parts * j + k, NULL, m, job);
    (parts == 2 ? up_one : up_two)(a, h, h, &inverse, scale, m);
}

void KERNEL_MULTIPLY(const field *f, double *a, double *b, size_t points, size_t j, unsigned levels,
                     const factorial_job *job)
{
    modulus m = {splat(f->p), splat(f->inverse)};
    unsigned halvings = (unsigned)__builtin_ctzll(points) + levels - BASE_LOG;
    multiplier scale = multiplier_of(splat(f->scale[halvings]), m);
    multiply_block(f, a, b, points, j, &scale, m, job);
}

void KERNEL_SPLIT(const field *f, double *a, size_t h, size_t count, size_t j)
{
    modulus m = {splat(f->p), splat(f->inverse)};
    roots w;
    block_roots(&w, f, 0, j, m);
    down_two(a, h, count, &w, m);
}

void KERNEL_JOIN(const field *f, double *a, size_t h, size_t count, size_t j)
{
    modulus m = {splat(f->p), splat(f->inverse)};
    roots inverse;
    block_roots(&inverse, f, 1, j, m);
    up_two(a, h, count, &inverse, NULL, m);
}
