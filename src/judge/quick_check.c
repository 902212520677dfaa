#include "judge/quick_check.h"
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

BR_PRINTF(3, 4) static void add(br_quick_check *c, br_quick_standing standing, const char *fmt, ...)
{
    if (standing > c->standing) c->standing = standing;
    if (c->count == BR_QUICK_FINDINGS_MAX) return;
    va_list args;
    va_start(args, fmt);
    vsnprintf(c->findings[c->count++], sizeof(c->findings[0]), fmt, args);
    va_end(args);
}

const char *br_quick_standing_name(br_quick_standing s)
{
    static const char *const names[] = {"valid", "lower bound", "invalid"};
    return names[s];
}

br_generator_view br_quick_generator_view(const br_quick_result *r)
{
    return (br_generator_view){.workers = r->workers,
        .worker_count = r->worker_count,
        .generator = &r->generator,
        .duration = r->elapsed,
        .median_response_ms = br_hist_quantile(br_quick_headline(r), 0.5) / 1e6,
        .starts = "requests"};
}

static void check_generator(br_quick_check *c, const br_quick_result *r)
{
    br_arena arena;
    br_generator_report report;
    br_generator_view view = br_quick_generator_view(r);
    br_arena_init(&arena, 2048);
    br_judge_generator(&view, &arena, &report);
    for (size_t i = 0; i < report.count; i++) {
        const br_generator_finding *f = &report.findings[i];
        if (f->ok) continue;
        if (r->rate <= 0 && strcmp(f->name, "generator CPU") == 0) {
            add(c, BR_QUICK_LOWER_BOUND,
                BR_FMT ". In a closed run that makes the rate a lower bound: the target can do at least this "
                       "much, and the times hold brunt's own waiting.",
                BR_ARG(f->text));
        } else {
            add(c, BR_QUICK_INVALID, BR_FMT ". " BR_FMT, BR_ARG(f->text), BR_ARG(f->remedy));
        }
    }
    br_arena_deinit(&arena);
}

static void check_starts(br_quick_check *c, const br_quick_result *r)
{
    const br_quick_tally *t = &r->tally;
    uint64_t all = t->requests + r->unstarted + r->cancelled;
    if (r->unstarted == 0) return;
    double share = (double) r->unstarted / (double) all;
    add(c, share > BR_GENERATOR_LOST_SHARE ? BR_QUICK_INVALID : BR_QUICK_VALID,
        "%llu of %llu starts never happened, the oldest of them due for %.3g s: all connections were busy. "
        "The response times are lower bounds; use more connections (-c) or a lower rate (-R).",
        (unsigned long long) r->unstarted, (unsigned long long) all, (double) r->unstarted_for / 1e9);
}

static void check_connections(br_quick_check *c, const br_quick_result *r)
{
    const br_quick_tally *t = &r->tally;
    if (r->streams > 1 && t->requests > t->failed && t->http2 == 0)
        add(c, BR_QUICK_VALID,
            "the target does not speak HTTP/2: requests in flight had connections of their own, up to %llu in "
            "all.",
            (unsigned long long) r->connections * r->streams);
}

br_quick_check br_quick_check_of(const br_quick_result *r)
{
    br_quick_check c = {.standing = BR_QUICK_VALID};
    if (r->tally.requests == r->tally.failed)
        add(&c, BR_QUICK_INVALID, "%s.",
            r->tally.requests ? "not one request was answered" : "no request was made");
    check_generator(&c, r);
    check_starts(&c, r);
    check_connections(&c, r);
    return c;
}
