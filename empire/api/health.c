#include <inttypes.h>

#include "empire/api/routes.h"

/* The process answers: that is all that a liveness probe may ask, or a dead database would restart us. */
emp_step emp_health_live_begin(emp_request *r)
{
    emp_answer_json(r);
    br_buf_puts(&r->out, "{\"status\":\"ok\"}");
    return EMP_STEP_ANSWERED;
}

/*
 * From what the pool knows, without a query: the answer comes at once also when the database hangs, and the
 * pool asks idle connections itself (emp_pool_is_up).
 */
emp_step emp_health_begin(emp_request *r)
{
    emp_app *app = r->app;
    bool draining = atomic_load(&app->draining), up = emp_pool_is_up(app->pool);
    emp_pool_stats pool;
    emp_pool_stats_get(app->pool, &pool);
    emp_answer_json(r);
    r->status = up && !draining ? 200 : 503;
    br_buf_printf(&r->out,
        "{\"status\":\"%s\",\"version\":\"" EMPIRE_VERSION "\",\"uptime_s\":%" PRId64
        ",\"database\":\"%s\",\"connections\":{\"ready\":%zu,\"total\":%zu}}",
        draining ? "draining" : (up ? "ok" : "degraded"), (br_clock_now() - app->started) / BR_SEC,
        up ? "up" : "down", pool.ready, pool.connections);
    return EMP_STEP_ANSWERED;
}
