/*
 * The engine's whole public face: the decimal digits of n!.
 *
 * Nothing here knows of httpd, of APR or of a request. Every function may be called from any
 * number of threads at once, but for the two that say otherwise. Between calls the engine keeps
 * constant tables (see factorial_prepare) and nothing else.
 */
#ifndef MOD_FACTORIAL_ENGINE_FACTORIAL_H
#define MOD_FACTORIAL_ENGINE_FACTORIAL_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The largest n for which every bound in the engine has been shown to hold. */
#define FACTORIAL_LIMIT 100000000u

typedef enum {
    FACTORIAL_OK = 0,
    FACTORIAL_CANCELLED,     /* the job's flag was set */
    FACTORIAL_OUT_OF_MEMORY, /* the job's memory refused a request */
    FACTORIAL_TOO_LARGE,     /* n is above FACTORIAL_LIMIT */
    FACTORIAL_WRONG, /* the result failed its check: a fault of machine, compiler or engine */
} factorial_status;

/*
 * Where a computation's large memory comes from. The owner embeds this record in one of its own.
 *
 * acquire returns a block of at least `bytes` bytes (never 0), aligned to 64, contents undefined,
 * or NULL to refuse; release is given the block and the same size. Both may be called from any
 * thread that takes part in the computation.
 */
typedef struct factorial_memory factorial_memory;
struct factorial_memory {
    void *(*acquire)(factorial_memory *memory, size_t bytes);
    void (*release)(factorial_memory *memory, void *block, size_t bytes);
};

typedef enum {
    FACTORIAL_AUTO = 0, /* the fastest that this CPU has */
    FACTORIAL_GMP,      /* GMP alone */
} factorial_method;

/* Threads that help computations; any number of computations may share them. */
typedef struct factorial_pool factorial_pool;

typedef struct {
    factorial_memory *memory;
    const atomic_bool *cancelled; /* set by anyone to stop the computation; NULL if nobody will */
    /* The same, asked of the caller; for jobs without a pool. NULL if there is nothing to ask. */
    bool (*interrupted)(void *context);
    void *context;
    factorial_pool *pool; /* NULL: the calling thread alone */
    unsigned threads;     /* at most so many at once, the caller included; 0 counts as 1 */
    bool gives_way;       /* others may have the processor between two steps, however short */
    factorial_method method;
} factorial_job;

/*
 * Starts `helpers` threads, each of which calls started(context) first, if that is not NULL, to set
 * its priority and signal mask. NULL if they cannot all be made. The caller owns the pool. A
 * computation never waits for a helper to become free: the calling thread does what is left.
 */
factorial_pool *factorial_pool_create(unsigned helpers, void (*started)(void *context),
                                      void *context);

/* Ends and joins the threads. No computation may be using the pool. NULL is nothing to destroy. */
void factorial_pool_destroy(factorial_pool *pool);

/*
 * Picks the kernel of FACTORIAL_AUTO for this CPU, makes the constant tables and has it compute
 * known products. Costs some milliseconds once; more calls change nothing. Until it has returned,
 * FACTORIAL_AUTO is GMP. False if GMP stays, either because the CPU has no fused multiply-add or
 * because a known product came out wrong.
 */
bool factorial_prepare(void);

/* "avx512", "avx2", "neon" or "gmp": what FACTORIAL_AUTO uses. */
const char *factorial_kernel(void);

/*
 * The number of decimal digits of n!, for n up to FACTORIAL_LIMIT; at least 1. Costs well under a
 * microsecond whatever n is, computes no factorial and takes no memory.
 *
 * Stirling's series for log n! (Abramowitz & Stegun 6.1.41), in double precision; where the
 * rounding error could decide between two counts, again in extended precision, whose error is
 * smaller than the distance of any log10 n! from an integer.
 */
uint64_t factorial_digit_count(uint64_t n);

/*
 * An upper bound, in bytes, of what factorial_compute has acquired at any one time for this n, by
 * this method, with so many threads: the caller's buffer for the digits is not part of it.
 */
size_t factorial_memory_need(uint64_t n, factorial_method method, unsigned threads);

/*
 * Writes the digits of n! to `digits`, most significant first, in ASCII: exactly
 * factorial_digit_count(n) bytes, no terminator. The buffer stays the caller's; unless
 * FACTORIAL_OK is returned its contents mean nothing. Whatever is returned, all acquired memory
 * has been released.
 */
factorial_status factorial_compute(const factorial_job *job, uint64_t n, char *digits);

#endif
