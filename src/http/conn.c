#include "http/conn_int.h"
#include "http/h2_int.h"
#include <arpa/inet.h>
#include <ctype.h>
#include <stdio.h>
#include "base/assert.h"
#include "base/mem.h"

#define RESERVE_BYTES ((size_t) 1 << 20) /* of an announced body, at most */

/* Words of Go's client before whatever went wrong inside a head. */
#define BROKEN "net/http: HTTP/1.x transport connection broken: "

static const br_h1_events parser_events;
static const br_stream_events stream_events;

static bool to_head(const br_http_exchange *x)
{
    return br_str_eq(x->request->method, BR_STR("HEAD"));
}

/* Counting -------------------------------------------------------------------------------------- */

void br_http_conn_count_sent(br_http_conn *conn)
{
    conn->client->totals.sent_bytes += conn->stream->sent_bytes - conn->counted_sent;
    conn->counted_sent = conn->stream->sent_bytes;
    if (conn->x != NULL) {
        conn->x->response->sent_bytes = conn->stream->sent_bytes - conn->sent_before;
    }
}

uint64_t br_http_conn_count_received(br_http_conn *conn)
{
    uint64_t n = conn->stream->received_bytes - conn->counted_received;
    conn->counted_received = conn->stream->received_bytes;
    conn->client->totals.received_bytes += n;
    return n;
}

/* Errors ---------------------------------------------------------------------------------------- */

/* "127.0.0.1:80" or "[::1]:80"; out has 64 bytes. */
static void endpoint_text(const br_address *a, char *out)
{
    char ip[INET6_ADDRSTRLEN];
    uint16_t port = br_address_text(a, ip);
    snprintf(out, 64, a->any.sa_family == AF_INET6 ? "[%s]:%u" : "%s:%u", ip, port);
}

/* What the system says after "connect: " or "read: ", in Go's spelling; `out` has 80 bytes. */
static const char *system_text(br_code code, int sys_errno, char *out)
{
    const char *text = sys_errno != 0 ? strerrordesc_np(sys_errno) : NULL;
    snprintf(out, 80, "%s", text != NULL ? text : br_code_text(code));
    out[0] = (char) tolower((unsigned char) out[0]);
    return out;
}

/* "dial tcp [source->]address: connect: why" */
static void explain_dial(br_http_conn *conn, br_http_error *e)
{
    char remote[64], source[64] = "", system[80];
    const br_address *local = &conn->client->config.local;
    const char *call = br_tcp_failed_call(&conn->tcp), *arrow = "";
    const char *via = conn->proxy != NULL || conn->tunnel != NULL ? "proxyconnect tcp: " : "";
    endpoint_text(br_tcp_peer(&conn->tcp), remote);
    if (local->any.sa_family != 0) {
        endpoint_text(local, source);
        arrow = "->";
    }
    if (call[0] != 0) {
        snprintf(e->raw, sizeof(e->raw), "%sdial tcp %s%s%s: %s: %s", via, source, arrow, remote, call,
            system_text(e->code, conn->tcp.stream.sys_errno, system));
    } else if (e->code == BR_EDIALTIMEOUT) {
        snprintf(e->raw, sizeof(e->raw), "%sdial tcp %s%s%s: i/o timeout", via, source, arrow, remote);
    } else { /* of another family than all addresses */
        snprintf(e->raw, sizeof(e->raw), "%sdial tcp: address %s: no suitable address", via, source);
    }
    if (e->k6_code == 1210) { /* the one that shows it whole */
        snprintf(e->text, sizeof(e->text), "%.*s", (int) sizeof(e->text) - 1, e->raw);
    }
}

static void explain_io(br_http_conn *conn, br_http_error *e, char *remote)
{
    char local[64] = "?", system[80];
    br_address own;
    if (br_tcp_local(&conn->tcp, &own) == BR_OK) {
        endpoint_text(&own, local);
    }
    endpoint_text(br_tcp_peer(&conn->tcp), remote);
    const char *op = e->step == BR_STEP_WRITE ? "write" : "read";
    const char *text = system_text(e->code, conn->stream->sys_errno, system);
    const char *broken = conn->answering && !br_h1_has_head(conn->parser) ? BROKEN : "";
    snprintf(e->raw, sizeof(e->raw), "%s%s tcp %s->%s: %s: %s", broken, op, local, remote, op, text);
}

