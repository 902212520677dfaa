#include <stdio.h>
#include "base/log.h"
#include "script/ws_int.h"

#define HANDSHAKE_TIMEOUT (60 * BR_SEC)
#define MORE_TAGS         5
#define PINGS_MAX         10000 /* on their way; of more, the oldest are forgotten */

/* Samples ----------------------------------------------------------------------------------------- */

void br_js_ws_sample(const br_js_ws *ws, br_builtin_metric metric, double value, br_ns wall)
{
    br_recorder *r = ws->vu->config.recorder;
    if (!r || ws->vu->cancelled) return;
    br_recorder_add(r, br_metrics_at(ws->vu->config.settings->metrics, metric), value, &ws->origin, ws->tags,
        ws->tag_count, wall);
}

static br_ns now_wall(const br_js_ws *ws)
{
    return br_vu_wall(ws->vu, br_loop_clock(ws->vu->config.loop));
}

static double ms_since(const br_js_ws *ws, br_ns at)
{
    return (double) (br_loop_clock(ws->vu->config.loop) - at) / 1e6;
}

void br_js_ws_sample_session(const br_js_ws *ws)
{
    br_js_ws_sample(ws, BR_M_WS_SESSION_DURATION, ms_since(ws, ws->started), now_wall(ws));
}

static void put_tag(br_js_ws *ws, unsigned system_tag, const char *key, br_str value)
{
    if (ws->vu->config.settings->system_tags & system_tag)
        ws->tags[ws->tag_count++] = (br_tag){br_str_of(key), value};
}

/* The url, or the name that the script gave, for both: k6's rule. */
static void put_first_tags(br_js_ws *ws)
{
    const br_js_request *q = &ws->request;
    ws->tags = br_arena_alloc(&ws->arena, (q->tag_count + MORE_TAGS) * sizeof(*ws->tags));
    if (q->tag_count) memcpy(ws->tags, q->tags, q->tag_count * sizeof(*ws->tags));
    ws->tag_count = q->tag_count;
    br_str url = q->named ? q->name_tag : ws->url;
    put_tag(ws, BR_SYSTEM_TAG(URL), "url", url);
    if (q->named || ws->name_tag) put_tag(ws, BR_SYSTEM_TAG(NAME), "name", url);
}

/* The attempt has ended, one way or the other. */
static void record_attempt(br_js_ws *ws)
{
    const br_http_response *r = &ws->response;
    br_ns wall = now_wall(ws);
    if (r->status) {
        br_str protocol = br_http_response_header(r, BR_STR("Sec-WebSocket-Protocol"));
        br_str status = br_str_of(br_arena_printf(&ws->arena, "%d", r->status));
        put_tag(ws, BR_SYSTEM_TAG(STATUS), "status", status);
        put_tag(ws, BR_SYSTEM_TAG(SUBPROTO), "subproto", br_arena_str(&ws->arena, br_str_trim(protocol)));
    }
    if (r->remote_ip[0])
        put_tag(ws, BR_SYSTEM_TAG(IP), "ip", br_arena_str(&ws->arena, br_str_of(r->remote_ip)));
    br_js_ws_sample(ws, BR_M_WS_SESSIONS, 1, wall);
    br_js_ws_sample(ws, BR_M_WS_CONNECTING, ms_since(ws, ws->started), wall);
}

/* Events -------------------------------------------------------------------------------------------- */

static br_js_ws_event *push(br_js_ws *ws, br_js_ws_kind kind, br_str text)
{
    br_js_ws_event *e = br_malloc(sizeof(*e) + text.n);
    *e = (br_js_ws_event){.kind = kind, .n = text.n, .at = now_wall(ws)};
    if (text.n) memcpy(e->text, text.p, text.n);
    *ws->last = e;
    ws->last = &e->next;
    ws->queued_bytes += sizeof(*e) + text.n;
    return e;
}

br_js_ws_event *br_js_ws_take(br_js_ws *ws)
{
    br_js_ws_event *e = ws->first;
    if (!e) return NULL;
    ws->first = e->next;
    if (!ws->first) ws->last = &ws->first;
    ws->queued_bytes -= sizeof(*e) + e->n;
    return e;
}

static void warn(const br_js_ws *ws, const char *why)
{
    br_log_field fields[] = {{"error", br_str_of(why)}, {"url", ws->url}};
    br_log_line(BR_LOG_WARN, BR_STR("WebSocket connection broken"), fields, 2);
}

