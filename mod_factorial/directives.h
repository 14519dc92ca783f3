/*
 * The module's directives and the records that hold them.
 */
#ifndef MOD_FACTORIAL_DIRECTIVES_H
#define MOD_FACTORIAL_DIRECTIVES_H

#include "module.h"

#include <stdbool.h>
#include <stdint.h>

/* The settings, whole numbers all; names, ranges and defaults stand in directives.c. */
typedef enum {
    /* for a server or a location */
    SETTING_MAX_NUMBER,
    SETTING_TIMEOUT,         /* seconds of computing */
    SETTING_QUEUE_TIMEOUT,   /* seconds of waiting for the budget */
    SETTING_SEND_TIMEOUT,    /* seconds of sending, besides what a large answer is given more */
    SETTING_COMPRESS_MAX,    /* bytes */
    SETTING_KEEP_ALIVE_WAIT, /* milliseconds that a worker waits for a next request */
    /* for the whole of httpd: to be asked of the main server's configuration */
    SETTING_MEMORY,      /* MiB */
    SETTING_CONCURRENCY, /* computations */
    SETTING_THREADS,     /* for one computation */
    SETTING_MAX_WAITING, /* requests */
    SETTING_ENGINE,      /* a factorial_method */
    SETTING_COUNT,
} setting;

extern const command_rec directives_table[];

/* httpd's create_dir_config and merge_dir_config. */
void *directives_create(apr_pool_t *pool, char *path);
void *directives_merge(apr_pool_t *pool, void *base, void *add);

/* Is `Factorial On` in force here, by a pattern or for exactly this address? */
bool directives_marks(ap_conf_vector_t *configuration, const char *uri);

/*
 * The value in force, or the default. The defaults of SETTING_MEMORY, SETTING_CONCURRENCY and
 * SETTING_THREADS are the machine's, which takes reading a few files: not for every request.
 */
uint64_t directives_get(ap_conf_vector_t *configuration, setting which);

#endif
