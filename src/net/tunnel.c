#include "net/tunnel.h"
#include <arpa/inet.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include "base/assert.h"
#include "base/mem.h"

enum { GREETING, PASSWORD, REQUEST };

static br_tunnel *tunnel_of(br_stream *s)
{
    return (br_tunnel *) (void *) s;
}

static void stop_timer(br_tunnel *t)
{
    if (t->_loop != NULL) {
        br_timer_stop(t->_loop, &t->_timer);
    }
}

/* Tells the end, met in `op`. The last thing that any event does. */
static void fail_in(br_tunnel *t, br_stream_op op, br_code code)
{
    stop_timer(t);
    t->_state = BR_TUNNEL_BROKEN;
    t->stream.failed_op = op;
    t->stream.sys_errno = t->_lower->sys_errno;
    t->stream.events->on_closed(t->stream.owner, code);
}

static void fail(br_tunnel *t, br_code code)
{
    fail_in(t, code == BR_EPROXY ? BR_STREAM_HANDSHAKE : t->_lower->failed_op, code);
}

static void on_timeout(br_timer *timer, void *ctx)
{
    (void) timer;
    fail_in(ctx, BR_STREAM_DIAL, BR_EDIALTIMEOUT);
}

BR_PRINTF(2, 3) static void refuse(br_tunnel *t, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    vsnprintf(t->error, sizeof(t->error), fmt, args);
    va_end(args);
    fail(t, BR_EPROXY);
}

static void send_out(br_tunnel *t)
{
    struct iovec iov = {t->_out.data, t->_out.len};
    BR_ASSERT(!t->_busy); /* the peer has answered what was sent before */
    t->_busy = br_stream_write(t->_lower, &iov, 1) != BR_OK;
    t->stream.sent_bytes = t->_lower->sent_bytes;
}

static void open_up(br_tunnel *t, size_t used)
{
    size_t n = t->_in.len - used;
    stop_timer(t);
    br_buf_deinit(&t->_in);
    br_buf_deinit(&t->_out);
    t->_state = BR_TUNNEL_OPEN;
    if (n > 0) { /* the target cannot have said anything yet: nobody has spoken to it */
        refuse(t, "proxy sent %zu bytes behind its answer", n);
        return;
    }
    t->stream.events->on_open(t->stream.owner);
}

/* CONNECT ------------------------------------------------------------------------------------------ */

static void ask_http(br_tunnel *t)
{
    bool v6 = strchr(t->_host, ':') != NULL;
    char target[300];
    snprintf(target, sizeof(target), v6 ? "[%.255s]:%u" : "%.255s:%u", t->_host, t->_port);
    (void) br_buf_printf(&t->_out, "CONNECT %s HTTP/1.1\r\nHost: %s\r\n", target, target);
    if (t->_proxy->authorization.n > 0) {
        (void) br_buf_printf(
            &t->_out, "Proxy-Authorization: " BR_FMT "\r\n", BR_ARG(t->_proxy->authorization));
    }
    (void) br_buf_puts(&t->_out, "\r\n");
    send_out(t);
}

/* "HTTP/1.1 200 text": the status, or 0. */
static int status_of(br_str head, br_str *ret_text)
{
    br_str line = head, rest;
    (void) br_str_cut(&head, '\n', &line);
    rest = br_str_trim(line);
    if (rest.n < 12 || !br_str_starts(rest, BR_STR("HTTP/1.")) || rest.p[8] != ' ') {
        return 0;
    }
    int status = 0;
    for (size_t i = 9; i < 12; i++) {
        if (rest.p[i] < '0' || rest.p[i] > '9') {
            return 0;
        }
        status = 10 * status + rest.p[i] - '0';
    }
    *ret_text = br_str_trim(br_str_sub(rest, 12, rest.n));
    return status;
}

