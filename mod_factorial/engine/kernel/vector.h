/*
 * Residues, LANES of them at a time, for the sources that are compiled once per instruction set.
 *
 * A residue modulo p < 2^49 is a double that holds any representative, an integer. No operation
 * here rounds, as docs/engine.md proves. The sources compute only by these functions, so that
 * tests/unit/engine/test_bounds_* can run the same sources on bounds instead of numbers.
 */
#ifndef MOD_FACTORIAL_ENGINE_VECTOR_H
#define MOD_FACTORIAL_ENGINE_VECTOR_H

#include <stdint.h>
#include <string.h>

#if defined(__x86_64__)
#include <immintrin.h>
#elif defined(__aarch64__)
#include <arm_neon.h>
#endif

#if defined(__AVX512F__)
#define LANES 8
#elif defined(__FMA__)
#define LANES 4
#else
#define LANES 2
#endif

#define KERNEL_INLINE static inline __attribute__((always_inline))

typedef double vd __attribute__((vector_size(8 * LANES), may_alias));
typedef uint64_t vu __attribute__((vector_size(8 * LANES), may_alias));
typedef int64_t vi __attribute__((vector_size(8 * LANES), may_alias));

/* ---- a b + c, a b - c and c - a b, rounded once */
#if LANES == 8
KERNEL_INLINE vd fmadd(vd a, vd b, vd c)
{
    return (vd)_mm512_fmadd_pd((__m512d)a, (__m512d)b, (__m512d)c);
}
KERNEL_INLINE vd fmsub(vd a, vd b, vd c)
{
    return (vd)_mm512_fmsub_pd((__m512d)a, (__m512d)b, (__m512d)c);
}
KERNEL_INLINE vd fnmadd(vd a, vd b, vd c)
{
    return (vd)_mm512_fnmadd_pd((__m512d)a, (__m512d)b, (__m512d)c);
}
#elif LANES == 4
KERNEL_INLINE vd fmadd(vd a, vd b, vd c)
{
    return (vd)_mm256_fmadd_pd((__m256d)a, (__m256d)b, (__m256d)c);
}
KERNEL_INLINE vd fmsub(vd a, vd b, vd c)
{
    return (vd)_mm256_fmsub_pd((__m256d)a, (__m256d)b, (__m256d)c);
}
KERNEL_INLINE vd fnmadd(vd a, vd b, vd c)
{
    return (vd)_mm256_fnmadd_pd((__m256d)a, (__m256d)b, (__m256d)c);
}
#else
KERNEL_INLINE vd fmadd(vd a, vd b, vd c)
{
    return (vd)vfmaq_f64((float64x2_t)c, (float64x2_t)a, (float64x2_t)b);
}
KERNEL_INLINE vd fnmadd(vd a, vd b, vd c)
{
    return (vd)vfmsq_f64((float64x2_t)c, (float64x2_t)a, (float64x2_t)b);
}
KERNEL_INLINE vd fmsub(vd a, vd b, vd c)
{
    return -fnmadd(a, b, c);
}
#endif

/* ---- moving */
KERNEL_INLINE vd splat(double x)
{
    return x - (vd){0}; /* gcc compiles this to a broadcast, but not a loop over the lanes */
}

KERNEL_INLINE vd load(const double *x)
{
    return *(const vd *)x;
}

KERNEL_INLINE void store(double *x, vd v)
{
    *(vd *)x = v;
}

/* ---- computing */

/* A prime p and 1/p, in every lane. */
typedef struct {
    vd p, inverse;
} modulus;

/* Adding it to less than 2^51 and subtracting it again rounds to the nearest integer. */
KERNEL_INLINE vd round_constant(void)
{
    return splat(6755399441055744.0); /* 1.5 * 2^52 */
}

KERNEL_INLINE vd add(vd a, vd b)
{
    return a + b;
}

KERNEL_INLINE vd sub(vd a, vd b)
{
    return a - b;
}

/* The representative of a that is nearest to 0. */
KERNEL_INLINE vd reduce(vd a, modulus m)
{
    vd q = fmadd(a, m.inverse, round_constant()) - round_constant();
    return fnmadd(q, m.p, a);
}

/*
 * a b: with h = fl(a b), a b - q p = (h - q p) + (a b - h), where q is the integer nearest to h / p
 * and both parts are integers below 2^53, which fmadd multiply-adds deliver unrounded.
 */
