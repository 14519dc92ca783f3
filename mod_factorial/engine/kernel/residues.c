/*
 * A product's two ends: limbs to residues with the transform's first two levels, and its last two
 * levels with Chinese remainders and carries. Compiled once per instruction set, as transform.c.
 *
 * A product of length M + tail h (see kernel.h) is taken apart as x^M hi + lo, hi having `tail`
 * segments: modulo x^M - 1 it is lo + hi, modulo x^M + 1 it is lo - hi.
 */
#include "limbs.h"
#include "transform.h"

/* ---- limbs to residues */

/* Segments modulo x^M + 1 (d) and their length h to the tail's blocks. */
KERNEL_INLINE void load_tail(double *tail_points, size_t h, const vd *d, const field *f,
                             const unsigned tail, modulus m)
{
    vd i = all(f->lane_root[1]), r = all(f->lane_root[tail == 1 ? 2 : 3]);
    if (tail >= 2) {
        store(tail_points, add(d[0], mul(d[2], i, m)));
        store(tail_points + h, add(d[1], mul(d[3], i, m)));
        tail_points += 2 * h;
    }
    if (tail != 2) {
        vd x = add(d[2], mul(d[3], r, m));
        x = add(d[1], mul(x, r, m));
        store(tail_points, add(d[0], mul(x, r, m)));
    }
}

KERNEL_INLINE void load_segments(const convolution *c, unsigned operand, size_t from, size_t to,
                                 const unsigned tail)
{
    size_t h = c->h;
    for (size_t i = from; i < to; i += LANES) {
        halves part[SEGMENTS_MAX];
#pragma GCC unroll 8
        for (unsigned k = 0; k < 4 + tail; k++)
            part[k] = limbs_halves(c->operand[operand], c->operand_limbs[operand], i + k * h);
#pragma GCC unroll 8
        for (unsigned q = 0; q < FIELDS; q++) {
            const field *f = &fields[q];
            modulus m = {all(f->p), all(f->inverse)};
            double *a = c->points[operand][q] + i;
            vd x[SEGMENTS_MAX];
#pragma GCC unroll 8
            for (unsigned k = 0; k < 4 + tail; k++)
                x[k] = add(reduce(part[k].high, m), part[k].low);
            if (tail) {
                vd d[4] = {x[0], x[1], x[2], x[3]};
#pragma GCC unroll 8
                for (unsigned k = 0; k < tail; k++) {
                    d[k] = sub(x[k], x[4 + k]);
                    x[k] = add(x[k], x[4 + k]);
                }
                load_tail(a + 4 * h, h, d, f, tail, m);
            }
            vd s = add(x[0], x[2]), t = add(x[1], x[3]);
            vd u = sub(x[0], x[2]), e = mul(sub(x[1], x[3]), all(f->lane_root[1]), m);
            store(a, add(s, t));
            store(a + h, sub(s, t));
            store(a + 2 * h, add(u, e));
            store(a + 3 * h, sub(u, e));
        }
    }
}

static size_t chunk_end(const convolution *c, size_t chunk)
{
    size_t end = (chunk + 1) * c->chunk;
    return end < c->h ? end : c->h;
}

static void load_chunk(const convolution *c, unsigned operand, size_t chunk)
{
    size_t from = chunk * c->chunk, to = chunk_end(c, chunk);
    switch (c->tail) {
    case 0:
        load_segments(c, operand, from, to, 0);
        break;
    case 1:
        load_segments(c, operand, from, to, 1);
        break;
    case 2:
        load_segments(c, operand, from, to, 2);
        break;
    default:
        load_segments(c, operand, from, to, 3);
        break;
    }
}

/* ---- residues to limbs */

/* One run of all segments, of each field, times the same power of two. */
typedef struct {
    _Alignas(64) double residue[SEGMENTS_MAX][FIELDS][RESIDUES_RUN];
} run;

