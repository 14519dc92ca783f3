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

KERNEL_INLINE roots block_roots(const field *f, int inverse, size_t j, modulus m)
{
    roots r;
    const double *low = f->low[inverse][j % LOW_RECORDS];
    const double *high = f->high[inverse][j / LOW_RECORDS];
    for (int k = 0; k < ROOTS_USED; k += LANES) {
        vd w = load(low + k);
        multiplier all = multiplier_of(j < LOW_RECORDS ? w : mul(w, load(high + k), m), m);
        store(r.value + k, all.value);
        store(r.quotient + k, all.quotient);
    }
    return r;
}

KERNEL_INLINE multiplier root(const roots *r, int k)
{
    return (multiplier){splat(r->value[k]), splat(r->quotient[k])};
}

/* ---- base case: products modulo x^BASE - s, one in each lane */

/* c = a b; c may be a or b. */
KERNEL_INLINE void base_multiply(vd *c, const vd *a, const vd *b, multiplier s, modulus m)
{
    vd scaled[BASE], result[BASE];
#pragma GCC unroll 8
    for (int i = 1; i < BASE; i++)
        scaled[i] = times(b[i], s, m);
#pragma GCC unroll 8
    for (int k = 0; k < BASE; k++) {
        dot sum = dot_zero();
#pragma GCC unroll 8
        for (int i = 0; i < BASE; i++)
            dot_add(&sum, a[i], i <= k ? b[k - i] : scaled[BASE + k - i]);
        result[k] = dot_reduce(sum, m);
    }
#pragma GCC unroll 8
    for (int k = 0; k < BASE; k++)
        c[k] = result[k];
}

/* c = a^2; c may be a. */
KERNEL_INLINE void base_square(vd *c, const vd *a, multiplier s, modulus m)
{
    vd scaled[BASE], twice[BASE], result[BASE];
#pragma GCC unroll 8
    for (int i = 0; i < BASE; i++) {
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
        result[k] = dot_reduce(sum, m);
    }
#pragma GCC unroll 8
    for (int k = 0; k < BASE; k++)
        c[k] = result[k];
}

/* ---- leaves */

/*
 * Up to TOGETHER neighbouring leaves are computed at once, and their instructions alternate in the
 * program. Each operation waits for the one before it, and a processor looks ahead about as far as
 * one leaf is long: so a leaf alone leaves its units idle half of the time, and the processor does
 * not find the next leaf's work by itself.
 */
enum { TOGETHER = 2 };

/* The twiddle factors of one leaf. With eight lanes there is one more level within the lanes,
 * `root` is its root, and then s is `root` in the first half of the vectors and -root in the
 * second; else s is `root`. */
typedef struct {
    roots forward, inverse;
    multiplier root, root_inverse;
} leaf_roots;

KERNEL_INLINE leaf_roots find_leaf_roots(const field *f, size_t j, modulus m)
{
    leaf_roots r = {.forward = block_roots(f, 0, j, m), .inverse = block_roots(f, 1, j, m)};
    if (LANES == 8) {
        r.root = multiplier_of(times(load(f->lane_root), root(&r.forward, 7), m), m);
        r.root_inverse = multiplier_of(times(load(f->lane_inverse), root(&r.inverse, 7), m), m);
    } else {
        r.root = multiplier_of(times(load(f->lane_square), root(&r.forward, LANES == 4), m), m);
    }
    return r;
}

KERNEL_INLINE void leaves_forward(vd v[][LANES], const double *a, const leaf_roots *r,
                                  const int count, modulus m)
{
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
            v[t][i] = reduce(v[t][i], m);
}

KERNEL_INLINE void leaves_inverse(double *a, vd v[][LANES], const leaf_roots *r, const int count,
                                  modulus m)
{
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
            v[t][0] = reduce(v[t][0], m); /* so far only added */
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
        v[t][LANES == 8] = reduce(v[t][LANES == 8], m); /* likewise */
#pragma GCC unroll 8
        for (int i = 0; i < LANES; i++)
            store(a + t * LEAF + i * LANES, v[t][i]);
    }
}

