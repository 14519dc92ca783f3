#define _DEFAULT_SOURCE /* madvise */
#include "keeper.h"

#include <pthread.h>
#include <stdlib.h>
#include <sys/mman.h>

enum {
    BLOCKS_MAX = 32,         /* idle ones; a computation holds four at once */
    KEPT_BYTES_MIN = 1 << 16 /* shorter blocks are not worth keeping */
};

typedef struct {
    void *block;
    size_t bytes; /* as the source knows them */
} kept;

struct factorial_keeper {
    factorial_memory memory; /* first: jobs see only this */
    factorial_memory *source;
    size_t ceiling;
    pthread_mutex_t lock; /* guards what follows */
    kept idle[BLOCKS_MAX];
    unsigned count;
    size_t bytes;
};

/*
 * A block may be longer than what its job knows of it. Its true length is kept in front, in as many
 * bytes as keep the alignment of huge pages' first line.
 */
enum { HEADER = 64 };

static size_t *length_of(void *block)
{
    return (size_t *)((char *)block - HEADER);
}

static kept take_last(factorial_keeper *k, unsigned i)
{
    kept found = k->idle[i];
    k->idle[i] = k->idle[--k->count];
    k->bytes -= found.bytes;
    return found;
}

/* The smallest idle block that fits; its block is NULL if there is none. */
static kept take_best(factorial_keeper *k, size_t bytes)
{
    kept found = {0};
    unsigned best = BLOCKS_MAX;
    pthread_mutex_lock(&k->lock);
    for (unsigned i = 0; i < k->count; i++) {
        size_t length = k->idle[i].bytes;
        if (length >= bytes && length - length / 8 <= bytes &&
            (best == BLOCKS_MAX || length < k->idle[best].bytes))
            best = i;
    }
    if (best < BLOCKS_MAX)
        found = take_last(k, best);
    pthread_mutex_unlock(&k->lock);
    return found;
}

static void *acquire(factorial_memory *memory, size_t bytes)
{
    factorial_keeper *k = (factorial_keeper *)memory;
    if (bytes > SIZE_MAX - HEADER)
        return NULL;
    bytes += HEADER;
    kept found = take_best(k, bytes);
    if (!found.block) {
        found = (kept){k->source->acquire(k->source, bytes), bytes};
        if (!found.block && factorial_keeper_give_back(k) > 0)
            found.block = k->source->acquire(k->source, bytes);
    }
    if (!found.block)
        return NULL;
    char *block = (char *)found.block + HEADER;
    *length_of(block) = found.bytes;
    return block;
}

static bool keep(factorial_keeper *k, kept returned)
{
    pthread_mutex_lock(&k->lock);
    bool room = returned.bytes >= KEPT_BYTES_MIN && k->count < BLOCKS_MAX &&
                returned.bytes <= k->ceiling - k->bytes;
    if (room) {
        k->idle[k->count++] = returned;
        k->bytes += returned.bytes;
    }
    pthread_mutex_unlock(&k->lock);
    return room;
}

static void release(factorial_memory *memory, void *block, size_t bytes)
{
    factorial_keeper *k = (factorial_keeper *)memory;
    kept returned = {(char *)block - HEADER, *length_of(block)};
    if (!keep(k, returned))
        k->source->release(k->source, returned.block, returned.bytes);
}

factorial_keeper *factorial_keeper_create(factorial_memory *source, size_t ceiling)
{
    factorial_keeper *k = calloc(1, sizeof *k);
    if (!k)
        return NULL;
    k->memory = (factorial_memory){acquire, release};
    k->source = source;
    k->ceiling = ceiling;
    pthread_mutex_init(&k->lock, NULL);
    return k;
}

void factorial_keeper_destroy(factorial_keeper *keeper)
{
    if (!keeper)
        return;
    factorial_keeper_give_back(keeper);
    pthread_mutex_destroy(&keeper->lock);
    free(keeper);
}

factorial_memory *factorial_keeper_memory(factorial_keeper *keeper)
{
    return &keeper->memory;
}

size_t factorial_keeper_give_back(factorial_keeper *keeper)
{
    size_t given = 0;
    for (;;) {
        kept last = {0};
        pthread_mutex_lock(&keeper->lock);
        if (keeper->count > 0)
            last = take_last(keeper, keeper->count - 1);
        pthread_mutex_unlock(&keeper->lock);
        if (!last.block)
            return given;
        keeper->source->release(keeper->source, last.block, last.bytes);
        given += last.bytes;
    }
}

size_t factorial_keeper_idle(factorial_keeper *keeper)
{
    pthread_mutex_lock(&keeper->lock);
    size_t bytes = keeper->bytes;
    pthread_mutex_unlock(&keeper->lock);
    return bytes;
}

void *keeper_allocate(size_t bytes)
{
    const size_t huge = (size_t)2 << 20, line = 64;
    size_t align = bytes >= huge ? huge : line;
    if (bytes > SIZE_MAX - huge)
        return NULL;
    size_t rounded = (bytes + align - 1) / align * align;
    void *block = aligned_alloc(align, rounded);
    if (block && align == huge)
        madvise(block, rounded, MADV_HUGEPAGE);
    return block;
}
