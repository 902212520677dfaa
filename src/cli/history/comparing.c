#include "cli/history/comparing.h"
#include <stdlib.h>
#include "base/mem.h"
#include "report/comparison_table.h"

/* Figures of several runs -------------------------------------------------------------------------- */

typedef BR_VEC(br_run_figures *) figures_list;

static void free_figures(figures_list *list)
{
    for (size_t i = 0; i < list->len; i++)
        br_run_figures_free(list->data[i]);
    br_vec_deinit(list);
}

static br_code load_figures(br_store *s, br_comparing_ids runs, figures_list *ret, br_err *err)
{
    br_code code = BR_OK;
    for (size_t i = 0; i < runs.count && code == BR_OK; i++) {
        br_run_figures *f = NULL;
        code = br_store_figures(s, runs.ids[i], &f, err);
        if (code == BR_OK) *br_vec_push(ret) = f;
    }
    return code;
}

/* Sizes of answers alone are no evidence that nothing got slower: no green light without a latency. */
static void demand_latency(br_comparison *c)
{
    bool judged = false;
    for (size_t i = 0; i < c->row_count; i++) {
        const br_comparison_row *r = &c->rows[i];
        bool latency = br_str_is(r->measure, "p50") || br_str_is(r->measure, "p95") ||
                       br_str_is(r->measure, "p99");
        judged = judged || (r->gates && latency);
    }
    if (judged || c->answer != BR_COMPARISON_OK) return;
    c->answer = BR_COMPARISON_INCONCLUSIVE;
    c->headline = BR_STR("INCONCLUSIVE: no latency could be judged: the runs have too few requests.");
}

static br_code compare(br_store *s, br_comparing_ids base, br_comparing_ids new_runs,
    const br_compare_config *config, br_comparison **ret, br_err *err)
{
    figures_list olds = {0}, news = {0};
    br_code code = load_figures(s, base, &olds, err);
    if (code == BR_OK) code = load_figures(s, new_runs, &news, err);
    if (code == BR_OK)
        *ret = br_compare((const br_run_figures *const *) olds.data, olds.len,
            (const br_run_figures *const *) news.data, news.len, config);
    if (code == BR_OK) demand_latency(*ret);
    free_figures(&olds);
    free_figures(&news);
    return code;
}

/* What differs ------------------------------------------------------------------------------------- */

/* "load, machine differ" */
static const char *differences(const br_stored_run *a, const br_stored_run *b, br_arena *arena)
{
    const struct {
        const char *name;
        br_str a, b;
    } parts[] = {{"script", a->script_hash, b->script_hash}, {"load", a->load_hash, b->load_hash},
        {"environment", a->environment, b->environment}, {"base URL", a->target, b->target},
        {"machine", a->machine, b->machine}, {"version of brunt", a->tool_version, b->tool_version}};
    br_buf text;
    br_buf_init(&text, BR_BUF_NO_LIMIT);
    for (size_t i = 0; i < BR_COUNT_OF(parts); i++) {
        if (br_str_eq(parts[i].a, parts[i].b)) continue;
        (void) br_buf_printf(&text, "%s%s", text.len ? ", " : "", parts[i].name);
    }
    if (text.len == 0) (void) br_buf_puts(&text, "fingerprint"); /* of a history that another program wrote */
    br_str list = br_buf_view(&text);
    const char *copy = br_arena_printf(
        arena, BR_FMT " differ%s", BR_ARG(list), br_str_find_char(list, ',') < 0 ? "s" : "");
    br_buf_deinit(&text);
    return copy;
}

static void note_difference(br_comparing *c, const br_stored_run *other)
{
    if (br_str_eq(other->fingerprint, c->newest.fingerprint)) return;
    c->differs = br_str_of(br_arena_printf(&c->arena, "Run %lld was made in another way: %s.",
        (long long) other->id, differences(other, &c->newest, &c->arena)));
}

/* What another script or machine makes slower is no regression: such a pin is told, and left out. */
static void leave_out_pinned(br_comparing *c, const br_stored_run *pin)
{
    c->pinned_differs = br_str_of(br_arena_printf(&c->arena,
        "The pinned run %lld is not comparable and was left out: %s. `brunt baseline pin RUN` pins one that "
        "was made as run %lld.",
        (long long) pin->id, differences(pin, &c->newest, &c->arena), (long long) c->newest.id));
    if (c->rolling) *br_vec_push(&c->rolling->notes) = br_arena_str(&c->rolling->arena, c->pinned_differs);
}

/* Choosing ----------------------------------------------------------------------------------------- */

