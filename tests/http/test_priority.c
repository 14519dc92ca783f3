/* A server whose threads may not lower their priority: it computes all the same. */
#include "client.h"
#include "suite.h"

#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

#define ENDPOINT \
    "<Location \"/api/v1/factorial\">\n  Factorial On\n</Location>\nLogLevel factorial:info\n"

/* From now on the system calls that set a priority end like this, as by systemd's
 * SystemCallFilter=~@resources. Other processes inherit that. */
static void forbid_priorities(unsigned action)
{
    struct sock_filter code[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_setpriority, 1, 0),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_sched_setattr, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, action),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    struct sock_fprog filter = {sizeof code / sizeof *code, code};
    ck_assert_int_eq(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), 0);
    ck_assert_int_eq(prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter), 0);
}

static const unsigned actions[] = {SECCOMP_RET_KILL_PROCESS, SECCOMP_RET_ERRNO | 1 /* EPERM */};

START_TEST(a_filter_that_forbids_priorities_changes_nothing_else)
{
    forbid_priorities(actions[_i]);
    server s = server_start("", ENDPOINT);
    server_expect(&s, "compute threads keep the normal priority");
    ck_assert(server_logged(&s, "compute threads keep the normal priority"));
    answer a = client_get(&s, "/api/v1/factorial?number=1000000");
    ck_assert_int_eq(a.status, 200);
    ck_assert(!strncmp(a.body, "{\"factorial\":82639316883312400623", 32));
    answer_free(&a);
    server_check_log(&s);
    server_stop(&s);
}
END_TEST

Suite *suite(void)
{
    Suite *s = suite_create("priority");
    TCase *t = tcase_create("priority");
    tcase_set_timeout(t, 60);
    tcase_add_loop_test(t, a_filter_that_forbids_priorities_changes_nothing_else, 0,
                        sizeof actions / sizeof *actions);
    suite_add_tcase(s, t);
    return s;
}
