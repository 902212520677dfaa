/*
 * report/verdict_text.h - the verdict for a terminal or a text file.
 *
 * What: the headline first, then the criteria as a table, the reasons, what to do, and notes.
 * Why here: `brunt test` prints it behind the summary and keeps it in the report folder.
 * Threads: any; the judgement is only read.
 */
#pragma once
#include "judge/verdict.h"

/* Appends the text, with a line break at its end; colour: ANSI colours. BR_ELIMIT: does not fit into out. */
BR_NODISCARD br_code br_report_verdict_text(
    const br_judgement *judgement, const br_judge_plan *plan, bool colour, br_buf *out, br_err *err);