/* a = a b LEAF / BASE in leaves j to j + count - 1, which lie one behind another; b may be a. */
KERNEL_INLINE void leaves_multiply(const field *f, double *a, const double *b, size_t j,
                                   const int count, modulus m)
{
    leaf_roots r[TOGETHER];
    vd u[TOGETHER][LANES], v[TOGETHER][LANES];
#pragma GCC unroll 2
    for (int t = 0; t < count; t++)
        r[t] = find_leaf_roots(f, j + (size_t)t, m);
    leaves_forward(v, a, r, count, m);
    if (a != b)
        leaves_forward(u, b, r, count, m);
#pragma GCC unroll 2
    for (int t = 0; t < count; t++)
#pragma GCC unroll 2
        for (int i = 0; i < LANES; i += BASE) {
            multiplier s = i == 0 ? r[t].root : multiplier_negative(r[t].root);
            if (a == b)
                base_square(v[t] + i, v[t] + i, s, m);
            else
                base_multiply(v[t] + i, v[t] + i, u[t] + i, s, m);
        }
    leaves_inverse(a, v, r, count, m);
}

static void leaf_multiply(const field *f, double *a, const double *b, size_t j, modulus m)
{
    leaves_multiply(f, a, b, j, 1, m);
}

static void leaf_pair_multiply(const field *f, double *a, const double *b, size_t j, modulus m)
{
    leaves_multiply(f, a, b, j, TOGETHER, m);
}

/* ---- passes over memory */

/* Two levels: block j of size 4 h into blocks 4j to 4j + 3. */
static void down_two(double *a, size_t h, const roots *w, modulus m)
{
    multiplier w0 = root(w, 0), w1 = root(w, 1), w2 = root(w, 2);
    for (size_t i = 0; i < h; i += LANES) {
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

/* One level. */
static void down_one(double *a, size_t h, const roots *w, modulus m)
{
    multiplier w0 = root(w, 0);
    for (size_t i = 0; i < h; i += LANES) {
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
 * The inverses of down_two and down_one, but for the factors 4 and 2. A block's last pass also
 * multiplies by its scale, which costs next to nothing there: most of the values are multiplied by
 * a root anyway.
 */
static void up_two(double *a, size_t h, const roots *inverse, const multiplier *scale, modulus m)
{
    multiplier w0 = root(inverse, 0), w0_scaled = scaled_root(inverse, 0, scale, m);
    multiplier w1 = scaled_root(inverse, 1, scale, m), w2 = scaled_root(inverse, 2, scale, m);
    for (size_t i = 0; i < h; i += LANES) {
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

static void up_one(double *a, size_t h, const roots *inverse, const multiplier *scale, modulus m)
{
    multiplier w0 = scaled_root(inverse, 0, scale, m);
    for (size_t i = 0; i < h; i += LANES) {
        vd x = load(a + i), y = load(a + i + h);
        store(a + i, scaled(add(x, y), scale, m));
        store(a + i + h, times(sub(x, y), w0, m));
    }
}

/* a = a b points / BASE in block j, times the scale unless that is NULL. Overwrites b. */
static void multiply_block(const field *f, double *a, double *b, size_t points, size_t j,
                           const multiplier *scale, modulus m, const factorial_job *job)
{
    if (points == LEAF) {
        leaf_multiply(f, a, b, j, m);
        for (size_t i = 0; scale && i < LEAF; i += LANES)
            store(a + i, times(load(a + i), *scale, m));
        return;
    }
    if (points >= CANCEL_POINTS && job_cancelled(job))
        return;
    size_t parts = points == 2 * LEAF ? 2 : 4, h = points / parts;
    roots w = block_roots(f, 0, j, m), inverse = block_roots(f, 1, j, m);
    (parts == 2 ? down_one : down_two)(a, h, &w, m);
    if (b != a)
        (parts == 2 ? down_one : down_two)(b, h, &w, m);
    if (h == LEAF)
        for (size_t k = 0; k < parts; k += TOGETHER)
            leaf_pair_multiply(f, a + k * h, b + k * h, parts * j + k, m);
    else
        for (size_t k = 0; k < parts; k++)
            multiply_block(f, a + k * h, b + k * h, h, parts * j + k, NULL, m, job);
    (parts == 2 ? up_one : up_two)(a, h, &inverse, scale, m);
}

void KERNEL_MULTIPLY(const field *f, double *a, double *b, size_t points, size_t j, unsigned levels,
                     const factorial_job *job)
{
    modulus m = {splat(f->p), splat(f->inverse)};
    unsigned halvings = (unsigned)__builtin_ctzll(points) + levels - BASE_LOG;
    multiplier scale = multiplier_of(splat(f->scale[halvings]), m);
    multiply_block(f, a, b, points, j, &scale, m, job);
}
