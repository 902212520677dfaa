/*
 * Module "k6/ws": connect() runs until the connection is closed, and calls the script's handlers meanwhile.
 * Other events of the VU (its timers, asynchronous operations) wait, as in k6.
 */
#include <stdio.h>
#include "script/ws_int.h"

#define TIMERS_MAX 10000

typedef struct ws_timer {
    br_ns at, interval; /* interval -1: fires once */
    JSValue function;
} ws_timer;

/* What the script's socket object stands for. It outlives the connection if the script keeps it. */
typedef struct ws_socket {
    br_js_ws *ws;     /* NULL: over */
    JSValue handlers; /* event -> functions */
    BR_VEC(ws_timer) timers;
    br_timer wake;
    bool waiting; /* the fiber waits here */
    bool closed;  /* the close handlers have been called */
} ws_socket;

static JSClassID socket_class;

void br_js_ws_class_id(JSRuntime *rt)
{
    JS_NewClassID(rt, &socket_class);
}

static void drop_timers(JSRuntime *rt, ws_socket *s)
{
    for (size_t i = 0; i < s->timers.len; i++)
        JS_FreeValueRT(rt, s->timers.data[i].function);
    br_vec_deinit(&s->timers);
}

static void finalize(JSRuntime *rt, JSValueConst v)
{
    ws_socket *s = JS_GetOpaque(v, socket_class);
    if (!s) return;
    drop_timers(rt, s);
    JS_FreeValueRT(rt, s->handlers);
    br_free(s);
}

static void mark(JSRuntime *rt, JSValueConst v, JS_MarkFunc *fn)
{
    ws_socket *s = JS_GetOpaque(v, socket_class);
    if (!s) return;
    JS_MarkValue(rt, s->handlers, fn);
    for (size_t i = 0; i < s->timers.len; i++)
        JS_MarkValue(rt, s->timers.data[i].function, fn);
}

static const JSClassDef socket_class_def = {.class_name = "Socket", .finalizer = finalize, .gc_mark = mark};

static ws_socket *socket_of(JSContext *ctx, JSValueConst v)
{
    return JS_GetOpaque2(ctx, v, socket_class);
}

/* Handlers ------------------------------------------------------------------------------------------ */

/* Calls the handlers of an event in order; takes `arg`. False: one threw. */
static bool emit(JSContext *ctx, ws_socket *s, const char *event, JSValue arg)
{
    int64_t n = 0;
    JSValue list = JS_GetPropertyStr(ctx, s->handlers, event);
    bool ok = !JS_IsException(list) && !JS_IsException(arg);
    if (ok && JS_IsArray(list)) ok = JS_GetLength(ctx, list, &n) == 0;
    for (int64_t i = 0; ok && i < n; i++) {
        JSValue function = JS_GetPropertyInt64(ctx, list, i);
        JSValue ret = JS_Call(
            ctx, function, JS_UNDEFINED, JS_IsUndefined(arg) ? 0 : 1, (JSValueConst *) &arg);
        ok = !JS_IsException(ret);
        JS_FreeValue(ctx, ret);
        JS_FreeValue(ctx, function);
    }
    JS_FreeValue(ctx, list);
    JS_FreeValue(ctx, arg);
    return ok;
}

static JSValue error_text(
    JSContext *ctx, JSValueConst this_val, int argc, JSValueConst *argv, int magic, JSValueConst *data)
{
    (void) this_val, (void) argc, (void) argv, (void) magic;
    return JS_DupValue(ctx, data[0]);
}

/* What error handlers get: an object whose error() is the text; of a close frame also code and text. */
static JSValue error_object(JSContext *ctx, br_str text, int code, br_str reason)
{
    JSValue o = JS_NewObject(ctx), message = br_js_new_str(ctx, text);
    JS_DefinePropertyValueStr(ctx, o, "error",
        JS_NewCFunctionData(ctx, error_text, 0, 0, 1, (JSValueConst *) &message), JS_PROP_C_W_E);
    JS_FreeValue(ctx, message);
    if (code) {
        JS_DefinePropertyValueStr(ctx, o, "code", JS_NewInt32(ctx, code), JS_PROP_C_W_E);
        JS_DefinePropertyValueStr(ctx, o, "text", br_js_new_str(ctx, reason), JS_PROP_C_W_E);
    }
    return o;
}

