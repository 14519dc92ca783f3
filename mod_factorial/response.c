#include "response.h"

#include "digits.h"
#include "pacing.h"
#include "validators.h"

#include <apr_strings.h>
#include <http_protocol.h>
#include <string.h>
#include <util_filter.h>

#define TAG_FILTER "FACTORIAL_TAG"

#define ALLOWED_METHODS "GET, HEAD, OPTIONS"
#define TYPE_TEXT       "text/plain; charset=utf-8"
#define TYPE_PROBLEM    "application/problem+json"

static const struct {
    const char *type, *before, *after;
} forms[] = {
    [FORM_NUMBER] = {"application/json", "{\"factorial\":", "}\n"},
    [FORM_TEXT] = {TYPE_TEXT, "", "\n"},
};

/* ---- sending */

/* Ends the brigade and passes it on. */
static int pass(request_rec *r, apr_bucket_brigade *brigade)
{
    APR_BRIGADE_INSERT_TAIL(brigade, apr_bucket_eos_create(brigade->bucket_alloc));
    apr_status_t status = ap_pass_brigade(r->output_filters, brigade);
    apr_brigade_cleanup(brigade);
    if (status == APR_SUCCESS || r->connection->aborted)
        return OK;
    ap_log_rerror(APLOG_MARK, APLOG_DEBUG, status, r, "the answer could not be sent");
    return AP_FILTER_ERROR;
}

static apr_bucket_brigade *new_brigade(request_rec *r)
{
    return apr_brigade_create(r->pool, r->connection->bucket_alloc);
}

static void append(apr_bucket_brigade *brigade, const char *text)
{
    if (*text)
        APR_BRIGADE_INSERT_TAIL(
            brigade, apr_bucket_immortal_create(text, strlen(text), brigade->bucket_alloc));
}

/* The text must live as long as the request. */
static int send_uncached(request_rec *r, const char *type, const char *text)
{
    apr_bucket_brigade *brigade = new_brigade(r);
    ap_set_content_type(r, type);
    ap_set_content_length(r, (apr_off_t)strlen(text));
    apr_table_setn(r->headers_out, "Cache-Control", "no-store");
    apr_table_setn(r->headers_out, "X-Content-Type-Options", "nosniff");
    append(brigade, text);
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
    if (!row->detail) {
        r->connection->aborted = 1;
        return OK;
    }
    const char *maximum = q->outcome == OUTCOME_NUMBER_TOO_LARGE
                              ? apr_psprintf(r->pool, "%" APR_UINT64_T_FMT, q->maximum)
                              : "";
    const char *detail = apr_pstrcat(r->pool, row->detail, maximum, NULL);
    /* They may have been set for a result that could not be computed. */
    apr_table_unset(r->headers_out, "ETag");
    apr_table_unset(r->headers_out, "Accept-Ranges");
    if (row->status == HTTP_METHOD_NOT_ALLOWED)
        apr_table_setn(r->headers_out, "Allow", ALLOWED_METHODS);
    if (row->retry)
        apr_table_setn(r->headers_out, "Retry-After", "1");
    if (!q->problem_details)
        return send_uncached(r, TYPE_TEXT, detail);
    return send_uncached(r, TYPE_PROBLEM,
                         apr_psprintf(r->pool,
                                      "{\"type\":\"/docs/problems#%s\",\"title\":\"%s\","
                                      "\"status\":%d,\"detail\":\"%s\"%s%s}\n",
                                      row->problem, row->title, row->status, detail,
                                      *maximum ? ",\"maximum\":" : "", maximum));
}

int response_send_options(request_rec *r)
{
    apr_table_setn(r->headers_out, "Allow", ALLOWED_METHODS);
    ap_set_content_length(r, 0);
    return pass(r, new_brigade(r));
}

/* ---- results */

static bool authenticated(const request_rec *r)
{
    return r->user || apr_table_get(r->headers_in, "Authorization");
}

