#include "decimal.h"

#include "base.h"
#include "convolution.h"
#include "thresholds.h"

#include <string.h>

typedef unsigned __int128 u128;

/* ---- schoolbook */

/* A column's sum, of which extra * LIMB_BASE * 2^64 have been taken away to keep it below that. */
typedef struct {
    u128 sum;
    uint64_t extra;
} column;

enum { COLUMN_PRODUCTS = 16 }; /* as many products stay below LIMB_BASE 2^64 + 2^128 / 2 */

static inline void fold(column *c)
{
    while ((uint64_t)(c->sum >> 64) >= LIMB_BASE) {
        c->sum -= (u128)LIMB_BASE << 64;
        c->extra++;
    }
}

/* Adds a[i] b[k - i] for i from `from` to below `to`. */
static inline void add_products(column *c, const limb *a, const limb *b, size_t k, size_t from,
                                size_t to)
{
    while (from < to) {
        size_t stop = to - from < COLUMN_PRODUCTS ? to : from + COLUMN_PRODUCTS;
        for (; from < stop; from++)
            c->sum += (u128)a[from] * b[k - from];
        fold(c);
    }
}

/* Begins with what the last column has left. */
static inline column begin_column(u128 carry)
{
    uint64_t extra = (uint64_t)(carry >> 64) / LIMB_BASE;
    return (column){carry - ((u128)(extra * LIMB_BASE) << 64), extra};
}

static inline u128 end_column(column c, limb *digit)
{
    uint64_t quotient = divide_by_base(c.sum, digit);
    return ((u128)c.extra << 64) + quotient;
}

static void schoolbook_multiply(limb *product, const limb *a, size_t an, const limb *b, size_t bn)
{
    u128 carry = 0;
    for (size_t k = 0; k + 1 < an + bn; k++) {
        column c = begin_column(carry);
        add_products(&c, a, b, k, k < bn ? 0 : k - bn + 1, k < an ? k + 1 : an);
        carry = end_column(c, &product[k]);
    }
    product[an + bn - 1] = (limb)carry;
}

static void schoolbook_square(limb *product, const limb *a, size_t n)
{
    u128 carry = 0;
    for (size_t k = 0; k + 1 < 2 * n; k++) {
        column half = {0, 0}, c = begin_column(carry);
        add_products(&half, a, a, k, k < n ? 0 : k - n + 1, (k + 1) / 2);
        c.sum += 2 * half.sum;
        c.extra += 2 * half.extra;
        fold(&c);
        if (k % 2 == 0) {
            c.sum += (u128)a[k / 2] * a[k / 2];
            fold(&c);
        }
        carry = end_column(c, &product[k]);
    }
    product[2 * n - 1] = (limb)carry;
}

/* ---- products */

size_t decimal_scratch(const kernel *k, size_t limbs)
{
    return convolution_scratch(k, limbs, 2); /* a schoolbook's columns take less */
}

size_t decimal_multiply(const workspace *w, limb *product, const limb *a, size_t a_limbs,
                        const limb *b, size_t b_limbs)
{
    size_t limbs = a_limbs + b_limbs;
    bool square = a == b && a_limbs == b_limbs;
    if ((a_limbs < b_limbs ? a_limbs : b_limbs) >
        (square ? (size_t)SCHOOLBOOK_SQUARE_MAX : (size_t)SCHOOLBOOK_MAX)) {
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
        carry = divide_product((u128)a[i] * word + carry, &a[i]);
    if (carry)
        a[limbs++] = carry;
    return limbs;
}
