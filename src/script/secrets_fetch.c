/*
 * A secret of a source of the type url: asked for beside JavaScript, again after failures that may pass, not
 * more often than the source allows. It has a client of its own: its requests are not part of the test.
 * Init code and handleSummary() have no event loop for it: there the virtual user waits on a loop made for
 * this one secret, so the promise is settled when the script gets it.
 */
#include <math.h>
#include "base/log.h"
#include "base/random.h"
#include "http/fetch.h"
#include "script/js.h"
#include "script/secrets_int.h"

#define REDIRECTS_MAX 10
#define WATCH_PAUSE   (50 * BR_MS)

typedef struct secret_fetch {
    br_vu_async base; /* first: the event loop knows no more */
    br_vu *vu;
    br_arena arena;
    br_loop *loop;       /* the virtual user's, or one of its own */
    br_http_tools tools; /* likewise; zero: the virtual user's are used */
    br_proxies proxies;  /* before there are options; else those of the run */
    br_timer watch;      /* on a loop of its own: was the run stopped? */
    br_secrets *secrets;
    const br_secret_url *config;
    br_str source, key;
    int64_t failures;
    bool done;
    br_timer timer;
    br_http_client *client;
    br_http_request request;
    br_http_response response;
    br_http_fetch fetch;
    br_err err; /* of the last attempt */
    JSValue resolve[2];
} secret_fetch;

static bool has_own_loop(const secret_fetch *f)
{
    return f->loop != f->vu->config.loop;
}

static void drop(secret_fetch *f)
{
    br_timer_stop(f->loop, &f->timer);
    br_timer_stop(f->loop, &f->watch);
    JS_FreeValue(f->vu->ctx, f->resolve[0]);
    JS_FreeValue(f->vu->ctx, f->resolve[1]);
    br_http_fetch_deinit(&f->fetch);
    br_http_response_deinit(&f->response);
    br_http_client_free(f->client);
    br_http_tools_deinit(&f->tools);
    if (has_own_loop(f)) br_loop_free(f->loop);
    br_arena_deinit(&f->arena);
    br_free(f);
}

/* What the sources have by now, or the failure as an exception. */
static JSValue outcome(const secret_fetch *f)
{
    br_str value;
    return br_secrets_get(f->secrets, f->source, f->key, &value, NULL) == BR_OK
               ? br_js_new_str(f->vu->ctx, value)
               : br_js_throw(f->vu->ctx, "%s", f->err.msg);
}

/* Settles the promise. */
static bool finish(br_vu *vu, br_vu_async *op)
{
    secret_fetch *f = (secret_fetch *) op;
    JSValue v = outcome(f);
    bool failed = JS_IsException(v);
    if (failed) v = JS_GetException(vu->ctx);
    JSValue ret = JS_Call(vu->ctx, f->resolve[failed], JS_UNDEFINED, 1, (JSValueConst *) &v);
    JS_FreeValue(vu->ctx, v);
    JS_FreeValue(vu->ctx, ret);
    drop(f);
    return !JS_IsException(ret);
}

static void cancel(br_vu *vu, br_vu_async *op)
{
    (void) vu;
    secret_fetch *f = (secret_fetch *) op;
    f->base.cancelled = true;
    br_http_fetch_cancel(&f->fetch);
    drop(f);
}

static void end(secret_fetch *f)
{
    if (has_own_loop(f))
        br_loop_stop(f->loop);
    else
        br_vu_async_done(f->vu, &f->base);
}

/* Attempts -------------------------------------------------------------------------------------------- */

static void on_turn(br_timer *timer, void *ctx);

/* k6's pauses: the backoff in seconds to the power of the attempt, and up to a second more. */
static void again(secret_fetch *f)
{
    br_random random;
    br_random_seed_os(&random);
    f->failures++;
    double seconds = fmin(floor(pow((double) f->config->retry_backoff / 1e9, (double) f->failures)), 3600);
    br_ns pause = (br_ns) (seconds * 1e9) + (br_ns) br_random_below(&random, 1000) * BR_MS;
    br_timer_start(f->loop, &f->timer, br_loop_now(f->loop) + pause, on_turn, f);
}

static void on_answer(void *ctx)
{
    secret_fetch *f = ctx;
    br_str value;
    if (f->base.cancelled) return;
    bool passing = true;
    if (f->response.error.code != BR_OK) {
        (void) br_fail(&f->err, f->response.error.code, "failed to get secret: %s", f->response.error.text);
    } else if (f->response.status != 200) {
        (void) br_fail(&f->err, BR_EIO, "status code %d: failed to get secret", f->response.status);
        passing = f->response.status >= 500 || f->response.status == 429;
    } else {
        br_str body = br_buf_view(&f->response.body);
        br_code code = br_secret_url_extract(&f->arena, f->config, body, &value, &f->err);
        if (code == BR_OK) code = br_secrets_put(f->secrets, f->source, f->key, value, &f->err);
        if (code != BR_OK) br_debug("secret not kept: %s", f->err.msg);
        passing = false;
    }
    if (passing && f->failures < f->config->max_retries)
        again(f);
    else
        end(f);
}

