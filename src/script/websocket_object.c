/*
 * WebSocket of k6/websockets: an object with events, driven by the VU's event loop, which holds the iteration
 * until the connection is closed.
 *
 *     CONNECTING --open--> OPEN --close()--> CLOSING --server's close frame, loss--> CLOSED
 *          |                 +----------------------------------------------------------^
 *          +---- refused ----------------------------------------------------------------+
 */
#include <stdio.h>
#include "base/log.h"
#include "script/ws_int.h"

enum { CONNECTING, OPEN, CLOSING, CLOSED };

enum { ON_OPEN, ON_MESSAGE, ON_ERROR, ON_CLOSE, ON_PING, ON_PONG, EVENTS };
static const char *const event_names[EVENTS] = {"open", "message", "error", "close", "ping", "pong"};

typedef struct listener {
    int event;
    JSValue function;
} listener;

typedef struct web_socket {
    br_vu_async op; /* first: runs, and is started anew after each event, until the last */
    br_js_ws ws;
    JSValue self; /* while the connection lives; else JS_UNDEFINED */
    JSValue url, protocol, extensions;
    JSValue on[EVENTS]; /* onopen, ...; JS_NULL: none */
    BR_VEC(listener) listeners;
    int state;
    bool buffers;   /* binaryType is "arraybuffer" */
    bool signalled; /* op is among those that are done */
    bool opened;
    uint64_t buffered; /* bytes given to send() that the event loop has not seen leave */
} web_socket;

static JSClassID socket_class;

void br_js_websockets_class_id(JSRuntime *rt)
{
    JS_NewClassID(rt, &socket_class);
    br_js_blob_class_id(rt);
}

static void finalize(JSRuntime *rt, JSValueConst v)
{
    web_socket *s = JS_GetOpaque(v, socket_class);
    if (!s) return;
    for (int i = 0; i < EVENTS; i++)
        JS_FreeValueRT(rt, s->on[i]);
    for (size_t i = 0; i < s->listeners.len; i++)
        JS_FreeValueRT(rt, s->listeners.data[i].function);
    br_vec_deinit(&s->listeners);
    JS_FreeValueRT(rt, s->url);
    JS_FreeValueRT(rt, s->protocol);
    JS_FreeValueRT(rt, s->extensions);
    br_free(s);
}

static void mark(JSRuntime *rt, JSValueConst v, JS_MarkFunc *fn)
{
    web_socket *s = JS_GetOpaque(v, socket_class);
    if (!s) return;
    for (int i = 0; i < EVENTS; i++)
        JS_MarkValue(rt, s->on[i], fn);
    for (size_t i = 0; i < s->listeners.len; i++)
        JS_MarkValue(rt, s->listeners.data[i].function, fn);
    JS_MarkValue(rt, s->extensions, fn);
}

static const JSClassDef socket_class_def = {
    .class_name = "WebSocket", .finalizer = finalize, .gc_mark = mark};

static web_socket *socket_of(JSContext *ctx, JSValueConst v)
{
    return JS_GetOpaque2(ctx, v, socket_class);
}

/* Events --------------------------------------------------------------------------------------------- */

static JSValue new_event(JSContext *ctx, const web_socket *s, int event)
{
    JSValue e = JS_NewObject(ctx);
    int64_t ms = br_clock_wall() / BR_MS;
    JS_DefinePropertyValueStr(ctx, e, "type", JS_NewString(ctx, event_names[event]), JS_PROP_C_W_E);
    JS_DefinePropertyValueStr(ctx, e, "target", JS_DupValue(ctx, s->self), JS_PROP_C_W_E);
    JS_DefinePropertyValueStr(ctx, e, "timestamp", JS_NewInt64(ctx, ms), JS_PROP_C_W_E);
    return e;
}

static bool call(JSContext *ctx, JSValueConst function, JSValueConst event)
{
    JSValue kept = JS_DupValue(ctx, function); /* it may be replaced while it runs */
    JSValue ret = JS_Call(ctx, kept, JS_UNDEFINED, 1, &event);
    JS_FreeValue(ctx, kept);
    JS_FreeValue(ctx, ret);
    return !JS_IsException(ret);
}

