#include "directives.h"

#include "cgroup.h"

#include <apr_lib.h>
#include <apr_strings.h>
#include <http_core.h>
#include <string.h>

#define MIB INT64_C(1048576)

/* The settings that are numbers. */
typedef enum {
    MAX_NUMBER,
    TIMEOUT,
    QUEUE_TIMEOUT,
    SEND_TIMEOUT,
    COMPRESS_MAX,
    KEEP_ALIVE_WAIT,
    MEMORY, /* MiB */
    CONCURRENCY,
    THREADS,
    MAX_WAITING,
    ENGINE, /* a factorial_method */
    SETTING_COUNT,
} setting;

enum { UNSET = -1 };

typedef struct {
    endpoint_rule *rules; /* the innermost first */
    int64_t value[SETTING_COUNT];
} directives;

/* ---- defaults that depend on the machine */

/* MiB: half of the memory, at most 256. */
static int64_t default_memory(void)
{
    int64_t half = (int64_t)(cgroup_memory("") / 2) / MIB;
    return half < 256 ? half : 256;
}

static int64_t default_concurrency(void)
{
    return cgroup_processors("");
}

/* With more threads a computation is hardly faster. */
static int64_t default_threads(void)
{
    unsigned processors = cgroup_processors("");
    return processors < 4 ? processors : 4;
}

/* The one table of ranges and defaults. */
static const struct {
    int64_t least, most, fallback;
    int64_t (*machine)(void); /* computes the default, if it depends on the machine */
    bool global;              /* allowed only outside of all sections */
} settings[SETTING_COUNT] = {
    [MAX_NUMBER] = {0, FACTORIAL_LIMIT, .fallback = 1000000},
    [TIMEOUT] = {1, 3600, .fallback = 10},
    [QUEUE_TIMEOUT] = {0, 3600, .fallback = 2},
    [SEND_TIMEOUT] = {1, 86400, .fallback = 60},
    [COMPRESS_MAX] = {0, 1024 * MIB, .fallback = MIB},
    [KEEP_ALIVE_WAIT] = {0, 1000, .fallback = 10},
    [MEMORY] = {1, 1048576, .machine = default_memory, .global = true},
    [CONCURRENCY] = {1, 1024, .machine = default_concurrency, .global = true},
    [THREADS] = {1, 64, .machine = default_threads, .global = true},
    [MAX_WAITING] = {0, 1024, .fallback = 64, .global = true},
    [ENGINE] = {.fallback = FACTORIAL_AUTO},
};

/* ---- configuration records */

void *directives_create(apr_pool_t *pool, char *path)
{
    directives *d = apr_pcalloc(pool, sizeof *d);
    for (int i = 0; i < SETTING_COUNT; i++)
        d->value[i] = UNSET;
    return d;
}

/* A copy of the inner rules, followed by the outer ones. */
static endpoint_rule *join_rules(apr_pool_t *pool, const endpoint_rule *inner, endpoint_rule *outer)
{
    if (!inner)
        return outer;
    endpoint_rule *joined = apr_pmemdup(pool, inner, sizeof *joined);
    joined->outer = join_rules(pool, inner->outer, outer);
    return joined;
}

void *directives_merge(apr_pool_t *pool, void *base, void *add)
{
    const directives *outer = base, *inner = add;
    directives *merged = apr_pmemdup(pool, outer, sizeof *merged);
    merged->rules = join_rules(pool, inner->rules, outer->rules);
    for (int i = 0; i < SETTING_COUNT; i++)
        if (inner->value[i] != UNSET)
            merged->value[i] = inner->value[i];
    return merged;
}

static bool is_for(const endpoint_rule *rule, const char *uri)
{
    return !rule->location || !strcmp(rule->location, uri);
}

const endpoint_rule *directives_endpoint(const request_rec *r)
{
    const directives *d = ap_get_module_config(r->per_dir_config, &factorial_module);
    const endpoint_rule *rule = d->rules;
    /* Unlike On, Factorial Off also applies to the addresses below. */
    while (rule && rule->on && !(rule->on == 1 && is_for(rule, r->uri)))
        rule = rule->outer;
    return rule && rule->on ? rule : NULL;
}

