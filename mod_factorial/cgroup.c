#include "cgroup.h"

#include <limits.h>
#include <sched.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { LINE = 512 };

/* ---- control groups: version 2 alone, version 1 with a hierarchy for each controller, or both */

/* Reads the one line of a control group's file; false if there is none. */
static bool read_line(const char *root, const char *hierarchy, const char *group, const char *file,
                      char line[LINE])
{
    char path[PATH_MAX];
    int length =
        snprintf(path, sizeof path, "%s/sys/fs/cgroup%s%s/%s", root, hierarchy, group, file);
    if (length < 0 || (size_t)length >= sizeof path)
        return false;
    FILE *stream = fopen(path, "r");
    if (!stream)
        return false;
    bool read = fgets(line, LINE, stream);
    fclose(stream);
    return read;
}

/* The fields of a line "ID:CONTROLLERS:GROUP" of /proc/self/cgroup. */
static bool names_controller(char *line, const char *controller, char **group)
{
    char *controllers = strchr(line, ':');
    *group = controllers ? strchr(controllers + 1, ':') : NULL;
    if (!*group)
        return false;
    *(*group)++ = '\0';
    (*group)[strcspn(*group, "\n")] = '\0';
    char *rest = controllers + 1, *name;
    while ((name = strsep(&rest, ",")))
        if (!strcmp(name, controller))
            return true;
    return false;
}

/* The group of this process in the hierarchy of a controller, "" for version 2's; "" if unknown. */
static void group_of(const char *root, const char *controller, char group[LINE])
{
    char path[PATH_MAX], line[LINE], *found;
    snprintf(path, sizeof path, "%s/proc/self/cgroup", root);
    group[0] = '\0';
    FILE *stream = fopen(path, "r");
    while (stream && !group[0] && fgets(line, sizeof line, stream))
        if (names_controller(line, controller, &found))
            snprintf(group, LINE, "%s", found);
    if (stream)
        fclose(stream);
}

typedef double limit_reader(const char *root, const char *hierarchy, const char *group);

/*
 * The least of the limits of a group and all above it, up to the root that is seen: in a container
 * that may be the group itself under the name of another, so the root always counts too.
 */
static double least_limit(const char *root, const char *controller, const char *hierarchy,
                          limit_reader *reader, double least)
{
    char group[LINE];
    group_of(root, controller, group);
    for (;;) {
        double limit = reader(root, hierarchy, group);
        least = limit < least ? limit : least;
        char *last = strrchr(group, '/');
        if (!last)
            return least;
        *last = '\0';
    }
}

#define NO_LIMIT 1e300

/* The number at *at, which is moved behind it; -1 if there is none ("max", for instance). */
static double next_number(const char **at)
{
    char *end;
    double value = strtod(*at, &end);
    if (end == *at)
        return -1;
    *at = end;
    return value;
}

static double number_in(const char *root, const char *hierarchy, const char *group,
                        const char *file)
{
    char line[LINE];
    const char *at = line;
    return read_line(root, hierarchy, group, file, line) ? next_number(&at) : -1;
}

static double ratio(double quota, double period)
{
    return quota > 0 && period > 0 ? quota / period : NO_LIMIT;
}

static double quota_v2(const char *root, const char *hierarchy, const char *group)
{
    char line[LINE];
    const char *at = line;
    if (!read_line(root, hierarchy, group, "cpu.max", line))
        return NO_LIMIT;
    double quota = next_number(&at);
    return ratio(quota, next_number(&at));
}

static double quota_v1(const char *root, const char *hierarchy, const char *group)
{
    return ratio(number_in(root, hierarchy, group, "cpu.cfs_quota_us"),
                 number_in(root, hierarchy, group, "cpu.cfs_period_us"));
}

static double memory_v2(const char *root, const char *hierarchy, const char *group)
{
    double bytes = number_in(root, hierarchy, group, "memory.max");
    return bytes < 0 ? NO_LIMIT : bytes;
}

static double memory_v1(const char *root, const char *hierarchy, const char *group)
{
    double bytes = number_in(root, hierarchy, group, "memory.limit_in_bytes");
    return bytes < 0 ? NO_LIMIT : bytes;
}

/* ---- the whole */

unsigned cgroup_processors(const char *root)
{
    cpu_set_t set;
    double processors = sched_getaffinity(0, sizeof set, &set) == 0
                            ? CPU_COUNT(&set)
                            : (double)sysconf(_SC_NPROCESSORS_ONLN);
    processors = least_limit(root, "", "", quota_v2, processors);
    processors = least_limit(root, "cpu", "/cpu", quota_v1, processors);
    if (processors <= 1)
        return 1;
    unsigned whole = (unsigned)processors;
    return whole + (processors > whole);
}

uint64_t cgroup_memory(const char *root)
{
    double bytes = (double)sysconf(_SC_PHYS_PAGES) * (double)sysconf(_SC_PAGESIZE);
    bytes = least_limit(root, "", "", memory_v2, bytes);
    return (uint64_t)least_limit(root, "memory", "/memory", memory_v1, bytes);
}