static bool emit_error(JSContext *ctx, ws_socket *s, const char *text)
{
    return emit(ctx, s, "error", error_object(ctx, br_str_of(text), 0, BR_STR("")));
}

/* Closes with that code, once; the close handlers run inside. False: one threw. */
static bool shut(JSContext *ctx, ws_socket *s, int code)
{
    if (s->closed) return true;
    s->closed = true;
    if (s->ws && s->ws->socket) (void) br_websocket_close(s->ws->socket, code, BR_STR(""));
    return emit(ctx, s, "close", JS_NewInt32(ctx, code));
}

/* Waiting --------------------------------------------------------------------------------------------- */

/* Lives on the fiber's stack. */
typedef struct connection {
    br_js_ws ws; /* first */
    ws_socket *socket;
} connection;

static void notify(br_js_ws *ws)
{
    ws_socket *s = ((connection *) ws)->socket;
    if (!s->waiting) return;
    s->waiting = false;
    br_fiber_wake(ws->vu->fiber, BR_OK);
}

static void on_wake(br_timer *timer, void *ctx)
{
    (void) timer;
    notify(ctx);
}

/* Until something has happened, or `until`. False: interrupted (pending). */
static bool wait_for(JSContext *ctx, ws_socket *s, br_ns until)
{
    br_vu *vu = br_vu_of(ctx);
    if (until != BR_NS_MAX) br_timer_start(vu->config.loop, &s->wake, until, on_wake, s->ws);
    s->waiting = true;
    br_code code = br_fiber_await(vu->fiber);
    s->waiting = false;
    br_timer_stop(vu->config.loop, &s->wake);
    br_vu_woken(vu);
    if (code != BR_OK) br_js_interrupt(ctx);
    return code == BR_OK;
}

/* The socket object ------------------------------------------------------------------------------------ */

static JSValue socket_on(JSContext *ctx, JSValueConst this_val, int argc, JSValueConst *argv)
{
    ws_socket *s = socket_of(ctx, this_val);
    if (!s) return JS_EXCEPTION;
    if (argc < 2 || !JS_IsFunction(ctx, argv[1]))
        return JS_UNDEFINED; /* k6 passes over what is no function */
    JSAtom event = JS_ValueToAtom(ctx, argv[0]);
    if (event == JS_ATOM_NULL) return JS_EXCEPTION;
    int64_t n = 0;
    JSValue list = JS_GetProperty(ctx, s->handlers, event);
    if (!JS_IsArray(list)) {
        JS_FreeValue(ctx, list);
        list = JS_NewArray(ctx);
        JS_DefinePropertyValue(ctx, s->handlers, event, JS_DupValue(ctx, list), JS_PROP_C_W_E);
    }
    JS_FreeAtom(ctx, event);
    int rc = JS_GetLength(ctx, list, &n);
    if (rc == 0)
        rc = JS_DefinePropertyValueUint32(ctx, list, (uint32_t) n, JS_DupValue(ctx, argv[1]), JS_PROP_C_W_E);
    JS_FreeValue(ctx, list);
    return rc < 0 ? JS_EXCEPTION : JS_UNDEFINED;
}

/* k6's write ends when the bytes are with the kernel: a script cannot be faster than the network. */
static JSValue send_bytes(JSContext *ctx, ws_socket *s, br_ws_opcode opcode, br_str bytes)
{
    br_code code = s->ws ? br_js_ws_send(s->ws, opcode, bytes) : BR_EPIPE;
    if (code == BR_EPIPE) return emit_error(ctx, s, "websocket: close sent") ? JS_UNDEFINED : JS_EXCEPTION;
    if (code == BR_ELIMIT)
        return emit_error(ctx, s, "websocket: message is larger than 256 MiB") ? JS_UNDEFINED : JS_EXCEPTION;
    while (code == BR_AGAIN && br_websocket_waits(s->ws->socket)) {
        if (!wait_for(ctx, s, BR_NS_MAX)) return JS_EXCEPTION;
        if (!s->ws->socket || !br_websocket_open(s->ws->socket)) break;
    }
    return JS_UNDEFINED;
}

