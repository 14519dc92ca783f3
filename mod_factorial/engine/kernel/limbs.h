/*
 * Limbs to residues and back, LANES at a time: the kernels' only integer arithmetic.
 */
#ifndef MOD_FACTORIAL_ENGINE_LIMBS_H
#define MOD_FACTORIAL_ENGINE_LIMBS_H

#include "kernel.h"
#include "vector.h"

/* A limb is high + low; high is a multiple of 2^30. */
typedef struct {
    vd high, low;
} halves;

/* x < 2^52, as a double. */
KERNEL_INLINE vd limbs_exact(vu x)
{
    return (vd)(x | 0x4330000000000000u) - all(0x1p52);
}

/* a[i] ... a[i + LANES - 1], with zeros from a[n] on. */
KERNEL_INLINE halves limbs_halves(const limb *a, size_t n, size_t i)
{
    vu v = {0};
    if (i + LANES <= n)
        memcpy(&v, a + i, sizeof v);
    else if (i < n)
        memcpy(&v, a + i, (n - i) * sizeof *a);
    return (halves){limbs_exact(v >> 30) * all(0x1p30), limbs_exact(v & ((1u << 30) - 1))};
}

/* |x| < 2^51, in two's complement. */
KERNEL_INLINE vu limbs_whole(vd x)
{
    return (vu)(x + rounder()) - (vu)rounder();
}

/*
 * x = v0 + p0 v1 + p0 p1 v2 >= 0 in base LIMB_BASE, each |v| < 0.7 p: d0 + d1 10^18 + d2 10^36. The
 * quotients by 10^18 are estimated in doubles, to less than 1 below or above, and the remainders,
 * computed modulo 2^64, tell by their sign if the estimate was too large.
 */
KERNEL_INLINE void limbs_of_digits(vd v0, vd v1, vd v2, limb *d0, limb *d1, limb *d2)
{
    const unsigned __int128 p01 = (unsigned __int128)field_prime[0] * field_prime[1];
    const uint64_t k0 = (uint64_t)(p01 % LIMB_BASE), k1 = (uint64_t)(p01 / LIMB_BASE);
    const double inverse = 1.0 / LIMB_BASE;

    vd sum = fused(v1, all(fields[0].p * inverse), v2 * all((double)k0 * inverse));
    vd q0 = sum + rounder();
    vu n2 = limbs_whole(v2), n0 = (vu)q0 - (vu)rounder();
    vu r0 = limbs_whole(v0) + limbs_whole(v1) * field_prime[0] + n2 * k0 - n0 * LIMB_BASE;
    vu low = (vu)((vi)r0 < 0);
    r0 += low & LIMB_BASE;
    n0 += low;
    vu n1 = limbs_whole(fused(v2, all((double)k1 * inverse), (q0 - rounder()) * all(inverse)));
    vu r1 = n2 * k1 + n0 - n1 * LIMB_BASE;
    low = (vu)((vi)r1 < 0);
    r1 += low & LIMB_BASE;
    n1 += low;
    memcpy(d0, &r0, sizeof r0);
    memcpy(d1, &r1, sizeof r1);
    memcpy(d2, &n1, sizeof n1);
}

/* sum = a + b + c, of which *over multiples of LIMB_BASE are taken away: each is below LIMB_BASE.
 */
KERNEL_INLINE void limbs_add(limb *sum, limb *over, const limb *a, const limb *b, const limb *c)
{
    vu x, y, z;
    memcpy(&x, a, sizeof x);
    memcpy(&y, b, sizeof y);
    memcpy(&z, c, sizeof z);
    x += y + z;
    vu once = (vu)(x >= LIMB_BASE), twice = (vu)(x >= 2 * LIMB_BASE);
    x -= (once & LIMB_BASE) + (twice & LIMB_BASE);
    y = -(once + twice);
    memcpy(sum, &x, sizeof x);
    memcpy(over, &y, sizeof y);
}

/* sum += over. Where that reaches LIMB_BASE, *full is no longer 0. */
KERNEL_INLINE void limbs_carry(limb *sum, const limb *over, vu *full)
{
    vu x, y;
    memcpy(&x, sum, sizeof x);
    memcpy(&y, over, sizeof y);
    x += y;
    *full |= (vu)(x >= LIMB_BASE);
    memcpy(sum, &x, sizeof x);
}

#endif
