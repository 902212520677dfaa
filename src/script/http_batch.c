/*
 * http.batch(): several requests side by side on one fiber. All are built first; then as many run as the
 * options batch and batchPerHost allow, begun in their order; the results have the shape of what was given.
 */
#include <stdio.h>
#include "base/log.h"
#include "script/js.h"

#define BATCH_MAX 10000

typedef struct batch batch;
typedef struct entry entry;

typedef struct line { /* of entries, first come, first served */
    entry *first, *last;
} line;

/* A host with what batchPerHost is about. */
typedef struct host {
    size_t running;
    line waiting;
} host;

struct entry {
    br_js_flight flight; /* first: its callbacks get this */
    batch *batch;
    br_js_request request;
    br_http_fetch fetch;
    JSAtom key; /* of an object */
    host *host;
    entry *next; /* in a line */
    br_ns at;    /* its turn by the option rps */
    bool sent;
};

/*
 * An entry is taken (as many as `batch` allows, in their order), begins when its host has room, is sent when
 * the option rps lets it, and ends. As in k6 one that waits for its host keeps its place among the taken.
 */
struct batch {
    br_vu *vu;
    br_arena arena; /* of all requests, and hosts */
    br_map hosts;
    entry *list;
    size_t count, next, taken, ended;
    line delayed; /* that wait for their turn; turns come in their order */
    br_timer timer;
    bool cancelled;
};

/* Running ------------------------------------------------------------------------------------------- */

static void put(line *l, entry *e)
{
    e->next = NULL;
    if (l->first)
        l->last->next = e;
    else
        l->first = e;
    l->last = e;
}

static entry *take(line *l)
{
    entry *e = l->first;
    if (e) l->first = e->next;
    return e;
}

static void on_done(void *ctx);
static void on_turn(br_timer *timer, void *ctx);

static void send_now(entry *e)
{
    e->sent = true;
    e->flight.response->lag = e->batch->vu->lag;
    br_http_fetch_start(e->batch->vu->http, &e->fetch, &e->request.http, &e->flight.response->http,
        &e->request.fetch, br_js_http_on_hop, on_done, &e->flight);
}

static void wait_for_turn(batch *b)
{
    if (b->delayed.first) br_timer_start(b->vu->config.loop, &b->timer, b->delayed.first->at, on_turn, b);
}

static void on_turn(br_timer *timer, void *ctx)
{
    (void) timer;
    batch *b = ctx;
    br_ns now = br_loop_clock(b->vu->config.loop);
    while (b->delayed.first && b->delayed.first->at <= now)
        send_now(take(&b->delayed));
    wait_for_turn(b);
}

static void begin(entry *e)
{
    batch *b = e->batch;
    e->host->running++;
    e->at = br_js_http_take_turn(b->vu);
    if (e->at == 0) {
        send_now(e);
        return;
    }
    bool first = !b->delayed.first;
    put(&b->delayed, e);
    if (first) wait_for_turn(b);
}

static void take_some(batch *b)
{
    const br_vu_settings *s = b->vu->config.settings;
    while (b->next < b->count && (s->batch <= 0 || b->taken < (size_t) s->batch)) {
        entry *e = &b->list[b->next++];
        b->taken++;
        if (s->batch_per_host > 0 && e->host->running >= (size_t) s->batch_per_host)
            put(&e->host->waiting, e);
        else
            begin(e);
    }
}

static void on_done(void *ctx)
{
    entry *e = ctx;
    batch *b = e->batch;
    e->sent = false;
    e->host->running--;
    b->taken--;
    b->ended++;
    if (b->cancelled) return;
    br_js_http_record(&e->flight);
    entry *next = take(&e->host->waiting);
    if (next) begin(next);
    take_some(b);
    if (b->ended == b->count && b->vu->waiting) br_fiber_wake(b->vu->fiber, BR_OK);
}

static br_code run(batch *b)
{
    br_vu *vu = b->vu;
    if (b->count == 0) return BR_OK;
    vu->waiting = true;
    take_some(b);
    br_code code = br_fiber_await(vu->fiber);
    vu->waiting = false;
    if (code != BR_OK) {
        b->cancelled = true;
        br_timer_stop(vu->config.loop, &b->timer);
        for (size_t i = 0; i < b->count; i++) {
            if (b->list[i].sent) br_http_fetch_cancel(&b->list[i].fetch);
        }
    }
    br_vu_woken(vu);
    vu->lag = 0;
    return code;
}

static host *host_of(batch *b, br_str name)
{
    host *h = br_map_get(&b->hosts, name);
    if (!h) {
        h = BR_ARENA_NEW(&b->arena, host);
        (void) br_map_set(&b->hosts, name, h);
    }
    return h;
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
    if (code == BR_OK) e->host = host_of(b, e->request.http.url.authority);
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
    e->flight = (br_js_flight){b->vu, &e->request, br_js_response_take(b->vu), &e->fetch, b->vu->origin};
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

/* One could not be built: nothing is sent. Those before it have empty results; an array has null for those
 * behind it, an object lacks them. */
static JSValue refused(batch *b, size_t i, size_t wanted, JSValue results)
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
    for (size_t k = 0; k <= i; k++) {
        set_result(b, results, k, br_js_response_object(vu, b->list[k].flight.response));
        b->list[k].flight.response = NULL;
    }
    for (size_t k = i + 1; k < wanted && JS_IsArray(results); k++)
        JS_SetPropertyUint32(vu->ctx, results, (uint32_t) k, JS_NULL);
    return results;
}

/* All have ended: the first exception is thrown. */
static JSValue collect(batch *b, JSValue results)
{
    JSValue thrown = JS_UNDEFINED;
    JSContext *ctx = b->vu->ctx;
    for (size_t i = 0; i < b->count; i++) {
        JSValue v = br_js_http_result(&b->list[i].flight);
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
        br_js_request_release(&b->list[i].request);
        br_http_fetch_deinit(&b->list[i].fetch);
        JS_FreeAtom(b->vu->ctx, b->list[i].key);
    }
    br_free(b->list);
    br_map_deinit(&b->hosts);
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
        if (code != BR_OK) return refused(b, i, wanted, results);
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
        br_map_init(&b.hosts);
        b.list = br_calloc(b.count + 1, sizeof(*b.list));
        ret = perform(&b, argv[0], keys, array ? JS_NewArray(ctx) : JS_NewObject(ctx));
        drop(&b);
    }
    if (keys) JS_FreePropertyEnum(ctx, keys, count);
    return ret;
}
