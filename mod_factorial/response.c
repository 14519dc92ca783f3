#include "response.h"

#include "directives.h"
#include "pacing.h"

#include <apr_strings.h>
#include <http_protocol.h>
#include <string.h>
#include <util_filter.h>

/* Goes up when the bytes of a representation change: clients may keep results for a year. */
#define REVISION "1"

#define TAG_FILTER "FACTORIAL_TAG"

#define ALLOWED_METHODS "GET, HEAD, OPTIONS"
#define TYPE_TEXT       "text/plain; charset=utf-8"
#define TYPE_PROBLEM    "application/problem+json"

static const struct {
    const char *name, *type, *before, *after;
} forms[] = {
    [REPRESENTATION_JSON] = {"json", "application/json", "{\"factorial\":", "}\n"},
    [REPRESENTATION_TEXT] = {"text", TYPE_TEXT, "", "\n"},
};

static const struct {
    int status;
    const char *name; /* the end of the problem's type, a fragment of the page that explains it */
    const char *title;
    const char *detail; /* also the plain body */
    bool retry;         /* the same request may succeed a second later */
} errors[] = {
    [ERROR_NUMBER_MISSING] = {HTTP_BAD_REQUEST, "number-missing", "Number missing",
                              "Please supply number parameter", false},
    [ERROR_NUMBER_INVALID] = {HTTP_BAD_REQUEST, "number-invalid", "Number invalid", "Invalid value",
                              false},
    [ERROR_NUMBER_TOO_LARGE] = {HTTP_BAD_REQUEST, "number-too-large", "Number too large",
                                "Number too large: the maximum is ", false},
    [ERROR_METHOD] = {HTTP_METHOD_NOT_ALLOWED, "method-not-allowed", "Method not allowed",
                      "Method not allowed: use " ALLOWED_METHODS, false},
    [ERROR_PRECONDITION] = {HTTP_PRECONDITION_FAILED, "precondition-failed", "Precondition failed",
                            "Precondition failed", false},
    [ERROR_BUSY] = {HTTP_SERVICE_UNAVAILABLE, "busy", "Busy",
                    "Too many large numbers at once: try again later", true},
    [ERROR_TIMEOUT] = {HTTP_SERVICE_UNAVAILABLE, "timeout", "Out of time",
                       "Computing took longer than is allowed here", true},
    [ERROR_MEMORY] = {HTTP_SERVICE_UNAVAILABLE, "memory", "Out of memory",
                      "Not enough memory at the moment", true},
    [ERROR_INTERNAL] = {HTTP_INTERNAL_SERVER_ERROR, "internal-error", "Internal error",
                        "Internal error", false},
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

/* ---- errors */

/* Behind the detail comes the maximum, "" where there is none to tell. */
static int send_error(request_rec *r, response_error error, const char *maximum,
                      bool problem_details)
{
    const char *detail = apr_pstrcat(r->pool, errors[error].detail, maximum, NULL);

    r->status = errors[error].status;
    /* Of a result that was described and could not be had. */
    apr_table_unset(r->headers_out, "ETag");
    apr_table_unset(r->headers_out, "Accept-Ranges");
    if (error == ERROR_METHOD)
        apr_table_setn(r->headers_out, "Allow", ALLOWED_METHODS);
    if (errors[error].retry)
        apr_table_setn(r->headers_out, "Retry-After", "1");
    if (!problem_details)
        return send_uncached(r, TYPE_TEXT, detail);
    return send_uncached(r, TYPE_PROBLEM,
                         apr_psprintf(r->pool,
                                      "{\"type\":\"/docs/problems#%s\",\"title\":\"%s\","
                                      "\"status\":%d,\"detail\":\"%s\"%s%s}\n",
                                      errors[error].name, errors[error].title, r->status, detail,
                                      *maximum ? ",\"maximum\":" : "", maximum));
}

int response_send_error(request_rec *r, response_error error, bool problem_details)
{
    return send_error(r, error, "", problem_details);
}

int response_send_too_large(request_rec *r, uint64_t maximum, bool problem_details)
{
    return send_error(r, ERROR_NUMBER_TOO_LARGE,
                      apr_psprintf(r->pool, "%" APR_UINT64_T_FMT, maximum), problem_details);
}

int response_send_options(request_rec *r)
{
    apr_table_setn(r->headers_out, "Allow", ALLOWED_METHODS);
    ap_set_content_length(r, 0);
    return pass(r, new_brigade(r));
}

/* ---- results */

static const char *entity_tag(request_rec *r, uint64_t n, representation as, const char *suffix)
{
    return apr_psprintf(r->pool, "\"%" APR_UINT64_T_FMT "-%s-" REVISION "%s\"", n, forms[as].name,
                        suffix);
}

static bool authenticated(const request_rec *r)
{
    return r->user || apr_table_get(r->headers_in, "Authorization");
}

void response_describe(request_rec *r, uint64_t n, uint64_t digits, representation as)
{
    uint64_t length = strlen(forms[as].before) + digits + strlen(forms[as].after);
    ap_set_content_type(r, forms[as].type);
    ap_set_content_length(r, (apr_off_t)length);
    ap_set_accept_ranges(r);
    if (as == REPRESENTATION_TEXT)
        apr_table_setn(r->headers_out, "X-Content-Type-Options", "nosniff");

    /* To compress a large result costs more than to compute it. */
    if (length > directives_get(r->per_dir_config, SETTING_COMPRESS_MAX)) {
        apr_table_setn(r->subprocess_env, "no-gzip", "1");
        apr_table_setn(r->subprocess_env, "no-brotli", "1");
    }
    /* As an ErrorDocument the result is no result: nobody may keep it under this address. */
    if (r->status != HTTP_OK)
        return;
    apr_table_setn(r->headers_out, "ETag", entity_tag(r, n, as, ""));
    /* What another module has said, as mod_session that the answer is for one client, stays. */
    if (!apr_table_get(r->headers_out, "Cache-Control"))
        apr_table_setn(r->headers_out, "Cache-Control",
                       authenticated(r) ? "private, max-age=31536000, immutable"
                                        : "public, max-age=31536000, immutable");
}

typedef int find_tag(apr_pool_t *pool, const char *list, const char *tag);

/* The tag that the list names, with or without a suffix; "" for *, NULL if it names none. */
static const char *named_tag(request_rec *r, const char *list, find_tag *find, uint64_t n,
                             representation as)
{
    static const char *const suffixes[] = {"", "-gzip", "-br"};
    if (!strcmp(list, "*"))
        return "";
    for (size_t i = 0; i < sizeof suffixes / sizeof *suffixes; i++) {
        const char *tag = entity_tag(r, n, as, suffixes[i]);
        if (find(r->pool, list, tag))
            return tag;
    }
    return NULL;
}

/* Of a subrequest the conditions are on the whole; of an error there are none. */
static const char *condition(request_rec *r, const char *field)
{
    return r->main || r->status != HTTP_OK ? NULL : apr_table_get(r->headers_in, field);
}

bool response_precondition_fails(request_rec *r, uint64_t n, representation as)
{
    const char *list = condition(r, "If-Match");
    return list && !named_tag(r, list, ap_find_etag_strong, n, as);
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

bool response_not_modified(request_rec *r, uint64_t n, representation as)
{
    const char *list = condition(r, "If-None-Match");
    const char *tag = list ? named_tag(r, list, ap_find_etag_weak, n, as) : NULL;
    if (tag && *tag)
        apr_table_setn(r->headers_out, "ETag", tag);
    return tag;
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

int response_send_result(request_rec *r, char *digits, uint64_t count, representation as,
                         void (*release)(void *digits))
{
    apr_bucket_brigade *brigade = new_brigade(r);
    pacing_start(r, count);
    append(brigade, forms[as].before);
    APR_BRIGADE_INSERT_TAIL(brigade,
                            apr_bucket_heap_create(digits, count, release, brigade->bucket_alloc));
    append(brigade, forms[as].after);
    return pass(r, brigade);
}
