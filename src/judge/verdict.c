#include "judge/verdict_int.h"
#include <stdio.h>
#include "judge/estimates_int.h"

const char *br_level_name(br_level level)
{
    static const char *const names[] = {
        "excellent", "acceptable", "needs optimization", "critical", "invalid"};
    return names[level];
}

const char *br_outcome_name(br_outcome outcome)
{
    static const char *const names[] = {"passed", "failed", "invalid", "target unavailable"};
    return names[outcome];
}

int br_outcome_exit_status(br_outcome outcome)
{
    static const int statuses[] = {0, 1, 4, 5};
    return statuses[outcome];
}

const char *br_severity_name(br_severity severity)
{
    static const char *const names[] = {"info", "warning", "critical"};
    return names[severity];
}

/* Adding ----------------------------------------------------------------------------------------- */

void br_judge_add_reason(br_judgement *j, br_severity severity, const char *text)
{
    *br_vec_push(&j->reasons) = (br_reason){severity, br_str_of(text)};
}

void br_judge_add_note(br_judgement *j, const char *text)
{
    *br_vec_push(&j->notes) = br_str_of(text);
}

br_action *br_judge_action(br_judgement *j, const char *title)
{
    br_action *action = br_vec_push(&j->actions);
    *action = (br_action){.title = br_str_of(title)};
    return action;
}

/* Figures ---------------------------------------------------------------------------------------- */

static void count_outcome(br_figures *f, const br_endpoint_outcome *o)
{
    if (o->status == 0)
        f->unanswered += o->count;
    else if (o->status == 429)
        f->limited += o->count;
    else if (o->status >= 400 && o->status < 500)
        f->client_errors += o->count;
    else if (o->status >= 500)
        f->server_errors += o->count;
}

br_figures br_judge_figures(const br_run_result *r)
{
    br_figures f = {0};
    const br_result_metric *reqs = br_run_result_find(r, BR_STR("http_reqs"));
    if (reqs) {
        f.requests = (uint64_t) reqs->sink.sum;
        f.per_second = br_sink_value(&reqs->sink, (br_agg_spec){BR_AGG_RATE, 0}, r->duration);
    }
    const br_result_metric *failed = br_run_result_find(r, BR_STR("http_req_failed"));
    if (failed && failed->sink.count > 0) {
        f.failed = failed->sink.nonzero;
        f.error_share = (double) failed->sink.nonzero / (double) failed->sink.count;
    }
    const br_result_metric *duration = br_run_result_find(r, BR_STR("http_req_duration"));
    if (duration && duration->sink.count > 0) {
        f.has_p95 = true;
        f.p50_ms = br_sink_percentile(&duration->sink, 50);
        f.p95_ms = br_sink_percentile(&duration->sink, 95);
        f.p95_samples = duration->sink.count;
    }
    for (size_t i = 0; i < r->endpoint_count; i++) {
        for (size_t k = 0; k < r->endpoints[i].outcomes.len; k++) {
            count_outcome(&f, &r->endpoints[i].outcomes.data[k]);
        }
    }
    return f;
}

/* The share of errors that the test allows; the guide's critical limit if it does not say. */
static double error_limit_of(const br_judge_plan *plan)
{
    for (size_t i = 0; i < plan->criterion_count; i++) {
        const br_criterion *c = &plan->criteria[i];
        bool upper = c->cmp == BR_LT || c->cmp == BR_LE;
        if (c->kind == BR_CRITERION_METRIC && br_str_is(c->metric, "http_req_failed") && upper)
            return c->limit;
    }
    return BR_ERRORS_CRITICAL;
}

static void evaluate_criteria(br_judgement *j, const br_judge_plan *plan, const br_run_result *r)
{
    br_criterion_inputs inputs = {.spike_start = plan->spike_start,
        .spike_end = plan->spike_end,
        .shortened = plan->scale > 0 && plan->scale < 1,
        .error_limit = error_limit_of(plan),
        .capacity = j->capacity,
        .recovery = j->recovery,
        .leak = j->leak};
    j->criterion_count = plan->criterion_count;
    j->criteria = br_arena_zalloc(&j->arena, (plan->criterion_count + 1) * sizeof(*j->criteria));
    for (size_t i = 0; i < plan->criterion_count; i++) {
        br_criterion_evaluate(&plan->criteria[i], r, &inputs, &j->arena, &j->criteria[i]);
        if (j->criteria[i].state == BR_CRITERION_FAILED) j->failed_count++;
        if (j->criteria[i].state == BR_CRITERION_NOT_MEASURED) j->not_measured_count++;
    }
}

