#include "report/result_json.h"
#include "base/num.h"
#include "judge/generator.h"
#include "report/generator_json_int.h"
#include "report/metric_order.h"
#include "report/result_parts_int.h"

static const double percentiles[] = {50, 90, 95, 99, 99.9};
static const char *const percentile_names[] = {"p50", "p90", "p95", "p99", "p99.9"};

#define MS_DECIMALS 6 /* a nanosecond */

static double ms(br_ns t)
{
    return (double) t / (double) BR_MS;
}

static void open_member(br_json *j, const char *key, char bracket)
{
    br_json_key(j, br_str_of(key));
    br_json_open(j, bracket);
}

/* Run -------------------------------------------------------------------------------------------- */

static void put_scenarios(br_json *j, const br_run_result *r)
{
    open_member(j, "scenarios", '[');
    for (size_t i = 0; i < r->scenario_count; i++) {
        br_json_open(j, '{');
        br_json_put_str(j, "name", r->scenarios[i].name);
        br_json_put_str(j, "executor", r->scenarios[i].executor);
        br_json_put_str(j, "description", r->scenarios[i].description);
        br_json_close(j, '}');
    }
    br_json_close(j, ']');
}

static void put_started(br_json *j, br_ns wall)
{
    br_buf text;
    br_buf_init(&text, 64);
    (void) br_buf_put_rfc3339(&text, wall, false);
    br_json_put_str(j, "started", br_buf_view(&text));
    br_json_put_u64(j, "started_unix_ms", (uint64_t) (wall > 0 ? wall / BR_MS : 0));
    br_buf_deinit(&text);
}

static void put_demand(br_json *j, const br_result_info *info)
{
    static const br_judge_plan none = {0};
    const br_judge_plan *plan = info->plan ? info->plan : &none;
    br_json_put_str(j, "test", plan->test);
    br_json_put_str(j, "target", plan->target);
    if (plan->length > 0) br_json_put_f64(j, "demanded_ms", ms(plan->length));
    br_json_put_f64(j, "scale", plan->scale > 0 ? plan->scale : 1);
    if (plan->length > 0) br_json_put_bool(j, "full_length", info->judgement && info->judgement->full_length);
    if (plan->spike_end > plan->spike_start) {
        br_json_put_f64(j, "spike_start_ms", ms(plan->spike_start));
        br_json_put_f64(j, "spike_end_ms", ms(plan->spike_end));
    }
}

static void put_run(br_json *j, const br_run_result *r, const br_result_info *info)
{
    static const char *const ends[] = {"complete", "interrupted", "threshold", "aborted", "decided"};
    open_member(j, "run", '{');
    put_demand(j, info);
    br_json_put_str(j, "script", r->script);
    br_json_put_str(j, "host", info->host);
    put_started(j, r->started_wall);
    br_json_put_f64(j, "duration_ms", ms(r->duration));
    br_json_put_str(j, "end", br_str_of(ends[r->end]));
    br_json_put_str(j, "end_reason", r->end_reason);
    br_json_put_u64(j, "vus_max", r->vus_max);
    br_json_put_u64(j, "iterations_complete", r->iterations_complete);
    br_json_put_u64(j, "iterations_interrupted", r->iterations_interrupted);
    put_scenarios(j, r);
    br_json_close(j, '}');
}

/* Verdict ---------------------------------------------------------------------------------------- */

static void put_criterion(br_json *j, const br_criterion_result *c)
{
    br_json_open(j, '{');
    br_json_put_str(j, "text", c->criterion->text);
    br_json_put_str(j, "name", c->criterion->name);
    br_json_put_str(j, "state", br_str_of(br_criterion_state_name(c->state)));
    br_json_put_str(j, "unit", br_str_of(br_unit_name(c->criterion->unit)));
    if (c->has_value) {
        br_json_put_f64(j, "value", br_json_rounded(c->value, MS_DECIMALS));
        br_json_put_f64(j, "margin", br_json_rounded(c->margin, MS_DECIMALS));
    }
    if (c->has_value && c->has_interval) {
        br_json_put_f64(j, "low", br_json_rounded(c->low, MS_DECIMALS));
        br_json_put_f64(j, "high", br_json_rounded(c->high, MS_DECIMALS));
    }
    if (c->criterion->endpoint.n > 0) br_json_put_str(j, "endpoint", c->criterion->endpoint);
    br_json_put_f64(j, "limit", c->criterion->limit);
    br_json_put_str(j, "value_text", c->value_text);
    br_json_put_str(j, "limit_text", c->limit_text);
    br_json_put_str(j, "sentence", c->sentence);
    br_json_close(j, '}');
}

