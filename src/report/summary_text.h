/*
 * report/summary_text.h - the end-of-test summary that k6's users know.
 *
 * What: thresholds, checks and metrics of a run as text, laid out to the byte as k6's compact summary, or its
 *     full one, with all metrics of requests and a section for each group and scenario.
 * Why here: a pure function of the run result; the command line prints it, `brunt test` keeps it as a file.
 * Threads: any; the result is only read.
 * Layout: docs of k6, "end-of-test summary": THRESHOLDS, then TOTAL RESULTS with checks and the categories
 * CUSTOM, HTTP, EXECUTION, NETWORK, BROWSER, WEB_VITALS, GRPC, WEBSOCKET; empty ones are left out; then
 * GROUP: (of the scenario called default) and SCENARIO:. Column widths are common to all metrics of a
 * section; the checks have their own.
 */
#pragma once
#include "stat/breakdown.h"
#include "stat/run_result.h"

typedef struct br_summary_style {
    bool colour;                   /* ANSI colours: green and red marks, cyan values, faint extras */
    const br_breakdown *breakdown; /* the full summary; NULL: the compact one */
} br_summary_style;

/*
 * Appends the summary to *out, without line breaks before and behind it: whoever writes it to stdout puts one
 * before and two behind, as k6 does. BR_ELIMIT: does not fit into out.
 */
BR_NODISCARD br_code br_report_summary_text(
    const br_run_result *result, const br_summary_style *style, br_buf *out, br_err *err);
