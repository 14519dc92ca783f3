#include "slot.h"

#include "process.h"

static apr_status_t leave(void *data)
{
    slot *s = data;
    admission_leave(process->budget, s->stream ? ADMISSION_STREAM : ADMISSION_WORKER);
    s->taken = false;
    return APR_SUCCESS;
}

bool slot_take(slot *s, request_rec *r)
{
    if (s->taken || !process->joined)
        return s->taken;
    s->stream = r->connection->master;
    s->taken = s->stream
                   ? admission_enter(process->budget, ADMISSION_STREAM, process->streams, UINT_MAX)
                   : admission_enter(process->budget, ADMISSION_WORKER, process->here,
                                     process->everywhere);
    if (s->taken)
        apr_pool_cleanup_register(r->pool, s, leave, apr_pool_cleanup_null);
    return s->taken;
}

void slot_return(slot *s, request_rec *r)
{
    if (s->taken)
        apr_pool_cleanup_run(r->pool, s, leave);
}
