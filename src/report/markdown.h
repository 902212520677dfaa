/*
 * report/markdown.h - the verdict as Markdown, for a comment on a pull request or a CI summary.
 *
 * What: the verdict in one line, warnings about the run itself, criteria, comparison with earlier runs with
 * the smallest change that they could have shown, what to do, endpoints. Why here: where a change is
 * discussed, nobody opens an artefact to learn that it made things slower. Threads: any; inputs are only
 * read. Safety: texts of the service, of scripts and of configuration are escaped: they cannot make tables,
 * links, HTML or mentions of people. Invariants: at most BR_MARKDOWN_MAX bytes (hosts of code cut comments at
 * 65,536); what does not fit is left out by whole parts, and the text says so. The first line is a comment,
 * "<!-- brunt: TEST -->", by which a later run finds the comment to replace.
 */
#pragma once
#include "report/result_json.h"

#define BR_MARKDOWN_MAX 60000

/* info->judgement must be there. BR_ELIMIT: does not fit into out. */
BR_NODISCARD br_code br_report_markdown(
    const br_run_result *result, const br_result_info *info, br_buf *out, br_err *err);
