#include "http/fetch_int.h"
#include <stdio.h>
#include "base/assert.h"
#include "http/coding.h"

static void on_step(br_http_exchange *x, void *ctx);

br_arena *br_http_fetch_arena(br_http_fetch *f)
{
    if (!f->_has_arenas) {
        br_arena_init(&f->_arenas[0], 2048);
        br_arena_init(&f->_arenas[1], 2048);
        f->_has_arenas = true;
    }
    return &f->_arenas[f->_turn];
}

/* The arenas take turns: a hop is made while the last one is still looked at, and older ones are gone. */
static br_arena *next_arena(br_http_fetch *f)
{
    f->_turn ^= 1;
    br_arena *arena = br_http_fetch_arena(f);
    br_arena_reset(arena);
    return arena;
}

static void finish(br_http_fetch *f)
{
    br_http_response *r = f->response;
    bool cut = r->error.code != BR_OK && r->body.len == 0; /* with nothing to decode */
    if (!cut && !f->current->drop_body && !f->current->upgrade && r->status != 204 && r->status != 304) {
        br_http_decode(br_http_client_coder(f->_client), r); /* it sets the error */
    }
    f->_on_done(f->_ctx);
}

/* Steps ------------------------------------------------------------------------------------------- */

static void start_step(br_http_fetch *f)
{
    br_http_start(f->_client, &f->_exchange, f->current, f->response, on_step, f);
}

/* A further step: made of f->_step with its headers anew. The whole chain has one time limit. */
static void go_on(br_http_fetch *f, br_str referer)
{
    f->_referer = referer;
    br_http_fetch_put_headers(f, &f->_step, referer);
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
    return o->cookie_count == 0 && (o->jar == NULL || o->jar->count == 0) &&
           f->first->url.userinfo.p == NULL && o->auth == BR_AUTH_BASIC;
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
            /* Of a foreign domain, or too large: not kept. */
            (void) br_jar_set(jar, &f->current->url, &c, br_clock_wall() / BR_SEC);
        }
    }
}

/* Redirects ---------------------------------------------------------------------------------------- */

static bool redirects(int status)
{
    return status == 301 || status == 302 || status == 303 || status == 307 || status == 308;
}

/* May credentials that were meant for `first` go to `host`? To its subdomains they may. */
static bool same_or_below(br_str host, br_str first)
{
    if (br_str_eq(host, first)) {
        return true;
    }
    bool name = br_str_find_char(host, ':') < 0 && br_str_find_char(host, '%') < 0;
    return name && host.n > first.n && host.p[host.n - first.n - 1] == '.' && br_str_ends(host, first);
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
    return br_str_of(
        br_arena_printf(br_http_fetch_arena(f), BR_FMT "://" BR_FMT, BR_ARG(last->scheme), BR_ARG(rest)));
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
    f->_login = BR_LOGIN_NONE;
    f->_step = step;
}

/* Go's %q, as far as a header field can hold what it escapes; cut where it would fill the message. */
static void quote(br_str s, char *out, size_t size)
{
    size_t n = 0;
    for (size_t i = 0; i < s.n && n + 8 < size; i++) {
        unsigned char c = (unsigned char) s.p[i];
        if (c == '\t') {
            n += (size_t) snprintf(out + n, size - n, "\\t");
        } else if (c < 0x20 || c == 0x7f) {
            n += (size_t) snprintf(out + n, size - n, "\\x%02x", c);
        } else {
            n += (size_t) snprintf(out + n, size - n, c == '"' || c == '\\' ? "\\%c" : "%c", c);
        }
    }
    out[n] = 0;
}

static void fail_parse(br_http_fetch *f, br_str location, const char *why)
{
    char shown[200], text[512];
    quote(location, shown, sizeof(shown));
    snprintf(text, sizeof(text), "failed to parse Location header \"%s\": %s", shown, why);
    fail_location(f, BR_EPROTO, text);
}

/* The next hop ends before it begins: with a scheme that is not spoken, without a host. */
static void fail_hop(br_http_fetch *f, const br_http_request *answered, br_str url, const char *why)
{
    f->_step = *answered;
    f->_step.url = (br_url){.text = url};
    f->current = &f->_step;
    br_http_response_reset(f->response);
    f->response->times.start = f->response->times.end = br_clock_now();
    fail_location(f, BR_EPROTO, why);
}

/* Goes to the URL in `text`. */
static void follow_to(br_http_fetch *f, br_str text, bool relative)
{
    br_err err;
    br_url url;
    br_http_request answered = *f->current; /* the step is about to be made anew */
    br_str kept = br_arena_str(next_arena(f), text);
    f->_on_hop(f->_ctx, &answered, false);
    f->hops++;
    f->answers++;
    if (br_url_parse(kept, &url, &err) != BR_OK) {
        fail_hop(f, &answered, kept, err.msg);
        return;
    }
    br_str referer = referer_for(f, &answered.url, &url);
    plan(f, &url, relative);
    go_on(f, referer);
}

static void follow(br_http_fetch *f, br_str location)
{
    br_err err;
    br_buf text;
    bool relative;
    br_buf_init(&text, BR_URL_MAX_BYTES);
    if (br_url_resolve(&f->current->url, location, &text, &relative, &err) != BR_OK) {
        fail_parse(f, location, err.msg);
    } else if (f->hops >= f->_options.max_redirects) {
        f->stopped = true;
        finish(f);
    } else {
        follow_to(f, br_buf_view(&text), relative);
    }
    br_buf_deinit(&text);
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
    if (BR_UNLIKELY(f->_options.auth != BR_AUTH_BASIC) && br_http_fetch_answers(f)) {
        f->_on_hop(f->_ctx, f->current, true);
        f->answers++;
        f->_step = *f->current;
        go_on(f, f->_referer);
        return;
    }
    br_str location = BR_UNLIKELY(redirects(r->status) && !f->current->upgrade)
                          ? br_http_response_header(r, BR_STR("Location"))
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
    f->hops = f->answers = 0;
    f->stopped = f->_sensitive_dropped = f->_body_dropped = false;
    f->_login = BR_LOGIN_NONE;
    f->_authorization = f->_referer = BR_STR_NONE;
    if (BR_UNLIKELY(!plain(f))) {
        (void) next_arena(f);
        f->_step = *first;
        br_http_fetch_put_headers(f, &f->_step, BR_STR_NONE);
        f->current = &f->_step;
    }
    start_step(f);
    f->_deadline = response->times.start + first->timeout_ns; /* looked at if there is a time limit */
}

void br_http_fetch_cancel(br_http_fetch *f)
{
    br_http_cancel(&f->_exchange);
}

void br_http_fetch_deinit(br_http_fetch *f)
{
    if (f->_has_arenas) {
        br_arena_deinit(&f->_arenas[0]);
        br_arena_deinit(&f->_arenas[1]);
        f->_has_arenas = false;
    }
    br_buf_deinit(&f->_line);
}