void response_set_headers(const factorial_request *q)
{
    request_rec *r = q->r;
    uint64_t length = strlen(forms[q->form].before) + q->digit_count + strlen(forms[q->form].after);
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
    /* Another module, such as mod_session, may have said that the response is for one client. */
    if (!apr_table_get(r->headers_out, "Cache-Control"))
        apr_table_setn(r->headers_out, "Cache-Control",
                       authenticated(r) ? "private, max-age=31536000, immutable"
                                        : "public, max-age=31536000, immutable");
}

/* Behind the compressing filters, of which mod_brotli's changes these also where there is no body.
 */
static apr_status_t put_tag_back(ap_filter_t *f, apr_bucket_brigade *brigade)
{
    apr_table_setn(f->r->headers_out, "ETag", f->ctx);
    apr_table_unset(f->r->headers_out, "Content-Encoding");
    ap_remove_output_filter(f);
    return ap_pass_brigade(f->next, brigade);
}

void response_register(void)
{
    ap_register_output_filter(TAG_FILTER, put_tag_back, NULL, AP_FTYPE_CONTENT_SET);
}

/* Through all filters, as httpd's own handler does it: mod_headers changes it, mod_cache waits for
 * it. */
int response_send_not_modified(request_rec *r)
{
    const char *tag = apr_table_get(r->headers_out, "ETag");
    ap_add_output_filter(TAG_FILTER, apr_pstrdup(r->pool, tag), r, r->connection);
    r->status = HTTP_NOT_MODIFIED;
    return pass(r, new_brigade(r));
}

/* Filters that work on the content and yet leave the body as it is. */
static bool leaves_body(const char *filter)
{
    static const char *const harmless[] = {
        "fixup_headers_out", "fixup_headers_err",  "mod_expires",
        "cache_save",        "cache_save_subreq",  "mod_session_out",
        "qos-out-filter",    "qos-out-filter-min", "qos-out-filter-delay"};
    for (size_t i = 0; i < sizeof harmless / sizeof *harmless; i++)
        if (!strcasecmp(filter, harmless[i]))
            return true;
    return false;
}

/* The variable that keeps a compressing filter out; NULL for a filter that is none. */
static const char *exception_of(const char *filter)
{
    return ap_strcasestr(filter, "deflate")  ? "no-gzip"
           : ap_strcasestr(filter, "brotli") ? "no-brotli"
                                             : NULL;
}

/* Might a filter change the body that GET would get? Compression happens only on demand. */
static bool body_may_change(const request_rec *r)
{
    bool demand = apr_table_get(r->headers_in, "Accept-Encoding") ||
                  apr_table_get(r->subprocess_env, "force-gzip");
    for (const ap_filter_t *f = r->output_filters; f; f = f->next) {
        if (f->frec->ftype >= AP_FTYPE_PROTOCOL || leaves_body(f->frec->name))
            continue;
        const char *exception = exception_of(f->frec->name);
        if (!exception || (demand && !apr_table_get(r->subprocess_env, exception)))
            return true;
    }
    return false;
}

int response_send_headers(request_rec *r)
{
    apr_bucket_brigade *brigade = new_brigade(r);
    if (body_may_change(r)) {
        /* Sent ahead of the end, so that nobody takes what a compressor makes of nothing for the
         * length. */
        apr_table_unset(r->headers_out, "Content-Length");
        if (ap_fflush(r->output_filters, brigade) != APR_SUCCESS)
            return r->connection->aborted ? OK : AP_FILTER_ERROR;
    }
    return pass(r, brigade);
}

int response_send_result(const factorial_request *q)
{
    request_rec *r = q->r;
    apr_bucket_brigade *brigade = new_brigade(r);
    pacing_start(r, q->digit_count, q->settings.send_timeout);
    append(brigade, forms[q->form].before);
    APR_BRIGADE_INSERT_TAIL(brigade, apr_bucket_heap_create(q->digits, q->digit_count,
                                                            digits_release, brigade->bucket_alloc));
    append(brigade, forms[q->form].after);
    return pass(r, brigade);
}
