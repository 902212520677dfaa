#include "http/h2_int.h"
#include <stdio.h>
#include "base/assert.h"
#include "base/mem.h"

#define FLUSH_BYTES        65536                /* of frames, collected for one write */
#define WINDOW_CONNECTION  ((int32_t) 1 << 30)  /* Go's */
#define WINDOW_STREAM      ((uint32_t) 4 << 20) /* Go's */
#define SMALLEST_FRAME_MAX 16384                /* of the limits that a peer may have */
#define FIELDS_ON_STACK    64

static const br_stream_events stream_events;
static void schedule_flush(br_http_conn *conn);

/* Room ------------------------------------------------------------------------------------------- */

bool br_h2_busy(const br_http_conn *conn)
{
    return conn->h2->live > 0;
}

bool br_h2_usable(const br_http_conn *conn)
{
    const br_h2 *h2 = conn->h2;
    bool allowed = h2->streams_max > 0 || br_http_pool_awaits(conn);
    return !h2->draining && allowed && !conn->client->config.no_reuse;
}

bool br_h2_has_room(const br_http_conn *conn)
{
    return br_h2_usable(conn) && conn->h2->streams < conn->h2->streams_max;
}

/* What is written ------------------------------------------------------------------------------------- */

static int on_frame_send(nghttp2_session *session, const nghttp2_frame *frame, void *ctx)
{
    br_http_conn *conn = ctx;
    br_h2 *h2 = conn->h2;
    if (frame->hd.type == NGHTTP2_GOAWAY) { /* only nghttp2 sends one: the server broke the rules */
        h2->failed = true;
        h2->failure = frame->goaway.error_code;
        return 0;
    }
    if (frame->hd.type != NGHTTP2_HEADERS && frame->hd.type != NGHTTP2_DATA) {
        return 0;
    }
    br_http_exchange *x = nghttp2_session_get_stream_user_data(session, frame->hd.stream_id);
    if (x == NULL) {
        return 0;
    }
    x->_h2.begun = true;
    x->response->sent_bytes += BR_H2_FRAME_HEAD + frame->hd.length;
    if (frame->hd.flags & NGHTTP2_FLAG_END_STREAM) {
        x->_h2.finished = true;
        br_http_queue_add(&h2->handed, x);
    }
    return 0;
}

static ssize_t read_body(nghttp2_session *session, int32_t id, uint8_t *to, size_t max, uint32_t *flags,
    nghttp2_data_source *source, void *ctx)
{
    (void) to, (void) source, (void) ctx;
    br_http_exchange *x = nghttp2_session_get_stream_user_data(session, id);
    if (x == NULL) {
        return NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE;
    }
    size_t rest = x->request->body.n - x->_h2.body_at, n = rest < max ? rest : max;
    x->_h2.body_at += n;
    *flags |= NGHTTP2_DATA_FLAG_NO_COPY | (n == rest ? NGHTTP2_DATA_FLAG_EOF : 0);
    return (ssize_t) n;
}

/* A DATA frame, straight from the request's memory behind the other frames of this write. */
static int send_body(nghttp2_session *session, nghttp2_frame *frame, const uint8_t *head, size_t n,
    nghttp2_data_source *source, void *ctx)
{
    (void) source;
    br_buf *out = &((br_http_conn *) ctx)->client->head;
    br_http_exchange *x = nghttp2_session_get_stream_user_data(session, frame->hd.stream_id);
    if (x == NULL) {
        return NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE;
    }
    if (out->len >= FLUSH_BYTES) {
        return NGHTTP2_ERR_WOULDBLOCK;
    }
    BR_DASSERT(frame->data.padlen == 0);
    (void) br_buf_append(out, head, BR_H2_FRAME_HEAD);
    (void) br_buf_append(out, x->request->body.p + (x->_h2.body_at - n), n);
    return 0;
}

/* Writing ------------------------------------------------------------------------------------------ */

static uint32_t code_of(ssize_t nghttp2_error)
{
    switch (nghttp2_error) {
        case NGHTTP2_ERR_FLOODED:
        case NGHTTP2_ERR_TOO_MANY_CONTINUATIONS: return NGHTTP2_ENHANCE_YOUR_CALM;
        case NGHTTP2_ERR_CALLBACK_FAILURE: return NGHTTP2_INTERNAL_ERROR;
        default: return NGHTTP2_PROTOCOL_ERROR;
    }
}

