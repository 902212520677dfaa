/* brunt prune: stored runs that are not needed any more. */
#include <stdio.h>
#include <string.h>
#include "base/num.h"
#include "cli/commands.h"
#include "cli/history/history_args.h"
#include "cli/history/history_view.h"

static const br_arg prune_args[] = {
    {"keep", 0, BR_ARG_VALUE, "N", "delete all but the newest N runs of each test and environment", NULL},
    {"older-than", 0, BR_ARG_VALUE, "TIME", "delete runs that are older, e.g. 90d; with --keep: only those",
        NULL},
    {"run", 0, BR_ARG_LIST, "RUN", "delete this run (may be given again)", NULL},
    {"test", 0, BR_ARG_VALUE, "NAME", "only runs of this test", NULL},
    {"env", 0, BR_ARG_VALUE, "NAME", "only runs against this environment", NULL},
    {"dry-run", 0, BR_ARG_SWITCH, NULL, "only say what would be deleted", NULL},
    {"json", 0, BR_ARG_SWITCH, NULL, "print JSON", NULL},
    {NULL, 0, BR_ARG_SWITCH, NULL, NULL, NULL},
};

const br_arg_section br_prune_sections[] = {
    {NULL, prune_args}, {"History", br_history_args}, {"General", br_global_args}, {NULL, NULL}};

static void print_help(void)
{
    puts(
        "Delete stored runs. Pinned ones stay.\n\nUsage:\n  brunt prune --keep N|--older-than TIME|--run RUN [flags]\n\n"
        "Examples:\n  brunt prune --keep 50\n  brunt prune --older-than 90d --keep 10 --dry-run\n\nFlags:");
    br_args_print_help(stdout, br_prune_sections);
}

typedef struct pruning {
    size_t keep; /* SIZE_MAX: not asked for */
    br_ns until; /* started before; INT64_MAX: not asked for */
    BR_VEC(int64_t) ids, pinned;
} pruning;

/* How many of the runs before runs[at], which are newer, belong to the same test and environment. */
static size_t newer_ones(const br_stored_run *runs, size_t at)
{
    size_t n = 0;
    for (size_t i = 0; i < at; i++)
        n += br_str_eq(runs[i].test, runs[at].test) && br_str_eq(runs[i].environment, runs[at].environment);
    return n;
}

static void choose(pruning *p, const br_stored_run *runs, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (runs[i].started_wall >= p->until) continue;
        if (p->keep != SIZE_MAX && newer_ones(runs, i) < p->keep) continue;
        if (runs[i].pinned)
            *br_vec_push(&p->pinned) = runs[i].id;
        else
            *br_vec_push(&p->ids) = runs[i].id;
    }
}

/* Named runs are not read: one that is damaged must be deletable. */
static br_code take_named(const br_args *a, pruning *p, br_err *err)
{
    for (size_t i = 0; i < a->values.len; i++) {
        int64_t id;
        if (strcmp(a->values.data[i].arg->name, "run") != 0) continue;
        if (br_parse_i64(br_str_of(a->values.data[i].value), &id) != BR_OK || id < 1)
            return br_fail(err, BR_EINVAL, "--run '%s': use the number of a run", a->values.data[i].value);
        *br_vec_push(&p->ids) = id;
    }
    return BR_OK;
}

static br_code read_args(const br_args *a, pruning *p, br_err *err)
{
    if (a->words.len > 0) return br_fail(err, BR_EINVAL, "prune takes flags only: brunt prune --keep N");
    br_code code = br_history_count(a, "keep", &p->keep, err);
    if (code == BR_OK) code = br_history_ago(a, "older-than", &p->until, err);
    if (code == BR_OK) code = take_named(a, p, err);
    bool ruled = p->keep != SIZE_MAX || p->until != INT64_MAX;
    if (code == BR_OK && !ruled && p->ids.len == 0)
        return br_fail(
            err, BR_EINVAL, "prune needs to know what to delete: --keep N, --older-than TIME or --run RUN");
    if (code == BR_OK && ruled && p->ids.len > 0)
        return br_fail(err, BR_EINVAL, "--run cannot be used together with --keep or --older-than");
    return code;
}

static br_code choose_by_rule(const br_args *a, br_store *s, pruning *p, br_err *err)
{
    br_arena arena;
    br_stored_run *runs;
    size_t count;
    if (p->ids.len > 0) return BR_OK;
    br_arena_init(&arena, 65536);
    br_store_query q = {.test = br_args_get(a, "test"), .environment = br_args_get(a, "env")};
    br_code code = br_store_list(s, &q, &arena, &runs, &count, err);
    if (code == BR_OK) choose(p, runs, count);
    br_arena_deinit(&arena);
    return code;
}

static void print_ids(const char *before, const int64_t *ids, size_t count)
{
    printf("%s", before);
    for (size_t i = count; i > 0; i--)
        printf(" %lld", (long long) ids[i - 1]);
    puts("");
}

static json_t *ids_json(const int64_t *ids, size_t count)
{
    json_t *list = json_array();
    for (size_t i = count; i > 0; i--)
        json_array_append_new(list, json_integer(ids[i - 1]));
    return list;
}

static void tell(const br_args *a, const pruning *p)
{
    bool dry = br_args_has(a, "dry-run");
    if (br_args_has(a, "json")) {
        br_history_print_json(json_pack("{s:o,s:o,s:b}", "deleted", ids_json(p->ids.data, p->ids.len),
            "kept_pinned", ids_json(p->pinned.data, p->pinned.len), "dry_run", (int) dry));
        return;
    }
    if (p->ids.len == 0)
        puts("nothing to delete");
    else
        print_ids(dry ? "would delete" : "deleted", p->ids.data, p->ids.len);
    if (p->pinned.len > 0) print_ids("kept, for they are pinned:", p->pinned.data, p->pinned.len);
}

static br_code prune(const br_args *a, pruning *p, br_err *err)
{
    br_store *store = NULL;
    bool dry = br_args_has(a, "dry-run");
    br_code code = br_history_open(a, dry ? BR_STORE_READ : BR_STORE_WRITE, &store, err);
    if (code == BR_OK) code = choose_by_rule(a, store, p, err);
    if (code == BR_OK && !dry && p->ids.len > 0) code = br_store_delete(store, p->ids.data, p->ids.len, err);
    br_store_close(store);
    return code;
}

static br_code work(const br_args *a, int *ret_status, br_err *err)
{
    pruning p = {.keep = SIZE_MAX, .until = INT64_MAX};
    (void) ret_status;
    br_code code = read_args(a, &p, err);
    if (code == BR_OK) code = prune(a, &p, err);
    if (code == BR_OK) tell(a, &p);
    br_vec_deinit(&p.ids);
    br_vec_deinit(&p.pinned);
    return code;
}

int br_cmd_prune(int argc, char **argv)
{
    return br_history_command(argc, argv, br_prune_sections, print_help, work);
}
