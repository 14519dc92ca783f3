#include "validators.h"

#include <apr_strings.h>
#include <http_protocol.h>
#include <string.h>

/* It has to change when the bytes of a result change, because clients may store results for a
 * year. */
#define REVISION "1"

static const char *tag_with(const factorial_request *q, const char *suffix)
{
    static const char *const names[] = {[FORM_NUMBER] = "json",
                                        [FORM_STRING] = "string",
                                        [FORM_TEXT] = "text",
                                        [FORM_SUMMARY] = "summary"};
    return apr_psprintf(q->r->pool, "\"%" APR_UINT64_T_FMT "-%s-" REVISION "%s\"", q->n,
                        names[q->form], suffix);
}

const char *validators_tag(const factorial_request *q)
{
    return tag_with(q, "");
}

typedef int find_tag(apr_pool_t *pool, const char *list, const char *tag);

/* The tag of this result that the list names, with or without a suffix; "" if the list is *; NULL
 * if it names none. */
static const char *named_tag(const factorial_request *q, const char *list, find_tag *find)
{
    static const char *const suffixes[] = {"", "-gzip", "-br"};
    if (!strcmp(list, "*"))
        return "";
    for (size_t i = 0; i < sizeof suffixes / sizeof *suffixes; i++) {
        const char *tag = tag_with(q, suffixes[i]);
        if (find(q->r->pool, list, tag))
            return tag;
    }
    return NULL;
}

static const char *condition(const request_rec *r, const char *field)
{
    return r->main || r->status != HTTP_OK ? NULL : apr_table_get(r->headers_in, field);
}

bool validators_precondition_fails(const factorial_request *q)
{
    const char *list = condition(q->r, "If-Match");
    return list && !named_tag(q, list, ap_find_etag_strong);
}

bool validators_not_modified(const factorial_request *q)
{
    const char *list = condition(q->r, "If-None-Match");
    const char *tag = list ? named_tag(q, list, ap_find_etag_weak) : NULL;
    if (tag && *tag)
        apr_table_setn(q->r->headers_out, "ETag", tag);
    return tag;
}