static void read_http(br_tunnel *t)
{
    br_str head = br_buf_view(&t->_in), text = BR_STR("");
    ptrdiff_t end = br_str_find(head, BR_STR("\r\n\r\n"));
    if (end < 0) {
        return;
    }
    int status = status_of(head, &text);
    if (status >= 200 && status <= 299) {
        open_up(t, (size_t) end + 4);
    } else if (status == 0) {
        refuse(t, "malformed HTTP response from the proxy");
    } else {
        refuse(t, "%.*s", (int) (text.n < 100 ? text.n : 100), text.n > 0 ? text.p : "");
    }
}

/* SOCKS5 ------------------------------------------------------------------------------------------- */

static void greet(br_tunnel *t)
{
    bool user = t->_proxy->user.p != NULL;
    t->_step = GREETING;
    (void) br_buf_append(&t->_out, user ? "\x05\x02\x00\x02" : "\x05\x01\x00", user ? 4 : 3);
    send_out(t);
}

static void put_short(br_buf *out, br_str s)
{
    (void) br_buf_putc(out, (char) s.n);
    (void) br_buf_put(out, s);
}

static void send_password(br_tunnel *t)
{
    t->_step = PASSWORD;
    br_buf_reset(&t->_out);
    (void) br_buf_putc(&t->_out, 1);
    put_short(&t->_out, br_str_sub(t->_proxy->user, 0, t->_proxy->user.n < 255 ? t->_proxy->user.n : 255));
    put_short(&t->_out,
        br_str_sub(t->_proxy->password, 0, t->_proxy->password.n < 255 ? t->_proxy->password.n : 255));
    send_out(t);
}

static void send_request(br_tunnel *t)
{
    uint8_t address[16];
    t->_step = REQUEST;
    br_buf_reset(&t->_out);
    (void) br_buf_append(&t->_out, "\x05\x01\x00", 3);
    if (inet_pton(AF_INET, t->_host, address) == 1) {
        (void) br_buf_putc(&t->_out, 1);
        (void) br_buf_append(&t->_out, address, 4);
    } else if (inet_pton(AF_INET6, t->_host, address) == 1) {
        (void) br_buf_putc(&t->_out, 4);
        (void) br_buf_append(&t->_out, address, 16);
    } else {
        (void) br_buf_putc(&t->_out, 3);
        put_short(&t->_out, br_str_sub(br_str_of(t->_host), 0, strnlen(t->_host, 255)));
    }
    (void) br_buf_putc(&t->_out, (char) (t->_port >> 8));
    (void) br_buf_putc(&t->_out, (char) (t->_port & 255));
    send_out(t);
}

static const char *reply_text(unsigned char code)
{
    static const char *const texts[] = {"succeeded", "general SOCKS server failure",
        "connection not allowed by ruleset", "network unreachable", "host unreachable", "connection refused",
        "TTL expired", "command not supported", "address type not supported"};
    return code < BR_COUNT_OF(texts) ? texts[code] : "unknown code";
}

/* Length of the reply to the request, 0 if more is needed to know. */
static size_t reply_len(const unsigned char *p, size_t n)
{
    if (n < 5) {
        return 0;
    }
    return p[3] == 1 ? 10 : p[3] == 4 ? 22 : p[3] == 3 ? 7 + (size_t) p[4] : SIZE_MAX;
}

static void read_reply(br_tunnel *t, const unsigned char *p)
{
    size_t len = reply_len(p, t->_in.len);
    if (p[0] != 5) {
        refuse(t, "socks connect: unexpected protocol version %u", p[0]);
    } else if (t->_in.len >= 2 && p[1] != 0) {
        refuse(t, "socks connect: unknown error %s", reply_text(p[1]));
    } else if (len == SIZE_MAX) {
        refuse(t, "socks connect: unknown address type %u", p[3]);
    } else if (len > 0 && t->_in.len >= len) {
        open_up(t, len);
    }
}

static void read_socks(br_tunnel *t)
{
    const unsigned char *p = (const unsigned char *) t->_in.data;
    if (t->_step == REQUEST) {
        read_reply(t, p);
        return;
    }
    if (t->_in.len < 2) {
        return;
    }
    unsigned char version = p[0], answer = p[1];
    bool greeting = t->_step == GREETING;
    br_buf_reset(&t->_in);
    if (version != (greeting ? 5 : 1)) {
        refuse(t, "socks connect: unexpected protocol version %u", version);
    } else if (greeting && answer == 2 && t->_proxy->user.p != NULL) {
        send_password(t);
    } else if (answer == 0) {
        send_request(t);
    } else {
        refuse(t, greeting ? "socks connect: no acceptable authentication methods"
                           : "socks connect: username/password authentication failed");
    }
}

