/*
 * A product's two ends: limbs to residues with the transform's first two levels, and its last two
 * levels with Chinese remainders and carries. Compiled once per instruction set, as transform.c.
 *
 * A product (see kernel.h) is x^M hi + lo, hi being the tail's segments: modulo x^M - 1 it is
 * lo + hi, modulo x^M + 1 it is lo - hi. Of lo - hi a truncated transform computes as many points
 * as the tail has: each node either has both children, of which the first is a block of the tail,
 * or it has the first child only. J. van der Hoeven, "The truncated Fourier transform and
 * applications" (2004).
 *
 * The levels here combine coefficients that are a multiple of h apart. So a function takes the same
 * LANES coefficients of every segment, and all of their values fit into registers: memory is read
 * once and written once. The number of segments is a constant in each function. The compiler makes
 * a copy for each number, and unrolls all loops over segments.
 */
#include "limbs.h"
#include "transform.h"

/* ---- limbs to residues */

enum { PARTS_MAX = 8, TAIL_LEVELS_MAX = 3 };

/* Of the truncated transform: its last node has as many segments as the tail's lowest digit. */
KERNEL_INLINE unsigned tail_levels(unsigned segments)
{
    return (unsigned)(__builtin_ctz(convolution_parts(segments)) - __builtin_ctz(segments));
}

/*
 * d, modulo x^M + 1, to the tail's blocks. A node of `size` segments that begins with segment `at`
 * is block at / size.
 *
 * For 7 segments, M is 4 segments and the tail 3. The first node is 4 segments that begin with
 * segment 4. The tail is longer than half of it, so the node has both children: the first is stored
 * as segments 4 and 5, and `d` goes on with the second. Of that the tail has one segment, which is
 * no more than half, so only the first child is computed; it is stored as segment 6.
 */
KERNEL_INLINE void load_tail(double *a, size_t h, vd *d, const field *f, const unsigned segments,
                             modulus m)
{
    unsigned at = convolution_parts(segments), size = at;
#pragma GCC unroll 3
    for (unsigned l = 0; l < tail_levels(segments); l++) {
        vd w = splat(f->lane_root[at / size]);
        size /= 2;
        bool both = segments - at > size;
#pragma GCC unroll 4
        for (unsigned k = 0; k < size; k++) {
            vd x = d[k], y = mul(d[k + size], w, m);
            if (both)
                store(a + (at + k) * h, add(x, y));
            d[k] = both ? sub(x, y) : add(x, y);
        }
        at += both ? size : 0;
    }
#pragma GCC unroll 4
    for (unsigned k = 0; k < size; k++)
        store(a + (at + k) * h, d[k]);
}

/* The first two levels of x^M - 1, for segments k, k + parts / 4 and so on. */
KERNEL_INLINE void load_blocks(double *a, size_t h, const vd *x, const field *f,
                               const unsigned parts, modulus m)
{
    vd i = splat(f->lane_root[1]);
#pragma GCC unroll 2
    for (unsigned k = 0; k < parts / 4; k++) {
        const unsigned k1 = k + parts / 4, k2 = k + parts / 2, k3 = k1 + parts / 2;
        vd s = add(x[k], x[k2]), t = add(x[k1], x[k3]);
        vd d = sub(x[k], x[k2]), e = mul(sub(x[k1], x[k3]), i, m);
        store(a + k * h, add(s, t));
        store(a + k1 * h, sub(s, t));
        store(a + k2 * h, add(d, e));
        store(a + k3 * h, sub(d, e));
    }
}

