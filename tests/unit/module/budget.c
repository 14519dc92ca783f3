#include "budget.h"

#include <check.h>
#include <sys/mman.h>

const admission_limits limits = {
    .memory = 100 * MIB, .computations = 3, .waiting = 2, .cached = 64};
admission_ledger *ledger;
admission here;

void budget_set_up(void)
{
    size_t bytes = admission_ledger_size(PROCESSES);
    ledger = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    ck_assert_ptr_ne(ledger, MAP_FAILED);
    ck_assert_int_eq(admission_ledger_init(ledger, PROCESSES), 0);
    ck_assert(admission_join(&here, ledger));
}

void budget_tear_down(void)
{
    munmap(ledger, admission_ledger_size(PROCESSES));
}

admission_answer request(admission *a, const admission_limits *l, uint64_t bytes, uint64_t *ticket)
{
    const admission_demand demand = {.others = bytes};
    admission_scratch scratch;
    return admission_request(a, l, &demand, ticket, &scratch);
}

admission_answer ask(uint64_t bytes, uint64_t *ticket)
{
    return request(&here, &limits, bytes, ticket);
}

void end_computation(admission *a)
{
    admission_finish(a, &limits, (admission_scratch){0});
}

void assert_granted(uint64_t bytes)
{
    uint64_t ticket = 0;
    ck_assert_int_eq(ask(bytes, &ticket), ADMISSION_GRANTED);
    ck_assert_uint_eq(ticket, 0);
}
