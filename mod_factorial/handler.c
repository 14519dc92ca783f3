#include "handler.h"

#include "compute.h"
#include "digits.h"
#include "directives.h"
#include "engine/factorial.h"
#include "keepalive.h"
#include "metrics.h"
#include "pacing.h"
#include "parse.h"
#include "process.h"
#include "response.h"

#include <apr_strings.h>
#include <http_protocol.h>
#include <string.h>

/* Who reads the answer: the Accept field is the whole of it. */
static preference preference_of(request_rec *r)
{
    apr_table_mergen(r->headers_out, "Vary", "Accept");
    return parse_accept(apr_table_get(r->headers_in, "Accept"));
}

/* The maximum that holds here, which memory may set lower than the directive does. */
static uint64_t maximum_of(const request_rec *r)
{
    uint64_t configured = directives_get(r->per_dir_config, SETTING_MAX_NUMBER);
    return configured < process.largest ? configured : process.largest;
}

static int send_number_error(request_rec *r, number_outcome given, bool problem_details)
{
    switch (given) {
    case NUMBER_MISSING:
        return response_send_error(r, ERROR_NUMBER_MISSING, problem_details);
    case NUMBER_TOO_LARGE:
        return response_send_too_large(r, maximum_of(r), problem_details);
    case NUMBER_INVALID:
    case NUMBER_GIVEN:
        break;
    }
    return response_send_error(r, ERROR_NUMBER_INVALID, problem_details);
}

/* What a log can print of a computation, by %{factorial-...}n. */
static void note_computation(request_rec *r, uint64_t count, const computation *c)
{
    apr_table_setn(r->notes, "factorial-digits", apr_off_t_toa(r->pool, (apr_off_t)count));
    apr_table_setn(r->notes, "factorial-wait-us", apr_off_t_toa(r->pool, (apr_off_t)c->waited));
    apr_table_setn(r->notes, "factorial-compute-us",
                   apr_off_t_toa(r->pool, (apr_off_t)c->computed));
}

/* Nobody reads it: the status is for the log, nginx's for a client that closed its connection. */
static int drop_client(request_rec *r)
{
    r->status = 499;
    r->connection->aborted = 1;
    return OK;
}

static int send_refusal(request_rec *r, outcome how, bool problem_details)
{
    static const response_error errors[OUTCOME_COUNT] = {
        [OUTCOME_BUSY] = ERROR_BUSY,       [OUTCOME_TIMEOUT] = ERROR_TIMEOUT,
        [OUTCOME_MEMORY] = ERROR_MEMORY,   [OUTCOME_STOPPING] = ERROR_BUSY,
        [OUTCOME_FAILED] = ERROR_INTERNAL,
    };
    return how == OUTCOME_GONE ? drop_client(r)
                               : response_send_error(r, errors[how], problem_details);
}

static int send_factorial(request_rec *r, uint64_t n, uint64_t count, preference wanted,
                          outcome *how)
{
    computation c;
    int result;
    *how = compute_digits(r, n, count, &c);
    note_computation(r, count, &c);
    if (*how == OUTCOME_OK)
        result = response_send_result(r, c.digits, count, wanted.representation, digits_release);
    else
        result = send_refusal(r, *how, wanted.problem_details);
    if (pacing_expired(r)) {
        *how = OUTCOME_SLOW;
        ap_log_rerror(APLOG_MARK, APLOG_INFO, 0, r,
                      "factorial of %" APR_UINT64_T_FMT " given up: the client does not take it",
                      n);
    }
    compute_finish(&c);
    return result;
}

static int send_number(request_rec *r, uint64_t n, preference wanted, outcome *how)
{
    apr_table_setn(r->notes, "factorial-n", apr_off_t_toa(r->pool, (apr_off_t)n));
    if (response_precondition_fails(r, n, wanted.representation))
        return response_send_error(r, ERROR_PRECONDITION, wanted.problem_details);
    uint64_t count = factorial_digit_count(n);
    response_describe(r, n, count, wanted.representation);
    *how = OUTCOME_HEADERS;
    if (response_not_modified(r, n, wanted.representation))
        return response_send_not_modified(r);
    if (r->header_only)
        return response_send_headers(r);
    return send_factorial(r, n, count, wanted, how);
}

/* Sets *how to what has become of the request; at first it is OUTCOME_BAD_REQUEST. */
static int answer(request_rec *r, outcome *how)
{
    preference wanted = preference_of(r);
    if (r->method_number == M_OPTIONS) {
        *how = OUTCOME_HEADERS;
        return response_send_options(r);
    }
    if (r->method_number != M_GET) /* HEAD is GET with header_only set */
        return response_send_error(r, ERROR_METHOD, wanted.problem_details);

    uint64_t n = 0;
    number_outcome given = parse_number(r->args, maximum_of(r), &n);
    if (given != NUMBER_GIVEN)
        return send_number_error(r, given, wanted.problem_details);
    return send_number(r, n, wanted, how);
}

int handler_factorial(request_rec *r)
{
    if (!r->handler || strcmp(r->handler, HANDLER_FACTORIAL) != 0)
        return DECLINED;
    int discarded = ap_discard_request_body(r);
    if (discarded != OK)
        return discarded;

    outcome how = OUTCOME_BAD_REQUEST;
    int result = answer(r, &how);
    if (how > OUTCOME_BAD_REQUEST)
        apr_table_setn(r->notes, "factorial-reason", metrics_name(how));
    metrics_count(how);
    keepalive_expect(r);
    return result;
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
