/*
 * report/result_json.h - brunt's own result file, "brunt.result/1".
 *
 * What: one run as JSON: what ran, verdict and criteria, metrics, thresholds, checks, endpoints, time slices,
 *     health of the generator, what the target said of itself, comparison with earlier runs.
 * Why here: the one form that the page, later comparisons and other programs read. docs/result-json.md
 * documents it. Threads: any; result and judgement are only read.
 */
#pragma once
#include "judge/compare.h"
#include "judge/verdict.h"
#include "report/preparation.h"

typedef struct br_result_info {
    br_str tool_version;               /* "0.1.0" */
    br_str host;                       /* where the generator ran; may be empty */
    const br_judge_plan *plan;         /* NULL: nothing was demanded */
    const br_judgement *judgement;     /* NULL: nothing was judged */
    const br_comparison *comparison;   /* with earlier runs; NULL: none */
    const br_preparation *preparation; /* before the test; NULL: none */
} br_result_info;

/* Bounds for a page that must stay small; 0 means all. What was left out is counted in the output. */
typedef struct br_result_limits {
    int indent; /* blanks a level; 0: one line */
    size_t endpoints_max, checks_max, metrics_max;
    size_t series_max, samples_max; /* of the target, and of each of its series */
    size_t rows_max;                /* of the comparison */
} br_result_limits;

/* limits may be NULL: everything, indented by two. BR_ELIMIT: does not fit into out. */
BR_NODISCARD br_code br_report_result_json(const br_run_result *result, const br_result_info *info,
    const br_result_limits *limits, br_buf *out, br_err *err);
