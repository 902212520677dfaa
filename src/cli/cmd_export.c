/* brunt export: stored runs for other programs. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/file.h"
#include "base/num.h"
#include "cli/commands.h"
#include "cli/history/history_args.h"
#include "cli/history/history_view.h"
#include "cli/history/stored_document.h"

#define OUTPUT_MAX ((size_t) 1 << 30)

static const br_arg export_args[] = {
    {"output", 'o', BR_ARG_VALUE, "FILE", "where to (default: standard output)", NULL},
    {"format", 0, BR_ARG_VALUE, "FORMAT",
        "json: everything, with histograms and results; csv: a line for each run and endpoint (default json)",
        NULL},
    {"all", 0, BR_ARG_SWITCH, NULL, "all runs", NULL},
    {"test", 0, BR_ARG_VALUE, "NAME", "all runs of this test", NULL},
    {"env", 0, BR_ARG_VALUE, "NAME", "all runs against this environment", NULL},
    {NULL, 0, BR_ARG_SWITCH, NULL, NULL, NULL},
};

const br_arg_section br_export_sections[] = {
    {NULL, export_args}, {"History", br_history_args}, {"General", br_global_args}, {NULL, NULL}};

static void print_help(void)
{
    puts(
        "Write stored runs for other programs.\n\nUsage:\n  brunt export RUN...|--all|--test NAME|--env NAME [flags]\n\n"
        "Examples:\n  brunt export 11 12 -o runs.json\n  brunt export --all --format csv -o history.csv\n\nFlags:");
    br_args_print_help(stdout, br_export_sections);
}

typedef br_code put_fn(
    br_store *s, const br_stored_run *r, const br_run_figures *f, br_buf *out, br_err *err);

/* CSV ---------------------------------------------------------------------------------------------- */

static const char csv_header[] =
    "run,started,duration_s,test,environment,outcome,level,valid,fingerprint,target_version,endpoint,"
    "requests,failed,requests_per_s,min_ms,avg_ms,p50_ms,p90_ms,p95_ms,p99_ms,max_ms\n";

/* RFC 4180; a text that a spreadsheet would take for a formula gets an apostrophe before it. */
static void put_field(br_buf *out, br_str text)
{
    bool formula = text.n > 0 && strchr("=+-@\t\r", text.p[0]);
    (void) br_buf_puts(out, formula ? ",\"'" : ",\"");
    for (size_t i = 0; i < text.n; i++) {
        if (text.p[i] == '"') (void) br_buf_putc(out, '"');
        (void) br_buf_putc(out, text.p[i]);
    }
    (void) br_buf_putc(out, '"');
}

static void put_number(br_buf *out, double value)
{
    (void) br_buf_putc(out, ',');
    (void) br_buf_put_f64(out, round(value * 1e6) / 1e6);
}

static br_code put_latencies(br_buf *out, const br_hist *h)
{
    static const double quantiles[] = {0.5, 0.9, 0.95, 0.99, 1};
    if (h->total == 0) return br_buf_puts(out, ",,,,,,,\n");
    put_number(out, (double) h->min / 1000);
    put_number(out, br_hist_mean(h) / 1000);
    for (size_t i = 0; i < BR_COUNT_OF(quantiles); i++)
        put_number(out, br_hist_quantile(h, quantiles[i]) / 1000);
    return br_buf_putc(out, '\n'); /* it fails if one of those before has failed */
}

