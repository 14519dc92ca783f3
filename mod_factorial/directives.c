#include "directives.h"

#include "engine/factorial.h"

#include <apr_strings.h>
#include <http_core.h>
#include <string.h>

#define MIB INT64_C(1048576)

enum { UNSET = -1 };

typedef struct {
    int on;               /* UNSET, 0 or 1 */
    const char *location; /* the only address that is marked; NULL where a pattern decides */
    int64_t value[SETTING_COUNT];
} directives;

/* The one table of ranges and defaults. */
static const struct {
    int64_t least, most, fallback;
} settings[SETTING_COUNT] = {
    [SETTING_MAX_NUMBER] = {0, FACTORIAL_LIMIT, 1000000},
    [SETTING_COMPRESS_MAX] = {0, 1024 * MIB, MIB},
};

void *directives_create(apr_pool_t *pool, char *path)
{
    directives *d = apr_pcalloc(pool, sizeof *d);
    d->on = UNSET;
    for (int i = 0; i < SETTING_COUNT; i++)
        d->value[i] = UNSET;
    return d;
}

void *directives_merge(apr_pool_t *pool, void *base, void *add)
{
    const directives *outer = base, *inner = add;
    directives *merged = apr_pmemdup(pool, outer, sizeof *merged);
    if (inner->on != UNSET) {
        merged->on = inner->on;
        merged->location = inner->location;
    }
    for (int i = 0; i < SETTING_COUNT; i++)
        if (inner->value[i] != UNSET)
            merged->value[i] = inner->value[i];
    return merged;
}

bool directives_marks(ap_conf_vector_t *configuration, const char *uri)
{
    const directives *d = ap_get_module_config(configuration, &factorial_module);
    return d && d->on == 1 && (!d->location || !strcmp(d->location, uri));
}

uint64_t directives_get(ap_conf_vector_t *configuration, setting which)
{
    const directives *d = ap_get_module_config(configuration, &factorial_module);
    int64_t value = d ? d->value[which] : UNSET;
    return (uint64_t)(value == UNSET ? settings[which].fallback : value);
}

/* ---- reading them */

/* Limits that a .htaccess file or a directory could lift would be no limits. */
static const char *refuse_directories(cmd_parms *cmd)
{
    return ap_check_cmd_context(cmd, NOT_IN_DIRECTORY | NOT_IN_FILES | NOT_IN_HTACCESS);
}

/* A section that names one address, not a pattern of addresses. */
static bool is_plain_location(const cmd_parms *cmd)
{
    const ap_directive_t *section = cmd->directive->parent;
    while (section && strcasecmp(section->directive, "<Location") != 0)
        section = section->parent;
    return section && section->args[0] != '~' && !ap_is_matchexp(cmd->path);
}

static const char *set_factorial(cmd_parms *cmd, void *record, int on)
{
    directives *d = record;
    const char *error = refuse_directories(cmd);
    if (error)
        return error;
    if (!cmd->path)
        return "Factorial belongs in a <Location> section: it makes that address the endpoint";
    d->on = on;
    /* Of <Location "/x"> only /x itself is meant; what a pattern matches is for the pattern. */
    d->location = is_plain_location(cmd) ? cmd->path : NULL;
    return NULL;
}

/* Digits only; false if the text is anything else or the value is out of range. */
static bool parse_number(const char *text, int64_t least, int64_t most, int64_t *value)
{
    int64_t number = 0;
    for (const char *c = text; *c; c++) {
        if (*c < '0' || *c > '9')
            return false;
        number = 10 * number + (*c - '0');
        if (number > most)
            return false;
    }
    if (!*text || number < least)
        return false;
    *value = number;
    return true;
}

static const char *set_number(cmd_parms *cmd, void *record, const char *text)
{
    directives *d = record;
    setting which = (setting)(intptr_t)cmd->info;
    int64_t least = settings[which].least, most = settings[which].most;
    const char *error = refuse_directories(cmd);
    if (error)
        return error;
    if (!parse_number(text, least, most, &d->value[which]))
        return apr_psprintf(cmd->pool,
                            "%s takes a whole number from %" APR_INT64_T_FMT " to %" APR_INT64_T_FMT
                            ", not \"%s\"",
                            cmd->cmd->name, least, most, text);
    return NULL;
}

#define NUMBER(name, which, help) \
    AP_INIT_TAKE1(name, set_number, (void *)(which), RSRC_CONF | ACCESS_CONF, help)

const command_rec directives_table[] = {
    AP_INIT_FLAG("Factorial", set_factorial, NULL, RSRC_CONF | ACCESS_CONF,
                 "On makes the address of this <Location> the factorial endpoint"),
    NUMBER("FactorialMaxNumber", SETTING_MAX_NUMBER,
           "The largest number whose factorial is computed, 0 to 100000000"),
    NUMBER("FactorialCompressMax", SETTING_COMPRESS_MAX,
           "The largest answer in bytes that compressing filters may compress, 0 to 1073741824"),
    {.name = NULL},
};
