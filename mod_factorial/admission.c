#include "admission.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <string.h>

enum { WAITERS = 1024 }; /* the most that FactorialMaxWaiting takes */

typedef struct {
    pthread_mutex_t life; /* held by its owner's main thread; robust */
    atomic_bool open;     /* what follows may be other than 0 */
    uint64_t memory;      /* of requests, bytes */
    uint64_t held;        /* apart from requests, bytes */
    unsigned computing, waiting, busy[ADMISSION_KINDS];
} account;

typedef struct {
    unsigned account;        /* written before the ticket */
    _Atomic uint64_t ticket; /* 0: a free place */
} waiter;

struct admission_ledger {
    pthread_mutex_t lock; /* guards all below; robust */
    uint64_t last_ticket;
    atomic_uint waiting; /* of all accounts */
    unsigned accounts;
    waiter waiters[WAITERS];
    account account[];
};

/* ---- robust mutexes */

static int init_robust(pthread_mutex_t *mutex)
{
    pthread_mutexattr_t attributes;
    int error = pthread_mutexattr_init(&attributes);
    if (error)
        return error;
    pthread_mutexattr_setpshared(&attributes, PTHREAD_PROCESS_SHARED);
    pthread_mutexattr_setrobust(&attributes, PTHREAD_MUTEX_ROBUST);
    pthread_mutexattr_settype(&attributes, PTHREAD_MUTEX_ERRORCHECK);
    error = pthread_mutex_init(mutex, &attributes);
    pthread_mutexattr_destroy(&attributes);
    return error;
}

/* True if the caller has it now, an owner that died having left it. */
static bool try_lock(pthread_mutex_t *mutex)
{
    int error = pthread_mutex_trylock(mutex);
    if (error == EOWNERDEAD)
        pthread_mutex_consistent(mutex);
    return error == 0 || error == EOWNERDEAD;
}

/*
 * A process may be killed between any two stores to the ledger. What it leaves is usable, because
 * every account is closed as a whole, from its counts to its tickets, and closing can be repeated:
 * `open` is stored first when an account is taken and cleared last when it is closed. Stores whose
 * order matters are atomic, so that the compiler keeps it.
 *
 * prefork's signal handler may interrupt code that holds the lock (EDEADLK). The process is
 * exiting, so the handler continues without it.
 */
static void lock(admission_ledger *ledger)
{
    if (pthread_mutex_lock(&ledger->lock) == EOWNERDEAD)
        pthread_mutex_consistent(&ledger->lock);
}

static void unlock(admission_ledger *ledger)
{
    pthread_mutex_unlock(&ledger->lock);
}

/* ---- the ledger */

size_t admission_ledger_size(unsigned processes)
{
    return sizeof(admission_ledger) + processes * sizeof(account);
}

int admission_ledger_init(admission_ledger *ledger, unsigned processes)
{
    int error = init_robust(&ledger->lock);
    for (unsigned i = 0; i < processes && !error; i++)
        error = init_robust(&ledger->account[i].life);
    ledger->accounts = processes;
    return error;
}

/* ---- all below with the lock */

static void close_account(admission_ledger *ledger, unsigned index)
{
    account *a = &ledger->account[index];
    for (unsigned i = 0; i < WAITERS; i++)
        if (ledger->waiters[i].ticket && ledger->waiters[i].account == index)
            atomic_store(&ledger->waiters[i].ticket, 0);
    a->memory = a->held = 0;
    a->computing = a->waiting = 0;
    memset(a->busy, 0, sizeof a->busy);
    atomic_store(&a->open, false);
}

static admission_totals add_up(admission_ledger *ledger)
{
    admission_totals sum = {0};
    for (unsigned i = 0; i < ledger->accounts; i++) {
        const account *a = &ledger->account[i];
        sum.memory += a->memory + a->held;
        sum.computing += a->computing;
        sum.waiting += a->waiting;
        for (int kind = 0; kind < ADMISSION_KINDS; kind++)
            sum.busy[kind] += a->busy[kind];
    }
    atomic_store_explicit(&ledger->waiting, sum.waiting, memory_order_relaxed);
    return sum;
}

/* What all hold, after the accounts of those who died have been closed. */
static admission_totals settle(admission_ledger *ledger)
{
    for (unsigned i = 0; i < ledger->accounts; i++) {
        account *a = &ledger->account[i];
        if (atomic_load(&a->open) && try_lock(&a->life)) {
            close_account(ledger, i);
            pthread_mutex_unlock(&a->life);
        }
    }
    return add_up(ledger);
}

