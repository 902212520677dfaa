#include "cli/history/repeat.h"
#include <string.h>
#include "base/num.h"
#include "cli/history/history_args.h"

const br_arg br_repeat_args[] = {
    {"compare", 0, BR_ARG_SWITCH, NULL, "compare the run with earlier ones, as `brunt compare` does", NULL},
    {"repeat", 0, BR_ARG_VALUE, "auto|N",
        "run each test N times, or until the comparison is decided, at most 5 times; implies --compare",
        NULL},
    {"limit", 0, BR_ARG_VALUE, "PERCENT", "of the comparison: what counts as worse (default 20%)", NULL},
    {NULL, 0, BR_ARG_SWITCH, NULL, NULL, NULL},
};

br_code br_repeat_read(const br_args *a, br_repeat *ret, br_err *err)
{
    const char *repeat = br_args_get(a, "repeat");
    br_repeat r = {.compare = repeat || br_args_has(a, "compare"), .max = 1};
    int64_t n = BR_REPEAT_MAX;
    r.automatic = repeat && strcmp(repeat, "auto") == 0;
    if (repeat && !r.automatic &&
        (br_parse_i64(br_str_of(repeat), &n) != BR_OK || n < 1 || n > BR_REPEAT_MAX))
        return br_fail(err, BR_EINVAL, "--repeat '%s': use auto or 1 to %d", repeat, BR_REPEAT_MAX);
    if (r.compare && br_args_has(a, "no-store"))
        return br_fail(err, BR_EINVAL, "--%s needs the history: it cannot be used together with --no-store",
            repeat ? "repeat" : "compare");
    if (repeat) r.max = (size_t) n;
    br_code code = br_history_limit(a, &r.config.limit, err);
    if (code == BR_OK) *ret = r;
    return code;
}

void br_repeat_begin(br_repeat *r)
{
    r->count = 0;
    r->answer = BR_COMPARISON_NO_BASELINE;
    r->runs_wanted = r->sessions_wanted = 0;
}

br_code br_repeat_compare(br_repeat *r, const br_args *a, int64_t id, br_comparing *ret, br_err *err)
{
    br_store *store = NULL;
    BR_ASSERT(r->count < BR_REPEAT_MAX);
    r->ids[r->count++] = id;
    br_code code = br_history_open(a, BR_STORE_READ, &store, err);
    if (code == BR_OK)
        code = br_comparing_new(store, (br_comparing_ids){r->ids, r->count}, &r->config, ret, err);
    br_store_close(store);
    if (code != BR_OK) return code;
    const br_comparison *shown = br_comparing_shown(ret);
    r->answer = ret->answer;
    r->runs_wanted = shown ? shown->runs_wanted : 0;
    r->sessions_wanted = shown ? shown->sessions_wanted : 0;
    return BR_OK;
}

/* What a comparison that cannot tell needs: "2 more runs", "14 more runs of other days". */
static void put_needed(const br_repeat *r, br_buf *why)
{
    (void) br_buf_printf(why, "%u more run%s%s", r->runs_wanted, r->runs_wanted == 1 ? "" : "s",
        r->sessions_wanted > 0 ? " of other days" : "");
}

static void say_inconclusive(const br_repeat *r, bool again, br_buf *why)
{
    if (r->runs_wanted == 0) {
        (void) br_buf_puts(
            why, "The comparison is inconclusive, and more runs like these would not decide it.\n");
        return;
    }
    (void) br_buf_puts(why, "The comparison is inconclusive");
    if (!again) (void) br_buf_printf(why, " after %zu runs", r->count);
    (void) br_buf_puts(why, "; ");
    put_needed(r, why);
    (void) br_buf_puts(why, " would probably decide it");
    if (!again)
        (void) br_buf_puts(why, ".\n");
    else
        (void) br_buf_printf(why, "%s: run %zu of at most %zu.\n",
            r->sessions_wanted > 0 ? "; runs of this hour may, too" : "", r->count + 1, r->max);
}

bool br_repeat_again(const br_repeat *r, br_buf *why)
{
    if (!r->compare || r->count == 0) return false;
    if (r->count >= r->max) {
        if (r->automatic && r->answer == BR_COMPARISON_INCONCLUSIVE) say_inconclusive(r, false, why);
        return false;
    }
    if (!r->automatic) {
        (void) br_buf_printf(why, "Run %zu of %zu.\n", r->count + 1, r->max);
        return true;
    }
    bool again = br_comparison_wants_repeat(r->answer, r->runs_wanted, r->count);
    if (r->answer == BR_COMPARISON_INCONCLUSIVE)
        say_inconclusive(r, again, why);
    else if (again && r->answer == BR_COMPARISON_INVALID)
        (void) br_buf_printf(why, "The run was no evidence: run %zu of at most %zu.\n", r->count + 1, r->max);
    else if (again)
        (void) br_buf_printf(why,
            "One run says that it regressed; another one confirms it or not: run 2 of at most %zu.\n",
            r->max);
    return again;
}
