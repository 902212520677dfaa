#include "report/summary_json.h"
#include "report/json_int.h"
#include "report/md5_int.h"
#include "report/metric_order.h"

/* Groups deeper than this are left out: scripts do not nest so, and the writer's depth is bounded. */
#define GROUP_DEPTH_MAX 50

static void put_id(br_json *j, br_str path)
{
    char id[BR_MD5_HEX + 1];
    br_md5_hex(path, id);
    br_json_put_str(j, "id", br_str_of(id));
}

static void put_check(br_json *j, const br_group *g, const br_check *c, br_arena *arena)
{
    br_str path = br_str_of(br_arena_printf(arena, BR_FMT "::" BR_FMT, BR_ARG(g->path), BR_ARG(c->name)));
    br_json_open(j, '{');
    br_json_put_str(j, "name", c->name);
    br_json_put_str(j, "path", path);
    put_id(j, path);
    br_json_put_u64(j, "passes", c->passes);
    br_json_put_u64(j, "fails", c->fails);
    br_json_close(j, '}');
}

/* keyed: groups and checks are objects by name (export) instead of arrays (handleSummary). */
static void put_group(br_json *j, const br_group *g, bool keyed, br_arena *arena, int depth)
{
    char open = keyed ? '{' : '[', close = keyed ? '}' : ']';
    br_json_open(j, '{');
    br_json_put_str(j, "name", g->name);
    br_json_put_str(j, "path", g->path);
    put_id(j, g->path);
    br_json_key(j, BR_STR("groups"));
    br_json_open(j, open);
    for (size_t i = 0; depth < GROUP_DEPTH_MAX && i < g->groups.len; i++) {
        if (keyed) br_json_key(j, g->groups.data[i]->name);
        put_group(j, g->groups.data[i], keyed, arena, depth + 1);
    }
    br_json_close(j, close);
    br_json_key(j, BR_STR("checks"));
    br_json_open(j, open);
    for (size_t i = 0; i < g->checks.len; i++) {
        if (keyed) br_json_key(j, g->checks.data[i]->name);
        put_check(j, g, g->checks.data[i], arena);
    }
    br_json_close(j, close);
    br_json_close(j, '}');
}

static void put_root_group(br_json *j, const br_run_result *r, bool keyed)
{
    static const br_group empty = {.name = BR_STR_INIT(""), .path = BR_STR_INIT("")};
    br_arena arena;
    br_arena_init(&arena, 4096);
    br_json_key(j, BR_STR("root_group"));
    put_group(j, r->root_group ? r->root_group : &empty, keyed, &arena, 0);
    br_arena_deinit(&arena);
}

static void put_trend_values(br_json *j, const br_run_result *r, const br_sink *s)
{
    for (size_t i = 0; i < r->trend_stat_count; i++) {
        br_agg_spec spec;
        if (br_agg_parse(r->trend_stats[i], &spec) != BR_OK) continue;
        br_json_key(j, r->trend_stats[i]);
        br_json_f64(j, br_sink_value(s, spec, r->duration));
    }
}

/* The members of a metric's values. */
static void put_values(br_json *j, const br_run_result *r, const br_result_metric *m, const char *rate_key)
{
    const br_sink *s = &m->sink;
    switch (m->type) {
        case BR_COUNTER:
            br_json_put_f64(j, "count", s->sum);
            br_json_put_f64(j, "rate", br_sink_value(s, (br_agg_spec){BR_AGG_RATE, 0}, r->duration));
            break;
        case BR_GAUGE:
            br_json_put_f64(j, "value", s->count ? s->last : 0);
            br_json_put_f64(j, "min", s->count ? s->min : 0);
            br_json_put_f64(j, "max", s->count ? s->max : 0);
            break;
        case BR_RATE:
            br_json_put_f64(j, rate_key, s->count ? (double) s->nonzero / (double) s->count : 0);
            br_json_put_u64(j, "passes", s->nonzero);
            br_json_put_u64(j, "fails", s->count - s->nonzero);
            break;
        case BR_TREND: put_trend_values(j, r, s); break;
    }
}

