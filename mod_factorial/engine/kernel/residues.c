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
    vd i = splat(f->lane_root[1]), r = splat(f->lane_root[tail == 1 ? 2 : 3]);
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
            modulus m = {splat(f->p), splat(f->inverse)};
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
            vd u = sub(x[0], x[2]), e = mul(sub(x[1], x[3]), splat(f->lane_root[1]), m);
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
 * hi, from the tail's blocks. */
KERNEL_INLINE void store_tail(vd *hi, const vd *x, const double *tail_points, size_t h,
                              const field *f, const unsigned tail, modulus m)
{
    vd i = splat(f->lane_root[1]), half = splat(f->half);
    vd r = splat(f->lane_root[tail == 1 ? 2 : 3]);
    if (tail == 1) {
        vd y = add(x[2], mul(x[3], r, m));
        y = mul(add(x[1], mul(y, r, m)), r, m);
        vd d0 = sub(reduce(load(tail_points), m), y);
        hi[0] = mul(sub(x[0], d0), half, m);
        return;
    }
    vd b0 = reduce(load(tail_points), m), b1 = reduce(load(tail_points + h), m);
    vd ix3 = mul(x[3], i, m), d1 = sub(b1, ix3);
    hi[1] = mul(sub(reduce(x[1], m), d1), half, m);
    if (tail == 2) {
        vd d0 = sub(b0, mul(x[2], i, m));
        hi[0] = mul(sub(x[0], d0), half, m);
        return;
    }
    /* b0 = d0 + i d2 and c0 = d0 - i d2 */
    vd c0 = sub(reduce(load(tail_points + 2 * h), m), mul(sub(d1, ix3), r, m));
    hi[0] = mul(sub(twice(x[0]), add(b0, c0)), splat(f->quarter), m);
    hi[2] = sub(mul(x[2], half, m), mul(sub(b0, c0), splat(f->quarter_of_i), m));
}

