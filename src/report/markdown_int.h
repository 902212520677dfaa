/*
 * report/markdown_int.h - texts of others in Markdown.
 *
 * What: escaping for running text and table cells, code spans.
 * Why here: every text in a report may come from the service under test.
 * Threads: one buffer, one thread.
 */
#pragma once
#include "base/buf.h"

/*
 * Appends at most `max` bytes of `s` ("…" behind it if cut), as text that means nothing to Markdown: no
 * table, link, emphasis, HTML, mention or reference; line breaks become blanks.
 */
void br_markdown_text(br_buf *out, br_str s, size_t max);
/* The same as a code span, also in a table cell; as text if its bytes forbid a span. */
void br_markdown_code(br_buf *out, br_str s, size_t max);
