/*
 * base/log.h - the log of the process.
 *
 * What: levelled lines with fields, as text for people or as JSON, in k6's two formats.
 * Why here: one sink, one format; libraries (below engine/) log at debug only, and the layer that
 *     decides about a failure logs it once.
 * Threads: any; a line is written whole. The configuration is set once before threads start.
 * See: the k6 formats: text `time="RFC3339" level=info msg="..." key=value`, on a terminal
 *     `INFO[0003] msg   key=value`; JSON with sorted keys; raw: the message only.
 */
#pragma once
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include "base/compiler.h"
#include "base/str.h"

typedef enum br_log_level { BR_LOG_ERROR, BR_LOG_WARN, BR_LOG_INFO, BR_LOG_DEBUG } br_log_level;
typedef enum br_log_format { BR_LOG_TEXT, BR_LOG_JSON, BR_LOG_RAW } br_log_format;

typedef struct br_log_config {
    br_log_level level;
    br_log_format format;
    FILE *out;   /* NULL: drop everything. Borrowed. */
    bool colour; /* terminal form with level names in colour */
    bool terminal;
} br_log_config;

/* A field of a line: key and text, printed in key order. */
typedef struct br_log_field {
    const char *key;
    br_str value;
} br_log_field;

void br_log_setup(const br_log_config *config); /* default: info, text, stderr */
bool br_log_enabled(br_log_level level);

/* Called for lines while something else (a progress display) owns the terminal: before and after. */
void br_log_set_hooks(void (*before)(void *), void (*after)(void *), void *ctx);

/*
 * From now on the text is replaced by ***SECRET_REDACTED*** in messages and fields of all lines, as k6 does
 * with secrets that a script has got. Copied, and kept until the process ends. Empty: nothing happens.
 */
void br_log_hide(br_str secret);

void br_log_line(br_log_level level, br_str msg, const br_log_field *fields, size_t field_count);
/* The same to another stream in the configured format without colour (--console-output). */
void br_log_line_to(
    FILE *out, br_log_level level, br_str msg, const br_log_field *fields, size_t field_count);

BR_PRINTF(1, 2) void br_error(const char *fmt, ...);
BR_PRINTF(1, 2) void br_warn(const char *fmt, ...);
BR_PRINTF(1, 2) void br_info(const char *fmt, ...);
BR_PRINTF(1, 2) void br_debug(const char *fmt, ...);
