/* What the target's own figures, and what was estimated from the run's course, say of a bottleneck. */
#include <math.h>
#include "judge/verdict_int.h"

#define CPU_SHARE     0.7  /* of its limit, on average while the test ran */
#define MEMORY_SHARE  0.8  /* of its limit, at any time */
#define WAITING_SHARE 0.2  /* of the samples in which somebody waited */
#define BACKLOG_LEAST 10.0 /* tasks, in the second half of the run */
#define BACKLOG_RATIO 1.5  /* second half to first half */
#define SAMPLES_LEAST 5

/* Samples of while the test ran. */
typedef struct course {
    size_t n;
    double mean, most, above; /* above: share of samples that are not 0 */
    double first, second;     /* means of the halves */
} course;

static course course_of(const br_run_result *r, const br_target_series *s)
{
    course c = {0};
    size_t halves[2] = {0};
    for (size_t i = 0; i < s->count; i++) {
        br_ns at = s->samples[i].at;
        double v = s->samples[i].value;
        if (at < 0 || at > r->duration) continue;
        bool late = at > r->duration / 2;
        c.n++;
        c.mean += v;
        c.most = fmax(c.most, v);
        c.above += v > 0;
        *(late ? &c.second : &c.first) += v;
        halves[late]++;
    }
    if (c.n > 0) c.mean /= (double) c.n, c.above /= (double) c.n;
    if (halves[0] > 0) c.first /= (double) halves[0];
    if (halves[1] > 0) c.second /= (double) halves[1];
    return c;
}

static bool named(const br_target_series *s, const char *part)
{
    return br_str_find(s->name, br_str_of(part)) >= 0;
}

/* One action for all series that ask for it. */
static br_action *action_for(br_judgement *j, const char *title, const char *advice)
{
    for (size_t i = 0; i < j->actions.len; i++) {
        if (br_str_is(j->actions.data[i].title, title)) return &j->actions.data[i];
    }
    br_action *a = br_judge_action(j, title);
    a->advice = br_str_of(advice);
    return a;
}

static void add(br_judgement *j, br_action *a, const char *text)
{
    a->evidence = br_str_of(
        a->evidence.n ? br_arena_printf(&j->arena, BR_FMT " %s", BR_ARG(a->evidence), text) : text);
}

/* Series ----------------------------------------------------------------------------------------- */

static void judge_resource(br_judgement *j, const br_target_series *s, const course *c)
{
    static const char advice[] =
        "Scale out before it is reached: 2 to 10 instances, a health check every 30 s with a limit of 5 s and "
        "10 s of grace; or give each instance more.";
    bool cpu = br_str_is(s->unit, "cores"), memory = br_str_is(s->unit, "bytes") && named(s, "memory");
    double used = cpu ? c->mean : c->most;
    if ((!cpu && !memory) || s->limit <= 0 || used <= (cpu ? CPU_SHARE : MEMORY_SHARE) * s->limit) return;
    double unit = memory ? 1e6 : 1;
    add(j, action_for(j, cpu ? "Give the service more processor" : "Give the service more memory", advice),
        br_arena_printf(&j->arena,
            BR_FMT " of " BR_FMT
                   " was %s %.3g %s, %.0f %% of its limit of %.3g (more than %.0f %% is too much).",
            BR_ARG(s->name), BR_ARG(s->source), cpu ? "on average" : "up to", used / unit,
            cpu ? "cores" : "MB", 100 * used / s->limit, s->limit / unit,
            100 * (cpu ? CPU_SHARE : MEMORY_SHARE)));
}

/* Somebody waited for a connection, or all of them were busy. */
static void judge_pool(br_judgement *j, const br_target_series *s, const course *c)
{
    static const char advice[] =
        "Compare the active connections in pg_stat_activity with the pool's limit: a larger pool (50, waiting up "
        "to 10 s), no connection kept during calls to others, a retry for this error.";
    bool database = named(s, "pool") || named(s, "db") || named(s, "connections");
    bool waiting = named(s, "wait") || named(s, "queue_length") || named(s, "pending");
    if (!database || !br_str_is(s->unit, "count")) return;
    if (waiting && c->above >= WAITING_SHARE && c->mean >= 1) {
        add(j, action_for(j, "Enlarge the connection pool", advice),
            br_arena_printf(&j->arena,
                BR_FMT " of " BR_FMT " was above 0 in %.0f %% of the samples, %.1f on average, %.0f at most.",
                BR_ARG(s->name), BR_ARG(s->source), c->above * 100, c->mean, c->most));
    }
}

