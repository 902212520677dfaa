#include "cli/history/due.h"
#include <string.h>
#include "base/num.h"
#include "cli/history/history_view.h"

#define HOUR         (3600 * BR_SEC)
#define DAY          (24 * HOUR)
#define PERIOD_MAX   (10 * 365 * DAY)
#define PERIOD_WORDS 4

/* Periods ------------------------------------------------------------------------------------------ */

static const struct {
    const char *adverb, *noun;
    br_ns length;
} periods[] = {{"hourly", "hour", HOUR}, {"daily", "day", DAY}, {"nightly", "night", DAY},
    {"weekly", "week", 7 * DAY}, {"monthly", "month", 30 * DAY}, {"quarterly", "quarter", 91 * DAY},
    {"yearly", "year", 365 * DAY}};

/* "week", "weeks". */
static bool take_noun(br_str word, br_ns *ret)
{
    for (size_t i = 0; i < BR_COUNT_OF(periods); i++) {
        br_str noun = br_str_of(periods[i].noun);
        bool plural = word.n == noun.n + 1 && (word.p[noun.n] == 's' || word.p[noun.n] == 'S');
        if (!br_str_eq_nocase(plural ? br_str_sub(word, 0, noun.n) : word, noun)) continue;
        *ret = periods[i].length;
        return true;
    }
    return false;
}

static bool take_adverb(br_str word, br_ns *ret)
{
    for (size_t i = 0; i < BR_COUNT_OF(periods); i++) {
        if (!br_str_eq_nocase(word, br_str_of(periods[i].adverb))) continue;
        *ret = periods[i].length;
        return true;
    }
    return false;
}

/* "2 weeks". */
static bool take_several(br_str number, br_str noun, br_ns *ret)
{
    int64_t n;
    br_ns one;
    if (br_parse_i64(number, &n) != BR_OK || !take_noun(noun, &one) || n < 1 || n > PERIOD_MAX / one)
        return false;
    *ret = n * one;
    return true;
}

/* "36h"; a bare number has no unit. */
static bool take_duration(br_str word, br_ns *ret)
{
    br_ns d;
    double number;
    if (br_parse_f64(word, &number) == BR_OK) return false;
    if (br_parse_duration(word, BR_DURATION_K6, &d) != BR_OK || d <= 0 || d > PERIOD_MAX) return false;
    *ret = d;
    return true;
}

bool br_due_period(br_str frequency, br_ns *ret)
{
    br_str rest = frequency, text, words[PERIOD_WORDS], word;
    size_t n = 0;
    (void) br_str_cut(&rest, ',', &text);
    while (br_str_cut(&text, ' ', &word)) {
        if (word.n == 0) continue;
        if (n == PERIOD_WORDS) return false;
        words[n++] = word;
    }
    if (n == 1) return take_adverb(words[0], ret);
    bool every = n > 1 && br_str_eq_nocase(words[0], BR_STR("every"));
    if (every && n == 2) return take_noun(words[1], ret) || take_duration(words[1], ret);
    if (every && n == 3) return take_several(words[1], words[2], ret);
    bool once = n == 3 && br_str_eq_nocase(words[0], BR_STR("once")) &&
                (br_str_eq_nocase(words[1], BR_STR("a")) || br_str_eq_nocase(words[1], BR_STR("an")) ||
                    br_str_eq_nocase(words[1], BR_STR("per")));
    return once && take_noun(words[2], ret);
}

/* Runs --------------------------------------------------------------------------------------------- */

static br_code find_last(br_store *store, const char *environment, br_arena *arena, br_due *d, br_err *err)
{
    br_stored_run *runs;
    size_t count = 0;
    br_store_query q = {
        .test = br_arena_cstr(arena, d->test), .environment = environment, .valid_only = true, .limit = 1};
    br_code code = br_store_list(store, &q, arena, &runs, &count, err);
    if (code != BR_OK || count == 0) return code;
    d->run = runs[0].id;
    d->last = runs[0].started_wall;
    d->environment = runs[0].environment;
    if (d->period) d->at = d->last + d->period;
    return BR_OK;
}