/* Calls on<event>, then the listeners in the order in which they were added; takes `e`. False: one threw. */
static bool emit(JSContext *ctx, web_socket *s, int event, JSValue e)
{
    size_t count = s->listeners.len; /* those added meanwhile are for the next event */
    bool ok = !JS_IsException(e);
    if (ok && !JS_IsNull(s->on[event])) ok = call(ctx, s->on[event], e);
    for (size_t i = 0; ok && i < count; i++) {
        if (s->listeners.data[i].event == event) ok = call(ctx, s->listeners.data[i].function, e);
    }
    JS_FreeValue(ctx, e);
    return ok;
}

static bool on_open(JSContext *ctx, web_socket *s)
{
    br_str extensions = br_http_response_header(&s->ws.response, BR_STR("Sec-WebSocket-Extensions"));
    s->state = OPEN;
    s->opened = true;
    JS_FreeValue(ctx, s->protocol);
    s->protocol = br_js_new_str(ctx, br_websocket_protocol(s->ws.socket));
    if (extensions.n)
        (void) JS_SetPropertyInt64(ctx, s->extensions, 0, br_js_new_str(ctx, br_str_trim(extensions)));
    return emit(ctx, s, ON_OPEN, new_event(ctx, s, ON_OPEN));
}

/* Once the script has closed, messages that still come are not told. */
static bool on_message(JSContext *ctx, web_socket *s, const br_js_ws_event *m)
{
    br_str payload = {m->text, m->n};
    JSValue data;
    if (s->state != OPEN) return true;
    br_js_ws_sample(&s->ws, BR_M_WS_MSGS_RECEIVED, 1, m->at);
    if (m->kind == BR_JS_WS_TEXT)
        data = br_js_new_str(ctx, payload);
    else if (s->buffers)
        data = JS_NewArrayBufferCopy(ctx, (const uint8_t *) payload.p, payload.n);
    else
        data = br_js_blob_new(ctx, payload, BR_STR(""));
    if (JS_IsException(data)) return false;
    JSValue e = new_event(ctx, s, ON_MESSAGE);
    JS_DefinePropertyValueStr(ctx, e, "data", data, JS_PROP_C_W_E);
    JS_DefinePropertyValueStr(ctx, e, "origin", JS_DupValue(ctx, s->url), JS_PROP_C_W_E);
    return emit(ctx, s, ON_MESSAGE, e);
}

static bool emit_error(JSContext *ctx, web_socket *s, br_str text)
{
    JSValue e = new_event(ctx, s, ON_ERROR);
    JS_DefinePropertyValueStr(ctx, e, "error", br_js_new_str(ctx, text), JS_PROP_C_W_E);
    return emit(ctx, s, ON_ERROR, e);
}

/* The last event. Closes that are neither normal nor because the server goes away are errors first. */
static bool on_end(JSContext *ctx, web_socket *s, const br_js_ws_event *m)
{
    char buf[256];
    br_str text = {m->text, m->n};
    bool refused = m->kind == BR_JS_WS_REFUSED, ok = true;
    s->state = CLOSED;
    if (refused) {
        br_log_field field = {"error", text};
        br_log_line(BR_LOG_WARN, BR_STR("Attempt to establish a WebSocket connection failed"), &field, 1);
    }
    if (m->code && m->code != BR_WS_NORMAL && m->code != BR_WS_GOING_AWAY)
        ok = emit_error(ctx, s, br_js_ws_close_text(m->code, text, buf));
    else if (refused || m->ours)
        ok = emit_error(ctx, s, text);
    if (!ok) return false;
    JSValue e = new_event(ctx, s, ON_CLOSE);
    JS_DefinePropertyValueStr(
        ctx, e, "reason", br_js_new_str(ctx, m->code ? text : BR_STR("")), JS_PROP_C_W_E);
    if (m->code) JS_DefinePropertyValueStr(ctx, e, "code", JS_NewInt32(ctx, m->code), JS_PROP_C_W_E);
    return emit(ctx, s, ON_CLOSE, e);
}

static bool dispatch(JSContext *ctx, web_socket *s, const br_js_ws_event *m)
{
    switch (m->kind) {
        case BR_JS_WS_OPEN: return on_open(ctx, s);
        case BR_JS_WS_TEXT:
        case BR_JS_WS_BINARY: return on_message(ctx, s, m);
        case BR_JS_WS_PING: return emit(ctx, s, ON_PING, new_event(ctx, s, ON_PING));
        case BR_JS_WS_PONG: return emit(ctx, s, ON_PONG, new_event(ctx, s, ON_PONG));
        case BR_JS_WS_SENT: s->buffered = 0; return true;
        case BR_JS_WS_REFUSED:
        case BR_JS_WS_END: break;
    }
    return on_end(ctx, s, m);
}