static void put_reasons(br_json *j, const br_judgement *v)
{
    open_member(j, "reasons", '[');
    for (size_t i = 0; i < v->reasons.len; i++) {
        br_json_open(j, '{');
        br_json_put_str(j, "severity", br_str_of(br_severity_name(v->reasons.data[i].severity)));
        br_json_put_str(j, "text", v->reasons.data[i].text);
        br_json_close(j, '}');
    }
    br_json_close(j, ']');
    open_member(j, "notes", '[');
    for (size_t i = 0; i < v->notes.len; i++) {
        br_json_str(j, v->notes.data[i]);
    }
    br_json_close(j, ']');
}

static void put_actions(br_json *j, const br_judgement *v)
{
    open_member(j, "actions", '[');
    for (size_t i = 0; i < v->actions.len; i++) {
        br_json_open(j, '{');
        br_json_put_str(j, "title", v->actions.data[i].title);
        br_json_put_str(j, "evidence", v->actions.data[i].evidence);
        br_json_put_str(j, "advice", v->actions.data[i].advice);
        br_json_close(j, '}');
    }
    br_json_close(j, ']');
}

static void put_self_checks(br_json *j, const br_judgement *v)
{
    open_member(j, "self_checks", '[');
    for (size_t i = 0; i < v->self_checks.len; i++) {
        const br_self_check *c = &v->self_checks.data[i];
        br_json_open(j, '{');
        br_json_put_str(j, "name", br_str_of(c->name));
        br_json_put_bool(j, "ok", c->ok);
        br_json_put_bool(j, "fatal", c->fatal);
        br_json_put_str(j, "text", c->text);
        if (c->remedy.n > 0) br_json_put_str(j, "remedy", c->remedy);
        br_json_close(j, '}');
    }
    br_json_close(j, ']');
}

static void put_verdict(br_json *j, const br_result_info *info)
{
    const br_judgement *v = info->judgement;
    if (!v) return;
    open_member(j, "verdict", '{');
    br_json_put_str(j, "level", br_str_of(br_level_name(v->level)));
    br_json_put_str(j, "outcome", br_str_of(br_outcome_name(v->outcome)));
    br_json_put_u64(j, "exit_status", (uint64_t) br_outcome_exit_status(v->outcome));
    br_json_put_str(j, "headline", v->headline);
    open_member(j, "criteria", '[');
    for (size_t i = 0; i < v->criterion_count; i++) {
        put_criterion(j, &v->criteria[i]);
    }
    br_json_close(j, ']');
    put_reasons(j, v);
    put_actions(j, v);
    put_self_checks(j, v);
    br_json_put_capacity(j, v->capacity);
    br_json_put_search(j, info->plan ? info->plan->search : NULL, v->searched);
    br_json_put_recovery(j, v->recovery);
    br_json_put_leak(j, v->leak);
    br_json_close(j, '}');
}

/* Metrics ---------------------------------------------------------------------------------------- */

static void put_trend(br_json *j, const br_sink *s)
{
    br_json_put_u64(j, "count", s->count);
    if (s->count == 0) return;
    br_json_put_f64(j, "avg", br_json_rounded(br_sink_avg(s), MS_DECIMALS));
    br_json_put_f64(j, "min", br_json_rounded(s->min, MS_DECIMALS));
    br_json_put_f64(j, "max", br_json_rounded(s->max, MS_DECIMALS));
    for (size_t i = 0; i < BR_COUNT_OF(percentiles); i++) {
        br_json_put_f64(
            j, percentile_names[i], br_json_rounded(br_sink_percentile(s, percentiles[i]), MS_DECIMALS));
    }
}

