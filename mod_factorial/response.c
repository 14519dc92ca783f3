#include "response.h"

#include "engine/summary.h"
#include "pacing.h"
#include "result.h"
#include "validators.h"

#include <apr_strings.h>
#include <http_protocol.h>
#include <string.h>
#include <util_filter.h>

#define ALLOWED_METHODS "GET, HEAD, OPTIONS"
#define TYPE_TEXT       "text/plain; charset=utf-8"
#define TYPE_PROBLEM    "application/problem+json"

static const struct {
    const char *type, *after;
} forms[] = {
    [FORM_NUMBER] = {"application/json", "}\n"},
    [FORM_STRING] = {"application/json", "\"}\n"},
    [FORM_TEXT] = {TYPE_TEXT, "\n"},
    [FORM_SUMMARY] = {"application/json", "}\n"},
};

/* Values of Cache-Control. The filter below compares with them. */
static const char for_everybody[] = "public, max-age=31536000, immutable";
static const char for_one_client[] = "private, max-age=31536000, immutable";

/* ---- sending */

/* Ends the brigade and passes it on. */
static int pass(request_rec *r, apr_bucket_brigade *brigade)
{
    APR_BRIGADE_INSERT_TAIL(brigade, apr_bucket_eos_create(brigade->bucket_alloc));
    apr_status_t status = ap_pass_brigade(r->output_filters, brigade);
    apr_brigade_cleanup(brigade);
    if (status == APR_SUCCESS || r->connection->aborted)
        return OK;
    ap_log_rerror(APLOG_MARK, APLOG_DEBUG, status, r, "the response could not be sent");
    return AP_FILTER_ERROR;
}

static apr_bucket_brigade *new_brigade(request_rec *r)
{
    return apr_brigade_create(r->pool, r->connection->bucket_alloc);
}

/* The text must live as long as the request. */
static void append(apr_bucket_brigade *brigade, const char *text, apr_size_t length)
{
    if (length)
        APR_BRIGADE_INSERT_TAIL(brigade,
                                apr_bucket_immortal_create(text, length, brigade->bucket_alloc));
}

/* The text must live as long as the request. */
static int send_uncached(request_rec *r, const char *type, const char *text)
{
    apr_bucket_brigade *brigade = new_brigade(r);
    ap_set_content_type(r, type);
    ap_set_content_length(r, (apr_off_t)strlen(text));
    apr_table_setn(r->headers_out, "Cache-Control", "no-store");
    apr_table_setn(r->headers_out, "X-Content-Type-Options", "nosniff");
    append(brigade, text, strlen(text));
    return pass(r, brigade);
}

int response_send_text(request_rec *r, const char *text)
{
    return send_uncached(r, TYPE_TEXT, text);
}

int response_send_error(const factorial_request *q)
{
    request_rec *r = q->r;
    const outcome_row *row = &outcomes[q->outcome];
    r->status = row->status;
    if (!row->problem.detail) {
        r->connection->aborted = 1;
        return OK;
    }
    const char *maximum = q->outcome == OUTCOME_NUMBER_TOO_LARGE
                              ? apr_psprintf(r->pool, "%" APR_UINT64_T_FMT, q->maximum)
                              : "";
    const char *detail = apr_pstrcat(r->pool, row->problem.detail, maximum, NULL);
    /* These may have been set for a result that could not be computed. */
    apr_table_unset(r->headers_out, "ETag");
    apr_table_unset(r->headers_out, "Accept-Ranges");
    if (row->status == HTTP_METHOD_NOT_ALLOWED)
        apr_table_setn(r->headers_out, "Allow", ALLOWED_METHODS);
    if (row->status == HTTP_SERVICE_UNAVAILABLE)
        apr_table_setn(r->headers_out, "Retry-After", "1");
    if (!q->problem_details)
        return send_uncached(r, TYPE_TEXT, detail);
    return send_uncached(r, TYPE_PROBLEM,
                         apr_psprintf(r->pool,
                                      "{\"type\":\"/docs/problems#%s\",\"title\":\"%s\","
                                      "\"status\":%d,\"detail\":\"%s\"%s%s}\n",
                                      row->problem.type, row->problem.title, row->status, detail,
                                      *maximum ? ",\"maximum\":" : "", maximum));
}

