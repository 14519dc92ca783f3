/*
 * The few functions of httpd that the module calls, for tests without a server: they record what
 * they are given.
 */
#ifndef MOD_FACTORIAL_TESTS_FAKE_HTTPD_H
#define MOD_FACTORIAL_TESTS_FAKE_HTTPD_H

#include "module.h"

#include <apr_hash.h>
#include <apr_strings.h>
#include <http_core.h>
#include <http_protocol.h>
#include <scoreboard.h>
#include <stdbool.h>
#include <util_filter.h>

typedef struct {
    apr_pool_t *pool;
    char *body; /* everything passed to the filters so far, as a string */
    int ends;   /* end-of-stream buckets passed */
    int flushes;
    int passes;       /* calls of ap_pass_brigade */
    int data_buckets; /* buckets with data among what was passed */
    int log_lines;
    apr_status_t log_status;     /* the sum of what they were given */
    apr_status_t pass_result;    /* what ap_pass_brigade returns */
    int discard_result;          /* what ap_discard_request_body returns */
    const char *context_refusal; /* what ap_check_cmd_context returns */
    unsigned context;            /* what it was last asked for */
    int daemons, threads;        /* what ap_mpm_query tells */
    bool async;                  /* this too */
    apr_hash_t *retained;        /* what outlives a restart, by name */
    int filters_added, filters_removed;
    ap_out_filter_func filter; /* the last one registered */
    ap_filter_type filter_type;
    ap_in_filter_func input_filter;
    void *filter_context;     /* given to the last one added */
    int reads;                /* calls of ap_get_brigade, which looks for a byte at the socket */
    apr_status_t read_result; /* of the last one */
    int child_status;         /* the worker's, last set */
    worker_score worker;
    void (*start_process)(apr_pool_t *pool, server_rec *server); /* to be called in a new child */
    int (*connect)(conn_rec *c, void *socket);    /* to be called when there is a new connection */
    void (*suspend)(conn_rec *c, request_rec *r); /* to be called when a connection leaves it */
    apr_socket_t *socket;                         /* the connection's */
    int64_t stopped[2];        /* where the clocks stand, by clockid_t; 0: they run */
    _Atomic int64_t monotonic; /* what this clock is ahead of the real one, microseconds */
    int64_t wall_turned;       /* when the wall clock began to run backwards; 0: it does not */
    core_server_config *core;  /* the server's settings of httpd's own */
} fake_httpd;

extern fake_httpd fake;

/* Checked fixtures: everything fresh, and gone. */
void fake_set_up(void);
void fake_tear_down(void);

/* A GET request with this query string for the handler "factorial". */
request_rec *fake_request(const char *query);

/* From now on only fake.monotonic moves the clocks. */
void fake_stop_clocks(void);

/* From now on the wall clock runs backwards. */
void fake_turn_wall_clock(void);

/* Sets a header of the request. */
void fake_header(request_rec *r, const char *name, const char *value);

/* The answer's header, NULL if it has none. */
const char *fake_answer_header(const request_rec *r, const char *name);

/* Runs the setter of this directive as httpd would inside <Location "/x">; its message or NULL. */
const char *fake_directive(void *record, const char *name, const char *argument);

/* The same outside of any section. */
const char *fake_directive_outside(void *record, const char *name, const char *argument);

/* The number that is in force for this directive, as directives_location and directives_server have
 * it; FactorialMemory in MiB. */
uint64_t fake_setting(void *record, const char *name);

/* A request's configuration, made of this record. */
ap_conf_vector_t *fake_configuration(void *record);

#endif
