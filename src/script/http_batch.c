/*
 * http.batch(): several requests side by side on one fiber. All are built first; then as many run as the
 * options batch and batchPerHost allow, begun in their order; the results have the shape of what was given.
 */
#include <stdio.h>
#include "base/log.h"
#include "script/js.h"

#define BATCH_MAX 10000

typedef enum entry_state { WAITING, RUNNING, ENDED } entry_state;

typedef struct batch batch;

typedef struct entry {
    br_js_flight flight; /* first: its callbacks get this */
    batch *batch;
    br_js_request request;
    br_http_fetch fetch;
    JSAtom key; /* of an object */
    entry_state state;
} entry;

struct batch {
    br_vu *vu;
    br_arena arena; /* of all requests */
    entry *list;
    size_t count, ended, running;
    bool cancelled;
};

/* Running ------------------------------------------------------------------------------------------- */

static size_t running_to(const batch *b, br_str host)
{
    size_t n = 0;
    for (size_t i = 0; i < b->count; i++) {
        const entry *e = &b->list[i];
        n += e->state == RUNNING && br_str_eq(e->request.http.url.authority, host) ? 1 : 0;
    }
    return n;
}

static void start_some(batch *b);

static void on_done(void *ctx)
{
    entry *e = ctx;
    batch *b = e->batch;
    e->state = ENDED;
    b->running--;
    b->ended++;
    if (b->cancelled) return;
    start_some(b);
    if (b->ended == b->count && b->vu->waiting) br_fiber_wake(b->vu->fiber, BR_OK);
}

static void start_some(batch *b)
{
    const br_vu_settings *s = b->vu->config.settings;
    for (size_t i = 0; i < b->count; i++) {
        entry *e = &b->list[i];
        if (s->batch > 0 && b->running >= (size_t) s->batch) return;
        if (e->state != WAITING) continue;
        if (s->batch_per_host > 0 &&
            running_to(b, e->request.http.url.authority) >= (size_t) s->batch_per_host)
            continue;
        e->state = RUNNING;
        b->running++;
        e->flight.response->lag = b->vu->lag;
        br_http_fetch_start(b->vu->http, &e->fetch, &e->request.http, &e->flight.response->http,
            &e->request.fetch, br_js_http_on_hop, on_done, &e->flight);
    }
}

static br_code run(batch *b)
{
    br_vu *vu = b->vu;
    if (b->count == 0) return BR_OK;
    vu->waiting = true;
    start_some(b);
    br_code code = br_fiber_await(vu->fiber);
    vu->waiting = false;
    if (code != BR_OK) {
        b->cancelled = true;
        for (size_t i = 0; i < b->count; i++) {
            if (b->list[i].state == RUNNING) br_http_fetch_cancel(&b->list[i].fetch);
        }
    }
    vu->slice_start = br_loop_now(vu->config.loop);
    vu->lag = 0;
    return code;
}

/* Building ------------------------------------------------------------------------------------------ */

/* Makes the request in the batch's arena. */
static br_code build(
    batch *b, entry *e, const char *method, JSValueConst url, JSValueConst body, JSValueConst params)
{
    br_vu *vu = b->vu;
    br_arena scratch = vu->scratch;
    unsigned building = vu->building;
    vu->scratch = b->arena;
    vu->building = 1; /* the arena has the others' requests: it is not emptied */
    br_code code = br_js_request_build(
        vu, method, url, body, params, &e->request, &e->flight.response->http.error);
    b->arena = vu->scratch;
    vu->scratch = scratch;
    vu->building = building;
    if (code != BR_EEXCEPTION) br_js_response_keep_request(e->flight.response, &e->request);
    return code;
}

static br_code refuse(entry *e, const char *text)
{
    br_http_error *error = &e->flight.response->http.error;
    *error = (br_http_error){.code = BR_EINVAL, .step = BR_STEP_URL};
    snprintf(error->text, sizeof(error->text), "%s", text);
    return BR_EINVAL;
}

