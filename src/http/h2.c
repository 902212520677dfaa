#include "http/h2_int.h"
#include <nghttp2/nghttp2.h>
#include <stdio.h>
#include "base/assert.h"
#include "base/mem.h"

#define FLUSH_BYTES       65536                /* of frames, collected for one write */
#define WINDOW_CONNECTION ((int32_t) 1 << 30)  /* Go's */
#define WINDOW_STREAM     ((uint32_t) 4 << 20) /* Go's */
#define FRAME_HEAD_BYTES  9
#define FIELD_OVERHEAD    32 /* of a field, in the size of a header list: RFC 9113 section 6.5.2 */
#define FIELDS_ON_STACK   64
#define LENGTH_NONE       UINT64_MAX

typedef struct goaway {
    bool received;
    uint32_t code;
    int32_t last_stream;
    char debug[64];
} goaway;

struct br_h2 {
    nghttp2_session *session;
    br_task flush;
    br_http_queue handed; /* their last byte is in the write that is under way */
    br_ns now;            /* when the bytes came that are being read */
    uint32_t streams;     /* that nghttp2 has, with those whose exchange was cancelled */
    uint32_t live;        /* exchanges */
    uint32_t streams_max;
    bool told_streams_max; /* a SETTINGS frame came */
    bool writing;          /* a remainder waits */
    bool draining;         /* takes no further exchanges */
    bool failed;           /* by us, with `failure` */
    uint32_t failure;
    goaway goaway;
};

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
    return !h2->draining && h2->streams_max > 0 && !conn->client->config.no_reuse;
}

bool br_h2_has_room(const br_http_conn *conn)
{
    return br_h2_usable(conn) && conn->h2->streams < conn->h2->streams_max;
}

/* The end of an exchange -------------------------------------------------------------------------- */

static void detach(br_http_conn *conn, br_http_exchange *x)
{
    br_http_queue_remove(x); /* of those whose end is being written */
    x->_conn = NULL;
    conn->h2->live--;
}

/* With the error, if any, in its response. */
static void end_exchange(br_http_conn *conn, br_http_exchange *x)
{
    detach(conn, x);
    x->response->times.end = conn->h2->now;
    br_http_queue_add(&conn->client->finished, x);
}

/* Ends an exchange whose stream is still open. */
static void cut_stream(br_http_conn *conn, br_http_exchange *x, uint32_t code)
{
    nghttp2_session *session = conn->h2->session;
    (void) nghttp2_session_set_stream_user_data(session, x->_h2.id, NULL);
    (void) nghttp2_submit_rst_stream(session, NGHTTP2_FLAG_NONE, x->_h2.id, code);
}

static void explain_stream(br_http_exchange *x, uint32_t code)
{
    br_http_error *e = &x->response->error;
    char name[32];
    br_http_error_set_http2(e, BR_HTTP2_STREAM, code);
    snprintf(e->raw, sizeof(e->raw), "stream error: stream ID %d; %s%s", x->_h2.id,
        br_http2_code_name(code, name), x->_h2.was_reset ? "; received from peer" : "");
}

static void explain_goaway(br_http_conn *conn, br_http_exchange *x)
{
    br_http_error *e = &x->response->error;
    const goaway *g = &conn->h2->goaway;
    char name[32];
    br_http_error_set_http2(e, BR_HTTP2_GOAWAY, g->code);
    snprintf(e->raw, sizeof(e->raw),
        "http2: server sent GOAWAY and closed the connection; LastStreamID=%d, ErrCode=%s, debug=\"%s\"",
        g->last_stream, br_http2_code_name(g->code, name), g->debug);
}

static void explain_failure(br_http_conn *conn, br_http_exchange *x)
{
    br_http_error *e = &x->response->error;
    char name[32];
    br_http_error_set_http2(e, BR_HTTP2_CONNECTION, conn->h2->failure);
    snprintf(e->raw, sizeof(e->raw), "connection error: %s", br_http2_code_name(conn->h2->failure, name));
}

/*
 * Go's rules for a stream that the server has not touched. The first stream of a connection that is refused
 * with an error would be refused on the next connection as well.
 */
