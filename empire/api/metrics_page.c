#include <inttypes.h>

#include "empire/api/process.h"
#include "empire/api/routes.h"
#include "empire/domain/workflows.h"

/* The page in Prometheus's text format, version 0.0.4. */

static void head(br_buf *out, const char *name, const char *type, const char *help)
{
    br_buf_printf(out, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, type);
}

static void put_gauge(br_buf *out, const char *name, const char *help, uint64_t value)
{
    head(out, name, "gauge", help);
    br_buf_printf(out, "%s %" PRIu64 "\n", name, value);
}

static void put_counter(br_buf *out, const char *name, const char *help, uint64_t value)
{
    head(out, name, "counter", help);
    br_buf_printf(out, "%s %" PRIu64 "\n", name, value);
}

static uint64_t peek(const atomic_uint_fast64_t *counter)
{
    return atomic_load_explicit(counter, memory_order_relaxed);
}

static double to_seconds(br_ns ns)
{
    return (double) ns / (double) BR_SEC;
}

/* HTTP ----------------------------------------------------------------------------------------- */

static const char *method_label(size_t route)
{
    if (route == EMP_ROUTE_NONE) return "other";
    return emp_routes[route].method == EMP_GET ? "GET" : "POST";
}

static const char *route_label(size_t route)
{
    return route == EMP_ROUTE_NONE ? "unmatched" : emp_routes[route].path;
}

static void put_requests(br_buf *out, const emp_metrics *m)
{
    head(out, "empire_http_requests_total", "counter", "Requests answered, by route and status.");
    for (size_t i = 0; i <= EMP_ROUTE_NONE; i++) {
        for (size_t s = 0; s < EMP_METRICS_STATUSES; s++) {
            uint64_t n = peek(&m->routes[i].requests[s]);
            if (n == 0) continue;
            br_buf_printf(out,
                "empire_http_requests_total{method=\"%s\",route=\"%s\",status=\"%d\"} %" PRIu64 "\n",
                method_label(i), route_label(i), emp_metrics_statuses[s], n);
        }
    }
}

static void put_histogram(br_buf *out, const emp_metrics *m, size_t route)
{
    const char *method = method_label(route), *path = route_label(route);
    uint64_t sum = 0;
    for (size_t b = 0; b <= EMP_METRICS_BUCKETS; b++) {
        sum += peek(&m->routes[route].buckets[b]);
        br_buf_printf(out, "empire_http_request_duration_seconds_bucket{method=\"%s\",route=\"%s\",le=\"",
            method, path);
        if (b < EMP_METRICS_BUCKETS) {
            br_buf_printf(out, "%g\"} %" PRIu64 "\n", to_seconds(emp_metrics_bounds[b]), sum);
        } else {
            br_buf_printf(out, "+Inf\"} %" PRIu64 "\n", sum);
        }
    }
    br_ns total = atomic_load_explicit(&m->routes[route].latency_ns_total, memory_order_relaxed);
    br_buf_printf(out, "empire_http_request_duration_seconds_sum{method=\"%s\",route=\"%s\"} %.9f\n", method,
        path, to_seconds(total));
    br_buf_printf(out, "empire_http_request_duration_seconds_count{method=\"%s\",route=\"%s\"} %" PRIu64 "\n",
        method, path, sum);
}

static void put_http(br_buf *out, const emp_app *app)
{
    const emp_metrics *m = &app->metrics;
    put_requests(out, m);
    head(out, "empire_http_request_duration_seconds", "histogram",
        "Time from request line to end of the answer.");
    for (size_t i = 0; i <= EMP_ROUTE_NONE; i++) {
        put_histogram(out, m, i);
    }
    put_gauge(out, "empire_http_requests_in_flight", "Requests being served, this one included.",
        atomic_load(&m->in_flight));
    put_gauge(out, "empire_http_held_bytes", "Bodies and answers of requests that are there.",
        atomic_load(&app->held));
    put_counter(out, "empire_http_aborted_total", "Requests whose client left early.", peek(&m->aborted));
    put_counter(out, "empire_http_timed_out_total", "Connections ended because they took too long.",
        emp_connections_ended(app->connections));
    put_counter(out, "empire_http_rate_limited_total", "Requests refused with 429.", peek(&m->limited));
    put_counter(out, "empire_http_sent_bytes_total", "Bytes of answers' bodies.", peek(&m->bytes_sent));
}

