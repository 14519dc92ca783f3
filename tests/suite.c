#include "suite.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

bool suite_under_valgrind(void)
{
    return getenv("UNDER_VALGRIND");
}

bool suite_sanitized(void)
{
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
    return true;
#else
    return false;
#endif
}

bool suite_nightly(void)
{
    return getenv("NIGHTLY");
}

long suite_address_space(void)
{
    long pages = 0;
    FILE *file = fopen("/proc/self/statm", "r");
    char line[128] = "";
    ck_assert(file && fgets(line, sizeof line, file));
    fclose(file);
    pages = strtol(line, NULL, 10);
    return pages * (sysconf(_SC_PAGESIZE) / 1024);
}

int suite_threads(void)
{
    int count = 0;
    DIR *threads = opendir("/proc/self/task");
    for (struct dirent *entry; (entry = readdir(threads));)
        count += entry->d_name[0] != '.';
    closedir(threads);
    return count;
}

void suite_expect_threads(int most)
{
    for (int i = 0; suite_threads() > most && i < 20000; i++)
        usleep(1000);
    ck_assert_int_le(suite_threads(), most);
}

int main(void)
{
    SRunner *runner = srunner_create(suite());
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
