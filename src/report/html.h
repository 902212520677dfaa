/*
 * report/html.h - the result as one HTML file that needs nothing else.
 *
 * What: puts the result's JSON (schema brunt.result/1) into the page built from web/, which is part of the
 * program. Why here: the page must open from a disk, a mail or a CI artefact, without a network. Threads:
 * any; inputs are only read. Safety: every text in a result may come from the service under test. The JSON
 * stands in a script element that the browser does not execute, with <, >, & and the line separators U+2028/9
 * escaped; the page's script puts it into text nodes only, and its policy allows no other script and no
 * network. Size: at most BR_HTML_ENDPOINTS_MAX endpoints, and so on, and less where the page would be longer
 * than BR_HTML_BYTES_MAX; it says what was left out. Only names of many kilobytes can make it longer still.
 */
#pragma once
#include "report/result_json.h"

#define BR_HTML_BYTES_MAX       400000
#define BR_HTML_ENDPOINTS_LEAST 4
#define BR_HTML_ENDPOINTS_MAX   150
#define BR_HTML_CHECKS_MAX      300
#define BR_HTML_METRICS_MAX     200
#define BR_HTML_SERIES_MAX      12
#define BR_HTML_SAMPLES_MAX     600
#define BR_HTML_ROWS_MAX        120

/* Appends the page. BR_ELIMIT: does not fit into out. */
BR_NODISCARD br_code br_report_html(
    const br_run_result *result, const br_result_info *info, br_buf *out, br_err *err);
/* The same of a result file that br_report_result_json() wrote once. BR_ESYNTAX: it is none. Its texts are as
 * safe in the page as those of a result. */
BR_NODISCARD br_code br_report_html_of_document(br_str document, br_buf *out, br_err *err);
