#include "convolution.h"

#include "../job.h"
#include "../pool.h"
#include "../slots.h"
#include "../thresholds.h"

enum {
    LINE = 8,         /* points in a cache line */
    PADDING = 64,     /* points between arrays, so that they do not share the sets of a cache */
    CHUNK_MIN = 512,  /* coefficients; shorter chunks cost more than they distribute */
    SPLIT_CHUNKS = 8, /* of a block */
    FEW_THREADS = 4,  /* so many are kept busy by the blocks as they are */
    LONG_BLOCKS = 4,  /* of each transform; see kernel.h */
    SLOTS_LEAST = 4   /* each for a block; four times as many for quarters of blocks */
};

/* See kernel.h. */
typedef struct {
    size_t h;
    unsigned segments;
} shape;

/* The shortest transform for so many limbs that has no block shorter than a leaf. */
static shape shape_for(const kernel *k, size_t limbs)
{
    size_t leaf = k->leaf_points, m = 4 * leaf;
    if (limbs <= m)
        return (shape){leaf, 4};
    while (2 * m < limbs)
        m *= 2;
    shape s = {m / 8 < leaf ? leaf : m / 8, 0};
    s.segments = (unsigned)((limbs + s.h - 1) / s.h);
    if (s.segments == 15) /* takes as long as 16 */
        s.segments = 16;
    while (s.segments % 2 == 0 && s.segments >= 8)
        s = (shape){2 * s.h, s.segments / 2};
    return s;
}

static size_t points_of(shape s)
{
    return (s.h * s.segments + LINE - 1) / LINE * LINE + PADDING;
}

/* The points of the longest block. */
static size_t longest_block(shape s)
{
    unsigned parts = convolution_parts(s.segments), size = parts / LONG_BLOCKS;
    return ((s.segments - parts) / 2 >= size ? 2 * size : size) * s.h;
}

size_t convolution_scratch(const kernel *k, size_t limbs)
{
    return (size_t)2 * FIELDS * points_of(shape_for(k, limbs)) * sizeof(double);
}

size_t convolution_scratch_least(const kernel *k, size_t limbs)
{
    shape s = shape_for(k, limbs);
    size_t points = FIELDS * points_of(s) + SLOTS_LEAST * (longest_block(s) + PADDING);
    return points * sizeof(double);
}

/* The last factor is measured: different factors take one transform more than a square, and the
 * shorter one is loaded faster if it fits into a block. */
double convolution_time(const kernel *k, size_t limbs, size_t shorter, bool square)
{
    shape s = shape_for(k, limbs);
    size_t points = s.h * s.segments, levels = 64 - (size_t)__builtin_clzll(points - 1);
    return (double)(points * levels) * (square ? 1 : shorter <= longest_block(s) ? 1.4 : 1.5);
}

/* ---- the steps, each a loop of tasks */

/* A block of a transform: where its points are, and what kernel.multiply needs to know about it. */
typedef struct {
    size_t at, points, j;
    unsigned levels;
} block;

enum { BLOCKS_MAX = LONG_BLOCKS + 3 };

/*
 * A factor that is not longer than a block is its own remainder there. So there is no array for
 * such a factor: each thread that multiplies a block loads the factor into a slot. This saves about
 * a third of the memory of the longest products.
 */
typedef struct {
    const kernel *kernel;
    bool split;     /* the blocks into quarters, so that there is enough for many threads */
    unsigned loops; /* begun */
    size_t blocks;
    block block[BLOCKS_MAX];
    double *slot;       /* the first; NULL if there are none */
    size_t slot_points; /* from one to the next */
    free_slots slots;
    convolution c;
} work;

static void load_step(void *context, size_t index)
{
    const work *w = context;
    w->kernel->load(&w->c, (unsigned)(index / w->c.chunks), index % w->c.chunks);
}

/* Lists the blocks, the longest first, with what kernel.store expects them to be divided by. */
static void list_blocks(work *w)
{
    const convolution *c = &w->c;
    unsigned parts = convolution_parts(c->segments), tail = c->segments - parts;
    unsigned segment = parts, halvings = 1;
    for (unsigned size = parts / 2; size > 0; size /= 2) {
        size_t points = size * c->h;
        for (unsigned k = 0; size == parts / LONG_BLOCKS && k < LONG_BLOCKS; k++)
            w->block[w->blocks++] = (block){k * points, points, k, tail ? 3 : 2};
        if (tail & size) {
            bool last = tail % size == 0;
            w->block[w->blocks++] =
                (block){segment * c->h, points, segment / size, last ? halvings : ++halvings};
            segment += size;
        }
    }
}

/* The first pass of a block, or its last: of all blocks, fields, operands and chunks. */
static void split_step(void *context, size_t index)
{
    const work *w = context;
    const convolution *c = &w->c;
    size_t chunk = index % SPLIT_CHUNKS, q = index / SPLIT_CHUNKS % FIELDS;
    size_t operand = index / SPLIT_CHUNKS / FIELDS % c->operands;
    block b = w->block[index / SPLIT_CHUNKS / FIELDS / c->operands];
    size_t quarter = b.points / 4, count = quarter / SPLIT_CHUNKS;
    w->kernel->split(&fields[q], c->points[operand][q] + b.at + chunk * count, quarter, count, b.j);
}

static void join_step(void *context, size_t index)
{
    const work *w = context;
    const convolution *c = &w->c;
    size_t chunk = index % SPLIT_CHUNKS, q = index / SPLIT_CHUNKS % FIELDS;
    block b = w->block[index / SPLIT_CHUNKS / FIELDS];
    size_t quarter = b.points / 4, count = quarter / SPLIT_CHUNKS;
    w->kernel->join(&fields[q], c->points[0][q] + b.at + chunk * count, quarter, count, b.j);
}

