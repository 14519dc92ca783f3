/*
 * The budget of memory and of simultaneous computations, which all server processes share.
 *
 * What each process holds stands in an account of its own, in memory that all of them share; what
 * is left of the budget is the limit less the sum of the accounts. So the limits are the asking
 * process's own, and a reload that changes them has nothing to convert. Whether the owner of an
 * account is alive tells a robust mutex that its main thread holds as long as it lives: however it
 * ended, kill -9 included, what it held is free for the next who asks.
 */
#ifndef MOD_FACTORIAL_ADMISSION_H
#define MOD_FACTORIAL_ADMISSION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct admission_ledger admission_ledger;

/* Bytes of the ledger for as many processes as may be alive at once. */
size_t admission_ledger_size(unsigned processes);

/* Makes a ledger of zeroed memory of that size, shared by the processes to be. 0 or an errno. */
int admission_ledger_init(admission_ledger *ledger, unsigned processes);

/* A process's access to the ledger. */
typedef struct {
    admission_ledger *ledger;
    unsigned account;
} admission;

/*
 * Takes an account for this process until it ends. To be called once, by a thread that lives as
 * long as the process does. False if there is none left.
 */
bool admission_join(admission *a, admission_ledger *ledger);

/* All functions below may be called from any thread of a process that has joined. */

/* What all processes together may hold, as the asking one has it configured. */
typedef struct {
    uint64_t memory;       /* bytes */
    unsigned computations; /* at once */
    unsigned waiting;      /* requests in the queue */
} admission_limits;

/* Two kinds of threads serve requests: httpd's workers, and mod_http2's for HTTP/2 streams. */
typedef enum { ADMISSION_WORKER, ADMISSION_STREAM, ADMISSION_KINDS } admission_kind;

/*
 * Takes one of the slots for threads of this kind that may wait: at most `here` in this process and
 * `everywhere` in all. False if they are taken.
 */
bool admission_enter(admission *a, admission_kind kind, unsigned here, unsigned everywhere);
void admission_leave(admission *a, admission_kind kind);

typedef enum {
    ADMISSION_GRANTED, /* one computation and the memory are the caller's */
    ADMISSION_WAITING, /* the caller has a place in the queue: ask again, or withdraw */
    ADMISSION_REFUSED, /* the queue is full */
} admission_answer;

/*
 * Asks for one computation and so many bytes, in one step. *ticket is 0 at first; where
 * ADMISSION_WAITING is returned it is the place in the queue, to be given at the next time. Those
 * who wait are served in order, so that small demands do not starve large ones.
 */
admission_answer admission_request(admission *a, const admission_limits *limits, uint64_t bytes,
                                   uint64_t *ticket);
void admission_withdraw(admission *a, uint64_t ticket);

/* Gives the computation of a granted request back, of its memory all but `kept` bytes. */
void admission_computed(admission *a, uint64_t bytes, uint64_t kept);

/* Gives bytes back. */
void admission_release(admission *a, uint64_t bytes);

/* Sets what this process holds apart from requests, and may give back when others need it. */
void admission_hold(admission *a, uint64_t bytes);

/* Does anybody wait? Takes no lock. */
bool admission_wanted(const admission *a);

/* What all processes hold together at this moment, those that have ended left out. */
typedef struct {
    uint64_t memory; /* bytes */
    unsigned computing, waiting;
    unsigned busy[ADMISSION_KINDS]; /* slots taken */
} admission_totals;

admission_totals admission_sum(admission_ledger *ledger);

#endif
