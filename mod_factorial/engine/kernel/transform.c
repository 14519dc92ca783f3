/*
 * Products of polynomials modulo x^m - r, in one block of a transform. Compiled once per
 * instruction set, with KERNEL its name.
 *
 * Forward transform, products and inverse run depth first in one recursion, so that what fits into
 * a cache stays in it. Nothing is ever reordered: every block finds its roots by its own number.
 */
#include "transform.h"

#include "../job.h"

/* A leaf stays in registers: log2(LANES) levels of the transform across the vectors, and after a
 * transposition the rest within each lane. */
enum { LEVELS = LANES == 8 ? 3 : LANES == 4 ? 2 : 1 };

enum { CANCEL_POINTS = 1 << 17 }; /* cancellation is checked before blocks of at least this size */

/* ---- roots */

/* The first ROOTS_USED of block j's record. */
enum { ROOTS_USED = LANES == 2 ? 4 : LANES };
typedef struct {
    _Alignas(64) double w[ROOTS_USED];
} roots;

KERNEL_INLINE roots block_roots(const field *f, int inverse, size_t j, modulus m)
{
    roots r;
    const double *low = f->low[inverse][j % LOW_RECORDS];
    const double *high = f->high[inverse][j / LOW_RECORDS];
    for (int k = 0; k < ROOTS_USED; k += LANES) {
        vd w = load(low + k);
        store(r.w + k, j < LOW_RECORDS ? w : mul(w, load(high + k), m));
    }
    return r;
}

/* ---- a leaf */

/* c = a b modulo x^CORE - s in every lane; c may be a or b. */
KERNEL_INLINE void core_multiply(vd *c, const vd *a, const vd *b, vd s, modulus m)
{
    vd scaled[CORE], result[CORE];
#pragma GCC unroll 8
    for (int i = 1; i < CORE; i++)
        scaled[i] = mul(b[i], s, m);
#pragma GCC unroll 8
    for (int k = 0; k < CORE; k++) {
        products sum = products_none();
#pragma GCC unroll 8
        for (int i = 0; i < CORE; i++)
            products_add(&sum, a[i], i <= k ? b[k - i] : scaled[CORE + k - i]);
        result[k] = products_sum(sum, m);
    }
#pragma GCC unroll 8
    for (int k = 0; k < CORE; k++)
        c[k] = result[k];
}

/* c = a^2 modulo x^CORE - s in every lane; c may be a. */
KERNEL_INLINE void core_square(vd *c, const vd *a, vd s, modulus m)
{
    vd scaled[CORE], twice[CORE], result[CORE];
#pragma GCC unroll 8
    for (int i = 0; i < CORE; i++) {
        scaled[i] = 2 * i >= CORE ? mul(a[i], s, m) : a[i];
        twice[i] = add(a[i], a[i]);
    }
#pragma GCC unroll 8
    for (int k = 0; k < CORE; k++) {
        products sum = products_none();
#pragma GCC unroll 8
        for (int i = 0; i < CORE; i++)
#pragma GCC unroll 8
            for (int j = i; j < CORE; j++)
                if (i + j == k || i + j == k + CORE)
                    products_add(&sum, i == j ? a[i] : twice[i], i + j == k ? a[j] : scaled[j]);
        result[k] = products_sum(sum, m);
    }
#pragma GCC unroll 8
    for (int k = 0; k < CORE; k++)
        c[k] = result[k];
}

/* What a leaf's lanes need: with eight lanes the root of one more level and its inverse, which then
 * is the s of x^CORE - s in the first half and -s in the second; else s. */
typedef struct {
    vd root, inverse;
} lane_roots;

KERNEL_INLINE lane_roots leaf_lane_roots(const field *f, const roots *w, const roots *inverse,
                                         modulus m)
{
    lane_roots r;
    if (LANES == 8) {
        r.root = mul(load(f->lane_root), all(w->w[7]), m);
        r.inverse = mul(load(f->lane_inverse), all(inverse->w[7]), m);
    } else {
        r.root = mul(load(f->lane_square), all(w->w[LANES == 4]), m);
        r.inverse = r.root;
    }
    return r;
}

KERNEL_INLINE void leaf_forward(vd *v, const double *a, const roots *w, lane_roots lane, modulus m)
{
#pragma GCC unroll 8
    for (int i = 0; i < LANES; i++)
        v[i] = load(a + i * LANES);
#pragma GCC unroll 3
    for (int l = 0; l < LEVELS; l++)
#pragma GCC unroll 4
        for (int k = 0; k < LANES / 2; k++) {
            int half = LANES / 2 >> l, block = k / half, i = k + block * half;
            vd x = v[i], y = mul(v[i + half], all(w->w[(1 << l) - 1 + block]), m);
            v[i] = add(x, y);
            v[i + half] = sub(x, y);
        }
    transpose(v);
#pragma GCC unroll 4
    for (int i = 0; LANES == 8 && i < 4; i++) {
        vd x = v[i], y = mul(v[i + LANES / 2], lane.root, m);
        v[i] = add(x, y);
        v[i + LANES / 2] = sub(x, y);
    }
#pragma GCC unroll 8
    for (int i = 0; i < LANES; i++)
        v[i] = reduce(v[i], m);
}