void br_js_ws_abort(br_js_ws *ws, const char *why)
{
    bool open = br_websocket_open(ws->socket);
    br_websocket_free(ws->socket);
    ws->socket = NULL;
    if (!open) record_attempt(ws);
    push(ws, open ? BR_JS_WS_END : BR_JS_WS_REFUSED, br_str_of(why));
}

static void on_open(void *ctx)
{
    br_js_ws *ws = ctx;
    record_attempt(ws);
    push(ws, BR_JS_WS_OPEN, BR_STR(""));
    ws->notify(ws);
}

static void on_message(void *ctx, bool text, br_str payload)
{
    br_js_ws *ws = ctx;
    if (ws->queued_bytes + payload.n > BR_JS_WS_QUEUE_MAX && ws->first) {
        char why[120];
        snprintf(why, sizeof(why), "websocket: more than %zu MiB of messages wait for the script",
            BR_JS_WS_QUEUE_MAX >> 20);
        warn(ws, why);
        br_js_ws_abort(ws, why);
        for (br_js_ws_event *e = ws->first; e; e = e->next) /* the last one */
            e->ours = e->kind == BR_JS_WS_END;
    } else {
        push(ws, text ? BR_JS_WS_TEXT : BR_JS_WS_BINARY, payload);
    }
    ws->notify(ws);
}

/* A script that is behind by so much is not told of every ping and pong. */
static void push_small(br_js_ws *ws, br_js_ws_kind kind)
{
    if (ws->queued_bytes > BR_JS_WS_QUEUE_MAX && kind != BR_JS_WS_SENT) return;
    push(ws, kind, BR_STR(""));
    ws->notify(ws);
}

static void on_ping(void *ctx)
{
    push_small(ctx, BR_JS_WS_PING);
}

/* Pings are numbered; a pong for one of them, and not an older one, is timed. */
static void on_pong(void *ctx, br_str payload)
{
    br_js_ws *ws = ctx;
    char digits[16];
    for (size_t i = 0; i < ws->pings.len; i++) {
        snprintf(digits, sizeof(digits), "%u", ws->pings.data[i].id);
        if (!br_str_is(payload, digits)) continue;
        br_js_ws_sample(ws, BR_M_WS_PING, ms_since(ws, ws->pings.data[i].at), now_wall(ws));
        memmove(
            &ws->pings.data[i], &ws->pings.data[i + 1], (ws->pings.len - i - 1) * sizeof(*ws->pings.data));
        ws->pings.len--;
        break;
    }
    push_small(ws, BR_JS_WS_PONG);
}

static void on_sent(void *ctx)
{
    push_small(ctx, BR_JS_WS_SENT);
}

static void on_end(void *ctx, const br_websocket_end *end)
{
    br_js_ws *ws = ctx;
    if (end->kind == BR_WEBSOCKET_REFUSED) {
        record_attempt(ws);
        push(ws, BR_JS_WS_REFUSED, br_str_of(end->error));
    } else {
        if (end->broke_protocol || end->over_limit) warn(ws, end->error);
        br_js_ws_event *e = push(ws, BR_JS_WS_END, end->code ? end->reason : br_str_of(end->error));
        e->code = end->code;
        e->ours = end->over_limit;
    }
    ws->notify(ws);
}

static const br_websocket_events events = {.on_open = on_open,
    .on_message = on_message,
    .on_ping = on_ping,
    .on_pong = on_pong,
    .on_sent = on_sent,
    .on_end = on_end};

/* Start ---------------------------------------------------------------------------------------------- */

/* Go's sentence about the http form, with the URL as it was given. */
static br_str say_parse_error(br_js_ws *ws, br_str form, br_str message)
{
    static const br_str parse = BR_STR_INIT("parse \"");
    br_str after = br_str_sub(message, parse.n + form.n, message.n);
    if (!br_str_starts(message, parse) || !br_str_starts(br_str_sub(message, parse.n, message.n), form))
        return br_arena_str(&ws->arena, message);
    return br_str_of(br_arena_printf(&ws->arena, "parse \"" BR_FMT BR_FMT, BR_ARG(ws->url), BR_ARG(after)));
}

