#include "cgroup.h"

#include <limits.h>
#include <math.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { LINE = 512 };

/* Control groups: version 2 alone, version 1 with a hierarchy for each controller, or both. */

/*
 * The limit in a control group's file: the number, or the quotient of the two in cpu.max. 0 or
 * negative if there is none.
 */
static double read_limit(const char *root, const char *hierarchy, const char *group,
                         const char *file)
{
    char path[PATH_MAX], line[LINE], *end;
    snprintf(path, sizeof path, "%s/sys/fs/cgroup%s%s/%s", root, hierarchy, group, file);
    FILE *stream = fopen(path, "r");
    if (!stream)
        return 0;
    if (!fgets(line, sizeof line, stream))
        line[0] = '\0';
    fclose(stream);
    double limit = strtod(line, &end), period = strtod(end, NULL);
    return period > 0 ? limit / period : limit;
}

/* The group of this process in the hierarchy of a controller, "" for version 2's; "" if unknown. */
static void group_of(const char *root, const char *controller, char group[LINE])
{
    char path[PATH_MAX], line[LINE];
    snprintf(path, sizeof path, "%s/proc/self/cgroup", root);
    group[0] = '\0';
    FILE *stream = fopen(path, "r");
    while (stream && !group[0] && fgets(line, sizeof line, stream)) {
        char *rest = line, *name;
        strsep(&rest, ":"); /* the line is "ID:CONTROLLERS:GROUP" */
        char *controllers = strsep(&rest, ":"), *found = strsep(&rest, "\n");
        while (found && (name = strsep(&controllers, ",")))
            if (!strcmp(name, controller))
                snprintf(group, LINE, "%s", found);
    }
    if (stream)
        fclose(stream);
}

/*
 * The least of `least` and the limits of the group and of all groups above it, up to the visible
 * root: in a container the root may be the group itself under another name, so it always counts. In
 * version 1 the quota of processors is in two files; the second is `period`.
 */
static double least_limit(const char *root, const char *controller, const char *hierarchy,
                          const char *file, const char *period, double least)
{
    char group[LINE];
    group_of(root, controller, group);
    for (;;) {
        double limit = read_limit(root, hierarchy, group, file);
        if (period && limit > 0)
            limit /= read_limit(root, hierarchy, group, period);
        if (limit > 0 && limit < least)
            least = limit;
        char *last = strrchr(group, '/');
        if (!last)
            return least;
        *last = '\0';
    }
}

unsigned cgroup_processors(const char *root)
{
    cpu_set_t set;
    double processors = sched_getaffinity(0, sizeof set, &set) == 0
                            ? CPU_COUNT(&set)
                            : (double)sysconf(_SC_NPROCESSORS_ONLN);
    processors = least_limit(root, "", "", "cpu.max", NULL, processors);
    processors =
        least_limit(root, "cpu", "/cpu", "cpu.cfs_quota_us", "cpu.cfs_period_us", processors);
    return (unsigned)ceil(processors); /* they and all limits are above 0 */
}

uint64_t cgroup_memory(const char *root)
{
    double bytes = (double)sysconf(_SC_PHYS_PAGES) * (double)sysconf(_SC_PAGESIZE);
    bytes = least_limit(root, "", "", "memory.max", NULL, bytes);
    return (uint64_t)least_limit(root, "memory", "/memory", "memory.limit_in_bytes", NULL, bytes);
}
