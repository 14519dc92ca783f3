#include "parse.h"
#include "suite.h"

#include <stdlib.h>
#include <string.h>

static const struct {
    const char *query;
    outcome outcome;
    uint64_t number;
} queries[] = {
    {NULL, OUTCOME_NUMBER_MISSING, 0},
    {"", OUTCOME_NUMBER_MISSING, 0},
    {"&", OUTCOME_NUMBER_MISSING, 0},
    {"&&&=5&", OUTCOME_NUMBER_MISSING, 0},
    {"num=5", OUTCOME_NUMBER_MISSING, 0},
    {"numbers=5", OUTCOME_NUMBER_MISSING, 0},
    {"NUMBER=5", OUTCOME_NUMBER_MISSING, 0},
    {"number%3D=5", OUTCOME_NUMBER_MISSING, 0},
    {"number%3D5", OUTCOME_NUMBER_MISSING, 0},
    {"number%00=5", OUTCOME_NUMBER_MISSING, 0},
    {"%00number=5", OUTCOME_NUMBER_MISSING, 0},
    {"%zzumber=5", OUTCOME_NUMBER_MISSING, 0},
    {"+number=5", OUTCOME_NUMBER_MISSING, 0},
    {"x;number=5", OUTCOME_NUMBER_MISSING, 0},

    {"number=0", OUTCOME_OK, 0},
    {"number=5", OUTCOME_OK, 5},
    {"number=1000", OUTCOME_OK, 1000},
    {"number=0000000000000000000000000000000000000000007", OUTCOME_OK, 7},
    {"&number=5&", OUTCOME_OK, 5},
    {"x&number=5", OUTCOME_OK, 5},
    {"number=5&number=x", OUTCOME_OK, 5},
    {"%6E%75%6d%62%65%72=%35%30", OUTCOME_OK, 50},
    {"number=+5", OUTCOME_OK, 5},
    {"number=%2b5", OUTCOME_OK, 5},
    {"number=+%09%0A%0b%0C%0D5+%20%09", OUTCOME_OK, 5},
    {"number=-0", OUTCOME_OK, 0},
    {"number=-000", OUTCOME_OK, 0},

    {"number", OUTCOME_NUMBER_INVALID, 0},
    {"number&number=5", OUTCOME_NUMBER_INVALID, 0},
    {"number=", OUTCOME_NUMBER_INVALID, 0},
    {"number=+", OUTCOME_NUMBER_INVALID, 0},
    {"number=-", OUTCOME_NUMBER_INVALID, 0},
    {"number=%2B", OUTCOME_NUMBER_INVALID, 0},
    {"number=--5", OUTCOME_NUMBER_INVALID, 0},
    {"number=%2B-5", OUTCOME_NUMBER_INVALID, 0},
    {"number=%2B%2B5", OUTCOME_NUMBER_INVALID, 0},
    {"number=%2B+5", OUTCOME_NUMBER_INVALID, 0},
    {"number=-5", OUTCOME_NUMBER_INVALID, 0},
    {"number=-99999999999999999999999999", OUTCOME_NUMBER_INVALID, 0},
    {"number=5.0", OUTCOME_NUMBER_INVALID, 0},
    {"number=5e0", OUTCOME_NUMBER_INVALID, 0},
    {"number=0x5", OUTCOME_NUMBER_INVALID, 0},
    {"number=5=5", OUTCOME_NUMBER_INVALID, 0},
    {"number=5+5", OUTCOME_NUMBER_INVALID, 0},
    {"number=5_0", OUTCOME_NUMBER_INVALID, 0},
    {"number=5%", OUTCOME_NUMBER_INVALID, 0},
    {"number=5%3", OUTCOME_NUMBER_INVALID, 0},
    {"number=%3", OUTCOME_NUMBER_INVALID, 0},
    {"number=%g5", OUTCOME_NUMBER_INVALID, 0},
    {"number=%3g", OUTCOME_NUMBER_INVALID, 0},
    {"number=%3@", OUTCOME_NUMBER_INVALID, 0},
    {"number=%3:", OUTCOME_NUMBER_INVALID, 0},
    {"number=%3/", OUTCOME_NUMBER_INVALID, 0},
    {"number=5%00", OUTCOME_NUMBER_INVALID, 0},
    {"number=%005", OUTCOME_NUMBER_INVALID, 0},
    {"number=%1C5", OUTCOME_NUMBER_INVALID, 0},
    {"number=%EF%BC%95", OUTCOME_NUMBER_INVALID, 0},
    {"number=%C2%A05", OUTCOME_NUMBER_INVALID, 0},
    {"number=1001x", OUTCOME_NUMBER_INVALID, 0},
    {"number=99999999999999999999999999x", OUTCOME_NUMBER_INVALID, 0},

    {"number=1001", OUTCOME_NUMBER_TOO_LARGE, 0},
    {"number=18446744073709551615", OUTCOME_NUMBER_TOO_LARGE, 0},
    {"number=18446744073709551616", OUTCOME_NUMBER_TOO_LARGE, 0},
    {"number=18446744073709551621", OUTCOME_NUMBER_TOO_LARGE, 0},
    {"number=340282366920938463463374607431768211461", OUTCOME_NUMBER_TOO_LARGE, 0},
    {"number=%2B1001+", OUTCOME_NUMBER_TOO_LARGE, 0},
};