/* Level ------------------------------------------------------------------------------------------ */

static void worsen(br_judgement *j, br_level level)
{
    if (level > j->level) j->level = level;
}

static bool is_latency(const br_criterion *c)
{
    return c->kind == BR_CRITERION_METRIC && c->unit == BR_UNIT_MS && (c->cmp == BR_LT || c->cmp == BR_LE);
}

static void weigh_criterion(br_judgement *j, const br_criterion_result *c)
{
    if (c->state == BR_CRITERION_NOT_MEASURED) {
        worsen(j, BR_LEVEL_ACCEPTABLE);
        BR_REASON(j, BR_SEVERITY_WARNING, BR_FMT, BR_ARG(c->sentence));
        return;
    }
    if (c->state == BR_CRITERION_PASSED) {
        bool unsure = c->has_interval && c->low < c->criterion->limit && c->high > c->criterion->limit;
        if (unsure || (is_latency(c->criterion) && c->margin < 0.5)) worsen(j, BR_LEVEL_ACCEPTABLE);
        BR_REASON(j, BR_SEVERITY_INFO, BR_FMT, BR_ARG(c->sentence));
        return;
    }
    bool twice = is_latency(c->criterion) && c->margin < -1;
    bool collapse = c->criterion->kind == BR_CRITERION_GRACEFUL && c->has_value && c->value < 0.5;
    worsen(j, twice || collapse ? BR_LEVEL_CRITICAL : BR_LEVEL_NEEDS_OPTIMIZATION);
    BR_REASON(j, twice || collapse ? BR_SEVERITY_CRITICAL : BR_SEVERITY_WARNING, BR_FMT, BR_ARG(c->sentence));
}

static bool error_criterion_failed(const br_judgement *j)
{
    for (size_t i = 0; i < j->criterion_count; i++) {
        const br_criterion_result *c = &j->criteria[i];
        if (br_str_is(c->criterion->metric, "http_req_failed") && c->state == BR_CRITERION_FAILED)
            return true;
    }
    return false;
}

/* "5xx 12, without an answer 3" */
static const char *classes_text(br_judgement *j, const br_figures *f)
{
    const struct {
        const char *name;
        uint64_t count;
    } classes[] = {{"5xx", f->server_errors}, {"429", f->limited}, {"other 4xx", f->client_errors},
        {"without an answer", f->unanswered}};
    const char *text = "";
    for (size_t i = 0; i < BR_COUNT_OF(classes); i++) {
        if (classes[i].count == 0) continue;
        text = br_arena_printf(&j->arena, "%s%s%s %llu", text, *text ? ", " : "", classes[i].name,
            (unsigned long long) classes[i].count);
    }
    return *text ? br_arena_printf(&j->arena, " (%s)", text) : "";
}

static void weigh_errors(br_judgement *j, const br_figures *f)
{
    if (f->error_share > BR_ERRORS_EXCELLENT) worsen(j, BR_LEVEL_ACCEPTABLE);
    if (f->error_share < BR_ERRORS_WARNING) return;
    bool critical = f->error_share > BR_ERRORS_CRITICAL;
    worsen(j, critical ? BR_LEVEL_CRITICAL : BR_LEVEL_NEEDS_OPTIMIZATION);
    if (!critical && error_criterion_failed(j)) return; /* which has said it already */
    br_str share = br_unit_text(&j->arena, f->error_share, BR_UNIT_SHARE);
    BR_REASON(j, critical ? BR_SEVERITY_CRITICAL : BR_SEVERITY_WARNING,
        "http_req_failed: %llu of %llu requests failed: " BR_FMT "%s, where less than %.0f%% is acceptable "
        "and more than %.0f%% critical.",
        (unsigned long long) f->failed, (unsigned long long) f->requests, BR_ARG(share), classes_text(j, f),
        BR_ERRORS_WARNING * 100, BR_ERRORS_CRITICAL * 100);
}