/* The event loop --------------------------------------------------------------------------------------- */

/* Something is in the queue: the event loop looks at it when its turn comes. */
static void notify(br_js_ws *ws)
{
    web_socket *s = BR_CONTAINER_OF(ws, web_socket, ws);
    if (s->signalled) return;
    s->signalled = true;
    br_vu_async_done(ws->vu, &s->op);
}

/* The connection is over, or given up. */
static void release(JSContext *ctx, web_socket *s)
{
    JSValue self = s->self;
    if (s->opened) br_js_ws_sample_session(&s->ws);
    br_js_ws_deinit(&s->ws);
    s->state = CLOSED;
    s->buffered = 0;
    s->self = JS_UNDEFINED;
    JS_FreeValue(ctx, self); /* perhaps the last one */
}

static bool finish(br_vu *vu, br_vu_async *op)
{
    web_socket *s = (web_socket *) op;
    br_js_ws_event *m = br_js_ws_take(&s->ws);
    bool last = m->kind == BR_JS_WS_END || m->kind == BR_JS_WS_REFUSED;
    s->signalled = false;
    if (!last) {
        br_vu_async_start(vu, op);
        if (s->ws.first) notify(&s->ws);
    }
    bool ok = dispatch(vu->ctx, s, m);
    br_free(m);
    if (last) release(vu->ctx, s);
    return ok;
}

static void cancel(br_vu *vu, br_vu_async *op)
{
    web_socket *s = (web_socket *) op;
    s->op.cancelled = true;
    if (s->ws.socket) (void) br_websocket_close(s->ws.socket, BR_WS_NORMAL, BR_STR(""));
    release(vu->ctx, s);
}

/* Methods ------------------------------------------------------------------------------------------------ */

static JSValue throw_state(JSContext *ctx)
{
    return br_js_throw(ctx, "InvalidStateError");
}

/* A message on its way: it counts as buffered until the event loop has seen that it left. */
static JSValue sent(JSContext *ctx, web_socket *s, br_code code, size_t n)
{
    if (code == BR_ELIMIT)
        return br_js_throw(
            ctx, "more than %zu MiB wait to be sent to the server", BR_WEBSOCKET_SEND_MAX >> 20);
    s->buffered += n;
    if (code == BR_OK) br_js_ws_tell_sent(&s->ws);
    return JS_UNDEFINED;
}

static JSValue socket_send(JSContext *ctx, JSValueConst this_val, int argc, JSValueConst *argv)
{
    web_socket *s = socket_of(ctx, this_val);
    br_str bytes;
    if (!s) return JS_EXCEPTION;
    if (s->state != OPEN) return throw_state(ctx);
    if (argc && JS_IsString(argv[0])) {
        bytes = br_js_ws_text(ctx, argv[0]);
        if (!bytes.p) return JS_EXCEPTION;
        br_code code = br_js_ws_send(&s->ws, BR_WS_TEXT, bytes);
        br_free((void *) (uintptr_t) bytes.p);
        return sent(ctx, s, code, bytes.n);
    }
    JSValue buffer;
    if (!argc || !br_js_buffer_bytes(ctx, argv[0], &buffer, &bytes))
        return br_js_throw(ctx, "unsupported send type: use a string, an ArrayBuffer or a typed array");
    br_code code = br_js_ws_send(&s->ws, BR_WS_BINARY, bytes);
    JS_FreeValue(ctx, buffer);
    return sent(ctx, s, code, bytes.n);
}

static JSValue socket_ping(JSContext *ctx, JSValueConst this_val, int argc, JSValueConst *argv)
{
    (void) argc, (void) argv;
    web_socket *s = socket_of(ctx, this_val);
    if (!s) return JS_EXCEPTION;
    if (s->state != OPEN) return throw_state(ctx);
    br_code code = br_js_ws_send_ping(&s->ws);
    if (code == BR_OK || code == BR_AGAIN) br_js_ws_count_sent(&s->ws);
    return sent(ctx, s, code, 0);
}

/* A close frame counts as a message, as in k6. */
static JSValue close_with(JSContext *ctx, web_socket *s, int code, br_str reason)
{
    if (reason.n > BR_WS_REASON_MAX)
        return br_js_throw(ctx, "the reason of close() is longer than %d bytes", BR_WS_REASON_MAX);
    if (s->state == CONNECTING) {
        s->state = CLOSING;
        br_js_ws_abort(&s->ws, "websocket: closed before the connection was established");
        notify(&s->ws);
    } else if (s->state == OPEN) {
        s->state = CLOSING;
        br_code rc = s->ws.socket ? br_websocket_close(s->ws.socket, code, reason) : BR_EPIPE;
        if (rc == BR_OK || rc == BR_AGAIN) br_js_ws_count_sent(&s->ws);
    }
    return JS_UNDEFINED;
}

