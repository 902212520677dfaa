#include "http/jar.h"
#include <arpa/inet.h>
#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include "base/mem.h"

#define NEVER     INT64_MAX
#define MATCH_MAX 512 /* cookies of one request; more would not fit into a header */

struct br_jar_entry {
    br_jar_entry *prev, *next;
    br_str name, value, domain, path; /* in `text` */
    int64_t expires;
    bool host_only, secure;
    size_t bytes;
    char text[];
};

void br_jar_init(br_jar *j)
{
    *j = (br_jar){0};
}

static void drop(br_jar *j, br_jar_entry *e)
{
    *(e->prev != NULL ? &e->prev->next : &j->first) = e->next;
    *(e->next != NULL ? &e->next->prev : &j->last) = e->prev;
    j->count--;
    j->bytes -= e->bytes;
    br_free(e);
}

void br_jar_clear(br_jar *j)
{
    while (j->first != NULL) {
        drop(j, j->first);
    }
}

/* Hosts and paths --------------------------------------------------------------------------------- */

static bool is_address(br_str host)
{
    char text[64];
    struct in6_addr a;
    if (host.n == 0 || host.n >= sizeof(text)) {
        return false;
    }
    memcpy(text, host.p, host.n);
    text[host.n] = 0;
    return inet_pton(AF_INET, text, &a) == 1 || inet_pton(AF_INET6, text, &a) == 1;
}

/* Is it ".<domain>" at the end of host? */
static bool below(br_str host, br_str domain)
{
    return host.n > domain.n && host.p[host.n - domain.n - 1] == '.' &&
           br_str_eq_nocase(br_str_sub(host, host.n - domain.n, host.n), domain);
}

static br_str path_of(const br_url *url)
{
    ptrdiff_t query = br_str_find_char(url->target, '?');
    br_str path = query >= 0 ? br_str_sub(url->target, 0, (size_t) query) : url->target;
    return path.n > 0 && path.p[0] == '/' ? path : BR_STR("/");
}

/* Section 5.1.4: up to the last slash, without it. */
static br_str default_path(const br_url *url)
{
    br_str path = path_of(url);
    size_t n = path.n;
    while (n > 0 && path.p[n - 1] != '/') {
        n--;
    }
    return n > 1 ? br_str_sub(path, 0, n - 1) : BR_STR("/");
}

static bool path_fits(br_str path, br_str cookie)
{
    return br_str_starts(path, cookie) &&
           (path.n == cookie.n || cookie.p[cookie.n - 1] == '/' || path.p[cookie.n] == '/');
}

/* The domain that a cookie is kept for. False: it is not one of the host's. */
static bool domain_of(br_str host, br_str given, br_str *ret, bool *ret_host_only)
{
    *ret = host;
    *ret_host_only = true;
    if (given.n == 0) {
        return true;
    }
    if (is_address(host)) {
        return br_str_eq(host, given);
    }
    br_str domain = given.p[0] == '.' ? br_str_sub(given, 1, given.n) : given;
    if (domain.n == 0 || domain.p[0] == '.' || domain.p[domain.n - 1] == '.' || is_address(domain)) {
        return false;
    }
    *ret = domain;
    *ret_host_only = false;
    return br_str_eq_nocase(host, domain) || below(host, domain);
}

static bool goes_with(const br_jar_entry *e, const br_url *url, int64_t now)
{
    bool host = br_str_eq_nocase(url->host, e->domain) || (!e->host_only && below(url->host, e->domain));
    return host && e->expires > now && (url->tls || !e->secure) && path_fits(path_of(url), e->path);
}

/* Keeping ------------------------------------------------------------------------------------------ */

static int64_t expiry(const br_cookie *c, int64_t now)
{
    if (c->max_age != 0) {
        return c->max_age < 0 ? 0 : c->max_age < NEVER - now ? now + c->max_age : NEVER;
    }
    return c->has_expires ? c->expires : NEVER;
}

static br_jar_entry *find(const br_jar *j, br_str domain, br_str path, br_str name)
{
    for (br_jar_entry *e = j->first; e != NULL; e = e->next) {
        if (br_str_eq(e->name, name) && br_str_eq(e->path, path) && br_str_eq_nocase(e->domain, domain)) {
            return e;
        }
    }
    return NULL;
}

static char *put(char *at, br_str s, br_str *ret)
{
    if (s.n > 0) {
        memcpy(at, s.p, s.n);
    }
    *ret = (br_str){at, s.n};
    return at + s.n;
}

static br_jar_entry *new_entry(const br_cookie *c, br_str domain, br_str path)
{
    size_t n = c->name.n + c->value.n + domain.n + path.n;
    br_jar_entry *e = br_calloc(1, sizeof(*e) + n + 1);
    char *at = put(e->text, c->name, &e->name);
    at = put(at, c->value, &e->value);
    at = put(at, domain, &e->domain);
    (void) put(at, path, &e->path);
    e->bytes = sizeof(*e) + n;
    return e;
}

/* At the end, or, for an old one that is replaced, in its place: it keeps its time of creation. */
static void insert(br_jar *j, br_jar_entry *e, br_jar_entry *old)
{
    e->prev = old != NULL ? old->prev : j->last;
    e->next = old != NULL ? old->next : NULL;
    *(e->prev != NULL ? &e->prev->next : &j->first) = e;
    *(e->next != NULL ? &e->next->prev : &j->last) = e;
    j->count++;
    j->bytes += e->bytes;
    if (old != NULL) {
        j->count--;
        j->bytes -= old->bytes;
        br_free(old);
    }
}

br_code br_jar_set(br_jar *j, const br_url *url, const br_cookie *c, int64_t now)
{
    br_str domain, path = c->path.n > 0 && c->path.p[0] == '/' ? c->path : default_path(url);
    bool host_only;
    if (!domain_of(url->host, c->domain, &domain, &host_only)) {
        return BR_EINVAL;
    }
    br_jar_entry *old = find(j, domain, path, c->name);
    int64_t expires = expiry(c, now);
    if (expires <= now) {
        if (old != NULL) {
            drop(j, old);
        }
        return BR_OK;
    }
    br_jar_entry *e = new_entry(c, domain, path);
    e->expires = expires;
    e->host_only = host_only;
    e->secure = c->secure;
    insert(j, e, old);
    while (j->first != e && (j->count > BR_JAR_COOKIES_MAX || j->bytes > BR_JAR_BYTES_MAX)) {
        drop(j, j->first);
    }
    return BR_OK;
}

/* Sending ------------------------------------------------------------------------------------------ */

void br_jar_each(br_jar *j, const br_url *url, int64_t now, br_jar_fn *fn, void *ctx)
{
    const br_jar_entry *list[MATCH_MAX];
    size_t n = 0;
    for (const br_jar_entry *e = j->first; e != NULL && n < MATCH_MAX; e = e->next) {
        if (!goes_with(e, url, now)) {
            continue;
        }
        size_t i = n++; /* equal lengths stay in the order of creation */
        for (; i > 0 && list[i - 1]->path.n < e->path.n; i--) {
            list[i] = list[i - 1];
        }
        list[i] = e;
    }
    for (size_t i = 0; i < n; i++) {
        fn(ctx, list[i]->name, list[i]->value);
    }
}

void br_jar_remove(br_jar *j, const br_url *url, br_str name, int64_t now)
{
    for (br_jar_entry *e = j->first, *next; e != NULL; e = next) {
        next = e->next;
        if (goes_with(e, url, now) && (name.p == NULL || br_str_eq(e->name, name))) {
            drop(j, e);
        }
    }
}