KERNEL_INLINE vd twice(vd x)
{
    return add(x, x);
}

/* What of the product modulo x^M - 1 (x, of which 0 and 2 are reduced) belongs to segments 4 on:
 * hi, by the tail's blocks, which are a quarter (h points) or half (2 h points) of the scale of x.
 */
KERNEL_INLINE void store_tail(vd *hi, const vd *x, const double *tail_points, size_t h,
                              const field *f, const unsigned tail, modulus m)
{
    vd i = all(f->lane_root[1]), half = all(f->half);
    vd r = all(f->lane_root[tail == 1 ? 2 : 3]);
    if (tail == 1) {
        vd y = add(x[2], mul(x[3], r, m));
        y = mul(add(x[1], mul(y, r, m)), r, m);
        vd d0 = sub(twice(twice(reduce(load(tail_points), m))), y);
        hi[0] = mul(sub(x[0], d0), half, m);
        return;
    }
    vd b0 = twice(reduce(load(tail_points), m)), b1 = twice(reduce(load(tail_points + h), m));
    vd ix3 = mul(x[3], i, m), d1 = sub(b1, ix3);
    hi[1] = mul(sub(reduce(x[1], m), d1), half, m);
    if (tail == 2) {
        vd d0 = sub(b0, mul(x[2], i, m));
        hi[0] = mul(sub(x[0], d0), half, m);
        return;
    }
    /* b0 = d0 + i d2 and c0 = d0 - i d2 */
    vd c0 = sub(twice(twice(reduce(load(tail_points + 2 * h), m))), mul(sub(d1, ix3), r, m));
    hi[0] = mul(sub(twice(x[0]), add(b0, c0)), all(f->quarter), m);
    hi[2] = sub(mul(x[2], half, m), mul(sub(b0, c0), all(f->quarter_of_i), m));
}

KERNEL_INLINE void store_residues(const convolution *c, run *r, size_t base, size_t count,
                                  const unsigned tail)
{
    size_t h = c->h;
#pragma GCC unroll 8
    for (unsigned q = 0; q < FIELDS; q++) {
        const field *f = &fields[q];
        modulus m = {all(f->p), all(f->inverse)};
        for (size_t i = 0; i < count; i += LANES) {
            const double *a = c->points[0][q] + base + i;
            vd y0 = load(a), y1 = load(a + h), y2 = load(a + 2 * h), y3 = load(a + 3 * h);
            vd s = add(y0, y1), t = sub(y0, y1);
            vd u = add(y2, y3), e = mul(sub(y2, y3), all(f->lane_inverse[1]), m);
            vd x[SEGMENTS_MAX] = {add(s, u), add(t, e), sub(s, u), sub(t, e)};
            if (tail) {
                x[0] = reduce(x[0], m);
                x[2] = reduce(x[2], m);
                store_tail(x + 4, x, a + 4 * h, h, f, tail, m);
#pragma GCC unroll 8
                for (unsigned k = 0; k < tail; k++)
                    x[k] = sub(x[k], x[4 + k]);
            }
#pragma GCC unroll 8
            for (unsigned k = 0; k < 4 + tail; k++)
                store(&r->residue[k][q][i], x[k]);
        }
    }
}

static void store_run(const convolution *c, run *r, size_t base, size_t count)
{
    switch (c->tail) {
    case 0:
        store_residues(c, r, base, count, 0);
        break;
    case 1:
        store_residues(c, r, base, count, 1);
        break;
    case 2:
        store_residues(c, r, base, count, 2);
        break;
    default:
        store_residues(c, r, base, count, 3);
        break;
    }
}

/* What a segment's limbs, from the next on, have still to be added. */
typedef struct {
    limb now, next, after;
} carries;

/* Limbs and carries; the arrays are longer because a vector at their end begins later. */
typedef struct {
    _Alignas(64) limb d0[RESIDUES_RUN], d1[RESIDUES_RUN + 8], d2[RESIDUES_RUN + 8];
    limb sum[RESIDUES_RUN], over[RESIDUES_RUN + 8];
} digits;