START_TEST(every_query_has_its_outcome)
{
    uint64_t number = 12345;
    ck_assert_int_eq(parse_number(queries[_i].query, 1000, &number), queries[_i].outcome);
    ck_assert_uint_eq(number, queries[_i].outcome == OUTCOME_OK ? queries[_i].number : 12345);
}
END_TEST

START_TEST(the_maximum_itself_is_allowed)
{
    uint64_t number;
    ck_assert_int_eq(parse_number("number=0", 0, &number), OUTCOME_OK);
    ck_assert_int_eq(parse_number("number=1", 0, &number), OUTCOME_NUMBER_TOO_LARGE);
    ck_assert_int_eq(parse_number("number=18446744073709551615", UINT64_MAX, &number), OUTCOME_OK);
    ck_assert_uint_eq(number, UINT64_MAX);
    ck_assert_int_eq(parse_number("number=18446744073709551616", UINT64_MAX, &number),
                     OUTCOME_NUMBER_TOO_LARGE);
}
END_TEST

START_TEST(ten_megabytes_of_digits_are_read_in_one_pass)
{
    size_t length = 10 << 20;
    uint64_t number;
    char *query = malloc(length + 1);
    memset(query, '9', length);
    memcpy(query, "number=", 7);
    query[length] = '\0';
    ck_assert_int_eq(parse_number(query, 1000, &number), OUTCOME_NUMBER_TOO_LARGE);
    memset(query + 7, '0', length - 7);
    query[length - 1] = '5';
    ck_assert_int_eq(parse_number(query, 1000, &number), OUTCOME_OK);
    ck_assert_uint_eq(number, 5);
    query[length - 1] = 'x';
    ck_assert_int_eq(parse_number(query, 1000, &number), OUTCOME_NUMBER_INVALID);
    memset(query, '&', length);
    ck_assert_int_eq(parse_number(query, 1000, &number), OUTCOME_NUMBER_MISSING);
    free(query);
}
END_TEST

#define JSON FORM_NUMBER
#define TEXT FORM_TEXT

