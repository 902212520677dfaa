/* brunt baseline: the runs that others are held against, whatever comes later. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include "cli/commands.h"
#include "cli/history/history_args.h"
#include "cli/history/history_view.h"

static const br_arg baseline_args[] = {
    {"note", 0, BR_ARG_VALUE, "TEXT", "why this run is pinned", NULL},
    {"json", 0, BR_ARG_SWITCH, NULL, "list as JSON", NULL},
    {NULL, 0, BR_ARG_SWITCH, NULL, NULL, NULL},
};

const br_arg_section br_baseline_sections[] = {
    {NULL, baseline_args}, {"History", br_history_args}, {"General", br_global_args}, {NULL, NULL}};

static void print_help(void)
{
    puts(
        "Pin a run, so that `brunt compare` holds newer ones against it, too. Each test and environment has at most\n"
        "one; pinned runs are never pruned.\n\nUsage:\n  brunt baseline pin RUN|latest [--note TEXT]\n"
        "  brunt baseline unpin RUN\n  brunt baseline list [--json]\n\nFlags:");
    br_args_print_help(stdout, br_baseline_sections);
}

static br_code pin(const br_args *a, br_store *s, br_arena *arena, br_err *err)
{
    br_stored_run r;
    int64_t former = 0;
    br_code code = br_history_run(s, a->words.data[1], NULL, NULL, arena, &r, err);
    if (code != BR_OK) return code;
    if (!r.valid)
        return br_fail(err, BR_EINVAL, "run %lld is no evidence (" BR_FMT "): pin another one",
            (long long) r.id, BR_ARG(r.outcome));
    code = br_store_pin_run(s, r.id, br_str_of(br_args_get(a, "note")), br_clock_wall(), &former, err);
    if (code != BR_OK) return code;
    const char *instead = former == r.id ? ", as before"
                          : former > 0 ? br_arena_printf(arena, ", in place of run %lld", (long long) former)
                                       : "";
    printf("run %lld is the pinned baseline of " BR_FMT "%s" BR_FMT "%s\n", (long long) r.id, BR_ARG(r.test),
        r.environment.n ? " on " : "", BR_ARG(r.environment), instead);
    return BR_OK;
}

static br_code unpin(const br_args *a, br_store *s, br_arena *arena, br_err *err)
{
    br_stored_run r;
    br_code code = br_history_run(s, a->words.data[1], NULL, NULL, arena, &r, err);
    if (code == BR_OK) code = br_store_unpin_run(s, r.id, err);
    if (code == BR_OK) printf("run %lld is not pinned any more\n", (long long) r.id);
    return code;
}

static void print_pins(const br_args *a, const br_store_pin *pins, size_t count, br_arena *arena)
{
    static const br_table_column columns[] = {
        {"test", false}, {"environment", false}, {"run", true}, {"pinned", false}, {"note", false}};
    br_table t;
    br_buf out;
    br_buf_init(&out, BR_BUF_NO_LIMIT);
    br_table_init(&t, arena, columns, BR_COUNT_OF(columns));
    for (size_t i = 0; i < count; i++) {
        br_table_put(&t, pins[i].test, BR_PAINT_NONE);
        br_table_put(&t, pins[i].environment, BR_PAINT_NONE);
        br_table_printf(&t, BR_PAINT_NONE, "%lld", (long long) pins[i].run);
        br_table_put(&t, br_history_when(arena, pins[i].pinned_wall), BR_PAINT_NONE);
        br_table_put(&t, pins[i].note, BR_PAINT_NONE);
    }
    if (count > 0)
        br_table_print(&t, 0, br_cli_colour(a, STDOUT_FILENO), &out);
    else
        (void) br_buf_puts(&out, "no run is pinned; `brunt baseline pin RUN` pins one\n");
    br_history_print(&out);
    br_table_deinit(&t);
    br_buf_deinit(&out);
}

static void print_pins_json(const br_store_pin *pins, size_t count)
{
    json_t *list = json_array();
    for (size_t i = 0; i < count; i++)
        json_array_append_new(
            list, json_pack("{s:s%,s:s%,s:I,s:I,s:s%}", "test", pins[i].test.p, pins[i].test.n, "environment",
                      pins[i].environment.p, pins[i].environment.n, "run", (json_int_t) pins[i].run,
                      "pinned_unix_ms", (json_int_t) (pins[i].pinned_wall / BR_MS), "note", pins[i].note.p,
                      pins[i].note.n));
    br_history_print_json(json_pack("{s:o}", "pins", list));
}

static br_code list(const br_args *a, br_store *s, br_arena *arena, br_err *err)
{
    br_store_pin *pins;
    size_t count;
    br_code code = br_store_pins(s, NULL, NULL, arena, &pins, &count, err);
    if (code != BR_OK) return code;
    if (br_args_has(a, "json"))
        print_pins_json(pins, count);
    else
        print_pins(a, pins, count, arena);
    return BR_OK;
}

static const struct {
    const char *word;
    size_t words;
    br_store_mode mode;
    br_code (*work)(const br_args *a, br_store *s, br_arena *arena, br_err *err);
} actions[] = {
    {"pin", 2, BR_STORE_WRITE, pin}, {"unpin", 2, BR_STORE_WRITE, unpin}, {"list", 1, BR_STORE_READ, list}};

static br_code work(const br_args *a, int *ret_status, br_err *err)
{
    size_t i = 0;
    (void) ret_status;
    while (i < BR_COUNT_OF(actions) && (a->words.len == 0 || strcmp(a->words.data[0], actions[i].word) != 0))
        i++;
    if (i == BR_COUNT_OF(actions) || a->words.len != actions[i].words)
        return br_fail(err, BR_EINVAL, "baseline needs what to do: brunt baseline pin RUN|unpin RUN|list");
    br_store *store = NULL;
    br_arena arena;
    br_arena_init(&arena, 8192);
    br_code code = br_history_open(a, actions[i].mode, &store, err);
    if (code == BR_OK) code = actions[i].work(a, store, &arena, err);
    br_store_close(store);
    br_arena_deinit(&arena);
    return code;
}

int br_cmd_baseline(int argc, char **argv)
{
    return br_history_command(argc, argv, br_baseline_sections, print_help, work);
}
