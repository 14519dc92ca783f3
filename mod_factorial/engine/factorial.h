/*
 * The decimal digits of n!, exactly.
 *
 * The engine allocates no memory: the caller provides a buffer for the digits and a block of
 * scratch memory. (GMP does allocate; see gmp_heap.) It knows nothing of httpd. All functions may
 * be called from any number of threads at once. Between calls only constant tables remain.
 */
#ifndef MOD_FACTORIAL_ENGINE_FACTORIAL_H
#define MOD_FACTORIAL_ENGINE_FACTORIAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The largest n: up to here exactness is proven (docs/engine.md). */
#define FACTORIAL_LIMIT 100000000u

/* The alignment of the scratch block, in bytes. With 2 MiB instead, the operating system can use
 * huge pages, which is faster. */
enum { FACTORIAL_SCRATCH_ALIGNMENT = 64 };

/* The most scratch memory that a FACTORIAL_INSTANT plan needs, in bytes: it fits on a stack. */
enum { FACTORIAL_INSTANT_SCRATCH = 16384 };

typedef enum {
    FACTORIAL_AUTO, /* the fastest algorithm on this CPU */
    FACTORIAL_GMP,  /* GMP only */
} factorial_method;

/* What a computation costs on one thread of the CPUs that we support. */
typedef enum {
    FACTORIAL_INSTANT, /* below 20 us (GMP: 0.15 ms); at most 13,020 digits */
    FACTORIAL_SHORT,   /* below 0.5 ms; at most 56,130 digits; uses one thread */
    FACTORIAL_LONG,
} factorial_cost;

typedef enum { FACTORIAL_BY_TABLE, FACTORIAL_BY_TRANSFORM, FACTORIAL_BY_GMP } factorial_algorithm;

/* What is known before computing. All sizes are in bytes. */
typedef struct {
    uint64_t n;
    size_t digits;   /* of n!, at least 1: the size of the result */
    size_t scratch;  /* size of the scratch block; 0: none. It does not depend on the threads */
    size_t gmp_heap; /* upper bound of what GMP takes from malloc besides; 0 without GMP */
    factorial_cost cost;
    factorial_algorithm algorithm;
} factorial_plan;

/* Plans n!, n <= FACTORIAL_LIMIT. Takes no memory and less than a microsecond. */
factorial_plan factorial_make_plan(uint64_t n, factorial_method method);

typedef enum {
    FACTORIAL_OK = 0,
    FACTORIAL_CANCELLED,
    FACTORIAL_WRONG, /* the result failed its check: hardware, compiler or engine is at fault */
} factorial_status;

/* Threads that help computations. Any number of computations may share a pool. */
typedef struct factorial_pool factorial_pool;

typedef struct {
    /* True to stop the computation. Called many times a second, from every thread that takes part;
     * once it has returned true it must go on doing so. NULL: never. */
    bool (*cancelled)(void *context);
    void *context;
    factorial_pool *pool; /* NULL: the calling thread only */
    unsigned threads;     /* at most this many at once, including the caller; 0 means 1 */
    bool yield;           /* call sched_yield() between iterations that threads share */
} factorial_job;

/*
 * Writes n! as exactly plan->digits ASCII digits, most significant first, not terminated. `scratch`
 * has plan->scratch bytes, aligned to FACTORIAL_SCRATCH_ALIGNMENT; its contents are undefined
 * before and after; it may be NULL if plan->scratch is 0. Unless FACTORIAL_OK is returned, the
 * digits are undefined.
 */
factorial_status factorial_compute(const factorial_plan *plan, const factorial_job *job,
                                   char *digits, void *scratch);

/*
 * Starts `helpers` threads, each of which first calls started(context) unless that is NULL. Returns
 * NULL if not all of them can be started. A computation never waits for a helper to become free.
 * With may_move, a thread that the system has put on the same processor as the thread that started
 * or woke it moves to another one by sched_setaffinity, which a seccomp filter may forbid.
 */
factorial_pool *factorial_pool_create(unsigned helpers, bool may_move,
                                      void (*started)(void *context), void *context);

/* Ends and joins the threads. The pool must not be in use. NULL is ignored. */
void factorial_pool_destroy(factorial_pool *pool);

/*
 * Selects and tests the kernel and builds the tables: some milliseconds, once. Until it has
 * returned, FACTORIAL_AUTO computes by GMP. Returns false if only the table and GMP can be used,
 * because the CPU has no fused multiply-add or because a known product came out wrong.
 */
bool factorial_prepare(void);

/* The kernel in use: "avx512", "avx2", "neon", or "gmp" if there is none. */
const char *factorial_kernel(void);

#endif
