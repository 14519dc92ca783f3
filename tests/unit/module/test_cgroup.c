/* Control groups as the kernel shows them, in a directory that stands for the root. */
#include "cgroup.h"
#include "suite.h"

#include <ftw.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char root[64];
static int free_descriptor;

static int lowest_free_descriptor(void)
{
    int descriptor = dup(STDERR_FILENO);
    close(descriptor);
    return descriptor;
}

static void set_up(void)
{
    free_descriptor = lowest_free_descriptor();
    strcpy(root, "/tmp/factorial-machine-XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(root));
}

static int remove_entry(const char *path, const struct stat *info, int kind, struct FTW *ftw)
{
    (void)info, (void)kind, (void)ftw;
    return remove(path);
}

static void tear_down(void)
{
    nftw(root, remove_entry, 8, FTW_DEPTH | FTW_PHYS);
    ck_assert_int_eq(lowest_free_descriptor(), free_descriptor); /* all files are closed */
}

static void put(const char *path, const char *text)
{
    char whole[256];
    snprintf(whole, sizeof whole, "%s%s", root, path);
    for (char *slash = whole + strlen(root) + 1; (slash = strchr(slash, '/')); slash++) {
        *slash = '\0';
        mkdir(whole, 0755);
        *slash = '/';
    }
    FILE *file = fopen(whole, "w");
    ck_assert_ptr_nonnull(file);
    fputs(text, file);
    fclose(file);
}

START_TEST(without_control_groups_it_is_what_the_process_may_use)
{
    cpu_set_t all, one;
    ck_assert_int_eq(sched_getaffinity(0, sizeof all, &all), 0);
    ck_assert_uint_eq(cgroup_processors(root), (unsigned)CPU_COUNT(&all));
    size_t first = 0;
    while (!CPU_ISSET(first, &all))
        first++;
    CPU_ZERO(&one);
    CPU_SET(first, &one);
    ck_assert_int_eq(sched_setaffinity(0, sizeof one, &one), 0);
    ck_assert_uint_eq(cgroup_processors(root), 1);
    ck_assert_int_eq(sched_setaffinity(0, sizeof all, &all), 0);
    ck_assert_uint_eq(cgroup_memory(root),
                      (uint64_t)sysconf(_SC_PHYS_PAGES) * (uint64_t)sysconf(_SC_PAGESIZE));
}
END_TEST

START_TEST(the_least_limit_up_to_the_root_counts)
{
    put("/proc/self/cgroup", "0::/a/b\n");
    put("/sys/fs/cgroup/a/b/cpu.max", "max 100000\n");
    put("/sys/fs/cgroup/a/cpu.max", "50000 100000\n");
    put("/sys/fs/cgroup/a/b/memory.max", "3145728\n");
    put("/sys/fs/cgroup/a/memory.max", "2097152\n");
    put("/sys/fs/cgroup/memory.max", "max\n");
    ck_assert_uint_eq(cgroup_processors(root), 1);
    ck_assert_uint_eq(cgroup_memory(root), 2097152);
}
END_TEST

START_TEST(a_container_sees_its_own_group_as_the_root)
{
    put("/proc/self/cgroup", "0::/not/seen/from/here\n");
    put("/sys/fs/cgroup/memory.max", "1048576\n");
    ck_assert_uint_eq(cgroup_memory(root), 1048576);
}
END_TEST

START_TEST(version_1_has_a_hierarchy_for_each_controller)
{
    put("/proc/self/cgroup", "4:memory:/m\n3:cpu,cpuacct:/c\n");
    put("/sys/fs/cgroup/cpu/c/cpu.cfs_quota_us", "100000\n");
    put("/sys/fs/cgroup/cpu/c/cpu.cfs_period_us", "100000\n");
    put("/sys/fs/cgroup/cpu/cpu.cfs_quota_us", "-1\n");
    put("/sys/fs/cgroup/memory/m/memory.limit_in_bytes", "4194304\n");
    put("/sys/fs/cgroup/memory/memory.limit_in_bytes", "9223372036854771712\n");
    ck_assert_uint_eq(cgroup_processors(root), 1);
    ck_assert_uint_eq(cgroup_memory(root), 4194304);
}
END_TEST

START_TEST(a_quota_is_rounded_up_but_is_no_more_than_there_are)
{
    put("/proc/self/cgroup", "0::/\n");
    unsigned all = cgroup_processors("");
    put("/sys/fs/cgroup/cpu.max", "120000 100000\n");
    ck_assert_uint_eq(cgroup_processors(root), all < 2 ? all : 2);
    put("/sys/fs/cgroup/cpu.max", "100000000 100000\n");
    ck_assert_uint_eq(cgroup_processors(root), all);
}
END_TEST

START_TEST(what_makes_no_sense_is_no_limit)
{
    static const char *const nonsense[] = {"", "\n", "words\n", "0 0\n", "-5 100\n", "1\n"};
    unsigned all = cgroup_processors("");
    put("/proc/self/cgroup", "no colons\n::\n:\n0::\n");
    for (size_t i = 0; i < sizeof nonsense / sizeof *nonsense; i++) {
        put("/sys/fs/cgroup/cpu.max", nonsense[i]);
        ck_assert_uint_ge(cgroup_processors(root), 1);
        ck_assert_uint_le(cgroup_processors(root), all);
    }
}
END_TEST

Suite *suite(void)
{
    Suite *s = suite_create("cgroup");
    TCase *t = tcase_create("cgroup");
    tcase_add_checked_fixture(t, set_up, tear_down);
    tcase_add_test(t, without_control_groups_it_is_what_the_process_may_use);
    tcase_add_test(t, the_least_limit_up_to_the_root_counts);
    tcase_add_test(t, a_container_sees_its_own_group_as_the_root);
    tcase_add_test(t, version_1_has_a_hierarchy_for_each_controller);
    tcase_add_test(t, a_quota_is_rounded_up_but_is_no_more_than_there_are);
    tcase_add_test(t, what_makes_no_sense_is_no_limit);
    suite_add_tcase(s, t);
    return s;
}
