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

static void schoolbook_multiply(limb *product, const limb *a, size_t an, const limb *b, size_t bn)
{
    u128 carry = 0;
    for (size_t k = 0; k + 1 < an + bn; k++) {
        u128 sum = sum_products(a, b, k, k < bn ? 0 : k - bn + 1, k < an ? k + 1 : an);
        carry = end_column(sum + carry, &product[k]);
    }
    product[an + bn - 1] = (limb)carry;
}

static void schoolbook_square(limb *product, const limb *a, size_t n)
{
    u128 carry = 0;
    for (size_t k = 0; k + 1 < 2 * n; k++) {
        u128 sum = 2 * sum_products(a, a, k, k < n ? 0 : k - n + 1, (k + 1) / 2);
        if (k % 2 == 0)
            sum += (u128)a[k / 2] * a[k / 2];
        carry = end_column(sum + carry, &product[k]);
    }
    product[2 * n - 1] = (limb)carry;
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
            schoolbook_square(columns, a, a_limbs);
        else
            schoolbook_multiply(columns, a, a_limbs, b, b_limbs);
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
