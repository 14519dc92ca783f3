/*
 * What every file that uses httpd includes: its headers, the check of its version, and the names of
 * the module and its handlers.
 */
#ifndef MOD_FACTORIAL_MODULE_H
#define MOD_FACTORIAL_MODULE_H

#include <httpd.h>

#include <ap_mmn.h>
#include <http_config.h>
#include <http_log.h>

/* child_stopping exists from this version on. Earlier ones also have known security holes. */
#if !AP_MODULE_MAGIC_AT_LEAST(20120211, 116)
#error "mod_factorial needs Apache httpd 2.4.49 or later"
#endif
/* httpd 2.5 buffers output in another way: conn_rec has no data_in_output_filters. */
#if AP_MODULE_MAGIC_AT_LEAST(20180720, 1)
#error "mod_factorial needs Apache httpd 2.4, and this is 2.5"
#endif

/* The only symbol that the module exports. All others are compiled with hidden visibility. */
extern module AP_MODULE_DECLARE_DATA factorial_module __attribute__((visibility("default")));

APLOG_USE_MODULE(factorial);

/* The names of the handlers, for SetHandler. */
#define HANDLER_FACTORIAL "factorial"
#define HANDLER_HEALTH    "factorial-health"

#endif
