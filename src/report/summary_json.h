/*
 * report/summary_json.h - k6's two machine-readable forms of the summary.
 *
 * What: the argument of handleSummary(), and the file of --summary-export.
 * Why here: pure functions of the run result; the engine passes the first one to the script as JSON.
 * Threads: any; the result is only read.
 * Shape: both in k6's default ("legacy") form. handleSummary: root_group with arrays, options, state, metrics
 *     {type, contains, values, thresholds: {expression: {ok}}}, setup_data. Export: groups and checks keyed
 * by name, each metric is its values, a rate's `rate` is called `value`, thresholds {expression: true if
 * failed}.
 */
#pragma once
#include "stat/run_result.h"

typedef struct br_summary_data_style {
    bool no_colour, stdout_is_tty, stderr_is_tty;
} br_summary_data_style;

/*
 * The newer form of both (--new-machine-readable-summary): version, config, metadata, results with checks and
 * metrics as lists; indent: blanks a level, 0: one line. `script` is the text of the main script, `version`
 * that of the k6 that is followed. BR_ELIMIT: does not fit into out.
 */
typedef struct br_summary_document {
    br_str script, version;
    br_ns generated; /* wall */
    int indent;
} br_summary_document;
BR_NODISCARD br_code br_report_summary_document(
    const br_run_result *result, const br_summary_document *document, br_buf *out, br_err *err);

/* Appends JSON on one line. BR_ELIMIT: does not fit into out. */
BR_NODISCARD br_code br_report_summary_data(
    const br_run_result *result, const br_summary_data_style *style, br_buf *out, br_err *err);

/* Appends JSON indented by four blanks, without a final line break. BR_ELIMIT: does not fit into out. */
BR_NODISCARD br_code br_report_summary_export(const br_run_result *result, br_buf *out, br_err *err);
