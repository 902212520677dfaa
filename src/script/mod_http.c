/* Module "k6/http": requests of all verbs. */
#include <ctype.h>
#include <stdio.h>
#include "base/log.h"
#include "script/js.h"

/* Samples ------------------------------------------------------------------------------------------- */

/* The URL of a hop without its credentials: k6 puts stars over as many bytes as they have when decoded. */
static br_str clean_url(br_vu *vu, const br_url *url, bool digest)
{
    if (!url->userinfo.p) return url->text;
    size_t begin = (size_t) (url->userinfo.p - url->text.p), end = begin + url->userinfo.n + 1;
    br_str before = br_str_sub(url->text, 0, begin);
    if (digest)
        return br_str_of(br_arena_printf(
            &vu->scratch, BR_FMT BR_FMT, BR_ARG(before), BR_ARG(br_str_sub(url->text, end, url->text.n))));
    size_t decoded = 0;
    bool password = false;
    for (size_t i = 0; i < url->userinfo.n; i++) {
        char c = url->userinfo.p[i];
        if (c == ':' && !password)
            password = true;
        else
            decoded++;
        if (c == '%') i += 2;
    }
    br_str rest = br_str_sub(url->text, begin + decoded + (password ? 1 : 0), url->text.n);
    return br_str_of(br_arena_printf(
        &vu->scratch, BR_FMT "%s" BR_FMT, BR_ARG(before), password ? "****:****" : "****", BR_ARG(rest)));
}

static br_str tag_of(const br_js_flight *f, const br_http_request *hop)
{
    const br_js_request *request = f->request;
    if (request->named || BR_LIKELY(hop == &request->http && !hop->url.userinfo.p)) return request->name_tag;
    return clean_url(f->vu, &hop->url, request->fetch.auth == BR_AUTH_DIGEST);
}

/* A login begins with a challenge: of Digest k6 expects nothing else, of NTLM it may have been made before.
 */
static bool expected(const br_js_flight *f, int status)
{
    const br_js_request *request = f->request;
    if (BR_UNLIKELY(request->fetch.auth != BR_AUTH_BASIC && f->fetch->answers == 0) &&
        (status == 401 || request->fetch.auth == BR_AUTH_DIGEST))
        return status == 401;
    return request->expected ? br_js_statuses_has(request->expected, status) : status >= 200 && status <= 399;
}

static void record(const br_js_flight *f, const br_http_request *hop)
{
    br_vu *vu = f->vu;
    const br_js_request *request = f->request;
    br_js_response *r = f->response;
    if (!vu->config.recorder || vu->cancelled) return;
    br_http_phases t = br_http_response_phases(&r->http);
    br_str tag = tag_of(f, hop);
    br_http_sample s = {
        .method = hop->method,
        .url = tag,
        .name = tag,
        .proto = r->status ? br_http_response_proto(&r->http) : BR_STR(""),
        .status = r->status,
        .error_code = r->error_code,
        .failure = r->http.error.code,
        .error = r->error,
        .tls_version = br_str_of(br_js_response_tls_version(r)),
        .ocsp_status = br_str_of(r->status && r->http.tls ? r->http.tls_info.ocsp.status : ""),
        .ip = r->http.remote_ip[0] ? br_str_of(r->http.remote_ip) : BR_STR(""),
        .extra = request->tags,
        .extra_count = request->tag_count,
        .has_expectation = request->has_expectation,
        .expected = expected(f, r->status),
        .blocked = t.blocked,
        .connecting = t.connecting,
        .tls_handshaking = t.tls_handshaking,
        .sending = t.sending,
        .waiting = t.waiting,
        .receiving = t.receiving,
        .duration = t.duration,
        .response = r->http.times.end - r->http.times.start + r->lag,
        .received_bytes = r->http.received_bytes,
        .wall = br_vu_wall(vu, r->http.times.end),
    };
    br_recorder_http(vu->config.recorder, &f->origin, &s);
    r->lag = 0;
}

/* What scripts see of an exchange that ended: k6 shows status 0 for anything that failed on the way. */
static void set_outcome(br_js_response *r)
{
    const br_http_error *e = &r->http.error;
    r->status = e->code == BR_OK ? r->http.status : 0;
    r->error = e->code == BR_OK ? BR_STR("") : br_str_of(e->text);
    r->error_code = e->k6_code;
    if (e->code == BR_OK && r->status >= 400) r->error_code = 1000 + r->status;
}

/* Failures ------------------------------------------------------------------------------------------ */

