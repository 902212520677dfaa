/* brunt show: one stored run. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include "base/file.h"
#include "base/log.h"
#include "cli/commands.h"
#include "cli/history/history_args.h"
#include "cli/history/history_view.h"
#include "cli/history/stored_document.h"
#include "judge/criteria.h"
#include "report/html.h"

#define ROWS_DEFAULT 20

static const br_arg show_args[] = {
    {"json", 0, BR_ARG_SWITCH, NULL, "print the result document (schema brunt.result/1)", NULL},
    {"html", 0, BR_ARG_VALUE, "FILE", "write the report as one HTML file", NULL},
    {"all-rows", 0, BR_ARG_SWITCH, NULL, "all endpoints, not only the 20 with most requests", NULL},
    {NULL, 0, BR_ARG_SWITCH, NULL, NULL, NULL},
};

const br_arg_section br_show_sections[] = {
    {NULL, show_args}, {"History", br_history_args}, {"General", br_global_args}, {NULL, NULL}};

static void print_help(void)
{
    puts("Show a stored run.\n\nUsage:\n  brunt show RUN|latest [flags]\n\nExamples:\n"
         "  brunt show latest\n"
         "  brunt show 12 --html run-12.html          the report of that run again\n"
         "  brunt show 12 --json | jq .verdict\n\nFlags:");
    br_args_print_help(stdout, br_show_sections);
}

/* Text --------------------------------------------------------------------------------------------- */

static void put_fact(br_buf *out, const char *name, br_str text)
{
    if (text.n > 0) (void) br_buf_printf(out, "  %-12s " BR_FMT "\n", name, BR_ARG(text));
}

static void put_facts(const br_stored_run *r, br_arena *arena, bool colour, br_buf *out)
{
    static const char *const codes[] = {"", "\x1b[32m", "\x1b[33m", "\x1b[31m", "\x1b[2m"};
    br_paint paint;
    br_str verdict = br_history_verdict(r, &paint);
    bool painted = colour && paint != BR_PAINT_NONE;
    (void) br_buf_printf(out, "run %lld: " BR_FMT "%s" BR_FMT ", %s" BR_FMT "%s%s%s\n", (long long) r->id,
        BR_ARG(r->test), r->environment.n ? " on " : "", BR_ARG(r->environment), painted ? codes[paint] : "",
        BR_ARG(verdict), painted ? "\x1b[0m" : "", r->valid ? "" : ", no evidence",
        r->pinned ? ", pinned" : "");
    put_fact(out, "verdict", r->headline);
    put_fact(out, "started", br_history_when(arena, r->started_wall));
    put_fact(out, "lasted", br_history_ms(arena, (double) r->duration / (double) BR_MS));
    put_fact(out, "target", r->target);
    put_fact(out, "version", r->target_version);
    put_fact(out, "script", r->script);
    if (r->commit.n > 0)
        (void) br_buf_printf(
            out, "  %-12s " BR_FMT "%s\n", "commit", BR_ARG(r->commit), r->dirty ? " and changes" : "");
    put_fact(out, "machine", r->machine);
    put_fact(out, "brunt", r->tool_version);
    put_fact(out, "fingerprint", br_str_sub(r->fingerprint, 0, 16));
    (void) br_buf_putc(out, '\n');
}

static const br_table_column columns[] = {{"endpoint", false}, {"requests", true}, {"errors", true},
    {"p50", true}, {"p95", true}, {"p99", true}, {"max", true}};

static void put_endpoint(br_table *t, const br_figures_endpoint *e, br_arena *arena)
{
    static const double quantiles[] = {0.5, 0.95, 0.99, 1};
    br_table_put(t, e->name.n ? e->name : BR_STR("all requests"), BR_PAINT_NONE);
    br_table_printf(t, BR_PAINT_NONE, "%llu", (unsigned long long) e->requests);
    br_table_put(t,
        e->requests ? br_history_share(arena, (double) e->failed / (double) e->requests) : BR_STR("-"),
        e->failed ? BR_PAINT_WARN : BR_PAINT_NONE);
    for (size_t i = 0; i < BR_COUNT_OF(quantiles); i++) {
        const br_hist *h = &e->latency_us;
        br_table_put(t,
            h->total ? br_history_ms(arena, br_hist_quantile(h, quantiles[i]) / 1000) : BR_STR("-"),
            BR_PAINT_NONE);
    }
}

