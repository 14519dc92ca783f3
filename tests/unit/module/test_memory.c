/* Blocks of memory, and the buffers of results made of them. */
#include "memory.h"
#include "result.h"
#include "suite.h"

#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { KIB = 1 << 10, MIB = 1 << 20 };

/* Blocks of malloc, of pages, of huge pages; at both ends of each. */
static const struct {
    size_t bytes, size;
} sizes[] = {
    {1, 1},
    {128 * KIB - 1, 128 * KIB - 1},
    {128 * KIB, 128 * KIB},
    {128 * KIB + 1, 132 * KIB},
    {4 * MIB - 4095, 4 * MIB},
    {4 * MIB - 4096, 4 * MIB - 4096},
    {4 * MIB, 4 * MIB},
    {4 * MIB + 1, 6 * MIB},
    {9 * MIB, 10 * MIB},
};

enum { SIZES = sizeof sizes / sizeof *sizes };

START_TEST(a_size_is_rounded_to_what_it_occupies)
{
    ck_assert_uint_eq(memory_size(sizes[_i].bytes), sizes[_i].size);
    ck_assert_uint_eq(memory_size(sizes[_i].size), sizes[_i].size);
}
END_TEST

/* In the place of the C library's: what the system gives is aligned by chance, and then moved. */
static bool moved;

void *mmap(void *wanted, size_t size, int protection, int flags, int file, off_t offset)
{
    size_t more = moved ? 4096 : 0;
    char *area = (char *)syscall(SYS_mmap, wanted, size + more, protection, flags, file, offset);
    if (more && area != MAP_FAILED)
        munmap(area, more);
    return area == MAP_FAILED ? area : area + more;
}

static struct {
    void *area;
    size_t size;
    int advice;
} advised; /* the last time */

int madvise(void *area, size_t size, int advice)
{
    advised.area = area;
    advised.size = size;
    advised.advice = advice;
    return 0;
}

START_TEST(a_block_is_aligned_can_be_written_and_is_given_back_whole)
{
    enum { ROUNDS = 20 };
    moved = _i >= SIZES;
    size_t bytes = sizes[_i % SIZES].bytes, occupied = sizes[_i % SIZES].size;
    char *block[ROUNDS];
    memory_free(memory_allocate(bytes), bytes); /* malloc's first use of the heap */
    long before = suite_address_space();
    for (int i = 0; i < ROUNDS; i++) {
        block[i] = memory_allocate(bytes);
        ck_assert_ptr_nonnull(block[i]);
        ck_assert_uint_eq((uintptr_t)block[i] % (bytes >= 4 * MIB ? 2 * MIB : 64), 0);
        if (bytes >= 4 * MIB)
            ck_assert(advised.area == block[i] && advised.size == occupied &&
                      advised.advice == MADV_HUGEPAGE);
        memset(block[i], i + 1, bytes);
    }
    if (bytes >= 128 * KIB) /* nothing but the blocks themselves */
        ck_assert_int_eq(suite_address_space() - before, ROUNDS * (long)occupied / KIB);
    for (int i = 0; i < ROUNDS; i++) {
        ck_assert_int_eq(block[i][0], i + 1);
        ck_assert_int_eq(block[i][bytes - 1], i + 1);
        memory_free(block[i], i % 2 ? bytes : occupied);
    }
    if (bytes >= 128 * KIB)
        ck_assert_int_eq(suite_address_space(), before);
}
END_TEST

START_TEST(a_small_block_is_given_back_to_malloc)
{
    long before = suite_address_space();
    for (int i = 0; i < 10000; i++) {
        char *block = memory_allocate(50 * KIB);
        memset(block, 1, 50 * KIB);
        memory_free(block, 50 * KIB);
    }
    ck_assert_int_lt(suite_address_space() - before, 10 * KIB);
    memory_free(NULL, 5);
    memory_free(NULL, 5 * MIB);
}
END_TEST

START_TEST(without_memory_there_is_no_block)
{
    struct rlimit small = {256 << 20, 256 << 20};
    ck_assert_int_eq(setrlimit(RLIMIT_AS, &small), 0);
    ck_assert_ptr_null(memory_allocate((size_t)1 << 30));
    ck_assert_ptr_null(result_allocate((size_t)1 << 30, NULL));
    void *block;
    do /* until malloc has none either */
        block = memory_allocate(127 * KIB);
    while (block);
}
END_TEST

/* ---- results */

START_TEST(a_result_is_charged_for_what_it_occupies_until_it_is_freed)
{
    static const size_t lengths[] = {1, 60000, MIB, 6 * MIB};
    size_t digits = lengths[_i], bytes = admission_ledger_size(1);
    admission_ledger *ledger =
        mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    const admission_limits limits = {.memory = 100 * MIB};
    admission budget;
    ck_assert_int_eq(admission_ledger_init(ledger, 1), 0);
    ck_assert(admission_join(&budget, ledger));
    ck_assert_uint_eq(result_size(digits), memory_size(digits + 64));
    ck_assert(admission_charge(&budget, &limits, result_size(digits) + 5));
    char *result = result_allocate(digits, &budget);
    ck_assert_uint_eq((uintptr_t)result % 64, 0);
    memset(result, '9', digits);
    ck_assert_uint_eq(admission_sum(ledger).memory, result_size(digits) + 5);
    result_free(result);
    ck_assert_uint_eq(admission_sum(ledger).memory, 5);

    result = result_allocate(digits, NULL); /* charged to nobody */
    memset(result, '9', digits);
    result_free(result);
    ck_assert_uint_eq(admission_sum(ledger).memory, 5);
    munmap(ledger, bytes);
}
END_TEST

Suite *suite(void)
{
    Suite *s = suite_create("memory");
    TCase *t = tcase_create("memory");
    tcase_add_loop_test(t, a_size_is_rounded_to_what_it_occupies, 0, SIZES);
    /* Sanitizers and valgrind have address space and blocks of their own. */
    if (!suite_sanitized() && !suite_under_valgrind()) {
        tcase_add_loop_test(t, a_block_is_aligned_can_be_written_and_is_given_back_whole, 0,
                            2 * SIZES);
        tcase_add_test(t, a_small_block_is_given_back_to_malloc);
        tcase_add_test(t, without_memory_there_is_no_block);
    }
    tcase_add_loop_test(t, a_result_is_charged_for_what_it_occupies_until_it_is_freed, 0, 4);
    suite_add_tcase(s, t);
    return s;
}
