#include "engine/keeper.h"
#include "heap.h"
#include "suite.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

enum { MIB = 1 << 20 };

static heap source;
static factorial_keeper *keeper;
static factorial_memory *memory;

static void set_up(void)
{
    heap_init(&source);
    keeper = factorial_keeper_create(&source.memory, 11 * MIB);
    ck_assert_ptr_nonnull(keeper);
    memory = factorial_keeper_memory(keeper);
}

static void tear_down(void)
{
    factorial_keeper_destroy(keeper);
    ck_assert_uint_eq(source.used, 0);
}

static void *acquire(size_t bytes)
{
    char *block = memory->acquire(memory, bytes);
    if (block) {
        ck_assert_uint_eq((uintptr_t)block % 64, 0);
        memset(block, 0x55, bytes);
    }
    return block;
}

static void release(void *block, size_t bytes)
{
    memory->release(memory, block, bytes);
}

START_TEST(a_released_block_is_kept_and_handed_out_again)
{
    void *block = acquire(4 * MIB);
    ck_assert_uint_eq(factorial_keeper_idle(keeper), 0);
    release(block, 4 * MIB);
    ck_assert_uint_ge(factorial_keeper_idle(keeper), 4 * MIB);
    size_t used = source.used;
    ck_assert_ptr_eq(acquire(15 * MIB / 4), block); /* a shorter one too */
    ck_assert_uint_eq(source.used, used);
    ck_assert_uint_eq(factorial_keeper_idle(keeper), 0);
    release(block, 15 * MIB / 4);
    ck_assert_ptr_eq(acquire(4 * MIB), block); /* it has not become shorter by that */
    release(block, 4 * MIB);
}
END_TEST

START_TEST(of_several_blocks_the_smallest_that_fits_is_taken)
{
    const size_t less = 29 * MIB / 10, a_bit_more = 16 * MIB / 5;
    void *longest = acquire(a_bit_more), *two = acquire(2 * MIB), *three = acquire(3 * MIB);
    release(longest, a_bit_more);
    release(two, 2 * MIB);
    release(three, 3 * MIB);
    ck_assert_ptr_eq(acquire(less), three);
    ck_assert_ptr_eq(acquire(less), longest);
    ck_assert_ptr_eq(acquire(2 * MIB), two);
    release(longest, less);
    release(two, 2 * MIB);
    release(three, less);
}
END_TEST

START_TEST(a_longer_block_is_not_wasted_on_a_short_request)
{
    void *block = acquire(8 * MIB);
    release(block, 8 * MIB);
    void *other = acquire(6 * MIB);
    ck_assert_ptr_ne(other, block);
    release(other, 6 * MIB);
}
END_TEST

START_TEST(what_exceeds_the_ceiling_goes_back_to_the_source)
{
    void *six = acquire(6 * MIB), *seven = acquire(7 * MIB);
    release(six, 6 * MIB);
    release(seven, 7 * MIB);
    ck_assert_uint_le(factorial_keeper_idle(keeper), 11 * MIB);
    ck_assert_uint_eq(source.used, factorial_keeper_idle(keeper));
}
END_TEST

START_TEST(short_blocks_are_not_kept_and_the_number_of_idle_ones_is_bounded)
{
    enum { BLOCKS = 100 };
    void *block[BLOCKS];
    release(acquire(100), 100);
    ck_assert_uint_eq(source.used, 0);
    for (int i = 0; i < BLOCKS; i++)
        block[i] = acquire(65536);
    for (int i = 0; i < BLOCKS; i++)
        release(block[i], 65536);
    ck_assert_uint_eq(source.used, factorial_keeper_idle(keeper));
    ck_assert_uint_lt(source.used, BLOCKS * 65536);
}
END_TEST

START_TEST(idle_blocks_are_given_back_on_demand)
{
    void *two = acquire(2 * MIB), *three = acquire(3 * MIB);
    release(two, 2 * MIB);
    size_t idle = factorial_keeper_idle(keeper);
    ck_assert_uint_eq(factorial_keeper_give_back(keeper), idle);
    ck_assert_uint_eq(factorial_keeper_idle(keeper), 0);
    ck_assert_uint_lt(source.used, 4 * MIB);
    release(three, 3 * MIB);
}
END_TEST

START_TEST(before_a_request_is_refused_the_idle_blocks_are_given_back)
{
    release(acquire(4 * MIB), 4 * MIB);
    heap_refuse(&source, 1);
    void *block = acquire(9 * MIB);
    ck_assert_ptr_nonnull(block);
    ck_assert_uint_eq(factorial_keeper_idle(keeper), 0);
    heap_refuse(&source, 1);
    ck_assert_ptr_null(acquire(9 * MIB));
    release(block, 9 * MIB);
}
END_TEST

START_TEST(lengths_that_no_memory_has_are_refused)
{
    ck_assert_ptr_null(memory->acquire(memory, SIZE_MAX));
    ck_assert_ptr_null(keeper_allocate(SIZE_MAX));
}
END_TEST

START_TEST(blocks_are_aligned_long_ones_for_huge_pages)
{
    for (size_t bytes = 1; bytes < 64 * (size_t)MIB; bytes = bytes * 3 + 1) {
        char *block = keeper_allocate(bytes);
        ck_assert_ptr_nonnull(block);
        block[0] = block[bytes - 1] = 1;
        ck_assert_uint_eq((uintptr_t)block % (bytes >= 2 * MIB ? 2 * MIB : 64), 0);
        free(block);
    }
}
END_TEST

static void *use_much(void *argument)
{
    unsigned seed = *(unsigned *)argument;
    for (int i = 0; i < 400; i++) {
        size_t bytes = (size_t)rand_r(&seed) % (2 * MIB) + 1;
        char *block = memory->acquire(memory, bytes);
        ck_assert_ptr_nonnull(block);
        block[0] = block[bytes - 1] = (char)i;
        if (i % 50 == 0)
            factorial_keeper_give_back(keeper);
        release(block, bytes);
    }
    return NULL;
}

START_TEST(several_threads_use_a_keeper)
{
    pthread_t thread[4];
    unsigned seed[4] = {1, 2, 3, 4};
    for (size_t i = 0; i < 4; i++)
        ck_assert_int_eq(pthread_create(&thread[i], NULL, use_much, &seed[i]), 0);
    for (size_t i = 0; i < 4; i++)
        pthread_join(thread[i], NULL);
    ck_assert_uint_eq(source.used, factorial_keeper_idle(keeper));
}
END_TEST

Suite *suite(void)
{
    Suite *s = suite_create("keeper");
    TCase *t = tcase_create("keeper");
    tcase_add_checked_fixture(t, set_up, tear_down);
    tcase_set_timeout(t, 60);
    tcase_add_test(t, a_released_block_is_kept_and_handed_out_again);
    tcase_add_test(t, of_several_blocks_the_smallest_that_fits_is_taken);
    tcase_add_test(t, a_longer_block_is_not_wasted_on_a_short_request);
    tcase_add_test(t, what_exceeds_the_ceiling_goes_back_to_the_source);
    tcase_add_test(t, short_blocks_are_not_kept_and_the_number_of_idle_ones_is_bounded);
    tcase_add_test(t, idle_blocks_are_given_back_on_demand);
    tcase_add_test(t, before_a_request_is_refused_the_idle_blocks_are_given_back);
    tcase_add_test(t, lengths_that_no_memory_has_are_refused);
    tcase_add_test(t, blocks_are_aligned_long_ones_for_huge_pages);
    tcase_add_test(t, several_threads_use_a_keeper);
    suite_add_tcase(s, t);
    return s;
}