/* How many requests an endpoint needs to be among the `rows` largest. */
static uint64_t least_shown(const br_run_figures *f, size_t rows)
{
    uint64_t least = 0;
    for (size_t i = 1; i < f->endpoint_count; i++) {
        size_t larger = 0;
        for (size_t k = 1; k < f->endpoint_count; k++)
            larger += f->endpoints[k].requests > f->endpoints[i].requests;
        if (larger >= rows && f->endpoints[i].requests >= least) least = f->endpoints[i].requests + 1;
    }
    return least;
}

static void put_figures(br_run_figures *f, size_t rows, bool colour, br_buf *out)
{
    br_table t;
    uint64_t least = least_shown(f, rows);
    size_t hidden = 0;
    br_table_init(&t, &f->arena, columns, BR_COUNT_OF(columns));
    for (size_t i = 0; i < f->endpoint_count; i++) {
        if (i > 0 && f->endpoints[i].requests < least)
            hidden++;
        else
            put_endpoint(&t, &f->endpoints[i], &f->arena);
    }
    br_table_print(&t, 2, colour, out);
    br_table_deinit(&t);
    if (hidden) (void) br_buf_printf(out, "  (%zu endpoints with fewer requests: --all-rows)\n", hidden);
    for (size_t i = 0; i < f->value_count; i++)
        (void) br_buf_printf(out, "%s  " BR_FMT ": " BR_FMT "\n", i ? "" : "\n", BR_ARG(f->values[i].name),
            BR_ARG(br_figure_text(&f->arena, f->values[i].value, f->values[i].unit)));
}

/* The verdict, from the result document -------------------------------------------------------------- */

/* Texts of a document may come from the service: nothing in them moves the cursor. */
static void put_clean(br_buf *out, const char *text)
{
    for (; text && *text; text++)
        (void) br_buf_putc(out, (unsigned char) *text < ' ' || *text == 0x7f ? '?' : *text);
}

static const char *text_of(const json_t *object, const char *key)
{
    const char *text = json_string_value(json_object_get(object, key));
    return text ? text : "";
}

static void put_list(
    br_buf *out, const char *title, const json_t *list, const char *mark_key, const char *text_key)
{
    if (json_array_size(list) > 0) (void) br_buf_printf(out, "\n  %s\n", title);
    for (size_t i = 0; i < json_array_size(list); i++) {
        const json_t *item = json_array_get(list, i);
        (void) br_buf_puts(out, "    ");
        put_clean(out, text_of(item, mark_key));
        (void) br_buf_puts(out, ": ");
        put_clean(out, text_of(item, text_key));
        (void) br_buf_putc(out, '\n');
    }
}

/* 0: it is not there. */
static br_ns time_of(const json_t *object, const char *key)
{
    json_int_t ms = json_integer_value(json_object_get(object, key));
    return ms > 0 && ms < INT64_MAX / BR_MS ? (br_ns) ms * BR_MS : 0;
}

/* Who approved, who was told, and the checklist with its answers. */
static void put_preparation(br_buf *out, const json_t *p, br_arena *arena)
{
    const json_t *approval = json_object_get(p, "approval"), *list = json_object_get(p, "preflight");
    br_ns told = time_of(p, "told_at_unix_ms"), at = time_of(list, "started_unix_ms");
    if (p) (void) br_buf_puts(out, "\n  Before the test\n");
    if (approval) {
        (void) br_buf_puts(out, "    approved by ");
        put_clean(out, text_of(approval, "who"));
        (void) br_buf_puts(out, ": ");
        put_clean(out, text_of(approval, "why"));
        (void) br_buf_putc(out, '\n');
    }
    if (told > 0)
        (void) br_buf_printf(
            out, "    stakeholders told at " BR_FMT "\n", BR_ARG(br_history_when(arena, told)));
    if (!list) return;
    (void) br_buf_printf(out, "    preflight at " BR_FMT ": %s\n", BR_ARG(br_history_when(arena, at)),
        json_is_true(json_object_get(list, "ready")) ? "ready" : "not ready");
    const json_t *items = json_object_get(list, "items");
    for (size_t i = 0; i < json_array_size(items); i++) {
        const json_t *item = json_array_get(items, i);
        (void) br_buf_puts(out, "      ");
        put_clean(out, text_of(item, "key"));
        (void) br_buf_puts(out, ", ");
        put_clean(out, text_of(item, "state"));
        (void) br_buf_puts(out, json_is_true(json_object_get(item, "asked")) ? ", answered: " : ": ");
        put_clean(out, text_of(item, "text"));
        (void) br_buf_putc(out, '\n');
    }
}

