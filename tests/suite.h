/*
 * What every Check suite shares: a table-free way to register tests, and one main.
 *
 * A suite file defines `Suite *suite(void)`; tests/suite.c has the main that runs it.
 */
#ifndef MOD_FACTORIAL_TESTS_SUITE_H
#define MOD_FACTORIAL_TESTS_SUITE_H

#include <check.h>

Suite *suite(void);

#endif
