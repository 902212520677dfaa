#include "http/jar.h"
#include <arpa/inet.h>
#include <ctype.h>
#include <string.h>
#include "base/assert.h"
#include "base/mem.h"

#define NEVER    INT64_MAX
#define HOST_MAX 255 /* of a name in DNS, and more than any address has */

typedef struct entry entry;
struct entry {
    entry *prev, *next;
    br_str name, value, domain, path; /* in `text` */
    uint64_t created;
    int64_t expires;
    bool host_only, secure, quoted;
    size_t bytes;
    char text[];
};

/* The cookies of the hosts that share their last two labels. */
struct br_jar_site {
    br_jar_site *prev, *next;
    entry *first, *last; /* by time of creation */
    size_t count, bytes;
    size_t key_len;
    char key[];
};

br_jar *br_jar_new(void)
{
    br_jar *j = BR_NEW(br_jar);
    j->refs = 1;
    return j;
}

br_jar *br_jar_ref(br_jar *j)
{
    j->refs++;
    return j;
}

void br_jar_unref(br_jar *j)
{
    if (j != NULL && --j->refs == 0) {
        br_jar_clear(j);
        br_free(j);
    }
}

/* Takes an entry out, and its site once it is empty. */
static void drop(br_jar *j, br_jar_site *site, entry *e)
{
    *(e->prev != NULL ? &e->prev->next : &site->first) = e->next;
    *(e->next != NULL ? &e->next->prev : &site->last) = e->prev;
    site->count--;
    site->bytes -= e->bytes;
    j->count--;
    j->bytes -= e->bytes;
    br_free(e);
    if (site->count > 0) {
        return;
    }
    *(site->prev != NULL ? &site->prev->next : &j->sites) = site->next;
    if (site->next != NULL) {
        site->next->prev = site->prev;
    }
    br_free(site);
}

void br_jar_clear(br_jar *j)
{
    while (j->sites != NULL) {
        drop(j, j->sites, j->sites->first);
    }
}

/* Hosts and paths --------------------------------------------------------------------------------- */

/* Where a cookie comes from or goes to, in the form in which it is compared. */
typedef struct place {
    br_str host, key; /* lower case, without a dot at the end; the last two labels of it */
    br_str path;      /* decoded */
    bool tls, address;
    br_buf decoded;
    char text[HOST_MAX + 1];
} place;

static bool is_address(const char *host)
{
    struct in6_addr a;
    return inet_pton(AF_INET, host, &a) == 1 || inet_pton(AF_INET6, host, &a) == 1;
}

static br_str last_two_labels(br_str host)
{
    size_t dots = 0;
    for (size_t i = host.n; i > 1; i--) {
        if (host.p[i - 1] == '.' && ++dots == 2) {
            return br_str_sub(host, i, host.n);
        }
    }
    return host;
}

static int hex_digit(char c)
{
    return c >= '0' && c <= '9' ? c - '0' : (c | 32) >= 'a' && (c | 32) <= 'f' ? (c | 32) - 'a' + 10 : -1;
}

/* The path of a URL as Go's jar compares it: without percent sequences. */
static br_str path_of(const br_url *url, br_buf *decoded)
{
    ptrdiff_t query = br_str_find_char(url->target, '?');
    br_str path = query >= 0 ? br_str_sub(url->target, 0, (size_t) query) : url->target;
    if (path.n == 0 || path.p[0] != '/') {
        return BR_STR("/");
    }
    if (br_str_find_char(path, '%') < 0) {
        return path;
    }
    for (size_t i = 0; i < path.n; i++) {
        char c = path.p[i];
        if (c == '%' && i + 2 < path.n && hex_digit(path.p[i + 1]) >= 0 && hex_digit(path.p[i + 2]) >= 0) {
            c = (char) (hex_digit(path.p[i + 1]) << 4 | hex_digit(path.p[i + 2]));
            i += 2;
        }
        (void) br_buf_putc(decoded, c);
    }
    return br_buf_view(decoded);
}

/* BR_EINVAL: no host can have that name. place_deinit() in any case. */
static br_code place_init(place *at, const br_url *url)
{
    br_str host = url->host;
    br_buf_init(&at->decoded, BR_URL_MAX_BYTES);
    host.n -= host.n > 1 && host.p[host.n - 1] == '.' ? 1 : 0;
    if (host.n == 0 || host.n > HOST_MAX) {
        return BR_EINVAL;
    }
    for (size_t i = 0; i < host.n; i++) {
        at->text[i] = (char) tolower((unsigned char) host.p[i]);
    }
    at->text[host.n] = 0;
    at->host = (br_str){at->text, host.n};
    at->address = is_address(at->text);
    at->key = at->address ? at->host : last_two_labels(at->host);
    at->tls = url->tls;
    at->path = path_of(url, &at->decoded);
    return BR_OK;
}

