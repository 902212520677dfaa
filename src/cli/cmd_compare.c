/* brunt compare: are newer runs slower than older ones? */
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include "base/log.h"
#include "cli/commands.h"
#include "cli/history/comparing.h"
#include "cli/history/history_args.h"
#include "cli/history/history_changes.h"
#include "cli/history/history_view.h"
#include "report/comparison_table.h"

#define LOOKED_AT 2000 /* newest runs among which changes are looked for */

static const br_arg compare_args[] = {
    {"base", 0, BR_ARG_VALUE, "RUNS", "runs to compare with, e.g. 1,2,3", NULL},
    {"new", 0, BR_ARG_VALUE, "RUNS", "runs that are compared, e.g. 7,8 or latest", NULL},
    {"test", 0, BR_ARG_VALUE, "NAME", "the newest run of this test", NULL},
    {"env", 0, BR_ARG_VALUE, "NAME", "the newest run against this environment", NULL},
    {"limit", 0, BR_ARG_VALUE, "PERCENT", "what counts as worse (default 20%)", NULL},
    {"all-rows", 0, BR_ARG_SWITCH, NULL, "show all figures", NULL},
    {"json", 0, BR_ARG_SWITCH, NULL, "print JSON", NULL},
    {"markdown", 0, BR_ARG_SWITCH, NULL, "print Markdown, for a pull request", NULL},
    {NULL, 0, BR_ARG_SWITCH, NULL, NULL, NULL},
};

const br_arg_section br_compare_sections[] = {
    {NULL, compare_args}, {"History", br_history_args}, {"General", br_global_args}, {NULL, NULL}};

static void print_help(void)
{
    puts(
        "Hold stored runs against earlier ones.\n\nUsage:\n  brunt compare [BASE... [NEW]] [flags]\n\nExamples:\n"
        "  brunt compare                       the newest run against the last ones of its kind, and the pinned one\n"
        "  brunt compare --test spike --env staging --markdown\n"
        "  brunt compare 9                     run 9 in the same way\n"
        "  brunt compare 7 8 9                 run 9 against runs 7 and 8\n"
        "  brunt compare 1,2,3 7,8             runs 7 and 8 against runs 1 to 3\n"
        "  brunt compare --base 1,2,3 --new 7,8\n\nFlags:");
    br_args_print_help(stdout, br_compare_sections);
    puts(
        "\nExit codes: 0 not worse, 1 worse, 2 these runs cannot tell, 3 no baseline, 4 the new run is no evidence,\n"
        "255 other errors. With a last and a pinned baseline both are shown; the answer is that of the last runs,\n"
        "but 1 if it is worse than the pinned run. A pinned run of another script, load, environment or machine is\n"
        "left out; runs that are named are compared all the same.");
}

/* Arguments ---------------------------------------------------------------------------------------- */

typedef BR_VEC(int64_t) id_list;
typedef struct chosen {
    id_list base, fresh; /* empty: not named */
    const char *test, *environment;
    br_compare_config config;
} chosen;

static br_code add_run(br_store *s, const chosen *c, br_str word, id_list *list, br_err *err)
{
    br_arena arena;
    br_stored_run r;
    if (br_str_ends(word, BR_STR(".json")))
        return br_fail(err, BR_EUNSUPPORTED,
            "'" BR_FMT
            "': result files cannot be compared: they have percentiles, not the histograms that a comparison "
            "needs; name runs of the history",
            BR_ARG(word));
    br_arena_init(&arena, 4096);
    br_code code = br_history_run(s, br_arena_cstr(&arena, word), c->test, c->environment, &arena, &r, err);
    for (size_t i = 0; i < c->base.len + c->fresh.len && code == BR_OK; i++) {
        int64_t other = i < c->base.len ? c->base.data[i] : c->fresh.data[i - c->base.len];
        if (other == r.id) code = br_fail(err, BR_EINVAL, "run %lld is named twice", (long long) r.id);
    }
    if (code == BR_OK) *br_vec_push(list) = r.id;
    br_arena_deinit(&arena);
    return code;
}

/* "1,2,3" */
static br_code add_list(br_store *s, const chosen *c, const char *text, id_list *list, br_err *err)
{
    br_str rest = br_str_of(text), word;
    br_code code = BR_OK;
    while (code == BR_OK && br_str_cut(&rest, ',', &word))
        code = add_run(s, c, br_str_trim(word), list, err);
    return code;
}

/* Words are base runs, but the last one; a single one is new. Each may be a list. */
static br_code read_runs(const br_args *a, br_store *s, chosen *c, br_err *err)
{
    const char *base = br_args_get(a, "base"), *fresh = br_args_get(a, "new");
    br_code code = BR_OK;
    if (a->words.len > 0 && (base || fresh))
        return br_fail(err, BR_EINVAL, "name runs either by --base and --new or without flags");
    if (base && !fresh)
        return br_fail(err, BR_EINVAL, "--base needs --new: the runs that are compared with it");
    if (base) code = add_list(s, c, base, &c->base, err);
    if (code == BR_OK && fresh) code = add_list(s, c, fresh, &c->fresh, err);
    for (size_t i = 0; i < a->words.len && code == BR_OK; i++)
        code = add_list(s, c, a->words.data[i], i + 1 < a->words.len ? &c->base : &c->fresh, err);
    return code;
}