static response_form form_of(const request_rec *r)
{
    const directives *d = ap_get_module_config(r->per_dir_config, &factorial_module);
    for (const endpoint_rule *rule = d->rules; rule; rule = rule->outer)
        if (rule->form != UNSET && is_for(rule, r->uri))
            return (response_form)rule->form;
    return FORM_NUMBER;
}

static uint64_t value_of(ap_conf_vector_t *configuration, setting which)
{
    const directives *d = ap_get_module_config(configuration, &factorial_module);
    int64_t value = d->value[which];
    if (value == UNSET)
        value = settings[which].machine ? settings[which].machine() : settings[which].fallback;
    return (uint64_t)value;
}

location_settings directives_location(const request_rec *r)
{
    ap_conf_vector_t *configuration = r->per_dir_config;
    return (location_settings){
        .max_number = value_of(configuration, MAX_NUMBER),
        .timeout = value_of(configuration, TIMEOUT),
        .queue_timeout = value_of(configuration, QUEUE_TIMEOUT),
        .send_timeout = value_of(configuration, SEND_TIMEOUT),
        .compress_max = value_of(configuration, COMPRESS_MAX),
        .keep_alive_wait = value_of(configuration, KEEP_ALIVE_WAIT),
        .form = form_of(r),
    };
}

server_settings directives_server(ap_conf_vector_t *configuration)
{
    return (server_settings){
        .memory = value_of(configuration, MEMORY) * MIB,
        .concurrency = (unsigned)value_of(configuration, CONCURRENCY),
        .threads = (unsigned)value_of(configuration, THREADS),
        .max_waiting = (unsigned)value_of(configuration, MAX_WAITING),
        .method = (factorial_method)value_of(configuration, ENGINE),
    };
}

/* ---- reading directives */

/* The owner of a directory or a .htaccess file must not be able to lift a limit. */
static const char *refuse_context(cmd_parms *cmd, bool global)
{
    return ap_check_cmd_context(cmd, global ? GLOBAL_ONLY
                                            : NOT_IN_DIRECTORY | NOT_IN_FILES | NOT_IN_HTACCESS);
}

/* True if the directive is in a section for one address, not for a pattern of addresses. */
static bool is_plain_location(const cmd_parms *cmd)
{
    const ap_directive_t *section = cmd->directive->parent;
    while (section && strcasecmp(section->directive, "<Location") != 0)
        section = section->parent;
    return section && section->args[0] != '~' && !ap_is_matchexp(cmd->path);
}

/* The rule of the section that is being read, created when first needed. */
static endpoint_rule *rule_here(const cmd_parms *cmd, directives *d)
{
    if (!d->rules) {
        d->rules = apr_pcalloc(cmd->pool, sizeof *d->rules);
        /* <Location "/x"> means /x alone, not the addresses below it. */
        *d->rules = (endpoint_rule){.location = is_plain_location(cmd) ? cmd->path : NULL,
                                    .section = cmd->context,
                                    .on = UNSET,
                                    .form = UNSET};
    }
    return d->rules;
}

static const char *set_factorial(cmd_parms *cmd, void *record, int on)
{
    const char *error = refuse_context(cmd, false);
    if (error)
        return error;
    if (!cmd->path)
        return "Factorial belongs in a <Location> section: it makes that address the endpoint";
    rule_here(cmd, record)->on = !!on;
    return NULL;
}

static const char *set_form(cmd_parms *cmd, void *record, const char *text)
{
    static const char *const names[] = {[FORM_NUMBER] = "number",
                                        [FORM_STRING] = "string",
                                        [FORM_TEXT] = "text",
                                        [FORM_SUMMARY] = "summary"};
    const char *error = refuse_context(cmd, false);
    if (error)
        return error;
    for (int form = 0; form < (int)(sizeof names / sizeof *names); form++)
        if (!strcasecmp(text, names[form])) {
            rule_here(cmd, record)->form = form;
            return NULL;
        }
    return apr_psprintf(cmd->pool, "%s takes number, string, text or summary, not \"%s\"",
                        cmd->cmd->name, text);
}

