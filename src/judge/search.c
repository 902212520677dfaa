#include "judge/search.h"

#include <math.h>
#include <stdlib.h>

/* Rates --------------------------------------------------------------------------------------------- */

static double rounded(double rate)
{
    double steps = floor(rate / BR_SEARCH_RATE_STEP + 0.5);
    return steps < 1 ? BR_SEARCH_RATE_STEP : steps * BR_SEARCH_RATE_STEP;
}

static bool same(double a, double b)
{
    return fabs(a - b) < BR_SEARCH_RATE_STEP / 2;
}

void br_search_init(br_search *s, const br_search_config *config)
{
    BR_ASSERT(config->start > 0 && config->width > 0);
    *s = (br_search){.config = *config};
    s->config.max = rounded(config->max);
    s->config.start = rounded(fmin(config->start, config->max));
}

void br_search_deinit(br_search *s)
{
    for (size_t i = 0; i < s->levels.len; i++)
        br_hist_deinit(&s->levels.data[i].latency_us);
    br_vec_deinit(&s->levels);
}

/* The rate that is tried next when the level in hand is decided. 0: there is none that would tell more. */
static double next_level(const br_search *s)
{
    double next;
    if (s->low <= 0 && s->high <= 0) return s->config.start;
    if (s->high <= 0)
        next = fmin(s->low * 2, s->config.max);
    else if (s->low <= 0)
        next = s->high / 2;
    else
        next = sqrt(s->low * s->high);
    next = rounded(next);
    return same(next, s->low) || same(next, s->high) ? 0 : next;
}

static bool is_decided(const br_search_level *l)
{
    const unsigned majority = BR_SEARCH_TRIALS / 2 + 1;
    return l->held >= majority || l->broke >= majority;
}

/* The level in hand; NULL: a new one is due. */
static br_search_level *open_level(const br_search *s)
{
    if (s->levels.len == 0) return NULL;
    br_search_level *l = br_vec_last(&s->levels);
    return is_decided(l) ? NULL : l;
}

br_search_order br_search_next(const br_search *s)
{
    if (s->end != BR_SEARCH_GOES_ON) return (br_search_order){0};
    if (s->resting)
        return (br_search_order){s->low > 0 ? fmin(s->low, s->config.start) : s->config.start, true};
    const br_search_level *l = open_level(s);
    return (br_search_order){l ? l->rate : next_level(s), false};
}

/* Classifying --------------------------------------------------------------------------------------- */

static double p95_ms(const br_hist *h)
{
    return br_hist_quantile(h, 0.95) / 1000;
}

static bool keeps_up(const br_search_trial *t, double rate)
{
    double started = rate * (double) t->length / (double) BR_SEC;
    double missing = started - (double) t->iterations;
    return missing <= (1 - BR_SEARCH_KEPT) * started + BR_SEARCH_KEPT_SLACK &&
           (double) t->dropped <= BR_SEARCH_DROPPED * started;
}

static br_search_answer classify(const br_search *s, const br_search_trial *t, double rate)
{
    const br_capacity_limits *limits = &s->config.limits;
    if (t->generator_failed) return BR_SEARCH_NO_EVIDENCE;
    if (t->requests == 0 || !keeps_up(t, rate)) return BR_SEARCH_BROKE;
    double errors = (double) t->failed / (double) t->requests;
    bool slow = limits->p95_ms > 0 && p95_ms(t->latency_us) >= limits->p95_ms;
    bool failing = limits->error_share > 0 ? errors >= limits->error_share : errors > 0;
    return slow || failing ? BR_SEARCH_BROKE : BR_SEARCH_HELD;
}

static void count_trial(br_search_level *l, const br_search_trial *t, br_search_answer answer)
{
    if (answer == BR_SEARCH_NO_EVIDENCE) {
        l->generator++;
        return;
    }
    if (answer == BR_SEARCH_HELD)
        l->held++;
    else
        l->broke++;
    l->length += t->length;
    l->requests += t->requests;
    l->failed += t->failed;
    l->iterations += t->iterations;
    br_hist_merge(&l->latency_us, t->latency_us);
}

/* Moving on ----------------------------------------------------------------------------------------- */

static void conclude(br_search *s)
{
    if (s->end != BR_SEARCH_GOES_ON) return;
    if (s->low > 0 && s->high > 0 && s->high <= s->low * (1 + s->config.width)) s->end = BR_SEARCH_FOUND;
    if (s->end == BR_SEARCH_GOES_ON && !open_level(s) && next_level(s) <= 0) {
        s->end = s->high <= 0 ? BR_SEARCH_ABOVE_MAX : s->low <= 0 ? BR_SEARCH_BELOW_MIN : BR_SEARCH_FOUND;
    }
}

static void decide_level(br_search *s, const br_search_level *l)
{
    if (l->generator >= BR_SEARCH_TRIALS) s->end = BR_SEARCH_GENERATOR;
    if (!is_decided(l)) return;
    if (l->held > l->broke)
        s->low = l->rate;
    else
        s->high = l->rate;
}

static void tell_rest(br_search *s, br_search_answer answer, const br_search_trial *t)
{
    double limit = s->rest_p95_ms * BR_SEARCH_REST_LATENCY + BR_SEARCH_REST_SLACK_MS;
    if (answer == BR_SEARCH_HELD && p95_ms(t->latency_us) <= limit) {
        s->resting = false;
        s->rests = 0;
    } else if (++s->rests >= BR_SEARCH_RESTS_MAX) {
        s->end = BR_SEARCH_NOT_RECOVERED;
    }
}

