/*
 * Checks the environment variables that conf/container/httpd.conf uses, then becomes the program
 * named by its arguments: checked PROGRAM ARGUMENT...
 *
 * httpd leaves the name of an unset variable as it stands, and replaces some wrong values without
 * an error; the image has no shell that could look first. A variable that is unset or wrong is
 * named here, all of them at once, and nothing is started.
 */
#include <arpa/inet.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

/* conf/container/httpd.conf says the same to httpd. */
enum { SERVER_LIMIT = 16, THREAD_LIMIT = 256, WORKER_LIMIT = SERVER_LIMIT * THREAD_LIMIT };

typedef struct setting setting;
struct setting {
    const char *name;
    bool (*accepts)(const setting *s, const char *value);
    const char *expected;
    long least, most;
};

/* ---- kinds of values */

/* A directive of mod_factorial, which names its range itself. */
static bool by_directive(const setting *s, const char *value)
{
    (void)s, (void)value;
    return true;
}

static bool number(const setting *s, const char *value)
{
    if (!*value || strspn(value, "0123456789") != strlen(value) || strlen(value) > 9)
        return false;
    long n = strtol(value, NULL, 10);
    return n >= s->least && n <= s->most;
}

static bool log_level(const setting *s, const char *value)
{
    static const char *const levels[] = {
        "emerg",  "alert",  "crit",   "error",  "warn",   "notice", "info",   "debug",
        "trace1", "trace2", "trace3", "trace4", "trace5", "trace6", "trace7", "trace8",
    };
    (void)s;
    for (size_t i = 0; i < sizeof levels / sizeof *levels; i++)
        if (!strcasecmp(value, levels[i]))
            return true;
    return false;
}

static bool is_address(char *text)
{
    unsigned char bytes[sizeof(struct in6_addr)];
    char *slash = strchr(text, '/');
    if (slash)
        *slash = '\0';
    bool v4 = inet_pton(AF_INET, text, bytes) == 1;
    if (!v4 && inet_pton(AF_INET6, text, bytes) != 1)
        return false;
    return !slash || number(&(setting){.most = v4 ? 32 : 128}, slash + 1);
}

static bool addresses(const setting *s, const char *value)
{
    char *copy = strdup(value), *rest = copy, *word;
    size_t count = 0;
    bool right = copy;
    (void)s;
    while (right && (word = strsep(&rest, " "))) {
        if (!*word)
            continue;
        right = is_address(word);
        count++;
    }
    free(copy);
    return right && count > 0;
}

/* * for all, none, or one as browsers send it: no path, no blanks. */
static bool origin(const setting *s, const char *value)
{
    size_t scheme = !strncmp(value, "https://", 8) ? 8 : !strncmp(value, "http://", 7) ? 7 : 0;
    (void)s;
    if (!strcmp(value, "*") || !strcmp(value, "none"))
        return true;
    return scheme && value[scheme] &&
           strspn(value + scheme, "abcdefghijklmnopqrstuvwxyz0123456789-.:[]") ==
               strlen(value + scheme);
}

/* ---- the variables */

static const setting settings[] = {
    {"FACTORIAL_MAX_NUMBER", by_directive, "", 0, 0},
    {"FACTORIAL_MEMORY", by_directive, "", 0, 0},
    {"FACTORIAL_CONCURRENCY", by_directive, "", 0, 0},
    {"FACTORIAL_THREADS", by_directive, "", 0, 0},
    {"FACTORIAL_TIMEOUT", by_directive, "", 0, 0},
    {"FACTORIAL_QUEUE_TIMEOUT", by_directive, "", 0, 0},
    {"FACTORIAL_SEND_TIMEOUT", by_directive, "", 0, 0},
    {"KEEPALIVE_TIMEOUT", number, "a whole number of seconds", 1, 3600},
    {"GRACEFUL_SHUTDOWN_TIMEOUT", number, "a whole number of seconds", 1, 3600},
    {"THREADS_PER_CHILD", number, "a whole number", 1, THREAD_LIMIT},
    {"MAX_REQUEST_WORKERS", number, "a whole number", 1, WORKER_LIMIT},
    {"ASYNC_REQUEST_WORKER_FACTOR", number, "a whole number", 1, 1000},
    {"CORS_ORIGIN", origin, "*, none or an origin (https://www.example.org)", 0, 0},
    {"LOG_LEVEL", log_level,
     "one of emerg, alert, crit, error, warn, notice, info, debug, trace1 to trace8", 0, 0},
    {"TRUSTED_PROXIES", addresses, "addresses or networks (10.0.0.0/16), separated by blanks", 0,
     0},
};

static bool complain(const setting *s, const char *value)
{
    fprintf(stderr, "%s must be %s", s->name, s->expected);
    if (s->most)
        fprintf(stderr, " from %ld to %ld", s->least, s->most);
    fprintf(stderr, ", not \"%s\"\n", value);
    return false;
}

static bool check(const setting *s)
{
    const char *value = getenv(s->name);
    if (!value || !*value) {
        fprintf(stderr, "%s is not set, although the image sets it\n", s->name);
        return false;
    }
    return s->accepts(s, value) || complain(s, value);
}

static long number_of(const char *name)
{
    const char *value = getenv(name);
    return value ? strtol(value, NULL, 10) : 0;
}

/* httpd would round the one to a multiple of the other, or cut it, and go on. */
static bool check_workers(void)
{
    long workers = number_of("MAX_REQUEST_WORKERS"), threads = number_of("THREADS_PER_CHILD");
    if (threads > 0 && workers % threads == 0 && workers / threads <= SERVER_LIMIT)
        return true;
    fprintf(stderr,
            "MAX_REQUEST_WORKERS must be 1 to %d times THREADS_PER_CHILD, not %ld and %ld\n",
            SERVER_LIMIT, workers, threads);
    return false;
}

int main(int count, char **arguments)
{
    bool right = true;
    for (size_t i = 0; i < sizeof settings / sizeof *settings; i++)
        right = check(&settings[i]) && right;
    if (!right || !check_workers())
        return EXIT_FAILURE;
    if (count > 1)
        execv(arguments[1], arguments + 1);
    perror(count > 1 ? arguments[1] : "checked: no program named");
    return EXIT_FAILURE;
}
