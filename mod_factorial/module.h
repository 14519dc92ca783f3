/*
 * What every file of the module that talks to httpd includes first.
 */
#ifndef MOD_FACTORIAL_MODULE_H
#define MOD_FACTORIAL_MODULE_H

#include <httpd.h>

#include <ap_mmn.h>
#include <http_config.h>
#include <http_log.h>

/* Earlier servers also have holes that nobody should run with. */
#if !AP_MODULE_MAGIC_AT_LEAST(20120211, 116)
#error "mod_factorial needs Apache httpd 2.4.49 or later"
#endif
/* httpd 2.5 buffers output in another way: conn_rec has no data_in_output_filters. */
#if AP_MODULE_MAGIC_AT_LEAST(20180720, 1)
#error "mod_factorial needs Apache httpd 2.4, and this is 2.5"
#endif

/* The only symbol that the module exports: everything else is compiled hidden. */
extern module AP_MODULE_DECLARE_DATA factorial_module __attribute__((visibility("default")));

APLOG_USE_MODULE(factorial);

/* The handlers' names, as SetHandler takes them. */
#define HANDLER_FACTORIAL "factorial"
#define HANDLER_HEALTH    "factorial-health"

#endif