void br_http_conn_explain(
    br_http_conn *conn, br_http_response *response, br_code code, br_http_step step, const char *detail)
{
    br_http_error *e = &response->error;
    char remote[64], unknown[160], system[80];
    int sys_errno = conn->stream->sys_errno;
    if (detail == NULL && (code == BR_EDIAL || code == BR_EIO) && sys_errno != 0) {
        const char *op = step == BR_STEP_DIAL ? "dial" : step == BR_STEP_WRITE ? "write" : "read";
        snprintf(unknown, sizeof(unknown), "%s: unknown errno `%d` on linux with message `%s`", op, sys_errno,
            system_text(code, sys_errno, system));
        detail = unknown;
    }
    br_http_error_set(e, code, step, detail);
    if (step == BR_STEP_DIAL && code != BR_ETIMEOUT && code != BR_ECANCEL) {
        explain_dial(conn, e);
    } else if (code == BR_ERESET || code == BR_EPIPE || code == BR_EIO) {
        explain_io(conn, e, remote);
    } else if (conn->proxy_tls != NULL && conn->proxy_tls->finished == 0 && step == BR_STEP_TLS) {
        char text[sizeof(e->raw)];
        snprintf(text, sizeof(text), "proxyconnect tcp: %s", e->raw);
        memcpy(e->raw, text, sizeof(text));
    } else if (code == BR_ENOTTLS && conn->tls != NULL && conn->tls->met_http) {
        snprintf(e->raw, sizeof(e->raw), "http: server gave HTTP response to HTTPS client");
    }
}

/* The answer ends -------------------------------------------------------------------------------- */

/* `clean`: nothing came behind the answer, and the peer has not ended the connection. */
static void complete(br_http_conn *conn, bool clean)
{
    br_http_exchange *x = conn->x;
    bool reuse = clean && conn->keep && !conn->sending && br_h1_keep_alive(conn->parser);
    br_http_conn_count_sent(conn);
    conn->x = NULL;
    x->_conn = NULL;
    if (reuse) {
        br_http_pool_put(conn->client, conn);
    } else {
        br_http_conn_free(conn);
    }
    br_http_exchange_finish(x);
}

/* The answer is 101: on_done takes the connection, and what came behind the head. */
static void give_away(br_http_conn *conn, br_str rest)
{
    br_http_exchange *x = conn->x;
    br_http_conn_count_sent(conn);
    x->_upgraded = conn;
    x->_rest = rest;
    conn->x = NULL;
    x->_conn = NULL;
    br_http_exchange_finish(x);
}

/* Ends the exchange, whose error may be filled in already, and the connection. */
static void fail(br_http_conn *conn, br_code code, br_http_step step, const char *detail)
{
    br_http_exchange *x = conn->x;
    br_http_conn_count_sent(conn);
    if (x->response->error.code == BR_OK) {
        br_http_conn_explain(conn, x->response, code, step, detail);
    }
    conn->x = NULL;
    x->_conn = NULL;
    br_http_conn_free(conn);
    br_http_exchange_finish(x);
}

static void fail_parse(br_http_conn *conn, br_code code)
{
    char text[256] = "";
    br_http_response *r = conn->x->response;
    if (code == BR_EPROTO) {
        const char *prefix = br_h1_has_head(conn->parser) ? "" : BROKEN;
        snprintf(text, sizeof(text), "%s%s", prefix, br_h1_error(conn->parser));
    } else if (r->error.code == BR_OK && r->fields.len >= BR_HTTP_FIELDS_MAX) {
        (void) br_http_too_many_fields(r);
    } else { /* the callbacks explain their own failures; what is left is the head's limit */
        snprintf(text, sizeof(text), "net/http: server response headers exceeded %zu bytes; aborted",
            r->head.max_bytes);
    }
    fail(conn, code, BR_STEP_PARSE, text);
}