/* A URL as Go shows it in errors: with stars for the password. */
static br_str url_in_error(br_vu *vu, const br_js_request *request, const br_http_request *hop)
{
    const br_url *url = &hop->url;
    ptrdiff_t colon = br_str_find_char(url->userinfo, ':');
    if (hop == &request->http && colon < 0) return request->url;
    if (colon < 0) return url->text;
    const char *password = url->userinfo.p + colon + 1;
    br_str before = br_str_sub(url->text, 0, (size_t) (password - url->text.p));
    br_str after = br_str_sub(url->text, before.n + (url->userinfo.n - (size_t) colon - 1), url->text.n);
    return br_str_of(br_arena_printf(&vu->scratch, BR_FMT "***" BR_FMT, BR_ARG(before), BR_ARG(after)));
}

/* `hop`: the one that failed. */
static JSValue failed(
    br_vu *vu, const br_js_request *request, const br_http_request *hop, br_js_response *r, bool throw_it)
{
    /* The exception and the log show Go's long form: Get "http://x/": dial tcp 127.0.0.1:1: connect:
     * connection refused. */
    const br_http_error *e = &r->http.error;
    const char *why = e->raw[0] ? e->raw : e->text;
    char verb[32], text[1024];
    size_t n = request->http.method.n < sizeof(verb) - 1 ? request->http.method.n : sizeof(verb) - 1;
    for (size_t i = 0; i < n; i++)
        verb[i] = (char) (i ? tolower((unsigned char) request->http.method.p[i]) : request->http.method.p[i]);
    verb[n] = 0;
    /* With the head of an answer there, Go tells of the body alone. */
    bool sent = e->step != BR_STEP_URL && e->step != BR_STEP_NONE && r->http.status == 0;
    if (sent) {
        br_str url = br_str_sub(url_in_error(vu, request, hop), 0, 500);
        snprintf(text, sizeof(text), "%s \"" BR_FMT "\": %s", verb, BR_ARG(url), why);
    } else {
        snprintf(text, sizeof(text), "%s", why);
    }
    if (throw_it) {
        br_js_throw(vu->ctx, "%s", text);
        br_js_response_put(r);
        return JS_EXCEPTION;
    }
    br_log_field field = {"error", br_str_of(text)};
    br_log_line(BR_LOG_WARN, BR_STR("Request Failed"), &field, 1);
    return br_js_response_object(vu, r);
}

/* Once for each limit that a run meets by k6's rule: only when nobody set it. */
static void warn_redirects(const br_js_flight *f)
{
    if (!f->fetch->stopped || f->request->redirects_set) return;
    br_log_field field = {"url", f->request->url};
    char text[200];
    int n = snprintf(text, sizeof(text),
        "Stopped after %lld redirects and returned the redirection; pass { redirects: n } in request params or set "
        "global maxRedirects to silence this",
        (long long) f->fetch->hops + 1);
    br_log_line(BR_LOG_WARN, (br_str){text, (size_t) n}, &field, 1);
}

/* One request --------------------------------------------------------------------------------------- */

void br_js_http_on_hop(void *flight, const br_http_request *request, bool challenge)
{
    (void) challenge;
    br_js_flight *f = flight;
    set_outcome(f->response);
    record(f, request);
}

static void on_done(void *ctx)
{
    br_vu *vu = ((br_js_flight *) ctx)->vu;
    if (vu->waiting) br_fiber_wake(vu->fiber, BR_OK);
}

static br_code fetch(br_js_flight *f)
{
    br_vu *vu = f->vu;
    vu->waiting = true;
    f->response->lag = vu->lag;
    br_http_fetch_start(vu->http, f->fetch, &f->request->http, &f->response->http, &f->request->fetch,
        br_js_http_on_hop, on_done, f);
    br_code code = br_fiber_await(vu->fiber);
    vu->waiting = false;
    if (code != BR_OK) br_http_fetch_cancel(f->fetch);
    br_vu_woken(vu);
    vu->lag = 0;
    return code;
}

br_ns br_js_http_take_turn(br_vu *vu)
{
    const br_vu_settings *s = vu->config.settings;
    if (BR_LIKELY(!s->next_request)) return 0;
    br_ns now = br_loop_clock(vu->config.loop),
          next = atomic_load_explicit(s->next_request, memory_order_relaxed), at;
    do {
        at = next > now ? next : now;
    } while (!atomic_compare_exchange_weak_explicit(
        s->next_request, &next, at + s->request_interval, memory_order_relaxed, memory_order_relaxed));
    return at <= now ? 0 : at;
}

br_code br_js_http_wait_for_turn(br_vu *vu)
{
    br_ns at = br_js_http_take_turn(vu);
    if (at == 0) return BR_OK;
    br_code code = br_fiber_sleep_until(vu->fiber, at);
    br_vu_resumed(vu, at);
    return code;
}

