/*
 * report/quick_json.h - the result of a load without a script as JSON.
 *
 * What: everything that the text says, for programs. Documented in docs/quick-json.md, which
 *     docs/quick-result.schema.json says in JSON Schema.
 * Threads: any.
 */
#pragma once
#include "base/buf.h"
#include "report/quick_figures.h"

void br_quick_json_write(const br_quick_result *r, const br_percentiles *p, br_buf *out);