static void broke(br_h2 *h2, ssize_t nghttp2_error)
{
    h2->failed = true;
    h2->failure = code_of(nghttp2_error);
}

static void mark_sent(br_http_conn *conn)
{
    br_http_exchange *x;
    br_ns now = conn->h2->handed.first != NULL ? br_loop_clock(conn->client->loop) : 0;
    while ((x = br_http_queue_take(&conn->h2->handed)) != NULL) {
        x->response->times.sent = now;
    }
}

/* Collects frames of all streams in the client's buffer. */
static void collect(br_http_conn *conn, br_buf *out)
{
    br_buf_reset(out);
    while (out->len < FLUSH_BYTES) {
        const uint8_t *data;
        ssize_t n = nghttp2_session_mem_send(conn->h2->session, &data);
        if (n <= 0) {
            if (n < 0) broke(conn->h2, n);
            return;
        }
        (void) br_buf_append(out, data, (size_t) n);
    }
}

static void write_out(br_http_conn *conn)
{
    br_h2 *h2 = conn->h2;
    br_http_client *client = conn->client;
    if (h2->writing) {
        return;
    }
    collect(conn, &client->head);
    h2->unsent = 0;
    if (client->head.len == 0) {
        return;
    }
    struct iovec iov = {client->head.data, client->head.len};
    if (br_stream_write(conn->stream, &iov, 1) == BR_OK) {
        mark_sent(conn);
    } else { /* a remainder waits: its memory stays with the connection, the client takes a new buffer */
        h2->writing = true;
        conn->held = client->head;
        br_buf_init(&client->head, BR_BUF_NO_LIMIT);
    }
    br_http_conn_count_sent(conn);
}

/* The end of the connection -------------------------------------------------------------------------- */

static void explain_end(br_http_conn *conn, br_http_exchange *x, br_code code)
{
    const br_h2 *h2 = conn->h2;
    if (code == BR_OK && h2->failed) {
        br_h2_explain_failure(conn, x);
    } else if (h2->goaway.received && (code == BR_OK || code == BR_EOF || code == BR_ERESET)) {
        br_h2_explain_goaway(conn, x);
    } else {
        br_http_step step = br_http_step_of(conn->stream->failed_op);
        br_http_conn_explain(conn, x->response, code, step, code == BR_EOF ? "unexpected EOF" : NULL);
    }
    br_h2_explain_silence(conn, x);
}

/* Ends all exchanges and the connection. BR_OK: because of the protocol. */
static void give_up(br_http_conn *conn, br_code code)
{
    br_h2 *h2 = conn->h2;
    h2->now = br_loop_clock(conn->client->loop);
    for (br_http_exchange *x = conn->client->running; x != NULL && h2->live > 0; x = x->_next) {
        if (x->_conn != conn) {
            continue;
        }
        x->_h2.again = !x->_h2.begun && !x->_retried;
        if (!x->_h2.again) {
            explain_end(conn, x, code);
        }
        br_h2_end_exchange(conn, x);
    }
    br_http_pool_remove(conn);
    br_http_conn_free(conn);
}

/* After anything that the session did; the last thing to happen. */
static void settle(br_http_conn *conn)
{
    br_http_client *client = conn->client;
    nghttp2_session *session = conn->h2->session;
    if (conn->h2->failed || !nghttp2_session_want_read(session)) {
        give_up(conn, BR_OK);
    } else {
        if (nghttp2_session_want_write(session)) {
            schedule_flush(conn);
        }
        br_http_pool_serve(conn);
        br_http_pool_place(conn);
    }
    br_http_tell_finished(client);
}

static void flush(br_http_conn *conn)
{
    write_out(conn);
    settle(conn);
}

/*
 * While answers are on their way there will be more to write in a moment: one more look at the sockets makes
 * one system call of several, for us and for the server.
 */
static bool looks_again(br_h2 *h2)
{
    h2->looked = !h2->looked && h2->streams > h2->unsent;
    return h2->looked;
}

static void on_flush(void *ctx)
{
    br_http_conn *conn = ctx;
    if (looks_again(conn->h2)) {
        schedule_flush(conn);
    } else {
        flush(conn);
    }
}

static void schedule_flush(br_http_conn *conn)
{
    if (!conn->h2->writing) {
        br_loop_defer(conn->client->loop, &conn->h2->flush, on_flush, conn);
    }
}

