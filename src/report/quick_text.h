/*
 * report/quick_text.h - the result of a load without a script for people.
 *
 * What: requests and rate, both times side by side in words, histogram, statuses, errors, and whether the
 *     figures may be believed.
 * Threads: any.
 */
#pragma once
#include "report/quick_json.h"

void br_quick_text_write(const br_quick_result *r, const br_percentiles *p, bool colour, br_buf *out);

/* Bars of a histogram, at most `rows` lines; also for the live view. */
void br_quick_text_bars(const br_hist *h, size_t rows, size_t width, bool colour, br_buf *out);
/* "200 1,234  404 5": one line of statuses. */
void br_quick_text_statuses(const br_quick_tally *t, br_buf *out);
