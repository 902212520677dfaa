/*
 * report/comparison_table.h - a comparison as a table, for a terminal or Markdown, and as JSON of its own.
 *
 * What: the answer first, then a row for each figure with its ratio, interval, and what the data could have
 *     shown; then the notes.
 * Why here: `brunt compare` prints it, and `brunt test` behind a verdict.
 * Threads: any; the comparison is only read.
 */
#pragma once
#include "judge/compare.h"

typedef struct br_comparison_table_style {
    const char *against; /* "the last 8 runs": what it was compared with */
    bool colour, markdown;
    bool all_rows; /* else those that count for the answer, and what got worse or better */
    bool has_flag; /* --all-rows may be named */
} br_comparison_table_style;

/* Appends lines, the last with its line break. */
void br_report_comparison_table(const br_comparison *c, const br_comparison_table_style *style, br_buf *out);
/* Two lines that say how to read the columns; once behind one table or more. */
void br_report_comparison_legend(bool markdown, bool colour, br_buf *out);
/* Appends the object that result files have as "comparison"; docs/result-json.md. */
void br_report_comparison_json(const br_comparison *c, br_buf *out);