KERNEL_INLINE void load_segments(const convolution *c, unsigned operand, size_t from, size_t to,
                                 const unsigned segments)
{
    const unsigned parts = convolution_parts(segments);
    size_t h = c->h;
    for (size_t i = from; i < to; i += LANES) {
        halves part[SEGMENTS_MAX];
#pragma GCC unroll 16
        for (unsigned k = 0; k < segments; k++)
            part[k] = limbs_halves(c->operand[operand], c->operand_limbs[operand], i + k * h);
#pragma GCC unroll 3
        for (unsigned q = 0; q < FIELDS; q++) {
            const field *f = &fields[q];
            modulus m = {splat(f->p), splat(f->inverse)};
            double *a = c->points[operand][q] + i;
            vd x[SEGMENTS_MAX], d[PARTS_MAX];
#pragma GCC unroll 16
            for (unsigned k = 0; k < segments; k++)
                x[k] = add(reduce(part[k].high, m), part[k].low);
#pragma GCC unroll 8
            for (unsigned k = 0; k < parts; k++) {
                d[k] = k < segments - parts ? sub(x[k], x[parts + k]) : x[k];
                x[k] = k < segments - parts ? add(x[k], x[parts + k]) : x[k];
            }
            load_blocks(a, h, x, f, parts, m);
            if (segments > parts)
                load_tail(a, h, d, f, segments, m);
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
    switch (c->segments) {
    case 4:
        load_segments(c, operand, from, to, 4);
        break;
    case 5:
        load_segments(c, operand, from, to, 5);
        break;
    case 6:
        load_segments(c, operand, from, to, 6);
        break;
    case 7:
        load_segments(c, operand, from, to, 7);
        break;
    case 9:
        load_segments(c, operand, from, to, 9);
        break;
    case 11:
        load_segments(c, operand, from, to, 11);
        break;
    default:
        load_segments(c, operand, from, to, 13);
        break;
    }
}

/* By Horner's rule: x^count is w(j)^2, which is w(j / 2) for an even block and -w(j / 2) for an odd
 * one. Behind the last limb there are only zeros. */
static void load_block(const field *f, double *points, size_t count, size_t j, const limb *b,
                       size_t limbs)
{
    modulus m = {splat(f->p), splat(f->inverse)};
    vd square = splat(j == 0 ? 1 : j % 2 ? -f->low[0][j / 2][0] : f->low[0][j / 2][0]);
    size_t some = limbs < count ? (limbs + LANES - 1) / LANES * LANES : count;
    for (size_t i = 0; i < some; i += LANES) {
        vd sum = splat(0);
        for (size_t at = i + (limbs - 1) / count * count + count; at > i;) {
            at -= count;
            halves part = limbs_halves(b, limbs, at);
            sum = add(mul(sum, square, m), add(reduce(part.high, m), part.low));
        }
        store(points + i, sum);
    }
    for (size_t i = some; i < count; i += LANES)
        store(points + i, splat(0));
}

/* ---- residues to limbs */

/* One run of all segments, of each field, times the same power of two. */
typedef struct {
    _Alignas(64) double residue[SEGMENTS_MAX][FIELDS][RESIDUES_RUN];
} run;

/*
 * Half of lo - hi: d[k] of the tail's segments, from the tail's blocks and from the other d[k]. Of
 * a node with both children, half of the first (x) is loaded, and half of the second (y) is
 * computed likewise from its part of the tail and from what is known of it: x + y is the node's
 * lower half, x - y over the root its upper half. kernel.multiply has halved each block as often as
 * that.
 *
 * Known are the coefficients of lo - hi beyond the tail, because hi is 0 there: lo + hi gives them.
 * They come in as d. The first loop goes down the nodes of load_tail: it loads each first child
 * that is a block, and turns what is known of the node into what is known of the child that is left
 * over. The last node is a block, which is loaded whole. The second loop goes up again, and
 * computes each node from its two children, or from the first child and what is known.
 */
KERNEL_INLINE void store_tail(vd *d, const double *a, size_t h, const field *f,
                              const unsigned segments, modulus m)
{
    const unsigned parts = convolution_parts(segments), levels = tail_levels(segments);
    vd node[TAIL_LEVELS_MAX + 1][PARTS_MAX], first[TAIL_LEVELS_MAX][PARTS_MAX / 2];
    unsigned at[TAIL_LEVELS_MAX + 1] = {parts};
#pragma GCC unroll 8
    for (unsigned k = 0; k < parts; k++)
        node[0][k] = d[k];
#pragma GCC unroll 3
    for (unsigned l = 0; l < levels; l++) {
        const unsigned half = parts >> l >> 1, tail = segments - at[l];
        const bool both = tail > half;
        vd w = splat(f->lane_root[at[l] / (2 * half)]);
#pragma GCC unroll 4
        for (unsigned k = 0; k < half; k++) {
            first[l][k] = both ? reduce(load(a + (at[l] + k) * h), m) : node[l][k];
            vd known = mul(node[l][half + k], w, m);
            node[l + 1][k] = both ? sub(first[l][k], known) : add(first[l][k], known);
        }
        at[l + 1] = at[l] + (both ? half : 0);
    }
    for (unsigned k = 0; k < parts >> levels; k++)
        node[levels][k] = reduce(load(a + (at[levels] + k) * h), m);
#pragma GCC unroll 3
    for (unsigned l = levels; l-- > 0;) {
        const unsigned half = parts >> l >> 1, tail = segments - at[l];
        const bool both = tail > half;
        vd w = splat(f->lane_root[at[l] / (2 * half)]);
        vd inverse = splat(f->lane_inverse[at[l] / (2 * half)]);
#pragma GCC unroll 4
        for (unsigned k = 0; k < half; k++) {
            vd x = first[l][k], y = node[l + 1][k];
            if (both && half + k < tail)
                node[l][half + k] = mul(sub(x, y), inverse, m);
            if (both)
                node[l][k] = add(x, y);
            else if (k < tail)
                node[l][k] = sub(y, mul(node[l][half + k], w, m));
        }
    }
#pragma GCC unroll 8
    for (unsigned k = 0; k < segments - parts; k++)
        d[k] = node[0][k];
}

/* The inverse of load_blocks. */
KERNEL_INLINE void store_blocks(vd *x, const double *a, size_t h, const field *f,
                                const unsigned parts, modulus m)
{
    vd i = splat(f->lane_inverse[1]);
#pragma GCC unroll 2
    for (unsigned k = 0; k < parts / 4; k++) {
        const unsigned k1 = k + parts / 4, k2 = k + parts / 2, k3 = k1 + parts / 2;
        vd y0 = load(a + k * h), y1 = load(a + k1 * h);
        vd y2 = load(a + k2 * h), y3 = load(a + k3 * h);
        vd s = add(y0, y1), t = sub(y0, y1);
        vd u = add(y2, y3), e = mul(sub(y2, y3), i, m);
        x[k] = add(s, u);
        x[k1] = add(t, e);
        x[k2] = sub(s, u);
        x[k3] = sub(t, e);
    }
}

/* The coefficients of one run: lo and hi, from half of lo + hi and half of lo - hi. Without a tail
 * there is only lo, which has not been halved. */
KERNEL_INLINE void store_residues(const convolution *c, run *r, size_t base, size_t count,
                                  const unsigned segments)
{
    const unsigned parts = convolution_parts(segments), tail = segments - parts;
    size_t h = c->h;
#pragma GCC unroll 3
    for (unsigned q = 0; q < FIELDS; q++) {
        const field *f = &fields[q];
        modulus m = {splat(f->p), splat(f->inverse)};
        for (size_t i = 0; i < count; i += LANES) {
            const double *a = c->points[0][q] + base + i;
            vd x[PARTS_MAX], d[PARTS_MAX];
            store_blocks(x, a, h, f, parts, m);
#pragma GCC unroll 8
            for (unsigned k = 0; k < parts; k++)
                d[k] = x[k] = tail ? reduce(x[k], m) : x[k];
            if (tail)
                store_tail(d, a, h, f, segments, m);
#pragma GCC unroll 8
            for (unsigned k = 0; k < parts; k++)
                store(&r->residue[k][q][i], tail ? add(x[k], d[k]) : x[k]);
#pragma GCC unroll 8
            for (unsigned k = 0; k < tail; k++)
                store(&r->residue[parts + k][q][i], sub(x[k], d[k]));
        }
    }
}

static void store_run(const convolution *c, run *r, size_t base, size_t count)
{
    switch (c->segments) {
    case 4:
        store_residues(c, r, base, count, 4);
        break;
    case 5:
        store_residues(c, r, base, count, 5);
        break;
    case 6:
        store_residues(c, r, base, count, 6);
        break;
    case 7:
        store_residues(c, r, base, count, 7);
        break;
    case 9:
        store_residues(c, r, base, count, 9);
        break;
    case 11:
        store_residues(c, r, base, count, 11);
        break;
    default:
        store_residues(c, r, base, count, 13);
        break;
    }
}

/* ---- residues to coefficients to limbs */

/* The next step to a mixed-radix digit: (v - u) / p(j) in field q. */
KERNEL_INLINE vd next_digit(vd v, vd u, unsigned q, unsigned j)
{
    modulus m = {splat(fields[q].p), splat(fields[q].inverse)};
    return times(sub(v, u), multiplier_of(splat(fields[q].divisor[j]), m), m);
}

/*
 * Writes so many limbs of a segment, from the residues of one run. Each coefficient is
 * v0 + p0 v1 + p0 p1 v2 (Garner's algorithm); docs/engine.md shows that v1 and v2 need not be
 * reduced. `group` vectors are computed together, because the steps for one alone would wait for
 * each other. `count` is a multiple of their length, unless the product ends with this run: then
 * nothing is carried on.
 *
 * A coefficient reaches over three limbs. What the last vector adds to the limbs behind it is
 * `pending` for the next run of the same segment. A carry out of a limb goes one limb further and
 * not on through limbs that are full, which would make each limb wait for the one before. Such
 * limbs are rare; the whole run is corrected afterwards if it has one.
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
    if (any >> 63) {
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

/* Requests the memory of a run before it is needed. The processor does so by itself for a few
 * streams of addresses, but not for one of each segment and field. */
static void prefetch_run(const convolution *c, size_t at)
{
    enum { LINE = 8 };
    for (size_t i = at; i < at + RESIDUES_RUN; i += LINE) {
        for (unsigned q = 0; q < FIELDS; q++)
            __builtin_prefetch(c->points[0][q] + i);
        __builtin_prefetch(c->product + i, 1);
    }
}

static void store_chunk(convolution *c, size_t chunk)
{
    limbs_pending pending[SEGMENTS_MAX] = {0};
    run r;
    size_t end = chunk_end(c, chunk);
    for (size_t base = chunk * c->chunk; base < end; base += RESIDUES_RUN) {
        size_t count = end - base < RESIDUES_RUN ? end - base : RESIDUES_RUN;
        store_run(c, &r, base, count);
        for (unsigned k = 0; k < c->segments; k++) {
            size_t at = k * c->h + base;
            prefetch_run(c, at + RESIDUES_RUN); /* arrives while limbs are computed */
            if (at >= c->limbs)
                break;
            size_t wanted = c->limbs - at < count ? c->limbs - at : count;
            if (wanted == RESIDUES_RUN)
                write_whole_run(c->product + at, &pending[k], r.residue[k]);
            else
                write_part_of_run(c->product + at, wanted, &pending[k], r.residue[k]);
        }
    }
    for (unsigned k = 0; k < c->segments; k++) {
        const limbs_pending *last = &pending[k];
        c->carry[k][chunk][0] = last->carry[LANES - 1] + last->d1[LANES - 1] + last->d2[LANES - 2];
        c->carry[k][chunk][1] = last->d2[LANES - 1];
    }
}

const kernel KERNEL = {KERNEL_NAME,  LEAF,        load_chunk,  load_block,   KERNEL_MULTIPLY,
                       KERNEL_SPLIT, KERNEL_JOIN, store_chunk, KERNEL_WRITE, KERNEL_READ};
