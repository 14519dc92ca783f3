/*
 * Division by the base of limbs.
 */
#ifndef MOD_FACTORIAL_ENGINE_BASE_H
#define MOD_FACTORIAL_ENGINE_BASE_H

#include "kernel.h"

/*
 * The quotient of x by LIMB_BASE, which it is below 2^64 times; the remainder to *remainder. Möller
 * and Granlund, "Improved division by invariant integers" (2011), algorithm 4.
 */
static inline uint64_t divide_by_base(unsigned __int128 x, limb *remainder)
{
    const uint64_t d = (uint64_t)LIMB_BASE << 4; /* normalised */
    const uint64_t v = (uint64_t)((((unsigned __int128)~d << 64) | ~(uint64_t)0) / d);
    uint64_t u1 = (uint64_t)(x >> 60), u0 = (uint64_t)x << 4;
    unsigned __int128 q = (unsigned __int128)v * u1 + (((unsigned __int128)u1 << 64) | u0);
    uint64_t q1 = (uint64_t)(q >> 64) + 1, r = u0 - q1 * d;
    uint64_t over = -(uint64_t)(r > (uint64_t)q); /* as often as not: no branch */
    q1 += over;
    r += over & d;
    if (r >= d) {
        q1++;
        r -= d;
    }
    *remainder = r >> 4;
    return q1;
}

/*
 * The same for x below LIMB_BASE^2, by fewer instructions: the bits of x that the estimate
 * leaves out make it too small by less than 2^59 / LIMB_BASE, those of the inverse by less than
 * 1/8, so by 1 at the most. P. Barrett, "Implementing the Rivest Shamir and Adleman public key
 * encryption algorithm on a standard digital signal processor" (1986).
 */
static inline uint64_t divide_product(unsigned __int128 x, limb *remainder)
{
    const uint64_t inverse = (uint64_t)(((unsigned __int128)1 << 123) / LIMB_BASE);
    uint64_t high = (uint64_t)(x >> 59);
    uint64_t q = (uint64_t)(((unsigned __int128)high * inverse) >> 64);
    uint64_t r = (uint64_t)x - q * LIMB_BASE;
    uint64_t under = (uint64_t)(r >= LIMB_BASE);
    *remainder = r - (-under & LIMB_BASE);
    return q + under;
}

#endif