static JSValue socket_close(JSContext *ctx, JSValueConst this_val, int argc, JSValueConst *argv)
{
    web_socket *s = socket_of(ctx, this_val);
    int32_t code = BR_WS_NORMAL;
    if (!s) return JS_EXCEPTION;
    if (argc > 0 && !br_js_nullish(argv[0])) {
        if (JS_ToInt32(ctx, &code, argv[0]) < 0) return JS_EXCEPTION;
        if (code != BR_WS_NORMAL && (code < 3000 || code > 4999))
            return br_js_throw(ctx, "close() takes the code 1000 or one between 3000 and 4999, not %d", code);
    }
    br_str reason = BR_STR("");
    bool given = argc > 1 && !br_js_nullish(argv[1]);
    if (given) reason = br_js_ws_text(ctx, argv[1]);
    if (!reason.p) return JS_EXCEPTION;
    JSValue ret = close_with(ctx, s, code, reason);
    if (given) br_free((void *) (uintptr_t) reason.p);
    return ret;
}

static JSValue socket_add(JSContext *ctx, JSValueConst this_val, int argc, JSValueConst *argv)
{
    web_socket *s = socket_of(ctx, this_val);
    if (!s) return JS_EXCEPTION;
    if (argc < 2 || !JS_IsFunction(ctx, argv[1]))
        return br_js_throw(ctx, "addEventListener() needs the type of an event and a function");
    br_str name = br_js_str(ctx, argv[0]);
    if (!name.p) return JS_EXCEPTION;
    int event = 0;
    while (event < EVENTS && !br_str_is(name, event_names[event]))
        event++;
    if (event < EVENTS)
        *br_vec_push(&s->listeners) = (listener){event, JS_DupValue(ctx, argv[1])};
    else
        br_warn("Unknown event type: " BR_FMT, BR_ARG(br_str_sub(name, 0, 100)));
    JS_FreeCString(ctx, name.p);
    return JS_UNDEFINED;
}

/* Properties ----------------------------------------------------------------------------------------------
 */

static JSValue get_on(JSContext *ctx, JSValueConst this_val, int event)
{
    web_socket *s = socket_of(ctx, this_val);
    return s ? JS_DupValue(ctx, s->on[event]) : JS_EXCEPTION;
}

static JSValue set_on(JSContext *ctx, JSValueConst this_val, JSValueConst v, int event)
{
    web_socket *s = socket_of(ctx, this_val);
    if (!s) return JS_EXCEPTION;
    if (!br_js_nullish(v) && !JS_IsFunction(ctx, v))
        return br_js_throw(ctx, "a value for 'on%s' should be callable", event_names[event]);
    JSValue old = s->on[event];
    s->on[event] = br_js_nullish(v) ? JS_NULL : JS_DupValue(ctx, v);
    JS_FreeValue(ctx, old);
    return JS_UNDEFINED;
}

enum { READY_STATE, BUFFERED, URL, PROTOCOL, EXTENSIONS, BINARY_TYPE };

static JSValue get_property(JSContext *ctx, JSValueConst this_val, int which)
{
    web_socket *s = socket_of(ctx, this_val);
    if (!s) return JS_EXCEPTION;
    switch (which) {
        case READY_STATE: return JS_NewInt32(ctx, s->state);
        case BUFFERED: return JS_NewInt64(ctx, (int64_t) s->buffered);
        case URL: return JS_DupValue(ctx, s->url);
        case PROTOCOL: return JS_DupValue(ctx, s->protocol);
        case EXTENSIONS: return JS_DupValue(ctx, s->extensions);
        default: return JS_NewString(ctx, s->buffers ? "arraybuffer" : "blob");
    }
}

static JSValue set_binary_type(JSContext *ctx, JSValueConst this_val, JSValueConst v, int which)
{
    (void) which;
    web_socket *s = socket_of(ctx, this_val);
    if (!s) return JS_EXCEPTION;
    br_str name = br_js_str(ctx, v);
    if (!name.p) return JS_EXCEPTION;
    bool buffers = br_str_is(name, "arraybuffer"), known = buffers || br_str_is(name, "blob");
    JS_FreeCString(ctx, name.p);
    if (!known) return br_js_throw(ctx, "unknown binaryType: use \"blob\" or \"arraybuffer\"");
    s->buffers = buffers;
    return JS_UNDEFINED;
}

