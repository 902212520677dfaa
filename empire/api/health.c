#include <inttypes.h>

#include "empire/api/routes.h"
#include "empire/domain/workflows.h"

/* The process answers: that is all that a liveness probe may ask, or a dead database would restart us. */
emp_step emp_health_live_begin(emp_request *r)
{
    emp_answer_json(r);
    br_buf_puts(&r->out, "{\"status\":\"ok\"}");
    return EMP_STEP_ANSWERED;
}

typedef struct health {
    bool up, draining;
} health;

static health look(const emp_app *app)
{
    return (health){emp_pool_is_up(app->pool), atomic_load(&app->draining)};
}

/* The answer without its closing brace. */
static void put_health(emp_request *r, health h)
{
    emp_pool_stats pool;
    emp_pool_stats_get(r->app->pool, &pool);
    emp_answer_json(r);
    r->status = h.up && !h.draining ? 200 : 503;
    br_buf_printf(&r->out,
        "{\"status\":\"%s\",\"version\":\"" EMPIRE_VERSION "\",\"uptime_s\":%" PRId64
        ",\"database\":\"%s\",\"connections\":{\"ready\":%zu,\"total\":%zu}",
        h.draining ? "draining" : (h.up ? "ok" : "degraded"), (br_clock_now() - r->app->started) / BR_SEC,
        h.up ? "up" : "down", pool.ready, pool.connections);
}

/*
 * From what the pool knows, without a query: the answer comes at once also when the database hangs, and the
 * pool asks idle connections itself (emp_pool_is_up).
 */
emp_step emp_health_begin(emp_request *r)
{
    put_health(r, look(r->app));
    br_buf_putc(&r->out, '}');
    return EMP_STEP_ANSWERED;
}

static void put_ready(emp_request *r, health h, const emp_result *workflows)
{
    put_health(r, h);
    br_buf_puts(&r->out, ",\"workflows\":");
    if (workflows) {
        emp_workflow_health_put(&r->out, workflows);
    } else {
        emp_workflow_health_unknown_put(&r->out);
    }
    br_buf_putc(&r->out, '}');
}

/*
 * The same with the workflows, which are told and not judged: without a worker this process still reads, and
 * keeps what is started until there is one. Taking it out of the balance would add an outage.
 */
emp_step emp_ready_begin(emp_request *r)
{
    health h = look(r->app);
    if (!h.up || h.draining) {
        put_ready(r, h, NULL);
        return EMP_STEP_ANSWERED;
    }
    emp_workflow_health_query(&r->query);
    return EMP_STEP_TRY_QUERY;
}

void emp_ready_finish(emp_request *r)
{
    put_ready(r, look(r->app), r->query.outcome == EMP_DB_OK ? r->query.result : NULL);
}