/* Events of the parser --------------------------------------------------------------------------- */

static br_code refuse(br_http_response *r, br_code code, const char *text)
{
    br_http_error_set(&r->error, code, BR_STEP_PARSE, text);
    return code;
}

br_code br_http_too_many_fields(br_http_response *r)
{
    char text[80];
    snprintf(text, sizeof(text), "response has more than %d header fields", BR_HTTP_FIELDS_MAX);
    return refuse(r, BR_ELIMIT, text);
}

br_code br_http_take_trailer(br_http_response *r, br_h1_field field)
{
    static const char *const forbidden[] = {"Transfer-Encoding", "Content-Length", "Trailer"};
    br_str name = br_str_sub(br_buf_view(&r->head), field.name_at, (size_t) field.name_at + field.name_len);
    for (size_t i = 0; i < BR_COUNT_OF(forbidden); i++) {
        if (br_str_eq_nocase(name, br_str_of(forbidden[i]))) {
            return BR_OK;
        }
    }
    if (r->fields.len + r->trailers.len >= BR_H1_FIELDS_MAX) {
        return br_http_too_many_fields(r);
    }
    *br_vec_push(&r->trailers) = field;
    return BR_OK;
}

static br_code on_trailer(void *ctx, const br_h1_field *field)
{
    return br_http_take_trailer(((br_http_conn *) ctx)->x->response, *field);
}

static br_code body_too_long(br_http_response *r)
{
    char text[120];
    snprintf(text, sizeof(text), "response body exceeds the limit of %zu bytes; --max-body raises it",
        r->body.max_bytes);
    return refuse(r, BR_ELIMIT, text);
}

/* Room for an announced body at once, unless it is none of our business. */
br_code br_http_expect_body(br_http_exchange *x, int status, uint64_t length)
{
    br_http_response *r = x->response;
    if (status == 204 || status == 304 || to_head(x) || x->request->drop_body || x->request->upgrade) {
        return BR_OK;
    }
    if (length > r->body.max_bytes) {
        return body_too_long(r);
    }
    size_t room = (size_t) length < RESERVE_BYTES ? (size_t) length : RESERVE_BYTES;
    return br_buf_reserve(&r->body, room);
}

static br_code on_head(void *ctx, const br_h1_head *head)
{
    br_http_conn *conn = ctx;
    br_http_response *r = conn->x->response;
    if (head->status < 200 && head->status != 101) { /* informational: the answer is still to come */
        return BR_OK;
    }
    r->status = head->status;
    r->http_major = 1;
    r->http_minor = head->http_minor;
    r->reason_at = head->reason_at;
    r->reason_len = head->reason_len;
    if (head->status == 101 && !conn->x->request->upgrade) {
        char text[200];
        snprintf(
            text, sizeof(text), "unsupported response status: 101 %.*s", BR_ARG(br_http_response_reason(r)));
        return refuse(r, BR_EPROTO, text);
    }
    return head->has_length ? br_http_expect_body(conn->x, head->status, head->length) : BR_OK;
}

br_code br_http_take_body(br_http_exchange *x, br_str bytes)
{
    br_http_response *r = x->response;
    r->body_bytes += bytes.n;
    if (x->request->drop_body) {
        return BR_OK;
    }
    if (x->request->upgrade) {
        bytes = br_str_sub(bytes, 0, BR_HTTP_REFUSAL_BYTES - r->body.len);
    }
    return br_buf_append(&r->body, bytes.p, bytes.n) == BR_OK ? BR_OK : body_too_long(r);
}

static br_code on_body(void *ctx, br_str bytes)
{
    return br_http_take_body(((br_http_conn *) ctx)->x, bytes);
}

static const br_h1_events parser_events = {.on_head = on_head, .on_body = on_body, .on_trailer = on_trailer};

