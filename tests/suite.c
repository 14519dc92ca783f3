#include "suite.h"

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

int main(void)
{
    SRunner *runner = srunner_create(suite());
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