/* Events of the lower stream ------------------------------------------------------------------------ */

static void on_lower_open(void *owner)
{
    br_tunnel *t = owner;
    t->_state = BR_TUNNEL_ASKING;
    if (t->_loop != NULL) {
        br_timer_start(t->_loop, &t->_timer, br_loop_now(t->_loop) + t->_timeout_ns, on_timeout, t);
    }
    if (t->_proxy->kind == BR_PROXY_SOCKS5) {
        greet(t);
    } else {
        ask_http(t);
    }
}

static void on_lower_data(void *owner, br_str bytes)
{
    br_tunnel *t = owner;
    t->stream.received_bytes = t->_lower->received_bytes;
    if (t->_state == BR_TUNNEL_OPEN) {
        t->stream.events->on_data(t->stream.owner, bytes);
    } else if (t->_state == BR_TUNNEL_ASKING && t->_busy) {
        refuse(t, "proxy answered before it was asked");
    } else if (t->_state == BR_TUNNEL_ASKING && br_buf_put(&t->_in, bytes) != BR_OK) {
        refuse(t, "proxy's answer exceeds %d bytes", BR_TUNNEL_ANSWER_MAX);
    } else if (t->_state == BR_TUNNEL_ASKING) {
        (t->_proxy->kind == BR_PROXY_SOCKS5 ? read_socks : read_http)(t);
    }
}

static void on_lower_sent(void *owner)
{
    br_tunnel *t = owner;
    t->stream.sent_bytes = t->_lower->sent_bytes;
    t->_busy = false;
    if (t->_state == BR_TUNNEL_OPEN) {
        t->stream.events->on_sent(t->stream.owner);
    }
}

static void on_lower_closed(void *owner, br_code code)
{
    br_tunnel *t = owner;
    if (t->_state != BR_TUNNEL_BROKEN) {
        fail(t, code);
    }
}

const br_stream_events br_tunnel_lower_events = {.on_open = on_lower_open,
    .on_data = on_lower_data,
    .on_sent = on_lower_sent,
    .on_closed = on_lower_closed};

/* Life ---------------------------------------------------------------------------------------------- */

static br_code tunnel_write(br_stream *s, const struct iovec *iov, int count)
{
    br_tunnel *t = tunnel_of(s);
    BR_ASSERT(t->_state == BR_TUNNEL_OPEN);
    br_code code = br_stream_write(t->_lower, iov, count);
    s->sent_bytes = t->_lower->sent_bytes;
    return code;
}

static void tunnel_close(br_stream *s)
{
    br_tunnel *t = tunnel_of(s);
    stop_timer(t);
    br_stream_close(t->_lower);
    br_buf_deinit(&t->_in);
    br_buf_deinit(&t->_out);
    br_free(t->_host);
    t->_host = NULL;
    t->_state = BR_TUNNEL_CLOSED;
}

static const br_stream_ops ops = {.write = tunnel_write, .close = tunnel_close};

void br_tunnel_init(br_tunnel *t, br_stream *lower, const br_proxy *proxy, br_str host, uint16_t port,
    const br_stream_events *events, void *owner)
{
    *t = (br_tunnel){.stream = {.ops = &ops, .events = events, .owner = owner},
        ._lower = lower,
        ._proxy = proxy,
        ._host = br_strndup(host.p, host.n),
        ._port = port};
    br_buf_init(&t->_out, BR_BUF_NO_LIMIT);
    br_buf_init(&t->_in, BR_TUNNEL_ANSWER_MAX);
}

void br_tunnel_limit(br_tunnel *t, br_loop *loop, br_ns timeout_ns)
{
    t->_loop = loop;
    t->_timeout_ns = timeout_ns;
}
