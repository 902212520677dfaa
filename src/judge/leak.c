#include "judge/leak.h"
#include <math.h>
#include "base/buf.h"
#include "judge/course_int.h"
#include "judge/format.h"
#include "judge/trend.h"

#define BLOCKS_MIN       6 /* to decide anything: six points in order have p = 2 / 6! */
#define BLOCKS_FIRM      20
#define SHORT_SHARE      0.95     /* of BR_LEAK_LEAST_S: a run of ten minutes has samples of a little less */
#define Z_999            3.290527 /* two-sided 99.9 % */
#define LEVELS_OFF       0.5      /* share of the first half's slope */
#define NEEDED_LEAST     1.2      /* times what was seen */
#define NEEDED_MOST_H    168.0    /* what would need more than a week is not said */
#define TAU_KNOWN        0.5      /* of the length: a cache that fills more slowly is not understood yet */
#define SECONDS_PER_HOUR 3600.0

const char *br_leak_answer_name(br_leak_answer a)
{
    static const char *const names[] = {"none", "found", "undecided"};
    return names[a];
}

const char *br_leak_course_name(br_leak_course c)
{
    static const char *const names[] = {"line", "warm-up", "steps", "cache", "cache and line"};
    return names[c];
}

/* Slopes ----------------------------------------------------------------------------------------- */

/* The slope of what remains, its interval widened by what other time constants would say. */
static bool slope_of(const br_course *c, double z, br_trend *ret)
{
    if (!br_trend_fit(c->t, c->y, c->n, z, true, ret)) return false;
    if (c->low <= c->high) {
        double middle = (c->low + c->high) / 2;
        double half = (c->high - c->low) / 2 * sqrt(ret->inflation) * z / BR_TREND_Z95;
        ret->low = fmin(ret->low, middle - half);
        ret->high = fmax(ret->high, middle + half);
    }
    return true;
}

static bool levels_off(const br_course *c)
{
    size_t half = c->n / 2;
    br_trend a, b;
    if (!br_trend_fit(c->t, c->y, half, BR_TREND_Z95, false, &a)) return false;
    if (!br_trend_fit(c->t + half, c->y + half, c->n - half, BR_TREND_Z95, false, &b)) return false;
    return b.low <= 0 || b.slope < LEVELS_OFF * a.slope;
}

static bool too_short(double length_h)
{
    return length_h * SECONDS_PER_HOUR < SHORT_SHARE * BR_LEAK_LEAST_S;
}

/* What has surely grown already by more than the limit allows in an hour is a leak however short the run. */
static bool grew_past_hour(const br_trend *f, double limit, double length_h)
{
    return f->low * length_h >= limit;
}

static br_leak_answer answer_of(
    const br_course *c, const br_trend *f, double limit, double length_h, bool off)
{
    bool understood = c->tau_h <= TAU_KNOWN * length_h;
    if (c->n < BLOCKS_MIN || !understood) return BR_LEAK_UNDECIDED;
    if (too_short(length_h) && !grew_past_hour(f, limit, length_h)) return BR_LEAK_UNDECIDED;
    if (f->high < limit) return BR_LEAK_NONE;
    if (f->slope > limit && f->low > limit / 2 && !off) return BR_LEAK_FOUND;
    return BR_LEAK_UNDECIDED;
}

/* The interval shrinks with the length to the power of 1.5: more blocks, further apart. */
static double needed_h(const br_course *c, const br_trend *f, double limit, double length_h)
{
    double half = (f->high - f->low) / 2;
    double room = f->slope > limit ? f->slope - limit / 2 : limit - f->slope;
    double needed = fmax(NEEDED_LEAST * length_h, BR_LEAK_LEAST_S / SECONDS_PER_HOUR);
    if (room > 0 && half > room) needed = fmax(needed, length_h * pow(half / room, 2.0 / 3));
    if (c->tau_h > 0) needed = fmax(needed, c->tau_h / TAU_KNOWN);
    return room > 0 && needed <= NEEDED_MOST_H ? needed : 0;
}

/* Words ------------------------------------------------------------------------------------------ */

static void put_time(br_buf *out, double seconds)
{
    br_format_duration(out, (seconds < 10 ? seconds : floor(seconds + 0.5)) * 1000);
}

static void say_course(const br_leak_report *r, br_buf *out)
{
    if (r->warm_up > 0) {
        (void) br_buf_puts(out, " The first ");
        put_time(out, (double) r->warm_up / (double) BR_SEC);
        (void) br_buf_puts(out, " were warm-up and are not counted.");
    }
    if (r->course == BR_LEAK_STEPS)
        (void) br_buf_printf(out, " A step of %+.1f MB is not part of the slope.", r->step_mb);
    if (r->cache_mb > 0) {
        (void) br_buf_printf(out, " Something that fills up (%.1f MB so far, to 63 %% in ", r->cache_mb);
        put_time(out, r->cache_tau_s);
        (void) br_buf_puts(out, ") is not part of it.");
    }
}