/* Returns how many thresholds of the script were crossed. */
static size_t weigh_thresholds(br_judgement *j, const br_run_result *r)
{
    size_t crossed = 0;
    for (size_t i = 0; i < r->metric_count; i++) {
        const br_result_metric *m = &r->metrics[i];
        for (size_t k = 0; k < m->threshold_count; k++) {
            if (m->thresholds[k].ok) continue;
            crossed++;
            worsen(j, BR_LEVEL_NEEDS_OPTIMIZATION);
            BR_REASON(j, BR_SEVERITY_WARNING,
                "The script's threshold '" BR_FMT "' on " BR_FMT " was crossed: the figure is %.6g.",
                BR_ARG(m->thresholds[k].source), BR_ARG(m->name), m->thresholds[k].value);
        }
    }
    return crossed;
}

static void weigh_checks(br_judgement *j, const br_run_result *r)
{
    const br_result_metric *m = br_run_result_find(r, BR_STR("checks"));
    if (!m || m->sink.count == 0 || m->sink.nonzero == m->sink.count) return;
    uint64_t failed = m->sink.count - m->sink.nonzero;
    double share = (double) failed / (double) m->sink.count;
    /* A wrong answer is as bad as none. */
    worsen(j, share < BR_ERRORS_WARNING ? BR_LEVEL_ACCEPTABLE : BR_LEVEL_NEEDS_OPTIMIZATION);
    BR_REASON(j, share > BR_ERRORS_CRITICAL ? BR_SEVERITY_CRITICAL : BR_SEVERITY_WARNING,
        "checks: %llu of %llu checks failed (" BR_FMT "): the answers were not those expected.",
        (unsigned long long) failed, (unsigned long long) m->sink.count,
        BR_ARG(br_unit_text(&j->arena, share, BR_UNIT_SHARE)));
}

static void weigh_samples(br_judgement *j, const br_figures *f)
{
    if (!f->has_p95 || f->p95_samples >= 59) return;
    worsen(j, BR_LEVEL_ACCEPTABLE);
    BR_NOTE(j,
        "%llu requests are too few to bound a p95 (59 are needed): percentiles are only "
        "indications.",
        (unsigned long long) f->p95_samples);
}

static bool has_criterion(const br_judgement *j, br_criterion_kind kind)
{
    for (size_t i = 0; i < j->criterion_count; i++) {
        if (j->criteria[i].criterion->kind == kind) return true;
    }
    return false;
}

/* What no criterion asks for and nobody would want to miss. */
static void weigh_estimates(br_judgement *j)
{
    if (j->leak && j->leak->answer == BR_LEAK_FOUND && !has_criterion(j, BR_CRITERION_MEMORY)) {
        worsen(j, BR_LEVEL_NEEDS_OPTIMIZATION);
        BR_REASON(j, BR_SEVERITY_WARNING, BR_FMT, BR_ARG(j->leak->sentence));
    }
    if (j->recovery && j->recovery->measured && j->recovery->metastable) {
        worsen(j, BR_LEVEL_CRITICAL);
        if (!has_criterion(j, BR_CRITERION_RECOVERY))
            BR_REASON(j, BR_SEVERITY_CRITICAL, BR_FMT, BR_ARG(j->recovery->sentence));
    }
}

/* Outcome ---------------------------------------------------------------------------------------- */

static const br_self_check *fatal_check(const br_judgement *j)
{
    for (size_t i = 0; i < j->self_checks.len; i++) {
        if (j->self_checks.data[i].fatal && !j->self_checks.data[i].ok) return &j->self_checks.data[i];
    }
    return NULL;
}

static void say_headline(br_judgement *j, size_t crossed, bool shortened)
{
    char text[512];
    const char *level = (const char *[]){
        "EXCELLENT", "ACCEPTABLE", "NEEDS OPTIMIZATION", "CRITICAL"}[j->level];
    size_t passed = j->criterion_count - j->failed_count - j->not_measured_count;
    int n = snprintf(text, sizeof text, "%s: %zu of %zu criteria passed", level, passed, j->criterion_count);
    if (j->criterion_count == 0) n = snprintf(text, sizeof text, "%s: no criteria were given", level);
    size_t at = (size_t) n;
    if (j->failed_count > 0)
        at += (size_t) snprintf(text + at, sizeof text - at, ", %zu failed", j->failed_count);
    if (j->not_measured_count > 0) {
        at += (size_t) snprintf(text + at, sizeof text - at, ", %zu NOT MEASURED", j->not_measured_count);
    }
    if (crossed > 0) {
        at += (size_t) snprintf(
            text + at, sizeof text - at, ", %zu of the script's thresholds crossed", crossed);
    }
    (void) snprintf(
        text + at, sizeof text - at, "%s", shortened ? " (shortened run, not a full test)." : ".");
    j->headline = br_str_of(br_arena_cstr(&j->arena, br_str_of(text)));
}

