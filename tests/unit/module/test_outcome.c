#include "module.h"
#include "outcome.h"
#include "suite.h"

#include <string.h>

START_TEST(each_outcome_has_a_counter_and_those_of_one_counter_are_neighbours)
{
    const outcome_row *row = &outcomes[_i];
    ck_assert_ptr_nonnull(row->counter);
    ck_assert_ptr_nonnull(row->counter_title);
    for (int other = _i + 1; other < OUTCOME_COUNT; other++)
        if (!strcmp(row->counter, outcomes[other].counter)) {
            ck_assert_str_eq(outcomes[other - 1].counter, row->counter);
            ck_assert_str_eq(outcomes[other].counter_title, row->counter_title);
        }
}
END_TEST

START_TEST(an_error_has_all_that_its_response_needs)
{
    const outcome_row *row = &outcomes[_i];
    if (row->detail) {
        ck_assert_int_ge(row->status, 400);
        ck_assert_ptr_nonnull(row->problem);
        ck_assert_ptr_nonnull(row->title);
    }
    /* The server's own failures can be found in both logs, the client's only in its response. */
    bool clients = row->status < 500 && row->detail;
    if (row->detail)
        ck_assert_int_eq(row->log != NULL, !clients);
    ck_assert_int_eq(row->log != NULL, row->reason != NULL);
    ck_assert_int_eq(row->retry, row->status == HTTP_SERVICE_UNAVAILABLE);
    if (row->log)
        ck_assert(row->log_level >= APLOG_ERR && row->log_level <= APLOG_INFO);
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