static JSValue socket_send(JSContext *ctx, JSValueConst this_val, int argc, JSValueConst *argv)
{
    ws_socket *s = socket_of(ctx, this_val);
    if (!s) return JS_EXCEPTION;
    br_str text = br_js_ws_text(ctx, argc ? argv[0] : JS_UNDEFINED);
    if (!text.p) return JS_EXCEPTION;
    JSValue ret = send_bytes(ctx, s, BR_WS_TEXT, text);
    br_free((void *) (uintptr_t) text.p);
    return ret;
}

static JSValue socket_send_binary(JSContext *ctx, JSValueConst this_val, int argc, JSValueConst *argv)
{
    ws_socket *s = socket_of(ctx, this_val);
    if (!s) return JS_EXCEPTION;
    size_t n;
    if (argc < 1 || br_js_nullish(argv[0])) return br_js_throw(ctx, "missing argument, expected ArrayBuffer");
    if (!JS_IsArrayBuffer(argv[0])) {
        br_str shown = br_js_str(ctx, argv[0]);
        if (!shown.p) return JS_EXCEPTION;
        br_js_throw(
            ctx, "expected ArrayBuffer as argument, received: " BR_FMT, BR_ARG(br_str_sub(shown, 0, 200)));
        JS_FreeCString(ctx, shown.p);
        return JS_EXCEPTION;
    }
    const uint8_t *bytes = JS_GetArrayBuffer(ctx, &n, argv[0]);
    if (!bytes && n) return JS_EXCEPTION;
    return send_bytes(ctx, s, BR_WS_BINARY, (br_str){bytes ? (const char *) bytes : "", bytes ? n : 0});
}

static JSValue socket_ping(JSContext *ctx, JSValueConst this_val, int argc, JSValueConst *argv)
{
    (void) argc, (void) argv;
    ws_socket *s = socket_of(ctx, this_val);
    if (!s) return JS_EXCEPTION;
    br_code code = s->ws ? br_js_ws_send_ping(s->ws) : BR_EPIPE;
    if (code == BR_OK || code == BR_AGAIN) return JS_UNDEFINED;
    return emit_error(ctx, s, "websocket: close sent") ? JS_UNDEFINED : JS_EXCEPTION;
}

static JSValue socket_close(JSContext *ctx, JSValueConst this_val, int argc, JSValueConst *argv)
{
    ws_socket *s = socket_of(ctx, this_val);
    int32_t code = BR_WS_GOING_AWAY;
    if (!s || (argc > 0 && JS_ToInt32(ctx, &code, argv[0]) < 0)) return JS_EXCEPTION;
    return shut(ctx, s, code & 0xffff) ? JS_UNDEFINED : JS_EXCEPTION;
}

static JSValue socket_timer(JSContext *ctx, JSValueConst this_val, int argc, JSValueConst *argv, int repeat)
{
    ws_socket *s = socket_of(ctx, this_val);
    double ms = 0;
    const char *name = repeat ? "setInterval" : "setTimeout";
    if (!s || (argc > 1 && JS_ToFloat64(ctx, &ms, argv[1]) < 0)) return JS_EXCEPTION;
    if (argc < 1 || !JS_IsFunction(ctx, argv[0]))
        return br_js_throw(ctx, "%s requires a function as first argument", name);
    if (!(ms > 0)) return br_js_throw(ctx, "%s requires a >0 timeout parameter, received %.2f", name, ms);
    if (s->timers.len >= TIMERS_MAX)
        return br_js_throw(ctx, "more than %d timers at the same time", TIMERS_MAX);
    br_ns delay = (br_ns) ((ms < 1e12 ? ms : 1e12) * (double) BR_MS);
    *br_vec_push(&s->timers) = (ws_timer){.at = br_loop_clock(br_vu_of(ctx)->config.loop) + delay,
        .interval = repeat ? (delay > 0 ? delay : 1) : -1,
        .function = JS_DupValue(ctx, argv[0])};
    return JS_UNDEFINED;
}

