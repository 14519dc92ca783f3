/*
 * The products of primes that n! / 10^z is made of: it is the product over i of P_i^(2^i), where
 * P_i is the product of the primes whose exponent has bit i.
 */
#ifndef MOD_FACTORIAL_ENGINE_PRODUCTS_H
#define MOD_FACTORIAL_ENGINE_PRODUCTS_H

#include "decimal.h"
#include "primes.h"

enum { EXPONENT_BITS = 27 }; /* exponents in n! are below FACTORIAL_LIMIT < 2^27 */

/* The product of those of its primes whose exponent has the bit. */
typedef struct {
    limb *limbs;
    size_t length; /* in limbs */
    const uint32_t *prime;
    size_t primes;
    unsigned bit;
} product_node;

/*
 * Where several threads multiply, the primes of all bits together are split into about so many
 * subtrees, however many threads there are. A bit's number of subtrees is a power of two, so that
 * there may be twice as many, and at least one for each bit.
 */
enum { SUBTREES = 128, NODES_MAX = 2 * SUBTREES + EXPONENT_BITS };

typedef struct {
    uint64_t n, zeros;
    unsigned bits; /* of the largest exponent */
    product_node node[NODES_MAX];
    product_node power[EXPONENT_BITS]; /* P_i */
} products_by_bit;

/* Upper bounds: of the packed primes (several in each word) of n!, in words, and of each P_i, in
 * limbs. */
size_t products_words_bound(uint64_t n);
size_t products_limbs_bound(uint64_t n);

/*
 * Computes p->power for n! / 10^zeros. `found` has all primes up to n >= 2; `zeros` is the exponent
 * of 5. The products lie in `words`, which has room for products_words_bound. The workspace's
 * scratch memory has at least decimal_scratch for products_limbs_bound; as many threads multiply at
 * once as it has room for. Undefined if the job is cancelled.
 */
void products_multiply_trees(products_by_bit *p, const workspace *w, limb *words,
                             const primes *found, uint64_t n, uint64_t zeros);

#endif