static br_store_query same_kind(const br_stored_run *r)
{
    /* Texts of the store end with a NUL; one within them finds nothing. */
    return (br_store_query){.test = r->test.p,
        .environment = r->environment.p,
        .fingerprint = r->fingerprint.p,
        .valid_only = true};
}

static int64_t least(br_comparing_ids runs)
{
    int64_t id = INT64_MAX;
    for (size_t i = 0; i < runs.count; i++)
        id = runs.ids[i] < id ? runs.ids[i] : id;
    return id;
}

static bool is_in(br_comparing_ids runs, int64_t id)
{
    for (size_t i = 0; i < runs.count; i++) {
        if (runs.ids[i] == id) return true;
    }
    return false;
}

/* Of those runs the ones of another version than the new ones; all if there are none, or no version. */
static br_comparing_ids take_rolling(br_comparing *c, const br_stored_run *runs, size_t count)
{
    int64_t *ids = br_arena_alloc(&c->arena, (count + 1) * sizeof(*ids));
    size_t n = 0;
    for (size_t i = 0; i < count && n < BR_COMPARING_ROLLING; i++) {
        if (c->newest.target_version.n == 0 || !br_str_eq(runs[i].target_version, c->newest.target_version))
            ids[n++] = runs[i].id;
    }
    for (size_t i = 0; n == 0 && i < count && i < BR_COMPARING_ROLLING; i++)
        ids[i] = runs[i].id;
    return (br_comparing_ids){ids, n > 0 ? n : count < BR_COMPARING_ROLLING ? count : BR_COMPARING_ROLLING};
}

/* Tells why there is no baseline although the test has run before. */
static br_code explain_none(br_store *s, int64_t before, br_comparing *c, br_err *err)
{
    br_store_query q = same_kind(&c->newest);
    br_stored_run *runs;
    size_t count;
    q.fingerprint = NULL;
    q.before = before;
    q.limit = 1;
    br_code code = br_store_list(s, &q, &c->arena, &runs, &count, err);
    if (code == BR_OK && count > 0) note_difference(c, &runs[0]);
    return code;
}

static br_code compare_rolling(
    br_store *s, br_comparing_ids news, const br_compare_config *config, br_comparing *c, br_err *err)
{
    br_store_query q = same_kind(&c->newest);
    br_stored_run *runs;
    size_t count;
    q.before = least(news);
    q.limit = 4 * BR_COMPARING_ROLLING;
    br_code code = br_store_list(s, &q, &c->arena, &runs, &count, err);
    if (code != BR_OK) return code;
    if (count == 0) return explain_none(s, q.before, c, err);
    br_comparing_ids base = take_rolling(c, runs, count);
    c->rolling_name = base.count == 1
                          ? BR_STR("the run before")
                          : br_str_of(br_arena_printf(&c->arena, "the last %zu runs", base.count));
    return compare(s, base, news, config, &c->rolling, err);
}

/* The pinned run, and those of its version: one run alone says little about how figures vary. */
static br_code take_pinned(br_store *s, const br_stored_run *pin, br_comparing_ids news, br_comparing *c,
    br_comparing_ids *ret, br_err *err)
{
    br_stored_run *runs = NULL;
    size_t count = 0, n = 0;
    br_store_query q = same_kind(pin);
    br_code code = BR_OK;
    if (pin->target_version.n > 0) code = br_store_list(s, &q, &c->arena, &runs, &count, err);
    if (code != BR_OK) return code;
    int64_t *ids = br_arena_alloc(&c->arena, (BR_COMPARING_ROLLING + 1) * sizeof(*ids));
    ids[n++] = pin->id;
    for (size_t i = 0; i < count && n < BR_COMPARING_ROLLING; i++) {
        bool other = runs[i].id != pin->id && !is_in(news, runs[i].id);
        if (other && br_str_eq(runs[i].target_version, pin->target_version)) ids[n++] = runs[i].id;
    }
    c->pinned_name = br_str_of(br_arena_printf(
        &c->arena, "the pinned run %lld%s", (long long) pin->id, n > 1 ? " and others of its version" : ""));
    *ret = (br_comparing_ids){ids, n};
    return BR_OK;
}

static br_code compare_pinned(
    br_store *s, br_comparing_ids news, const br_compare_config *config, br_comparing *c, br_err *err)
{
    br_store_pin *pins;
    br_stored_run pin;
    size_t count;
    br_comparing_ids base;
    br_code code = br_store_pins(s, c->newest.test.p, c->newest.environment.p, &c->arena, &pins, &count, err);
    if (code != BR_OK || count == 0 || is_in(news, pins[0].run)) return code;
    code = br_store_get(s, pins[0].run, &c->arena, &pin, err);
    if (code != BR_OK) return code;
    if (!br_str_eq(pin.fingerprint, c->newest.fingerprint)) {
        leave_out_pinned(c, &pin);
        return BR_OK;
    }
    code = take_pinned(s, &pin, news, c, &base, err);
    return code == BR_OK ? compare(s, base, news, config, &c->pinned, err) : code;
}