static const JSCFunctionListEntry socket_entries[] = {
    JS_CFUNC_DEF("on", 2, socket_on),
    JS_CFUNC_DEF("send", 1, socket_send),
    JS_CFUNC_DEF("sendBinary", 1, socket_send_binary),
    JS_CFUNC_DEF("ping", 0, socket_ping),
    JS_CFUNC_DEF("close", 1, socket_close),
    JS_CFUNC_MAGIC_DEF("setTimeout", 2, socket_timer, false),
    JS_CFUNC_MAGIC_DEF("setInterval", 2, socket_timer, true),
};

static JSValue socket_object(JSContext *ctx, ws_socket **ret)
{
    JSRuntime *rt = JS_GetRuntime(ctx);
    if (!JS_IsRegisteredClass(rt, socket_class)) {
        JSValue proto = JS_NewObject(ctx);
        if (JS_NewClass(rt, socket_class, &socket_class_def) < 0 ||
            JS_SetPropertyFunctionList(ctx, proto, socket_entries, BR_COUNT_OF(socket_entries)) < 0) {
            JS_FreeValue(ctx, proto);
            return JS_EXCEPTION;
        }
        JS_SetClassProto(ctx, socket_class, proto);
    }
    JSValue object = JS_NewObjectClass(ctx, socket_class);
    if (JS_IsException(object)) return object;
    *ret = BR_NEW(ws_socket);
    (*ret)->handlers = JS_NewObjectProto(ctx, JS_NULL);
    JS_SetOpaque(object, *ret);
    return object;
}

/* The loop ----------------------------------------------------------------------------------------------- */

static bool on_message(JSContext *ctx, ws_socket *s, const br_js_ws_event *e)
{
    br_str payload = {e->text, e->n};
    br_js_ws_sample(s->ws, BR_M_WS_MSGS_RECEIVED, 1, e->at);
    if (e->kind == BR_JS_WS_TEXT) return emit(ctx, s, "message", br_js_new_str(ctx, payload));
    return emit(ctx, s, "binaryMessage", JS_NewArrayBufferCopy(ctx, (const uint8_t *) e->text, e->n));
}

/* Closes that are neither normal nor because the server goes away are errors. Other failures are, in k6, just
 * the end; those by a limit of ours are told. */
static bool on_end(JSContext *ctx, ws_socket *s, const br_js_ws_event *e)
{
    char buf[256];
    br_str text = {e->text, e->n};
    bool ok = true;
    if (e->code && e->code != BR_WS_NORMAL && e->code != BR_WS_GOING_AWAY)
        ok = emit(ctx, s, "error", error_object(ctx, br_js_ws_close_text(e->code, text, buf), e->code, text));
    else if (e->ours)
        ok = emit(ctx, s, "error", error_object(ctx, text, 0, BR_STR("")));
    return ok && shut(ctx, s, e->code ? e->code : BR_WS_GOING_AWAY);
}

static bool dispatch(JSContext *ctx, ws_socket *s, const br_js_ws_event *e)
{
    switch (e->kind) {
        case BR_JS_WS_TEXT:
        case BR_JS_WS_BINARY: return on_message(ctx, s, e);
        case BR_JS_WS_PING: return emit(ctx, s, "ping", JS_UNDEFINED);
        case BR_JS_WS_PONG: return emit(ctx, s, "pong", JS_UNDEFINED);
        case BR_JS_WS_END: return on_end(ctx, s, e);
        case BR_JS_WS_OPEN:
        case BR_JS_WS_REFUSED:
        case BR_JS_WS_SENT: break;
    }
    return true;
}