static void place_deinit(place *at)
{
    br_buf_deinit(&at->decoded);
}

/* Is it ".<domain>" at the end of host? */
static bool below(br_str host, br_str domain)
{
    return host.n > domain.n && host.p[host.n - domain.n - 1] == '.' && br_str_ends(host, domain);
}

/* Section 5.1.4: up to the last slash, without it. */
static br_str default_path(br_str path)
{
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

/* The domain that a cookie is kept for, in `out` of HOST_MAX bytes if it is another than the host. BR_EINVAL:
 * it is none of the host's. */
static br_code domain_of(const place *at, br_str given, char *out, br_str *ret, bool *ret_host_only)
{
    *ret = at->host;
    *ret_host_only = true;
    if (given.n == 0) {
        return BR_OK;
    }
    if (at->address) {
        return br_str_eq(at->host, given) ? BR_OK : BR_EINVAL;
    }
    br_str domain = given.p[0] == '.' ? br_str_sub(given, 1, given.n) : given;
    if (domain.n == 0 || domain.n > HOST_MAX || domain.p[0] == '.' || domain.p[domain.n - 1] == '.') {
        return BR_EINVAL;
    }
    for (size_t i = 0; i < domain.n; i++) {
        out[i] = (char) tolower((unsigned char) domain.p[i]);
    }
    *ret = (br_str){out, domain.n};
    *ret_host_only = false;
    return br_str_eq(at->host, *ret) || below(at->host, *ret) ? BR_OK : BR_EINVAL;
}

static bool goes_with(const entry *e, const place *at, int64_t now)
{
    bool host = br_str_eq(at->host, e->domain) || (!e->host_only && below(at->host, e->domain));
    return host && e->expires > now && (at->tls || !e->secure) && path_fits(at->path, e->path);
}

static br_jar_site *find_site(const br_jar *j, br_str key)
{
    for (br_jar_site *s = j->sites; s != NULL; s = s->next) {
        if (br_str_eq((br_str){s->key, s->key_len}, key)) {
            return s;
        }
    }
    return NULL;
}

/* Keeping ------------------------------------------------------------------------------------------ */

static int64_t expiry(const br_cookie *c, int64_t now)
{
    if (c->max_age != 0) {
        return c->max_age < 0 ? 0 : c->max_age < NEVER - now ? now + c->max_age : NEVER;
    }
    return c->has_expires ? c->expires : NEVER;
}

static entry *find(const br_jar_site *site, br_str domain, br_str path, br_str name)
{
    for (entry *e = site != NULL ? site->first : NULL; e != NULL; e = e->next) {
        if (br_str_eq(e->name, name) && br_str_eq(e->path, path) && br_str_eq(e->domain, domain)) {
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

static size_t bytes_of(const br_cookie *c, br_str domain, br_str path)
{
    return sizeof(entry) + c->name.n + c->value.n + domain.n + path.n;
}

static entry *new_entry(const br_cookie *c, br_str domain, br_str path)
{
    size_t n = bytes_of(c, domain, path);
    entry *e = br_calloc(1, n + 1);
    char *at = put(e->text, c->name, &e->name);
    at = put(at, c->value, &e->value);
    at = put(at, domain, &e->domain);
    (void) put(at, path, &e->path);
    e->secure = c->secure;
    e->quoted = c->quoted;
    e->bytes = n;
    return e;
}

static br_jar_site *take_site(br_jar *j, br_str key)
{
    br_jar_site *s = find_site(j, key);
    if (s != NULL) {
        return s;
    }
    s = br_calloc(1, sizeof(*s) + key.n);
    memcpy(s->key, key.p, key.n);
    s->key_len = key.n;
    s->next = j->sites;
    if (s->next != NULL) {
        s->next->prev = s;
    }
    j->sites = s;
    return s;
}

/* At the end, or, for an old one that is replaced, in its place: it keeps its time of creation. */
static void insert(br_jar *j, br_jar_site *site, entry *e, entry *old)
{
    e->created = old != NULL ? old->created : j->_created++;
    e->prev = old != NULL ? old->prev : site->last;
    e->next = old != NULL ? old->next : NULL;
    *(e->prev != NULL ? &e->prev->next : &site->first) = e;
    *(e->next != NULL ? &e->next->prev : &site->last) = e;
    size_t bytes = e->bytes - (old != NULL ? old->bytes : 0), more = old != NULL ? 0 : 1;
    site->count += more;
    site->bytes += bytes; /* modulo 2^64 also when it shrinks */
    j->count += more;
    j->bytes += bytes;
    br_free(old);
}

static br_jar_site *site_of_oldest(const br_jar *j)
{
    br_jar_site *oldest = j->sites;
    for (br_jar_site *s = j->sites; s != NULL; s = s->next) {
        oldest = s->first->created < oldest->first->created ? s : oldest;
    }
    return oldest;
}

/* The entry just put in is smaller than what a site may have, so that it may stay alone. */
static void evict(br_jar *j, br_jar_site *site)
{
    while (site->count > BR_JAR_SITE_COOKIES_MAX || site->bytes > BR_JAR_SITE_BYTES_MAX) {
        drop(j, site, site->first);
    }
    while (j->count > BR_JAR_COOKIES_MAX || j->bytes > BR_JAR_BYTES_MAX) {
        br_jar_site *oldest = site_of_oldest(j);
        drop(j, oldest, oldest->first);
    }
}

static br_code set(br_jar *j, const place *at, const br_cookie *c, int64_t now)
{
    char text[HOST_MAX];
    br_str domain, path = c->path.n > 0 && c->path.p[0] == '/' ? c->path : default_path(at->path);
    bool host_only;
    br_code code = domain_of(at, c->domain, text, &domain, &host_only);
    if (code != BR_OK) {
        return code;
    }
    br_jar_site *site = find_site(j, at->key);
    entry *old = find(site, domain, path, c->name);
    int64_t expires = expiry(c, now);
    if (expires <= now) {
        if (old != NULL) {
            drop(j, site, old);
        }
        return BR_OK;
    }
    if (bytes_of(c, domain, path) > BR_JAR_SITE_BYTES_MAX) {
        return BR_ELIMIT;
    }
    entry *e = new_entry(c, domain, path);
    e->expires = expires;
    e->host_only = host_only;
    site = take_site(j, at->key);
    insert(j, site, e, old);
    evict(j, site);
    return BR_OK;
}

br_code br_jar_set(br_jar *j, const br_url *url, const br_cookie *c, int64_t now)
{
    place at;
    br_code code = place_init(&at, url);
    code = code == BR_OK ? set(j, &at, c, now) : code;
    place_deinit(&at);
    return code;
}

/* Sending ------------------------------------------------------------------------------------------ */

static size_t collect(const br_jar_site *site, const place *at, int64_t now, const entry **list)
{
    size_t n = 0;
    for (const entry *e = site != NULL ? site->first : NULL; e != NULL; e = e->next) {
        if (!goes_with(e, at, now)) {
            continue;
        }
        size_t i = n++; /* equal lengths stay in the order of creation */
        for (; i > 0 && list[i - 1]->path.n < e->path.n; i--) {
            list[i] = list[i - 1];
        }
        list[i] = e;
    }
    return n;
}

void br_jar_each(br_jar *j, const br_url *url, int64_t now, br_jar_fn *fn, void *ctx)
{
    const entry *list[BR_JAR_SITE_COOKIES_MAX];
    place at;
    if (place_init(&at, url) == BR_OK) {
        size_t n = collect(find_site(j, at.key), &at, now, list);
        for (size_t i = 0; i < n; i++) {
            const br_jar_cookie c = {list[i]->name, list[i]->value, list[i]->quoted};
            fn(ctx, &c);
        }
    }
    place_deinit(&at);
}

void br_jar_remove(br_jar *j, const br_url *url, br_str name, int64_t now)
{
    place at;
    br_jar_site *site = place_init(&at, url) == BR_OK ? find_site(j, at.key) : NULL;
    size_t left = site != NULL ? site->count : 0; /* the site goes with its last cookie */
    for (entry *e = left > 0 ? site->first : NULL, *next; left > 0; e = next, left--) {
        next = e->next;
        if (goes_with(e, &at, now) && (name.p == NULL || br_str_eq(e->name, name))) {
            drop(j, site, e);
        }
    }
    place_deinit(&at);
}
