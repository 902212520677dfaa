/*
 * report/quick_text.h - the result of a load without a script for people.
 *
 * What: requests and rate, both times side by side in words, histogram, statuses, errors, and whether the
 *     figures may be believed.
 * Threads: any.
 */
#pragma once
#include "report/quick_figures.h"

void br_quick_text_write(const br_quick_result *r, const br_percentiles *list, bool colour, br_buf *out);

/* Parts, also for the live view. */

/* Bars of a histogram, `rows` lines with bars of up to `width` columns; nothing for an empty one. */
void br_quick_text_bars(const br_hist *h, size_t rows, size_t width, bool colour, br_buf *out);
/* "200: 1,234   404: 5": one line of statuses, without its end. */
void br_quick_text_statuses(const br_quick_tally *t, br_buf *out);
void br_quick_text_count(br_buf *out, uint64_t n); /* 1234567 -> "1,234,567" */
/* A time in nanoseconds, with blanks to `width` columns. */
void br_quick_text_time(br_buf *out, double ns, size_t width);
