#include "fake_httpd.h"

#include "directives.h"

#include <ap_mpm.h>
#include <apr_lib.h>
#include <apr_portable.h>
#include <check.h>
#include <http_connection.h>
#include <http_core.h>
#include <http_request.h>
#include <mpm_common.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

fake_httpd fake;

module core_module = {.module_index = AP_CORE_MODULE_INDEX};
module factorial_module = {.module_index = AP_CORE_MODULE_INDEX + 1};

void fake_set_up(void)
{
    apr_initialize();
    memset(&fake, 0, sizeof fake);
    apr_pool_create(&fake.pool, NULL);
    fake.body = apr_pstrdup(fake.pool, "");
    fake.retained = apr_hash_make(fake.pool);
    fake.daemons = 4;
    fake.threads = 8;
}

void fake_tear_down(void)
{
    apr_pool_destroy(fake.pool);
    apr_terminate();
}

ap_conf_vector_t *fake_configuration(void *record)
{
    void **vector = apr_pcalloc(fake.pool, 2 * sizeof *vector);
    vector[0] = apr_pcalloc(fake.pool, sizeof(core_dir_config));
    vector[1] = record;
    return (ap_conf_vector_t *)vector;
}

request_rec *fake_request(const char *query)
{
    request_rec *r = apr_pcalloc(fake.pool, sizeof *r);
    conn_rec *c = apr_pcalloc(fake.pool, sizeof *c);
    c->pool = fake.pool;
    c->conn_config = fake_configuration(NULL);
    c->bucket_alloc = apr_bucket_alloc_create(fake.pool);
    r->server = apr_pcalloc(fake.pool, sizeof *r->server);
    r->server->log.level = APLOG_DEBUG;
    fake.core = apr_pcalloc(fake.pool, sizeof *fake.core);
    fake.core->flush_max_threshold = 65535;
    fake.core->sec_url = apr_array_make(fake.pool, 1, sizeof(ap_conf_vector_t *));
    r->server->module_config = fake_configuration(NULL);
    ap_set_module_config(r->server->module_config, &core_module, fake.core);
    c->base_server = r->server;
    r->server->lookup_defaults = fake_configuration(directives_create(fake.pool, NULL));
    r->pool = fake.pool;
    r->connection = c;
    r->status = HTTP_OK;
    r->method_number = M_GET;
    r->uri = apr_pstrdup(fake.pool, "/x");
    r->args = query ? apr_pstrdup(fake.pool, query) : NULL;
    r->handler = HANDLER_FACTORIAL;
    r->headers_in = apr_table_make(fake.pool, 8);
    r->headers_out = apr_table_make(fake.pool, 8);
    r->err_headers_out = apr_table_make(fake.pool, 8);
    r->subprocess_env = apr_table_make(fake.pool, 8);
    r->notes = apr_table_make(fake.pool, 8);
    r->per_dir_config = fake_configuration(directives_create(fake.pool, NULL));
    r->request_config = fake_configuration(NULL);
    return r;
}

void fake_header(request_rec *r, const char *name, const char *value)
{
    apr_table_set(r->headers_in, name, value);
}

const char *fake_answer_header(const request_rec *r, const char *name)
{
    return apr_table_get(r->headers_out, name);
}

static const char *run_directive(void *record, const char *name, const char *argument,
                                 const char *path, const ap_directive_t *parent)
{
    ap_directive_t directive = {
        .directive = name, .args = argument, .parent = (ap_directive_t *)parent};
    for (const command_rec *command = directives_table; command->name; command++) {
        if (strcmp(command->name, name) != 0)
            continue;
        cmd_parms cmd = {.info = command->cmd_data,
                         .pool = fake.pool,
                         .cmd = command,
                         .directive = &directive,
                         .path = path ? apr_pstrdup(fake.pool, path) : NULL};
        if (command->args_how == FLAG)
            return command->AP_FLAG(&cmd, record, !strcmp(argument, "On"));
        return command->AP_TAKE1(&cmd, record, argument);
    }
    return "no such directive";
}

const char *fake_directive(void *record, const char *name, const char *argument)
{
    static const ap_directive_t section = {.directive = "<Location", .args = "\"/x\""};
    return run_directive(record, name, argument, "/x", &section);
}

const char *fake_directive_outside(void *record, const char *name, const char *argument)
{
    return run_directive(record, name, argument, NULL, NULL);
}

uint64_t fake_setting(void *record, const char *name)
{
    request_rec *r = fake_request(NULL);
    r->per_dir_config = fake_configuration(record);
    location_settings here = directives_location(r);
    server_settings server = directives_server(fake_configuration(record));
    const struct {
        const char *name;
        uint64_t value;
    } settings[] = {
        {"FactorialMaxNumber", here.max_number},
        {"FactorialTimeout", here.timeout},
        {"FactorialQueueTimeout", here.queue_timeout},
        {"FactorialSendTimeout", here.send_timeout},
        {"FactorialCompressMax", here.compress_max},
        {"FactorialKeepAliveWait", here.keep_alive_wait},
        {"FactorialForm", here.form},
        {"FactorialMemory", server.memory >> 20},
        {"FactorialConcurrency", server.concurrency},
        {"FactorialThreads", server.threads},
        {"FactorialMaxWaiting", server.max_waiting},
        {"FactorialEngine", server.method},
    };
    for (size_t i = 0; i < sizeof settings / sizeof *settings; i++)
        if (!strcmp(settings[i].name, name))
            return settings[i].value;
    abort(); /* no such directive */
}

