#include "net/tcp.h"
#include <errno.h>
#include "base/assert.h"
#include "net/dial_int.h"

static br_tcp *tcp_of(br_stream *s)
{
    return (br_tcp *) (void *) s;
}

static void set_state(br_tcp *t, br_tcp_state state)
{
    BR_DASSERT(state != BR_TCP_OPEN || t->_state == BR_TCP_DIALLING);
    BR_DASSERT(state != BR_TCP_DIALLING || t->_state == BR_TCP_CLOSED || t->_state == BR_TCP_DIALLING);
    t->_state = state;
}

static br_code code_of_io(int sys_errno)
{
    switch (sys_errno) {
        case ECONNRESET: return BR_ERESET;
        case EPIPE: return BR_EPIPE;
        default: return BR_EIO;
    }
}

/* Tells the end to the owner. The last thing that any event does. */
static void fail(br_tcp *t, br_stream_op op, br_code code, int sys_errno)
{
    set_state(t, BR_TCP_BROKEN);
    t->stream.failed_op = op;
    t->stream.sys_errno = sys_errno;
    t->stream.events->on_closed(t->stream.owner, code);
}

/* Bytes ----------------------------------------------------------------------------------------- */

static void on_data(void *owner, br_str bytes)
{
    br_tcp *t = owner;
    t->stream.received_bytes = t->_socket.received_bytes;
    t->stream.events->on_data(t->stream.owner, bytes);
}

static void on_sent(void *owner)
{
    br_tcp *t = owner;
    t->stream.sent_bytes = t->_socket.sent_bytes;
    t->stream.events->on_sent(t->stream.owner);
}

static void on_end(void *owner, bool writing, int sys_errno)
{
    br_tcp *t = owner;
    t->stream.sent_bytes = t->_socket.sent_bytes;
    fail(t, writing ? BR_STREAM_WRITE : BR_STREAM_READ, sys_errno == 0 ? BR_EOF : code_of_io(sys_errno),
        sys_errno);
}

static const br_socket_events socket_events = {.on_data = on_data, .on_sent = on_sent, .on_end = on_end};

static void on_dialled(void *ctx, const br_dialled *result)
{
    br_tcp *t = ctx;
    br_code code = result->code;
    int sys_errno = result->sys_errno;
    t->_address = result->address;
    t->_failed_call = result->call;
    if (code == BR_OK) {
        code = br_socket_open(&t->_socket, t->_loop, result->watch, &socket_events, t);
        sys_errno = code == BR_OK ? 0 : errno;
    }
    br_dial_free(t->_dial);
    t->_dial = NULL;
    if (code == BR_OK) {
        set_state(t, BR_TCP_OPEN);
        t->stream.events->on_open(t->stream.owner);
    } else {
        fail(t, BR_STREAM_DIAL, code, sys_errno);
    }
}

static br_code tcp_write(br_stream *s, const struct iovec *iov, int count)
{
    br_tcp *t = tcp_of(s);
    BR_ASSERT(t->_state == BR_TCP_OPEN);
    br_code code = br_socket_write(&t->_socket, iov, count);
    s->sent_bytes = t->_socket.sent_bytes;
    return code;
}

static void tcp_close(br_stream *s)
{
    br_tcp *t = tcp_of(s);
    br_dial_free(t->_dial);
    t->_dial = NULL;
    br_socket_close(&t->_socket);
    set_state(t, BR_TCP_CLOSED);
}

static const br_stream_ops ops = {.write = tcp_write, .close = tcp_close};

void br_tcp_init(br_tcp *t, br_loop *loop, const br_stream_events *events, void *owner)
{
    *t = (br_tcp){.stream = {.ops = &ops, .events = events, .owner = owner}, ._loop = loop};
    t->_socket = BR_SOCKET_INIT;
}

void br_tcp_bind(br_tcp *t, const br_address *local)
{
    t->_local = *local;
}

void br_tcp_connect(br_tcp *t, const br_address *addresses, size_t count, br_ns timeout_ns)
{
    BR_ASSERT(t->_state == BR_TCP_CLOSED);
    t->stream.sent_bytes = t->stream.received_bytes = 0;
    t->_address = addresses[0];
    set_state(t, BR_TCP_DIALLING);
    br_dial_config config = {.loop = t->_loop,
        .addresses = addresses,
        .count = count,
        .local = t->_local,
        .timeout_ns = timeout_ns,
        .fn = on_dialled,
        .ctx = t};
    t->_dial = br_dial_start(&config);
}

const br_address *br_tcp_peer(const br_tcp *t)
{
    return &t->_address;
}

const char *br_tcp_failed_call(const br_tcp *t)
{
    return t->_failed_call != NULL ? t->_failed_call : "";
}

br_code br_tcp_local(const br_tcp *t, br_address *ret_address)
{
    br_address address = {0};
    socklen_t size = sizeof(address);
    int fd = br_socket_fd(&t->_socket);
    if (fd < 0 || getsockname(fd, &address.any, &size) != 0) {
        return BR_EIO;
    }
    *ret_address = address;
    return BR_OK;
}
