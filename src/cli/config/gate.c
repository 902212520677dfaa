#include "cli/config/gate.h"
#include <stdlib.h>
#include "base/log.h"
#include "judge/format.h"

const br_arg br_gate_args[] = {
    {"approve", 0, BR_ARG_VALUE, "\"WHO, WHY\"",
        "who approved of this test and why, where the environment asks for it", "BRUNT_APPROVE"},
    {"told-at", 0, BR_ARG_VALUE, "INSTANT",
        "when stakeholders were told, in UTC: 2026-11-26T02:00Z, where the environment asks for it",
        "BRUNT_TOLD_AT"},
    {NULL, 0, BR_ARG_SWITCH, NULL, NULL, NULL},
};

br_gate_claim br_gate_claim_of(const br_args *a)
{
    static const br_arg_section sections[] = {{NULL, br_gate_args}, {NULL, NULL}};
    return (br_gate_claim){br_args_setting(a, sections, "approve"), br_args_setting(a, sections, "told-at")};
}

/* Claims ------------------------------------------------------------------------------------------- */

static br_code read_approval(const char *text, br_gate_pass *p, br_err *err)
{
    if (!text) return BR_OK;
    br_str why = br_str_of(text), who;
    (void) br_str_cut(&why, ',', &who);
    p->approver = br_str_trim(who);
    p->reason = why.p ? br_str_trim(why) : BR_STR("");
    if (p->approver.n && p->reason.n) return BR_OK;
    return br_fail(err, BR_EINVAL,
        "invalid argument \"%.200s\" for --approve: name who approved and why, with a comma between them",
        text);
}

static br_code read_told(const char *text, br_ns now, br_gate_pass *p, br_err *err)
{
    if (!text) return BR_OK;
    br_code code = br_utc_parse(br_str_of(text), &p->told_at, err);
    if (code != BR_OK) return br_wrap(err, code, "--told-at");
    if (p->told_at <= now) return BR_OK;
    return br_fail(err, BR_EINVAL, "--told-at \"%.60s\" is in the future: give when they were told", text);
}

/* Refusal ------------------------------------------------------------------------------------------ */

/* When the notice is over; of those who are not told yet, if they are told now. */
static br_ns notice_end(const br_environment *e, const br_gate_pass *p, br_ns now)
{
    return e->notice ? (p->told_at ? p->told_at : now) + e->notice : now;
}

static br_str span_text(br_ns span, br_arena *arena)
{
    br_buf b;
    br_buf_init(&b, 64);
    if (span % (3600 * BR_SEC) == 0) {
        (void) br_buf_printf(&b, "%lldh", (long long) (span / (3600 * BR_SEC)));
    } else {
        br_format_duration(&b, (double) span / (double) BR_MS);
    }
    br_str text = br_arena_str(arena, br_buf_view(&b));
    br_buf_deinit(&b);
    return text;
}

typedef struct refusal {
    br_buf why;
    br_arena *arena;
} refusal;

static void add(refusal *r, const char *text)
{
    (void) br_buf_printf(&r->why, "%s%s", r->why.len ? "; " : "", text);
}

static void check_notice(refusal *r, const br_environment *e, const br_gate_pass *p, br_ns now)
{
    if (e->notice == 0 || (p->told_at && p->told_at + e->notice <= now)) return;
    br_str span = span_text(e->notice, r->arena);
    if (p->told_at) {
        add(r, br_arena_printf(r->arena,
                   "stakeholders were told at " BR_FMT ", which is less than " BR_FMT " ago",
                   BR_ARG(br_utc_text(p->told_at, r->arena)), BR_ARG(span)));
    } else {
        add(r, br_arena_printf(r->arena,
                   "stakeholders must be told " BR_FMT " ahead: tell them, then give --told-at INSTANT",
                   BR_ARG(span)));
    }
}

