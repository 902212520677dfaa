/*
 * report/comparison_text.h - the comparison with earlier runs for a terminal or a text file.
 *
 * What: the answer, then each figure with its ratio, interval and the smallest ratio that could have been
 *     shown; figures that are as they were only as far as there is room.
 * Why here: `brunt compare` prints it, `brunt test` puts it behind the verdict.
 * Threads: any; the comparison is only read.
 */
#pragma once
#include "judge/compare.h"

/* Appends the text; `ok_max` rows that are ok at most. BR_ELIMIT: does not fit into out. */
BR_NODISCARD br_code br_report_comparison_text(
    const br_comparison *comparison, size_t ok_max, bool colour, br_buf *out, br_err *err);