/* ---- the clocks, in the place of the C library's for APR too */

#define SEEN_BY_LIBRARIES __attribute__((visibility("default")))

static const int64_t SECOND = 1000000;

static int64_t real_time(clockid_t clock)
{
    struct timespec t;
    syscall(SYS_clock_gettime, clock, &t);
    return (int64_t)t.tv_sec * SECOND + t.tv_nsec / 1000;
}

void fake_stop_clocks(void)
{
    fake.stopped[CLOCK_REALTIME] = real_time(CLOCK_REALTIME);
    fake.stopped[CLOCK_MONOTONIC] = real_time(CLOCK_MONOTONIC);
}

void fake_turn_wall_clock(void)
{
    fake.wall_turned = real_time(CLOCK_REALTIME);
}

SEEN_BY_LIBRARIES int clock_gettime(clockid_t clock, struct timespec *t)
{
    int64_t time =
        clock <= CLOCK_MONOTONIC && fake.stopped[clock] ? fake.stopped[clock] : real_time(clock);
    if (clock == CLOCK_MONOTONIC)
        time += fake.monotonic;
    if (clock == CLOCK_REALTIME && fake.wall_turned)
        time = 2 * fake.wall_turned - time;
    *t = (struct timespec){time / SECOND, time % SECOND * 1000};
    return 0;
}

SEEN_BY_LIBRARIES int gettimeofday(struct timeval *t, void *zone)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    *t = (struct timeval){now.tv_sec, now.tv_nsec / 1000};
    return 0;
}

/* ---- what the module calls */

void ap_log_rerror_(const char *file, int line, int index, int level, apr_status_t status,
                    const request_rec *r, const char *format, ...)
{
    fake.log_status += status;
    fake.log_lines++;
}

void ap_log_error_(const char *file, int line, int index, int level, apr_status_t status,
                   const server_rec *server, const char *format, ...)
{
    fake.log_status += status;
    fake.log_lines++;
}

apr_status_t ap_mpm_query(int what, int *value)
{
    *value = what == AP_MPMQ_MAX_THREADS   ? fake.threads
             : what == AP_MPMQ_IS_THREADED ? (fake.threads > 1 ? AP_MPMQ_STATIC : 0)
             : what == AP_MPMQ_IS_ASYNC    ? fake.async
                                           : fake.daemons;
    return APR_SUCCESS;
}

void *ap_retained_data_get(const char *key)
{
    return apr_hash_get(fake.retained, key, APR_HASH_KEY_STRING);
}

void *ap_retained_data_create(const char *key, apr_size_t size)
{
    void *block = apr_pcalloc(fake.pool, size);
    apr_hash_set(fake.retained, key, APR_HASH_KEY_STRING, block);
    return block;
}

apr_socket_t *ap_get_conn_socket(conn_rec *c)
{
    return fake.socket;
}

const apr_bucket_type_t ap_bucket_type_error = {
    .name = "ERROR",
    .num_func = 5,
    .is_metadata = APR_BUCKET_METADATA,
    .destroy = apr_bucket_destroy_noop,
};

ap_filter_rec_t *ap_register_output_filter(const char *name, ap_out_filter_func filter,
                                           ap_init_filter_func init, ap_filter_type type)
{
    static ap_filter_rec_t record;
    fake.filter = filter;
    fake.filter_type = type;
    return &record;
}

ap_filter_t *ap_add_output_filter(const char *name, void *context, request_rec *r, conn_rec *c)
{
    fake.filters_added++;
    fake.filter_context = context;
    return NULL;
}

ap_filter_t *ap_add_output_filter_handle(ap_filter_rec_t *record, void *context, request_rec *r,
                                         conn_rec *c)
{
    ap_filter_t *filter = apr_pcalloc(fake.pool, sizeof *filter);
    *filter = (ap_filter_t){.frec = record, .ctx = context, .r = r, .c = c};
    r->proto_output_filters = filter;
    return ap_add_output_filter(NULL, context, r, c);
}

apr_status_t ap_save_brigade(ap_filter_t *filter, apr_bucket_brigade **saved,
                             apr_bucket_brigade **brigade, apr_pool_t *pool)
{
    APR_BRIGADE_CONCAT(*saved, *brigade);
    return APR_SUCCESS;
}

void ap_remove_output_filter(ap_filter_t *filter)
{
    fake.filters_removed++;
}

ap_filter_rec_t *ap_register_input_filter(const char *name, ap_in_filter_func filter,
                                          ap_init_filter_func init, ap_filter_type type)
{
    fake.input_filter = filter;
    return NULL;
}