int response_send_options(request_rec *r)
{
    apr_table_setn(r->headers_out, "Allow", ALLOWED_METHODS);
    ap_set_content_length(r, 0);
    return pass(r, new_brigade(r));
}

/* ---- results */

/* The body up to the digits; for a summary, up to its last bytes. */
static const char *body_start(const factorial_request *q)
{
    factorial_summary s;
    switch (q->form) {
    case FORM_NUMBER:
        return "{\"factorial\":";
    case FORM_STRING:
        return apr_psprintf(q->r->pool,
                            "{\"number\":%" APR_UINT64_T_FMT ",\"digits\":%" APR_UINT64_T_FMT
                            ",\"factorial\":\"",
                            q->n, q->plan.digits);
    case FORM_TEXT:
        return "";
    case FORM_SUMMARY:
        factorial_summarize(q->n, &s);
        return apr_psprintf(q->r->pool,
                            "{\"number\":%" APR_UINT64_T_FMT ",\"digits\":%" APR_UINT64_T_FMT
                            ",\"trailing_zeros\":%" APR_UINT64_T_FMT
                            ",\"scientific\":\"%c%s%se%" APR_UINT64_T_FMT "\"",
                            q->n, s.digits, s.trailing_zeros, s.leading[0], s.leading[1] ? "." : "",
                            s.leading + 1, s.digits - 1);
    }
    return "";
}

void response_set_headers(factorial_request *q)
{
    request_rec *r = q->r;
    q->before = body_start(q);
    uint64_t length = strlen(q->before) + q->plan.digits + strlen(forms[q->form].after);
    ap_set_content_type(r, forms[q->form].type);
    ap_set_content_length(r, (apr_off_t)length);
    ap_set_accept_ranges(r);
    if (q->form == FORM_TEXT)
        apr_table_setn(r->headers_out, "X-Content-Type-Options", "nosniff");

    /* Compressing a large result costs more than computing it. */
    if (length > q->settings.compress_max) {
        apr_table_setn(r->subprocess_env, "no-gzip", "1");
        apr_table_setn(r->subprocess_env, "no-brotli", "1");
    }
    /* A result that is sent as an ErrorDocument must not be cached under the failed address. */
    if (r->status != HTTP_OK)
        return;
    apr_table_setn(r->headers_out, "ETag", validators_tag(q));
    /* Another module, such as mod_session, may have marked the response as private. */
    bool authenticated = r->user || apr_table_get(r->headers_in, "Authorization");
    if (!apr_table_get(r->headers_out, "Cache-Control"))
        apr_table_setn(r->headers_out, "Cache-Control",
                       authenticated ? for_one_client : for_everybody);
}

/* ---- the filter that runs after those of other modules */

/* Other modules may have added to Cache-Control. One field is left, and never one that lets shared
 * caches store a cookie. */
static void settle_cache_control(request_rec *r)
{
    const char *now = apr_table_get(r->headers_out, "Cache-Control");
    bool is_public = now && !strncmp(now, for_everybody, sizeof for_everybody - 1);
    bool is_private = now && !strncmp(now, for_one_client, sizeof for_one_client - 1);
    if (!is_public && !is_private)
        return; /* another module has set the field */
    const char *added = now + (is_public ? sizeof for_everybody : sizeof for_one_client) - 1;
    if (apr_table_get(r->err_headers_out, "Cache-Control")) /* by `Header always` */
        apr_table_unset(r->headers_out, "Cache-Control");
    else if (strstr(added, "max-age=")) /* by mod_expires, after a comma */
        apr_table_setn(r->headers_out, "Cache-Control", added + 2);
    else if (is_public && (apr_table_get(r->headers_out, "Set-Cookie") ||
                           apr_table_get(r->err_headers_out, "Set-Cookie")))
        apr_table_setn(r->headers_out, "Cache-Control",
                       apr_pstrcat(r->pool, for_one_client, added, NULL));
}