/* Worse than the pinned run: slow drift, which counts whatever the last runs say. */
static bool has_drifted(const br_comparing *c)
{
    return c->pinned && c->pinned->answer == BR_COMPARISON_REGRESSED;
}

const br_comparison *br_comparing_shown(const br_comparing *c)
{
    bool rolling = c->rolling && (!has_drifted(c) || c->rolling->answer == BR_COMPARISON_REGRESSED);
    return rolling ? c->rolling : c->pinned;
}

/* Each has a word of the other. */
static void put_word(br_comparison *into, const br_comparison *other, br_str against)
{
    if (!into || !other) return;
    into->also = br_str_of(br_arena_printf(
        &into->arena, "Against " BR_FMT ": " BR_FMT, BR_ARG(against), BR_ARG(other->headline)));
}

/* Answers ------------------------------------------------------------------------------------------ */

static br_comparison_answer combine(const br_comparing *c)
{
    if (has_drifted(c)) return BR_COMPARISON_REGRESSED;
    if (c->rolling) return c->rolling->answer;
    return c->pinned ? c->pinned->answer : BR_COMPARISON_NO_BASELINE;
}

/* Hands the comparing over, or releases it after an error. */
static br_code finish(br_comparing *c, br_code code, br_comparing *ret)
{
    if (code != BR_OK) {
        br_comparing_deinit(c);
        return code;
    }
    c->answer = combine(c);
    put_word(c->rolling, c->pinned, c->pinned_name);
    put_word(c->pinned, c->rolling, c->rolling_name);
    *ret = *c;
    return BR_OK;
}

static br_code begin(br_store *s, br_comparing_ids news, br_comparing *c, br_err *err)
{
    int64_t newest = 0;
    for (size_t i = 0; i < news.count; i++)
        newest = news.ids[i] > newest ? news.ids[i] : newest;
    return br_store_get(s, newest, &c->arena, &c->newest, err);
}

br_code br_comparing_named(br_store *s, br_comparing_ids base, br_comparing_ids new_runs,
    const br_compare_config *config, br_comparing *ret, br_err *err)
{
    br_comparing c = {.answer = BR_COMPARISON_NO_BASELINE};
    br_stored_run old;
    br_arena_init(&c.arena, 16384);
    br_code code = begin(s, new_runs, &c, err);
    if (code == BR_OK) code = br_store_get(s, base.ids[base.count - 1], &c.arena, &old, err);
    if (code == BR_OK) {
        note_difference(&c, &old);
        c.rolling_name = BR_STR("");
        code = compare(s, base, new_runs, config, &c.rolling, err);
    }
    return finish(&c, code, ret);
}

br_code br_comparing_new(
    br_store *s, br_comparing_ids new_runs, const br_compare_config *config, br_comparing *ret, br_err *err)
{
    br_comparing c = {.answer = BR_COMPARISON_NO_BASELINE};
    br_arena_init(&c.arena, 16384);
    br_code code = begin(s, new_runs, &c, err);
    if (code == BR_OK) code = compare_rolling(s, new_runs, config, &c, err);
    if (code == BR_OK) code = compare_pinned(s, new_runs, config, &c, err);
    return finish(&c, code, ret);
}

static bool other_version_before(const br_stored_run *runs, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (runs[i].valid && !br_str_eq(runs[i].target_version, runs[0].target_version)) return true;
    }
    return false;
}

/* How many of the runs, newest first, are the new ones. If all have one version, the newest is held against
 * the others. */
static size_t count_new(const br_stored_run *runs, size_t count)
{
    size_t n = 1;
    if (runs[0].target_version.n == 0 || !other_version_before(runs, count)) return 1;
    while (n < count && n < BR_COMPARING_NEW && br_str_eq(runs[n].target_version, runs[0].target_version) &&
           br_str_eq(runs[n].fingerprint, runs[0].fingerprint))
        n++;
    return n;
}

