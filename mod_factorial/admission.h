/*
 * The budget of memory and of simultaneous computations, which all server processes share, and the
 * scratch blocks that a process keeps for its next computations.
 *
 * The charges of each process are an account in shared memory. What is left of the budget is the
 * limit less the sum of the accounts. So the limits are the asking process's own, and a reload that
 * changes them converts nothing. Whether the owner of an account is alive is told by a robust mutex
 * that its main thread holds as long as it lives: however it ended, kill -9 included, its account
 * is closed by the next request.
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

/* Makes a ledger of zeroed memory of that size, to be shared by processes that are forked later.
 * Returns 0 or an errno. */
int admission_ledger_init(admission_ledger *ledger, unsigned processes);

enum { ADMISSION_CACHED_MAX = 64 };

/* A computation's scratch block. */
typedef struct {
    void *block;
    size_t bytes; /* its size, which is charged; may be more than was asked for */
} admission_scratch;

/* A process's access to the ledger, and its cached blocks. Only admission.c uses the members. */
typedef struct {
    admission_ledger *ledger;
    unsigned account;
    unsigned cached_count; /* guarded by the ledger's lock, as is what follows */
    admission_scratch cached[ADMISSION_CACHED_MAX];
} admission;

/*
 * Takes an account for this process until it ends. To be called once, by a thread that lives as
 * long as the process does. False if there is none left.
 */
bool admission_join(admission *a, admission_ledger *ledger);

/* All functions below may be called from any thread of a process that has joined. */

/* The limits for all processes together, as the asking process has them configured. */
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
 * Takes one of the slots for threads of this kind that may wait: at most `here` in this process and
 * `everywhere` in all. False if they are taken.
 */
bool admission_enter(admission *a, admission_kind kind, unsigned here, unsigned everywhere);
void admission_leave(admission *a, admission_kind kind);

/* ---- computations and memory */

/* What a computation needs. */
typedef struct {
    size_t scratch; /* size of its scratch block; 0: none */
    size_t others;  /* bytes that are charged besides, as memory_size rounds them */
} admission_demand;

typedef enum {
    ADMISSION_GRANTED,
    ADMISSION_WAITING,   /* the request is in the queue: ask again, or withdraw */
    ADMISSION_REFUSED,   /* the queue is full */
    ADMISSION_NO_MEMORY, /* within the limit, but the system has none; nothing is charged */
} admission_answer;

/*
 * Asks for one computation with its memory, in one step. *ticket is 0 at first; after
 * ADMISSION_WAITING it is the place in the queue, which is served in order of arrival, so that
 * small demands do not starve large ones. After ADMISSION_GRANTED *scratch is the caller's until
 * admission_finish, and demand->others is charged until admission_return.
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

/* ---- what is going on */

/* The sums over all living processes. */
typedef struct {
    uint64_t memory; /* bytes, cached blocks included */
    uint64_t cached; /* bytes */
    unsigned computing, waiting;
    unsigned busy[ADMISSION_KINDS]; /* slots taken */
} admission_totals;

admission_totals admission_sum(admission_ledger *ledger);

#endif