static const char *set_number(cmd_parms *cmd, void *record, const char *text)
{
    directives *d = record;
    setting which = (setting)(intptr_t)cmd->info;
    int64_t least = settings[which].least, most = settings[which].most;
    char *end;
    const char *error = refuse_context(cmd, settings[which].global);
    if (error)
        return error;
    /* Where the number is too large for an int64_t, apr_strtoi64 returns the largest. */
    int64_t value = apr_strtoi64(text, &end, 10);
    if (!apr_isdigit(*text) || *end || value < least || value > most)
        return apr_psprintf(cmd->pool,
                            "%s takes a whole number from %" APR_INT64_T_FMT " to %" APR_INT64_T_FMT
                            ", not \"%s\"",
                            cmd->cmd->name, least, most, text);
    d->value[which] = value;
    return NULL;
}

static const char *set_engine(cmd_parms *cmd, void *record, const char *text)
{
    directives *d = record;
    const char *error = refuse_context(cmd, true);
    if (error)
        return error;
    if (strcasecmp(text, "auto") != 0 && strcasecmp(text, "gmp") != 0)
        return apr_psprintf(cmd->pool, "%s takes auto or gmp, not \"%s\"", cmd->cmd->name, text);
    d->value[ENGINE] = strcasecmp(text, "gmp") ? FACTORIAL_AUTO : FACTORIAL_GMP;
    return NULL;
}

#define NUMBER(name, which, help) \
    AP_INIT_TAKE1(name, set_number, (void *)(which), RSRC_CONF | ACCESS_CONF, help)

const command_rec directives_table[] = {
    AP_INIT_FLAG("Factorial", set_factorial, NULL, RSRC_CONF | ACCESS_CONF,
                 "Makes the address of this section an endpoint, On or Off (default Off)"),
    AP_INIT_TAKE1("FactorialForm", set_form, NULL, RSRC_CONF | ACCESS_CONF,
                  "Form of the result: number, string, text or summary (default number)"),
    NUMBER("FactorialMaxNumber", MAX_NUMBER,
           "Largest number whose factorial is computed, 0 to 100000000 (default 1000000)"),
    NUMBER("FactorialTimeout", TIMEOUT,
           "Seconds that computing one factorial may take, 1 to 3600 (default 10)"),
    NUMBER("FactorialQueueTimeout", QUEUE_TIMEOUT,
           "Seconds that a request may wait for memory and a computation, 0 to 3600 (default 2)"),
    NUMBER("FactorialSendTimeout", SEND_TIMEOUT,
           "Seconds in which a client has to take its response, 1 to 86400 (default 60)"),
    NUMBER("FactorialCompressMax", COMPRESS_MAX,
           "Bytes of the largest result that may be compressed, 0 to 1073741824 (default 1048576)"),
    NUMBER(
        "FactorialKeepAliveWait", KEEP_ALIVE_WAIT,
        "Milliseconds that a worker of event waits for its client's next request, 0 to 1000 (default 10)"),
    NUMBER(
        "FactorialMemory", MEMORY,
        "MiB that long computations and their results may take at once, 1 to 1048576 (default half of the machine's memory, at most 256)"),
    NUMBER("FactorialConcurrency", CONCURRENCY,
           "Long computations at once, 1 to 1024 (default the processors that httpd may use)"),
    NUMBER(
        "FactorialThreads", THREADS,
        "Threads for one computation, 1 to 64 (default the processors that httpd may use, at most 4)"),
    NUMBER("FactorialMaxWaiting", MAX_WAITING,
           "Requests that may wait for memory and a computation, 0 to 1024 (default 64)"),
    AP_INIT_TAKE1("FactorialEngine", set_engine, (void *)ENGINE, RSRC_CONF,
                  "The arithmetic, auto or gmp (default auto)"),
    {.name = NULL},
};