br_code br_comparing_newest(br_store *s, const char *test, const char *environment,
    const br_compare_config *config, br_comparing *ret, br_err *err)
{
    br_arena arena;
    br_stored_run *runs;
    size_t count = 0;
    int64_t ids[BR_COMPARING_NEW];
    br_arena_init(&arena, 16384);
    br_store_query q = {.test = test, .environment = environment, .limit = 1};
    br_code code = br_store_list(s, &q, &arena, &runs, &count, err);
    if (code == BR_OK && count == 0)
        code = br_fail(err, BR_ENOTFOUND, "no such run was stored: there is nothing to compare");
    if (code == BR_OK) {
        q = (br_store_query){
            .test = runs[0].test.p, .environment = runs[0].environment.p, .limit = 4 * BR_COMPARING_ROLLING};
        code = br_store_list(s, &q, &arena, &runs, &count, err);
    }
    if (code == BR_OK) {
        size_t n = count_new(runs, count);
        for (size_t i = 0; i < n; i++)
            ids[i] = runs[i].id;
        code = br_comparing_new(s, (br_comparing_ids){ids, n}, config, ret, err);
    }
    br_arena_deinit(&arena);
    return code;
}

void br_comparing_deinit(br_comparing *c)
{
    br_comparison_free(c->rolling);
    br_comparison_free(c->pinned);
    br_arena_deinit(&c->arena);
    *c = (br_comparing){0};
}

/* Text --------------------------------------------------------------------------------------------- */

/* Both baselines are the same runs: one comparison says it all. */
static bool same_runs(const br_comparing *c)
{
    const br_comparison *a = c->rolling, *b = c->pinned;
    if (!a || !b || a->old_count != b->old_count) return false;
    br_comparing_ids others = {b->old_ids, b->old_count};
    for (size_t i = 0; i < a->old_count; i++) {
        if (!is_in(others, a->old_ids[i])) return false;
    }
    return true;
}

static void put_part(
    const br_comparison *c, br_str against, const br_comparing_style *style, br_arena *arena, br_buf *out)
{
    br_comparison_table_style table = {.against = br_arena_cstr(arena, against),
        .colour = style->colour,
        .markdown = style->markdown,
        .all_rows = style->all_rows,
        .has_flag = style->has_flag};
    (void) br_buf_putc(out, '\n');
    br_report_comparison_table(c, &table, out);
}

/* Which of two comparisons is the answer. */
static void put_rule(const br_comparing *c, bool markdown, br_buf *out)
{
    (void) br_buf_printf(out, "\n%sAnswer: %s, %s.\n", markdown ? "* " : "  = ",
        br_comparison_answer_name(c->answer),
        has_drifted(c) ? "for worse than the pinned run is regressed, whatever the last runs say"
                       : "that of the last runs; only worse than the pinned run would count besides");
}

void br_comparing_parts_text(const br_comparing *c, const br_comparing_style *style, br_buf *out)
{
    bool markdown = style->markdown, same = same_runs(c);
    br_arena arena;
    br_arena_init(&arena, 1024);
    br_str rolling = c->rolling_name;
    if (same)
        rolling = br_str_of(br_arena_printf(
            &arena, BR_FMT ", which are also " BR_FMT, BR_ARG(c->rolling_name), BR_ARG(c->pinned_name)));
    if (c->rolling) put_part(c->rolling, rolling, style, &arena, out);
    if (!c->rolling && c->pinned)
        (void) br_buf_printf(out,
            "\n%sThere are no last runs to compare with: no earlier valid run was made in the same way. Compared is "
            "with the pinned one alone.\n",
            markdown ? "" : "  ");
    if (c->pinned && !same) put_part(c->pinned, c->pinned_name, style, &arena, out);
    if (c->rolling && c->pinned && !same) put_rule(c, markdown, out);
    if ((c->rolling && c->rolling->row_count > 0) || (c->pinned && c->pinned->row_count > 0))
        br_report_comparison_legend(markdown, style->colour, out);
    if (!c->rolling && !c->pinned)
        (void) br_buf_printf(out,
            "\n%sNO BASELINE: there is no earlier valid run of this kind to compare run %lld with.%s\n",
            markdown ? "**" : "  █ ", (long long) c->newest.id, markdown ? "**" : "");
    if (c->differs.n > 0)
        (void) br_buf_printf(out, "%s" BR_FMT "\n", markdown ? "\n* " : "  · ", BR_ARG(c->differs));
    if (c->pinned_differs.n > 0 && !c->rolling) /* else it is among the notes of that comparison */
        (void) br_buf_printf(out, "%s" BR_FMT "\n", markdown ? "\n* " : "  · ", BR_ARG(c->pinned_differs));
    br_arena_deinit(&arena);
}

void br_comparing_text(const br_comparing *c, const br_comparing_style *style, br_buf *out)
{
    const br_stored_run *r = &c->newest;
    (void) br_buf_printf(out, "%s" BR_FMT "%s" BR_FMT "%s" BR_FMT "\n", style->markdown ? "### " : "",
        BR_ARG(r->test), r->environment.n ? " on " : "", BR_ARG(r->environment),
        r->target_version.n ? ", version " : "", BR_ARG(r->target_version));
    br_comparing_parts_text(c, style, out);
}