ap_filter_t *ap_add_input_filter(const char *name, void *context, request_rec *r, conn_rec *c)
{
    fake.filters_added++;
    fake.filter_context = context;
    return NULL;
}

apr_status_t ap_get_brigade(ap_filter_t *filter, apr_bucket_brigade *brigade, ap_input_mode_t mode,
                            apr_read_type_e block, apr_off_t bytes)
{
    char byte;
    apr_os_sock_t descriptor;
    fake.reads++;
    if (apr_os_sock_get(&descriptor, fake.socket) != APR_SUCCESS)
        return APR_ENOTSOCK;
    ssize_t got = recv(descriptor, &byte, 1, MSG_PEEK | MSG_DONTWAIT);
    if (got == 1)
        APR_BRIGADE_INSERT_TAIL(brigade,
                                apr_bucket_heap_create(&byte, 1, NULL, brigade->bucket_alloc));
    fake.read_result = got > 0          ? APR_SUCCESS
                       : got == 0       ? APR_EOF
                       : fake.reads % 2 ? APR_EAGAIN
                                        : APR_SUCCESS; /* some filters say it so, some so */
    return fake.read_result;
}

int ap_update_child_status(ap_sb_handle_t *handle, int status, request_rec *r)
{
    fake.child_status = status;
    return 0;
}

int ap_extended_status = 1;

worker_score *ap_get_scoreboard_worker(ap_sb_handle_t *handle)
{
    return &fake.worker;
}

void ap_hook_child_init(ap_HOOK_child_init_t *hook, const char *const *before,
                        const char *const *after, int order)
{
    fake.start_process = hook;
}

void ap_hook_pre_connection(ap_HOOK_pre_connection_t *hook, const char *const *before,
                            const char *const *after, int order)
{
    fake.connect = hook;
}

void ap_hook_suspend_connection(ap_HOOK_suspend_connection_t *hook, const char *const *before,
                                const char *const *after, int order)
{
    fake.suspend = hook;
}

int ap_rprintf(request_rec *r, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    char *text = apr_pvsprintf(fake.pool, format, arguments);
    va_end(arguments);
    fake.body = apr_pstrcat(fake.pool, fake.body, text, NULL);
    return (int)strlen(text);
}

int ap_rwrite(const void *text, int length, request_rec *r)
{
    fake.body =
        apr_pstrcat(fake.pool, fake.body, apr_pstrmemdup(fake.pool, text, (size_t)length), NULL);
    return length;
}

const char *ap_check_cmd_context(cmd_parms *cmd, unsigned forbidden)
{
    fake.context = forbidden;
    return fake.context_refusal;
}

int ap_is_matchexp(const char *text)
{
    return strpbrk(text, "*?[") != NULL;
}

int ap_discard_request_body(request_rec *r)
{
    return fake.discard_result;
}

apr_status_t ap_pass_brigade(ap_filter_t *filter, apr_bucket_brigade *brigade)
{
    fake.passes++;
    for (apr_bucket *b = APR_BRIGADE_FIRST(brigade); b != APR_BRIGADE_SENTINEL(brigade);
         b = APR_BUCKET_NEXT(b)) {
        const char *data;
        apr_size_t length;
        fake.ends += APR_BUCKET_IS_EOS(b);
        fake.flushes += APR_BUCKET_IS_FLUSH(b);
        fake.data_buckets += !APR_BUCKET_IS_METADATA(b);
        if (!APR_BUCKET_IS_METADATA(b) &&
            apr_bucket_read(b, &data, &length, APR_BLOCK_READ) == APR_SUCCESS)
            fake.body =
                apr_pstrcat(fake.pool, fake.body, apr_pstrmemdup(fake.pool, data, length), NULL);
    }
    return fake.pass_result;
}

apr_status_t ap_fflush(ap_filter_t *filter, apr_bucket_brigade *brigade)
{
    APR_BRIGADE_INSERT_TAIL(brigade, apr_bucket_flush_create(brigade->bucket_alloc));
    apr_status_t status = ap_pass_brigade(filter, brigade);
    apr_brigade_cleanup(brigade);
    return status;
}

void ap_set_content_type(request_rec *r, const char *type)
{
    r->content_type = type;
}

void ap_set_content_length(request_rec *r, apr_off_t length)
{
    apr_table_setn(r->headers_out, "Content-Length", apr_off_t_toa(r->pool, length));
}

void ap_set_accept_ranges(request_rec *r)
{
    apr_table_setn(r->headers_out, "Accept-Ranges", "bytes");
}

char *ap_strcasestr(const char *text, const char *part)
{
    return strcasestr(text, part);
}

int ap_find_etag_weak(apr_pool_t *pool, const char *list, const char *tag)
{
    return strstr(list, tag) != NULL;
}

int ap_find_etag_strong(apr_pool_t *pool, const char *list, const char *tag)
{
    const char *found = strstr(list, tag);
    return found && (found == list || found[-1] != '/');
}