static waiter *find_waiter(admission_ledger *ledger, uint64_t ticket)
{
    for (unsigned i = 0; i < WAITERS; i++)
        if (ledger->waiters[i].ticket == ticket)
            return &ledger->waiters[i];
    return NULL;
}

/* True if nobody else waits, or all who do have come later. */
static bool is_next(const admission_ledger *ledger, uint64_t ticket)
{
    for (unsigned i = 0; i < WAITERS; i++)
        if (ledger->waiters[i].ticket && (!ticket || ledger->waiters[i].ticket < ticket))
            return false;
    return true;
}

static uint64_t queue(admission *a, const admission_limits *limits, unsigned waiting)
{
    admission_ledger *ledger = a->ledger;
    waiter *place = waiting < limits->waiting ? find_waiter(ledger, 0) : NULL;
    if (!place)
        return 0;
    place->account = a->account;
    atomic_store(&place->ticket, ++ledger->last_ticket);
    ledger->account[a->account].waiting++;
    return ledger->last_ticket;
}

static void dequeue(admission *a, uint64_t ticket)
{
    waiter *place = ticket ? find_waiter(a->ledger, ticket) : NULL;
    if (!place)
        return;
    atomic_store(&place->ticket, 0);
    a->ledger->account[a->account].waiting--;
}

/* ---- what a process does */

bool admission_join(admission *a, admission_ledger *ledger)
{
    bool joined = false;
    lock(ledger);
    for (unsigned i = 0; i < ledger->accounts && !joined; i++) {
        joined = try_lock(&ledger->account[i].life);
        if (joined) {
            close_account(ledger, i);
            atomic_store(&ledger->account[i].open, true);
            *a = (admission){ledger, i};
        }
    }
    unlock(ledger);
    return joined;
}

bool admission_enter(admission *a, admission_kind kind, unsigned here, unsigned everywhere)
{
    account *own = &a->ledger->account[a->account];
    lock(a->ledger);
    bool entered = own->busy[kind] < here && (add_up(a->ledger).busy[kind] < everywhere ||
                                              settle(a->ledger).busy[kind] < everywhere);
    own->busy[kind] += entered;
    unlock(a->ledger);
    return entered;
}

void admission_leave(admission *a, admission_kind kind)
{
    lock(a->ledger);
    a->ledger->account[a->account].busy[kind]--;
    unlock(a->ledger);
}

static bool fits(const admission_totals *sum, const admission_limits *limits, uint64_t bytes)
{
    return sum->computing < limits->computations && sum->memory <= limits->memory &&
           bytes <= limits->memory - sum->memory;
}

admission_answer admission_request(admission *a, const admission_limits *limits, uint64_t bytes,
                                   uint64_t *ticket)
{
    admission_ledger *ledger = a->ledger;
    account *own = &ledger->account[a->account];
    admission_answer answer = ADMISSION_WAITING;
    lock(ledger);
    admission_totals sum = settle(ledger);
    if (is_next(ledger, *ticket) && fits(&sum, limits, bytes)) {
        own->memory += bytes;
        own->computing++;
        dequeue(a, *ticket);
        answer = ADMISSION_GRANTED;
    } else if (!*ticket) {
        *ticket = queue(a, limits, sum.waiting);
        answer = *ticket ? ADMISSION_WAITING : ADMISSION_REFUSED;
    }
    add_up(ledger);
    unlock(ledger);
    return answer;
}

void admission_withdraw(admission *a, uint64_t ticket)
{
    lock(a->ledger);
    dequeue(a, ticket);
    add_up(a->ledger);
    unlock(a->ledger);
}

void admission_computed(admission *a, uint64_t bytes, uint64_t kept)
{
    account *own = &a->ledger->account[a->account];
    lock(a->ledger);
    own->computing--;
    own->memory -= bytes - kept;
    unlock(a->ledger);
}

void admission_release(admission *a, uint64_t bytes)
{
    lock(a->ledger);
    a->ledger->account[a->account].memory -= bytes;
    unlock(a->ledger);
}

void admission_hold(admission *a, uint64_t bytes)
{
    lock(a->ledger);
    a->ledger->account[a->account].held = bytes;
    unlock(a->ledger);
}

bool admission_wanted(const admission *a)
{
    return atomic_load_explicit(&a->ledger->waiting, memory_order_relaxed) > 0;
}

admission_totals admission_sum(admission_ledger *ledger)
{
    lock(ledger);
    admission_totals sum = settle(ledger);
    unlock(ledger);
    return sum;
}
