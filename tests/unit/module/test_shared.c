#include "fake_httpd.h"
#include "shared.h"
#include "suite.h"

#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

enum { BYTES = 10000 };

START_TEST(a_block_is_zeroed_and_shared_with_children)
{
    bool fresh;
    volatile char *block = shared_memory("block", BYTES, &fresh);
    ck_assert(fresh);
    for (int i = 0; i < BYTES; i++)
        ck_assert_int_eq(block[i], 0);
    pid_t pid = fork();
    if (pid == 0) {
        block[BYTES - 1] = 7;
        _exit(0);
    }
    ck_assert_int_eq(waitpid(pid, NULL, 0), pid);
    ck_assert_int_eq(block[BYTES - 1], 7);
}
END_TEST

START_TEST(it_is_found_again_by_its_name_and_size)
{
    bool fresh;
    char *block = shared_memory("block", BYTES, &fresh);
    *block = 7;
    ck_assert_ptr_eq(shared_memory("block", BYTES, &fresh), block);
    ck_assert(!fresh);
    char *other = shared_memory("other", BYTES, &fresh);
    ck_assert(fresh);
    ck_assert_ptr_ne(other, block);
    ck_assert_ptr_eq(shared_memory("block", BYTES, &fresh), block);
    ck_assert_int_eq(*block, 7);
    /* Another size is another version's: everything anew. */
    block = shared_memory("block", 2 * BYTES, &fresh);
    ck_assert(fresh);
    ck_assert_int_eq(*block, 0);
    ck_assert_int_eq(block[2 * BYTES - 1], 0);
    ck_assert_ptr_eq(shared_memory("block", 2 * BYTES, &fresh), block);
    ck_assert(!fresh);
}
END_TEST

START_TEST(blocks_of_other_sizes_are_unmapped)
{
    struct rlimit small = {1 << 30, 1 << 30};
    ck_assert_int_eq(setrlimit(RLIMIT_AS, &small), 0);
    for (size_t i = 0; i < 100; i++) {
        bool fresh;
        ck_assert_ptr_nonnull(shared_memory("block", ((size_t)100 << 20) + i, &fresh));
        ck_assert(fresh);
    }
    bool fresh = true;
    ck_assert_ptr_null(shared_memory("large", (size_t)2 << 30, &fresh));
    ck_assert(!fresh);
}
END_TEST

Suite *suite(void)
{
    Suite *s = suite_create("shared");
    TCase *t = tcase_create("shared");
    tcase_add_checked_fixture(t, fake_set_up, fake_tear_down);
    tcase_add_test(t, a_block_is_zeroed_and_shared_with_children);
    tcase_add_test(t, it_is_found_again_by_its_name_and_size);
    if (!suite_sanitized() && !suite_under_valgrind()) /* they want more address space */
        tcase_add_test(t, blocks_of_other_sizes_are_unmapped);
    suite_add_tcase(s, t);
    return s;
}