static bool without_body(const char *method)
{
    return strcmp(method, "GET") == 0 || strcmp(method, "HEAD") == 0;
}

/* [method, url, body, params] */
static br_code build_from_array(batch *b, entry *e, JSValueConst v)
{
    JSContext *ctx = b->vu->ctx;
    int64_t n;
    JSValue part[4];
    if (JS_GetLength(ctx, v, &n) < 0) return BR_EEXCEPTION;
    if (n < 2) return refuse(e, "invalid batch request: an array needs a method and a URL");
    for (int i = 0; i < 4; i++)
        part[i] = i < n ? JS_GetPropertyInt64(ctx, v, i) : JS_UNDEFINED;
    br_code code = BR_EEXCEPTION;
    if (!JS_HasException(ctx)) {
        br_str method = JS_IsString(part[0]) ? br_js_str(ctx, part[0]) : BR_STR_NONE;
        code = method.p ? build(b, e, method.p, part[1], part[2], part[3])
                        : refuse(e, "invalid batch request: the method must be a string");
        JS_FreeCString(ctx, method.p);
    }
    for (int i = 0; i < 4; i++)
        JS_FreeValue(ctx, part[i]);
    return code;
}

/* {method, url, body, params} */
static br_code build_from_object(batch *b, entry *e, JSValueConst v)
{
    static const char *const names[] = {"method", "url", "body", "params"};
    JSContext *ctx = b->vu->ctx;
    JSValue part[4];
    for (int i = 0; i < 4; i++)
        part[i] = JS_GetPropertyStr(ctx, v, names[i]);
    br_code code = BR_EEXCEPTION;
    if (!JS_HasException(ctx)) {
        br_str given = br_js_nullish(part[0]) ? BR_STR_NONE : br_js_str(ctx, part[0]);
        char *method = br_arena_cstr(&b->arena, given.p ? given : BR_STR("GET"));
        JS_FreeCString(ctx, given.p);
        for (char *p = method; *p; p++)
            *p = (char) (*p >= 'a' && *p <= 'z' ? *p - 32 : *p);
        code = br_js_nullish(part[1])
                   ? refuse(e, "invalid batch request: an object needs a url")
                   : build(b, e, method, part[1], without_body(method) ? JS_UNDEFINED : part[2], part[3]);
    }
    for (int i = 0; i < 4; i++)
        JS_FreeValue(ctx, part[i]);
    return code;
}

static br_code build_entry(batch *b, entry *e, JSValueConst v)
{
    e->batch = b;
    e->flight = (br_js_flight){b->vu, &e->request, br_js_response_take(b->vu), &e->fetch};
    if (JS_IsArray(v)) return build_from_array(b, e, v);
    if (JS_IsObject(v) && !br_js_is_template_url(v)) return build_from_object(b, e, v);
    return build(b, e, "GET", v, JS_UNDEFINED, JS_UNDEFINED);
}

/* Results ------------------------------------------------------------------------------------------- */

static void set_result(batch *b, JSValueConst results, size_t i, JSValue value)
{
    if (JS_IsArray(results))
        JS_SetPropertyUint32(b->vu->ctx, results, (uint32_t) i, value);
    else
        JS_SetProperty(b->vu->ctx, results, b->list[i].key, value);
}

/* One could not be built: nothing is sent, and the result tells of this one only. */
static JSValue refused(batch *b, size_t i, JSValue results)
{
    entry *e = &b->list[i];
    br_js_response *r = e->flight.response;
    br_vu *vu = b->vu;
    r->error = br_str_of(r->http.error.text);
    r->error_code = r->http.error.k6_code;
    if (vu->config.settings->throw_errors) {
        JS_FreeValue(vu->ctx, results);
        return br_js_throw(vu->ctx, "%s", r->http.error.text);
    }
    br_log_field field = {"error", r->error};
    br_log_line(BR_LOG_WARN, BR_STR("A batch request failed"), &field, 1);
    e->flight.response = NULL;
    set_result(b, results, i, br_js_response_object(vu, r));
    return results;
}

