#include "convolution.h"

#include "../job.h"
#include "../pool.h"
#include "../thresholds.h"

enum {
    LINE = 8,       /* points in a cache line */
    PADDING = 64,   /* points between arrays, so that they do not share the sets of a cache */
    CHUNK_MIN = 512 /* coefficients; shorter chunks cost more than they distribute */
};

typedef struct {
    size_t m; /* a power of two */
    unsigned tail;
} shape;

/* The shortest length of a transform for so many limbs. */
static shape shape_for(const kernel *k, size_t limbs)
{
    shape s = {4 * (size_t)k->leaf_points, 0};
    while (s.m + s.m / 4 * 3 < limbs)
        s.m *= 2;
    while (s.m + s.m / 4 * s.tail < limbs)
        s.tail++;
    return s;
}

static size_t points_of(shape s)
{
    return (s.m + s.m / 4 * s.tail + LINE - 1) / LINE * LINE + PADDING;
}

size_t convolution_scratch(const kernel *k, size_t limbs, unsigned operands)
{
    return (size_t)operands * FIELDS * points_of(shape_for(k, limbs)) * sizeof(double);
}

/* ---- the three steps, each a loop of tasks */

typedef struct {
    const kernel *kernel;
    unsigned loops; /* begun */
    convolution c;
} work;

static void load_step(void *context, size_t index)
{
    const work *w = context;
    w->kernel->load(&w->c, (unsigned)(index / w->c.chunks), index % w->c.chunks);
}

/* The blocks that kernel.h lists, the longest first. The first four are also divided by 4, for the
 * two levels of the transform that load and store compute. */
static void multiply_step(void *context, size_t index)
{
    const work *w = context;
    const convolution *c = &w->c;
    size_t q = index % FIELDS, block = index / FIELDS, points = c->h, at = block, j = block;
    if (c->tail >= 2) {
        at = j = block - 1;
        if (block == 0)
            at = 4, j = 2, points = 2 * c->h;
        else if (block == 5)
            at = j = 6;
    }
    w->kernel->multiply(&fields[q], c->points[0][q] + at * c->h,
                        c->points[c->operands - 1][q] + at * c->h, points, j, at < 4 ? 2 : 0,
                        c->job);
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

/* What the chunks have passed on to each other. */
static void carry_over(const convolution *c)
{
    for (size_t k = 0; k < 4 + c->tail; k++)
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
    switch (w->loops++) {
    case 0:
        *loop = (pool_loop){c->operands * c->chunks, load_step, w};
        return true;
    case 1:
        *loop = (pool_loop){FIELDS * (size_t)(c->tail < 2 ? 4 + c->tail : 3 + c->tail),
                            multiply_step, w};
        return true;
    case 2:
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

void convolution_multiply(const workspace *space, limb *product, const limb *a, size_t a_limbs,
                          const limb *b, size_t b_limbs)
{
    size_t limbs = a_limbs + b_limbs;
    shape s = shape_for(space->kernel, limbs);
    factorial_job alone = job_alone(space->job);
    const factorial_job *job = limbs >= SHARED_MIN ? space->job : &alone;
    work w = {.kernel = space->kernel,
              .c = {.product = product,
                    .limbs = limbs,
                    .operand = {a, b},
                    .operand_limbs = {a_limbs, b_limbs},
                    .h = s.m / 4,
                    .tail = s.tail,
                    .operands = a == b && a_limbs == b_limbs ? 1 : 2,
                    .job = job}};
    convolution *c = &w.c;
    double *points = (double *)(void *)space->scratch;
    for (unsigned i = 0; i < c->operands * FIELDS; i++)
        c->points[i / FIELDS][i % FIELDS] = points + i * points_of(s);
    divide_work(c);

    pool_run_sequence(job, next_loop, &w);
}
