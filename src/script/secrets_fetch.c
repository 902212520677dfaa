/*
 * A secret of a source of the type url: asked for beside JavaScript, again after failures that may pass, not
 * more often than the source allows. It has a client of its own: its requests are not part of the test.
 */
#include <math.h>
#include "base/log.h"
#include "base/random.h"
#include "http/fetch.h"
#include "script/js.h"
#include "script/secrets_int.h"

#define REDIRECTS_MAX 10

typedef struct secret_fetch {
    br_vu_async base; /* first: the event loop knows no more */
    br_vu *vu;
    br_arena arena;
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

static void drop(secret_fetch *f)
{
    br_timer_stop(f->vu->config.loop, &f->timer);
    JS_FreeValue(f->vu->ctx, f->resolve[0]);
    JS_FreeValue(f->vu->ctx, f->resolve[1]);
    br_http_fetch_deinit(&f->fetch);
    br_http_response_deinit(&f->response);
    br_http_client_free(f->client);
    br_arena_deinit(&f->arena);
    br_free(f);
}

/* Settles the promise with what the sources have by now, or with the failure. */
static bool finish(br_vu *vu, br_vu_async *op)
{
    secret_fetch *f = (secret_fetch *) op;
    br_str value;
    JSValue v = br_secrets_get(f->secrets, f->source, f->key, &value, NULL) == BR_OK
                    ? br_js_new_str(vu->ctx, value)
                    : br_js_throw(vu->ctx, "%s", f->err.msg);
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
    br_vu_async_done(f->vu, &f->base);
}

/* Attempts -------------------------------------------------------------------------------------------- */

static void on_turn(br_timer *timer, void *ctx);

/* k6's pauses: the backoff in seconds to the power of the attempt, and up to a second more. */
static void again(secret_fetch *f)
{
    br_loop *loop = f->vu->config.loop;
    br_random random;
    br_random_seed_os(&random);
    f->failures++;
    double seconds = fmin(floor(pow((double) f->config->retry_backoff / 1e9, (double) f->failures)), 3600);
    br_ns pause = (br_ns) (seconds * 1e9) + (br_ns) br_random_below(&random, 1000) * BR_MS;
    br_timer_start(loop, &f->timer, br_loop_now(loop) + pause, on_turn, f);
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

JSValue br_js_secret_fetch(br_vu *vu, br_secrets *secrets, br_str source, br_str key)
{
    if (!vu->http || !vu->fiber)
        return br_js_settled(vu->ctx,
            br_js_throw(vu->ctx, "secrets of a url are not available in init code and in handleSummary()"));
    secret_fetch *f = BR_NEW(secret_fetch);
    f->vu = vu;
    f->base.finish = finish;
    f->base.cancel = cancel;
    br_arena_init(&f->arena, 1024);
    br_http_response_init(&f->response);
    f->secrets = secrets;
    f->config = br_secrets_url(secrets, source);
    f->source = br_arena_str(&f->arena, source);
    f->key = br_arena_str(&f->arena, key);
    JSValue promise = JS_NewPromiseCapability(vu->ctx, f->resolve);
    br_http_client_config http = vu->config.settings->http;
    http.tls = vu->config.tools->tls;
    http.coder = vu->config.tools->coder;
    http.max_body_bytes = BR_SECRET_MAX_BYTES + 1;
    f->client = br_http_client_new(vu->config.loop, vu->config.tools->dns, &http);
    if (JS_IsException(promise)) {
        drop(f);
        return promise;
    }
    br_vu_async_start(vu, &f->base);
    br_ns now = br_loop_now(vu->config.loop);
    if (build(f) == BR_OK)
        br_timer_start(vu->config.loop, &f->timer, br_secrets_take_turn(secrets, source, now), on_turn, f);
    else
        end(f);
    return promise;
}
