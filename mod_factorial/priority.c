#include "priority.h"

#include <errno.h>
#include <sched.h>
#include <stdint.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
    /* With two busy processes beside the server on two processors, the p99 of small requests was
     * 4.0 ms at equal priority and 0.6 ms from nice 5 on. `make test-load` reports how much clients
     * that read large responses on the same processors add to that. */
    NICE = 5,
    NICE_MAX = 19,
    /* A waking thread with a shorter time slice preempts this one (EEVDF, Linux 6.12); httpd's
     * workers have at most 2.8 ms. A longer slice hurts: sched_yield() gives up all of it (p99 of
     * small requests up to 0.3 s at 100 ms, some 10 ms at 3 ms). */
    SLICE_NS = 3000000,
    KEEP_POLICY = 0x08 /* SCHED_BATCH and SCHED_IDLE stay in force */
};

static bool allowed;

/* Takes effect on this thread alone: on Linux each has a priority of its own. */
static bool lower(void)
{
    struct { /* version 0 of the kernel's sched_attr, which not every C library declares */
        uint32_t size, policy;
        uint64_t flags;
        int32_t nice;
        uint32_t priority;
        uint64_t runtime, deadline, period; /* nanoseconds */
    } attributes = {.size = sizeof attributes, .flags = KEEP_POLICY, .runtime = SLICE_NS};
    int nice = getpriority(PRIO_PROCESS, 0) + NICE;
    attributes.nice = nice < NICE_MAX ? nice : NICE_MAX;
    return syscall(SYS_sched_setattr, 0, &attributes, 0) == 0;
}

bool priority_probe(void)
{
    int status = 0;
    pid_t pid = fork();
    if (pid == 0) {
        prctl(PR_SET_DUMPABLE, 0);     /* no core file if the filter kills */
        sched_setaffinity(0, 0, NULL); /* fails, but shows whether the filter kills */
        _exit(lower() ? 0 : 1);
    }
    while (pid > 0 && waitpid(pid, &status, 0) < 0)
        if (errno != EINTR)
            pid = -1;
    allowed = pid > 0 && WIFEXITED(status) && WEXITSTATUS(status) == 0;
    return allowed;
}

void priority_lower(void *unused)
{
    (void)unused;
    if (allowed)
        lower();
}