/* What the script sees as the URL of the answer, if it is another than it asked for. */
static void keep_final_url(const br_js_flight *f)
{
    const br_http_request *last = f->fetch->current;
    bool digest = f->request->fetch.auth == BR_AUTH_DIGEST && last->url.userinfo.p;
    if (f->fetch->hops == 0 && !digest) return;
    (void) br_buf_put(&f->response->final_url, digest ? clean_url(f->vu, &last->url, true) : last->url.text);
}

void br_js_http_record(const br_js_flight *f)
{
    set_outcome(f->response);
    /* The first request was not changed by its cookies as far as tags can tell. */
    record(f, f->fetch->hops == 0 ? &f->request->http : f->fetch->current);
}

JSValue br_js_http_result(const br_js_flight *f)
{
    br_js_response *r = f->response;
    keep_final_url(f);
    warn_redirects(f);
    bool switched = r->http.status == 101; /* it is thrown whatever the options say */
    if (r->http.error.code != BR_OK)
        return failed(f->vu, f->request, f->fetch->current, r, f->request->throw_errors || switched);
    return br_js_response_object(f->vu, r);
}

JSValue br_js_http_finish(const br_js_flight *f)
{
    br_js_http_record(f);
    return br_js_http_result(f);
}

/* Only the option `throw` decides here, not params.throw. */
JSValue br_js_http_refuse(br_vu *vu, const br_js_request *request, br_js_response *r)
{
    set_outcome(r);
    return failed(vu, request, &request->http, r, vu->config.settings->throw_errors);
}

static JSValue build_and_send(br_vu *vu, const char *method, JSValueConst url, JSValueConst body,
    JSValueConst params, br_js_request *request)
{
    br_js_response *r = br_js_response_take(vu);
    br_code code = br_js_request_build(vu, method, url, body, params, request, &r->http.error);
    if (code == BR_EEXCEPTION) {
        br_js_response_put(r);
        return JS_EXCEPTION;
    }
    br_js_response_keep_request(r, request);
    if (code != BR_OK) return br_js_http_refuse(vu, request, r);
    br_js_flight flight = {vu, request, r, &vu->fetch, vu->origin};
    if (fetch(&flight) != BR_OK) {
        br_js_response_put(r);
        return br_js_interrupt(vu->ctx);
    }
    return br_js_http_finish(&flight);
}

JSValue br_js_http_perform(
    br_vu *vu, const char *method, JSValueConst url, JSValueConst body, JSValueConst params)
{
    JSContext *ctx = vu->ctx;
    if (br_vu_in_init(vu))
        return br_js_throw(ctx, "Making http requests in the init context is not supported");
    if (!vu->http) return br_js_throw(ctx, "requests cannot be made in handleSummary()");
    if (BR_UNLIKELY(vu->config.settings->next_request) && br_js_http_wait_for_turn(vu) != BR_OK)
        return br_js_interrupt(ctx);
    br_js_request request;
    JSValue ret = build_and_send(vu, method, url, body, params, &request);
    br_js_request_release(&request);
    return ret;
}

/* Verbs --------------------------------------------------------------------------------------------- */

typedef struct verb {
    const char *method;
    bool has_body; /* (url, body, params) instead of (url, params) */
} verb;

static const verb verbs[] = {{"GET", false}, {"HEAD", false}, {"POST", true}, {"PUT", true}, {"PATCH", true},
    {"DELETE", true}, {"OPTIONS", true}};

static JSValueConst arg(int argc, JSValueConst *argv, int i)
{
    return i < argc ? argv[i] : JS_UNDEFINED;
}

static JSValue http_verb(JSContext *ctx, JSValueConst this_val, int argc, JSValueConst *argv, int index)
{
    (void) this_val;
    const verb *v = &verbs[index];
    if (BR_UNLIKELY(!v->has_body && argc > 2)) {
        br_warn("http.%s only accepts a url and a params argument (2 arguments), but %d were given",
            index ? "head" : "get", argc);
    }
    if (v->has_body)
        return br_js_http_perform(
            br_vu_of(ctx), v->method, arg(argc, argv, 0), arg(argc, argv, 1), arg(argc, argv, 2));
    return br_js_http_perform(br_vu_of(ctx), v->method, arg(argc, argv, 0), JS_UNDEFINED, arg(argc, argv, 1));
}

