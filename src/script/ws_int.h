/*
 * script/ws_int.h - a WebSocket connection as scripts use it: what k6/ws and k6/websockets share.
 *
 * What: script values to a handshake; what happens on the connection, in a queue until JavaScript looks at
 * it; the samples of its metrics with their tags. Why here: the two modules differ in how a script waits and
 * in the names of things, not in the connection. Threads: of the VU. Memory: the owner's; what comes while
 * JavaScript is busy waits in the queue, up to BR_JS_WS_QUEUE_MAX. Invariants: notify() comes on the loop,
 * and may end with br_js_ws_deinit(). END and REFUSED are the last event.
 */
#pragma once
#include "http/websocket.h"
#include "script/js.h"

#define BR_JS_WS_QUEUE_MAX ((size_t) 64 << 20)

typedef enum br_js_ws_kind {
    BR_JS_WS_OPEN,
    BR_JS_WS_REFUSED, /* text: why */
    BR_JS_WS_TEXT,
    BR_JS_WS_BINARY,
    BR_JS_WS_PING,
    BR_JS_WS_PONG,
    BR_JS_WS_SENT, /* nothing waits to be sent any more */
    BR_JS_WS_END
} br_js_ws_kind;

typedef struct br_js_ws_event br_js_ws_event;
struct br_js_ws_event {
    br_js_ws_event *next;
    br_js_ws_kind kind;
    br_ns at;  /* wall clock */
    int code;  /* END: of the close frame, BR_WS_ABNORMAL if it is missing, 0 after another error */
    bool ours; /* END: one of our limits */
    size_t n;  /* of the payload, or of the text: reason, or error */
    char text[];
};

/* One ping on its way. */
typedef struct br_js_ws_ping {
    uint32_t id;
    br_ns at;
} br_js_ws_ping;

typedef struct br_js_ws br_js_ws;
struct br_js_ws {
    br_vu *vu;
    br_websocket *socket; /* NULL: none, or over */
    br_http_response response;
    br_arena arena; /* of the request and the tags */
    br_js_request request;
    br_str url; /* as given */
    br_origin origin;
    br_tag *tags;
    size_t tag_count;
    bool name_tag; /* the url is the tag `name` as well */
    br_ns started;
    br_js_ws_event *first, **last;
    size_t queued_bytes;
    uint32_t pings_sent;
    BR_VEC(br_js_ws_ping) pings;
    void (*notify)(br_js_ws *ws);
};

/* What a script asked for. */
typedef struct br_js_ws_options {
    JSValueConst params; /* headers, tags, jar, compression; undefined, null: none */
    br_str protocols;
    bool name_tag;
    void (*notify)(br_js_ws *ws);
} br_js_ws_options;

/*
 * Begins to connect. BR_OK: OPEN or REFUSED follows, the samples of the attempt with it. BR_EEXCEPTION:
 * parameters (pending). BR_EINVAL: it cannot be tried, *error (in ws->arena) says why; its samples are
 * recorded. br_js_ws_deinit() in any case.
 */
br_code br_js_ws_start(
    br_js_ws *ws, br_vu *vu, br_str url, const br_js_ws_options *options, br_str *ret_error);
void br_js_ws_deinit(br_js_ws *ws); /* closes what is open */
/* Gives up an attempt or a connection: END or REFUSED with that text follows at once, without notify(). */
void br_js_ws_abort(br_js_ws *ws, const char *why);
/* The first event, or NULL; free with br_free(). */
br_js_ws_event *br_js_ws_take(br_js_ws *ws);

/* Results of br_websocket_send(). Counted as sent unless BR_EPIPE or BR_ELIMIT. */
br_code br_js_ws_send(br_js_ws *ws, br_ws_opcode opcode, br_str payload);
br_code br_js_ws_send_ping(br_js_ws *ws); /* not counted; its pong is timed */
void br_js_ws_count_sent(const br_js_ws *ws);
/* Queues SENT for what left at once, and tells of it. */
void br_js_ws_tell_sent(br_js_ws *ws);
/* The text of a value as valid UTF-8: lone surrogates become U+FFFD. p == NULL on exception, else
 * br_free(ret.p). */
br_str br_js_ws_text(JSContext *ctx, JSValueConst v);

void br_js_ws_sample(const br_js_ws *ws, br_builtin_metric metric, double value, br_ns wall);
void br_js_ws_sample_session(const br_js_ws *ws); /* at its end */
/* "websocket: close 1006 (abnormal closure): unexpected EOF", in out of 256 bytes. */
br_str br_js_ws_close_text(int code, br_str reason, char *out);

/* WebSocket (websocket_object.c): a new one that connects, and the prototype; JS_EXCEPTION. */
JSValue br_js_websocket_new(JSContext *ctx, br_str url, JSValueConst params, br_str protocols);
JSValue br_js_websocket_proto(JSContext *ctx);
/* Blobs (blob.c). */
void br_js_blob_class_id(JSRuntime *rt);
int br_js_blob_define(JSContext *ctx, JSValueConst object); /* the constructor, as a property; -1 */
JSValue br_js_blob_new(JSContext *ctx, br_str bytes, br_str type);