/* All have ended: the first exception is thrown. */
static JSValue collect(batch *b, JSValue results)
{
    JSValue thrown = JS_UNDEFINED;
    JSContext *ctx = b->vu->ctx;
    for (size_t i = 0; i < b->count; i++) {
        JSValue v = br_js_http_finish(&b->list[i].flight);
        b->list[i].flight.response = NULL; /* taken */
        if (!JS_IsException(v)) {
            set_result(b, results, i, v);
        } else if (JS_IsUndefined(thrown)) {
            thrown = JS_GetException(ctx);
        } else {
            JS_FreeValue(ctx, JS_GetException(ctx));
        }
    }
    if (JS_IsUndefined(thrown)) return results;
    JS_FreeValue(ctx, results);
    return JS_Throw(ctx, thrown);
}

static void drop(batch *b)
{
    for (size_t i = 0; i < b->count; i++) {
        if (b->list[i].flight.response) br_js_response_put(b->list[i].flight.response);
        br_http_fetch_deinit(&b->list[i].fetch);
        JS_FreeAtom(b->vu->ctx, b->list[i].key);
    }
    br_free(b->list);
    br_arena_deinit(&b->arena);
}

static JSValue perform(batch *b, JSValueConst given, JSPropertyEnum *keys, JSValue results)
{
    JSContext *ctx = b->vu->ctx;
    size_t wanted = b->count;
    b->count = 0;
    for (size_t i = 0; i < wanted; i++) {
        JSValue v = keys ? JS_GetProperty(ctx, given, keys[i].atom)
                         : JS_GetPropertyInt64(ctx, given, (int64_t) i);
        b->list[i].key = keys ? JS_DupAtom(ctx, keys[i].atom) : JS_ATOM_NULL;
        b->count++;
        br_code code = JS_IsException(v) ? BR_EEXCEPTION : build_entry(b, &b->list[i], v);
        JS_FreeValue(ctx, v);
        if (code == BR_EEXCEPTION) {
            JS_FreeValue(ctx, results);
            return JS_EXCEPTION;
        }
        if (code != BR_OK) return refused(b, i, results);
    }
    if (run(b) == BR_OK) return collect(b, results);
    JS_FreeValue(ctx, results);
    return br_js_interrupt(ctx);
}

JSValue br_js_http_batch(JSContext *ctx, JSValueConst this_val, int argc, JSValueConst *argv)
{
    (void) this_val;
    br_vu *vu = br_vu_of(ctx);
    if (br_vu_in_init(vu)) return br_js_throw(ctx, "Using batch in the init context is not supported");
    if (!vu->http) return br_js_throw(ctx, "requests cannot be made in handleSummary()");
    if (argc != 1)
        return br_js_throw(ctx, "batch() needs exactly one argument: an array or an object of requests");
    if (!JS_IsObject(argv[0]) || JS_IsFunction(ctx, argv[0]))
        return br_js_throw(ctx, "invalid http.batch() argument type: an array or an object is expected");
    batch b = {.vu = vu};
    JSPropertyEnum *keys = NULL;
    uint32_t count = 0;
    int64_t length = 0;
    bool array = JS_IsArray(argv[0]);
    if (array ? JS_GetLength(ctx, argv[0], &length) < 0 : br_js_keys(ctx, argv[0], &keys, &count) < 0)
        return JS_EXCEPTION;
    b.count = array ? (size_t) length : count;
    JSValue ret;
    if (b.count > BATCH_MAX) {
        ret = br_js_throw(ctx, "more than %d requests in one batch", BATCH_MAX);
    } else {
        br_arena_init(&b.arena, 8192);
        b.list = br_calloc(b.count + 1, sizeof(*b.list));
        ret = perform(&b, argv[0], keys, array ? JS_NewArray(ctx) : JS_NewObject(ctx));
        drop(&b);
    }
    if (keys) JS_FreePropertyEnum(ctx, keys, count);
    return ret;
}
