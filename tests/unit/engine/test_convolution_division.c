#include "engine/kernel/convolution.h"
#include "engine/thresholds.h"
#include "suite.h"

/* How convolution_multiply divides the work, by a kernel that notes what it is given. */

static factorial_job job;
static convolution given;
static unsigned given_threads;
static size_t loads[2], stores, blocks;
static struct {
    double *points;
    size_t count, j;
} loaded; /* a short factor, for one block */
static struct {
    size_t q, at, points, j;
    unsigned levels;
} block[FIELDS * SEGMENTS_MAX];

static void note_load(const convolution *c, unsigned operand, size_t chunk)
{
    given = *c;
    given_threads = c->job->threads;
    ck_assert_uint_eq(chunk, loads[operand]++);
}

static void note_load_block(const field *f, double *points, size_t count, size_t j, const limb *b,
                            size_t limbs)
{
    loaded.points = points;
    loaded.count = count;
    loaded.j = j;
    ck_assert_ptr_eq(b, given.operand[1]);
    ck_assert_uint_eq(limbs, given.operand_limbs[1]);
}

static void note_multiply(const field *f, double *a, double *b, size_t points, size_t j,
                          unsigned levels, const factorial_job *unused)
{
    size_t q = (size_t)(f - fields), at = (size_t)(a - given.points[0][q]);
    if (loaded.points) {
        ck_assert_ptr_eq(b, loaded.points);
        ck_assert_uint_eq(points, loaded.count);
        ck_assert_uint_eq(j, loaded.j);
    } else {
        ck_assert_ptr_eq(b, given.points[given.operands - 1][q] + at);
    }
    ck_assert_uint_lt(blocks, sizeof block / sizeof *block);
    block[blocks].q = q;
    block[blocks].at = at;
    block[blocks].points = points;
    block[blocks].j = j;
    block[blocks++].levels = levels;
}

static void note_store(convolution *c, size_t chunk)
{
    ck_assert_uint_eq(chunk, stores++);
    for (unsigned k = 0; k < c->segments; k++)
        c->carry[k][chunk][0] = c->carry[k][chunk][1] = 0;
}

/* By the number of segments: the blocks that kernel.h lists, in units of h; 0 points: none. */
static const struct {
    size_t at, points, j;
    unsigned levels;
} expected_blocks[SEGMENTS_MAX + 1][6] = {
    [4] = {{0, 1, 0, 2}, {1, 1, 1, 2}, {2, 1, 2, 2}, {3, 1, 3, 2}},
    [5] = {{0, 1, 0, 3}, {1, 1, 1, 3}, {2, 1, 2, 3}, {3, 1, 3, 3}, {4, 1, 4, 1}},
    [6] = {{0, 1, 0, 3}, {1, 1, 1, 3}, {2, 1, 2, 3}, {3, 1, 3, 3}, {4, 2, 2, 1}},
    [7] = {{0, 1, 0, 3}, {1, 1, 1, 3}, {2, 1, 2, 3}, {3, 1, 3, 3}, {4, 2, 2, 2}, {6, 1, 6, 2}},
    [9] = {{0, 2, 0, 3}, {2, 2, 1, 3}, {4, 2, 2, 3}, {6, 2, 3, 3}, {8, 1, 8, 1}},
    [11] = {{0, 2, 0, 3}, {2, 2, 1, 3}, {4, 2, 2, 3}, {6, 2, 3, 3}, {8, 2, 4, 2}, {10, 1, 10, 2}},
    [13] = {{0, 2, 0, 3}, {2, 2, 1, 3}, {4, 2, 2, 3}, {6, 2, 3, 3}, {8, 4, 2, 2}, {12, 1, 12, 2}},
};

static void check_blocks(void)
{
    size_t expected = 0;
    for (size_t e = 0; e < 6 && expected_blocks[given.segments][e].points; e++)
        for (size_t q = 0; q < FIELDS; q++, expected++) {
            size_t found = 0;
            for (size_t i = 0; i < blocks; i++)
                found += block[i].q == q &&
                         block[i].at == expected_blocks[given.segments][e].at * given.h &&
                         block[i].points == expected_blocks[given.segments][e].points * given.h &&
                         block[i].j == expected_blocks[given.segments][e].j &&
                         block[i].levels == expected_blocks[given.segments][e].levels;
            ck_assert_uint_eq(found, 1);
        }
    ck_assert_uint_eq(blocks, expected);
}

