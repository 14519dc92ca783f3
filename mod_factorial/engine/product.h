/*
 * Products of many primes at once, by binary trees.
 */
#ifndef MOD_FACTORIAL_ENGINE_PRODUCT_H
#define MOD_FACTORIAL_ENGINE_PRODUCT_H

#include "decimal.h"
#include "primes.h"

enum { EXPONENT_BITS = 27 }; /* prime exponents in n! are below FACTORIAL_LIMIT < 2^27 */

/* A product, in the place of the first of the words that it is made of. */
typedef struct {
    limb *limbs;
    size_t length; /* in limbs */
    size_t words;  /* of a branch: at least as many as limbs */
} product_node;

/* Into so many branches, multiplied by a thread each, the words are cut at most. A bit's number of
 * branches is rounded up to a power of two, but for those that have one alone. */
enum { BRANCHES_MAX = 128, NODES_MAX = 2 * BRANCHES_MAX + EXPONENT_BITS };

/*
 * At first words, several primes in each; in the end one product for each bit. Made by product_pack
 * in a block of product_bytes(n), aligned to 64, which remains the caller's.
 */
typedef struct {
    limb *word;
    unsigned bits;                   /* of the largest exponent */
    size_t start[EXPONENT_BITS + 1]; /* the words of each bit begin there */
    product_node node[NODES_MAX];
    product_node power[EXPONENT_BITS]; /* once multiplied: of the primes with that bit */
} products_by_bit;

size_t product_bytes(uint64_t n);

/* An upper bound of the limbs of each product. */
size_t product_limbs_bound(uint64_t n);

/*
 * Packs the primes of n! / 10^zeros into words, by the bits of their exponents. `found` are all
 * primes up to n, at least 2; `zeros` is the exponent of 5. Not to be used once the job is
 * cancelled.
 */
void product_pack(const factorial_job *job, products_by_bit *p, void *block, const primes *found,
                  uint64_t n, uint64_t zeros);

/*
 * Multiplies the words of each bit. Each thread multiplies branches of the trees on its own; what
 * is above them grows together, level by level, so that there is work for all. The workshop's
 * scratch memory has scratch_bytes, at least what decimal_scratch wants for product_limbs_bound,
 * and serves as many threads at once as it has room for. Meaningless once the job is cancelled.
 */
void product_multiply(products_by_bit *p, const workshop *w, size_t scratch_bytes);

#endif