static bool was_refused(br_http_conn *conn, const br_http_exchange *x, uint32_t code)
{
    const goaway *g = &conn->h2->goaway;
    if (x->_retried || x->response->times.first_byte != 0) {
        return false;
    }
    if (!x->_h2.begun) {
        return true;
    }
    if (code == NGHTTP2_REFUSED_STREAM) {
        return x->_h2.was_reset || x->_h2.id != 1 || g->code == NGHTTP2_NO_ERROR;
    }
    return code == NGHTTP2_PROTOCOL_ERROR && x->_h2.was_reset;
}

/* The answer ended before its announced length; Go tells this one apart. */
static bool was_cut(const br_http_exchange *x, uint32_t code)
{
    return code == NGHTTP2_PROTOCOL_ERROR && !x->_h2.was_reset && x->_h2.length != LENGTH_NONE &&
           x->response->body_bytes < x->_h2.length;
}

static void fail_stream(br_http_conn *conn, br_http_exchange *x, uint32_t code)
{
    bool by_goaway = conn->h2->goaway.received && !x->_h2.was_reset && code == NGHTTP2_REFUSED_STREAM;
    if (was_refused(conn, x, code)) {
        x->_h2.again = true;
    } else if (by_goaway) {
        explain_goaway(conn, x);
    } else if (was_cut(x, code)) {
        br_http_conn_explain(conn, x->response, BR_EOF, BR_STEP_READ, "unexpected EOF");
    } else {
        explain_stream(x, code);
    }
    end_exchange(conn, x);
}

/* Events of nghttp2: what is read ------------------------------------------------------------------- */

static int on_begin_headers(nghttp2_session *session, const nghttp2_frame *frame, void *ctx)
{
    br_http_conn *conn = ctx;
    br_http_exchange *x = nghttp2_session_get_stream_user_data(session, frame->hd.stream_id);
    if (x != NULL && x->response->times.first_byte == 0) {
        x->response->times.first_byte = conn->h2->now;
    }
    return 0;
}

/* nghttp2 has seen to it that it is a number of three digits. */
static void take_status(br_http_response *r, br_str value)
{
    int status = 0;
    for (size_t i = 0; i < value.n; i++) {
        status = 10 * status + (value.p[i] - '0');
    }
    if (status >= 200) { /* an informational answer is forgotten */
        r->status = status;
        r->http_major = 2;
        r->http_minor = 0;
    }
}

static br_code take_length(br_http_exchange *x, br_str value)
{
    uint64_t length = 0;
    for (size_t i = 0; i < value.n && i < 19; i++) { /* more than nineteen digits are over every limit */
        length = 10 * length + (uint64_t) (value.p[i] - '0');
    }
    x->_h2.length = length;
    return br_http_expect_body(x, x->response->status, length);
}

static br_code keep_field(br_http_exchange *x, br_str name, br_str value)
{
    br_http_response *r = x->response;
    if (r->fields.len >= BR_HTTP_FIELDS_MAX) {
        return br_http_too_many_fields(r);
    }
    size_t at = r->head.len; /* its limit was checked with a larger sum */
    if (br_buf_put(&r->head, name) != BR_OK || br_buf_put(&r->head, value) != BR_OK) {
        return BR_ELIMIT;
    }
    *br_vec_push(&r->fields) = (br_http_field){
        (uint32_t) at, (uint32_t) name.n, (uint32_t) (at + name.n), (uint32_t) value.n};
    return name.n == 14 && br_str_eq(name, BR_STR("content-length")) ? take_length(x, value) : BR_OK;
}

static br_code take_field(br_http_exchange *x, bool trailer, br_str name, br_str value)
{
    br_http_response *r = x->response;
    x->_h2.head_bytes += name.n + value.n + FIELD_OVERHEAD;
    if (x->_h2.head_bytes > r->head.max_bytes) {
        br_http_error_set(
            &r->error, BR_ELIMIT, BR_STEP_PARSE, "http2: response header list larger than advertised limit");
        return BR_ELIMIT;
    }
    if (name.p[0] == ':') {
        take_status(r, value);
        return BR_OK;
    }
    return trailer || r->status == 0 ? BR_OK : keep_field(x, name, value);
}

static int on_header(nghttp2_session *session, const nghttp2_frame *frame, const uint8_t *name,
    size_t name_len, const uint8_t *value, size_t value_len, uint8_t flags, void *ctx)
{
    (void) flags;
    br_http_conn *conn = ctx;
    br_http_exchange *x = nghttp2_session_get_stream_user_data(session, frame->hd.stream_id);
    if (x == NULL) {
        return 0;
    }
    /* A second block after the final head; before it, the category tells nothing. */
    bool trailer = x->_h2.has_head;
    br_str n = {(const char *) name, name_len}, v = {(const char *) value, value_len};
    if (take_field(x, trailer, n, v) == BR_OK) {
        return 0;
    }
    (void) nghttp2_session_set_stream_user_data(session, x->_h2.id, NULL);
    end_exchange(conn, x);
    return NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE; /* resets the stream */
}

