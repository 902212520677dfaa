#include "http/h2_int.h"
#include <stdio.h>

#define FIELD_OVERHEAD 32 /* of a field, in the size of a header list: RFC 9113 section 6.5.2 */

/* The end of an exchange -------------------------------------------------------------------------- */

void br_h2_detach(br_http_conn *conn, br_http_exchange *x)
{
    br_http_queue_remove(x); /* of those whose end is being written */
    x->_conn = NULL;
    conn->h2->live--;
}

/* With the error, if any, in its response. */
void br_h2_end_exchange(br_http_conn *conn, br_http_exchange *x)
{
    br_h2_detach(conn, x);
    x->response->times.end = conn->h2->now;
    br_http_queue_add(&conn->client->finished, x);
}

/* Ends an exchange whose stream is still open. */
void br_h2_cut_stream(br_http_conn *conn, br_http_exchange *x, uint32_t code)
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

void br_h2_explain_goaway(br_http_conn *conn, br_http_exchange *x)
{
    br_http_error *e = &x->response->error;
    const br_h2_goaway *g = &conn->h2->goaway;
    char name[32];
    br_http_error_set_http2(e, BR_HTTP2_GOAWAY, g->code);
    snprintf(e->raw, sizeof(e->raw),
        "http2: server sent GOAWAY and closed the connection; LastStreamID=%d, ErrCode=%s, debug=\"%s\"",
        g->last_stream, br_http2_code_name(g->code, name), g->debug);
}

void br_h2_explain_failure(br_http_conn *conn, br_http_exchange *x)
{
    br_http_error *e = &x->response->error;
    char name[32];
    br_http_error_set_http2(e, BR_HTTP2_CONNECTION, conn->h2->failure);
    snprintf(e->raw, sizeof(e->raw), "connection error: %s", br_http2_code_name(conn->h2->failure, name));
}

void br_h2_explain_silence(br_http_conn *conn, br_http_exchange *x)
{
    static const char hint[] = " (does the server speak HTTP/2 without TLS?)";
    br_http_error *e = &x->response->error;
    if (conn->tls == NULL && !conn->h2->spoken && e->code != BR_OK) {
        size_t text = strlen(e->text), raw = strlen(e->raw);
        snprintf(e->text + text, sizeof(e->text) - text, "%s", hint);
        snprintf(e->raw + raw, sizeof(e->raw) - raw, "%s", hint);
    }
}

/*
 * Go's rules for a stream that the server has not touched. The first stream of a connection that is refused
 * with an error would be refused on the next connection as well.
 */