static ws_timer *next_timer(const ws_socket *s)
{
    ws_timer *next = NULL;
    for (size_t i = 0; i < s->timers.len; i++) {
        if (!next || s->timers.data[i].at < next->at) next = &s->timers.data[i];
    }
    return next;
}

/* An interval that is late leaves out what it missed, as Go's ticker does. */
static bool fire(JSContext *ctx, ws_socket *s, ws_timer *t, br_ns now)
{
    JSValue function = JS_DupValue(ctx, t->function);
    if (t->interval > 0) {
        t->at += ((now - t->at) / t->interval + 1) * t->interval;
    } else {
        JS_FreeValue(ctx, t->function);
        *t = *br_vec_last(&s->timers);
        s->timers.len--;
    }
    JSValue ret = JS_Call(ctx, function, JS_UNDEFINED, 0, NULL);
    JS_FreeValue(ctx, function);
    JS_FreeValue(ctx, ret);
    return !JS_IsException(ret);
}

/* Long-running handlers let other virtual users in between. False: interrupted. */
static bool share_processor(JSContext *ctx)
{
    br_vu *vu = br_vu_of(ctx);
    br_ns now = br_loop_clock(vu->config.loop);
    if (now - vu->slice_start <= BR_VU_SLICE) return true;
    br_code code = br_fiber_sleep_until(vu->fiber, br_loop_now(vu->config.loop));
    vu->slice_start = br_loop_now(vu->config.loop);
    if (code != BR_OK) br_js_interrupt(ctx);
    return code == BR_OK;
}

/* One event, one timer, or a wait for them. False: exception. */
static bool turn(JSContext *ctx, ws_socket *s)
{
    if (!share_processor(ctx)) return false;
    br_ns now = br_loop_clock(br_vu_of(ctx)->config.loop);
    ws_timer *t = next_timer(s);
    if (t && t->at <= now) return fire(ctx, s, t, now);
    br_js_ws_event *e = br_js_ws_take(s->ws);
    if (!e) return wait_for(ctx, s, t ? t->at : BR_NS_MAX);
    bool ok = dispatch(ctx, s, e);
    br_free(e);
    return ok;
}

/* The script's function, then events until the connection is closed. False: exception. */
static bool session(JSContext *ctx, ws_socket *s, JSValueConst socket, JSValueConst function)
{
    JSValue ret = JS_Call(ctx, function, JS_UNDEFINED, 1, &socket);
    bool ok = !JS_IsException(ret);
    JS_FreeValue(ctx, ret);
    if (ok && !s->closed) ok = emit(ctx, s, "open", JS_UNDEFINED);
    while (ok && !s->closed)
        ok = turn(ctx, s);
    return ok;
}

/* connect() ---------------------------------------------------------------------------------------------- */

static JSValue headers_object(JSContext *ctx, const br_http_response *r)
{
    JSValue o = JS_NewObject(ctx);
    if (r->status) br_js_put_headers(ctx, o, r);
    return o;
}

/* Of an answer the head and what was kept of the body; else the error. */
static JSValue result(JSContext *ctx, const br_js_ws *ws, br_str error)
{
    const br_http_response *r = &ws->response;
    JSValue o = JS_NewObject(ctx);
    br_str url = r->status ? ws->url : BR_STR("");
    JS_DefinePropertyValueStr(ctx, o, "url", br_js_new_str(ctx, url), JS_PROP_C_W_E);
    JS_DefinePropertyValueStr(ctx, o, "status", JS_NewInt32(ctx, r->status), JS_PROP_C_W_E);
    JS_DefinePropertyValueStr(ctx, o, "headers", headers_object(ctx, r), JS_PROP_C_W_E);
    JS_DefinePropertyValueStr(ctx, o, "body", br_js_new_str(ctx, br_buf_view(&r->body)), JS_PROP_C_W_E);
    JS_DefinePropertyValueStr(
        ctx, o, "error", br_js_new_str(ctx, r->status ? BR_STR("") : error), JS_PROP_C_W_E);
    return o;
}

