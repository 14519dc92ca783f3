/*
 * The engine as a program: writes N!, or its size and first digits. docs/factorial.md describes it.
 */
#define _GNU_SOURCE /* sched_getaffinity, madvise */
#include "factorial_by.h"
#include "kernel/dispatch.h"
#include "summary.h"

#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <math.h>
#include <sched.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { EXIT_USAGE = 2 };

/* From this N on a computation takes so long that a progress bar is useful. */
enum { PROGRESS_MIN = 3000000, PROGRESS_WIDTH = 40 };
/* The time of a computation grows with this power of the number of digits. */
static const double PROGRESS_GROWTH = 1.2;

static const char help[] =
    "Usage: factorial [OPTION]... N\n"
    "Writes N!, all digits of it, for N up to 100000000.\n"
    "\n"
    "  -d, --digits          write only the number of digits of N!, for N up to 100000000000000\n"
    "  -s, --scientific      write only its first 20 digits and its power of ten, for N as above\n"
    "  -o, --output=FILE     write to FILE instead of standard output\n"
    "  -t, --threads=COUNT   compute on COUNT threads (default: the processors, at most 4)\n"
    "  -g, --gmp             compute by GMP only\n"
    "  -k, --kernel=NAME     use the kernel avx512, avx2 or neon instead of the fastest\n"
    "  -r, --runs=COUNT      compute COUNT times, write the seconds of each to standard error\n"
    "  -q, --quiet           do not write N!\n"
    "      --help            write this text\n"
    "      --version         write the version\n"
    "\n"
    "Exit status: 0 if N! was written, 1 if that failed, 2 if the command line is wrong.\n";

typedef enum { ALL_DIGITS, DIGIT_COUNT, SCIENTIFIC } form;

typedef struct {
    uint64_t n;
    form form;
    factorial_method method;
    const kernel *forced; /* NULL: the one that suits n and this CPU */
    const char *output;   /* NULL: standard output */
    unsigned threads, runs;
    bool timed, quiet;
} options;

__attribute__((format(printf, 2, 3), noreturn)) static void fail(int status, const char *format,
                                                                 ...)
{
    va_list arguments;
    va_start(arguments, format);
    fputs("factorial: ", stderr);
    vfprintf(stderr, format, arguments);
    fputs("\n", stderr);
    va_end(arguments);
    if (status == EXIT_USAGE)
        fputs("Try 'factorial --help'.\n", stderr);
    exit(status);
}

/* ---- the command line */

static uint64_t number(const char *what, const char *text, uint64_t least, uint64_t most)
{
    char *end;
    errno = 0;
    uint64_t value = strtoull(text, &end, 10);
    if (*text < '0' || *text > '9' || *end || errno || value < least || value > most)
        fail(EXIT_USAGE, "%s is a number from %" PRIu64 " to %" PRIu64 ", not \"%s\"", what, least,
             most, text);
    return value;
}

static const kernel *kernel_named(const char *name)
{
    const kernel *k;
    for (unsigned i = 0; (k = dispatch_available(i)); i++)
        if (strcmp(k->name, name) == 0)
            return k;
    fail(EXIT_FAILURE, "this processor has no kernel \"%s\"", name);
}

static unsigned default_threads(void)
{
    cpu_set_t usable;
    int count = sched_getaffinity(0, sizeof usable, &usable) == 0 ? CPU_COUNT(&usable) : 1;
    return count < 4 ? (unsigned)count : 4;
}

enum { HELP = 256, VERSION };
static const struct option known[] = {
    {"digits", no_argument, NULL, 'd'},
    {"scientific", no_argument, NULL, 's'},
    {"output", required_argument, NULL, 'o'},
    {"threads", required_argument, NULL, 't'},
    {"gmp", no_argument, NULL, 'g'},
    {"kernel", required_argument, NULL, 'k'},
    {"runs", required_argument, NULL, 'r'},
    {"quiet", no_argument, NULL, 'q'},
    {"help", no_argument, NULL, HELP},
    {"version", no_argument, NULL, VERSION},
    {.name = NULL},
};

static options parse(int count, char **argument)
{
    options o = {.threads = default_threads(), .runs = 1};
    for (int option; (option = getopt_long(count, argument, "dso:t:gk:r:q", known, NULL)) != -1;)
        switch (option) {
        case 'd':
            o.form = DIGIT_COUNT;
            break;
        case 's':
            o.form = SCIENTIFIC;
            break;
        case 'o':
            o.output = optarg;
            break;
        case 't':
            o.threads = (unsigned)number("COUNT", optarg, 1, 256);
            break;
        case 'g':
            o.method = FACTORIAL_GMP;
            break;
        case 'k':
            o.forced = kernel_named(optarg);
            break;
        case 'r':
            o.runs = (unsigned)number("COUNT", optarg, 1, 1000000);
            o.timed = true;
            break;
        case 'q':
            o.quiet = true;
            break;
        case HELP:
            fputs(help, stdout);
            exit(EXIT_SUCCESS);
        case VERSION:
            puts("factorial (mod_factorial) " MOD_FACTORIAL_VERSION);
            exit(EXIT_SUCCESS);
        default: /* getopt_long has written the reason */
            fputs("Try 'factorial --help'.\n", stderr);
            exit(EXIT_USAGE);
        }
    if (optind != count - 1)
        fail(EXIT_USAGE, "one number N is needed");
    uint64_t most = o.form == ALL_DIGITS ? FACTORIAL_LIMIT : FACTORIAL_SUMMARY_LIMIT;
    o.n = number("N", argument[optind], 0, most);
    return o;
}

/* ---- progress */

