#include "codec/cookie.h"
#include "codec/credentials.h"
#include "http/fetch_int.h"

#define MORE_HEADERS 4
#define COOKIES_MAX  ((size_t) 1 << 20)

static void put_jar_cookie(void *ctx, const br_jar_cookie *c)
{
    br_http_fetch *f = ctx;
    const br_http_fetch_options *o = &f->_options;
    for (size_t i = 0; i < o->cookie_count; i++) {
        if (o->cookies[i].replace && br_str_eq(o->cookies[i].name, c->name)) {
            return;
        }
    }
    br_cookie_put(&f->_line, c->name, c->value, c->quoted);
}

/* The Cookie field of a hop: what the script's header says, then the request's own cookies, then the jar's.
 */
static br_str cookies_of(br_http_fetch *f, const br_url *url, br_str given)
{
    const br_http_fetch_options *o = &f->_options;
    f->_line.max_bytes = COOKIES_MAX;
    br_buf_reset(&f->_line);
    (void) br_buf_put(&f->_line, given);
    for (size_t i = 0; i < o->cookie_count; i++) {
        br_cookie_put(&f->_line, o->cookies[i].name, o->cookies[i].value, false);
    }
    if (o->jar != NULL && o->jar->count > 0) {
        br_jar_each(o->jar, url, br_clock_wall() / BR_SEC, put_jar_cookie, f);
    }
    return br_arena_str(br_http_fetch_arena(f), br_buf_view(&f->_line));
}

static br_str header_of(const br_http_request *q, br_str name)
{
    for (size_t i = 0; i < q->header_count; i++) {
        if (br_str_eq_nocase(q->headers[i].name, name)) {
            return q->headers[i].value;
        }
    }
    return BR_STR_NONE;
}

static bool is_any(br_str name, const char *const *list, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (br_str_eq_nocase(name, br_str_of(list[i]))) {
            return true;
        }
    }
    return false;
}

/* Does a header of the first request stay behind on this hop? */
static bool stays_behind(const br_http_fetch *f, br_str name)
{
    static const char *const sensitive[] = {
        "Authorization", "Www-Authenticate", "Cookie2", "Proxy-Authorization", "Proxy-Authenticate"};
    static const char *const of_body[] = {"Content-Length", "Content-Type", "Content-Encoding",
        "Content-Language", "Content-Location", "Transfer-Encoding"};
    static const char *const own[] = {"Cookie", "Referer"};
    return (f->_sensitive_dropped && is_any(name, sensitive, BR_COUNT_OF(sensitive))) ||
           (f->_body_dropped && is_any(name, of_body, BR_COUNT_OF(of_body))) ||
           is_any(name, own, BR_COUNT_OF(own));
}

/* Header fields are sent in k6's order: User-Agent and Content-Length, then the others by name. */
static void put_sorted(br_http_header *list, size_t *count, br_str name, br_str value)
{
    size_t i = *count;
    for (; i > 0 && !br_str_eq_nocase(list[i - 1].name, BR_STR("User-Agent")) &&
           !br_str_eq_nocase(list[i - 1].name, BR_STR("Content-Length")) &&
           br_str_cmp(list[i - 1].name, name) > 0;
         i--) {
        list[i] = list[i - 1];
    }
    list[i] = (br_http_header){name, value};
    (*count)++;
}

br_str br_http_fetch_own_authorization(const br_http_fetch *f)
{
    return f->_sensitive_dropped ? BR_STR_NONE : header_of(f->first, BR_STR("Authorization"));
}

/* What goes as Authorization besides the script's own; n == 0: nothing. */
static br_str authorization(br_http_fetch *f, const br_url *url)
{
    if (f->_authorization.n > 0 || f->_options.auth != BR_AUTH_BASIC || url->userinfo.p == NULL ||
        br_http_fetch_own_authorization(f).p != NULL) {
        return f->_authorization;
    }
    return br_credentials_basic_of(br_http_fetch_arena(f), url->userinfo);
}

/* The script's own goes before the URL of the last hop. */
static br_str referer_of(br_http_fetch *f, br_str referer)
{
    br_str own = header_of(f->first, BR_STR("Referer"));
    return own.n > 0 ? own : br_arena_str(br_http_fetch_arena(f), referer);
}

void br_http_fetch_put_headers(br_http_fetch *f, br_http_request *step, br_str referer)
{
    const br_http_request *first = f->first;
    br_arena *arena = br_http_fetch_arena(f);
    br_http_header *list = br_arena_alloc(arena, (first->header_count + MORE_HEADERS) * sizeof(*list));
    size_t n = 0;
    br_str auth = authorization(f, &step->url);
    bool replaced = auth.n > 0 || br_http_fetch_logs_in(f, &step->url);
    for (size_t i = 0; i < first->header_count; i++) {
        br_str name = first->headers[i].name;
        if (!stays_behind(f, name) && !(replaced && br_str_eq_nocase(name, BR_STR("Authorization")))) {
            list[n++] = first->headers[i];
        }
    }
    bool own_cookies = !f->_sensitive_dropped && f->hops == 0;
    br_str cookies = cookies_of(
        f, &step->url, own_cookies ? header_of(first, BR_STR("Cookie")) : BR_STR_NONE);
    referer = referer_of(f, referer);
    if (cookies.n > 0) {
        put_sorted(list, &n, BR_STR("Cookie"), cookies);
    }
    if (referer.n > 0) {
        put_sorted(list, &n, BR_STR("Referer"), referer);
    }
    if (auth.n > 0) {
        put_sorted(list, &n, BR_STR("Authorization"), auth);
    }
    step->headers = list;
    step->header_count = n;
    step->_wire = BR_STR_NONE; /* another request than the one it was prepared for */
}