/* Database ------------------------------------------------------------------------------------- */

static void put_queries(br_buf *out, const emp_pool_stats *s)
{
    static const char *const outcomes[] = {[EMP_DB_OK] = "ok",
        [EMP_DB_DOWN] = "down",
        [EMP_DB_TIMEOUT] = "timeout",
        [EMP_DB_NO_CONNECTION] = "no_connection",
        [EMP_DB_ERROR] = "error"};
    head(out, "empire_db_queries_total", "counter", "Queries finished, by outcome.");
    for (size_t i = EMP_DB_OK; i <= EMP_DB_ERROR; i++) {
        br_buf_printf(
            out, "empire_db_queries_total{outcome=\"%s\"} %" PRIu64 "\n", outcomes[i], s->queries[i]);
    }
    head(out, "empire_db_refused_total", "counter", "Queries refused before they were queued, by reason.");
    br_buf_printf(out, "empire_db_refused_total{reason=\"queue_full\"} %" PRIu64 "\n", s->refused_full);
    br_buf_printf(out, "empire_db_refused_total{reason=\"down\"} %" PRIu64 "\n", s->refused_down);
}

static void put_database(br_buf *out, const emp_pool *pool)
{
    emp_pool_stats s;
    emp_pool_stats_get(pool, &s);
    put_gauge(out, "empire_db_up", "1 while a connection is usable.", s.ready > 0);
    put_gauge(out, "empire_db_connections", "Connections at most.", s.connections);
    put_gauge(out, "empire_db_connections_ready", "Connections usable now.", s.ready);
    put_gauge(out, "empire_db_connections_busy", "Connections in use.", s.busy);
    put_gauge(out, "empire_db_connections_leaked", "Connections taken and never given back.", s.leaked);
    put_gauge(
        out, "empire_db_queries_in_flight", "Queries sent to the database and not answered.", s.in_flight);
    put_gauge(out, "empire_db_queue_length", "Queries that wait for a connection.", s.waiting);
    put_queries(out, &s);
    head(out, "empire_db_wait_seconds", "summary", "Time that queries waited for a connection.");
    br_buf_printf(out, "empire_db_wait_seconds_sum %.9f\nempire_db_wait_seconds_count %" PRIu64 "\n",
        to_seconds(s.wait_ns_total), s.waits);
    put_counter(out, "empire_db_connects_total", "Connections made.", s.connects);
    put_counter(out, "empire_db_connections_lost_total", "Usable connections that were lost.", s.losses);
}

/* Process -------------------------------------------------------------------------------------- */

static void put_process(br_buf *out, const emp_app *app)
{
    emp_process p;
    emp_process_look(&p);
    put_gauge(out, "process_resident_memory_bytes", "Resident memory.", p.resident_bytes);
    head(out, "process_cpu_seconds_total", "counter", "User and system CPU time.");
    br_buf_printf(out, "process_cpu_seconds_total %.6f\n", p.cpu_seconds);
    put_gauge(out, "process_open_fds", "Open file descriptors.", p.open_fds);
    put_gauge(out, "process_max_fds", "Limit of file descriptors.", p.max_fds);
    head(out, "empire_uptime_seconds", "gauge", "Time since the start.");
    br_buf_printf(out, "empire_uptime_seconds %.3f\n", to_seconds(br_clock_now() - app->started));
    head(out, "empire_build_info", "gauge", "The version, in its label.");
    br_buf_puts(out, "empire_build_info{version=\"" EMPIRE_VERSION "\"} 1\n");
}

/* Faults on demand ----------------------------------------------------------------------------- */

static void put_faults(br_buf *out, const emp_app *app)
{
    head(
        out, "empire_fault", "gauge", "Faults on demand: 0 is off; seconds, ratios, cores, MB/h or numbers.");
    for (int i = 0; i < EMP_FAULT_COUNT; i++) {
        br_buf_printf(out, "empire_fault{name=\"%s\"} %g\n", emp_fault_name((emp_fault) i),
            emp_fault_metric(app->faults, (emp_fault) i));
    }
    put_gauge(out, "empire_fault_leaked_bytes", "Memory that the fault memory-leak has taken.",
        emp_burden_leaked_bytes(app->burden));
}

/* Workflows ------------------------------------------------------------------------------------ */

