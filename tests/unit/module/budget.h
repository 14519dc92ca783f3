/*
 * A budget of 100 MiB, three computations and a queue of two, which this process has joined: what
 * the suites of admission share.
 */
#ifndef MOD_FACTORIAL_TESTS_BUDGET_H
#define MOD_FACTORIAL_TESTS_BUDGET_H

#include "admission.h"

#define MIB ((uint64_t)1 << 20)

enum { PROCESSES = 8 }; /* that the ledger has room for */

extern const admission_limits limits;
extern admission_ledger *ledger;
extern admission here;

/* Checked fixtures. */
void budget_set_up(void);
void budget_tear_down(void);

/* Asks for a computation that needs no scratch block: so many bytes are charged, and none
 * allocated. */
admission_answer request(admission *a, const admission_limits *l, uint64_t bytes, uint64_t *ticket);
admission_answer ask(uint64_t bytes, uint64_t *ticket); /* here, within the limits */
void assert_granted(uint64_t bytes);                    /* the same, at once */

void end_computation(admission *a);

#endif