static void multiply_step(void *context, size_t index)
{
    work *w = context;
    const convolution *c = &w->c;
    size_t q = index % FIELDS, parts = w->split ? 4 : 1, part = index / FIELDS % parts;
    block b = w->block[index / FIELDS / parts];
    if (w->split)
        b = (block){b.at + part * (b.points / 4), b.points / 4, 4 * b.j + part, b.levels + 2};
    double *factor = c->points[c->operands - 1][q] + b.at;
    unsigned slot = 0;
    if (w->slot) {
        slot = slots_take(&w->slots);
        factor = w->slot + slot * w->slot_points;
        w->kernel->load_block(&fields[q], factor, b.points, b.j, c->operand[1],
                              c->operand_limbs[1]);
    }
    w->kernel->multiply(&fields[q], c->points[0][q] + b.at, factor, b.points, b.j, b.levels,
                        c->job);
    if (w->slot)
        slots_give_back(&w->slots, slot);
}

static void store_step(void *context, size_t index)
{
    work *w = context;
    w->kernel->store(&w->c, index);
}

static void add_at(limb *number, size_t limbs, size_t at, limb carry)
{
    for (; carry && at < limbs; at++) {
        limb sum = number[at] + carry;
        carry = sum / LIMB_BASE;
        number[at] = sum - carry * LIMB_BASE;
    }
}

/* Adds the carries out of each chunk to the next one. */
static void carry_over(const convolution *c)
{
    for (size_t k = 0; k < c->segments; k++)
        for (size_t i = 0; i < c->chunks; i++) {
            size_t end = (i + 1) * c->chunk < c->h ? (i + 1) * c->chunk : c->h;
            add_at(c->product, c->limbs, k * c->h + end, c->carry[k][i][0]);
            add_at(c->product, c->limbs, k * c->h + end + 1, c->carry[k][i][1]);
        }
}

static bool next_loop(void *context, pool_loop *loop)
{
    work *w = context;
    const convolution *c = &w->c;
    size_t blocks = FIELDS * w->blocks;
    /* Without splitting, the second step and the fourth are left out. */
    w->loops += !w->split && w->loops % 2 == 1 ? 2 : 1;
    switch (w->loops) {
    case 1:
        *loop = (pool_loop){c->operands * c->chunks, load_step, w};
        return true;
    case 2:
        *loop = (pool_loop){c->operands * blocks * SPLIT_CHUNKS, split_step, w};
        return true;
    case 3:
        *loop = (pool_loop){w->split ? 4 * blocks : blocks, multiply_step, w};
        return true;
    case 4:
        *loop = (pool_loop){blocks * SPLIT_CHUNKS, join_step, w};
        return true;
    case 5:
        *loop = (pool_loop){c->chunks, store_step, w};
        return true;
    default:
        carry_over(c);
        return false;
    }
}

/* Into at most CHUNKS_MAX chunks, however many threads there are: c->carry has room for them. */
static void divide_work(convolution *c)
{
    size_t least = (c->h + CHUNKS_MAX - 1) / CHUNKS_MAX;
    least = least < CHUNK_MIN ? CHUNK_MIN : least;
    c->chunk = (least + RESIDUES_RUN - 1) / RESIDUES_RUN * RESIDUES_RUN;
    c->chunks = (c->h + c->chunk - 1) / c->chunk;
}

/* Divides the scratch memory after the first `used` points into slots, and limits the threads to
 * their number. */
static void divide_into_slots(work *w, const workspace *space, size_t used, size_t longest,
                              factorial_job *job)
{
    w->slot = (double *)(void *)space->scratch + used;
    w->slot_points = (w->split ? longest / 4 : longest) + PADDING;
    size_t count = (space->scratch_size / sizeof(double) - used) / w->slot_points;
    count = count < SLOTS_MAX ? count : SLOTS_MAX;
    job->threads = job->threads < count ? job->threads : (unsigned)count;
    w->slots = slots_free((unsigned)count);
}

void convolution_multiply(const workspace *space, limb *product, const limb *a, size_t a_limbs,
                          const limb *b, size_t b_limbs)
{
    if (a_limbs < b_limbs) {
        convolution_multiply(space, product, b, b_limbs, a, a_limbs);
        return;
    }
    size_t limbs = a_limbs + b_limbs;
    shape s = shape_for(space->kernel, limbs);
    factorial_job job = limbs >= SHARED_MIN ? *space->job : job_alone(space->job);
    size_t longest = longest_block(s);
    bool square = a == b && a_limbs == b_limbs;
    bool in_slots = !square && (b_limbs <= longest ||
                                space->scratch_size < convolution_scratch(space->kernel, limbs));
    limb carry[SEGMENTS_MAX][CHUNKS_MAX][2]; /* not in `work`, which is filled with zeros */
    work w = {.kernel = space->kernel,
              .split = limbs >= SPLIT_MIN && pool_threads(&job) > FEW_THREADS,
              .c = {.product = product,
                    .limbs = limbs,
                    .operand = {a, b},
                    .operand_limbs = {a_limbs, b_limbs},
                    .h = s.h,
                    .segments = s.segments,
                    .operands = square || in_slots ? 1 : 2,
                    .carry = carry,
                    .job = &job}};
    convolution *c = &w.c;
    size_t arrays = c->operands * FIELDS;
    for (size_t i = 0; i < arrays; i++)
        c->points[i / FIELDS][i % FIELDS] = (double *)(void *)space->scratch + i * points_of(s);
    if (in_slots)
        divide_into_slots(&w, space, arrays * points_of(s), longest, &job);
    divide_work(c);
    list_blocks(&w);

    pool_run_sequence(&job, next_loop, &w);
}