/* Events of the stream --------------------------------------------------------------------------------- */

static void on_data(void *owner, br_str bytes)
{
    br_http_conn *conn = owner;
    br_h2 *h2 = conn->h2;
    (void) br_http_conn_count_received(conn);
    h2->now = br_loop_clock(conn->client->loop);
    ssize_t n = nghttp2_session_mem_recv(h2->session, (const uint8_t *) bytes.p, bytes.n);
    if (n < 0) {
        broke(h2, n);
    }
    settle(conn);
}

static void on_sent(void *owner)
{
    br_http_conn *conn = owner;
    conn->h2->writing = false;
    br_buf_deinit(&conn->held);
    br_http_conn_count_sent(conn);
    mark_sent(conn);
    flush(conn);
}

static void on_closed(void *owner, br_code code)
{
    br_http_conn *conn = owner;
    br_http_client *client = conn->client;
    br_http_conn_count_sent(conn);
    give_up(conn, code);
    br_http_tell_finished(client);
}

static const br_stream_events stream_events = {
    .on_data = on_data, .on_sent = on_sent, .on_closed = on_closed};

/* A request -------------------------------------------------------------------------------------------- */

static nghttp2_nv field(br_str name, br_str value)
{
    nghttp2_nv nv = {.namelen = name.n, .valuelen = value.n, .flags = NGHTTP2_NV_FLAG_NONE};
    memcpy(&nv.name, &name.p, sizeof(nv.name)); /* nghttp2 copies, it only reads */
    memcpy(&nv.value, &value.p, sizeof(nv.value));
    return nv;
}

/* Fields that belong to HTTP/1 connections, and Host, which becomes :authority. */
static bool is_for_http1(const br_http_header *h)
{
    switch (h->name.n) {
        case 2:
            return br_str_eq_nocase(h->name, BR_STR("TE")) && !br_str_eq_nocase(h->value, BR_STR("trailers"));
        case 4: return br_str_eq_nocase(h->name, BR_STR("Host"));
        case 7: return br_str_eq_nocase(h->name, BR_STR("Upgrade"));
        case 10:
            return br_str_eq_nocase(h->name, BR_STR("Connection")) ||
                   br_str_eq_nocase(h->name, BR_STR("Keep-Alive"));
        case 16: return br_str_eq_nocase(h->name, BR_STR("Proxy-Connection"));
        case 17: return br_str_eq_nocase(h->name, BR_STR("Transfer-Encoding"));
        default: return false;
    }
}

/* A name of ours, which nghttp2 need not copy. */
static nghttp2_nv pseudo(br_str name, br_str value)
{
    nghttp2_nv nv = field(name, value);
    nv.flags = NGHTTP2_NV_FLAG_NO_COPY_NAME;
    return nv;
}

static size_t put_fields(const br_http_request *q, br_buf *target, nghttp2_nv *nv)
{
    size_t n = 0;
    nv[n++] = pseudo(BR_STR(":authority"), br_http_request_host(q));
    nv[n++] = pseudo(BR_STR(":method"), q->method);
    if (!br_str_is(q->method, "CONNECT")) {
        br_buf_reset(target);
        (void) br_url_put_target(&q->url, target); /* the client's buffer has no limit */
        nv[n++] = pseudo(BR_STR(":path"), br_buf_view(target));
        nv[n++] = pseudo(BR_STR(":scheme"), q->url.tls ? BR_STR("https") : BR_STR("http"));
    }
    for (size_t i = 0; i < q->header_count; i++) {
        if (!is_for_http1(&q->headers[i])) {
            nv[n++] = field(q->headers[i].name, q->headers[i].value);
        }
    }
    return n;
}

static int32_t submit(br_http_conn *conn, br_http_exchange *x)
{
    const br_http_request *q = x->request;
    nghttp2_nv few[FIELDS_ON_STACK], *nv = few;
    if (q->header_count + 4 > BR_COUNT_OF(few)) {
        nv = BR_NEW_ARRAY(nghttp2_nv, q->header_count + 4);
    }
    nghttp2_data_provider body = {.read_callback = read_body};
    size_t n = put_fields(q, &conn->client->head, nv);
    int32_t id = nghttp2_submit_request(conn->h2->session, NULL, nv, n, q->body.n > 0 ? &body : NULL, x);
    if (nv != few) {
        br_free(nv);
    }
    return id;
}

