/* The newer of k6's machine-readable summaries: lists instead of keys. */
#include "base/num.h"
#include "report/json_int.h"
#include "report/metric_order.h"
#include "report/summary_json.h"

static void put_head(br_json *j, const char *name, const char *type, const char *contains)
{
    br_json_open(j, '{');
    br_json_put_str(j, "name", br_str_of(name));
    br_json_put_str(j, "type", br_str_of(type));
    br_json_put_str(j, "contains", br_str_of(contains));
    br_json_key(j, BR_STR("values"));
    br_json_open(j, '{');
}

static void put_end(br_json *j)
{
    br_json_close(j, '}');
    br_json_close(j, '}');
}

static void put_rate(br_json *j, uint64_t matches, uint64_t total)
{
    br_json_put_u64(j, "matches", matches);
    br_json_put_f64(j, "rate", total ? (double) matches / (double) total : 0);
    br_json_put_u64(j, "total", total);
}

/* The statistics that this form always has; percentiles only where the summary shows them. */
static void put_trend(br_json *j, const br_run_result *r, const br_sink *s)
{
    static const char *const always[] = {"avg", "max", "med", "min"};
    static const char *const shown[] = {"p(90)", "p(95)"};
    br_agg_spec spec;
    for (size_t i = 0; i < BR_COUNT_OF(always); i++) {
        if (br_agg_parse(br_str_of(always[i]), &spec) == BR_OK)
            br_json_put_f64(j, always[i], br_sink_value(s, spec, r->duration));
    }
    for (size_t i = 0; i < BR_COUNT_OF(shown); i++) {
        bool there = false;
        for (size_t k = 0; k < r->trend_stat_count; k++)
            there = there || br_str_is(r->trend_stats[k], shown[i]);
        if (there && br_agg_parse(br_str_of(shown[i]), &spec) == BR_OK)
            br_json_put_f64(j, shown[i], br_sink_value(s, spec, r->duration));
    }
}

static void put_metric(br_json *j, const br_run_result *r, const br_result_metric *m)
{
    const br_sink *s = &m->sink;
    char *name = br_strndup(m->name.p, m->name.n);
    put_head(j, name, br_metric_type_name(m->type), br_metric_contains_name(m->contains));
    br_free(name);
    switch (m->type) {
        case BR_COUNTER: br_json_put_f64(j, "count", s->sum); break;
        case BR_GAUGE:
            br_json_put_f64(j, "max", s->count ? s->max : 0);
            br_json_put_f64(j, "min", s->count ? s->min : 0);
            br_json_put_f64(j, "value", s->count ? s->last : 0);
            break;
        case BR_RATE: put_rate(j, s->nonzero, s->count); break;
        case BR_TREND: put_trend(j, r, s); break;
    }
    put_end(j);
}

static void put_check_results(br_json *j, const br_group *g)
{
    for (size_t i = 0; g && i < g->checks.len; i++) {
        const br_check *c = g->checks.data[i];
        br_json_open(j, '{');
        br_json_put_str(j, "name", c->name);
        br_json_put_u64(j, "passes", c->passes);
        br_json_put_u64(j, "fails", c->fails);
        br_json_close(j, '}');
    }
    for (size_t i = 0; g && i < g->groups.len; i++)
        put_check_results(j, g->groups.data[i]);
}

static void put_checks(br_json *j, const br_run_result *r)
{
    const br_result_metric *m = br_metric_order_find(r, BR_STR("checks"));
    if (!m || m->sink.count == 0) return;
    uint64_t all = m->sink.count, passed = m->sink.nonzero;
    br_json_key(j, BR_STR("checks"));
    br_json_open(j, '{');
    br_json_key(j, BR_STR("metrics"));
    br_json_open(j, '[');
    put_head(j, "checks_total", "counter", "default");
    br_json_put_u64(j, "count", all);
    put_end(j);
    put_head(j, "checks_succeeded", "rate", "default");
    put_rate(j, passed, all);
    put_end(j);
    put_head(j, "checks_failed", "rate", "default");
    put_rate(j, all - passed, all);
    put_end(j);
    br_json_close(j, ']');
    br_json_key(j, BR_STR("results"));
    br_json_open(j, '[');
    put_check_results(j, r->root_group);
    br_json_close(j, ']');
    br_json_close(j, '}');
}

static void put_metrics(br_json *j, const br_run_result *r)
{
    br_arena arena;
    br_arena_init(&arena, 4096);
    const br_result_metric **sorted = br_metric_order_sorted(r, &arena);
    br_json_key(j, BR_STR("metrics"));
    br_json_open(j, '[');
    for (size_t i = 0; i < r->metric_count; i++) {
        if (!br_str_is(sorted[i]->name, "checks")) put_metric(j, r, sorted[i]);
    }
    br_json_close(j, ']');
    br_arena_deinit(&arena);
}

static void put_config(br_json *j, const br_run_result *r, const br_summary_document *d)
{
    br_buf time;
    br_buf_init(&time, BR_BUF_NO_LIMIT);
    (void) br_buf_put_rfc3339(&time, d->generated, true);
    br_json_put_str(j, "version", BR_STR("1.0.0"));
    br_json_key(j, BR_STR("config"));
    br_json_open(j, '{');
    br_json_put_f64(j, "duration", (double) r->duration / (double) BR_SEC);
    br_json_put_str(j, "execution", BR_STR("local"));
    br_json_put_str(j, "script", d->script);
    br_json_close(j, '}');
    br_json_key(j, BR_STR("metadata"));
    br_json_open(j, '{');
    br_json_put_str(j, "generated_at", br_buf_view(&time));
    br_json_put_str(j, "k6_version", d->version);
    br_json_close(j, '}');
    br_buf_deinit(&time);
}

br_code br_report_summary_document(
    const br_run_result *result, const br_summary_document *document, br_buf *out, br_err *err)
{
    br_buf made;
    br_buf_init(&made, BR_BUF_NO_LIMIT);
    br_json j;
    br_json_init(&j, &made, document->indent);
    br_json_open(&j, '{');
    put_config(&j, result, document);
    br_json_key(&j, BR_STR("results"));
    br_json_open(&j, '{');
    put_checks(&j, result);
    put_metrics(&j, result);
    br_json_close(&j, '}');
    br_json_close(&j, '}');
    br_code rc = br_buf_append(out, made.data, made.len);
    br_buf_deinit(&made);
    return rc == BR_OK ? rc : br_fail(err, rc, "the summary does not fit into %zu bytes", out->max_bytes);
}
