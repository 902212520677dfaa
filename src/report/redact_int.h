/*
 * report/redact_int.h - URLs in texts that leave the house.
 *
 * What: takes user, password, query and fragment out of every URL in a text.
 * Why here: they hold tokens more often than not, and a chat has other readers than a report.
 * Threads: one buffer, one thread.
 */
#pragma once
#include "base/buf.h"

/* Appends `text`: "http://u:p@h/a?t=1 b" becomes "http://h/a?… b". */
void br_redact_urls(br_buf *out, br_str text);
