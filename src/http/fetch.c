#include "http/fetch.h"
#include <stdio.h>
#include "base/assert.h"
#include "base/random.h"
#include "codec/credentials.h"
#include "http/auth_int.h"
#include "http/coding.h"

#define MORE_HEADERS 4

static void on_step(br_http_exchange *x, void *ctx);

static br_arena *arena_of(br_http_fetch *f)
{
    if (!f->_has_arena) {
        br_arena_init(&f->_arena, 2048);
        f->_has_arena = true;
    }
    return &f->_arena;
}

static int64_t wall_seconds(void)
{
    return br_clock_wall() / BR_SEC;
}

static void finish(br_http_fetch *f)
{
    br_http_response *r = f->response;
    bool cut = r->error.code != BR_OK && r->body.len == 0; /* with nothing to decode */
    if (!cut && !f->current->drop_body && r->status != 204 && r->status != 304) {
        br_http_decode(br_http_client_coder(f->_client), r); /* it sets the error */
    }
    f->_on_done(f->_ctx);
}

/* Headers ----------------------------------------------------------------------------------------- */

typedef struct cookie_line {
    br_http_fetch *f;
    br_buf text;
} cookie_line;

static void put_jar_cookie(void *ctx, br_str name, br_str value)
{
    cookie_line *line = ctx;
    const br_http_fetch_options *o = &line->f->_options;
    for (size_t i = 0; i < o->cookie_count; i++) {
        if (o->cookies[i].replace && br_str_eq(o->cookies[i].name, name)) {
            return;
        }
    }
    br_cookie_put(&line->text, name, value);
}

/* The Cookie field of a hop: what the script's header says, then the request's own cookies, then the jar's.
 */