/* Another virtual user may have got it in the meantime. */
static void on_turn(br_timer *timer, void *ctx)
{
    (void) timer;
    secret_fetch *f = ctx;
    br_str value;
    if (br_secrets_get(f->secrets, f->source, f->key, &value, NULL) == BR_OK) {
        end(f);
        return;
    }
    static const br_http_fetch_options options = {.max_redirects = REDIRECTS_MAX};
    br_http_fetch_start(f->client, &f->fetch, &f->request, &f->response, &options, NULL, on_answer, f);
}

static br_code build(secret_fetch *f)
{
    br_str url = br_secret_url_for(&f->arena, f->config, f->key);
    br_code code = br_url_parse(url, &f->request.url, &f->err);
    f->request.method = f->config->method;
    f->request.headers = f->config->headers;
    f->request.header_count = f->config->header_count;
    f->request.timeout_ns = f->config->timeout;
    return code;
}

static secret_fetch *make(br_vu *vu, br_loop *loop, br_secrets *secrets, br_str source, br_str key)
{
    secret_fetch *f = BR_NEW(secret_fetch);
    f->vu = vu;
    f->loop = loop;
    f->base.finish = finish;
    f->base.cancel = cancel;
    f->resolve[0] = f->resolve[1] = JS_UNDEFINED;
    br_arena_init(&f->arena, 1024);
    br_http_response_init(&f->response);
    f->secrets = secrets;
    f->config = br_secrets_url(secrets, source);
    f->source = br_arena_str(&f->arena, source);
    f->key = br_arena_str(&f->arena, key);
    return f;
}

static void start(secret_fetch *f, const br_http_tools *tools)
{
    br_http_client_config http = f->vu->config.settings->http;
    if (!http.connect_timeout_ns) { /* before there are options */
        br_http_client_config_defaults(&http);
        if (br_proxies_from_env(&f->arena, &f->proxies, &f->err) == BR_OK) http.proxies = &f->proxies;
    }
    http.tls = tools->tls;
    http.coder = tools->coder;
    http.max_body_bytes = BR_SECRET_MAX_BYTES + 1;
    f->client = br_http_client_new(f->loop, tools->dns, &http);
    br_ns now = br_loop_now(f->loop);
    if (build(f) == BR_OK)
        br_timer_start(f->loop, &f->timer, br_secrets_take_turn(f->secrets, f->source, now), on_turn, f);
    else
        end(f);
}

/* Waiting ---------------------------------------------------------------------------------------------- */

static void on_watch(br_timer *timer, void *ctx)
{
    secret_fetch *f = ctx;
    const br_vu *vu = f->vu;
    const _Atomic bool *flag = br_vu_in_init(vu) ? vu->config.stop_flag : vu->stop_flag;
    bool late = !br_vu_in_init(vu) && br_clock_now() > vu->deadline;
    f->base.cancelled = late || (flag && atomic_load_explicit(flag, memory_order_relaxed));
    if (f->base.cancelled)
        br_loop_stop(f->loop);
    else
        br_timer_start(f->loop, timer, br_loop_now(f->loop) + WATCH_PAUSE, on_watch, f);
}

/* The value, or an exception. */
static JSValue fetch_now(br_vu *vu, br_secrets *secrets, br_str source, br_str key)
{
    br_loop *loop;
    br_err err = {0};
    static const br_tls_options tls;
    if (br_loop_new(&loop, &err) != BR_OK) return br_js_throw(vu->ctx, "%s", err.msg);
    secret_fetch *f = make(vu, loop, secrets, source, key);
    JSValue ret;
    if (br_http_tools_init(&f->tools, loop, BR_NS_MAX, &tls, &err) != BR_OK) {
        ret = br_js_throw(vu->ctx, "%s", err.msg);
    } else {
        on_watch(&f->watch, f);
        start(f, &f->tools);
        br_loop_run(loop);
        if (f->base.cancelled) br_http_fetch_cancel(&f->fetch);
        ret = f->base.cancelled ? br_js_interrupt(vu->ctx) : outcome(f);
    }
    drop(f);
    return ret;
}

JSValue br_js_secret_fetch(br_vu *vu, br_secrets *secrets, br_str source, br_str key)
{
    if (!vu->http || !vu->fiber) return br_js_settled(vu->ctx, fetch_now(vu, secrets, source, key));
    secret_fetch *f = make(vu, vu->config.loop, secrets, source, key);
    JSValue promise = JS_NewPromiseCapability(vu->ctx, f->resolve);
    if (JS_IsException(promise)) {
        drop(f);
        return promise;
    }
    br_vu_async_start(vu, &f->base);
    start(f, vu->config.tools);
    return promise;
}
