#include "priority.h"
#include "suite.h"

#include <linux/filter.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

static int nice_now(void)
{
    return getpriority(PRIO_PROCESS, 0);
}

/* This thread's time slice, nanoseconds; 0 before Linux 6.12, which tells none. */
static uint64_t slice(void)
{
    struct {
        uint32_t size, policy;
        uint64_t flags;
        int32_t nice;
        uint32_t priority;
        uint64_t runtime, deadline, period;
    } attributes = {.size = sizeof attributes};
    ck_assert_int_eq(syscall(SYS_sched_getattr, 0, &attributes, sizeof attributes, 0), 0);
    return attributes.runtime;
}

START_TEST(a_priority_is_lowered_by_5_and_not_below_the_lowest)
{
    int before = nice_now();
    priority_lower(NULL);
    ck_assert_int_eq(nice_now(), before); /* nobody has asked whether it is allowed */
    ck_assert(priority_probe());
    ck_assert_int_eq(nice_now(), before); /* another process has tried it */
    for (int lower = before; lower < 19;) {
        priority_lower(NULL);
        lower = lower + 5 < 19 ? lower + 5 : 19;
        ck_assert_int_eq(nice_now(), lower);
    }
    priority_lower(NULL);
    ck_assert_int_eq(nice_now(), 19);
    ck_assert(slice() == 3000000 || slice() == 0);
    ck_assert_int_eq(waitpid(-1, NULL, WNOHANG), -1); /* nor is there a child left */
}
END_TEST

static void do_nothing(int signal_number)
{
}

START_TEST(a_signal_does_not_change_the_answer)
{
    const struct sigaction action = {.sa_handler = do_nothing}; /* without SA_RESTART */
    const struct itimerval every_millisecond = {{0, 1000}, {0, 1000}}, never = {{0, 0}, {0, 0}};
    sigaction(SIGALRM, &action, NULL);
    setitimer(ITIMER_REAL, &every_millisecond, NULL);
    bool allowed = true;
    for (int i = 0; i < 50; i++)
        allowed = allowed && priority_probe();
    setitimer(ITIMER_REAL, &never, NULL);
    ck_assert(allowed);
}
END_TEST

/* As by systemd's SystemCallFilter=~@resources. */
static const struct {
    unsigned call, action;
} filters[] = {
    {SYS_sched_setattr, SECCOMP_RET_KILL_PROCESS},
    {SYS_sched_setattr, SECCOMP_RET_ERRNO | 1 /* EPERM */},
    {SYS_sched_setaffinity, SECCOMP_RET_KILL_PROCESS},
};

START_TEST(where_it_is_forbidden_nothing_happens)
{
    struct sock_filter code[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, filters[_i].call, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, filters[_i].action),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    struct sock_fprog filter = {sizeof code / sizeof *code, code};
    int before = nice_now();
    ck_assert_int_eq(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), 0);
    ck_assert_int_eq(prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter), 0);
    ck_assert(!priority_probe());
    priority_lower(NULL);
    ck_assert_int_eq(nice_now(), before);
}
END_TEST

Suite *suite(void)
{
    Suite *s = suite_create("priority");
    TCase *t = tcase_create("priority");
    tcase_add_test(t, a_priority_is_lowered_by_5_and_not_below_the_lowest);
    tcase_add_test(t, a_signal_does_not_change_the_answer);
    tcase_add_loop_test(t, where_it_is_forbidden_nothing_happens, 0,
                        sizeof filters / sizeof *filters);
    suite_add_tcase(s, t);
    return s;
}
