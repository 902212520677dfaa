#include "engine/timetable.h"

#include <math.h>
#include "engine/segment.h"

void br_timetable_init(br_timetable *t, const br_scenario *s)
{
    *t = (br_timetable){.scenario = s, .from = s->rate};
}

static br_ns constant_at(const br_scenario *s, int64_t k)
{
    __int128 at = (__int128) k * s->time_unit / s->rate;
    return at <= s->duration ? (br_ns) at : -1;
}

/* Twice the area of a stage: a whole number of iterations times 2 * timeUnit. */
static __int128 area_of(const br_stage *stage, int64_t from)
{
    return (__int128) stage->duration * (from + stage->target);
}

/*
 * Where twice the area within a stage reaches `wanted`, 0 < wanted <= whole. From
 *     2 f x + (t - f) x^2 / D = wanted
 * follows x = wanted / (f + sqrt(q)) with q = f^2 + (t - f) * wanted / D. On a way down q nears t^2, so it is
 * taken from there: both are sums of what is not negative.
 */
static br_ns root(const br_stage *stage, int64_t from, __int128 wanted, __int128 whole)
{
    double f = (double) from, t = (double) stage->target, d = (double) stage->duration;
    double q = t >= f ? f * f + (t - f) * (double) wanted / d
                      : t * t + (f - t) * (double) (whole - wanted) / d;
    br_ns x = (br_ns) ((double) wanted / (f + sqrt(q)));
    return x < stage->duration ? x : stage->duration;
}

static br_ns ramping_at(br_timetable *t, int64_t k)
{
    const br_scenario *s = t->scenario;
    __int128 wanted = ((__int128) k + 1) * 2 * s->time_unit;
    for (; t->stage < s->stage_count; t->stage++) {
        const br_stage *stage = &s->stages[t->stage];
        __int128 whole = area_of(stage, t->from);
        if (t->area + whole >= wanted) return t->begin + root(stage, t->from, wanted - t->area, whole);
        t->area += whole;
        t->begin += stage->duration;
        t->from = stage->target;
    }
    return -1;
}

br_ns br_timetable_at(br_timetable *t, int64_t k)
{
    k = br_stripe_global(t->scenario->stripe, k);
    return t->scenario->executor == BR_EXEC_CONSTANT_ARRIVAL_RATE ? constant_at(t->scenario, k)
                                                                  : ramping_at(t, k);
}

int64_t br_timetable_count(const br_scenario *s)
{
    __int128 n = 0;
    if (s->executor == BR_EXEC_CONSTANT_ARRIVAL_RATE) {
        n = (__int128) s->duration * s->rate / s->time_unit + 1;
    } else {
        int64_t from = s->rate;
        for (size_t i = 0; i < s->stage_count; from = s->stages[i++].target)
            n += area_of(&s->stages[i], from);
        n /= (__int128) 2 * s->time_unit;
    }
    return br_stripe_scale(s->stripe, n < INT64_MAX ? (int64_t) n : INT64_MAX);
}

static double per_second(const br_scenario *s, double rate)
{
    return br_stripe_share(s->stripe) * rate * (double) BR_SEC / (double) s->time_unit;
}

double br_timetable_rate(const br_scenario *s, br_ns at)
{
    int64_t from = s->rate;
    if (s->executor == BR_EXEC_CONSTANT_ARRIVAL_RATE) return per_second(s, (double) from);
    for (size_t i = 0; i < s->stage_count; i++) {
        const br_stage *stage = &s->stages[i];
        if (at < stage->duration) {
            double share = at > 0 ? (double) at / (double) stage->duration : 0;
            return per_second(s, (double) from + share * (double) (stage->target - from));
        }
        at -= stage->duration;
        from = stage->target;
    }
    return per_second(s, (double) from);
}

double br_timetable_peak_rate(const br_scenario *s)
{
    int64_t most = s->rate;
    for (size_t i = 0; i < s->stage_count; i++)
        most = s->stages[i].target > most ? s->stages[i].target : most;
    return per_second(s, (double) most);
}
