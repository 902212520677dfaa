/*
 * base/num.h - numbers and durations as text, without locale.
 *
 * What: strict parsing (the whole slice must be the number) and the formats that outputs need.
 * Why here: strtod and printf depend on the locale and accept too much.
 * Threads: any.
 * Source of the duration syntax: Go's time.ParseDuration ("1h30m", "1.5s", "300ms", "-2us"),
 *     with k6's addition of `d` (24 h) and of bare numbers as milliseconds.
 */
#pragma once
#include "base/buf.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/str.h"

/* Parsers: BR_OK, BR_ESYNTAX (not such a number) or BR_ELIMIT (out of range). */
BR_NODISCARD br_code br_parse_i64(br_str s, int64_t *ret_value);
BR_NODISCARD br_code br_parse_u64(br_str s, uint64_t *ret_value);
BR_NODISCARD br_code br_parse_f64(
    br_str s, double *ret_value); /* decimal, exponent allowed; no hex, no inf/nan */
BR_NODISCARD br_code br_parse_bool(
    br_str s, bool *ret_value); /* 1 t T true TRUE True, 0 f F false ... (Go ParseBool) */

typedef enum br_duration_syntax {
    BR_DURATION_GO, /* unit required; "0" is fine */
    BR_DURATION_K6, /* also `d`, and a bare number is milliseconds */
} br_duration_syntax;
BR_NODISCARD br_code br_parse_duration(br_str s, br_duration_syntax syntax, br_ns *ret_ns);

/* What Go says of a text that br_parse_duration() refused, as k6 logs it: `time: unknown unit "x" in duration
 * "5x"`. */
void br_explain_duration(br_str s, br_duration_syntax syntax, char *text, size_t size);

/* Like Go's Duration.String(): "0s", "1.5ms", "1m30s", "2h0m0s". */
br_code br_buf_put_duration(br_buf *b, br_ns d);

/* Shortest text that reads back as the same double; integers without a point ("5", "0.1", "1e+21"). */
br_code br_buf_put_f64(br_buf *b, double v);

/* RFC 3339 with up to nine digits, trailing zeros dropped, in the local time zone (Go's RFC3339Nano). */
br_code br_buf_put_rfc3339(br_buf *b, br_ns wall_ns, bool with_fraction);