/* Output ------------------------------------------------------------------------------------------- */

static br_code find_changes(
    br_store *s, const br_stored_run *r, br_arena *arena, br_history_changes *ret, br_err *err)
{
    br_store_query q = {.test = r->test.p,
        .environment = r->environment.p,
        .fingerprint = r->fingerprint.p,
        .limit = LOOKED_AT};
    br_stored_run *runs;
    size_t count;
    br_code code = br_store_list(s, &q, arena, &runs, &count, err);
    if (code == BR_OK) br_history_find_changes(runs, count, ret);
    return code;
}

static void print_text(const br_args *a, br_comparing *c, const br_history_changes *changes)
{
    bool markdown = br_args_has(a, "markdown");
    br_buf out;
    br_buf_init(&out, BR_BUF_NO_LIMIT);
    br_comparing_style style = {.colour = !markdown && br_cli_colour(a, STDOUT_FILENO),
        .markdown = markdown,
        .all_rows = br_args_has(a, "all-rows"),
        .has_flag = true};
    br_comparing_text(c, &style, &out);
    if (changes->len > 0) (void) br_buf_puts(&out, markdown ? "\n" : "\n  Over all runs of this kind:\n");
    for (size_t i = 0; i < changes->len; i++)
        (void) br_buf_printf(&out, "%s" BR_FMT "\n", markdown ? "* " : "  · ",
            BR_ARG(br_history_change_text(&changes->data[i], &c->arena)));
    br_history_print(&out);
    br_buf_deinit(&out);
}

static void put_part(json_t *json, const char *key, const br_comparison *c, br_str against)
{
    br_buf text;
    json_error_t why;
    if (!c) return;
    br_buf_init(&text, BR_BUF_NO_LIMIT);
    br_report_comparison_json(c, &text);
    json_t *part = json_loadb(text.data, text.len, JSON_ALLOW_NUL, &why);
    json_object_set_new(part, "against", json_stringn(against.p, against.n));
    json_object_set_new(json, key, part);
    br_buf_deinit(&text);
}

static void print_json(const br_comparing *c, const br_history_changes *changes)
{
    json_t *json = json_pack("{s:s,s:s,s:i,s:o,s:s%,s:s%}", "schema", "brunt.comparison/1", "answer",
        br_comparison_answer_name(c->answer), "exit_status", (int) c->answer, "newest",
        br_history_json(&c->newest), "differs", c->differs.p ? c->differs.p : "", c->differs.n,
        "pinned_differs", c->pinned_differs.p ? c->pinned_differs.p : "", c->pinned_differs.n);
    put_part(json, "rolling", c->rolling, c->rolling_name);
    put_part(json, "pinned", c->pinned, c->pinned_name);
    json_object_set_new(json, "changes", br_history_changes_json(changes));
    br_history_print_json(json);
}

/* The whole ---------------------------------------------------------------------------------------- */

static br_code compare(br_store *s, const chosen *c, br_comparing *ret, br_err *err)
{
    br_comparing_ids base = {c->base.data, c->base.len}, fresh = {c->fresh.data, c->fresh.len};
    if (c->base.len > 0) return br_comparing_named(s, base, fresh, &c->config, ret, err);
    if (c->fresh.len > 0) return br_comparing_new(s, fresh, &c->config, ret, err);
    return br_comparing_newest(s, c->test, c->environment, &c->config, ret, err);
}

static br_code compare_and_print(const br_args *a, br_store *s, const chosen *c, int *ret_status, br_err *err)
{
    br_comparing result;
    br_history_changes changes = {0};
    br_code code = compare(s, c, &result, err);
    if (code != BR_OK) return code;
    code = find_changes(s, &result.newest, &result.arena, &changes, err);
    if (code == BR_OK) *ret_status = (int) result.answer;
    if (code == BR_OK && br_args_has(a, "json"))
        print_json(&result, &changes);
    else if (code == BR_OK)
        print_text(a, &result, &changes);
    br_vec_deinit(&changes);
    br_comparing_deinit(&result);
    return code;
}

static br_code work(const br_args *a, int *ret_status, br_err *err)
{
    chosen c = {.test = br_args_get(a, "test"), .environment = br_args_get(a, "env")};
    br_store *store = NULL;
    br_code code = br_history_limit(a, &c.config.limit, err);
    if (code != BR_OK) return code;
    code = br_history_open(a, BR_STORE_READ, &store, err);
    bool nothing = code == BR_ENOTFOUND;
    if (code == BR_OK) code = read_runs(a, store, &c, err);
    if (code == BR_OK) {
        code = compare_and_print(a, store, &c, ret_status, err);
        nothing = code == BR_ENOTFOUND;
    }
    if (nothing) {
        br_error("%s", err->msg);
        *ret_status = BR_COMPARISON_NO_BASELINE;
        code = BR_OK;
    }
    br_store_close(store);
    br_vec_deinit(&c.base);
    br_vec_deinit(&c.fresh);
    return code;
}

int br_cmd_compare(int argc, char **argv)
{
    return br_history_command(argc, argv, br_compare_sections, print_help, work);
}
