/*
 * What every Check suite shares. A suite's file defines `suite`; tests/suite.c has the main.
 */
#ifndef MOD_FACTORIAL_TESTS_SUITE_H
#define MOD_FACTORIAL_TESTS_SUITE_H

#include <check.h>

#include <stdbool.h>

/* Check writes to a file at each assertion, also at one that holds. What is compared a million
 * times is compared by an if, and ck_abort_msg. */

Suite *suite(void);

/* Everything is fifty times slower, and long doubles have 64 bits: tests do less of the same. */
bool suite_under_valgrind(void);

/* Sanitizers want more address space than a test could take away. */
bool suite_sanitized(void);

/* There are minutes for each test. */
bool suite_nightly(void);

/* Kilobytes of address space that this process has. */
long suite_address_space(void);

/* Threads of this process. */
int suite_threads(void);

/* Waits, as the system forgets a thread a moment after its end, and fails if more are left. */
void suite_expect_threads(int most);

#endif
