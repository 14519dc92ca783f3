#include "handler.h"

#include "compute.h"
#include "engine/factorial.h"
#include "engine/summary.h"
#include "factorial_request.h"
#include "keepalive.h"
#include "metrics.h"
#include "process.h"
#include "response.h"
#include "validators.h"

#include <apr_strings.h>
#include <http_protocol.h>
#include <string.h>

static bool is_for(const request_rec *r, const char *handler)
{
    return r->handler && !strcmp(r->handler, handler);
}

static void note_number(request_rec *r, const char *name, uint64_t value)
{
    apr_table_setn(r->notes, name, apr_off_t_toa(r->pool, (apr_off_t)value));
}

/* Called before the response is sent, so that the line is in the log once a client has read it. */
static void set_outcome(factorial_request *q, outcome reached)
{
    const outcome_row *row = &outcomes[reached];
    q->outcome = reached;
    if (!row->log.reason)
        return;
    apr_table_setn(q->r->notes, "factorial-reason", row->log.reason);
    ap_log_rerror(APLOG_MARK, row->log.level, 0, q->r, "factorial of %" APR_UINT64_T_FMT " %s",
                  q->n, row->log.text);
}

static int refuse(factorial_request *q, outcome reached)
{
    set_outcome(q, reached);
    return response_send_error(q);
}

/* Sets the form of the result and of errors. Accept matters for FORM_NUMBER alone. */
static void choose_form(factorial_request *q)
{
    q->form = q->settings.form;
    q->problem_details = q->form == FORM_STRING || q->form == FORM_SUMMARY;
    if (q->form == FORM_NUMBER) {
        accept_preference preference = parse_accept(apr_table_get(q->r->headers_in, "Accept"));
        q->form = preference.form;
        q->problem_details = preference.problem_details;
        apr_table_mergen(q->r->headers_out, "Vary", "Accept");
    }
}

/* FactorialMemory may have no room for FactorialMaxNumber. */
static uint64_t maximum_of(const factorial_request *q)
{
    if (q->form == FORM_SUMMARY)
        return FACTORIAL_SUMMARY_LIMIT;
    return q->settings.max_number < process->largest ? q->settings.max_number : process->largest;
}

/* All steps of a request. Sets q->outcome and returns what the handler has to return. */
static int answer(factorial_request *q)
{
    request_rec *r = q->r;
    choose_form(q);
    q->maximum = maximum_of(q);
    if (r->method_number == M_OPTIONS) {
        set_outcome(q, OUTCOME_HEADERS);
        apr_table_setn(r->headers_out, "Factorial-Maximum",
                       apr_off_t_toa(r->pool, (apr_off_t)q->maximum));
        return response_send_options(r);
    }
    if (r->method_number != M_GET) /* HEAD is GET with header_only set */
        return refuse(q, OUTCOME_METHOD);

    outcome parsed = parse_number(r->args, q->maximum, &q->n);
    if (parsed != OUTCOME_OK)
        return refuse(q, parsed);
    note_number(r, "factorial-n", q->n);
    if (validators_precondition_fails(q))
        return refuse(q, OUTCOME_PRECONDITION);

    if (q->form != FORM_SUMMARY)
        q->plan = factorial_make_plan(q->n, process->method);
    response_set_headers(q);
    if (validators_not_modified(q)) {
        set_outcome(q, OUTCOME_HEADERS);
        return response_send_not_modified(r);
    }
    if (r->header_only || q->form == FORM_SUMMARY) {
        set_outcome(q, r->header_only ? OUTCOME_HEADERS : OUTCOME_OK);
        return response_send_result(q);
    }

    outcome computed = compute_digits(q);
    note_number(r, "factorial-digits", q->plan.digits);
    note_number(r, "factorial-wait-us", q->waited);
    note_number(r, "factorial-compute-us", q->computed);
    set_outcome(q, computed);
    int result = computed == OUTCOME_OK ? response_send_result(q) : response_send_error(q);
    if (q->expired)
        set_outcome(q, OUTCOME_SLOW);
    slot_return(&q->slot, r);
    return result;
}

int handler_factorial(request_rec *r)
{
    if (!is_for(r, HANDLER_FACTORIAL))
        return DECLINED;
    int discarded = ap_discard_request_body(r);
    if (discarded != OK)
        return discarded;

    factorial_request *q = apr_palloc(r->pool, sizeof *q);
    *q = (factorial_request){.r = r, .settings = directives_location(r)};
    int result = answer(q);
    metrics_count(q->outcome);
    keepalive_expect(r, q->settings.keep_alive_wait);
    return result;
}

int handler_health(request_rec *r)
{
    if (!is_for(r, HANDLER_HEALTH))
        return DECLINED;
    int discarded = ap_discard_request_body(r);
    if (discarded != OK)
        return discarded;
    if (r->method_number == M_OPTIONS)
        return response_send_options(r);
    if (r->method_number != M_GET) {
        factorial_request q = {.r = r, .outcome = OUTCOME_METHOD};
        return response_send_error(&q);
    }
    metrics_count_health_check();
    return response_send_text(r, "UP");
}