/*
 * Residues of each field to the coefficient they determine: Garner's mixed radix digits, each the
 * representative nearest to 0. As no coefficient reaches half the primes' product, the last one is
 * the right one too. The coefficient's three limbs belong to three places.
 */
static void coefficients(const convolution *c, digits *d, const double (*residue)[RESIDUES_RUN],
                         size_t count)
{
    unsigned scale = c->h_log + 2 - CORE_LOG;
    modulus m0 = {all(fields[0].p), all(fields[0].inverse)};
    modulus m1 = {all(fields[1].p), all(fields[1].inverse)};
    modulus m2 = {all(fields[2].p), all(fields[2].inverse)};
    for (size_t i = 0; i < count; i += LANES) {
        vd v0 = mul(load(&residue[0][i]), all(fields[0].scale[scale]), m0);
        vd v1 = mul(load(&residue[1][i]), all(fields[1].scale[scale]), m1);
        v1 = reduce(sub(v1, mul(v0, all(fields[1].divisor[1]), m1)), m1);
        vd v2 = mul(load(&residue[2][i]), all(fields[2].scale[scale]), m2);
        v2 = sub(v2, mul(v0, all(fields[2].divisor[1]), m2));
        v2 = reduce(sub(v2, mul(v1, all(fields[2].divisor[2]), m2)), m2);
        limbs_of_digits(v0, v1, v2, &d->d0[i], &d->d1[i + 1], &d->d2[i + 2]);
    }
}

/* The run's limbs to d->sum. */
static void propagate(digits *d, carries *carry, size_t count)
{
    vu full = {0};
    d->d1[0] = carry->next;
    d->d2[0] = 0;
    d->d2[1] = carry->after;
    d->over[0] = carry->now;
    for (size_t i = 0; i < count; i += LANES)
        limbs_add(&d->sum[i], &d->over[i + 1], &d->d0[i], &d->d1[i], &d->d2[i]);
    for (size_t i = 0; i < count; i += LANES)
        limbs_carry(&d->sum[i], &d->over[i], &full);
    *carry = (carries){d->over[count], d->d1[count] + d->d2[count], d->d2[count + 1]};
    limb any = 0;
    for (int k = 0; k < LANES; k++)
        any |= full[k];
    if (!any)
        return;
    limb over = 0; /* at most 1: it meets a limb that the vectors' carries have not filled too */
    for (size_t i = 0; i < count; i++) {
        d->sum[i] += over;
        over = d->sum[i] >= LIMB_BASE;
        d->sum[i] -= over ? LIMB_BASE : 0;
    }
    carry->now += over;
}

static void store_chunk(convolution *c, size_t chunk)
{
    carries carry[SEGMENTS_MAX] = {{0}};
    run r;
    digits d;
    size_t end = chunk_end(c, chunk);
    for (size_t base = chunk * c->chunk; base < end; base += RESIDUES_RUN) {
        size_t count = end - base < RESIDUES_RUN ? end - base : RESIDUES_RUN;
        store_run(c, &r, base, count);
        for (unsigned k = 0; k < 4 + c->tail; k++) {
            size_t at = k * c->h + base;
            if (at >= c->limbs)
                break;
            size_t wanted = c->limbs - at < count ? c->limbs - at : count;
            coefficients(c, &d, r.residue[k], wanted);
            propagate(&d, &carry[k], wanted);
            memcpy(c->product + at, d.sum, wanted * sizeof(limb));
        }
    }
    for (unsigned k = 0; k < 4 + c->tail; k++) {
        c->carry[k][chunk][0] = carry[k].now + carry[k].next;
        c->carry[k][chunk][1] = carry[k].after;
    }
}

const kernel KERNEL = {KERNEL_NAME, LEAF, load_chunk, KERNEL_MULTIPLY, store_chunk};
