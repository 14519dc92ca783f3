#include "handler.h"

#include "compute.h"
#include "directives.h"
#include "engine/factorial.h"
#include "request.h"
#include "response.h"

#include <http_protocol.h>
#include <string.h>

/* Who reads the answer: the Accept field is the whole of it. */
static preference preference_of(request_rec *r)
{
    apr_table_mergen(r->headers_out, "Vary", "Accept");
    return request_preference(apr_table_get(r->headers_in, "Accept"));
}

static int send_number_error(request_rec *r, number_outcome outcome, bool problem_details)
{
    switch (outcome) {
    case NUMBER_MISSING:
        return response_send_error(r, ERROR_NUMBER_MISSING, problem_details);
    case NUMBER_TOO_LARGE:
        return response_send_error(r, ERROR_NUMBER_TOO_LARGE, problem_details);
    case NUMBER_INVALID:
    case NUMBER_GIVEN:
        break;
    }
    return response_send_error(r, ERROR_NUMBER_INVALID, problem_details);
}

static int send_factorial(request_rec *r, uint64_t n, uint64_t count, preference wanted)
{
    char *digits = NULL;
    switch (compute_digits(r, n, count, &digits)) {
    case FACTORIAL_OK:
        return response_send_result(r, digits, count, wanted.representation, compute_release);
    case FACTORIAL_OUT_OF_MEMORY:
        return response_send_error(r, ERROR_MEMORY, wanted.problem_details);
    case FACTORIAL_CANCELLED:
    case FACTORIAL_TOO_LARGE:
    case FACTORIAL_WRONG:
        break;
    }
    return response_send_error(r, ERROR_INTERNAL, wanted.problem_details);
}

static int send_number(request_rec *r, uint64_t n, preference wanted)
{
    if (response_precondition_fails(r, n, wanted.representation))
        return response_send_error(r, ERROR_PRECONDITION, wanted.problem_details);
    uint64_t count = factorial_digit_count(n);
    response_describe(r, n, count, wanted.representation);
    if (response_not_modified(r, n, wanted.representation))
        return HTTP_NOT_MODIFIED;
    if (r->header_only)
        return response_send_headers(r);
    return send_factorial(r, n, count, wanted);
}

int handler_factorial(request_rec *r)
{
    if (!r->handler || strcmp(r->handler, HANDLER_FACTORIAL) != 0)
        return DECLINED;
    int discarded = ap_discard_request_body(r);
    if (discarded != OK)
        return discarded;

    preference wanted = preference_of(r);
    if (r->method_number == M_OPTIONS)
        return response_send_options(r);
    if (r->method_number != M_GET) /* HEAD is GET with header_only set */
        return response_send_error(r, ERROR_METHOD, wanted.problem_details);

    uint64_t n = 0;
    uint64_t maximum = directives_get(r->per_dir_config, SETTING_MAX_NUMBER);
    number_outcome outcome = request_number(r->args, maximum, &n);
    if (outcome != NUMBER_GIVEN)
        return send_number_error(r, outcome, wanted.problem_details);
    return send_number(r, n, wanted);
}

int handler_health(request_rec *r)
{
    if (!r->handler || strcmp(r->handler, HANDLER_HEALTH) != 0)
        return DECLINED;
    int discarded = ap_discard_request_body(r);
    if (discarded != OK)
        return discarded;
    if (r->method_number == M_OPTIONS)
        return response_send_options(r);
    if (r->method_number != M_GET)
        return response_send_error(r, ERROR_METHOD, false);
    return response_send_text(r, "UP");
}
