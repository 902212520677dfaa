/*
 * codec/cookie.h - Set-Cookie fields to values, and cookies to a Cookie field.
 *
 * What: RFC 6265 section 5.2 with the leniencies of Go's net/http, which k6 scripts see.
 * Why here: no I/O; the jar (http/jar.h) and responses (script/) read the same thing.
 * Threads: values.
 * Memory: slices point into the text that was parsed.
 */
#pragma once
#include "base/buf.h"
#include "base/err.h"
#include "base/str.h"

typedef struct br_cookie {
    br_str name, value;  /* without the quotes around it */
    br_str domain, path; /* as given; n == 0: absent */
    bool has_expires;
    int64_t expires; /* seconds since 1970 */
    int64_t max_age; /* seconds; -1: at once (given as 0 or less); 0: absent */
    bool secure, http_only;
    bool quoted; /* the value stood in quotes */
} br_cookie;

/* BR_ESYNTAX: no cookie (no name, or characters that neither name nor value may have). */
BR_NODISCARD br_code br_cookie_parse(br_str text, br_cookie *ret);

/*
 * A date of the forms that Go takes, RFC 1123's: "Fri, 01 Jan 2100 00:00:00 GMT", also with dashes. Names may
 * be in any case, the day of the week may be wrong, the hour may have one digit, seconds may have fractions,
 * and the zone, which must look like one, is taken for GMT. BR_ESYNTAX: others, also those of RFC 850 and of
 * asctime().
 */
BR_NODISCARD br_code br_cookie_parse_date(br_str text, int64_t *ret_seconds);

/* Appends "; " if `out` holds something already, then name=value as Go sends it: bytes that may not stand in
 * a value are left out, and one with a blank or a comma is quoted, as is one that came in quotes. */
void br_cookie_put(br_buf *out, br_str name, br_str value, bool quoted);