br_code br_due_find(const br_config *cfg, br_store *store, const char *test, const char *environment,
    br_arena *arena, br_due_list *ret, br_err *err)
{
    br_code code = BR_OK;
    for (size_t i = 0; i < br_config_test_count(cfg) && code == BR_OK; i++) {
        const br_named_test *t = br_config_test_at(cfg, i);
        if (!t || t->frequency.n == 0 || (test && !br_str_is(t->name, test))) continue;
        br_due d = {.test = t->name, .frequency = t->frequency};
        (void) br_due_period(t->frequency, &d.period);
        if (store) code = find_last(store, environment, arena, &d, err);
        if (code == BR_OK) *br_vec_push(ret) = d;
    }
    return code;
}

bool br_due_is_overdue(const br_due *d, br_ns now)
{
    return d->period > 0 && (d->run == 0 || d->at < now);
}

/* Output ------------------------------------------------------------------------------------------- */

/* "3 days", "1 hour": by the largest unit of which there is one. */
static const char *span(br_arena *arena, br_ns d)
{
    static const struct {
        const char *name;
        br_ns length;
    } units[] = {{"day", DAY}, {"hour", HOUR}, {"minute", 60 * BR_SEC}, {"second", BR_SEC}};
    size_t i = 0;
    while (i + 1 < BR_COUNT_OF(units) && d < units[i].length)
        i++;
    int64_t n = d / units[i].length;
    return br_arena_printf(arena, "%lld %s%s", (long long) n, units[i].name, n == 1 ? "" : "s");
}

static void put_due(br_table *t, const br_due *d, br_ns now, br_arena *arena)
{
    if (!d->period)
        br_table_put(t, BR_STR("by occasion"), BR_PAINT_FAINT);
    else if (d->run == 0)
        br_table_put(t, BR_STR("OVERDUE: it never ran"), BR_PAINT_WARN);
    else if (d->at < now)
        br_table_printf(t, BR_PAINT_WARN, "OVERDUE by %s", span(arena, now - d->at));
    else
        br_table_printf(t, BR_PAINT_NONE, "in %s, " BR_FMT, span(arena, d->at - now),
            BR_ARG(br_history_when(arena, d->at)));
}

void br_due_text(const br_due_list *list, br_ns now, br_arena *arena, bool colour, br_buf *out)
{
    static const br_table_column columns[] = {{"test", false}, {"frequency", false},
        {"last valid run", false}, {"when", false}, {"environment", false}, {"due", false}};
    if (list->len == 0) return;
    br_table t;
    br_table_init(&t, arena, columns, BR_COUNT_OF(columns));
    for (size_t i = 0; i < list->len; i++) {
        const br_due *d = &list->data[i];
        br_table_put(&t, d->test, BR_PAINT_NONE);
        br_table_put(&t, d->frequency, BR_PAINT_NONE);
        if (d->run)
            br_table_printf(&t, BR_PAINT_NONE, "%lld", (long long) d->run);
        else
            br_table_put(&t, BR_STR("none"), BR_PAINT_NONE);
        br_table_put(&t, d->run ? br_history_when(arena, d->last) : BR_STR(""), BR_PAINT_NONE);
        br_table_put(&t, d->environment, BR_PAINT_NONE);
        put_due(&t, d, now, arena);
    }
    (void) br_buf_puts(out, "\nWhen the tests of the configuration are due\n");
    br_table_print(&t, 2, colour, out);
    br_table_deinit(&t);
}

json_t *br_due_json(const br_due_list *list, br_ns now)
{
    json_t *due = json_array();
    for (size_t i = 0; i < list->len; i++) {
        const br_due *d = &list->data[i];
        json_t *one = json_pack(
            "{s:s%,s:s%}", "test", d->test.p, d->test.n, "frequency", d->frequency.p, d->frequency.n);
        if (!one) continue; /* the reader takes UTF-8 only */
        if (d->run) {
            json_object_set_new(one, "run", json_integer(d->run));
            json_object_set_new(one, "started_unix_ms", json_integer(d->last / BR_MS));
        }
        if (d->period) {
            json_object_set_new(one, "period_ms", json_integer(d->period / BR_MS));
            json_object_set_new(one, "overdue", json_boolean(br_due_is_overdue(d, now)));
        }
        if (d->at) json_object_set_new(one, "due_unix_ms", json_integer(d->at / BR_MS));
        json_array_append_new(due, one);
    }
    return due;
}