static JSValue http_request(JSContext *ctx, JSValueConst this_val, int argc, JSValueConst *argv)
{
    (void) this_val;
    if (argc < 2) return br_js_throw(ctx, "http.request() needs a method and a URL");
    br_str method = br_js_str(ctx, argv[0]);
    if (!method.p) return JS_EXCEPTION;
    JSValue ret = br_js_http_perform(
        br_vu_of(ctx), method.p, argv[1], arg(argc, argv, 2), arg(argc, argv, 3));
    JS_FreeCString(ctx, method.p);
    return ret;
}

static const JSCFunctionListEntry entries[] = {
    JS_CFUNC_MAGIC_DEF("get", 2, http_verb, 0),
    JS_CFUNC_MAGIC_DEF("head", 2, http_verb, 1),
    JS_CFUNC_MAGIC_DEF("post", 3, http_verb, 2),
    JS_CFUNC_MAGIC_DEF("put", 3, http_verb, 3),
    JS_CFUNC_MAGIC_DEF("patch", 3, http_verb, 4),
    JS_CFUNC_MAGIC_DEF("del", 3, http_verb, 5),
    JS_CFUNC_MAGIC_DEF("options", 3, http_verb, 6),
    JS_CFUNC_DEF("request", 4, http_request),
    JS_CFUNC_DEF("asyncRequest", 4, br_js_async_request),
    JS_CFUNC_DEF("expectedStatuses", 1, br_js_expected_statuses),
    JS_CFUNC_DEF("setResponseCallback", 1, br_js_set_response_callback),
    JS_CFUNC_DEF("url", 1, br_js_http_url),
    JS_CFUNC_DEF("batch", 1, br_js_http_batch),
    JS_CFUNC_DEF("file", 3, br_js_http_file),
    JS_CFUNC_DEF("cookieJar", 0, br_js_vu_cookie_jar),
    JS_CFUNC_SPECIAL_DEF("CookieJar", 0, constructor_or_func, br_js_new_cookie_jar),
    JS_PROP_STRING_DEF("TLS_1_0", "tls1.0", JS_PROP_ENUMERABLE),
    JS_PROP_STRING_DEF("TLS_1_1", "tls1.1", JS_PROP_ENUMERABLE),
    JS_PROP_STRING_DEF("TLS_1_2", "tls1.2", JS_PROP_ENUMERABLE),
    JS_PROP_STRING_DEF("TLS_1_3", "tls1.3", JS_PROP_ENUMERABLE),
    JS_PROP_STRING_DEF("OCSP_STATUS_GOOD", "good", JS_PROP_ENUMERABLE),
    JS_PROP_STRING_DEF("OCSP_STATUS_REVOKED", "revoked", JS_PROP_ENUMERABLE),
    JS_PROP_STRING_DEF("OCSP_STATUS_SERVER_FAILED", "server_failed", JS_PROP_ENUMERABLE),
    JS_PROP_STRING_DEF("OCSP_STATUS_UNKNOWN", "unknown", JS_PROP_ENUMERABLE),
    JS_PROP_STRING_DEF("OCSP_REASON_UNSPECIFIED", "unspecified", JS_PROP_ENUMERABLE),
    JS_PROP_STRING_DEF("OCSP_REASON_KEY_COMPROMISE", "key_compromise", JS_PROP_ENUMERABLE),
    JS_PROP_STRING_DEF("OCSP_REASON_CA_COMPROMISE", "ca_compromise", JS_PROP_ENUMERABLE),
    JS_PROP_STRING_DEF("OCSP_REASON_AFFILIATION_CHANGED", "affiliation_changed", JS_PROP_ENUMERABLE),
    JS_PROP_STRING_DEF("OCSP_REASON_SUPERSEDED", "superseded", JS_PROP_ENUMERABLE),
    JS_PROP_STRING_DEF("OCSP_REASON_CESSATION_OF_OPERATION", "cessation_of_operation", JS_PROP_ENUMERABLE),
    JS_PROP_STRING_DEF("OCSP_REASON_CERTIFICATE_HOLD", "certificate_hold", JS_PROP_ENUMERABLE),
    JS_PROP_STRING_DEF("OCSP_REASON_REMOVE_FROM_CRL", "remove_from_crl", JS_PROP_ENUMERABLE),
    JS_PROP_STRING_DEF("OCSP_REASON_PRIVILEGE_WITHDRAWN", "privilege_withdrawn", JS_PROP_ENUMERABLE),
    JS_PROP_STRING_DEF("OCSP_REASON_AA_COMPROMISE", "aa_compromise", JS_PROP_ENUMERABLE),
};

const br_js_module br_js_module_http = {
    .name = "k6/http", .entries = entries, .entry_count = BR_COUNT_OF(entries)};
