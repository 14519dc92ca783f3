/*
 * The module's directives, and the settings that result from them.
 */
#ifndef MOD_FACTORIAL_DIRECTIVES_H
#define MOD_FACTORIAL_DIRECTIVES_H

#include "engine/factorial.h"
#include "module.h"
#include "parse.h"

#include <stdbool.h>
#include <stdint.h>

extern const command_rec directives_table[];

/* httpd's create_dir_config and merge_dir_config. */
void *directives_create(apr_pool_t *pool, char *path);
void *directives_merge(apr_pool_t *pool, void *base, void *add);

/* A section that contains Factorial or FactorialForm. */
typedef struct endpoint_rule endpoint_rule;
struct endpoint_rule {
    const char *location; /* the only address of the rule; NULL: all addresses of the section */
    const ap_conf_vector_t *section;
    int on;                     /* of Factorial: 1, 0, or -1 if it is not set here */
    int form;                   /* of FactorialForm: a response_form, or -1 */
    const endpoint_rule *outer; /* of the section that this one is merged with; NULL: none */
};

/* The rule by which `Factorial On` is in force for the request's address; NULL if it is not. */
const endpoint_rule *directives_endpoint(const request_rec *r);

/* Settings of a virtual host or a <Location>. */
typedef struct {
    uint64_t max_number;
    uint64_t timeout;         /* of computing, seconds */
    uint64_t queue_timeout;   /* of waiting for the budget, seconds */
    uint64_t send_timeout;    /* of sending, seconds; large responses have more */
    uint64_t compress_max;    /* bytes */
    uint64_t keep_alive_wait; /* for the next request, milliseconds */
    response_form form;
} location_settings;

/* The settings in force for a request, defaults included. */
location_settings directives_location(const request_rec *r);

/* Settings of the whole server. */
typedef struct {
    uint64_t memory;      /* bytes */
    unsigned concurrency; /* computations */
    unsigned threads;     /* for one computation */
    unsigned max_waiting; /* requests */
    factorial_method method;
} server_settings;

/*
 * The settings in force; the argument is the main server's lookup_defaults. Some defaults depend on
 * the machine and are read from files, so this is for the start of a process, not for requests.
 */
server_settings directives_server(ap_conf_vector_t *configuration);

#endif