/* ws://x -> http://x. BR_EINVAL: it is no WebSocket's URL. */
static br_code http_form(br_js_ws *ws, br_str *ret_form, br_str *ret_error)
{
    br_err err;
    br_url url;
    ptrdiff_t colon = br_str_find_char(ws->url, ':');
    br_str scheme = br_str_sub(ws->url, 0, colon < 0 ? 0 : (size_t) colon);
    bool plain = br_str_eq_nocase(scheme, BR_STR("ws")), tls = br_str_eq_nocase(scheme, BR_STR("wss"));
    *ret_form = ws->url;
    if (plain || tls) {
        br_str rest = br_str_sub(ws->url, scheme.n, ws->url.n);
        *ret_form = br_str_of(br_arena_printf(&ws->arena, "%s" BR_FMT, tls ? "https" : "http", BR_ARG(rest)));
    }
    br_code code = br_url_parse(*ret_form, &url, &err);
    if (code == BR_ESYNTAX || (code != BR_OK && (plain || tls))) {
        *ret_error = say_parse_error(ws, *ret_form, br_str_of(err.msg));
    } else if (!(plain || tls) || url.userinfo.p) {
        *ret_error = BR_STR("malformed ws or wss URL");
    } else {
        return BR_OK;
    }
    return BR_EINVAL;
}

/* "deflate" or nothing; -1: exception. */
static int wants_deflate(JSContext *ctx, JSValueConst params)
{
    JSValue v = JS_IsObject(params) ? JS_GetPropertyStr(ctx, params, "compression") : JS_UNDEFINED;
    if (br_js_nullish(v)) return 0;
    br_str text = JS_IsException(v) ? BR_STR_NONE : br_js_str(ctx, v);
    JS_FreeValue(ctx, v);
    if (!text.p) return -1;
    br_str name = br_str_trim(text);
    int rc = name.n > 0;
    if (rc && !br_str_is(name, "deflate")) {
        br_js_throw(ctx, "unsupported compression algorithm '" BR_FMT "', supported algorithm is 'deflate'",
            BR_ARG(br_str_sub(name, 0, 100)));
        rc = -1;
    }
    JS_FreeCString(ctx, text.p);
    return rc;
}

/* Those of the parameters that a handshake has in common with other requests. */
static JSValue request_params(JSContext *ctx, JSValueConst params)
{
    static const char *const names[] = {"headers", "tags", "jar"};
    JSValue object = JS_NewObject(ctx);
    for (size_t i = 0; i < BR_COUNT_OF(names) && JS_IsObject(params) && !JS_IsException(object); i++) {
        JSValue v = JS_GetPropertyStr(ctx, params, names[i]);
        if (JS_IsException(v) || JS_SetPropertyStr(ctx, object, names[i], v) < 0) {
            JS_FreeValue(ctx, object);
            return JS_EXCEPTION;
        }
    }
    return object;
}

/* Builds in the connection's own arena. BR_EEXCEPTION. */
static br_code build(br_js_ws *ws, br_str form, JSValueConst params)
{
    br_vu *vu = ws->vu;
    br_http_error error = {.code = BR_OK};
    JSValue url = br_js_new_str(vu->ctx, form), object = request_params(vu->ctx, params);
    if (JS_IsException(url) || JS_IsException(object)) {
        JS_FreeValue(vu->ctx, url);
        JS_FreeValue(vu->ctx, object);
        return BR_EEXCEPTION;
    }
    br_arena scratch = vu->scratch;
    unsigned building = vu->building;
    vu->scratch = ws->arena;
    vu->building = 1; /* the URL is there already: nothing is reset */
    br_code code = br_js_request_build(vu, "GET", url, JS_UNDEFINED, object, &ws->request, &error);
    ws->arena = vu->scratch;
    vu->scratch = scratch;
    vu->building = building;
    JS_FreeValue(vu->ctx, url);
    JS_FreeValue(vu->ctx, object);
    if (code == BR_OK || code == BR_EEXCEPTION) return code;
    br_js_throw(vu->ctx, "%s", error.text);
    return BR_EEXCEPTION;
}

static br_code connect_it(br_js_ws *ws, const br_js_ws_options *o, bool deflate, br_str *ret_error)
{
    br_err err;
    ws->request.http.timeout_ns = HANDSHAKE_TIMEOUT;
    ws->request.http.drop_body = false;
    br_websocket_config config = {.client = ws->vu->http,
        .request = &ws->request.http,
        .jar = ws->request.fetch.jar,
        .response = &ws->response,
        .protocols = o->protocols,
        .deflate = deflate,
        .events = &events,
        .ctx = ws};
    if (br_websocket_new(&config, &ws->socket, &err) == BR_OK) return BR_OK;
    *ret_error = br_arena_str(&ws->arena, br_str_of(err.msg));
    return BR_EINVAL;
}

