/*
 * Limbs, the digits of large numbers in base 10^18: their type, and division by the base.
 */
#ifndef MOD_FACTORIAL_ENGINE_LIMB_H
#define MOD_FACTORIAL_ENGINE_LIMB_H

#include <stdint.h>

typedef uint64_t limb; /* below LIMB_BASE */

#define LIMB_BASE   1000000000000000000u
#define LIMB_DIGITS 18

/*
 * The quotient of x < 2^64 LIMB_BASE by LIMB_BASE; the remainder goes to *remainder. N. Möller and
 * T. Granlund, "Improved division by invariant integers" (2011), algorithm 4, without its last
 * step. With b = 2^64, d = 2^4 LIMB_BASE, k = b^2 mod d < 0.4 b and q = q1 b + q0, the candidate
 * remainder is r = (u1 k + u0 (b - d) + q0 d) / b - d < 0.56 d + q0 d / b - d. So it is below d,
 * and not above q0 unless it is negative, in which case r > q0 modulo b.
 */
static inline uint64_t limb_divide(unsigned __int128 x, limb *remainder)
{
    const uint64_t d = (uint64_t)LIMB_BASE << 4; /* normalised */
    const uint64_t v = (uint64_t)((((unsigned __int128)~d << 64) | ~(uint64_t)0) / d);
    uint64_t u1 = (uint64_t)(x >> 60), u0 = (uint64_t)x << 4;
    unsigned __int128 q = (unsigned __int128)v * u1 + (((unsigned __int128)u1 << 64) | u0);
    uint64_t q1 = (uint64_t)(q >> 64) + 1, r = u0 - q1 * d;
    uint64_t over = -(uint64_t)(r > (uint64_t)q); /* true half of the time: no branch */
    *remainder = (r + (over & d)) >> 4;
    return q1 + over;
}

/*
 * The same for x < LIMB_BASE^2, by fewer instructions. The estimate of the quotient is too small by
 * less than 2 (so by 1 at the most), for three reasons: it ignores the low bits of x (less than
 * 2^59 / LIMB_BASE < 0.58) and of the inverse (less than 1/8), and it is truncated (less than 1).
 * P. Barrett, "Implementing the Rivest Shamir and Adleman public key encryption algorithm on a
 * standard digital signal processor" (1986).
 */
static inline uint64_t limb_divide_product(unsigned __int128 x, limb *remainder)
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