/* Events of the stream --------------------------------------------------------------------------- */

/* ALPN decides; without TLS, prior knowledge. */
static bool speaks_h2(const br_http_conn *conn)
{
    return conn->tls != NULL ? conn->tls->info.h2 : conn->client->config.h2c && !conn->x->request->upgrade;
}

/* The connection is there, and TLS has begun or ended, perhaps in vain. */
static void note_times(const br_http_conn *conn, br_http_times *times, br_ns now)
{
    if (conn->tls == NULL) {
        times->connect_end = now;
    } else if (conn->tls->started != 0) {
        times->connect_end = times->tls_start = conn->tls->started;
        times->tls_end = conn->tls->finished != 0 ? conn->tls->finished : now;
    }
}

static void on_open(void *owner)
{
    br_http_conn *conn = owner;
    br_http_client *client = conn->client;
    br_http_exchange *x = conn->x;
    conn->remote_port = br_address_text(br_tcp_peer(&conn->tcp), conn->remote_ip);
    x->response->times.ready = br_loop_clock(client->loop);
    note_times(conn, &x->response->times, x->response->times.ready);
    client->totals.connections_opened++;
    if (speaks_h2(conn)) {
        conn->x = NULL;
        x->_conn = NULL;
        br_h2_open(conn);
        br_h2_send(conn, x);
    } else {
        br_http_conn_send(conn, x);
    }
    br_http_pool_dialled(x, conn, false);
}

static void on_sent(void *owner)
{
    br_http_conn *conn = owner;
    conn->sending = false;
    br_buf_deinit(&conn->held);
    br_http_conn_count_sent(conn);
    conn->x->response->times.sent = br_loop_clock(conn->client->loop);
}

static void on_data(void *owner, br_str bytes)
{
    br_http_conn *conn = owner;
    uint64_t received = br_http_conn_count_received(conn);
    if (conn->x == NULL) { /* nobody asked: not to be trusted with another request */
        br_http_pool_remove(conn);
        br_http_conn_free(conn);
        return;
    }
    br_http_response *r = conn->x->response;
    r->received_bytes += received;
    if (!conn->answering) {
        conn->answering = true;
        r->times.first_byte = br_loop_clock(conn->client->loop);
    }
    size_t used = 0;
    br_code code = br_h1_feed(conn->parser, bytes, &used);
    if (code == BR_OK && r->status == 101) {
        give_away(conn, br_str_sub(bytes, used, bytes.n));
    } else if (code == BR_OK) {
        complete(conn, used == bytes.n);
    } else if (code != BR_AGAIN) {
        fail_parse(conn, code);
    }
}

br_http_step br_http_step_of(br_stream_op op)
{
    switch (op) {
        case BR_STREAM_DIAL: return BR_STEP_DIAL;
        case BR_STREAM_HANDSHAKE: return BR_STEP_TLS;
        case BR_STREAM_WRITE: return BR_STEP_WRITE;
        case BR_STREAM_READ: break;
    }
    return BR_STEP_READ;
}

/* Died under a request of which the server has perhaps seen nothing. */
static bool may_retry(const br_http_conn *conn)
{
    const br_http_exchange *x = conn->x;
    if (!conn->used || conn->answering || x->_retried) {
        return false;
    }
    return conn->stream->sent_bytes == conn->sent_before || br_http_request_repeatable(x->request);
}

static void note_failed_handshake(br_http_conn *conn)
{
    if (conn->tls != NULL && conn->tls->finished == 0) {
        note_times(conn, &conn->x->response->times, br_loop_clock(conn->client->loop));
    }
}

/* What a filter says of its failure. */
static const char *detail_of(const br_http_conn *conn, br_code code)
{
    if (code == BR_EPROXY) {
        return conn->tunnel->error;
    }
    bool at_proxy = conn->proxy_tls != NULL && (conn->tls == NULL || conn->proxy_tls->finished == 0);
    const br_tls *tls = at_proxy ? conn->proxy_tls : conn->tls;
    return tls != NULL ? br_tls_error(tls) : NULL;
}

