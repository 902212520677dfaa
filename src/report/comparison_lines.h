/*
 * report/comparison_lines.h - the comparison with earlier runs behind the verdict of a test.
 *
 * What: the answer, then each figure with its ratio, interval and the smallest ratio that could have been
 *     shown; figures that are as they were only as far as there is room.
 * Why here: terminal and text file of `brunt test` have room for what matters.
 * Threads: any; the comparison is only read.
 */
#pragma once
#include "judge/compare.h"

/* Appends the text; `ok_max` rows that are ok at most. BR_ELIMIT: does not fit into out. */
BR_NODISCARD br_code br_report_comparison_lines(
    const br_comparison *comparison, size_t ok_max, bool colour, br_buf *out, br_err *err);