void br_h2_send(br_http_conn *conn, br_http_exchange *x)
{
    br_h2 *h2 = conn->h2;
    br_http_conn_tell(conn, x->response);
    conn->used = true;
    x->_conn = conn;
    x->_h2 = (struct br_http_h2_stream){.length = BR_H2_LENGTH_NONE};
    x->_h2.id = submit(conn, x);
    BR_ASSERT(x->_h2.id > 0);
    h2->live++;
    h2->streams++;
    h2->unsent++;
    if (x->_h2.id >= INT32_MAX - 2 || br_http_request_wants_close(x->request)) {
        h2->draining = true;
    }
    schedule_flush(conn);
    br_http_pool_place(conn);
}

void br_h2_abandon(br_http_conn *conn, br_http_exchange *x, br_code code)
{
    br_h2 *h2 = conn->h2;
    br_http_conn_explain(conn, x->response, code, BR_STEP_READ, NULL);
    if (code == BR_ETIMEOUT && h2->now < x->response->times.ready) {
        h2->draining = true; /* not a byte came meanwhile: the connection may be dead */
    }
    br_h2_cut_stream(conn, x, NGHTTP2_CANCEL);
    br_h2_detach(conn, x);
    schedule_flush(conn);
    br_http_pool_place(conn);
}

/* Life cycle -------------------------------------------------------------------------------------------- */

static nghttp2_session_callbacks *make_callbacks(void)
{
    nghttp2_session_callbacks *c;
    BR_ASSERT(nghttp2_session_callbacks_new(&c) == 0);
    br_h2_set_read_callbacks(c);
    nghttp2_session_callbacks_set_on_frame_send_callback(c, on_frame_send);
    nghttp2_session_callbacks_set_send_data_callback(c, send_body);
    return c;
}

static nghttp2_session *make_session(br_http_conn *conn)
{
    nghttp2_session *session;
    nghttp2_option *option;
    nghttp2_session_callbacks *callbacks = make_callbacks();
    BR_ASSERT(nghttp2_option_new(&option) == 0);
    nghttp2_option_set_peer_max_concurrent_streams(option, conn->h2->streams_max);
    nghttp2_option_set_max_reserved_remote_streams(option, 0);
    nghttp2_option_set_no_closed_streams(option, 1);
    nghttp2_option_set_no_rfc9113_leading_and_trailing_ws_validation(option, 1); /* Go is as lenient */
#ifdef BR_HAVE_MAX_CONTINUATIONS /* as many as a head of the allowed size may need */
    size_t head_max = conn->client->config.max_head_bytes;
    nghttp2_option_set_max_continuations(option, 8 + head_max / SMALLEST_FRAME_MAX);
#endif
    nghttp2_mem mem;
    br_h2_mem_use(&conn->h2->mem, &mem);
    BR_ASSERT(nghttp2_session_client_new3(&session, callbacks, conn, option, &mem) == 0);
    nghttp2_option_del(option);
    nghttp2_session_callbacks_del(callbacks);
    return session;
}

void br_h2_open(br_http_conn *conn)
{
    br_h2 *h2 = conn->h2 = BR_NEW(br_h2);
    uint32_t head_max = (uint32_t) conn->client->config.max_head_bytes;
    nghttp2_settings_entry settings[] = {{NGHTTP2_SETTINGS_ENABLE_PUSH, 0},
        {NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, WINDOW_STREAM},
        {NGHTTP2_SETTINGS_MAX_HEADER_LIST_SIZE, head_max}};
    h2->streams_max = br_http_pool_join(conn);
    h2->now = br_loop_clock(conn->client->loop);
    h2->session = make_session(conn);
    BR_ASSERT(nghttp2_submit_settings(h2->session, 0, settings, BR_COUNT_OF(settings)) == 0);
    BR_ASSERT(nghttp2_session_set_local_window_size(h2->session, 0, 0, WINDOW_CONNECTION) == 0);
    conn->stream->events = &stream_events;
}

void br_h2_close(br_http_conn *conn)
{
    br_h2 *h2 = conn->h2;
    if (h2 == NULL) {
        return;
    }
    BR_ASSERT(h2->live == 0);
    conn->h2 = NULL;
    br_loop_undefer(conn->client->loop, &h2->flush);
    nghttp2_session_del(h2->session);
    br_h2_mem_deinit(&h2->mem);
    br_http_pool_leave(conn);
    br_free(h2);
}