static int on_data_chunk(
    nghttp2_session *session, uint8_t flags, int32_t id, const uint8_t *data, size_t len, void *ctx)
{
    (void) flags;
    br_http_conn *conn = ctx;
    br_http_exchange *x = nghttp2_session_get_stream_user_data(session, id);
    if (x == NULL) {
        return 0;
    }
    x->response->received_bytes += len;
    if (br_http_take_body(x, (br_str){(const char *) data, len}) != BR_OK) {
        cut_stream(conn, x, NGHTTP2_CANCEL);
        end_exchange(conn, x);
    }
    return 0;
}

/* END_STREAM was read. If the request is complete as well, the stream closes next: on_stream_close(). */
static void answer_ends(br_http_conn *conn, br_http_exchange *x)
{
    x->_h2.answered = true;
    if (!x->_h2.finished) {
        cut_stream(conn, x, NGHTTP2_NO_ERROR);
        end_exchange(conn, x);
    }
}

static void take_goaway(br_http_conn *conn, const nghttp2_goaway *frame)
{
    goaway *g = &conn->h2->goaway;
    conn->h2->draining = true;
    g->code = g->received && g->code != NGHTTP2_NO_ERROR ? g->code : frame->error_code;
    g->received = true;
    g->last_stream = frame->last_stream_id;
    size_t n = frame->opaque_data_len < sizeof(g->debug) - 1 ? frame->opaque_data_len : sizeof(g->debug) - 1;
    for (size_t i = 0; i < n; i++) {
        uint8_t c = frame->opaque_data[i];
        g->debug[i] = (char) (c >= 0x20 && c < 0x7f && c != '"' ? c : '?');
    }
    g->debug[n] = 0;
}

static void take_settings(br_http_conn *conn)
{
    br_h2 *h2 = conn->h2;
    uint32_t max = nghttp2_session_get_remote_settings(h2->session, NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS);
    h2->streams_max = max == NGHTTP2_INITIAL_MAX_CONCURRENT_STREAMS ? BR_H2_STREAMS_UNLIMITED : max;
    br_http_pool_learn(conn, h2->streams_max);
}

static int on_frame_recv(nghttp2_session *session, const nghttp2_frame *frame, void *ctx)
{
    br_http_conn *conn = ctx;
    bool whole = frame->hd.type == NGHTTP2_HEADERS;
    switch (frame->hd.type) {
        case NGHTTP2_SETTINGS:
            if (!(frame->hd.flags & NGHTTP2_FLAG_ACK)) take_settings(conn);
            return 0;
        case NGHTTP2_GOAWAY: take_goaway(conn, &frame->goaway); return 0;
        case NGHTTP2_HEADERS:
        case NGHTTP2_DATA:
        case NGHTTP2_RST_STREAM: break;
        default: return 0;
    }
    br_http_exchange *x = nghttp2_session_get_stream_user_data(session, frame->hd.stream_id);
    if (x == NULL) {
        return 0;
    }
    x->response->received_bytes += FRAME_HEAD_BYTES + (whole ? frame->hd.length : 0);
    if (frame->hd.type == NGHTTP2_RST_STREAM) {
        x->_h2.was_reset = true;
    } else {
        x->_h2.has_head |= x->response->status != 0;
        if (frame->hd.flags & NGHTTP2_FLAG_END_STREAM) answer_ends(conn, x);
    }
    return 0;
}

static int on_stream_close(nghttp2_session *session, int32_t id, uint32_t code, void *ctx)
{
    br_http_conn *conn = ctx;
    br_http_exchange *x = nghttp2_session_get_stream_user_data(session, id);
    conn->h2->streams--;
    if (x == NULL) {
        return 0;
    }
    if (code == NGHTTP2_PROTOCOL_ERROR && x->_h2.was_reset) {
        conn->h2->draining = true; /* Go's rule: something is wrong between us, use another connection */
    }
    if (x->_h2.answered) {
        end_exchange(conn, x);
    } else {
        fail_stream(conn, x, code);
    }
    return 0;
}

