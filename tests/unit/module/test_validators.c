#include "fake_httpd.h"
#include "suite.h"
#include "validators.h"

#include <string.h>

START_TEST(each_form_has_its_own_tag)
{
    factorial_request q = {.r = fake_request("number=21"), .n = 21};
    ck_assert_str_eq(validators_tag(&q), "\"21-json-1\"");
    q.form = FORM_STRING;
    ck_assert_str_eq(validators_tag(&q), "\"21-string-1\"");
    q.form = FORM_TEXT;
    ck_assert_str_eq(validators_tag(&q), "\"21-text-1\"");
    q.form = FORM_SUMMARY;
    ck_assert_str_eq(validators_tag(&q), "\"21-summary-1\"");
}
END_TEST

static const struct {
    const char *list;
    bool not_modified, fails;
} conditions[] = {
    {"\"5-json-1\"", true, false},       {"\"5-json-1-gzip\"", true, false},
    {"\"5-json-1-br\"", true, false},    {"*", true, false},
    {"W/\"5-json-1\"", true, true},      {"\"5-json-2\"", false, true},
    {"\"5-json-1-other\"", false, true}, {"", false, true},
};

START_TEST(conditions_are_on_the_tag_with_or_without_a_suffix)
{
    factorial_request q = {.r = fake_request("number=5"), .n = 5};
    fake_header(q.r, "If-None-Match", conditions[_i].list);
    ck_assert_int_eq(validators_not_modified(&q), conditions[_i].not_modified);
    const char *tag = fake_answer_header(q.r, "ETag"); /* the one that the client has */
    if (conditions[_i].not_modified && strcmp(conditions[_i].list, "*") != 0)
        ck_assert_msg(tag && strstr(conditions[_i].list, tag), "%s", conditions[_i].list);
    else
        ck_assert_ptr_null(tag);
    fake_header(q.r, "If-Match", conditions[_i].list);
    ck_assert_int_eq(validators_precondition_fails(&q), conditions[_i].fails);
}
END_TEST

START_TEST(there_are_no_conditions_on_subrequests_and_error_documents)
{
    factorial_request q = {.r = fake_request("number=5"), .n = 5};
    ck_assert(!validators_not_modified(&q));
    ck_assert(!validators_precondition_fails(&q));
    fake_header(q.r, "If-None-Match", "*");
    fake_header(q.r, "If-Match", "\"6-json-1\"");
    ck_assert(validators_not_modified(&q));
    ck_assert(validators_precondition_fails(&q));
    q.r->main = q.r;
    ck_assert(!validators_not_modified(&q));
    ck_assert(!validators_precondition_fails(&q));
    q.r->main = NULL;
    q.r->status = HTTP_GONE;
    ck_assert(!validators_not_modified(&q));
    ck_assert(!validators_precondition_fails(&q));
}
END_TEST

Suite *suite(void)
{
    Suite *s = suite_create("validators");
    TCase *t = tcase_create("validators");
    tcase_add_checked_fixture(t, fake_set_up, fake_tear_down);
    tcase_add_test(t, each_form_has_its_own_tag);
    tcase_add_loop_test(t, conditions_are_on_the_tag_with_or_without_a_suffix, 0,
                        sizeof conditions / sizeof *conditions);
    tcase_add_test(t, there_are_no_conditions_on_subrequests_and_error_documents);
    suite_add_tcase(s, t);
    return s;
}