static const kernel notes = {.leaf_points = 64,
                             .load = note_load,
                             .load_block = note_load_block,
                             .multiply = note_multiply,
                             .store = note_store};

static void check_division(size_t an, size_t bn, bool square)
{
    static limb a, b, product;
    /* Neither numbers nor scratch memory are touched. */
    workspace w = {&notes, &job, NULL, convolution_scratch(&notes, an + bn)};
    loads[0] = loads[1] = stores = blocks = 0;
    loaded.points = NULL;
    convolution_multiply(&w, &product, &a, an, square ? &a : &b, bn);
    size_t length = given.h * given.segments, m = given.h * (given.segments < 8 ? 4 : 8);
    size_t shorter = length == m ? m / 8 * 7 : length - (m == 256 ? m / 4 : m / 8);
    size_t longest = 0;
    for (size_t i = 0; i < blocks; i++)
        longest = block[i].points > longest ? block[i].points : longest;
    bool apart = !square &&
                 (an < bn ? an : bn) <= longest; /* the shorter factor, from the block's own slot */
    ck_assert_int_eq(loaded.points != NULL, apart);
    ck_assert_uint_eq(given.operands, square || apart ? 1 : 2);
    ck_assert_uint_le(an + bn, length);
    if (length > 256) /* the next shorter length would not do */
        ck_assert_uint_gt(an + bn, shorter);
    ck_assert_uint_le(given.chunks, CHUNKS_MAX);
    ck_assert_uint_eq(given.chunk % RESIDUES_RUN, 0);
    ck_assert_uint_ge(given.chunk, given.h < 512 ? RESIDUES_RUN : 512);
    ck_assert_uint_ge(given.chunk * given.chunks, given.h);
    ck_assert_uint_lt(given.chunk * (given.chunks - 1), given.h);
    ck_assert_uint_eq(loads[0], given.chunks);
    ck_assert_uint_eq(loads[1], given.operands == 1 ? 0 : given.chunks);
    ck_assert_uint_eq(stores, given.chunks);
    check_blocks();
    /* The arrays do not overlap, and the least scratch memory has slots behind one factor's. */
    ck_assert_uint_ge(convolution_scratch(&notes, an + bn), 2 * FIELDS * length * sizeof(double));
    ck_assert_uint_ge(convolution_scratch_least(&notes, an + bn),
                      (FIELDS * length + 4 * longest) * sizeof(double));
    if (apart)
        ck_assert_uint_ge((size_t)(loaded.points - given.points[0][FIELDS - 1]), length);
    for (size_t i = 1; i < given.operands * FIELDS; i++)
        ck_assert_uint_ge((size_t)(given.points[i / FIELDS][i % FIELDS] -
                                   given.points[(i - 1) / FIELDS][(i - 1) % FIELDS]),
                          length);
}

/* Whatever the length and however many threads: there is room for so many chunks' carries. */
START_TEST(the_work_is_divided_into_chunks_and_blocks)
{
    job = (factorial_job){.threads = 2};
    for (size_t limbs = 98; limbs < (size_t)1 << 26; limbs += limbs / 37 + 1) {
        check_division(limbs / 2, limbs - limbs / 2, false);
        check_division(limbs / 2, limbs / 2, true);
    }
    for (size_t m = 256; m <= (size_t)1 << 26; m *= 2)
        for (size_t quarters = 4; quarters < 8; quarters++) {
            check_division(m / 4 * quarters - 1, 1, false);
            check_division(m / 4 * quarters, 1, false);
        }
}
END_TEST

START_TEST(no_more_threads_take_part_than_have_a_slot)
{
    static limb a, b, product;
    job = (factorial_job){.threads = 64};
    for (size_t limbs = SHARED_MIN; limbs < (size_t)1 << 26; limbs += limbs / 3) {
        workspace w = {&notes, &job, NULL, convolution_scratch_least(&notes, limbs)};
        loads[0] = loads[1] = stores = blocks = 0;
        loaded.points = NULL;
        convolution_multiply(&w, &product, &a, limbs - 1, &b, 1);
        ck_assert_uint_eq(given_threads, 4);
    }
}
END_TEST

Suite *suite(void)
{
    Suite *s = suite_create("division of convolutions");
    TCase *t = tcase_create("division");
    tcase_add_test(t, the_work_is_divided_into_chunks_and_blocks);
    tcase_add_test(t, no_more_threads_take_part_than_have_a_slot);
    suite_add_tcase(s, t);
    return s;
}