static JSValue refused(JSContext *ctx, br_js_ws *ws, br_str error)
{
    br_js_ws_sample_session(ws);
    if (br_vu_of(ctx)->config.settings->throw_errors) return br_js_throw_str(ctx, error);
    return result(ctx, ws, error);
}

/* Waits for the answer. JS_UNDEFINED: it is open; else what connect() returns. */
static JSValue await_open(JSContext *ctx, connection *c)
{
    br_js_ws_event *e;
    while (!(e = br_js_ws_take(&c->ws))) {
        if (!wait_for(ctx, c->socket, BR_NS_MAX)) return JS_EXCEPTION;
    }
    bool open = e->kind == BR_JS_WS_OPEN;
    JSValue ret = open ? JS_UNDEFINED : refused(ctx, &c->ws, (br_str){e->text, e->n});
    br_free(e);
    return ret;
}

/* An exception closes the connection, and is not that of the close handlers. */
static JSValue run_session(JSContext *ctx, connection *c, JSValueConst socket, JSValueConst function)
{
    if (session(ctx, c->socket, socket, function)) {
        br_js_ws_sample_session(&c->ws);
        return result(ctx, &c->ws, BR_STR(""));
    }
    JSValue error = JS_GetException(ctx);
    if (br_vu_of(ctx)->cancelled) {
        if (c->ws.socket) (void) br_websocket_close(c->ws.socket, BR_WS_GOING_AWAY, BR_STR(""));
    } else {
        if (!shut(ctx, c->socket, BR_WS_GOING_AWAY)) JS_FreeValue(ctx, JS_GetException(ctx));
        br_js_ws_sample_session(&c->ws);
    }
    return JS_Throw(ctx, error);
}

static JSValue open_and_run(JSContext *ctx, connection *c, JSValueConst socket, br_str url,
    JSValueConst params, JSValueConst function)
{
    br_str error;
    br_js_ws_options options = {.params = params, .notify = notify};
    br_code code = br_js_ws_start(&c->ws, br_vu_of(ctx), url, &options, &error);
    if (code == BR_EEXCEPTION) return JS_EXCEPTION;
    if (code != BR_OK) return refused(ctx, &c->ws, error);
    JSValue ret = await_open(ctx, c);
    return JS_IsUndefined(ret) ? run_session(ctx, c, socket, function) : ret;
}

static JSValue ws_connect(JSContext *ctx, JSValueConst this_val, int argc, JSValueConst *argv)
{
    (void) this_val;
    br_vu *vu = br_vu_of(ctx);
    if (br_vu_in_init(vu)) return br_js_throw(ctx, "using websockets in the init context is not supported");
    if (!vu->http) return br_js_throw(ctx, "connections cannot be made in handleSummary()");
    if (argc < 2) return br_js_throw(ctx, "invalid number of arguments to ws.connect");
    JSValueConst params = argc > 2 ? argv[1] : JS_UNDEFINED, function = argv[argc > 2 ? 2 : 1];
    if (!JS_IsFunction(ctx, function))
        return br_js_throw(ctx, "last argument to ws.connect must be a function");
    connection c = {.socket = NULL};
    JSValue socket = socket_object(ctx, &c.socket);
    br_str url = br_js_str(ctx, argv[0]);
    JSValue ret = JS_EXCEPTION;
    if (!JS_IsException(socket) && url.p) {
        c.socket->ws = &c.ws;
        ret = open_and_run(ctx, &c, socket, url, params, function);
        c.socket->ws = NULL;
        c.socket->closed = true;
        drop_timers(JS_GetRuntime(ctx), c.socket);
        br_js_ws_deinit(&c.ws);
    }
    JS_FreeCString(ctx, url.p);
    JS_FreeValue(ctx, socket);
    return ret;
}

static const JSCFunctionListEntry entries[] = {JS_CFUNC_DEF("connect", 3, ws_connect)};

const br_js_module br_js_module_ws = {
    .name = "k6/ws", .entries = entries, .entry_count = BR_COUNT_OF(entries)};