/* Events of nghttp2: what is written ---------------------------------------------------------------- */

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
    x->response->sent_bytes += FRAME_HEAD_BYTES + frame->hd.length;
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
    (void) br_buf_append(out, head, FRAME_HEAD_BYTES);
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

/* Ends all exchanges and the connection. BR_OK: because of the protocol. */
static void give_up(br_http_conn *conn, br_code code)
{
    br_h2 *h2 = conn->h2;
    br_http_step step = br_http_step_of(conn->stream->failed_op);
    h2->now = br_loop_clock(conn->client->loop);
    for (br_http_exchange *x = conn->client->running; x != NULL && h2->live > 0; x = x->_next) {
        if (x->_conn != conn) {
            continue;
        }
        if (!x->_h2.begun && !x->_retried) {
            x->_h2.again = true;
        } else if (code == BR_OK && h2->failed) {
            explain_failure(conn, x);
        } else if (h2->goaway.received && (code == BR_OK || code == BR_EOF || code == BR_ERESET)) {
            explain_goaway(conn, x);
        } else {
            br_http_conn_explain(conn, x->response, code, step, code == BR_EOF ? "unexpected EOF" : NULL);
        }
        end_exchange(conn, x);
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
        br_http_pool_place(conn);
    }
    br_http_tell_finished(client);
}

static void on_flush(void *ctx)
{
    br_http_conn *conn = ctx;
    write_out(conn);
    settle(conn);
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
    on_flush(conn);
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

static size_t put_fields(const br_http_request *q, br_buf *target, nghttp2_nv *nv)
{
    size_t n = 0;
    nv[n++] = field(BR_STR(":authority"), br_http_request_host(q));
    nv[n++] = field(BR_STR(":method"), q->method);
    if (!br_str_is(q->method, "CONNECT")) {
        br_buf_reset(target);
        (void) br_url_put_target(&q->url, target); /* the client's buffer has no limit */
        nv[n++] = field(BR_STR(":path"), br_buf_view(target));
        nv[n++] = field(BR_STR(":scheme"), q->url.tls ? BR_STR("https") : BR_STR("http"));
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
    x->_h2 = (struct br_http_h2_stream){.length = LENGTH_NONE};
    x->_h2.id = submit(conn, x);
    BR_ASSERT(x->_h2.id > 0);
    h2->live++;
    h2->streams++;
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
    if (code == BR_ETIMEOUT && h2->now < x->response->times.sent) {
        h2->draining = true; /* not a byte since then: the connection may be dead */
    }
    cut_stream(conn, x, NGHTTP2_CANCEL);
    detach(conn, x);
    schedule_flush(conn);
    br_http_pool_place(conn);
}

/* Life cycle -------------------------------------------------------------------------------------------- */

static nghttp2_session_callbacks *make_callbacks(void)
{
    nghttp2_session_callbacks *c;
    BR_ASSERT(nghttp2_session_callbacks_new(&c) == 0);
    nghttp2_session_callbacks_set_on_begin_headers_callback(c, on_begin_headers);
    nghttp2_session_callbacks_set_on_header_callback(c, on_header);
    nghttp2_session_callbacks_set_on_data_chunk_recv_callback(c, on_data_chunk);
    nghttp2_session_callbacks_set_on_frame_recv_callback(c, on_frame_recv);
    nghttp2_session_callbacks_set_on_stream_close_callback(c, on_stream_close);
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
    nghttp2_option_set_peer_max_concurrent_streams(option, BR_H2_STREAMS_ASSUMED);
    nghttp2_option_set_max_reserved_remote_streams(option, 0);
    nghttp2_option_set_no_closed_streams(option, 1);
    BR_ASSERT(nghttp2_session_client_new2(&session, callbacks, conn, option) == 0);
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
    h2->streams_max = BR_H2_STREAMS_ASSUMED;
    h2->now = br_loop_clock(conn->client->loop);
    h2->session = make_session(conn);
    BR_ASSERT(nghttp2_submit_settings(h2->session, 0, settings, BR_COUNT_OF(settings)) == 0);
    BR_ASSERT(nghttp2_session_set_local_window_size(h2->session, 0, 0, WINDOW_CONNECTION) == 0);
    conn->stream->events = &stream_events;
    br_http_pool_join(conn);
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
    br_http_pool_leave(conn);
    br_free(h2);
}
