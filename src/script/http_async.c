/* http.asyncRequest(): a request beside JavaScript; its promise is settled by the VU's event loop. */
#include "script/js.h"

typedef struct async_request {
    br_vu_async base; /* first: the event loop knows no more */
    br_vu *vu;
    br_arena arena; /* of the request, which outlives the next one's building */
    br_js_request request;
    br_js_response *response;
    br_http_fetch fetch;
    br_js_flight flight;
    JSValue resolve[2];
} async_request;

static void drop(async_request *a)
{
    JS_FreeValue(a->vu->ctx, a->resolve[0]);
    JS_FreeValue(a->vu->ctx, a->resolve[1]);
    br_js_request_release(&a->request);
    br_http_fetch_deinit(&a->fetch);
    br_arena_deinit(&a->arena);
    br_free(a);
}

/* Settles the promise with the response, or with the pending exception. */
static bool settle(br_vu *vu, const JSValue *resolve, JSValue value)
{
    bool failed = JS_IsException(value);
    if (failed) value = JS_GetException(vu->ctx);
    JSValue ret = JS_Call(vu->ctx, resolve[failed], JS_UNDEFINED, 1, (JSValueConst *) &value);
    JS_FreeValue(vu->ctx, value);
    JS_FreeValue(vu->ctx, ret);
    return !JS_IsException(ret);
}

static bool finish(br_vu *vu, br_vu_async *op)
{
    async_request *a = (async_request *) op;
    bool ok = settle(vu, a->resolve, br_js_http_finish(&a->flight));
    drop(a);
    return ok;
}

static void cancel(br_vu *vu, br_vu_async *op)
{
    (void) vu;
    async_request *a = (async_request *) op;
    a->base.cancelled = true;
    br_http_fetch_cancel(&a->fetch);
    br_js_response_put(a->response);
    drop(a);
}

static void on_done(void *ctx)
{
    br_js_flight *f = ctx;
    async_request *a = (async_request *) ((char *) f - offsetof(async_request, flight));
    if (!a->base.cancelled) br_vu_async_done(a->vu, &a->base);
}

/* Builds in the operation's own arena. */
static br_code build(async_request *a, const char *method, int argc, JSValueConst *argv)
{
    br_arena scratch = a->vu->scratch;
    unsigned building = a->vu->building;
    a->vu->scratch = a->arena;
    a->vu->building = 0;
    br_code code = br_js_request_build(a->vu, method, argv[1], argc > 2 ? argv[2] : JS_UNDEFINED,
        argc > 3 ? argv[3] : JS_UNDEFINED, &a->request, &a->response->http.error);
    a->arena = a->vu->scratch;
    a->vu->scratch = scratch;
    a->vu->building = building;
    return code;
}

static JSValue start(br_vu *vu, const char *method, int argc, JSValueConst *argv)
{
    async_request *a = BR_NEW(async_request);
    a->vu = vu;
    a->base.finish = finish;
    a->base.cancel = cancel;
    br_arena_init(&a->arena, 2048);
    JSValue promise = JS_NewPromiseCapability(vu->ctx, a->resolve);
    if (JS_IsException(promise)) {
        br_arena_deinit(&a->arena);
        br_free(a);
        return promise;
    }
    a->response = br_js_response_take(vu);
    br_code code = build(a, method, argc, argv);
    if (code != BR_EEXCEPTION) br_js_response_keep_request(a->response, &a->request);
    if (code == BR_OK) {
        a->response->lag = vu->lag;
        br_vu_async_start(vu, &a->base);
        a->flight = (br_js_flight){vu, &a->request, a->response, &a->fetch, vu->origin};
        br_http_fetch_start(vu->http, &a->fetch, &a->request.http, &a->response->http, &a->request.fetch,
            br_js_http_on_hop, on_done, &a->flight);
        return promise;
    }
    JSValue failed = JS_EXCEPTION;
    if (code == BR_EEXCEPTION)
        br_js_response_put(a->response);
    else
        failed = br_js_http_refuse(vu, &a->request, a->response);
    (void) settle(vu, a->resolve, failed);
    drop(a);
    return promise;
}

JSValue br_js_async_request(JSContext *ctx, JSValueConst this_val, int argc, JSValueConst *argv)
{
    (void) this_val;
    br_vu *vu = br_vu_of(ctx);
    if (br_vu_in_init(vu))
        return br_js_throw(ctx, "Making http requests in the init context is not supported");
    if (!vu->http) return br_js_throw(ctx, "requests cannot be made in handleSummary()");
    if (argc < 2) return br_js_throw(ctx, "http.asyncRequest() needs a method and a URL");
    br_str method = br_js_str(ctx, argv[0]);
    if (!method.p) return JS_EXCEPTION;
    if (BR_UNLIKELY(vu->config.settings->next_request) && br_js_http_wait_for_turn(vu) != BR_OK) {
        JS_FreeCString(ctx, method.p);
        return br_js_interrupt(ctx);
    }
    JSValue promise = start(vu, method.p, argc, argv);
    JS_FreeCString(ctx, method.p);
    return promise;
}
