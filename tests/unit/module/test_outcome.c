#include "module.h"
#include "outcome.h"
#include "suite.h"

#include <string.h>

START_TEST(each_outcome_has_a_counter_and_those_of_one_counter_are_neighbours)
{
    const outcome_row *row = &outcomes[_i];
    ck_assert_ptr_nonnull(row->counter.name);
    ck_assert_ptr_nonnull(row->counter.title);
    for (int other = _i + 1; other < OUTCOME_COUNT; other++)
        if (!strcmp(row->counter.name, outcomes[other].counter.name)) {
            ck_assert_str_eq(outcomes[other - 1].counter.name, row->counter.name);
            ck_assert_str_eq(outcomes[other].counter.title, row->counter.title);
        }
}
END_TEST

START_TEST(an_error_has_all_that_its_response_needs)
{
    const outcome_row *row = &outcomes[_i];
    bool error = row->problem.detail;
    ck_assert_int_eq(row->problem.type != NULL, error);
    ck_assert_int_eq(row->problem.title != NULL, error);
    ck_assert_int_eq(row->status >= 400 && row->status != 499, error);
    /* Of the errors, both logs name the server's own alone. */
    ck_assert_int_eq(row->log.text != NULL, row->log.reason != NULL);
    if (error)
        ck_assert_int_eq(row->log.text != NULL, row->status >= 500);
    if (row->log.text)
        ck_assert(row->log.level >= APLOG_ERR && row->log.level <= APLOG_INFO);
}
END_TEST

Suite *suite(void)
{
    Suite *s = suite_create("outcome");
    TCase *t = tcase_create("outcome");
    tcase_add_loop_test(t, each_outcome_has_a_counter_and_those_of_one_counter_are_neighbours, 0,
                        OUTCOME_COUNT);
    tcase_add_loop_test(t, an_error_has_all_that_its_response_needs, 0, OUTCOME_COUNT);
    suite_add_tcase(s, t);
    return s;
}