static void say_answer(const br_leak_report *r, double limit, double length_h, br_buf *out)
{
    static const char *const answers[] = {
        "no leak: the limit is", "a leak: the limit is", "undecided against a limit of"};
    (void) br_buf_printf(out, ": %s %g MB/h", answers[r->answer], limit);
    if (r->answer == BR_LEAK_UNDECIDED && r->levels_off && r->slope > limit)
        (void) br_buf_puts(out, ", since it levels off");
    else if (r->answer == BR_LEAK_UNDECIDED && too_short(length_h))
        (void) br_buf_puts(out, ", since so short a run cannot tell warm-up and leaks apart");
    (void) br_buf_putc(out, '.');
}

static void say(br_leak_report *r, double limit, double length_h, br_arena *arena)
{
    br_buf out;
    br_buf_init(&out, BR_BUF_NO_LIMIT);
    (void) br_buf_printf(&out,
        "Memory went from %.1f MB to %.1f MB after collections, %+.1f MB/h (%+.1f to %+.1f)", r->start_mb,
        r->end_mb, r->slope, r->low, r->high);
    if (r->per_1000_requests > 0)
        (void) br_buf_printf(&out, ", %.3g MB per 1000 requests", r->per_1000_requests);
    say_answer(r, limit, length_h, &out);
    say_course(r, &out);
    if (r->limit_after_s > 0) {
        (void) br_buf_puts(&out, " At this slope the memory limit is reached in ");
        put_time(&out, r->limit_after_s);
        (void) br_buf_putc(&out, '.');
    }
    if (r->needed_s > 0) {
        (void) br_buf_puts(&out, " A run of about ");
        put_time(&out, r->needed_s);
        (void) br_buf_puts(&out, " would decide it.");
    }
    r->sentence = br_arena_str(arena, br_buf_view(&out));
    br_buf_deinit(&out);
}

/* The report ------------------------------------------------------------------------------------- */

static void set_levels(const br_target_series *s, const br_envelope *e, const br_course *c, br_leak_report *r)
{
    r->start_mb = e->y[c->first];
    r->end_mb = e->y[e->n - 1];
    for (size_t i = 0; i < s->count; i++)
        r->max_mb = fmax(r->max_mb, s->samples[i].value / 1e6);
    r->course = c->kind;
    r->step_mb = c->step_mb;
    r->cache_mb = c->cache_mb;
    r->cache_tau_s = c->tau_h * SECONDS_PER_HOUR;
    if (c->first > 0) r->warm_up = (br_ns) ((c->t[0] - e->t[0]) * SECONDS_PER_HOUR * (double) BR_SEC);
}

static void set_answer(
    const br_course *c, const br_trend *f, double limit, double length_h, br_leak_report *r)
{
    br_trend wide;
    r->slope = f->slope;
    r->low = f->low;
    r->high = f->high;
    r->levels_off = f->slope > 0 && levels_off(c);
    r->answer = answer_of(c, f, limit, length_h, r->levels_off);
    r->firm = r->answer != BR_LEAK_UNDECIDED && c->n >= BLOCKS_FIRM && slope_of(c, Z_999, &wide) &&
              answer_of(c, &wide, limit, length_h, r->levels_off) == r->answer;
    if (r->answer == BR_LEAK_UNDECIDED) r->needed_s = SECONDS_PER_HOUR * needed_h(c, f, limit, length_h);
}

void br_leak_judge(const br_target_series *memory, double limit_mb_per_h, uint64_t requests, br_arena *arena,
    br_leak_report *ret)
{
    br_envelope e;
    br_course c;
    br_trend f;
    br_leak_report r = {.answer = BR_LEAK_UNDECIDED};
    br_envelope_of(memory, &e);
    br_course_of(&e, &c);
    if (c.n < 3 || !slope_of(&c, BR_TREND_Z95, &f)) {
        r.sentence = br_str_of(br_arena_printf(
            arena, "Memory was sampled %zu times, which is too little for a slope.", memory->count));
        *ret = r;
        return;
    }
    r.measured = true;
    set_levels(memory, &e, &c, &r);
    set_answer(&c, &f, limit_mb_per_h, e.length_h, &r);
    if (requests > 0) r.per_1000_requests = r.slope * e.length_h / (double) requests * 1000;
    if (r.low > 0 && memory->limit / 1e6 > r.end_mb)
        r.limit_after_s = (memory->limit / 1e6 - r.end_mb) / r.slope * SECONDS_PER_HOUR;
    say(&r, limit_mb_per_h, e.length_h, arena);
    *ret = r;
}