static const JSCFunctionListEntry socket_entries[] = {
    JS_CFUNC_DEF("send", 1, socket_send),
    JS_CFUNC_DEF("ping", 0, socket_ping),
    JS_CFUNC_DEF("close", 2, socket_close),
    JS_CFUNC_DEF("addEventListener", 2, socket_add),
    JS_CGETSET_MAGIC_DEF("readyState", get_property, NULL, READY_STATE),
    JS_CGETSET_MAGIC_DEF("bufferedAmount", get_property, NULL, BUFFERED),
    JS_CGETSET_MAGIC_DEF("url", get_property, NULL, URL),
    JS_CGETSET_MAGIC_DEF("protocol", get_property, NULL, PROTOCOL),
    JS_CGETSET_MAGIC_DEF("extensions", get_property, NULL, EXTENSIONS),
    JS_CGETSET_MAGIC_DEF("binaryType", get_property, set_binary_type, BINARY_TYPE),
    JS_CGETSET_MAGIC_DEF("onopen", get_on, set_on, ON_OPEN),
    JS_CGETSET_MAGIC_DEF("onmessage", get_on, set_on, ON_MESSAGE),
    JS_CGETSET_MAGIC_DEF("onerror", get_on, set_on, ON_ERROR),
    JS_CGETSET_MAGIC_DEF("onclose", get_on, set_on, ON_CLOSE),
    JS_CGETSET_MAGIC_DEF("onping", get_on, set_on, ON_PING),
    JS_CGETSET_MAGIC_DEF("onpong", get_on, set_on, ON_PONG),
};

/* Life ----------------------------------------------------------------------------------------------------
 */

/* Begins to connect. False: exception. */
static bool connect_it(JSContext *ctx, web_socket *s, br_str url, JSValueConst params, br_str protocols)
{
    br_str error;
    br_vu *vu = br_vu_of(ctx);
    br_js_ws_options options = {.params = params, .protocols = protocols, .name_tag = true, .notify = notify};
    br_code code = br_js_ws_start(&s->ws, vu, url, &options, &error);
    if (code == BR_OK) {
        br_vu_async_start(vu, &s->op);
        return true;
    }
    if (code == BR_EINVAL) br_js_throw(ctx, BR_FMT, BR_ARG(br_str_sub(error, 0, 500)));
    br_js_ws_deinit(&s->ws);
    return false;
}

static JSValue new_object(JSContext *ctx, br_str url, web_socket **ret)
{
    JSValue object = JS_NewObjectClass(ctx, socket_class);
    if (JS_IsException(object)) return object;
    web_socket *s = BR_NEW(web_socket);
    s->op.finish = finish;
    s->op.cancel = cancel;
    s->self = JS_UNDEFINED;
    s->url = br_js_new_str(ctx, url);
    s->protocol = br_js_new_str(ctx, BR_STR(""));
    s->extensions = JS_NewArray(ctx);
    for (int i = 0; i < EVENTS; i++)
        s->on[i] = JS_NULL;
    JS_SetOpaque(object, s);
    *ret = s;
    return object;
}

JSValue br_js_websocket_new(JSContext *ctx, br_str url, JSValueConst params, br_str protocols)
{
    web_socket *s;
    JSValue object = new_object(ctx, url, &s);
    if (JS_IsException(object)) return object;
    if (connect_it(ctx, s, url, params, protocols)) {
        s->self = JS_DupValue(ctx, object);
        return object;
    }
    JS_FreeValue(ctx, object);
    return JS_EXCEPTION;
}

JSValue br_js_websocket_proto(JSContext *ctx)
{
    JSRuntime *rt = JS_GetRuntime(ctx);
    if (!JS_IsRegisteredClass(rt, socket_class)) {
        JSValue fresh = JS_NewObject(ctx);
        if (JS_NewClass(rt, socket_class, &socket_class_def) < 0 ||
            JS_SetPropertyFunctionList(ctx, fresh, socket_entries, BR_COUNT_OF(socket_entries)) < 0) {
            JS_FreeValue(ctx, fresh);
            return JS_EXCEPTION;
        }
        JS_SetClassProto(ctx, socket_class, fresh);
    }
    return JS_GetClassProto(ctx, socket_class);
}
