#include "http/websocket.h"
#include <stdio.h>
#include "base/assert.h"
#include "base/random.h"
#include "http/conn_int.h"
#include "http/fetch.h"
#include "http/ws_deflate.h"
#include "http/ws_handshake.h"

#define PONGS_MAX ((size_t) 1 << 20) /* bytes that may wait to be sent when a ping comes */

/* Exists until the server has answered. */
typedef struct handshake {
    br_arena arena;
    br_http_request request;
    br_http_fetch fetch;
    br_str accept; /* what the answer has to hold */
} handshake;

typedef enum ws_state { WS_CONNECTING, WS_OPEN, WS_ENDED } ws_state;

struct br_websocket {
    br_websocket_config config;
    handshake *hand;
    br_http_conn *conn; /* from the answer on */
    br_ws_reader reader;
    br_buf sending; /* the stream reads from it */
    br_buf waiting; /* behind that */
    br_random random;
    ws_state state;
    bool deflate;     /* was agreed on */
    bool busy;        /* the stream has a remainder: on_sent() follows */
    bool owner_waits; /* the owner was told BR_AGAIN */
    bool close_sent;
    bool *gone; /* set when the connection is freed inside an event */
};

static const br_ws_events reader_events;
static const br_stream_events stream_events;

/* The end ----------------------------------------------------------------------------------------- */

static void end(br_websocket *w, const br_websocket_end *how)
{
    w->state = WS_ENDED;
    w->config.events->on_end(w->config.ctx, how);
}

static void end_broken(br_websocket *w, const char *error, bool broke_protocol, bool over_limit)
{
    char text[600];
    snprintf(text, sizeof(text), "%s", error);
    end(w, &(br_websocket_end){.kind = BR_WEBSOCKET_BROKEN,
               .error = text,
               .broke_protocol = broke_protocol,
               .over_limit = over_limit});
}

static void drop_handshake(br_websocket *w)
{
    handshake *h = w->hand;
    if (h == NULL) {
        return;
    }
    br_http_fetch_deinit(&h->fetch);
    br_arena_deinit(&h->arena);
    br_free(h);
    w->hand = NULL;
}

void br_websocket_free(br_websocket *w)
{
    if (w == NULL) {
        return;
    }
    if (w->gone != NULL) {
        *w->gone = true;
    }
    w->state = WS_ENDED;
    if (w->hand != NULL) {
        br_http_fetch_cancel(&w->hand->fetch); /* its on_done sees that nobody is interested */
        drop_handshake(w);
    }
    if (w->conn != NULL) {
        br_http_conn_free(w->conn);
    }
    br_ws_reader_deinit(&w->reader);
    br_buf_deinit(&w->sending);
    br_buf_deinit(&w->waiting);
    br_free(w);
}

/* Sending ----------------------------------------------------------------------------------------- */

/* Gives the stream what waits. */
static void write_waiting(br_websocket *w)
{
    if (w->busy || w->waiting.len == 0) {
        return;
    }
    br_buf done = w->sending;
    w->sending = w->waiting;
    w->waiting = done;
    br_buf_reset(&w->waiting);
    struct iovec iov = {w->sending.data, w->sending.len};
    w->busy = br_stream_write(w->conn->stream, &iov, 1) != BR_OK;
    br_http_conn_count_sent(w->conn);
    if (!w->busy) { /* an idle connection holds no buffers */
        br_buf_deinit(&w->sending);
        br_buf_deinit(&w->waiting);
    }
}

static br_code put(br_websocket *w, br_ws_opcode opcode, br_str payload)
{
    uint64_t random = br_random_u64(&w->random);
    uint8_t mask[4];
    memcpy(mask, &random, sizeof(mask));
    br_code code;
    if (w->deflate && opcode <= BR_WS_BINARY) {
        br_buf packed;
        br_buf_init(&packed, BR_BUF_NO_LIMIT);
        br_ws_deflate(payload, &packed);
        code = br_ws_put_frame(&w->waiting, opcode, true, mask, br_buf_view(&packed));
        br_buf_deinit(&packed);
    } else {
        code = br_ws_put_frame(&w->waiting, opcode, false, mask, payload);
    }
    if (code == BR_OK) {
        write_waiting(w);
    }
    return code;
}

br_code br_websocket_send(br_websocket *w, br_ws_opcode opcode, br_str payload)
{
    if (w->state != WS_OPEN || w->close_sent) {
        return BR_EPIPE;
    }
    if (payload.n > BR_WEBSOCKET_SEND_MAX || put(w, opcode, payload) != BR_OK) {
        return BR_ELIMIT;
    }
    w->owner_waits = w->owner_waits || w->busy;
    return w->busy ? BR_AGAIN : BR_OK;
}

