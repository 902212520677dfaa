/*
 * judge/criteria.h - what a run must fulfil, as data.
 *
 * What: parses criteria such as `p95 < 500ms`, `error_rate < 1%`, `stable`, and holds a run result against
 * them. Why here: tests name their criteria in configuration; the verdict, the reports and the exit status
 * follow. Threads: any; pure functions of values. Memory: a criterion borrows the text it was parsed from;
 * results borrow the criterion and the arena. Invariants: what was not measured is never passed.
 *
 * Forms:
 *     p95 < 500ms            p(99.9) <= 1s    avg, min, med, max: of http_req_duration
 *     p95(http_req_waiting) < 300ms           an aggregation of any metric; also count(m), rate(m), value(m)
 *     p95(GET /products) < 300ms              of the requests of one endpoint: also avg, min, med, max,
 *                            error_rate, throughput and requests; the name is that of the endpoint table
 *     error_rate < 1%        share of failed requests (http_req_failed)
 *     throughput > 100/s     requests per second
 *     checks > 99%           share of checks that passed
 *     requests, iterations, dropped_iterations: counts
 *     stable                 latency and throughput do not drift (see judge/shape_int.h for the formula)
 *     degrades gracefully    goodput holds at the top of a ramp
 *     recovery < 2min        after a spike
 *     memory_growth < 50MB/h of the target, decided as in judge/leak.h
 */
#pragma once
#include "judge/capacity.h"
#include "judge/leak.h"
#include "judge/recovery.h"
#include "stat/run_result.h"

typedef enum br_criterion_kind {
    BR_CRITERION_METRIC,
    BR_CRITERION_STABLE,
    BR_CRITERION_GRACEFUL,
    BR_CRITERION_RECOVERY,
    BR_CRITERION_MEMORY,
} br_criterion_kind;

/* The unit in which limit and value are held. */
typedef enum br_unit {
    BR_UNIT_NUMBER,
    BR_UNIT_MS,
    BR_UNIT_SHARE, /* 0..1 */
    BR_UNIT_PER_S,
    BR_UNIT_MB_PER_H,
} br_unit;
const char *br_unit_name(br_unit unit); /* "number", "ms", "share", "per_s", "mb_per_h" */

typedef struct br_criterion {
    br_str text; /* as written */
    br_str name; /* the left side as written: "p95", "error_rate" */
    br_criterion_kind kind;
    br_unit unit;
    br_cmp cmp; /* BR_LT, BR_LE, BR_GT or BR_GE */
    double limit;
    br_str metric; /* BR_CRITERION_METRIC */
    br_agg_spec agg;
    br_str endpoint; /* "GET /products": of its requests only; empty: of all */
} br_criterion;

/*
 * BR_ESYNTAX: unknown name, operator or unit, or no number; the message names the text and what is allowed.
 * `text` must outlive the criterion.
 */
BR_NODISCARD br_code br_criterion_parse(br_str text, br_criterion *ret, br_err *err);

/*
 * `text` ("p95 < 200ms") for the requests of one endpoint: name and text become those of the form
 * `p95(GET /products) < 200ms`, in `arena`. Also BR_EUNSUPPORTED: an endpoint has no such figure. `endpoint`
 * must outlive the criterion.
 */
BR_NODISCARD br_code br_criterion_parse_endpoint(
    br_str endpoint, br_str text, br_arena *arena, br_criterion *ret, br_err *err);

typedef enum br_criterion_state {
    BR_CRITERION_PASSED,
    BR_CRITERION_FAILED,
    BR_CRITERION_NOT_MEASURED,
} br_criterion_state;
const char *br_criterion_state_name(br_criterion_state state); /* "passed", "failed", "not measured" */

typedef struct br_criterion_result {
    const br_criterion *criterion;
    br_criterion_state state;
    bool has_value;
    double value;      /* in the criterion's unit, if has_value */
    bool has_interval; /* 95 %, in the criterion's unit: */
    double low, high;
    double margin;     /* distance from the limit relative to it; positive: on the good side; 0 if none */
    br_str value_text; /* "312.4ms"; "-" if there is none */
    br_str limit_text; /* "< 500ms" */
    br_str sentence;   /* one sentence with figure, limit and distance */
} br_criterion_result;

/* What a criterion needs to know besides the result. */
typedef struct br_criterion_inputs {
    br_ns spike_start, spike_end;       /* relative to the run's start; end 0: there is no spike */
    bool shortened;                     /* the run was deliberately shorter than the test */
    double error_limit;                 /* share of errors that the test allows, for "degrades gracefully" */
    const br_capacity_report *capacity; /* NULL: the load did not rise */
    const br_recovery_report *recovery; /* NULL: computed */
    const br_leak_report *leak;         /* NULL: memory was not watched */
} br_criterion_inputs;

/* Texts come from `arena`. Never fails: what cannot be computed is BR_CRITERION_NOT_MEASURED with the reason.
 */
void br_criterion_evaluate(const br_criterion *c, const br_run_result *result,
    const br_criterion_inputs *inputs, br_arena *arena, br_criterion_result *ret);

/* "p95 is 812ms" formatting for others: a value in a unit, "312.4ms", "1.25%", "84.2/s". */
br_str br_unit_text(br_arena *arena, double value, br_unit unit);
/* The same by the unit's name in results: "ms", "share", "per_s", "mb_per_h", "bytes" ("7.3 MB"), "count", or
 * any other, which stands behind the number. */
br_str br_figure_text(br_arena *arena, double value, br_str unit);