static bool was_refused(br_http_conn *conn, const br_http_exchange *x, uint32_t code)
{
    const br_h2_goaway *g = &conn->h2->goaway;
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

/* The server ended the stream before the announced length; Go tells this one apart. */
static bool was_cut(br_http_conn *conn, const br_http_exchange *x, uint32_t code)
{
    return code == NGHTTP2_PROTOCOL_ERROR && !x->_h2.was_reset && x->_h2.length != BR_H2_LENGTH_NONE &&
           x->response->body_bytes < x->_h2.length &&
           nghttp2_session_get_stream_remote_close(conn->h2->session, x->_h2.id) == 1;
}

static void fail_stream(br_http_conn *conn, br_http_exchange *x, uint32_t code)
{
    bool by_goaway = conn->h2->goaway.received && !x->_h2.was_reset && code == NGHTTP2_REFUSED_STREAM;
    if (was_refused(conn, x, code)) {
        x->_h2.again = true;
    } else if (by_goaway) {
        br_h2_explain_goaway(conn, x);
    } else if (was_cut(conn, x, code)) {
        br_http_conn_explain(conn, x->response, BR_EOF, BR_STEP_READ, "unexpected EOF");
    } else {
        explain_stream(x, code);
    }
    br_h2_end_exchange(conn, x);
}

/* What is read ------------------------------------------------------------------------------------- */

static int on_begin_headers(nghttp2_session *session, const nghttp2_frame *frame, void *ctx)
{
    br_http_conn *conn = ctx;
    br_http_exchange *x = nghttp2_session_get_stream_user_data(session, frame->hd.stream_id);
    if (x != NULL && x->response->times.first_byte == 0) {
        x->response->times.first_byte = conn->h2->now;
    }
    return 0;
}

/* nghttp2 has seen to it that it is a number of three digits, but not that it makes sense. */
static br_code take_status(br_http_exchange *x, br_str value)
{
    br_http_response *r = x->response;
    int status = 0;
    for (size_t i = 0; i < value.n; i++) {
        status = 10 * status + (value.p[i] - '0');
    }
    if (status < 100) {
        explain_stream(x, NGHTTP2_PROTOCOL_ERROR);
        return BR_EPROTO;
    }
    if (status >= 200) { /* an informational answer is forgotten */
        r->status = status;
        r->http_major = 2;
        r->http_minor = 0;
    }
    return BR_OK;
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

static br_code keep_field(br_http_exchange *x, bool trailer, br_str name, br_str value)
{
    br_http_response *r = x->response;
    if (!trailer && r->fields.len >= BR_HTTP_FIELDS_MAX) {
        return br_http_too_many_fields(r);
    }
    if (br_buf_reserve(&r->head, name.n + value.n) != BR_OK) { /* cannot be: a larger sum was checked */
        return BR_ELIMIT;
    }
    size_t at = r->head.len;
    memcpy(r->head.data + at, name.p, name.n);
    memcpy(r->head.data + at + name.n, value.p, value.n);
    r->head.len += name.n + value.n;
    r->head.data[r->head.len] = 0;
    br_h1_field field = {(uint32_t) at, (uint32_t) name.n, (uint32_t) (at + name.n), (uint32_t) value.n};
    if (trailer) {
        return br_http_take_trailer(r, field);
    }
    *br_vec_push(&r->fields) = field;
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
        return take_status(x, value);
    }
    return r->status == 0 ? BR_OK : keep_field(x, trailer, name, value);
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
    br_h2_end_exchange(conn, x);
    return NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE; /* resets the stream */
}

/* Go fails the stream as well, where nghttp2 would only drop the field. */
static int on_invalid_header(nghttp2_session *session, const nghttp2_frame *frame, const uint8_t *name,
    size_t name_len, const uint8_t *value, size_t value_len, uint8_t flags, void *ctx)
{
    (void) session, (void) frame, (void) name, (void) name_len, (void) value, (void) value_len, (void) flags;
    (void) ctx;
    return NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE; /* PROTOCOL_ERROR */
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
        br_h2_cut_stream(conn, x, NGHTTP2_CANCEL);
        br_h2_end_exchange(conn, x);
    }
    return 0;
}

/* END_STREAM was read. If the request is complete as well, the stream closes next: on_stream_close(). */
static void answer_ends(br_http_conn *conn, br_http_exchange *x)
{
    x->_h2.answered = true;
    if (!x->_h2.finished) {
        br_h2_cut_stream(conn, x, NGHTTP2_NO_ERROR);
        br_h2_end_exchange(conn, x);
    }
}

static void take_goaway(br_http_conn *conn, const nghttp2_goaway *frame)
{
    br_h2_goaway *g = &conn->h2->goaway;
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
    h2->spoken = true;
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
    x->response->received_bytes += BR_H2_FRAME_HEAD + (whole ? frame->hd.length : 0);
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
        br_h2_end_exchange(conn, x);
    } else {
        fail_stream(conn, x, code);
    }
    return 0;
}

void br_h2_set_read_callbacks(nghttp2_session_callbacks *c)
{
    nghttp2_session_callbacks_set_on_begin_headers_callback(c, on_begin_headers);
    nghttp2_session_callbacks_set_on_header_callback(c, on_header);
    nghttp2_session_callbacks_set_on_invalid_header_callback(c, on_invalid_header);
    nghttp2_session_callbacks_set_on_data_chunk_recv_callback(c, on_data_chunk);
    nghttp2_session_callbacks_set_on_frame_recv_callback(c, on_frame_recv);
    nghttp2_session_callbacks_set_on_stream_close_callback(c, on_stream_close);
}
