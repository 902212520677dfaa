/*
 * report/quick_json.h - the result of a load without a script as JSON.
 *
 * What: everything that the text says, for programs; the schema is docs/quick-result.schema.json.
 * Threads: any.
 */
#pragma once
#include "base/buf.h"
#include "stat/quick_result.h"

/* Percentiles that are written, 0..100. */
typedef struct br_percentiles {
    double list[64];
    size_t count;
} br_percentiles;

void br_quick_json_write(const br_quick_result *r, const br_percentiles *p, br_buf *out);
