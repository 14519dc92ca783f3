#include "decimal.h"

#include "limb.h"
#include "thresholds.h"

#include <string.h>

typedef unsigned __int128 u128;

/* ---- schoolbook multiplication: a column is the sum of up to COLUMN_MAX products and a carry */

/* The sum of so many products of limbs, and a carry, is below 2^128. */
#define COLUMN_MAX 320

_Static_assert(SCHOOLBOOK_MAX <= COLUMN_MAX && SCHOOLBOOK_SQUARE_MAX <= COLUMN_MAX,
               "columns must not overflow");

/* The sum of a[i] b[k - i] for from <= i < to. */
static inline u128 sum_products(const limb *a, const limb *b, size_t k, size_t from, size_t to)
{
    u128 sum = 0;
    for (size_t i = from; i < to; i++)
        sum += (u128)a[i] * b[k - i];
    return sum;
}

/* The column's digit; returns the carry into the next column. */
static inline u128 end_column(u128 sum, limb *digit)
{
    uint64_t extra = (uint64_t)(sum >> 64) / LIMB_BASE; /* limb_divide needs a smaller sum */
    sum -= (u128)(extra * LIMB_BASE) << 64;
    return ((u128)extra << 64) + limb_divide(sum, digit);
}

static inline u128 column(const limb *a, size_t an, const limb *b, size_t bn, size_t k, bool square)
{
    size_t from = k < bn ? 0 : k - bn + 1;
    if (!square)
        return sum_products(a, b, k, from, k < an ? k + 1 : an);
    u128 sum = 2 * sum_products(a, a, k, from, (k + 1) / 2);
    return k % 2 == 0 ? sum + (u128)a[k / 2] * a[k / 2] : sum;
}

/* Two columns at a time, one of each half: a column waits for the carry of the one before it, but
 * the halves do not wait for each other. */
static inline void schoolbook(limb *product, const limb *a, size_t an, const limb *b, size_t bn,
                              bool square)
{
    u128 low = 0, high = 0;
    size_t columns = an + bn - 1, half = columns / 2;
    for (size_t k = 0; k < half; k++) {
        low = end_column(column(a, an, b, bn, k, square) + low, &product[k]);
        high = end_column(column(a, an, b, bn, half + k, square) + high, &product[half + k]);
    }
    if (columns % 2 == 1)
        high = end_column(column(a, an, b, bn, 2 * half, square) + high, &product[2 * half]);
    product[columns] = (limb)high;
    for (size_t k = half; low; k++)
        low = end_column(product[k] + low, &product[k]);
}

/* ---- products */

size_t decimal_scratch(const kernel *k, size_t limbs)
{
    return convolution_scratch(k, limbs); /* a schoolbook's columns take less */
}

size_t decimal_scratch_least(const kernel *k, size_t limbs)
{
    return convolution_scratch_least(k, limbs);
}

static bool is_short(size_t shorter, bool square)
{
    return shorter <= (size_t)(square ? SCHOOLBOOK_SQUARE_MAX : SCHOOLBOOK_MAX);
}

double decimal_time(const kernel *k, size_t a_limbs, size_t b_limbs, bool square)
{
    size_t shorter = a_limbs < b_limbs ? a_limbs : b_limbs;
    return is_short(shorter, square) ? (double)(a_limbs * b_limbs) * (square ? 0.5 : 1)
                                     : convolution_time(k, a_limbs + b_limbs, shorter, square);
}

size_t decimal_multiply(const workspace *w, limb *product, const limb *a, size_t a_limbs,
                        const limb *b, size_t b_limbs)
{
    size_t limbs = a_limbs + b_limbs;
    bool square = a == b && a_limbs == b_limbs;
    if (!is_short(a_limbs < b_limbs ? a_limbs : b_limbs, square)) {
        convolution_multiply(w, product, a, a_limbs, b, b_limbs);
    } else {
        limb *columns = (limb *)(void *)w->scratch;
        if (square)
            schoolbook(columns, a, a_limbs, a, a_limbs, true);
        else
            schoolbook(columns, a, a_limbs, b, b_limbs, false);
        memcpy(product, columns, limbs * sizeof *product);
    }
    return limbs - (product[limbs - 1] == 0);
}

size_t decimal_multiply_word(limb *a, size_t limbs, limb word)
{
    limb carry = 0;
    for (size_t i = 0; i < limbs; i++)
        carry = limb_divide_product((u128)a[i] * word + carry, &a[i]);
    if (carry)
        a[limbs++] = carry;
    return limbs;
}
