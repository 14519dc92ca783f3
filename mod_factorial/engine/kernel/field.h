/*
 * The three prime fields of the transforms, and their roots of unity: constant tables of 1 MB
 * (4 MB where vectors are shortest), whatever the length of a transform.
 */
#ifndef MOD_FACTORIAL_ENGINE_FIELD_H
#define MOD_FACTORIAL_ENGINE_FIELD_H

#include <stddef.h>
#include <stdint.h>

/*
 * A transform splits a polynomial modulo x^2h - w^2 into those modulo x^h - w and x^h + w. Block j
 * of a level, counted from 0, has the root w(j): w(0) = 1, w(2j)^2 = w(j), w(2j + 1) = i w(2j).
 * So w(a + b) = w(a) w(b) if a and b have no binary digit in common, and one table serves all
 * lengths.
 */
enum {
    FIELDS = 3,
    POINTS_LOG = 26,      /* the longest transform has 2^26 points */
    ROOTS = 8,            /* in a record: w(j), w(2j), w(2j + 1), w(4j) ... w(4j + 3), w(8j) */
    LOW_RECORDS = 2048,   /* records of the blocks below this number */
    HIGH_RECORDS = 8192,  /* records of its multiples; every other record is a product of two */
    LEAF_POINTS_LEAST = 4 /* points of the smallest block that has a record */
};

_Static_assert(((size_t)1 << POINTS_LOG) / LEAF_POINTS_LEAST <= (size_t)LOW_RECORDS * HIGH_RECORDS,
               "there is a record for every block");

typedef struct {
    _Alignas(64) double low[2][LOW_RECORDS][ROOTS]; /* [1]: the inverses */
    double high[2][HIGH_RECORDS][ROOTS];
    double lane_root[ROOTS];      /* w(0) ... w(7) */
    double lane_inverse[ROOTS];   /* their inverses */
    double lane_square[ROOTS];    /* their squares */
    double p, inverse;            /* the prime, and 1/p rounded */
    double scale[POINTS_LOG + 1]; /* [k] is 1 / 2^k */
    double divisor[FIELDS];       /* of the q-th field: [j], j < q, is 1 / p(j) */
} field;

extern const uint64_t field_prime[FIELDS];
extern field fields[FIELDS]; /* constant once fields_prepare has returned */

/* Fills the tables for a kernel whose leaves have so many points. Not thread-safe. */
void fields_prepare(size_t leaf_points);

#endif
