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

/*
 * Where several threads multiply, the words of all bits together are split into about so many
 * subtrees, however many threads there are. A bit's number of subtrees is a power of two, so that
 * there may be twice as many, and one for each bit that has few words.
 */
enum { SUBTREES = 64, NODES_MAX = 2 * SUBTREES + EXPONENT_BITS };

/*
 * At first words, several primes in each; in the end one product for each bit.
 */
typedef struct {
    limb *word;
    unsigned bits;                   /* of the largest exponent */
    size_t start[EXPONENT_BITS + 1]; /* the words of each bit begin there */
    product_node node[NODES_MAX];
    product_node power[EXPONENT_BITS]; /* once multiplied: of the primes with that bit */
} products_by_bit;

/* An upper bound of all words together. */
size_t product_words_bound(uint64_t n);

/* An upper bound of the limbs of each product. */
size_t product_limbs_bound(uint64_t n);

/*
 * Packs the primes of n! / 10^zeros into words, by the bits of their exponents. `found` are all
 * primes up to n, at least 2; `zeros` is the exponent of 5. Not to be used once the job is
 * cancelled.
 */
void product_pack(const factorial_job *job, products_by_bit *p, limb *words, const primes *found,
                  uint64_t n, uint64_t zeros);

/*
 * Multiplies the words of each bit. Each thread multiplies branches of the trees on its own; what
 * is above them grows together, level by level, so that there is work for all. The workspace's
 * scratch memory has at least what decimal_scratch wants for product_limbs_bound, and serves as
 * many threads at once as it has room for. Undefined if the job is cancelled.
 */
void product_multiply(products_by_bit *p, const workspace *w);

#endif