static void put_data_metric(br_json *j, const br_run_result *r, const br_result_metric *m)
{
    br_json_open(j, '{');
    br_json_put_str(j, "type", br_str_of(br_metric_type_name(m->type)));
    br_json_put_str(j, "contains", br_str_of(br_metric_contains_name(m->contains)));
    br_json_key(j, BR_STR("values"));
    br_json_open(j, '{');
    put_values(j, r, m, "rate");
    br_json_close(j, '}');
    if (m->threshold_count > 0) {
        br_json_key(j, BR_STR("thresholds"));
        br_json_open(j, '{');
        for (size_t i = 0; i < m->threshold_count; i++) {
            br_json_key(j, m->thresholds[i].source);
            br_json_open(j, '{');
            br_json_put_bool(j, "ok", m->thresholds[i].ok);
            br_json_close(j, '}');
        }
        br_json_close(j, '}');
    }
    br_json_close(j, '}');
}

static void put_export_metric(br_json *j, const br_run_result *r, const br_result_metric *m)
{
    br_json_open(j, '{');
    put_values(j, r, m, "value");
    if (m->threshold_count > 0) {
        br_json_key(j, BR_STR("thresholds"));
        br_json_open(j, '{');
        for (size_t i = 0; i < m->threshold_count; i++) {
            br_json_key(j, m->thresholds[i].source);
            br_json_bool(j, !m->thresholds[i].ok);
        }
        br_json_close(j, '}');
    }
    br_json_close(j, '}');
}

typedef void put_metric(br_json *j, const br_run_result *r, const br_result_metric *m);

static void put_metrics(br_json *j, const br_run_result *r, put_metric *put)
{
    br_arena arena;
    br_arena_init(&arena, 4096);
    const br_result_metric **sorted = br_metric_order_sorted(r, &arena);
    br_json_key(j, BR_STR("metrics"));
    br_json_open(j, '{');
    for (size_t i = 0; i < r->metric_count; i++) {
        br_json_key(j, sorted[i]->name);
        put(j, r, sorted[i]);
    }
    br_json_close(j, '}');
    br_arena_deinit(&arena);
}

static void put_setup_data(br_json *j, const br_run_result *r)
{
    if (!r->setup_data_json.p) return;
    br_json_key(j, BR_STR("setup_data"));
    br_json_raw(j, r->setup_data_json);
}

static void put_options_and_state(br_json *j, const br_run_result *r, const br_summary_data_style *style)
{
    br_json_key(j, BR_STR("options"));
    br_json_open(j, '{');
    br_json_key(j, BR_STR("summaryTrendStats"));
    br_json_open(j, '[');
    for (size_t i = 0; i < r->trend_stat_count; i++) {
        br_json_str(j, r->trend_stats[i]);
    }
    br_json_close(j, ']');
    br_json_put_str(j, "summaryTimeUnit", r->time_unit);
    br_json_put_bool(j, "noColor", style->no_colour);
    br_json_close(j, '}');
    br_json_key(j, BR_STR("state"));
    br_json_open(j, '{');
    br_json_put_bool(j, "isStdOutTTY", style->stdout_is_tty);
    br_json_put_bool(j, "isStdErrTTY", style->stderr_is_tty);
    br_json_put_f64(j, "testRunDurationMs", (double) r->duration / (double) BR_MS);
    br_json_close(j, '}');
}

/* Hands `made` over to *out, whole or not at all. */
static br_code deliver(br_buf *made, br_buf *out, br_err *err)
{
    br_code rc = br_buf_append(out, made->data, made->len);
    br_buf_deinit(made);
    if (rc != BR_OK) return br_fail(err, rc, "the summary does not fit into %zu bytes", out->max_bytes);
    return BR_OK;
}

br_code br_report_summary_data(
    const br_run_result *result, const br_summary_data_style *style, br_buf *out, br_err *err)
{
    br_buf made;
    br_buf_init(&made, BR_BUF_NO_LIMIT);
    br_json j;
    br_json_init(&j, &made, 0);
    br_json_open(&j, '{');
    put_root_group(&j, result, false);
    put_options_and_state(&j, result, style);
    put_metrics(&j, result, put_data_metric);
    put_setup_data(&j, result);
    br_json_close(&j, '}');
    return deliver(&made, out, err);
}

br_code br_report_summary_export(const br_run_result *result, br_buf *out, br_err *err)
{
    br_buf made;
    br_buf_init(&made, BR_BUF_NO_LIMIT);
    br_json j;
    br_json_init(&j, &made, 4);
    br_json_open(&j, '{');
    put_root_group(&j, result, true);
    put_metrics(&j, result, put_export_metric);
    put_setup_data(&j, result);
    br_json_close(&j, '}');
    return deliver(&made, out, err);
}