static br_code put_csv(br_store *s, const br_stored_run *r, const br_run_figures *f, br_buf *out, br_err *err)
{
    br_code code = BR_OK;
    (void) s;
    for (size_t i = 0; i < f->endpoint_count && code == BR_OK; i++) {
        const br_figures_endpoint *e = &f->endpoints[i];
        (void) br_buf_printf(out, "%lld,", (long long) r->id);
        (void) br_buf_put_rfc3339(out, r->started_wall, false);
        put_number(out, (double) r->duration / (double) BR_SEC);
        put_field(out, r->test);
        put_field(out, r->environment);
        put_field(out, r->outcome);
        put_field(out, r->level);
        (void) br_buf_puts(out, r->valid ? ",true" : ",false");
        put_field(out, r->fingerprint);
        put_field(out, r->target_version);
        put_field(out, e->name);
        (void) br_buf_printf(
            out, ",%llu,%llu", (unsigned long long) e->requests, (unsigned long long) e->failed);
        put_number(out, r->duration > 0 ? (double) e->requests * (double) BR_SEC / (double) r->duration : 0);
        code = put_latencies(out, &e->latency_us);
    }
    return code == BR_OK ? BR_OK : br_fail(err, code, "the export is larger than 1 GiB: export fewer runs");
}

/* JSON --------------------------------------------------------------------------------------------- */

static void put_bucket(void *ctx, int64_t low, int64_t high, uint64_t count)
{
    json_array_append_new(ctx, json_pack("[I,I,I]", (json_int_t) low, (json_int_t) high, (json_int_t) count));
}

static json_t *endpoint_json(const br_figures_endpoint *e)
{
    json_t *buckets = json_array();
    br_hist_each(&e->latency_us, put_bucket, buckets);
    return json_pack("{s:s%,s:I,s:I,s:{s:I,s:I,s:o}}", "name", e->name.p, e->name.n, "requests",
        (json_int_t) e->requests, "failed", (json_int_t) e->failed, "latency_us", "min",
        (json_int_t) (e->latency_us.total ? e->latency_us.min : 0), "max",
        (json_int_t) (e->latency_us.total ? e->latency_us.max : 0), "buckets", buckets);
}

static json_t *figures_json(const br_run_figures *f)
{
    json_t *endpoints = json_array(), *values = json_array();
    for (size_t i = 0; i < f->endpoint_count; i++)
        json_array_append_new(endpoints, endpoint_json(&f->endpoints[i]));
    for (size_t i = 0; i < f->value_count; i++)
        json_array_append_new(
            values, json_pack("{s:s%,s:s%,s:f}", "name", f->values[i].name.p, f->values[i].name.n, "unit",
                        f->values[i].unit.p, f->values[i].unit.n, "value", f->values[i].value));
    return json_pack("{s:o,s:o}", "endpoints", endpoints, "values", values);
}

/* NULL, with a message: there is no such document. */
static json_t *document_json(br_store *s, int64_t id, br_err *err)
{
    br_buf text;
    json_error_t why;
    br_buf_init(&text, BR_STORE_DOCUMENT_MAX);
    json_t *json = NULL;
    if (br_stored_document_read(s, id, &text, err) == BR_OK) {
        json = json_loadb(text.data, text.len, JSON_ALLOW_NUL, &why);
        if (!json)
            (void) br_fail(
                err, BR_ESYNTAX, "the result of run %lld is no JSON: %s", (long long) id, why.text);
    }
    br_buf_deinit(&text);
    return json;
}

static br_code put_json(
    br_store *s, const br_stored_run *r, const br_run_figures *f, br_buf *out, br_err *err)
{
    json_t *result = document_json(s, r->id, err), *run = br_history_json(r), *figures = figures_json(f);
    if (!result) {
        json_decref(run);
        json_decref(figures);
        return BR_ESYNTAX;
    }
    if (figures) json_object_update(run, figures);
    json_decref(figures);
    json_object_set_new(run, "result", result);
    char *text = json_dumps(run, JSON_COMPACT | JSON_REAL_PRECISION(12));
    json_decref(run);
    br_code code = br_buf_puts(out, text ? text : "null");
    free(text); /* from jansson */
    return code == BR_OK ? BR_OK : br_fail(err, code, "the export is larger than 1 GiB: export fewer runs");
}

/* The whole ---------------------------------------------------------------------------------------- */

