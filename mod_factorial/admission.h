/*
 * The budget of memory and of simultaneous computations, which all server processes share, and the
 * scratch blocks that a process caches for its next computations.
 *
 * Each process has an account of its charges in shared memory. The rest of the budget is the limit
 * less the sum of the accounts. The limits are those of the process that asks, so nothing has to be
 * converted when a reload changes them. The main thread of a process holds a robust mutex as long
 * as it lives. However the process ends, kill -9 included, the next request finds that mutex free
 * and closes the account.
 *
 * Memory is charged before it is allocated, and freed before its charge is returned. So the sum of
 * the charges is never less than what the processes have allocated.
 */
#ifndef MOD_FACTORIAL_ADMISSION_H
#define MOD_FACTORIAL_ADMISSION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct admission_ledger admission_ledger;

/* Bytes of the ledger for this number of processes alive at once. */
size_t admission_ledger_size(unsigned processes);

/* Initializes a ledger in zeroed memory of that size, which processes that are forked later share.
 * Returns 0 or an errno. */
int admission_ledger_init(admission_ledger *ledger, unsigned processes);

enum { ADMISSION_CACHED_MAX = 64 };

/* A computation's scratch block. */
typedef struct {
    void *block;
    size_t bytes; /* its size, which is charged; may exceed what was asked for */
} admission_scratch;

/* A process's access to the ledger, and its cached blocks. Only admission.c uses the members. */
typedef struct {
    admission_ledger *ledger;
    unsigned account;
    unsigned cached_count; /* like the next member, guarded by the ledger's lock */
    admission_scratch cached[ADMISSION_CACHED_MAX];
} admission;

/*
 * Takes an account for this process until it ends. To be called once, by a thread that lives as
 * long as the process. False if no account is left.
 */
bool admission_join(admission *a, admission_ledger *ledger);

/* All functions below may be called from any thread of a process that has joined. */

/* The limits for all processes together, as configured in the process that asks. */
typedef struct {
    uint64_t memory;       /* bytes */
    unsigned computations; /* at once */
    unsigned waiting;      /* requests in the queue */
    unsigned cached;       /* blocks that this process caches, at most ADMISSION_CACHED_MAX */
} admission_limits;

/* ---- slots: see slot.h */

/* Two kinds of threads serve requests: httpd's workers, and mod_http2's for HTTP/2 streams. */
typedef enum { ADMISSION_WORKER, ADMISSION_STREAM, ADMISSION_KINDS } admission_kind;

/*
 * Takes a slot for a thread of this kind: at most `here` are taken in this process and `everywhere`
 * in all. False if none is left.
 */
bool admission_enter(admission *a, admission_kind kind, unsigned here, unsigned everywhere);
void admission_leave(admission *a, admission_kind kind);

/* ---- computations and memory */

/* The needs of a computation. */
typedef struct {
    size_t scratch; /* size of its scratch block; 0: none */
    size_t others;  /* further bytes to charge, as rounded by memory_size */
} admission_demand;

typedef enum {
    ADMISSION_GRANTED,
    ADMISSION_WAITING,   /* the request is in the queue: ask again, or withdraw */
    ADMISSION_REFUSED,   /* the queue is full */
    ADMISSION_NO_MEMORY, /* it fits, but the system has no memory; nothing is charged */
} admission_answer;

/*
 * Asks for one computation with its memory, in one step. *ticket is 0 at first; after
 * ADMISSION_WAITING it is the request's ticket in the queue, which is served in order of arrival,
 * so that small demands do not starve large ones. After ADMISSION_GRANTED the caller owns *scratch
 * until admission_finish, and demand->others is charged until admission_return.
 */
admission_answer admission_request(admission *a, const admission_limits *limits,
                                   const admission_demand *demand, uint64_t *ticket,
                                   admission_scratch *scratch);
void admission_withdraw(admission *a, uint64_t ticket);

/* Ends a computation. Its scratch block is cached for the next one, or freed. */
void admission_finish(admission *a, const admission_limits *limits, admission_scratch scratch);

/* Charges memory without a computation. False if it does not fit at once, or a request waits for
 * memory. */
bool admission_charge(admission *a, const admission_limits *limits, size_t bytes);

/* Returns the charge of memory that has been freed. */
void admission_return(admission *a, size_t bytes);

/* Frees all cached blocks of this process. True if there were any. */
bool admission_drop_cached(admission *a);

/* True if the first request in the queue waits for memory. Takes no lock. */
bool admission_memory_wanted(const admission *a);

/* ---- the current state */

/* The sums over all living processes. */
typedef struct {
    uint64_t memory; /* bytes, cached blocks included */
    uint64_t cached; /* bytes */
    unsigned computing, waiting;
    unsigned busy[ADMISSION_KINDS]; /* slots taken */
} admission_totals;

admission_totals admission_sum(admission_ledger *ledger);

#endif