static void put_values(br_json *j, const br_run_result *r, const br_result_metric *m)
{
    const br_sink *s = &m->sink;
    open_member(j, "values", '{');
    switch (m->type) {
        case BR_COUNTER:
            br_json_put_f64(j, "count", s->sum);
            br_json_put_f64(j, "rate", br_sink_value(s, (br_agg_spec){BR_AGG_RATE, 0}, r->duration));
            break;
        case BR_GAUGE:
            if (s->count == 0) break;
            br_json_put_f64(j, "value", s->last);
            br_json_put_f64(j, "min", s->min);
            br_json_put_f64(j, "max", s->max);
            break;
        case BR_RATE:
            if (s->count > 0) br_json_put_f64(j, "rate", (double) s->nonzero / (double) s->count);
            br_json_put_u64(j, "nonzero", s->nonzero);
            br_json_put_u64(j, "count", s->count);
            break;
        case BR_TREND: put_trend(j, s); break;
    }
    br_json_close(j, '}');
}

static void put_metric(br_json *j, const br_run_result *r, const br_result_metric *m)
{
    br_json_key(j, m->name);
    br_json_open(j, '{');
    br_json_put_str(j, "type", br_str_of(br_metric_type_name(m->type)));
    br_json_put_str(j, "contains", br_str_of(br_metric_contains_name(m->contains)));
    if (m->suffix.n > 0) {
        br_json_put_str(j, "parent", m->parent);
        br_json_put_str(j, "suffix", m->suffix);
    }
    put_values(j, r, m);
    open_member(j, "thresholds", '[');
    for (size_t i = 0; i < m->threshold_count; i++) {
        br_json_open(j, '{');
        br_json_put_str(j, "source", m->thresholds[i].source);
        br_json_put_bool(j, "ok", m->thresholds[i].ok);
        br_json_put_f64(j, "value", m->thresholds[i].value);
        br_json_close(j, '}');
    }
    br_json_close(j, ']');
    br_json_close(j, '}');
}

/* 0 is no bound. */
static size_t bounded(size_t count, size_t max)
{
    return max > 0 && count > max ? max : count;
}

static void put_metrics(br_json *j, const br_run_result *r, const br_result_limits *limits)
{
    br_arena arena;
    br_arena_init(&arena, 4096);
    const br_result_metric **sorted = br_metric_order_sorted(r, &arena);
    br_json_put_u64(j, "metrics_total", r->metric_count);
    open_member(j, "metrics", '{');
    size_t n = bounded(r->metric_count, limits->metrics_max);
    for (size_t i = 0; i < n; i++) {
        put_metric(j, r, sorted[i]);
    }
    br_json_close(j, '}');
    br_arena_deinit(&arena);
}

/* Checks ----------------------------------------------------------------------------------------- */

/* Writes at most `max` checks (0: all) in total; returns how many there are in the group and below. */
static size_t put_group_checks(br_json *j, const br_group *g, size_t seen, size_t max)
{
    for (size_t i = 0; i < g->checks.len; i++, seen++) {
        if (max > 0 && seen >= max) continue;
        const br_check *c = g->checks.data[i];
        br_json_open(j, '{');
        br_json_put_str(j, "group", g->path);
        br_json_put_str(j, "name", c->name);
        br_json_put_u64(j, "passes", c->passes);
        br_json_put_u64(j, "fails", c->fails);
        br_json_close(j, '}');
    }
    for (size_t i = 0; i < g->groups.len; i++) {
        seen = put_group_checks(j, g->groups.data[i], seen, max);
    }
    return seen;
}

static void put_checks(br_json *j, const br_run_result *r, const br_result_limits *limits)
{
    open_member(j, "checks", '[');
    size_t total = r->root_group ? put_group_checks(j, r->root_group, 0, limits->checks_max) : 0;
    br_json_close(j, ']');
    br_json_put_u64(j, "checks_total", total);
}

/* Endpoints -------------------------------------------------------------------------------------- */

static void put_outcomes(br_json *j, const br_endpoint *e)
{
    open_member(j, "outcomes", '[');
    for (size_t i = 0; i < e->outcomes.len; i++) {
        const br_endpoint_outcome *o = &e->outcomes.data[i];
        br_json_open(j, '{');
        br_json_put_f64(j, "status", o->status);
        if (o->error_code != 0) br_json_put_f64(j, "error_code", o->error_code);
        if (o->error_text[0]) br_json_put_str(j, "error", br_str_of(o->error_text));
        br_json_put_u64(j, "count", o->count);
        br_json_close(j, '}');
    }
    br_json_close(j, ']');
}

