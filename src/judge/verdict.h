/*
 * judge/verdict.h - the verdict on a run, in words, with its reasons.
 *
 * What: holds a run result against a test's plan: self-checks of the run itself, criteria, error rate, what
 * to do. Why here: the last pure step; reports print it, the command line exits with it. Threads: any; pure.
 * Memory: a judgement owns its texts (arena); it borrows the plan's criteria and, for some texts, the result.
 *     Both must outlive it.
 *
 * Levels (guide, section 4):
 *     critical            errors over 5 %, a latency more than twice its limit, a collapse, or a service that
 *                         stays overloaded when the load is gone
 *     needs optimization  a criterion or threshold failed, errors of 1 to 5 %, checks failed by 1 % or more,
 * or a memory leak acceptable          everything passed; some of it closely or within its error, or
 * something could not be measured excellent           everything measured and passed, p95 at most half of its
 * limit, errors at most 0.1 % invalid             the run contradicts itself or the generator was the
 * bottleneck: no evidence either way
 */
#pragma once
#include "judge/capacity.h"
#include "judge/criteria.h"
#include "judge/leak.h"
#include "judge/recovery.h"
#include "judge/search.h"

typedef struct br_judge_plan {
    br_str test;   /* "baseline"; empty: a script without a named test */
    br_str target; /* base URL, may be empty */
    br_ns length;  /* that the test demands at full length; 0: no demand */
    double scale;  /* factor by which the run was deliberately shortened: 0.1; 0 or 1: full length */
    br_ns spike_start, spike_end; /* as run, relative to the run's start; end 0: the test has no spike */
    const br_criterion *criteria; /* [criterion_count] */
    size_t criterion_count;
    const br_search_report *search; /* for the highest rate in the open model, after the run; NULL: none */
} br_judge_plan;

typedef enum br_level {
    BR_LEVEL_EXCELLENT,
    BR_LEVEL_ACCEPTABLE,
    BR_LEVEL_NEEDS_OPTIMIZATION,
    BR_LEVEL_CRITICAL,
    BR_LEVEL_INVALID,
} br_level;
const char *br_level_name(br_level level); /* "excellent", ..., "needs optimization", ... */

typedef enum br_outcome {
    BR_OUTCOME_PASSED,
    BR_OUTCOME_FAILED,
    BR_OUTCOME_INVALID,
    BR_OUTCOME_UNAVAILABLE, /* no request got an answer */
} br_outcome;
const char *br_outcome_name(br_outcome outcome); /* "passed", "failed", "invalid", "target unavailable" */
int br_outcome_exit_status(br_outcome outcome);  /* 0, 1, 4, 5 */

typedef enum br_severity { BR_SEVERITY_INFO, BR_SEVERITY_WARNING, BR_SEVERITY_CRITICAL } br_severity;
const char *br_severity_name(br_severity severity); /* "info", "warning", "critical" */

/* Why the level is what it is: metric, figure, limit, by how much. */
typedef struct br_reason {
    br_severity severity;
    br_str text;
} br_reason;

/* What to do, and the evidence in this run that supports it. */
typedef struct br_action {
    br_str title, evidence, advice;
} br_action;

/* What the run says about its own trustworthiness. fatal: a failure makes the run invalid. */
typedef struct br_self_check {
    const char *name;
    bool ok, fatal;
    br_str text;
    br_str remedy; /* of a generator that was the limit; else p == NULL */
} br_self_check;

typedef struct br_judgement {
    br_arena arena;
    br_level level;
    br_outcome outcome;
    bool full_length; /* the test demands a length and the run had it */
    br_str headline;  /* "ACCEPTABLE: all 3 criteria passed." */
    br_criterion_result *criteria;
    size_t criterion_count, failed_count, not_measured_count;
    BR_VEC(br_reason) reasons;
    BR_VEC(br_action) actions;
    BR_VEC(br_self_check) self_checks;
    BR_VEC(br_str) notes;
    const br_capacity_report *capacity; /* of a ramp; NULL: none */
    const br_capacity_report *searched; /* of the levels of plan->search, in the open model; NULL: none */
    const br_recovery_report *recovery; /* of a spike; NULL: none */
    const br_leak_report *leak;         /* of the target's memory; NULL: not observed */
} br_judgement;

/* Never fails. Free with br_judgement_free(). */
br_judgement *br_judge(const br_judge_plan *plan, const br_run_result *result);
void br_judgement_free(br_judgement *j); /* NULL is fine */