typedef struct family {
    const char *name, *type, *help;
} family;

/* What the workers and the database say of workflows; the names come with the rows. */
static const family families[] = {
    {"empire_activities_total", "counter", "Attempts of activities, by type and outcome."},
    {"empire_activity_seconds", "summary", "Time of attempts of activities."},
    {"empire_breaker_opened_total", "counter", "Times that a circuit breaker opened."},
    {"empire_breaker_state", "gauge", "Circuit breakers: 0 closed, 1 open, 2 trying."},
    {"empire_provider_calls_total", "counter", "Calls to services outside, by outcome."},
    {"empire_provider_seconds", "summary", "Time of calls to services outside."},
    {"empire_schedule_actions_total", "counter", "Due actions of schedules: started, skipped, missed."},
    {"empire_schedule_late_seconds", "gauge", "How long an action has been due and nobody has taken it."},
    {"empire_schedule_next_timestamp_seconds", "gauge", "When it is due next; missing while it is paused."},
    {"empire_schedule_paused", "gauge", "1 while the schedule is paused."},
    {"empire_worker_fault", "gauge", "Faults on demand in the workers, as empire_fault."},
    {"empire_worker_slots", "gauge", "Tasks that the workers can have at once."},
    {"empire_worker_slots_free", "gauge", "Of these, free ones, as of the last second."},
    {"empire_workers", "gauge", "Workers seen in the last 10 seconds."},
    {"empire_workflow_backlog", "gauge", "Tasks that are ready and wait for a worker, up to 10000."},
    {"empire_workflow_backlog_oldest_seconds", "gauge", "How long the oldest of them has waited."},
    {"empire_workflow_decisions_failed_total", "counter", "Decisions that workflow code could not make."},
    {"empire_workflow_decisions_total", "counter", "Decisions of workflows."},
    {"empire_workflow_schedule_to_start_seconds", "histogram", "Time from ready to taken by a worker."},
    {"empire_workflow_stale_answers_total", "counter", "Answers that came after their lease."},
    {"empire_workflows", "gauge", "Workflows by status."},
};

/* The family that a line belongs to; NULL: a name that this version does not know. */
static const family *family_of(br_str name)
{
    static const char *const endings[] = {"", "_bucket", "_sum", "_count"};
    for (size_t i = 0; i < BR_COUNT_OF(families); i++) {
        br_str own = br_str_of(families[i].name);
        bool has_endings = families[i].type[0] == 's' || families[i].type[0] == 'h';
        if (!br_str_starts(name, own)) continue;
        for (size_t e = has_endings ? 1 : 0; e < (has_endings ? BR_COUNT_OF(endings) : 1); e++) {
            if (br_str_is(br_str_sub(name, own.n, name.n), endings[e])) return &families[i];
        }
    }
    return NULL;
}

static void put_workflows(br_buf *out, const emp_result *r)
{
    const family *current = NULL;
    for (size_t row = 0; row < emp_result_rows(r); row++) {
        br_str name = emp_result_cell(r, row, 0), labels = emp_result_cell(r, row, 1);
        const family *f = family_of(name);
        if (!f) continue;
        if (f != current) head(out, f->name, f->type, f->help);
        current = f;
        br_buf_put(out, name);
        if (labels.n) br_buf_printf(out, "{" BR_FMT "}", BR_ARG(labels));
        br_buf_putc(out, ' ');
        br_buf_put(out, emp_result_cell(r, row, 2));
        br_buf_putc(out, '\n');
    }
}

emp_step emp_metrics_begin(emp_request *r)
{
    emp_workflow_metrics_query(&r->query);
    return EMP_STEP_TRY_QUERY;
}

/* Without the database the page has all that this process knows. */
void emp_metrics_finish(emp_request *r)
{
    bool has_workflows = r->query.outcome == EMP_DB_OK;
    put_http(&r->out, r->app);
    put_database(&r->out, r->app->pool);
    put_process(&r->out, r->app);
    put_faults(&r->out, r->app);
    if (r->app->board) emp_scale_board_put(&r->out, r->app->board);
    put_gauge(
        &r->out, "empire_workflow_metrics_up", "1 when the database has told what follows.", has_workflows);
    if (has_workflows) put_workflows(&r->out, r->query.result);
    r->status = 200;
    r->content_type = "text/plain; version=0.0.4; charset=utf-8";
}
