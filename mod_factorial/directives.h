/*
 * The module's directives and the records that hold them.
 */
#ifndef MOD_FACTORIAL_DIRECTIVES_H
#define MOD_FACTORIAL_DIRECTIVES_H

#include "mod_factorial.h"

#include <stdbool.h>
#include <stdint.h>

/* The directives that are whole numbers; names, ranges and defaults stand in directives.c. */
typedef enum {
    SETTING_MAX_NUMBER,
    SETTING_COMPRESS_MAX,
    SETTING_COUNT,
} setting;

extern const command_rec directives_table[];

/* httpd's create_dir_config and merge_dir_config. */
void *directives_create(apr_pool_t *pool, char *path);
void *directives_merge(apr_pool_t *pool, void *base, void *add);

/* Is `Factorial On` in force here, and is this address exactly the marked location's? */
bool directives_marks(ap_conf_vector_t *configuration, const char *uri);

/* The value in force, or the default. */
uint64_t directives_get(ap_conf_vector_t *configuration, setting which);

#endif
