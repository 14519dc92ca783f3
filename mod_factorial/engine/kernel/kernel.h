/*
 * What is compiled once per instruction set: transform.c, residues.c and text.c. Together
 * they are a kernel.
 */
#ifndef MOD_FACTORIAL_ENGINE_KERNEL_H
#define MOD_FACTORIAL_ENGINE_KERNEL_H

#include "../factorial.h"
#include "../limb.h"
#include "field.h"

#include <stddef.h>
#include <stdint.h>

enum { SEGMENTS_MAX = 13, CHUNKS_MAX = 64 };

/*
 * One product, all fields' share of it. Its length is a number of segments of h coefficients: 4 to
 * 7, or 9, 11 or 13. The first 4 or 8 are M coefficients, M a power of two, the others are the
 * tail: polynomials are taken modulo x^M - 1 and, for the tail, modulo some factors of x^M + 1. Of
 * points[operand][field], of that length, the parts are
 *
 *   4 blocks of M / 4: x^M - 1 after its first two levels
 *   a block for each binary digit of the tail, the highest first: so many segments
 *
 * A block of b segments that begins with segment k is block k / b of its level. The work of a
 * segment is divided into chunks.
 */
typedef struct {
    limb *product;
    size_t limbs; /* of the product */
    const limb *operand[2];
    size_t operand_limbs[2];
    size_t h;
    unsigned segments;
    unsigned operands; /* 1: a square */
    double *points[2][FIELDS];
    size_t chunk;  /* coefficients of a chunk, but for the last; a multiple of RESIDUES_RUN */
    size_t chunks; /* of a segment */
    const factorial_job *job;     /* that may be cancelled */
    limb (*carry)[CHUNKS_MAX][2]; /* of each segment, from each chunk into the two limbs after it */
} convolution;

enum { RESIDUES_RUN = 64 };

/* How many of so many segments are x^M - 1. */
static inline unsigned convolution_parts(unsigned segments)
{
    return segments < 8 ? 4 : 8;
}

typedef struct {
    const char *name;
    unsigned leaf_points; /* blocks are leaf_points times a power of two */
    /* The limbs of this operand to residues: the chunk-th part of every segment, and the
     * transform's first two levels. */
    void (*load)(const convolution *c, unsigned operand, size_t chunk);
    /* One block of one factor: b, of any number of limbs, modulo x^count - w(j)^2 in this field. */
    void (*load_block)(const field *f, double *points, size_t count, size_t j, const limb *b,
                       size_t limbs);
    /* a = a b / 2^levels in block j of size `points` of this field; b may be a. Overwrites b.
     * Undefined if the job is cancelled. */
    void (*multiply)(const field *f, double *a, double *b, size_t points, size_t j, unsigned levels,
                     const factorial_job *job);
    /*
     * For many threads: block j of size 4 h into blocks 4j to 4j + 3 (without the other operand's),
     * and their products, each of which has been given two levels more, back into it. Of each
     * quarter so many points from a on, a multiple of a leaf's.
     */
    void (*split)(const field *f, double *a, size_t h, size_t count, size_t j);
    void (*join)(const field *f, double *a, size_t h, size_t count, size_t j);
    /* The transform's last two levels and the product's limbs: the chunk-th part of every segment,
     * all but what is left in c->carry. */
    void (*store)(convolution *c, size_t chunk);
    /* The LIMB_DIGITS characters of each limb, the first limb's last, before `end`. */
    void (*write_limbs)(char *end, const limb *a, size_t count);
    /* word[i] = the number that the i-th 16 characters are, for so many words, a multiple of 8. It
     * is the sum of (character - '0') modulo 256, times its power of ten. */
    void (*read_words)(uint64_t *word, const char *digits, size_t count);
} kernel;

extern const kernel kernel_avx512, kernel_avx2, kernel_neon;

#endif