static void on_closed(void *owner, br_code code)
{
    br_http_conn *conn = owner;
    if (conn->x == NULL) {
        br_http_pool_remove(conn);
        br_http_conn_free(conn);
        return;
    }
    if (may_retry(conn)) {
        br_http_exchange *x = conn->x;
        br_http_conn_count_sent(conn);
        conn->x = NULL;
        x->_conn = NULL;
        br_http_conn_free(conn);
        br_http_exchange_retry(x);
    } else if (code == BR_EOF && conn->answering && br_h1_finish(conn->parser) == BR_OK) {
        complete(conn, false); /* a body that ends with the connection */
    } else if ((code == BR_EOF || code == BR_ETRUNCATED) && conn->answering) {
        bool in_body = br_h1_has_head(conn->parser);
        fail(conn, code, BR_STEP_READ, in_body ? "unexpected EOF" : BROKEN "unexpected EOF");
    } else {
        br_http_pool_dialled(conn->x, NULL, true);
        note_failed_handshake(conn);
        fail(conn, code, br_http_step_of(conn->stream->failed_op), detail_of(conn, code));
    }
}

static const br_stream_events stream_events = {
    .on_open = on_open, .on_data = on_data, .on_sent = on_sent, .on_closed = on_closed};

/* Life cycle ------------------------------------------------------------------------------------- */

/* What the stream below has to be made with. */
typedef struct listener {
    const br_stream_events *events;
    void *owner;
} listener;

/* TCP, above it TLS with a proxy, above it a way through the proxy, above that TLS with the target; made from
 * the top, as each tells its events to the one above. Another protocol (`upgrade`) always goes through a
 * tunnel. */
static void stack(br_http_conn *conn, bool tls, bool upgrade)
{
    br_http_client *client = conn->client;
    br_str host = {conn->host, conn->host_len};
    const br_proxy *proxy = br_proxies_for(client->config.proxies, host, conn->port, tls);
    bool tunnel = proxy != NULL && (tls || upgrade || proxy->kind == BR_PROXY_SOCKS5);
    conn->proxy = tunnel ? NULL : proxy;
    conn->tls = tls ? BR_NEW(br_tls) : NULL;
    conn->tunnel = tunnel ? BR_NEW(br_tunnel) : NULL;
    conn->proxy_tls = proxy != NULL && proxy->tls ? BR_NEW(br_tls) : NULL;
    BR_ASSERT(conn->proxy_tls == NULL || client->config.tls != NULL);
    br_stream *base = &conn->tcp.stream;
    br_stream *to_proxy = conn->proxy_tls != NULL ? &conn->proxy_tls->stream : base;
    br_stream *to_target = tunnel ? &conn->tunnel->stream : to_proxy;
    listener above = {&stream_events, conn};
    conn->stream = to_target;
    if (tls) {
        br_tls_init(conn->tls, client->config.tls, to_target, host, above.events, above.owner);
        conn->tls->http1_only = upgrade;
        conn->stream = &conn->tls->stream;
        above = (listener){&br_tls_lower_events, conn->tls};
    }
    if (tunnel) {
        br_tunnel_init(conn->tunnel, to_proxy, proxy, host, conn->port, above.events, above.owner);
        br_tunnel_limit(conn->tunnel, client->loop, client->config.connect_timeout_ns);
        above = (listener){&br_tunnel_lower_events, conn->tunnel};
    }
    if (proxy != NULL && conn->proxy_tls != NULL) {
        br_tls_init(conn->proxy_tls, br_tls_context_below(client->config.tls), base, proxy->host,
            above.events, above.owner);
        above = (listener){&br_tls_lower_events, conn->proxy_tls};
    }
    br_tcp_init(&conn->tcp, client->loop, above.events, above.owner);
}