static br_str cookies_of(br_http_fetch *f, const br_url *url, br_str given)
{
    const br_http_fetch_options *o = &f->_options;
    cookie_line line = {.f = f};
    br_buf_init(&line.text, 1 << 20);
    (void) br_buf_put(&line.text, given);
    for (size_t i = 0; i < o->cookie_count; i++) {
        br_cookie_put(&line.text, o->cookies[i].name, o->cookies[i].value);
    }
    if (o->jar != NULL && o->jar->count > 0) {
        br_jar_each(o->jar, url, wall_seconds(), put_jar_cookie, &line);
    }
    br_str text = br_arena_str(arena_of(f), br_buf_view(&line.text));
    br_buf_deinit(&line.text);
    return text;
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
    static const char *const sensitive[] = {"Authorization", "Www-Authenticate", "Cookie2"};
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

/* Fills the headers of the step: those of the first request that come along, and what follows from the URL.
 */
static void make_headers(br_http_fetch *f, br_http_request *step, br_str referer)
{
    const br_http_request *first = f->first;
    br_arena *arena = arena_of(f);
    br_http_header *list = br_arena_alloc(arena, (first->header_count + MORE_HEADERS) * sizeof(*list));
    size_t n = 0;
    for (size_t i = 0; i < first->header_count; i++) {
        if (!stays_behind(f, first->headers[i].name)) {
            list[n++] = first->headers[i];
        }
    }
    br_str given = f->_sensitive_dropped || f->hops > 0 ? BR_STR_NONE : header_of(first, BR_STR("Cookie"));
    br_str cookies = cookies_of(f, &step->url, given);
    br_str own_referer = header_of(first, BR_STR("Referer"));
    bool authorized = !f->_sensitive_dropped && header_of(first, BR_STR("Authorization")).p != NULL;
    if (cookies.n > 0) {
        put_sorted(list, &n, BR_STR("Cookie"), cookies);
    }
    if (own_referer.n > 0 || referer.n > 0) {
        put_sorted(list, &n, BR_STR("Referer"), own_referer.n > 0 ? own_referer : referer);
    }
    if (f->_authorization.n > 0) {
        put_sorted(list, &n, BR_STR("Authorization"), f->_authorization);
    } else if (f->_options.auth == BR_AUTH_BASIC && step->url.userinfo.p != NULL && !authorized) {
        put_sorted(list, &n, BR_STR("Authorization"), br_credentials_basic_of(arena, step->url.userinfo));
    }
    step->headers = list;
    step->header_count = n;
}

/* Steps ------------------------------------------------------------------------------------------- */

static void start_step(br_http_fetch *f)
{
    br_http_start(f->_client, &f->_exchange, f->current, f->response, on_step, f);
}

/* A further step: made of f->_step with its headers anew. The whole chain has one time limit. */
static void go_on(br_http_fetch *f, br_str referer)
{
    make_headers(f, &f->_step, referer);
    if (f->first->timeout_ns > 0) {
        br_ns left = f->_deadline - f->response->times.end;
        f->_step.timeout_ns = left > 0 ? left : 1;
    }
    f->current = &f->_step;
    start_step(f);
}

/* Does the first step need anything that the request itself does not have? */
static bool plain(const br_http_fetch *f)
{
    const br_http_fetch_options *o = &f->_options;
    return o->cookie_count == 0 && (o->jar == NULL || o->jar->count == 0) && f->first->url.userinfo.p == NULL;
}

/* Cookies ------------------------------------------------------------------------------------------ */

static void keep_cookies(br_http_fetch *f)
{
    const br_http_response *r = f->response;
    br_jar *jar = f->_options.jar;
    for (size_t i = 0; jar != NULL && i < r->fields.len; i++) {
        br_cookie c;
        if (r->fields.data[i].name_len != 10 ||
            !br_str_eq_nocase(br_http_field_name(r, i), BR_STR("Set-Cookie"))) {
            continue;
        }
        if (br_cookie_parse(br_http_field_value(r, i), &c) == BR_OK) {
            (void) br_jar_set(jar, &f->current->url, &c, wall_seconds()); /* of a foreign domain: not kept */
        }
    }
}

/* Redirects ---------------------------------------------------------------------------------------- */

static bool redirects(int status)
{
    return status == 301 || status == 302 || status == 303 || status == 307 || status == 308;
}

static bool same_or_below(br_str host, br_str parent)
{
    return br_str_eq_nocase(host, parent) ||
           (host.n > parent.n && host.p[host.n - parent.n - 1] == '.' && br_str_find_char(parent, ':') < 0 &&
               br_str_eq_nocase(br_str_sub(host, host.n - parent.n, host.n), parent));
}

/* Go's Referer: the last URL without its credentials; none from https to http. */
static br_str referer_for(br_http_fetch *f, const br_url *last, const br_url *next)
{
    if (last->tls && !next->tls) {
        return BR_STR_NONE;
    }
    if (last->userinfo.p == NULL) {
        return last->text;
    }
    size_t after = (size_t) (last->userinfo.p + last->userinfo.n + 1 - last->text.p);
    br_str rest = br_str_sub(last->text, after, last->text.n);
    return br_str_of(br_arena_printf(arena_of(f), BR_FMT "://" BR_FMT, BR_ARG(last->scheme), BR_ARG(rest)));
}

/* The answer cannot be followed: it becomes an error, as Go's client makes it. */
static void fail_location(br_http_fetch *f, br_code code, const char *text)
{
    f->response->status = 0;
    br_http_error_set(&f->response->error, code, BR_STEP_READ, text);
    finish(f);
}

/* Fills the step for a redirect to `url`, whose text is in the arena. */
static void plan(br_http_fetch *f, const br_url *url, bool relative)
{
    const br_http_request *last = f->current;
    int status = f->response->status;
    br_http_request step = *f->first;
    step.method = last->method;
    step.host = relative ? last->host : BR_STR_NONE;
    step.url = *url;
    if (status == 301 || status == 302 || status == 303) {
        bool keeps = br_str_is(last->method, "GET") || br_str_is(last->method, "HEAD");
        step.method = keeps ? last->method : BR_STR("GET");
        f->_body_dropped = true;
    }
    if (f->_body_dropped) {
        step.body = BR_STR_NONE;
    }
    f->_sensitive_dropped = f->_sensitive_dropped || !same_or_below(url->host, f->first->url.host);
    f->_authorization = BR_STR_NONE;
    f->challenged = false;
    f->_step = step;
}

static void follow(br_http_fetch *f, br_str location)
{
    br_err err;
    br_url url;
    br_buf text;
    br_buf_init(&text, BR_URL_MAX_BYTES);
    bool relative = false;
    br_code code = br_url_resolve(&f->current->url, location, &text, &relative);
    br_str kept = code == BR_OK ? br_arena_str(arena_of(f), br_buf_view(&text)) : BR_STR_NONE;
    br_buf_deinit(&text);
    if (code == BR_OK) {
        code = br_url_parse(kept, &url, &err);
    } else {
        (void) br_fail(&err, code, "parse: URL too long");
    }
    if (code != BR_OK && code != BR_EUNSUPPORTED) {
        char why[400];
        snprintf(why, sizeof(why), "failed to parse Location header \"%.*s\": %s",
            (int) (location.n < 100 ? location.n : 100), location.p, err.msg);
        fail_location(f, BR_EPROTO, why);
        return;
    }
    if (f->hops >= f->_options.max_redirects) {
        f->stopped = true;
        finish(f);
        return;
    }
    br_http_request answered = *f->current; /* the step is about to be made anew */
    f->_on_hop(f->_ctx, &answered, false);
    f->hops++;
    if (code == BR_EUNSUPPORTED) { /* the next hop ends before it begins */
        f->_step = answered;
        f->_step.url = (br_url){.text = kept};
        f->current = &f->_step;
        br_http_response_reset(f->response);
        f->response->times.start = f->response->times.end = br_clock_now();
        fail_location(f, BR_EPROTO, err.msg);
        return;
    }
    br_str referer = referer_for(f, &answered.url, &url);
    plan(f, &url, relative);
    go_on(f, referer);
}

/* Authentication ----------------------------------------------------------------------------------- */

static br_str random_text(br_arena *arena)
{
    br_random r;
    br_random_seed_os(&r);
    return br_str_of(br_arena_printf(arena, "%016llx%016llx", (unsigned long long) br_random_u64(&r),
        (unsigned long long) br_random_u64(&r)));
}

/* The challenge is answered once; what comes then is the answer. */
static bool answer_challenge(br_http_fetch *f)
{
    br_http_digest d;
    br_buf uri;
    br_arena *arena = arena_of(f);
    const br_http_request *q = f->current;
    br_str field = br_http_response_header(f->response, BR_STR("Www-Authenticate"));
    if (field.p == NULL || br_http_digest_parse(field, &d) != BR_OK) {
        return false;
    }
    br_buf_init(&uri, 3 * BR_URL_MAX_BYTES);
    br_code code = br_url_put_target(&q->url, &uri);
    if (code == BR_OK) {
        code = br_http_digest_answer(arena, &d, q->method, br_arena_str(arena, br_buf_view(&uri)), q->body,
            q->url.userinfo, random_text(arena), &f->_authorization);
    }
    br_buf_deinit(&uri);
    return code == BR_OK;
}

static bool challenges(const br_http_fetch *f)
{
    return f->_options.auth == BR_AUTH_DIGEST && !f->challenged && f->response->status == 401 &&
           f->current->url.userinfo.p != NULL;
}

/* Events ------------------------------------------------------------------------------------------- */

static void on_step(br_http_exchange *x, void *ctx)
{
    (void) x;
    br_http_fetch *f = ctx;
    br_http_response *r = f->response;
    if (r->error.code != BR_OK) {
        finish(f);
        return;
    }
    keep_cookies(f);
    if (BR_UNLIKELY(challenges(f)) && answer_challenge(f)) {
        f->_on_hop(f->_ctx, f->current, true);
        f->challenged = true;
        f->_step = *f->current;
        go_on(f, BR_STR_NONE);
        return;
    }
    br_str location = BR_UNLIKELY(redirects(r->status)) ? br_http_response_header(r, BR_STR("Location"))
                                                        : BR_STR_NONE;
    if (location.n > 0) {
        follow(f, location);
    } else {
        finish(f);
    }
}

void br_http_fetch_start(br_http_client *client, br_http_fetch *f, const br_http_request *first,
    br_http_response *response, const br_http_fetch_options *options, br_http_hop_fn *on_hop,
    br_http_fetched_fn *on_done, void *ctx)
{
    f->_client = client;
    f->_options = *options;
    f->first = f->current = first;
    f->response = response;
    f->_on_hop = on_hop;
    f->_on_done = on_done;
    f->_ctx = ctx;
    f->hops = 0;
    f->stopped = f->_sensitive_dropped = f->_body_dropped = f->challenged = false;
    f->_authorization = BR_STR_NONE;
    f->_deadline = first->timeout_ns > 0 ? br_clock_now() + first->timeout_ns : BR_NS_MAX;
    if (f->_has_arena) {
        br_arena_reset(&f->_arena);
    }
    if (BR_UNLIKELY(!plain(f))) {
        f->_step = *first;
        make_headers(f, &f->_step, BR_STR_NONE);
        f->current = &f->_step;
    }
    start_step(f);
}

void br_http_fetch_cancel(br_http_fetch *f)
{
    br_http_cancel(&f->_exchange);
}

void br_http_fetch_deinit(br_http_fetch *f)
{
    if (f->_has_arena) {
        br_arena_deinit(&f->_arena);
        f->_has_arena = false;
    }
}