typedef struct format {
    const char *name, *before, *between, *after;
    put_fn *put;
} format;

static const format formats[] = {
    {"json", "{\"schema\":\"brunt.export/1\",\"runs\":[\n", ",\n", "\n]}\n", put_json},
    {"csv", csv_header, "", "", put_csv},
};

static br_code choose_format(const br_args *a, const format **ret, br_err *err)
{
    const char *name = br_args_get(a, "format");
    for (size_t i = 0; i < BR_COUNT_OF(formats); i++) {
        if (name && strcmp(name, formats[i].name) != 0) continue;
        *ret = &formats[i];
        return BR_OK;
    }
    return br_fail(err, BR_EINVAL, "--format '%s': use json or csv", name);
}

static br_code put_run(br_store *s, const br_stored_run *r, const format *f, br_buf *out, br_err *err)
{
    br_run_figures *figures = NULL;
    br_code code = br_store_figures(s, r->id, &figures, err);
    if (code == BR_OK) code = f->put(s, r, figures, out, err);
    br_run_figures_free(figures);
    return code;
}

/* Oldest first, or in the order in which they were named. */
static br_code choose_runs(
    const br_args *a, br_store *s, br_arena *arena, br_stored_run **ret, size_t *ret_count, br_err *err)
{
    br_store_query q = {.test = br_args_get(a, "test"), .environment = br_args_get(a, "env")};
    bool rule = q.test || q.environment || br_args_has(a, "all");
    if (rule == (a->words.len > 0))
        return br_fail(err, BR_EINVAL, "export needs runs, or one of --all, --test and --env");
    if (rule) {
        br_code code = br_store_list(s, &q, arena, ret, ret_count, err);
        for (size_t i = 0; code == BR_OK && i < *ret_count / 2; i++) {
            br_stored_run swap = (*ret)[i];
            (*ret)[i] = (*ret)[*ret_count - 1 - i];
            (*ret)[*ret_count - 1 - i] = swap;
        }
        return code;
    }
    *ret_count = a->words.len;
    *ret = br_arena_zalloc(arena, a->words.len * sizeof(**ret));
    br_code code = BR_OK;
    for (size_t i = 0; i < a->words.len && code == BR_OK; i++)
        code = br_history_run(s, a->words.data[i], NULL, NULL, arena, &(*ret)[i], err);
    return code;
}

static br_code put_all(const br_args *a, br_store *s, const format *f, br_buf *out, br_err *err)
{
    br_arena arena;
    br_stored_run *runs = NULL;
    size_t count = 0;
    br_arena_init(&arena, 65536);
    br_code code = choose_runs(a, s, &arena, &runs, &count, err);
    (void) br_buf_puts(out, f->before);
    for (size_t i = 0; i < count && code == BR_OK; i++) {
        (void) br_buf_puts(out, i ? f->between : "");
        code = put_run(s, &runs[i], f, out, err);
    }
    (void) br_buf_puts(out, f->after);
    br_arena_deinit(&arena);
    return code;
}

static br_code work(const br_args *a, int *ret_status, br_err *err)
{
    const format *f = &formats[0];
    const char *path = br_args_get(a, "output");
    br_store *store = NULL;
    br_buf out;
    (void) ret_status;
    br_buf_init(&out, OUTPUT_MAX);
    br_code code = choose_format(a, &f, err);
    if (code == BR_OK) code = br_history_open(a, BR_STORE_READ, &store, err);
    if (code == BR_OK) code = put_all(a, store, f, &out, err);
    br_store_close(store);
    if (code == BR_OK && path && strcmp(path, "-") != 0)
        code = br_file_write(path, br_buf_view(&out), err);
    else if (code == BR_OK)
        br_history_print(&out);
    br_buf_deinit(&out);
    return code;
}

int br_cmd_export(int argc, char **argv)
{
    return br_history_command(argc, argv, br_export_sections, print_help, work);
}