void br_http_conn_dial(br_http_client *client, br_http_exchange *x, const br_address *addresses, size_t count)
{
    br_str host = x->request->url.host;
    br_http_conn *conn = br_calloc(1, sizeof(*conn) + host.n);
    conn->client = client;
    conn->x = x;
    conn->port = x->request->url.port;
    conn->host_len = host.n;
    memcpy(conn->host, host.p, host.n);
    conn->parser = br_h1_new(&parser_events, client->config.heads, conn);
    br_buf_init(&conn->held, BR_BUF_NO_LIMIT);
    stack(conn, x->request->url.tls, x->request->upgrade);
    x->_conn = conn;
    x->response->times.connect_start = br_loop_clock(client->loop);
    br_tcp_bind(&conn->tcp, &client->config.local);
    br_tcp_connect(&conn->tcp, addresses, count, client->config.connect_timeout_ns);
}

void br_http_conn_tell(const br_http_conn *conn, br_http_response *r)
{
    memcpy(r->remote_ip, conn->remote_ip, sizeof(r->remote_ip));
    r->remote_port = conn->remote_port;
    r->tls = conn->tls != NULL;
    if (r->tls) {
        r->tls_info = conn->tls->info;
    }
    r->reused = conn->used;
}

/* Head and, if it is small, body, in the client's buffer. */
static br_str make_wire(br_http_conn *conn, const br_http_request *q)
{
    br_buf *out = &conn->client->head;
    br_buf_reset(out);
    br_http_request_put_head(q, conn->client->config.no_reuse && !q->upgrade, conn->proxy, out);
    if (q->body.n <= BR_HTTP_SMALL_BODY) {
        br_code code = br_buf_put(out, q->body);
        BR_ASSERT(code == BR_OK); /* it has no limit */
    }
    return br_buf_view(out);
}

/* A remainder of it waits: its memory stays with the connection, the client takes a new buffer. */
static void hold_wire(br_http_conn *conn)
{
    conn->held = conn->client->head;
    br_buf_init(&conn->client->head, BR_BUF_NO_LIMIT);
}

void br_http_conn_send(br_http_conn *conn, br_http_exchange *x)
{
    br_http_client *client = conn->client;
    const br_http_request *q = x->request;
    br_http_response *r = x->response;
    br_http_pool_remove(conn);
    br_http_conn_tell(conn, r);
    conn->x = x;
    x->_conn = conn;
    conn->answering = false;
    conn->sent_before = conn->stream->sent_bytes;
    br_h1_start(conn->parser, &r->head, &r->fields, to_head(x));
    if (BR_UNLIKELY(q->upgrade)) {
        br_h1_expect_upgrade(conn->parser);
    }
    bool prepared = q->_wire.p != NULL && conn->proxy == NULL &&
                    (q->_wire_closes || !client->config.no_reuse);
    br_str wire = prepared ? q->_wire : make_wire(conn, q);
    conn->keep = prepared ? !q->_wire_closes : !client->config.no_reuse && !br_http_request_wants_close(q);
    struct iovec iov[2] = {{NULL, wire.n}, {NULL, q->body.n}};
    memcpy(&iov[0].iov_base, &wire.p, sizeof(iov[0].iov_base)); /* they are only read from */
    memcpy(&iov[1].iov_base, &q->body.p, sizeof(iov[1].iov_base));
    br_code code = br_stream_write(conn->stream, iov, q->body.n <= BR_HTTP_SMALL_BODY ? 1 : 2);
    if (code == BR_OK) {
        r->times.sent = br_loop_clock(client->loop);
    } else {
        conn->sending = true;
        if (!prepared) hold_wire(conn);
    }
    br_http_conn_count_sent(conn);
}

void br_http_conn_free(br_http_conn *conn)
{
    BR_ASSERT(conn->x == NULL && conn->place == BR_PLACE_NONE);
    br_h2_close(conn);
    br_stream_close(conn->stream);
    br_http_conn_count_sent(conn); /* TLS says good-bye */
    br_buf_deinit(&conn->held);
    br_h1_free(conn->parser);
    br_free(conn->tls);
    br_free(conn->tunnel);
    br_free(conn->proxy_tls);
    br_free(conn);
}