static const struct {
    const char *accept;
    response_form form;
    bool problem_details;
} preferences[] = {
    {NULL, JSON, false},
    {"", JSON, false},
    {"*/*", JSON, false},
    {"application/json", JSON, false},
    {"APPLICATION/JSON", JSON, false},
    {"text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", JSON, false},
    {"text/html", JSON, false},
    {"application/*", JSON, false},
    {"text/plain", TEXT, false},
    {"Text/Plain", TEXT, false},
    {" text/plain ", TEXT, false},
    {"text/*", TEXT, false},
    {"text/plain;charset=utf-8", TEXT, false},
    {"text/plain; charset=\"UTF-8\"", TEXT, false},
    {"text/plain;charset=latin1", JSON, false},
    {"text/plain;format=flowed", JSON, false},
    {"text/plaid", JSON, false},
    {"text/pla", JSON, false},
    {"text/plainer", JSON, false},
    {"text/plain;format=\"a,b\", application/json", JSON, false},

    {"text/plain, application/json", JSON, false},
    {"text/plain, application/json;q=1", JSON, false},
    {"text/plain;q=0.5, application/json;q=0.5", JSON, false},
    {"text/plain;q=0.5, application/json;q=0.4", TEXT, false},
    {"text/plain;q=0.5 , application/json ; q=0.499", TEXT, false},
    {"text/plain;q=0.001", TEXT, false},
    {"text/plain;q=0", JSON, false},
    {"text/plain;q=0.000, */*", JSON, false},
    {"application/json;q=0", JSON, false},
    {"application/json;q=0, */*", TEXT, false},
    {"application/json;q=0, text/plain;q=0", JSON, false},
    {"*/*;q=0.1, text/plain", TEXT, false},
    {"text/*;q=0.9, text/plain;q=0.1, application/json;q=0.5", JSON, false},
    {"text/*;q=0.1, text/plain;q=0.9, application/json;q=0.5", TEXT, false},
    {"text/plain;charset=utf-8;q=0.1, text/plain, application/json;q=0.5", JSON, false},
    {"text/plain;q=0.2, text/plain;q=0.8, application/json;q=0.5", TEXT, false},
    {"text/plain;q=0.8, text/plain;q=0.2, application/json;q=0.5", TEXT, false},
    {"*/*, application/*;q=0.5", TEXT, false},

    {"text/plain;q=2", JSON, false},
    {"application/json;q=2, */*", JSON, false},
    {"text/plain;q=1.001", JSON, false},
    {"text/plain;q=0.1234", JSON, false},
    {"text/plain;q=-1", JSON, false},
    {"text/plain;q=", JSON, false},
    {"text/plain;q", JSON, false},
    {"text/plain;q=0.x, text/plain", TEXT, false},
    {"application/json;q=1x, */*;q=0.5", JSON, false},
    {"text/plain;q=1.", TEXT, false},
    {"text/plain;q=1.000;level=1", TEXT, false},
    {"text", JSON, false},
    {"text/", JSON, false},
    {"/plain", JSON, false},
    {",,,text/plain", TEXT, false},
    {"garbage here, text/plain", TEXT, false},
    {"a/b;c=\"unfinished, text/plain", JSON, false},
    {"a/b;c=\"x\\\"y\", text/plain", TEXT, false},

    {"application/problem+json", JSON, true},
    {"application/json, application/problem+json", JSON, true},
    {"text/plain, application/problem+json;q=0.1", TEXT, true},
    {"application/problem+json;q=0, */*", JSON, false},
};

START_TEST(every_accept_field_has_its_preference)
{
    accept_preference found = parse_accept(preferences[_i].accept);
    ck_assert_msg(found.form == preferences[_i].form, "%s", preferences[_i].accept);
    ck_assert_msg(found.problem_details == preferences[_i].problem_details, "%s",
                  preferences[_i].accept);
}
END_TEST

START_TEST(nothing_is_read_after_a_backslash_that_ends_the_accept_field)
{
    static const char field[] = "text/plain;a=\"\\\0\", text/plain";
    ck_assert_int_eq(parse_accept(field).form, FORM_NUMBER);
}
END_TEST

Suite *suite(void)
{
    Suite *s = suite_create("parse");
    TCase *t = tcase_create("parse");
    tcase_set_timeout(t, 30);
    tcase_add_loop_test(t, every_query_has_its_outcome, 0, sizeof queries / sizeof *queries);
    tcase_add_test(t, the_maximum_itself_is_allowed);
    tcase_add_test(t, ten_megabytes_of_digits_are_read_in_one_pass);
    tcase_add_loop_test(t, every_accept_field_has_its_preference, 0,
                        sizeof preferences / sizeof *preferences);
    tcase_add_test(t, nothing_is_read_after_a_backslash_that_ends_the_accept_field);
    suite_add_tcase(s, t);
    return s;
}