static void check_window(refusal *r, const br_environment *e, br_ns now, br_gate_pass *p)
{
    if (br_windows_contain(e->windows, e->window_count, now, &p->window_end)) return;
    br_buf list;
    br_buf_init(&list, BR_BUF_NO_LIMIT);
    for (size_t i = 0; i < e->window_count; i++) {
        (void) br_buf_puts(&list, i ? ", " : "");
        (void) br_buf_put(&list, br_window_text(&e->windows[i], r->arena));
    }
    add(r, br_arena_printf(
               r->arena, "%s is outside of the window (%s)", br_utc_text(now, r->arena).p, list.data));
    br_buf_deinit(&list);
}

/* When the gate would open by itself; approval may be had at any time. */
static void say_when(refusal *r, const br_environment *e, const br_gate_pass *p, br_ns now)
{
    br_ns open = br_windows_next(
        e->windows, e->window_count, notice_end(e, p, now) > now ? notice_end(e, p, now) : now);
    const char *told = e->notice && !p->told_at ? " if they are told now" : "";
    if (open > now) {
        /* in whole minutes, never too early */
        br_ns minute = 60 * BR_SEC;
        open = (open + minute - 1) / minute * minute;
        add(r, br_arena_printf(r->arena, "allowed from %s on%s", br_utc_text(open, r->arena).p, told));
    } else {
        add(r, "allowed now, once that is given");
    }
}

static void warn_of_end(const br_environment *e, br_ns now, br_ns length, br_arena *arena, br_gate_pass *p)
{
    if (p->window_end == BR_NS_MAX || length <= 0 || now + length <= p->window_end) return;
    p->warning = br_str_of(br_arena_printf(arena,
        "the test takes " BR_FMT " and goes on beyond the window of environment " BR_FMT
        ", which ends at " BR_FMT,
        BR_ARG(span_text(length, arena)), BR_ARG(e->name), BR_ARG(br_utc_text(p->window_end, arena))));
}

br_code br_gate_check(const br_environment *e, const br_gate_claim *claim, br_ns now, br_ns length,
    br_arena *arena, br_gate_pass *ret, br_err *err)
{
    br_gate_pass p = {.window_end = BR_NS_MAX};
    br_code code = read_approval(claim->approve, &p, err);
    if (code == BR_OK) code = read_told(claim->told_at, now, &p, err);
    if (code != BR_OK) return code;
    refusal r = {.arena = arena};
    br_buf_init(&r.why, BR_BUF_NO_LIMIT);
    if (e->approval && p.approver.n == 0) add(&r, "approval is missing: give --approve \"who, why\"");
    check_notice(&r, e, &p, now);
    check_window(&r, e, now, &p);
    if (r.why.len) {
        say_when(&r, e, &p, now);
        code = br_fail(
            err, BR_EACCESS, "environment " BR_FMT " may not be tested now: %s", BR_ARG(e->name), r.why.data);
    } else {
        warn_of_end(e, now, length, arena, &p);
        *ret = p;
    }
    br_buf_deinit(&r.why);
    return code;
}

br_str br_gate_text(const br_gate_pass *p, br_arena *arena)
{
    br_buf b;
    br_buf_init(&b, BR_BUF_NO_LIMIT);
    if (p->approver.n)
        (void) br_buf_printf(
            &b, "approved by " BR_FMT " (" BR_FMT ")", BR_ARG(p->approver), BR_ARG(p->reason));
    if (p->told_at)
        (void) br_buf_printf(
            &b, "%sstakeholders told at %s", b.len ? ", " : "", br_utc_text(p->told_at, arena).p);
    br_str text = b.len ? br_arena_str(arena, br_buf_view(&b)) : BR_STR("");
    br_buf_deinit(&b);
    return text;
}

br_code br_gate_open(
    const br_environment *e, const br_args *a, br_ns length, br_arena *arena, br_gate_pass *ret, br_err *err)
{
    br_gate_claim claim = br_gate_claim_of(a);
    br_code code = br_gate_check(e, &claim, br_clock_wall(), length, arena, ret, err);
    if (code != BR_OK) return code;
    br_str text = br_gate_text(ret, arena);
    if (text.n) br_info("environment " BR_FMT ": " BR_FMT, BR_ARG(e->name), BR_ARG(text));
    if (ret->warning.n) br_warn(BR_FMT, BR_ARG(ret->warning));
    return BR_OK;
}
