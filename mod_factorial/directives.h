/*
 * The module's directives, and the settings that they leave in force.
 */
#ifndef MOD_FACTORIAL_DIRECTIVES_H
#define MOD_FACTORIAL_DIRECTIVES_H

#include "engine/factorial.h"
#include "module.h"

#include <stdbool.h>
#include <stdint.h>

extern const command_rec directives_table[];

/* httpd's create_dir_config and merge_dir_config. */
void *directives_create(apr_pool_t *pool, char *path);
void *directives_merge(apr_pool_t *pool, void *base, void *add);

/* Is `Factorial On` in force here, by a pattern or for exactly this address? */
bool directives_marks(ap_conf_vector_t *configuration, const char *uri);

/* What a virtual host or a <Location> may set. */
typedef struct {
    uint64_t max_number;
    uint64_t timeout;         /* of computing, seconds */
    uint64_t queue_timeout;   /* of waiting for the budget, seconds */
    uint64_t send_timeout;    /* of sending, seconds; large answers are given more */
    uint64_t compress_max;    /* bytes */
    uint64_t keep_alive_wait; /* for a next request, milliseconds */
} location_settings;

/* The settings in force, defaults included, by a request's per_dir_config. */
location_settings directives_location(ap_conf_vector_t *configuration);

/* What is set for the whole of httpd. */
typedef struct {
    uint64_t memory;      /* bytes */
    unsigned concurrency; /* computations */
    unsigned threads;     /* for one computation */
    unsigned max_waiting; /* requests */
    factorial_method method;
} server_settings;

/*
 * The settings in force, by the main server's lookup_defaults. Some defaults depend on the machine
 * and need a few files read: for the start of a process, not for requests.
 */
server_settings directives_server(ap_conf_vector_t *configuration);

#endif
