#include "budget.h"

#include <check.h>
#include <sys/mman.h>

const admission_limits limits = {
    .memory = 100 * MIB, .computations = 3, .waiting = 2, .cached = 64};
admission_ledger *ledger;
admission here;

enum { PAGE = 1 << 16 }; /* a multiple of every system's pages */
static char *area;

static size_t room(void)
{
    return (admission_ledger_size(PROCESSES) + PAGE - 1) / PAGE * PAGE;
}

/* The ledger ends at a page that cannot be touched. */
void budget_set_up(void)
{
    area = mmap(NULL, room() + PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    ck_assert_ptr_ne(area, MAP_FAILED);
    ck_assert_int_eq(mprotect(area + room(), PAGE, PROT_NONE), 0);
    ledger = (void *)(area + room() - admission_ledger_size(PROCESSES));
    ck_assert_int_eq(admission_ledger_init(ledger, PROCESSES), 0);
    ck_assert(admission_join(&here, ledger));
}

void budget_tear_down(void)
{
    munmap(area, room() + PAGE);
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