br_code br_websocket_close(br_websocket *w, int code, br_str reason)
{
    char payload[BR_WS_CONTROL_MAX];
    br_code rc = br_websocket_send(w, BR_WS_CLOSE, br_ws_close_payload(code, reason, payload));
    w->close_sent = w->close_sent || rc != BR_EPIPE;
    return rc;
}

/* Events of the reader: the callbacks may free the connection ------------------------------------------ */

static br_code after_event(const bool *gone, const br_websocket *w)
{
    return *gone || w->state != WS_OPEN ? BR_ECANCEL : BR_OK;
}

static void end_limit(br_websocket *w)
{
    char text[160];
    snprintf(text, sizeof(text),
        "websocket: compressed message unpacks to more than the limit of %zu bytes or of %d times its size",
        BR_WEBSOCKET_MESSAGE_MAX, BR_WS_RATIO_MAX);
    (void) br_websocket_close(w, BR_WS_TOO_BIG, BR_STR(""));
    end_broken(w, text, false, true);
}

static void unpack(br_websocket *w, bool text, br_str payload)
{
    br_buf plain;
    br_buf_init(&plain, BR_WEBSOCKET_MESSAGE_MAX);
    br_code code = br_ws_inflate(payload, &plain);
    bool readable = code == BR_OK && (!text || br_ws_utf8_valid(br_buf_view(&plain)));
    if (readable) {
        w->config.events->on_message(w->config.ctx, text, br_buf_view(&plain));
    } else if (code == BR_ELIMIT) {
        end_limit(w);
    } else {
        (void) br_websocket_close(w, BR_WS_INVALID_DATA, BR_STR(""));
        end_broken(w,
            code == BR_OK ? "websocket: invalid UTF-8 in a text message"
                          : "websocket: invalid compressed message",
            true, false);
    }
    br_buf_deinit(&plain);
}

static br_code on_message(void *ctx, bool text, bool compressed, br_str payload)
{
    br_websocket *w = ctx;
    const bool *gone = w->gone;
    if (compressed) {
        unpack(w, text, payload);
    } else {
        w->config.events->on_message(w->config.ctx, text, payload);
    }
    return after_event(gone, w);
}

/* A server that pings faster than it reads does not fill the memory. */
static br_code on_ping(void *ctx, br_str payload)
{
    br_websocket *w = ctx;
    const bool *gone = w->gone;
    bool stuck = w->waiting.len > PONGS_MAX;
    if (!w->close_sent && (stuck || put(w, BR_WS_PONG, payload) != BR_OK)) {
        end_broken(w, "websocket: the server sends pings and does not read the answers", false, true);
        return BR_ECANCEL;
    }
    w->config.events->on_ping(w->config.ctx);
    return after_event(gone, w);
}

static br_code on_pong(void *ctx, br_str payload)
{
    br_websocket *w = ctx;
    const bool *gone = w->gone;
    w->config.events->on_pong(w->config.ctx, payload);
    return after_event(gone, w);
}

static br_code on_close(void *ctx, int code, br_str reason)
{
    br_websocket *w = ctx;
    (void) br_websocket_close(w, code, BR_STR(""));
    end(w, &(br_websocket_end){.kind = BR_WEBSOCKET_CLOSED, .code = code, .reason = reason, .error = ""});
    return BR_ECANCEL;
}

static const br_ws_events reader_events = {
    .on_message = on_message, .on_ping = on_ping, .on_pong = on_pong, .on_close = on_close};

/* Events of the stream ------------------------------------------------------------------------------ */

static void read_bytes(br_websocket *w, br_str bytes)
{
    bool gone = false;
    char text[100];
    /* cppcheck-suppress autoVariables ; taken back below, unless w is gone */
    w->gone = &gone;
    br_code code = br_ws_read(&w->reader, bytes);
    if (gone) {
        return;
    }
    w->gone = NULL;
    if (code == BR_EPROTO || code == BR_ELIMIT) {
        snprintf(text, sizeof(text), "websocket: %s", w->reader.error);
        (void) br_websocket_close(w, w->reader.close_code, br_str_of(w->reader.error));
        end_broken(w, text, code == BR_EPROTO, code == BR_ELIMIT);
    }
}

static void on_data(void *owner, br_str bytes)
{
    br_websocket *w = owner;
    (void) br_http_conn_count_received(w->conn);
    if (w->state == WS_OPEN) {
        read_bytes(w, bytes);
    }
}

static void on_sent(void *owner)
{
    br_websocket *w = owner;
    w->busy = false;
    br_buf_deinit(&w->conn->held); /* of the handshake */
    br_buf_deinit(&w->sending);
    br_http_conn_count_sent(w->conn);
    write_waiting(w);
    if (!w->busy && w->owner_waits && w->state == WS_OPEN) {
        w->owner_waits = false;
        w->config.events->on_sent(w->config.ctx);
    }
}

