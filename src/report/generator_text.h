/*
 * report/generator_text.h - the generator's health in one line, and why it spoils a run.
 *
 * What: CPU, lags, starts that were lost, descriptors and ports; then a line for each limit that was passed.
 * Why here: stands below k6's summary and in the report of `brunt test`.
 * Threads: any; pure.
 */
#pragma once
#include "judge/generator.h"

/*
 * Appends
 *     "  ✓ generator: CPU 34% 31%; p99 lag 0.06 ms (timers 0.1, loop 0.02); ...\n"
 * or, if it was the limit, the same with ✗, "      ↳ reason\n" for each, and what that means. Nothing if
 * there were no workers. Colours are ANSI's.
 */
void br_report_generator_text(const br_generator_view *view, bool colour, br_buf *out);
/* Only "CPU 34% 31%; p99 lag 0.06 ms (timers 0.1, loop 0.02); ...". */
void br_report_generator_figures(const br_generator_view *view, br_buf *out);
