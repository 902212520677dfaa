/* brunt history: the runs that are stored. */
#include <stdio.h>
#include <unistd.h>
#include "base/log.h"
#include "cli/commands.h"
#include "cli/config/config_args.h"
#include "cli/history/due.h"
#include "cli/history/history_args.h"
#include "cli/history/history_changes.h"
#include "cli/history/history_view.h"

#define SHOWN_DEFAULT 20
#define LOOKED_AT     2000 /* newest runs among which changes are looked for */

static const br_arg history_args[] = {
    BR_CONFIG_ARG,
    {"limit", 'n', BR_ARG_VALUE, "N", "show the newest N runs (default 20)", NULL},
    {"since", 0, BR_ARG_VALUE, "TIME", "show runs of that last time only, e.g. 30d", NULL},
    {"json", 0, BR_ARG_SWITCH, NULL, "print JSON", NULL},
    {NULL, 0, BR_ARG_SWITCH, NULL, NULL, NULL},
};

const br_arg_section br_history_sections[] = {
    {NULL, history_args}, {"History", br_history_args}, {"General", br_global_args}, {NULL, NULL}};

static void print_help(void)
{
    puts(
        "List stored runs, newest first, and mark those with which a figure changed its level. Where there is a\n"
        "configuration, say which of its tests are due by their frequency.\n\nUsage:\n"
        "  brunt history [TEST [ENVIRONMENT]] [flags]\n\nExamples:\n"
        "  brunt history                             the newest 20 runs of all tests\n"
        "  brunt history baseline staging --since 90d\n\nFlags:");
    br_args_print_help(stdout, br_history_sections);
}

typedef struct listing {
    br_arena arena;
    br_stored_run *runs; /* newest first */
    size_t count, shown;
    br_history_changes changes; /* of the runs that are shown */
    br_config *config;          /* NULL: there is none */
    br_due_list due;
    br_ns now;
} listing;

static const br_table_column columns[] = {{"run", true}, {"when", false}, {"test", false},
    {"environment", false}, {"verdict", false}, {"p50", true}, {"p95", true}, {"p99", true}, {"errors", true},
    {"requests/s", true}, {"version", false}, {"", false}};

/* "pinned, p95 rose". */
static br_str marks(const listing *l, const br_stored_run *r, br_arena *arena)
{
    br_buf text;
    br_buf_init(&text, BR_BUF_NO_LIMIT);
    (void) br_buf_puts(&text, r->pinned ? "pinned" : "");
    for (size_t i = 0; i < l->changes.len; i++) {
        const br_history_change *c = &l->changes.data[i];
        if (c->run != r->id) continue;
        (void) br_buf_printf(
            &text, "%s%s %s", text.len ? ", " : "", c->measure, c->after > c->before ? "rose" : "fell");
    }
    br_str copy = br_arena_str(arena, br_buf_view(&text));
    br_buf_deinit(&text);
    return copy;
}

static void put_latency(br_table *t, const br_stored_run *r, double ms, br_arena *arena)
{
    br_table_put(t, r->requests ? br_history_ms(arena, ms) : BR_STR("-"), BR_PAINT_NONE);
}

static void put_run(br_table *t, listing *l, const br_stored_run *r)
{
    br_paint paint;
    br_str verdict = br_history_verdict(r, &paint);
    br_table_printf(t, BR_PAINT_NONE, "%lld", (long long) r->id);
    br_table_put(t, br_history_when(&l->arena, r->started_wall), BR_PAINT_NONE);
    br_table_put(t, r->test, BR_PAINT_NONE);
    br_table_put(t, r->environment, BR_PAINT_NONE);
    br_table_put(t, verdict, paint);
    put_latency(t, r, r->p50_ms, &l->arena);
    put_latency(t, r, r->p95_ms, &l->arena);
    put_latency(t, r, r->p99_ms, &l->arena);
    br_table_put(
        t, r->requests ? br_history_share(&l->arena, br_history_error_rate(r)) : BR_STR("-"), BR_PAINT_NONE);
    br_table_printf(t, BR_PAINT_NONE, "%.1f", br_history_per_second(r));
    br_table_put(t, r->target_version, BR_PAINT_NONE);
    br_table_put(t, marks(l, r, &l->arena), BR_PAINT_NONE);
}