KERNEL_INLINE vd mul(vd a, vd b, modulus m)
{
    vd h = a * b, q = fmadd(h, m.inverse, round_constant()) - round_constant();
    return fnmadd(q, m.p, h) + fmsub(a, b, h);
}

/* A factor of many products, with its quotient by p. */
typedef struct {
    vd value, quotient;
} multiplier;

KERNEL_INLINE multiplier multiplier_of(vd w, modulus m)
{
    return (multiplier){w, w * m.inverse};
}

KERNEL_INLINE multiplier multiplier_negative(multiplier w)
{
    return (multiplier){-w.value, -w.quotient};
}

/* As mul, with the same bound. q is found from a w.quotient, so that it need not wait for h: the
 * chain of dependent operations is shorter by one. */
KERNEL_INLINE vd times(vd a, multiplier w, modulus m)
{
    vd h = a * w.value, q = fmadd(a, w.quotient, round_constant()) - round_constant();
    return fnmadd(q, m.p, h) + fmsub(a, w.value, h);
}

/*
 * A compensated sum of products, which is reduced once. `high` begins at 1.5 * 2^101, so it adds
 * multiples of 2^49; `low` adds the parts that `high` rounds away.
 */
typedef struct {
    vd high, low;
} dot;

KERNEL_INLINE vd dot_constant(void)
{
    return splat(0x1.8p101);
}

KERNEL_INLINE dot dot_zero(void)
{
    return (dot){dot_constant(), splat(0)};
}

KERNEL_INLINE void dot_add(dot *sum, vd a, vd b)
{
    vd high = fmadd(a, b, sum->high);
    sum->low += fmsub(a, b, high - sum->high);
    sum->high = high;
}

KERNEL_INLINE vd dot_reduce(dot sum, modulus m)
{
    vd h = sum.high - dot_constant();
    vd q = fmadd(h + sum.low, m.inverse, round_constant()) - round_constant();
    return fnmadd(q, m.p, h) + sum.low;
}

/* ---- v[i] lane k becomes v[k] lane i */
#if LANES == 8
KERNEL_INLINE vd even_pairs(vd x, vd y)
{
    return __builtin_shufflevector(x, y, 0, 1, 4, 5, 8, 9, 12, 13);
}
KERNEL_INLINE vd odd_pairs(vd x, vd y)
{
    return __builtin_shufflevector(x, y, 2, 3, 6, 7, 10, 11, 14, 15);
}
/* First within pairs of lanes, by instructions that take one cycle; then the pairs. */
KERNEL_INLINE void transpose(vd *v)
{
    vd u[8];
#pragma GCC unroll 2
    for (int odd = 0; odd < 2; odd++) {
        vd p[4];
#pragma GCC unroll 4
        for (int k = 0; k < 4; k++) {
            vd x = v[2 * k], y = v[2 * k + 1];
            p[k] = odd ? __builtin_shufflevector(x, y, 1, 9, 3, 11, 5, 13, 7, 15)
                       : __builtin_shufflevector(x, y, 0, 8, 2, 10, 4, 12, 6, 14);
        }
        vd a = even_pairs(p[0], p[1]), b = even_pairs(p[2], p[3]);
        vd c = odd_pairs(p[0], p[1]), d = odd_pairs(p[2], p[3]);
        u[odd] = even_pairs(a, b);
        u[odd + 4] = odd_pairs(a, b);
        u[odd + 2] = even_pairs(c, d);
        u[odd + 6] = odd_pairs(c, d);
    }
    memcpy(v, u, sizeof u);
}
#elif LANES == 4
KERNEL_INLINE void transpose(vd *v)
{
#pragma GCC unroll 2
    for (int i = 0; i < 2; i++) {
        vd x = v[i], y = v[i + 2];
        v[i] = __builtin_shufflevector(x, y, 0, 1, 4, 5);
        v[i + 2] = __builtin_shufflevector(x, y, 2, 3, 6, 7);
    }
#pragma GCC unroll 2
    for (int i = 0; i < 4; i += 2) {
        vd x = v[i], y = v[i + 1];
        v[i] = __builtin_shufflevector(x, y, 0, 4, 2, 6);
        v[i + 1] = __builtin_shufflevector(x, y, 1, 5, 3, 7);
    }
}
#else
KERNEL_INLINE void transpose(vd *v)
{
    vd x = v[0], y = v[1];
    v[0] = __builtin_shufflevector(x, y, 0, 2);
    v[1] = __builtin_shufflevector(x, y, 1, 3);
}
#endif

#endif