br_code br_js_ws_start(br_js_ws *ws, br_vu *vu, br_str url, const br_js_ws_options *o, br_str *ret_error)
{
    *ws = (br_js_ws){.vu = vu, .name_tag = o->name_tag, .notify = o->notify, .origin = vu->origin};
    ws->last = &ws->first;
    br_http_response_init(&ws->response);
    br_arena_init(&ws->arena, 1024);
    ws->url = br_arena_str(&ws->arena, url);
    ws->started = br_loop_clock(vu->config.loop);
    br_str form;
    int deflate = wants_deflate(vu->ctx, o->params);
    if (deflate < 0) return BR_EEXCEPTION;
    br_code valid = http_form(ws, &form, ret_error);
    br_code code = build(ws, valid == BR_OK ? form : BR_STR("http://invalid"), o->params);
    if (code != BR_OK) return code;
    put_first_tags(ws);
    code = valid == BR_OK ? connect_it(ws, o, deflate == 1, ret_error) : valid;
    if (code != BR_OK) record_attempt(ws);
    return code;
}

void br_js_ws_deinit(br_js_ws *ws)
{
    br_js_ws_event *e;
    br_websocket_free(ws->socket);
    ws->socket = NULL;
    while ((e = br_js_ws_take(ws)) != NULL)
        br_free(e);
    br_js_request_release(&ws->request);
    br_http_response_deinit(&ws->response);
    br_vec_deinit(&ws->pings);
    br_arena_deinit(&ws->arena);
}

/* Sending --------------------------------------------------------------------------------------------- */

void br_js_ws_count_sent(const br_js_ws *ws)
{
    br_js_ws_sample(ws, BR_M_WS_MSGS_SENT, 1, now_wall(ws));
}

void br_js_ws_tell_sent(br_js_ws *ws)
{
    on_sent(ws);
}

br_code br_js_ws_send(br_js_ws *ws, br_ws_opcode opcode, br_str payload)
{
    br_code code = ws->socket ? br_websocket_send(ws->socket, opcode, payload) : BR_EPIPE;
    if (code == BR_OK || code == BR_AGAIN) br_js_ws_count_sent(ws);
    return code;
}

br_code br_js_ws_send_ping(br_js_ws *ws)
{
    char digits[16];
    uint32_t id = ws->pings_sent;
    int n = snprintf(digits, sizeof(digits), "%u", id);
    br_ns at = br_loop_clock(ws->vu->config.loop);
    br_code code = ws->socket ? br_websocket_send(ws->socket, BR_WS_PING, (br_str){digits, (size_t) n})
                              : BR_EPIPE;
    if (code != BR_OK && code != BR_AGAIN) return code;
    ws->pings_sent++;
    if (ws->pings.len == PINGS_MAX) {
        memmove(ws->pings.data, ws->pings.data + 1, (PINGS_MAX - 1) * sizeof(*ws->pings.data));
        ws->pings.len--;
    }
    *br_vec_push(&ws->pings) = (br_js_ws_ping){id, at};
    return code;
}

br_str br_js_ws_text(JSContext *ctx, JSValueConst v)
{
    uint32_t rune;
    br_str given = br_js_str(ctx, v);
    if (!given.p) return BR_STR_NONE;
    char *text = br_strndup(given.p, given.n);
    /* QuickJS writes a lone surrogate as three bytes, as many as U+FFFD has. */
    bool valid = br_ws_utf8_valid(given);
    for (size_t i = 0, n; !valid && i < given.n; i += n) {
        n = br_utf8_decode(text + i, given.n - i, &rune);
        if (n > 0) continue;
        n = given.n - i < 3 ? given.n - i : 3;
        for (size_t k = 0; k < n; k++)
            text[i + k] = "\xef\xbf\xbd"[k];
    }
    JS_FreeCString(ctx, given.p);
    return (br_str){text, given.n};
}

br_str br_js_ws_close_text(int code, br_str reason, char *out)
{
    static const struct {
        int code;
        const char *name;
    } names[] = {{1000, "normal"}, {1001, "going away"}, {1002, "protocol error"}, {1003, "unsupported data"},
        {1005, "no status"}, {1006, "abnormal closure"}, {1007, "invalid payload data"},
        {1008, "policy violation"}, {1009, "message too big"}, {1010, "mandatory extension missing"},
        {1011, "internal server error"}, {1015, "TLS handshake error"}};
    int n = snprintf(out, 256, "websocket: close %d", code);
    for (size_t i = 0; i < BR_COUNT_OF(names); i++) {
        if (names[i].code == code) n += snprintf(out + n, 256 - (size_t) n, " (%s)", names[i].name);
    }
    if (reason.n)
        n += snprintf(
            out + n, 256 - (size_t) n, ": " BR_FMT, BR_ARG(br_str_sub(reason, 0, BR_WS_REASON_MAX)));
    return (br_str){out, (size_t) n};
}
