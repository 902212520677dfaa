/*
 * http/jar.h - a cookie jar.
 *
 * What: keeps cookies by host and path and tells which go with a request: RFC 6265 sections 5.3 and 5.4,
 *     without a list of public suffixes, as Go's jar without one: a cookie is seen by hosts that share the
 *     last two labels with the host that set it, so one of the domain "com" does not travel.
 * Why here: cookies are a step on top of one exchange (http/fetch.h).
 * Threads: one.
 * Memory: heap, shared by counted references: a script may keep a jar that its virtual user has left behind.
 *     An empty jar holds nothing else. The limits below bound what servers can store; beyond them, the oldest
 *     cookies go: of that site (hosts with the same last two labels), then of all.
 */
#pragma once
#include "base/clock.h"
#include "codec/cookie.h"
#include "codec/url.h"

#define BR_JAR_COOKIES_MAX      3000
#define BR_JAR_BYTES_MAX        ((size_t) 4 << 20)
#define BR_JAR_SITE_COOKIES_MAX 512
#define BR_JAR_SITE_BYTES_MAX   ((size_t) 256 << 10) /* more would not fit into a request's header */

typedef struct br_jar_site br_jar_site;
typedef struct br_jar {
    br_jar_site *sites;
    size_t count, bytes; /* of cookies; private but for reading */
    uint64_t _created;
    unsigned refs;
} br_jar;

br_jar *br_jar_new(void); /* one reference */
br_jar *br_jar_ref(br_jar *j);
void br_jar_unref(br_jar *j); /* fine with NULL */
void br_jar_clear(br_jar *j);

/* Keeps a cookie that an answer from `url` set, or that a script sets for it. `now` is wall-clock seconds
 * since 1970. One that has expired removes its namesake. BR_EINVAL: its domain does not fit the host.
 * BR_ELIMIT: larger than what a site may have. */
br_code br_jar_set(br_jar *j, const br_url *url, const br_cookie *c, int64_t now);

/* What a request says of a cookie. */
typedef struct br_jar_cookie {
    br_str name, value;
    bool quoted; /* it came in quotes and goes in quotes */
} br_jar_cookie;

/* Calls fn for each cookie that goes with a request to url, longest paths first, then the oldest. */
typedef void br_jar_fn(void *ctx, const br_jar_cookie *c);
void br_jar_each(br_jar *j, const br_url *url, int64_t now, br_jar_fn *fn, void *ctx);

/* Removes the cookies that would go with a request to url; with that name, or all (name.p == NULL). */
void br_jar_remove(br_jar *j, const br_url *url, br_str name, int64_t now);