static void put_verdict(br_store *s, int64_t id, br_arena *arena, br_buf *out)
{
    br_buf document;
    br_err err = {0};
    json_error_t why;
    json_t *json = NULL;
    br_buf_init(&document, BR_STORE_DOCUMENT_MAX);
    if (br_stored_document_read(s, id, &document, &err) == BR_OK)
        json = json_loadb(document.data, document.len, JSON_ALLOW_NUL, &why);
    if (!json)
        br_warn(
            "the result of run %lld cannot be shown: %s", (long long) id, err.msg[0] ? err.msg : why.text);
    put_preparation(out, json_object_get(json, "preparation"), arena);
    const json_t *verdict = json_object_get(json, "verdict");
    put_list(out, "Criteria", json_object_get(verdict, "criteria"), "state", "sentence");
    put_list(out, "Reasons", json_object_get(verdict, "reasons"), "severity", "text");
    put_list(out, "What to do", json_object_get(verdict, "actions"), "title", "advice");
    json_decref(json);
    br_buf_deinit(&document);
}

static br_code print_text(const br_args *a, br_store *s, const br_stored_run *r, br_arena *arena, br_err *err)
{
    br_run_figures *f = NULL;
    bool colour = br_cli_colour(a, STDOUT_FILENO);
    br_code code = br_store_figures(s, r->id, &f, err);
    if (code != BR_OK) return code;
    br_buf out;
    br_buf_init(&out, BR_BUF_NO_LIMIT);
    put_facts(r, arena, colour, &out);
    put_figures(f, br_args_has(a, "all-rows") ? SIZE_MAX : ROWS_DEFAULT, colour, &out);
    put_verdict(s, r->id, arena, &out);
    br_history_print(&out);
    br_buf_deinit(&out);
    br_run_figures_free(f);
    return BR_OK;
}

/* The document ------------------------------------------------------------------------------------- */

static br_code write_html(const char *path, br_str document, int64_t id, br_err *err)
{
    br_buf page;
    br_buf_init(&page, BR_BUF_NO_LIMIT);
    br_code code = br_report_html_of_document(document, &page, err);
    if (code != BR_OK) code = br_wrap(err, code, "the result of run %lld", (long long) id);
    if (code == BR_OK) code = br_file_write(path, br_buf_view(&page), err);
    if (code == BR_OK) printf("report: %s\n", path);
    br_buf_deinit(&page);
    return code;
}

static br_code put_document(const br_args *a, br_store *s, int64_t id, br_err *err)
{
    const char *html = br_args_get(a, "html");
    br_buf document;
    br_buf_init(&document, BR_STORE_DOCUMENT_MAX);
    br_code code = br_stored_document_read(s, id, &document, err);
    if (code == BR_OK && html) code = write_html(html, br_buf_view(&document), id, err);
    if (code == BR_OK && br_args_has(a, "json")) {
        br_history_print(&document);
        puts("");
    }
    br_buf_deinit(&document);
    return code;
}

static br_code work(const br_args *a, int *ret_status, br_err *err)
{
    br_store *store = NULL;
    br_arena arena;
    br_stored_run run = {0};
    (void) ret_status;
    if (a->words.len != 1) return br_fail(err, BR_EINVAL, "show needs one run: brunt show RUN|latest");
    br_arena_init(&arena, 8192);
    br_code code = br_history_open(a, BR_STORE_READ, &store, err);
    if (code == BR_OK) code = br_history_run(store, a->words.data[0], NULL, NULL, &arena, &run, err);
    if (code == BR_OK && (br_args_has(a, "json") || br_args_get(a, "html")))
        code = put_document(a, store, run.id, err);
    else if (code == BR_OK)
        code = print_text(a, store, &run, &arena, err);
    br_store_close(store);
    br_arena_deinit(&arena);
    return code;
}

int br_cmd_show(int argc, char **argv)
{
    return br_history_command(argc, argv, br_show_sections, print_help, work);
}
