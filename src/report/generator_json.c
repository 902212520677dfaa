/* The generator's figures in result files. */
#include "report/generator_json_int.h"

static double ms(br_ns t)
{
    return (double) t / (double) BR_MS;
}

static void put_delays(br_json *j, const char *key, const br_delay_figures *d)
{
    br_json_key(j, br_str_of(key));
    br_json_open(j, '{');
    br_json_put_u64(j, "count", d->count);
    if (d->count > 0) {
        br_json_put_f64(j, "p50_ms", ms(d->p50));
        br_json_put_f64(j, "p99_ms", ms(d->p99));
        br_json_put_f64(j, "max_ms", ms(d->max));
    }
    br_json_close(j, '}');
}

static void put_worker(br_json *j, const br_worker_health *w)
{
    br_json_open(j, '{');
    br_json_put_f64(j, "cpu_share", br_json_rounded(w->cpu_share, 4));
    br_json_put_f64(j, "starved_share", br_json_rounded(w->starved_share, 4));
    br_json_put_f64(j, "busy_share", br_json_rounded(w->busy_share, 4));
    br_json_put_f64(j, "timer_late_ms_max", ms(w->timer_late_ns_max));
    br_json_put_f64(j, "turn_ms_max", ms(w->turn_ns_max));
    put_delays(j, "start_lag", &w->starts);
    put_delays(j, "timer_lateness", &w->timers);
    put_delays(j, "loop_lag", &w->held);
    br_json_close(j, '}');
}

static void put_starts(br_json *j, const br_generator *g)
{
    br_delay_figures lag = {.count = g->start_lag.total};
    if (lag.count > 0) {
        lag.p50 = (br_ns) br_hist_quantile(&g->start_lag, 0.5);
        lag.p99 = (br_ns) br_hist_quantile(&g->start_lag, 0.99);
        lag.max = g->start_lag.max;
    }
    put_delays(j, "start_lag", &lag);
    if (g->starts_scheduled == 0) return;
    br_json_put_u64(j, "starts_scheduled", g->starts_scheduled);
    br_json_put_u64(j, "starts_dropped", g->starts_dropped);
    br_json_put_u64(j, "starts_missed", g->starts_missed);
}

static void put_resources(br_json *j, const br_generator *g)
{
    const br_generator_resources *r = &g->resources;
    br_json_put_u64(j, "out_of_descriptors", g->out_of_descriptors);
    br_json_put_u64(j, "out_of_ports", g->out_of_ports);
    if (r->descriptors_limit > 0) {
        br_json_put_u64(j, "descriptors_peak", r->descriptors_peak);
        br_json_put_u64(j, "descriptors_limit", r->descriptors_limit);
    }
    if (r->ports_limit > 0) {
        br_json_put_u64(j, "ports_peak", r->ports_peak);
        br_json_put_u64(j, "ports_limit", r->ports_limit);
    }
}

void br_json_put_generator(br_json *j, const br_generator_view *v)
{
    put_starts(j, v->generator);
    put_resources(j, v->generator);
    br_json_key(j, BR_STR("workers"));
    br_json_open(j, '[');
    for (size_t i = 0; i < v->worker_count; i++) {
        put_worker(j, &v->workers[i]);
    }
    br_json_close(j, ']');
}