static double seconds(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

typedef struct {
    double begin, expected; /* seconds; expected: 0 for no bar */
    atomic_uint percent;    /* the percentage that the bar shows */
} progress;

/* The job's `cancelled`, which is always false here. The thread that finds a new percentage draws
 * it. */
static bool draw_progress(void *context)
{
    progress *p = context;
    double share = (seconds() - p->begin) / p->expected;
    unsigned percent = (unsigned)(99 * fmin(share, 1)), drawn = atomic_load(&p->percent);
    if (percent > drawn && atomic_compare_exchange_strong(&p->percent, &drawn, percent)) {
        int width = (int)percent * PROGRESS_WIDTH / 100;
        fprintf(stderr, "\r[%.*s%*s] %u %%", width, "########################################",
                PROGRESS_WIDTH - width, "", percent);
    }
    return false;
}

static void clear_progress(const progress *p)
{
    if (p->expected > 0)
        fprintf(stderr, "\r%*s\r", PROGRESS_WIDTH + 10, "");
}

/* ---- computing */

/* A block that the caller frees; in huge pages if it is long and the system has them. */
static void *allocate(size_t size)
{
    const size_t huge = (size_t)2 << 20;
    size_t alignment = size >= huge ? huge : FACTORIAL_SCRATCH_ALIGNMENT;
    size_t rounded = (size + alignment) / alignment * alignment;
    void *block = aligned_alloc(alignment, rounded);
    if (!block)
        fail(EXIT_FAILURE, "there is no memory of %zu bytes", size);
    if (size >= huge)
        madvise(block, rounded, MADV_HUGEPAGE);
    return block;
}

/* Computes o->n! and returns the seconds that it took. */
static double compute(const options *o, const factorial_job *job, const factorial_plan *plan,
                      char *digits, void *scratch)
{
    double begin = seconds();
    const kernel *k = o->forced ? o->forced : dispatch_used();
    if (factorial_compute_by(k, plan, job, digits, scratch) != FACTORIAL_OK)
        fail(EXIT_FAILURE, "the result is wrong: a fault of this machine or of the compiler");
    return seconds() - begin;
}

static factorial_plan make_plan(const options *o, uint64_t n)
{
    return o->forced && n >= 2 ? factorial_plan_by(FACTORIAL_BY_TRANSFORM, o->forced, n)
                               : factorial_make_plan(n, o->method);
}

/* The digits of o->n! and a newline, *length bytes, which the caller frees. */
static char *compute_all(const options *o, size_t *length)
{
    if (o->method == FACTORIAL_AUTO)
        factorial_prepare();
    if (o->forced && !dispatch_try(o->forced))
        fail(EXIT_FAILURE, "the kernel computes a known product wrong");
    factorial_pool *pool = factorial_pool_create(o->threads - 1, true, NULL, NULL);
    if (!pool)
        fail(EXIT_FAILURE, "%u threads cannot be started", o->threads);

    factorial_plan plan = make_plan(o, o->n);
    char *digits = allocate(plan.digits + 1);
    void *scratch = allocate(plan.scratch);
    double *took = allocate(o->runs * sizeof *took);
    progress bar = {0};
    factorial_job job = {.context = &bar, .pool = pool, .threads = o->threads};
    if (o->n >= PROGRESS_MIN && !o->timed && isatty(STDERR_FILENO)) {
        factorial_plan small = make_plan(o, o->n / 16);
        double ratio = (double)plan.digits / (double)small.digits;
        bar.expected = compute(o, &job, &small, digits, scratch) * pow(ratio, PROGRESS_GROWTH);
        bar.begin = seconds();
        job.cancelled = draw_progress;
    }
    for (unsigned run = 0; run < o->runs; run++)
        took[run] = compute(o, &job, &plan, digits, scratch);
    clear_progress(&bar);
    /* Written after all runs, because writing would disturb the next run. */
    for (unsigned run = 0; o->timed && run < o->runs; run++)
        fprintf(stderr, "%.7f\n", took[run]);
    free(took);
    free(scratch);
    factorial_pool_destroy(pool);
    digits[plan.digits] = '\n';
    *length = plan.digits + 1;
    return digits;
}

/* ---- writing */

static FILE *open_output(const options *o)
{
    FILE *file = o->output ? fopen(o->output, "w") : stdout;
    if (!file)
        fail(EXIT_FAILURE, "cannot write %s: %s", o->output, strerror(errno));
    return file;
}

static void write_summary(const options *o, FILE *file)
{
    factorial_summary s;
    factorial_summarize(o->n, &s);
    if (o->form == DIGIT_COUNT)
        fprintf(file, "%" PRIu64 "\n", s.digits);
    else
        fprintf(file, "%c%s%se%" PRIu64 "\n", s.leading[0], s.leading[1] ? "." : "", s.leading + 1,
                s.digits - 1);
}

int main(int count, char **argument)
{
    options o = parse(count, argument);
    FILE *file = open_output(&o);
    if (o.form == ALL_DIGITS) {
        size_t length;
        char *digits = compute_all(&o, &length);
        if (!o.quiet)
            fwrite(digits, 1, length, file);
        free(digits);
    } else {
        write_summary(&o, file);
    }
    bool failed = ferror(file);
    if (fclose(file) != 0 || failed) {
        int reason = errno;
        struct stat info;
        if (o.output && stat(o.output, &info) == 0 && S_ISREG(info.st_mode))
            remove(o.output);
        fail(EXIT_FAILURE, "cannot write %s: %s", o.output ? o.output : "to standard output",
             strerror(reason));
    }
    return EXIT_SUCCESS;
}