static void put_endpoint(br_json *j, const br_endpoint *e)
{
    br_json_open(j, '{');
    br_json_put_str(j, "method", e->method);
    br_json_put_str(j, "name", e->name);
    br_json_put_u64(j, "requests", e->requests);
    br_json_put_u64(j, "failed", e->failed);
    br_json_put_u64(j, "received_bytes", e->received_bytes);
    open_member(j, "duration_ms", '{');
    put_trend(j, &e->duration);
    br_json_close(j, '}');
    open_member(j, "waiting_ms", '{');
    put_trend(j, &e->waiting);
    br_json_close(j, '}');
    put_outcomes(j, e);
    br_json_close(j, '}');
}

static void put_endpoints(br_json *j, const br_run_result *r, const br_result_limits *limits)
{
    br_json_put_u64(j, "endpoints_total", r->endpoint_count);
    open_member(j, "endpoints", '[');
    size_t n = bounded(r->endpoint_count, limits->endpoints_max);
    for (size_t i = 0; i < n; i++) {
        put_endpoint(j, &r->endpoints[i]);
    }
    br_json_close(j, ']');
}

/* Generator -------------------------------------------------------------------------------------- */

static void put_findings(br_json *j, const br_run_result *r)
{
    br_arena arena;
    br_arena_init(&arena, 2048);
    br_generator_report report;
    br_generator_view view = br_generator_view_of(r);
    br_judge_generator(&view, &arena, &report);
    br_json_put_bool(j, "valid", report.valid);
    open_member(j, "reasons", '[');
    for (size_t i = 0; i < report.count; i++) {
        if (!report.findings[i].ok) br_json_str(j, report.findings[i].text);
    }
    br_json_close(j, ']');
    br_arena_deinit(&arena);
}

static void put_generator(br_json *j, const br_run_result *r)
{
    open_member(j, "generator", '{');
    put_findings(j, r);
    br_generator_view view = br_generator_view_of(r);
    br_json_put_generator(j, &view);
    br_json_close(j, '}');
}

/* What probed in the open model beside the load: its requests alone. */
static void put_probe(br_json *j, const br_run_result *r)
{
    if (r->probe_slice_count == 0) return;
    open_member(j, "probe", '{');
    br_json_put_str(j, "scenario", r->probe);
    br_json_put_slices(j, "slices", r->probe_slices, r->probe_slice_count);
    br_json_close(j, '}');
}

static void put_tool(br_json *j, const br_result_info *info)
{
    open_member(j, "tool", '{');
    br_json_put_str(j, "name", BR_STR("brunt"));
    br_json_put_str(j, "version", info->tool_version);
    br_json_close(j, '}');
}

br_code br_report_result_json(const br_run_result *result, const br_result_info *info,
    const br_result_limits *limits, br_buf *out, br_err *err)
{
    static const br_result_limits everything = {.indent = 2};
    if (!limits) limits = &everything;
    br_buf made;
    br_buf_init(&made, BR_BUF_NO_LIMIT);
    br_json j;
    br_json_init(&j, &made, limits->indent);
    br_json_open(&j, '{');
    br_json_put_str(&j, "schema", BR_STR("brunt.result/1"));
    put_tool(&j, info);
    put_run(&j, result, info);
    br_json_put_preparation(&j, info->preparation);
    put_verdict(&j, info);
    put_metrics(&j, result, limits);
    put_checks(&j, result, limits);
    put_endpoints(&j, result, limits);
    br_json_put_slices(&j, "slices", result->slices, result->slice_count);
    put_probe(&j, result);
    br_json_put_target(&j, result->target, result->target_count, limits->series_max, limits->samples_max);
    br_json_put_comparison(&j, info->comparison, limits->rows_max);
    put_generator(&j, result);
    br_json_close(&j, '}');
    if (limits->indent > 0) (void) br_buf_putc(&made, '\n');
    br_code rc = br_buf_append(out, made.data, made.len);
    br_buf_deinit(&made);
    if (rc != BR_OK) rc = br_fail(err, rc, "the result does not fit into %zu bytes", out->max_bytes);
    return rc;
}
