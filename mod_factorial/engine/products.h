/*
 * The product of many primes, each to a power: n! / 10^z as the product over i of P_i^(2^i), where
 * P_i is the product of the primes whose exponent has bit i.
 */
#ifndef MOD_FACTORIAL_ENGINE_PRODUCTS_H
#define MOD_FACTORIAL_ENGINE_PRODUCTS_H

#include "decimal.h"
#include "primes.h"

enum { EXPONENT_BITS = 27 }; /* exponents in n! are below FACTORIAL_LIMIT < 2^27 */

/* A subtree's product, in the place of the packed primes that it is made of. */
typedef struct {
    limb *limbs;
    size_t length; /* in limbs */
    size_t words;  /* packed primes; at least as many as limbs */
} product_node;

/*
 * Where several threads multiply, the packed primes of all bits together are split into about so
 * many subtrees, however many threads there are. A bit's number of subtrees is a power of two, so
 * that there may be twice as many, and at least one for each bit.
 */
enum { SUBTREES = 64, NODES_MAX = 2 * SUBTREES + EXPONENT_BITS };

/* Packed primes (several in each word) at first; in the end, one product for each bit. */
typedef struct {
    limb *word;
    unsigned bits;                   /* of the largest exponent */
    size_t start[EXPONENT_BITS + 1]; /* word[start[i]] is the first word of bit i */
    product_node node[NODES_MAX];
    product_node power[EXPONENT_BITS]; /* P_i, once products_multiply_trees has returned */
} products_by_bit;

/* Upper bounds: of all packed primes of n!, in words, and of each P_i, in limbs. */
size_t products_words_bound(uint64_t n);
size_t products_limbs_bound(uint64_t n);

/*
 * Packs the primes of n! / 10^zeros into words, by the bits of their exponents. `found` has all
 * primes up to n >= 2; `zeros` is the exponent of 5. Undefined if the job is cancelled.
 */
void products_pack(const factorial_job *job, products_by_bit *p, limb *words, const primes *found,
                   uint64_t n, uint64_t zeros);

/*
 * Computes p->power from the packed primes, in their place. The workspace's scratch memory has at
 * least decimal_scratch for products_limbs_bound; as many threads multiply at once as it has room
 * for. Undefined if the job is cancelled.
 */
void products_multiply_trees(products_by_bit *p, const workspace *w);

/*
 * Computes the product of p->power[i]^(2^i) into `result` and returns its length in limbs. `result`
 * has room for that and p->bits limbs more. Undefined if the job is cancelled.
 */
size_t products_multiply_powers(const products_by_bit *p, const workspace *w, limb *result);

#endif
