/*
 * The values of directives against a check by text: the first byte picks the directive. What is
 * refused must leave the default in force.
 */
#include "directives.h"
#include "fake_httpd.h"
#include "fuzz.h"

#include <string.h>

/* Those of docs/mod_factorial.md. */
static const struct {
    const char *name;
    const char *least, *most;
} numbers[] = {
    {"FactorialMaxNumber", "0", "100000000"}, {"FactorialTimeout", "1", "3600"},
    {"FactorialQueueTimeout", "0", "3600"},   {"FactorialSendTimeout", "1", "86400"},
    {"FactorialKeepAliveWait", "0", "1000"},  {"FactorialCompressMax", "0", "1073741824"},
    {"FactorialMemory", "1", "1048576"},      {"FactorialConcurrency", "1", "1024"},
    {"FactorialThreads", "1", "64"},          {"FactorialMaxWaiting", "0", "1024"},
};

enum { NUMBERS = sizeof numbers / sizeof *numbers };

/* As strcmp, of two texts of digits without leading zeros. */
static int compare(const char *a, const char *b)
{
    size_t la = strlen(a), lb = strlen(b);
    return la == lb ? strcmp(a, b) : la < lb ? -1 : 1;
}

static int acceptable(const char *text, const char *least, const char *most)
{
    if (!*text || strspn(text, "0123456789") != strlen(text))
        return 0;
    text += strspn(text, "0");
    text = *text ? text : "0";
    return compare(text, least) >= 0 && compare(text, most) <= 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 1)
        return 0;
    fake_set_up();
    void *record = directives_create(fake.pool, NULL);
    size_t i = data[0] % NUMBERS;
    char *text = apr_pstrmemdup(fake.pool, (const char *)data + 1, size - 1);
    uint64_t before = fake_setting(record, numbers[i].name);
    const char *error = fake_directive(record, numbers[i].name, text);
    uint64_t after = fake_setting(record, numbers[i].name);
    if (acceptable(text, numbers[i].least, numbers[i].most)) {
        hold(!error, "a number within the range is taken");
        hold(after == strtoull(text, NULL, 10), "as it is");
    } else {
        hold(error && strstr(error, text) && strstr(error, numbers[i].most), "else it is refused");
        hold(after == before, "and changes nothing");
    }
    fake_tear_down();
    return 0;
}