KERNEL_INLINE void leaf_inverse(double *a, vd *v, const roots *w, lane_roots lane, modulus m)
{
#pragma GCC unroll 4
    for (int i = 0; LANES == 8 && i < 4; i++) {
        vd x = v[i], y = v[i + LANES / 2];
        v[i] = add(x, y);
        v[i + LANES / 2] = mul(sub(x, y), lane.inverse, m);
    }
    transpose(v);
#pragma GCC unroll 3
    for (int l = LEVELS - 1; l >= 0; l--) {
        if (LANES == 8 && l == 0) { /* the ones that were only ever added */
            v[0] = reduce(v[0], m);
            v[LANES / 2] = reduce(v[LANES / 2], m);
        }
#pragma GCC unroll 4
        for (int k = 0; k < LANES / 2; k++) {
            int half = LANES / 2 >> l, block = k / half, i = k + block * half;
            vd x = v[i], y = v[i + half];
            v[i] = add(x, y);
            v[i + half] = mul(sub(x, y), all(w->w[(1 << l) - 1 + block]), m);
        }
    }
    v[LANES == 8] = reduce(v[LANES == 8], m);
#pragma GCC unroll 8
    for (int i = 0; i < LANES; i++)
        store(a + i * LANES, v[i]);
}

static void leaf_multiply(const field *f, double *a, const double *b, size_t j, modulus m)
{
    roots w = block_roots(f, 0, j, m), inverse = block_roots(f, 1, j, m);
    lane_roots lane = leaf_lane_roots(f, &w, &inverse, m);
    vd v[LANES];
    leaf_forward(v, a, &w, lane, m);
    if (a == b) {
        core_square(v, v, lane.root, m);
        if (LANES > CORE)
            core_square(v + LANES / 2, v + LANES / 2, sub(all(0), lane.root), m);
    } else {
        vd u[LANES];
        leaf_forward(u, b, &w, lane, m);
        core_multiply(v, v, u, lane.root, m);
        if (LANES > CORE)
            core_multiply(v + LANES / 2, v + LANES / 2, u + LANES / 2, sub(all(0), lane.root), m);
    }
    leaf_inverse(a, v, &inverse, lane, m);
}

/* ---- passes over memory */

/* Two levels: block j of size 4 h into blocks 4j to 4j + 3. */
static void down_two(double *a, size_t h, const roots *w, modulus m)
{
    vd w0 = all(w->w[0]), w1 = all(w->w[1]), w2 = all(w->w[2]);
    for (size_t i = 0; i < h; i += LANES) {
        vd x0 = reduce(load(a + i), m), x1 = load(a + i + h);
        vd x2 = mul(load(a + i + 2 * h), w0, m), x3 = mul(load(a + i + 3 * h), w0, m);
        vd s = add(x0, x2), t = mul(add(x1, x3), w1, m);
        vd d = sub(x0, x2), e = mul(sub(x1, x3), w2, m);
        store(a + i, add(s, t));
        store(a + i + h, sub(s, t));
        store(a + i + 2 * h, add(d, e));
        store(a + i + 3 * h, sub(d, e));
    }
}

static void up_two(double *a, size_t h, const roots *inverse, modulus m)
{
    vd w0 = all(inverse->w[0]), w1 = all(inverse->w[1]), w2 = all(inverse->w[2]);
    for (size_t i = 0; i < h; i += LANES) {
        vd y0 = load(a + i), y1 = load(a + i + h);
        vd y2 = load(a + i + 2 * h), y3 = load(a + i + 3 * h);
        vd s = add(y0, y1), t = mul(sub(y0, y1), w1, m);
        vd d = add(y2, y3), e = mul(sub(y2, y3), w2, m);
        store(a + i, reduce(add(s, d), m));
        store(a + i + h, add(t, e));
        store(a + i + 2 * h, mul(sub(s, d), w0, m));
        store(a + i + 3 * h, mul(sub(t, e), w0, m));
    }
}

/* One level. */
static void down_one(double *a, size_t h, const roots *w, modulus m)
{
    vd w0 = all(w->w[0]);
    for (size_t i = 0; i < h; i += LANES) {
        vd x = reduce(load(a + i), m), y = mul(load(a + i + h), w0, m);
        store(a + i, add(x, y));
        store(a + i + h, sub(x, y));
    }
}

static void up_one(double *a, size_t h, const roots *inverse, modulus m)
{
    vd w0 = all(inverse->w[0]);
    for (size_t i = 0; i < h; i += LANES) {
        vd x = load(a + i), y = load(a + i + h);
        store(a + i, reduce(add(x, y), m));
        store(a + i + h, mul(sub(x, y), w0, m));
    }
}

void KERNEL_MULTIPLY(const field *f, double *a, double *b, size_t points, size_t j,
                     const factorial_job *job)
{
    modulus m = {all(f->p), all(f->inverse)};
    if (points == LEAF) {
        leaf_multiply(f, a, b, j, m);
        return;
    }
    if (points >= CANCEL_POINTS && job_cancelled(job))
        return;
    size_t parts = points == 2 * LEAF ? 2 : 4, h = points / parts;
    roots w = block_roots(f, 0, j, m), inverse = block_roots(f, 1, j, m);
    void (*down)(double *, size_t, const roots *, modulus) = parts == 2 ? down_one : down_two;
    down(a, h, &w, m);
    if (b != a)
        down(b, h, &w, m);
    for (size_t k = 0; k < parts; k++)
        KERNEL_MULTIPLY(f, a + k * h, b + k * h, h, parts * j + k, job);
    (parts == 2 ? up_one : up_two)(a, h, &inverse, m);
}