static void judge_workflow(br_judgement *j, const br_target_series *s, const course *c)
{
    bool backlog = named(s, "backlog") && br_str_is(s->unit, "count");
    if (!backlog || c->second < BACKLOG_LEAST || c->second < BACKLOG_RATIO * c->first) return;
    add(j,
        action_for(j, "Add workflow workers",
            "Tasks come faster than they are worked off: more workers, 100 concurrent workflow tasks and "
            "activities each; look at what an activity waits for."),
        br_arena_printf(&j->arena,
            BR_FMT " of " BR_FMT
                   " grew from %.0f in the first half of the run to %.0f in the second (%.0f at "
                   "most).",
            BR_ARG(s->name), BR_ARG(s->source), c->first, c->second, c->most));
}

static void judge_breaker(br_judgement *j, const br_target_series *s, const course *c)
{
    if (!named(s, "breaker_state") || c->most < 1) return;
    add(j,
        action_for(j, "Look at the services that this one calls",
            "A circuit breaker (opens after 5 failures, tries again after 60 s) kept calls back: look at that "
            "service; a time limit of 10 s, and an answer of one's own while it is away."),
        br_arena_printf(&j->arena, BR_FMT " of " BR_FMT " was not 0 (closed) in %.0f %% of the samples.",
            BR_ARG(s->name), BR_ARG(s->source), c->above * 100));
}

/* Estimates -------------------------------------------------------------------------------------- */

static void judge_leak(br_judgement *j)
{
    if (!j->leak || j->leak->answer != BR_LEAK_FOUND) return;
    add(j,
        action_for(j, "Fix the memory leak",
            "Compare two heap profiles some minutes apart; look for caches without a limit, listeners and timers "
            "that stay, buffers that are kept. Stream large data, paginate (50 per page)."),
        br_arena_printf(&j->arena, BR_FMT, BR_ARG(j->leak->sentence)));
}

static void judge_capacity(br_judgement *j)
{
    const br_capacity_report *c = j->capacity;
    if (!c || !c->measured || !c->breaking.found) return;
    const br_capacity_figure *at = c->knee.found && c->knee.load < c->breaking.load ? &c->knee : &c->breaking;
    add(j,
        action_for(j, "Scale out before the breaking point",
            br_arena_printf(&j->arena,
                "Add instances (2 to 10) at %s, and keep the expected peak below that; more load buys little "
                "but latency.",
                br_capacity_load_text(c, at->load, &j->arena))),
        br_arena_printf(&j->arena,
            "Of p95 and error_rate the limits are kept up to %s (%s), with %.1f requests/s.",
            br_capacity_load_text(c, c->breaking.load, &j->arena),
            br_capacity_range_text(c, c->breaking.load_low, c->breaking.load_high, &j->arena),
            c->breaking.throughput));
}

static void judge_recovery(br_judgement *j)
{
    if (!j->recovery || !j->recovery->measured || !j->recovery->metastable) return;
    add(j,
        action_for(j, "Break the vicious circle after overload",
            "The load was gone and the service stayed slow: retries, a cold cache or a queue of requests that "
            "nobody waits for any more keep it busy. Limit retries, drop what is older than its client's time "
            "limit, shed load."),
        br_arena_printf(&j->arena, BR_FMT, BR_ARG(j->recovery->sentence)));
}

void br_judge_target_actions(br_judgement *j, const br_run_result *r)
{
    for (size_t i = 0; i < r->target_count; i++) {
        course c = course_of(r, &r->target[i]);
        if (c.n < SAMPLES_LEAST) continue;
        judge_resource(j, &r->target[i], &c);
        judge_pool(j, &r->target[i], &c);
        judge_workflow(j, &r->target[i], &c);
        judge_breaker(j, &r->target[i], &c);
    }
    judge_leak(j);
    judge_capacity(j);
    judge_recovery(j);
}