KERNEL_INLINE void store_residues(const convolution *c, run *r, size_t base, size_t count,
                                  const unsigned tail)
{
    size_t h = c->h;
#pragma GCC unroll 8
    for (unsigned q = 0; q < FIELDS; q++) {
        const field *f = &fields[q];
        modulus m = {splat(f->p), splat(f->inverse)};
        for (size_t i = 0; i < count; i += LANES) {
            const double *a = c->points[0][q] + base + i;
            vd y0 = load(a), y1 = load(a + h), y2 = load(a + 2 * h), y3 = load(a + 3 * h);
#pragma GCC unroll 8
            for (unsigned k = 0; k < 4 + tail; k++) /* for the next run: too many streams */
                __builtin_prefetch(a + k * h + RESIDUES_RUN);
            vd s = add(y0, y1), t = sub(y0, y1);
            vd u = add(y2, y3), e = mul(sub(y2, y3), splat(f->lane_inverse[1]), m);
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

/* ---- residues to coefficients to limbs */

/* A mixed-radix digit's next step: (v - u) / p(j) in field q. */
KERNEL_INLINE vd next_digit(vd v, vd u, unsigned q, unsigned j)
{
    modulus m = {splat(fields[q].p), splat(fields[q].inverse)};
    return times(sub(v, u), multiplier_of(splat(fields[q].divisor[j]), m), m);
}

/*
 * Writes so many limbs of a segment, from the residues of one run. Each coefficient is
 * v0 + p0 v1 + p0 p1 v2 (Garner's algorithm); docs/engine.md shows that v1 and v2 need not be
 * reduced. `group` vectors are computed together, because one alone would wait for itself; they
 * divide `count` unless the product ends there, when nothing more is carried.
 */
KERNEL_INLINE void write_limbs(limb *product, size_t count, const unsigned group,
                               limbs_pending *pending, const double (*residue)[RESIDUES_RUN])
{
    enum { GROUP_MAX = 8 };
    modulus m0 = {splat(fields[0].p), splat(fields[0].inverse)};
    limbs_pending left = *pending;
    vu full = {0};
    for (size_t i = 0; i < count; i += group * LANES) {
        vd v0[GROUP_MAX], v1[GROUP_MAX], v2[GROUP_MAX];
#pragma GCC unroll 8
        for (unsigned t = 0; t < group; t++)
            v0[t] = reduce(load(&residue[0][i + t * LANES]), m0);
#pragma GCC unroll 8
        for (unsigned t = 0; t < group; t++)
            v1[t] = next_digit(load(&residue[1][i + t * LANES]), v0[t], 1, 0);
#pragma GCC unroll 8
        for (unsigned t = 0; t < group; t++)
            v2[t] = next_digit(load(&residue[2][i + t * LANES]), v0[t], 2, 0);
#pragma GCC unroll 8
        for (unsigned t = 0; t < group; t++)
            v2[t] = next_digit(v2[t], v1[t], 2, 1);
#pragma GCC unroll 8
        for (unsigned t = 0; t < group; t++) {
            vu d0, d1, d2;
            limbs_of_coefficients(v0[t], v1[t], v2[t], &d0, &d1, &d2);
            vu limbs = limbs_add(&left, d0, d1, d2, &full);
            size_t at = i + t * LANES;
            memcpy(product + at, &limbs,
                   at + LANES <= count ? sizeof limbs : (count - at) * sizeof *product);
        }
    }
    limb any = 0;
    for (int k = 0; k < LANES; k++)
        any |= full[k];
    if (any >> 63) { /* rare: carry on limb by limb */
        limb carry = 0;
        for (size_t i = 0; i < count; i++) {
            product[i] += carry;
            carry = product[i] >= LIMB_BASE;
            product[i] -= carry ? LIMB_BASE : 0;
        }
        left.carry[LANES - 1] += carry;
    }
    *pending = left;
}

/* Not inlined: together with the rest, gcc 12 runs out of registers. */
static __attribute__((noinline)) void write_whole_run(limb *product, limbs_pending *pending,
                                                      const double (*residue)[RESIDUES_RUN])
{
    write_limbs(product, RESIDUES_RUN, 8, pending, residue);
}

static void write_part_of_run(limb *product, size_t count, limbs_pending *pending,
                              const double (*residue)[RESIDUES_RUN])
{
    write_limbs(product, count, 1, pending, residue);
}

static void store_chunk(convolution *c, size_t chunk)
{
    limbs_pending pending[SEGMENTS_MAX] = {0};
    run r;
    size_t end = chunk_end(c, chunk);
    for (size_t base = chunk * c->chunk; base < end; base += RESIDUES_RUN) {
        size_t count = end - base < RESIDUES_RUN ? end - base : RESIDUES_RUN;
        store_run(c, &r, base, count);
        for (unsigned k = 0; k < 4 + c->tail; k++) {
            size_t at = k * c->h + base;
            if (at >= c->limbs)
                break;
            size_t wanted = c->limbs - at < count ? c->limbs - at : count;
            if (wanted == RESIDUES_RUN)
                write_whole_run(c->product + at, &pending[k], r.residue[k]);
            else
                write_part_of_run(c->product + at, wanted, &pending[k], r.residue[k]);
        }
    }
    for (unsigned k = 0; k < 4 + c->tail; k++) {
        const limbs_pending *last = &pending[k];
        c->carry[k][chunk][0] = last->carry[LANES - 1] + last->d1[LANES - 1] + last->d2[LANES - 2];
        c->carry[k][chunk][1] = last->d2[LANES - 1];
    }
}

const kernel KERNEL = {KERNEL_NAME, LEAF,        load_chunk,   KERNEL_MULTIPLY, KERNEL_SPLIT,
                       KERNEL_JOIN, store_chunk, KERNEL_WRITE, KERNEL_READ};
