/*
 * http/jar.h - a cookie jar.
 *
 * What: keeps cookies by host and path and tells which go with a request: RFC 6265 sections 5.3 and 5.4,
 * without a list of public suffixes, as k6's. Why here: cookies are a step on top of one exchange
 * (http/fetch.h). Threads: one. Memory: an empty jar holds none. At most BR_JAR_COOKIES_MAX cookies of
 * BR_JAR_BYTES_MAX bytes in all; beyond, the oldest go.
 */
#pragma once
#include "base/clock.h"
#include "codec/cookie.h"
#include "codec/url.h"

#define BR_JAR_COOKIES_MAX 3000
#define BR_JAR_BYTES_MAX   ((size_t) 4 << 20)

typedef struct br_jar_entry br_jar_entry;
typedef struct br_jar {
    br_jar_entry *first, *last; /* by time of creation */
    size_t count, bytes;
} br_jar;

void br_jar_init(br_jar *j);
void br_jar_clear(br_jar *j); /* empty again, without memory */

/* Keeps a cookie that an answer from `url` set, or that a script sets for it. `now` is wall-clock seconds
 * since 1970. BR_EINVAL: its domain does not fit the host. One that has expired removes its namesake. */
br_code br_jar_set(br_jar *j, const br_url *url, const br_cookie *c, int64_t now);

/* Calls fn for each cookie that goes with a request to url, longest paths first, then the oldest. */
typedef void br_jar_fn(void *ctx, br_str name, br_str value);
void br_jar_each(br_jar *j, const br_url *url, int64_t now, br_jar_fn *fn, void *ctx);

/* Removes the cookies that would go with a request to url; with that name, or all (name.p == NULL). */
void br_jar_remove(br_jar *j, const br_url *url, br_str name, int64_t now);