static void on_closed(void *owner, br_code code)
{
    br_websocket *w = owner;
    if (w->state != WS_OPEN) {
        return;
    }
    if (code == BR_EOF) {
        end(w, &(br_websocket_end){.kind = BR_WEBSOCKET_LOST,
                   .code = BR_WS_ABNORMAL,
                   .reason = BR_STR("unexpected EOF"),
                   .error = ""});
        return;
    }
    br_http_response *r = w->config.response;
    br_http_conn_explain(w->conn, r, code, br_http_step_of(w->conn->stream->failed_op),
        w->conn->tls != NULL ? br_tls_error(w->conn->tls) : NULL);
    end_broken(w, r->error.raw, false, false);
}

static const br_stream_events stream_events = {
    .on_data = on_data, .on_sent = on_sent, .on_closed = on_closed};

/* The answer ---------------------------------------------------------------------------------------- */

static void open_it(br_websocket *w, br_str rest)
{
    bool gone = false;
    w->state = WS_OPEN;
    w->busy = w->conn->sending;
    br_ws_reader_init(&w->reader, &reader_events, w, BR_WEBSOCKET_MESSAGE_MAX, w->deflate);
    /* cppcheck-suppress autoVariables ; taken back below, unless w is gone */
    w->gone = &gone;
    w->config.events->on_open(w->config.ctx);
    if (gone) {
        return;
    }
    w->gone = NULL;
    if (rest.n > 0 && w->state == WS_OPEN) {
        read_bytes(w, rest);
    }
}

/* It is ours from here on; *ret_rest: what came behind the head. */
static void take_connection(br_websocket *w, br_str *ret_rest)
{
    br_http_exchange *x = &w->hand->fetch._exchange;
    w->conn = x->_upgraded;
    *ret_rest = x->_rest;
    x->_upgraded = NULL;
    w->conn->stream->events = &stream_events;
    w->conn->stream->owner = w;
}

static void on_answer(void *ctx)
{
    br_websocket *w = ctx;
    br_http_response *r = w->config.response;
    br_str rest = BR_STR("");
    if (r->status == 101) {
        take_connection(w, &rest);
    }
    if (w->state == WS_ENDED) { /* being freed */
        return;
    }
    const char *why = br_ws_handshake_fault(r, w->hand->accept, &w->deflate);
    drop_handshake(w);
    if (why == NULL) {
        open_it(w, rest);
    } else {
        char text[600];
        snprintf(text, sizeof(text), "%s", why);
        end(w, &(br_websocket_end){.kind = BR_WEBSOCKET_REFUSED, .error = text});
    }
}

/* The handshake ------------------------------------------------------------------------------------- */

static void on_hop(void *ctx, const br_http_request *request, bool challenge)
{
    (void) ctx, (void) request, (void) challenge;
    BR_ASSERT(false); /* redirects are not followed, and nothing is asked to log in */
}

br_code br_websocket_new(const br_websocket_config *config, br_websocket **ret, br_err *err)
{
    br_ws_handshake offer = {config->request, config->protocols, config->deflate};
    br_code code = br_ws_handshake_check(&offer, err);
    if (code != BR_OK) {
        return code;
    }
    br_websocket *w = BR_NEW(br_websocket);
    w->config = *config;
    br_random_seed_os(&w->random);
    br_buf_init(&w->sending, BR_WEBSOCKET_SEND_MAX);
    br_buf_init(&w->waiting, BR_WEBSOCKET_SEND_MAX);
    w->hand = BR_NEW(handshake);
    br_arena_init(&w->hand->arena, 1024);
    uint64_t nonce[2] = {br_random_u64(&w->random), br_random_u64(&w->random)};
    w->hand->accept = br_ws_handshake_make(
        &w->hand->arena, &offer, (const uint8_t *) nonce, &w->hand->request);
    br_http_fetch_options options = {.jar = config->jar};
    *ret = w;
    br_http_fetch_start(
        config->client, &w->hand->fetch, &w->hand->request, config->response, &options, on_hop, on_answer, w);
    return BR_OK;
}

bool br_websocket_open(const br_websocket *w)
{
    return w->state == WS_OPEN;
}

bool br_websocket_waits(const br_websocket *w)
{
    return w->busy;
}

br_str br_websocket_protocol(const br_websocket *w)
{
    br_str name = br_http_response_header(w->config.response, BR_STR("Sec-WebSocket-Protocol"));
    return name.p != NULL ? br_str_trim(name) : BR_STR("");
}
