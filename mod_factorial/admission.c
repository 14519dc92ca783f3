#include "admission.h"

#include "memory.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <string.h>

enum { WAITERS = 1024 }; /* the most that FactorialMaxWaiting takes */

/*
 * Invariants, whenever the ledger's lock is free:
 *
 * 1. in_use + cached of an account is at least what its process has allocated for scratch blocks
 * and results.
 * 2. `cached` is the sum of the blocks in the process's cache.
 * 3. A ticket belongs to an open account, so it is removed when its process ends.
 *
 * And at each grant, the sums of all open accounts are at most the limits of the process that asks.
 */
typedef struct {
    pthread_mutex_t alive; /* held by its owner's main thread; robust */
    atomic_bool open;      /* the members below may differ from 0 */
    uint64_t in_use;       /* bytes of running computations and of responses being sent */
    uint64_t cached;       /* bytes of cached blocks */
    unsigned computing, waiting, busy[ADMISSION_KINDS];
} account;

typedef struct {
    unsigned account;        /* written before the ticket */
    _Atomic uint64_t ticket; /* 0: a free place */
} waiter;

struct admission_ledger {
    pthread_mutex_t lock; /* guards all below, and the cached blocks of each process; robust */
    uint64_t last_ticket;
    atomic_bool memory_wanted; /* by the first in the queue */
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

/* True if the caller holds the mutex now, perhaps because its owner died. */
static bool try_lock(pthread_mutex_t *mutex)
{
    int error = pthread_mutex_trylock(mutex);
    if (error == EOWNERDEAD)
        pthread_mutex_consistent(mutex);
    return error == 0 || error == EOWNERDEAD;
}

/*
 * A process may be killed between any two stores to the ledger (EOWNERDEAD). The ledger is usable
 * then, because its account is closed as a whole, and closing can be repeated: `open` is the first
 * store when an account is taken and the last one when it is closed. Stores whose order matters are
 * atomic, so that the compiler keeps their order.
 *
 * prefork's signal handler may interrupt code that holds the lock (EDEADLK). The process is
 * exiting, so the handler continues without the lock.
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
        error = init_robust(&ledger->account[i].alive);
    ledger->accounts = processes;
    return error;
}

/* ---- accounts. From here to admission_join all functions need the lock. */

static account *own_account(const admission *a)
{
    return &a->ledger->account[a->account];
}

/*
 * The tickets are removed before the account is marked as closed: a ticket without a living owner
 * would block all requests behind it. If this process is killed half-way, the account is still open
 * and the next process closes it again.
 */
static void close_account(admission_ledger *ledger, unsigned index)
{
    account *closed = &ledger->account[index];
    for (unsigned i = 0; i < WAITERS; i++)
        if (ledger->waiters[i].ticket && ledger->waiters[i].account == index)
            atomic_store(&ledger->waiters[i].ticket, 0);
    closed->in_use = closed->cached = 0;
    closed->computing = closed->waiting = 0;
    memset(closed->busy, 0, sizeof closed->busy);
    atomic_store(&ledger->memory_wanted, false); /* the request that is first now sets it again */
    atomic_store(&closed->open, false);
}

static admission_totals add_up(const admission_ledger *ledger)
{
    admission_totals sum = {0};
    for (unsigned i = 0; i < ledger->accounts; i++) {
        const account *a = &ledger->account[i];
        sum.memory += a->in_use + a->cached;
        sum.cached += a->cached;
        sum.computing += a->computing;
        sum.waiting += a->waiting;
        for (int kind = 0; kind < ADMISSION_KINDS; kind++)
            sum.busy[kind] += a->busy[kind];
    }
    return sum;
}

/* Closes the accounts of processes that have ended: their mutex is free. Returns the sums. */
static admission_totals settle(admission_ledger *ledger)
{
    for (unsigned i = 0; i < ledger->accounts; i++) {
        account *a = &ledger->account[i];
        if (atomic_load(&a->open) && try_lock(&a->alive)) {
            close_account(ledger, i);
            pthread_mutex_unlock(&a->alive);
        }
    }
    return add_up(ledger);
}

/* ---- the queue */

static waiter *find_waiter(admission_ledger *ledger, uint64_t ticket)
{
    for (unsigned i = 0; i < WAITERS; i++)
        if (ledger->waiters[i].ticket == ticket)
            return &ledger->waiters[i];
    return NULL;
}

/* True if no other request waits, or all others came later. A request that arrives has ticket 0. */
static bool is_next(const admission_ledger *ledger, uint64_t ticket)
{
    for (unsigned i = 0; i < WAITERS; i++)
        if (ledger->waiters[i].ticket && (!ticket || ledger->waiters[i].ticket < ticket))
            return false;
    return true;
}

/* Enters the queue. Returns the ticket, 0 if the queue is full. */
static uint64_t queue(admission *a, const admission_limits *limits, unsigned waiting)
{
    admission_ledger *ledger = a->ledger;
    waiter *place = waiting < limits->waiting ? find_waiter(ledger, 0) : NULL;
    if (!place)
        return 0;
    /* In this order, so that close_account finds the ticket of a process that is killed here. */
    place->account = a->account;
    atomic_store(&place->ticket, ++ledger->last_ticket);
    own_account(a)->waiting++;
    return ledger->last_ticket;
}

/* memory_wanted is set by the first request. The next one that is first sets it if necessary. */
static void dequeue(admission *a, uint64_t ticket)
{
    waiter *place = ticket ? find_waiter(a->ledger, ticket) : NULL;
    if (!place)
        return;
    if (is_next(a->ledger, ticket))
        atomic_store(&a->ledger->memory_wanted, false);
    atomic_store(&place->ticket, 0);
    own_account(a)->waiting--;
}

/*
 * ---- cached blocks
 *
 * The list is private to the process. It is guarded by the ledger's lock all the same, so that a
 * block and its charge move together and each block is charged once.
 */

enum { NONE = ADMISSION_CACHED_MAX };

/* The smallest cached block that is long enough and at most twice as long; or NONE. */
static unsigned find_cached(const admission *a, size_t bytes)
{
    unsigned best = NONE;
    for (unsigned i = 0; i < a->cached_count; i++)
        if (a->cached[i].bytes >= bytes && a->cached[i].bytes / 2 <= bytes &&
            (best == NONE || a->cached[i].bytes < a->cached[best].bytes))
            best = i;
    return best;
}

/* Moves the block's charge from `cached` to `in_use`. */
static admission_scratch take_cached(admission *a, unsigned i)
{
    admission_scratch scratch = a->cached[i];
    a->cached[i] = a->cached[--a->cached_count];
    own_account(a)->in_use += scratch.bytes;
    own_account(a)->cached -= scratch.bytes;
    return scratch;
}

/* False if the block has to be freed: the cache is full, or a request waits for memory. */
static bool cache(admission *a, const admission_limits *limits, admission_scratch scratch)
{
    account *own = own_account(a);
    if (!scratch.block || a->cached_count >= limits->cached ||
        a->cached_count >= ADMISSION_CACHED_MAX ||
        own->cached + scratch.bytes > limits->memory / 4 || admission_memory_wanted(a))
        return false;
    a->cached[a->cached_count++] = scratch;
    own->cached += scratch.bytes;
    own->in_use -= scratch.bytes;
    return true;
}

/* ---- the public functions, which take the lock */

bool admission_join(admission *a, admission_ledger *ledger)
{
    bool joined = false;
    lock(ledger);
    for (unsigned i = 0; i < ledger->accounts && !joined; i++) {
        joined = try_lock(&ledger->account[i].alive);
        if (joined) {
            close_account(ledger, i);
            atomic_store(&ledger->account[i].open, true);
            *a = (admission){.ledger = ledger, .account = i};
        }
    }
    unlock(ledger);
    return joined;
}

bool admission_enter(admission *a, admission_kind kind, unsigned here, unsigned everywhere)
{
    account *own = own_account(a);
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
    own_account(a)->busy[kind]--;
    unlock(a->ledger);
}

static bool has_room(const admission_totals *sum, const admission_limits *limits, size_t bytes)
{
    return sum->memory <= limits->memory && bytes <= limits->memory - sum->memory;
}

/*
 * Grants the request, or queues it; the caller holds the lock. A request is granted if it is first
 * in the queue, a computation is free and its memory fits. Then its memory is charged;
 * scratch->block is NULL if the block has yet to be allocated. *drop means that cached blocks of
 * this process take up room: the caller frees them and asks again.
 */
static admission_answer decide(admission *a, const admission_limits *limits,
                               const admission_demand *demand, uint64_t *ticket,
                               admission_scratch *scratch, bool *drop)
{
    account *own = own_account(a);
    admission_totals sum = settle(a->ledger);
    bool next = is_next(a->ledger, *ticket);
    bool computation = sum.computing < limits->computations;
    unsigned cached = demand->scratch ? find_cached(a, demand->scratch) : NONE;
    size_t fresh = cached == NONE ? memory_size(demand->scratch) : 0;
    bool memory = has_room(&sum, limits, demand->others + fresh);
    *drop = false;
    if (next && computation && memory) {
        dequeue(a, *ticket);
        own->in_use += demand->others + fresh;
        own->computing++;
        *scratch = cached == NONE ? (admission_scratch){NULL, fresh} : take_cached(a, cached);
        return ADMISSION_GRANTED;
    }
    if (next && computation && a->cached_count > 0) {
        *drop = true;
        return ADMISSION_WAITING;
    }
    if (!*ticket)
        *ticket = queue(a, limits, sum.waiting);
    /* Other processes drop their caches only if the first request in the queue lacks memory, and
     * memory alone. */
    if (next)
        atomic_store(&a->ledger->memory_wanted, *ticket && computation && !memory);
    return *ticket ? ADMISSION_WAITING : ADMISSION_REFUSED;
}

admission_answer admission_request(admission *a, const admission_limits *limits,
                                   const admission_demand *demand, uint64_t *ticket,
                                   admission_scratch *scratch)
{
    admission_answer answer;
    bool drop;
    do {
        lock(a->ledger);
        answer = decide(a, limits, demand, ticket, scratch, &drop);
        unlock(a->ledger);
        if (drop)
            admission_drop_cached(a);
    } while (drop);
    if (answer != ADMISSION_GRANTED || scratch->block || !demand->scratch)
        return answer;
    scratch->block = memory_allocate(scratch->bytes);
    if (scratch->block)
        return ADMISSION_GRANTED;
    admission_finish(a, limits, *scratch);
    admission_return(a, demand->others);
    return ADMISSION_NO_MEMORY;
}

void admission_withdraw(admission *a, uint64_t ticket)
{
    lock(a->ledger);
    dequeue(a, ticket);
    unlock(a->ledger);
}

void admission_finish(admission *a, const admission_limits *limits, admission_scratch scratch)
{
    lock(a->ledger);
    own_account(a)->computing--;
    bool is_cached = cache(a, limits, scratch);
    unlock(a->ledger);
    if (is_cached)
        return;
    memory_free(scratch.block, scratch.bytes);
    admission_return(a, scratch.bytes);
}

bool admission_charge(admission *a, const admission_limits *limits, size_t bytes)
{
    lock(a->ledger);
    admission_totals sum = add_up(a->ledger);
    if (!has_room(&sum, limits, bytes) || admission_memory_wanted(a))
        sum = settle(a->ledger);
    bool charged = has_room(&sum, limits, bytes) && !admission_memory_wanted(a);
    if (charged)
        own_account(a)->in_use += bytes;
    unlock(a->ledger);
    return charged;
}

void admission_return(admission *a, size_t bytes)
{
    lock(a->ledger);
    own_account(a)->in_use -= bytes;
    unlock(a->ledger);
}

bool admission_drop_cached(admission *a)
{
    admission_scratch dropped[ADMISSION_CACHED_MAX];
    size_t bytes = 0;
    unsigned count = 0;
    lock(a->ledger);
    while (a->cached_count > 0)
        dropped[count++] = take_cached(a, a->cached_count - 1);
    unlock(a->ledger);
    for (unsigned i = 0; i < count; i++) {
        memory_free(dropped[i].block, dropped[i].bytes);
        bytes += dropped[i].bytes;
    }
    if (count > 0)
        admission_return(a, bytes);
    return count > 0;
}

bool admission_memory_wanted(const admission *a)
{
    return atomic_load_explicit(&a->ledger->memory_wanted, memory_order_relaxed);
}

admission_totals admission_sum(admission_ledger *ledger)
{
    lock(ledger);
    admission_totals sum = settle(ledger);
    unlock(ledger);
    return sum;
}