static br_search_level *add_level(br_search *s, double rate, br_ns start)
{
    br_search_level *l = br_vec_push(&s->levels);
    l->rate = rate;
    l->start = start;
    br_hist_init(&l->latency_us);
    return l;
}

br_search_answer br_search_tell(br_search *s, const br_search_trial *t)
{
    br_search_order order = br_search_next(s);
    BR_ASSERT(order.rate > 0);
    br_search_answer answer = classify(s, t, order.rate);
    if (order.rest) {
        tell_rest(s, answer, t);
        return answer;
    }
    br_search_level *l = open_level(s);
    if (!l) l = add_level(s, order.rate, t->start);
    count_trial(l, t, answer);
    if (answer == BR_SEARCH_HELD && s->rest_p95_ms <= 0) s->rest_p95_ms = p95_ms(t->latency_us);
    decide_level(s, l);
    conclude(s);
    /* Where nothing ever held there is nothing to rest at. */
    s->resting = s->end == BR_SEARCH_GOES_ON && answer == BR_SEARCH_BROKE && s->rest_p95_ms > 0;
    return answer;
}

void br_search_stop(br_search *s)
{
    if (s->end == BR_SEARCH_GOES_ON) s->end = BR_SEARCH_STOPPED;
}

const char *br_search_end_name(br_search_end end)
{
    static const char *const names[] = {
        "stopped", "found", "above max", "below min", "generator", "not recovered", "stopped"};
    return names[end];
}

/* Results ------------------------------------------------------------------------------------------- */

static int by_load(const void *a, const void *b)
{
    double x = ((const br_capacity_step *) a)->load, y = ((const br_capacity_step *) b)->load;
    return x < y ? -1 : x > y;
}

static void put_steps(const br_search *s, br_arena *arena, br_search_report *ret)
{
    br_capacity_step *steps = br_arena_zalloc(arena, (s->levels.len + 1) * sizeof(*steps));
    size_t n = 0;
    for (size_t i = 0; i < s->levels.len; i++) {
        const br_search_level *l = &s->levels.data[i];
        double seconds = (double) l->length / (double) BR_SEC;
        if (l->requests == 0) continue;
        steps[n++] = (br_capacity_step){.start = l->start,
            .length = l->length,
            .load = l->rate,
            .throughput = (double) l->requests / seconds,
            .goodput = (double) (l->requests - l->failed) / seconds,
            .p50_ms = br_hist_quantile(&l->latency_us, 0.5) / 1000,
            .p95_ms = p95_ms(&l->latency_us),
            .error_share = (double) l->failed / (double) l->requests,
            .requests = l->requests};
    }
    qsort(steps, n, sizeof(*steps), by_load);
    ret->steps = steps;
    ret->step_count = n;
}

static const char *bracket(const br_search *s, const char *unit, br_arena *arena)
{
    if (s->low > 0 && s->high > 0)
        return br_arena_printf(arena, "%.4g %s hold, %.4g %s do not", s->low, unit, s->high, unit);
    if (s->low > 0) return br_arena_printf(arena, "%.4g %s hold", s->low, unit);
    return s->high > 0 ? br_arena_printf(arena, "even %.4g %s do not hold", s->high, unit)
                       : "nothing is known";
}

static br_str sentence_of(const br_search *s, const char *unit, br_arena *arena)
{
    const char *known = bracket(s, unit, arena), *text = NULL;
    switch (s->end) {
        case BR_SEARCH_FOUND: text = br_arena_printf(arena, "Searched in the open model: %s.", known); break;
        case BR_SEARCH_ABOVE_MAX:
            text = br_arena_printf(arena,
                "Searched in the open model up to the highest rate allowed: %s; the service breaks above.",
                known);
            break;
        case BR_SEARCH_BELOW_MIN:
            text = br_arena_printf(arena, "Searched in the open model: %s.", known);
            break;
        case BR_SEARCH_GENERATOR:
            text = br_arena_printf(arena,
                "Searched in the open model until the generator was the limit: %s. Give the generator more room.",
                known);
            break;
        case BR_SEARCH_NOT_RECOVERED:
            text = br_arena_printf(arena,
                "The search was ended: after overload the service did not come back at a rate that it had held; so far %s.",
                known);
            break;
        case BR_SEARCH_GOES_ON:
        case BR_SEARCH_STOPPED:
            text = br_arena_printf(arena, "The search was ended before it was narrow enough: %s.", known);
            break;
    }
    return br_str_of(text);
}

void br_search_report_make(const br_search *s, const char *unit, br_arena *arena, br_search_report *ret)
{
    *ret = (br_search_report){
        .end = s->end, .low = s->low, .high = s->high, .sentence = sentence_of(s, unit, arena)};
    put_steps(s, arena, ret);
}

bool br_search_measure(
    const br_run_result *r, br_ns warm_up, br_ns length, br_search_trial *ret, br_hist *ret_latency)
{
    br_search_trial t = {0};
    br_hist_init(ret_latency);
    for (size_t i = 0; i < r->probe_slice_count; i++) {
        const br_slice *s = &r->probe_slices[i];
        if (s->start < warm_up || s->start + s->length > length) continue;
        t.length += s->length;
        t.requests += s->requests;
        t.failed += s->failed;
        t.iterations += s->iterations;
        t.dropped += s->dropped;
        br_hist_merge(ret_latency, &s->latency_us);
    }
    t.latency_us = ret_latency;
    *ret = t;
    return t.length > 0;
}
