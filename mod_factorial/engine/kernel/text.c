/*
 * Limbs to characters, and characters to words of 16 digits, LANES at a time. Compiled once per
 * instruction set, as transform.c.
 */
#include "limbs.h"
#include "transform.h"

typedef uint8_t v8 __attribute__((vector_size(8 * LANES), may_alias));
typedef uint16_t v16 __attribute__((vector_size(8 * LANES), may_alias));
typedef uint32_t v32 __attribute__((vector_size(8 * LANES), may_alias));

/*
 * x / 10^8 for x < 2^60; the remainder goes to *r. The quotient is estimated in doubles from all
 * but the lowest `shift` bits of x, fewer than 52 bits. The estimate is less than 1 too large; then
 * the remainder is negative.
 */
KERNEL_INLINE vu divide_by_1e8(vu x, const int shift, vu *r)
{
    vu q = limbs_whole(limbs_exact(x >> shift) * splat((double)(1 << shift) / 1e8));
    vu rest = x - q * 100000000u, low = (vu)((vi)rest >> 63);
    *r = rest + (low & 100000000u);
    return q + low;
}

/*
 * The 8 digits of x < 10^8 as characters, the first in the lowest byte: x is split into two parts
 * of 4 digits, those into parts of 2, and those into digits. Each quotient is a product and a
 * shift, which is exact for so few digits; the mask separates the parts.
 */
KERNEL_INLINE vu eight_digits(vu x)
{
    vu q = x * 109951163u >> 40; /* x / 10^4 */
    x = (x << 32) - q * ((UINT64_C(10000) << 32) - 1);
    q = (x * 5243 >> 19) & 0x0000007f0000007fu; /* each half / 100 */
    x = (x << 16) - q * ((100 << 16) - 1);
    q = (x * 103 >> 10) & 0x000f000f000f000fu; /* each quarter / 10 */
    return (x << 8) - q * ((10 << 8) - 1) + 0x3030303030303030u;
}

void KERNEL_WRITE(char *end, const limb *a, size_t count)
{
    for (size_t i = 0; i < count; i += LANES) {
        vu x = {0}, first, second, third; /* 2, 8 and 8 digits */
        memcpy(&x, a + i, i + LANES <= count ? sizeof x : (count - i) * sizeof *a);
        x = divide_by_1e8(x, 20, &third);
        x = divide_by_1e8(x, 0, &second);
        vu tens = x * 103 >> 10;
        first = (x << 8) - tens * ((10 << 8) - 1) + 0x3030;
        uint64_t text[3][LANES];
        second = eight_digits(second), third = eight_digits(third);
        memcpy(text[0], &first, sizeof first);
        memcpy(text[1], &second, sizeof second);
        memcpy(text[2], &third, sizeof third);
        for (size_t k = 0; k < LANES && i + k < count; k++) {
            char *to = end - LIMB_DIGITS * (i + k + 1);
            memcpy(to, &text[0][k], 2);
            memcpy(to + 2, &text[1][k], 8);
            memcpy(to + 10, &text[2][k], 8);
        }
    }
}

/* The values of 8 characters each, by pairs, then fours, then eights. No sum overflows for any
 * characters, so each wrong character changes the value. */
KERNEL_INLINE vu read_eights(const char *digits)
{
    v8 x;
    memcpy(&x, digits, sizeof x);
    v16 pairs = (v16)(x - '0');
    pairs = (pairs & 0xff) * 10 + (pairs >> 8);
    v32 fours = (v32)pairs;
    fours = (fours & 0xffff) * 100 + (fours >> 16);
    vu eights = (vu)fours;
    return (eights & 0xffffffffu) * 10000 + (eights >> 32);
}

void KERNEL_READ(uint64_t *word, const char *digits, size_t count)
{
    for (size_t i = 0; i < count; i += LANES, digits += 16 * LANES) {
        uint64_t eight[2 * LANES];
        vu low = read_eights(digits), high = read_eights(digits + 8 * LANES);
        memcpy(eight, &low, sizeof low);
        memcpy(eight + LANES, &high, sizeof high);
        for (size_t k = 0; k < LANES; k++)
            word[i + k] = eight[2 * k] * 100000000 + eight[2 * k + 1];
    }
}