typedef struct {
    const char *tag;  /* of 304; NULL for another response */
    apr_off_t length; /* of the body so far, to HEAD */
    bool is_unknown;  /* the length */
} finish_state;

/*
 * Removes the body of a response to HEAD from the brigade. A filter that changes the body of GET
 * has removed Content-Length or changed the body's length by now. Then the response must have no
 * length; the flush keeps httpd from setting that of the body that is left. False if the end of the
 * body has not come yet.
 */
static bool drop_body(request_rec *r, finish_state *state, apr_bucket_brigade *brigade)
{
    for (apr_bucket *b; (b = APR_BRIGADE_FIRST(brigade)) != APR_BRIGADE_SENTINEL(brigade);) {
        if (APR_BUCKET_IS_EOS(b)) {
            const char *length = apr_table_get(r->headers_out, "Content-Length");
            if (!length || state->is_unknown ||
                strcmp(length, apr_off_t_toa(r->pool, state->length)) != 0) {
                apr_table_unset(r->headers_out, "Content-Length");
                APR_BRIGADE_INSERT_HEAD(brigade, apr_bucket_flush_create(brigade->bucket_alloc));
            }
            return true;
        }
        if (AP_BUCKET_IS_ERROR(b)) /* another filter refuses the response */
            return true;
        state->is_unknown = state->is_unknown || b->length == (apr_size_t)-1;
        state->length += (apr_off_t)b->length;
        apr_bucket_delete(b);
    }
    return false;
}

static apr_status_t finish_headers(ap_filter_t *f, apr_bucket_brigade *brigade)
{
    finish_state *state = f->ctx;
    if (state->tag) { /* mod_brotli changes these although there is no body */
        apr_table_setn(f->r->headers_out, "ETag", state->tag);
        apr_table_unset(f->r->headers_out, "Content-Encoding");
    } else if (f->r->header_only && !drop_body(f->r, state, brigade)) {
        return APR_SUCCESS;
    }
    settle_cache_control(f->r);
    ap_remove_output_filter(f);
    return ap_pass_brigade(f->next, brigade);
}

static ap_filter_rec_t *finish_filter;

/* Stands for the digits in a response to HEAD, where only filters see them. */
static char filler[65536];

void response_register(void)
{
    /* After filters that change content or headers, before mod_cache's, which stores both. */
    finish_filter =
        ap_register_output_filter("FACTORIAL_FINISH", finish_headers, NULL, AP_FTYPE_CONTENT_SET);
    memset(filler, '0', sizeof filler);
}

static void add_finish_filter(request_rec *r, const char *tag)
{
    finish_state *state = apr_pcalloc(r->pool, sizeof *state);
    state->tag = tag;
    ap_add_output_filter_handle(finish_filter, state, r, r->connection);
}

/* ---- results */

int response_send_not_modified(request_rec *r)
{
    /* Passed through all filters, as httpd's own handler does: mod_headers changes it, and
     * mod_cache waits for it. */
    add_finish_filter(r, apr_pstrdup(r->pool, apr_table_get(r->headers_out, "ETag")));
    r->status = HTTP_NOT_MODIFIED;
    return pass(r, new_brigade(r));
}

int response_send_result(factorial_request *q)
{
    request_rec *r = q->r;
    apr_bucket_brigade *brigade = new_brigade(r);
    append(brigade, q->before, strlen(q->before));
    if (q->digits)
        APR_BRIGADE_INSERT_TAIL(
            brigade,
            apr_bucket_heap_create(q->digits, q->plan.digits, result_free, brigade->bucket_alloc));
    else
        for (uint64_t left = q->plan.digits, part; left; left -= part) {
            part = left < sizeof filler ? left : sizeof filler;
            append(brigade, filler, part);
        }
    append(brigade, forms[q->form].after, strlen(forms[q->form].after));
    add_finish_filter(r, NULL);
    if (q->digits)
        pacing_start(q);
    return pass(r, brigade);
}
