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
    return (vd)(x | 0x4330000000000000u) - splat(0x1p52);
}

/* a[i] ... a[i + LANES - 1], with zeros from a[n] on. */
KERNEL_INLINE halves limbs_halves(const limb *a, size_t n, size_t i)
{
    vu v = {0};
    if (i + LANES <= n)
        memcpy(&v, a + i, sizeof v);
    else if (i < n)
        memcpy(&v, a + i, (n - i) * sizeof *a);
    return (halves){limbs_exact(v >> 30) * splat(0x1p30), limbs_exact(v & ((1u << 30) - 1))};
}

/* |x| < 2^51, in two's complement. */
KERNEL_INLINE vu limbs_whole(vd x)
{
    return (vu)(x + round_constant()) - (vu)round_constant();
}

/*
 * The limbs d0 + d1 10^18 + d2 10^36 of x = v0 + p0 v1 + p0 p1 v2 >= 0, each |v| < p. The quotients
 * by 10^18 are estimated in doubles, with an error below 1. The remainders are computed modulo
 * 2^64; a negative one shows that the estimate was too large.
 */
KERNEL_INLINE void limbs_of_coefficients(vd v0, vd v1, vd v2, vu *d0, vu *d1, vu *d2)
{
    const unsigned __int128 p01 = (unsigned __int128)field_prime[0] * field_prime[1];
    const uint64_t k0 = (uint64_t)(p01 % LIMB_BASE), k1 = (uint64_t)(p01 / LIMB_BASE);
    const double inverse = 1.0 / LIMB_BASE;

    vd sum = fmadd(v1, splat(fields[0].p * inverse), v2 * splat((double)k0 * inverse));
    vd q0 = sum + round_constant();
    vu n2 = limbs_whole(v2), n0 = (vu)q0 - (vu)round_constant();
    vu r0 = limbs_whole(v0) + limbs_whole(v1) * field_prime[0] + n2 * k0 - n0 * LIMB_BASE;
    vu low = (vu)((vi)r0 >> 63);
    *d0 = r0 + (low & LIMB_BASE);
    n0 += low;
    vd q1 = fmadd(v2, splat((double)k1 * inverse), (q0 - round_constant()) * splat(inverse));
    vu n1 = limbs_whole(q1);
    vu r1 = n2 * k1 + n0 - n1 * LIMB_BASE;
    low = (vu)((vi)r1 >> 63);
    *d1 = r1 + (low & LIMB_BASE);
    *d2 = n1 + low;
}

/* x shifted by one place, or two: the last lanes of `before` come first. */
KERNEL_INLINE vu limbs_shift_one(vu before, vu x)
{
#if LANES == 8
    return __builtin_shufflevector(before, x, 7, 8, 9, 10, 11, 12, 13, 14);
#elif LANES == 4
    return __builtin_shufflevector(before, x, 3, 4, 5, 6);
#else
    return __builtin_shufflevector(before, x, 1, 2);
#endif
}

KERNEL_INLINE vu limbs_shift_two(vu before, vu x)
{
#if LANES == 8
    return __builtin_shufflevector(before, x, 6, 7, 8, 9, 10, 11, 12, 13);
#elif LANES == 4
    return __builtin_shufflevector(before, x, 2, 3, 4, 5);
#else
    return before;
#endif
}

/* The part of the last vector of coefficients that belongs to the limbs after it, in its last
 * lanes. */
typedef struct {
    vu d1, d2, carry;
} limbs_pending;

/*
 * The next LANES limbs of the sum of all d0, d1 10^18 and d2 10^36, where d2 < 10^8. Each lane's
 * carry, 0 or 1, is added to the next lane, but not that lane's own: a limb may remain from
 * LIMB_BASE up to LIMB_BASE + 10^8. Then the highest bit of a lane of *full is set.
 */
KERNEL_INLINE vu limbs_add(limbs_pending *pending, vu d0, vu d1, vu d2, vu *full)
{
    vu sum = d0 + limbs_shift_one(pending->d1, d1) + limbs_shift_two(pending->d2, d2) - LIMB_BASE;
    vu below = (vu)((vi)sum >> 63), carry = below + 1;
    sum += (below & LIMB_BASE) + limbs_shift_one(pending->carry, carry);
    *pending = (limbs_pending){d1, d2, carry};
    *full |= LIMB_BASE - 1 - sum;
    return sum;
}

#endif