static void conclude(br_judgement *j, const br_figures *f, size_t crossed, bool shortened)
{
    if (f->requests > 0 && f->unanswered >= f->requests) {
        j->level = BR_LEVEL_INVALID;
        j->outcome = BR_OUTCOME_UNAVAILABLE;
        j->headline = br_str_of(br_arena_printf(&j->arena,
            "INVALID: the target was unavailable, none of %llu requests got an answer.",
            (unsigned long long) f->requests));
        return;
    }
    const br_self_check *fatal = fatal_check(j);
    if (fatal || (j->criterion_count > 0 && j->not_measured_count == j->criterion_count)) {
        j->level = BR_LEVEL_INVALID;
        j->outcome = BR_OUTCOME_INVALID;
        j->headline = fatal ? br_str_of(br_arena_printf(&j->arena,
                                  "INVALID: this run is no evidence: " BR_FMT ".", BR_ARG(fatal->text)))
                            : BR_STR("INVALID: this run is no evidence: no criterion could be measured.");
        return;
    }
    bool failed = j->failed_count > 0 || crossed > 0 || j->level == BR_LEVEL_CRITICAL;
    j->outcome = failed ? BR_OUTCOME_FAILED : BR_OUTCOME_PASSED;
    say_headline(j, crossed, shortened);
}

/* The fatal findings come first among the reasons of an invalid run. */
static void explain_invalid(br_judgement *j)
{
    for (size_t i = 0; i < j->self_checks.len; i++) {
        const br_self_check *c = &j->self_checks.data[i];
        if (c->fatal && !c->ok)
            BR_REASON(j, BR_SEVERITY_CRITICAL, "Self-check: " BR_FMT ".", BR_ARG(c->text));
    }
}

/* The bracket that was found, and what the curve through its levels says. */
static void weigh_search(br_judgement *j, const br_judge_plan *plan)
{
    j->searched = br_estimate_searched(plan, &j->arena);
    if (!j->searched) return;
    BR_REASON(j, BR_SEVERITY_INFO, BR_FMT, BR_ARG(plan->search->sentence));
    if (j->searched->measured) BR_REASON(j, BR_SEVERITY_INFO, BR_FMT, BR_ARG(j->searched->sentence));
}

br_judgement *br_judge(const br_judge_plan *plan, const br_run_result *r)
{
    br_judgement *j = BR_NEW(br_judgement);
    br_arena_init(&j->arena, 8192);
    br_figures f = br_judge_figures(r);
    br_judge_self_checks(j, plan, r, &f);
    explain_invalid(j);
    j->capacity = br_estimate_capacity(plan, r, &j->arena);
    j->recovery = br_estimate_recovery(plan, r, &j->arena);
    j->leak = br_estimate_leak(plan, r, &j->arena);
    evaluate_criteria(j, plan, r);
    for (size_t i = 0; i < j->criterion_count; i++) {
        weigh_criterion(j, &j->criteria[i]);
    }
    weigh_errors(j, &f);
    size_t crossed = weigh_thresholds(j, r);
    weigh_checks(j, r);
    weigh_samples(j, &f);
    weigh_search(j, plan);
    weigh_estimates(j);
    /* Nothing to hold the run against: no praise. */
    if (plan->criterion_count == 0) worsen(j, BR_LEVEL_ACCEPTABLE);
    conclude(j, &f, crossed, plan->scale > 0 && plan->scale < 1);
    br_judge_actions(j, plan, r, &f);
    return j;
}

void br_judgement_free(br_judgement *j)
{
    if (!j) return;
    br_vec_deinit(&j->reasons);
    br_vec_deinit(&j->actions);
    br_vec_deinit(&j->self_checks);
    br_vec_deinit(&j->notes);
    br_arena_deinit(&j->arena);
    br_free(j);
}