static void print_text(listing *l, bool colour)
{
    br_table t;
    br_buf out;
    br_buf_init(&out, BR_BUF_NO_LIMIT);
    br_table_init(&t, &l->arena, columns, BR_COUNT_OF(columns));
    for (size_t i = 0; i < l->shown; i++)
        put_run(&t, l, &l->runs[i]);
    if (l->shown > 0)
        br_table_print(&t, 0, colour, &out);
    else
        (void) br_buf_puts(&out, "no such run was stored; `brunt test` stores its runs\n");
    if (l->shown < l->count) (void) br_buf_printf(&out, "(and older ones: --limit)\n");
    for (size_t i = 0; i < l->changes.len; i++)
        (void) br_buf_printf(&out, "%s" BR_FMT "\n", i ? "" : "\n",
            BR_ARG(br_history_change_text(&l->changes.data[i], &l->arena)));
    br_due_text(&l->due, l->now, &l->arena, colour, &out);
    br_history_print(&out);
    br_table_deinit(&t);
    br_buf_deinit(&out);
}

static void print_json(const listing *l)
{
    json_t *runs = json_array();
    for (size_t i = 0; i < l->shown; i++)
        json_array_append_new(runs, br_history_json(&l->runs[i]));
    json_t *root = json_pack("{s:s,s:o,s:o}", "schema", "brunt.history/1", "runs", runs, "changes",
        br_history_changes_json(&l->changes));
    if (l->config) json_object_set_new(root, "due", br_due_json(&l->due, l->now));
    br_history_print_json(root);
}

/* Changes are looked for among more runs than are shown: a series needs its past. */
static void keep_shown_changes(listing *l)
{
    size_t kept = 0;
    int64_t oldest = l->shown > 0 ? l->runs[l->shown - 1].id : INT64_MAX;
    for (size_t i = 0; i < l->changes.len; i++) {
        if (l->changes.data[i].run >= oldest) l->changes.data[kept++] = l->changes.data[i];
    }
    l->changes.len = kept;
}

/* One that is merely there must not keep anybody from the history. */
static br_code load_config(const br_args *a, listing *l, br_err *err)
{
    br_config_paths paths = {0};
    br_err why = {0};
    br_config_args_paths(a, &paths);
    bool named = br_args_has(a, "config"), there = named || access(paths.data[0], F_OK) == 0;
    br_code code = there ? br_config_load_all(paths.data, paths.len, &l->config, &why) : BR_OK;
    br_vec_deinit(&paths);
    if (code == BR_OK) return BR_OK;
    if (named) return br_fail(err, code, "%s", why.msg);
    br_warn("which tests are due is not known: %s", why.msg);
    return BR_OK;
}

static br_code load_due(const br_store_query *q, br_store *store, listing *l, br_err *err)
{
    l->now = br_clock_wall();
    if (!l->config) return BR_OK;
    return br_due_find(l->config, store, q->test, q->environment, &l->arena, &l->due, err);
}

static br_code load(const br_args *a, listing *l, br_err *err)
{
    br_store *store = NULL;
    size_t limit = SHOWN_DEFAULT;
    br_ns since = 0;
    br_store_query q = {.limit = LOOKED_AT};
    if (a->words.len > 2)
        return br_fail(
            err, BR_EINVAL, "history takes a test and an environment: brunt history [TEST [ENVIRONMENT]]");
    if (a->words.len > 0) q.test = a->words.data[0];
    if (a->words.len > 1) q.environment = a->words.data[1];
    br_code code = br_history_count(a, "limit", &limit, err);
    if (code == BR_OK) code = br_history_ago(a, "since", &since, err);
    if (code == BR_OK) code = load_config(a, l, err);
    if (code != BR_OK) return code;
    if (limit > LOOKED_AT) q.limit = limit;
    br_err why = {0};
    code = br_history_open(a, BR_STORE_READ, &store, &why);
    if (code == BR_ENOTFOUND && !br_history_is_named(a))
        return load_due(&q, NULL, l, err); /* nothing was stored yet: an empty list */
    if (code == BR_OK) code = br_store_list(store, &q, &l->arena, &l->runs, &l->count, &why);
    if (code == BR_OK) code = load_due(&q, store, l, &why);
    br_store_close(store);
    if (code != BR_OK && err) *err = why;
    while (l->shown < l->count && l->shown < limit && l->runs[l->shown].started_wall >= since)
        l->shown++;
    return code;
}

static br_code work(const br_args *a, int *ret_status, br_err *err)
{
    listing l = {0};
    (void) ret_status;
    br_arena_init(&l.arena, 65536);
    br_code code = load(a, &l, err);
    if (code == BR_OK) {
        br_history_find_changes(l.runs, l.count, &l.changes);
        keep_shown_changes(&l);
        if (br_args_has(a, "json"))
            print_json(&l);
        else
            print_text(&l, br_cli_colour(a, STDOUT_FILENO));
    }
    br_vec_deinit(&l.changes);
    br_vec_deinit(&l.due);
    br_config_free(l.config);
    br_arena_deinit(&l.arena);
    return code;
}

int br_cmd_history(int argc, char **argv)
{
    return br_history_command(argc, argv, br_history_sections, print_help, work);
}
