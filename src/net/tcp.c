#include "net/tcp.h"
#include <errno.h>
#include <netinet/tcp.h>
#include <unistd.h>
#include "base/mem.h"
#include "base/assert.h"

#define KEEPALIVE_S 30           /* k6's dialler */
#define DIAL_MIN_NS (2 * BR_SEC) /* share of one address, at least */

static br_tcp *tcp_of(br_stream *s)
{
    return (br_tcp *) (void *) s;
}
static void dial_next(br_tcp *t);
static void open_stream(br_tcp *t);
static void on_dialled(br_watch *watch, unsigned events, void *ctx);

static void set_state(br_tcp *t, br_tcp_state state)
{
    BR_DASSERT(state != BR_TCP_OPEN || t->_state == BR_TCP_DIALLING);
    BR_DASSERT(state != BR_TCP_DIALLING || t->_state == BR_TCP_CLOSED || t->_state == BR_TCP_DIALLING);
    t->_state = state;
}

static br_code code_of_dial(int sys_errno)
{
    switch (sys_errno) {
        case ECONNREFUSED: return BR_EREFUSED;
        case ETIMEDOUT: return BR_EDIALTIMEOUT;
        case ECONNRESET: return BR_ERESET;
        case EMFILE:
        case ENFILE: return BR_ENOFDS;
        case EADDRNOTAVAIL: return BR_ENOPORTS;
        default: return BR_EDIAL;
    }
}

static br_code code_of_io(int sys_errno)
{
    switch (sys_errno) {
        case ECONNRESET: return BR_ERESET;
        case EPIPE: return BR_EPIPE;
        default: return BR_EIO;
    }
}

static void drop_socket(br_tcp *t)
{
    br_timer_stop(t->_loop, &t->_timer);
    br_watch_stop(t->_loop, &t->_watch);
    if (t->_fd >= 0) {
        (void) close(t->_fd); /* nothing to do about a failure here */
        t->_fd = -1;
    }
}

static void drop_addresses(br_tcp *t)
{
    br_free(t->_more);
    t->_more = NULL;
    t->_more_count = t->_more_next = 0;
}

/* Tells the end to the owner. The last thing that any event does. */
static void fail(br_tcp *t, br_stream_op op, br_code code, int sys_errno)
{
    set_state(t, BR_TCP_BROKEN);
    br_timer_stop(t->_loop, &t->_timer);
    br_watch_stop(t->_loop, &t->_watch);
    drop_addresses(t);
    t->stream.failed_op = op;
    t->stream.sys_errno = sys_errno;
    t->stream.events->on_closed(t->stream.owner, code);
}

static void tell_dial_failure(void *ctx)
{
    br_tcp *t = ctx;
    t->_address = t->_first_address;
    fail(t, BR_STREAM_DIAL, t->_first_code, t->_first_errno);
}

/* This address did not work: remembers why and takes the next. */
static void address_failed(br_tcp *t, br_code code, int sys_errno)
{
    drop_socket(t);
    if (t->_first_code == BR_OK) {
        t->_first_code = code;
        t->_first_errno = sys_errno;
        t->_first_address = t->_address;
    }
    bool in_time = br_loop_now(t->_loop) < t->_dial_deadline;
    if (t->_more_next < t->_more_count && in_time) {
        t->_address = t->_more[t->_more_next++];
        dial_next(t);
    } else { /* perhaps inside br_tcp_connect(): a callback may not run there */
        br_loop_defer(t->_loop, &t->_failed, tell_dial_failure, t);
    }
}

static void on_dial_timeout(br_timer *timer, void *ctx)
{
    (void) timer;
    address_failed(ctx, BR_EDIALTIMEOUT, ETIMEDOUT);
}

static int open_socket(int family)
{
    int fd = socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0) {
        return -1;
    }
    static const int on = 1, seconds = KEEPALIVE_S;
    /* None of these may fail on a fresh socket, and none matters enough to give up for. */
    (void) setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
    (void) setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof(on));
    (void) setsockopt(fd, IPPROTO_TCP, TCP_KEEPIDLE, &seconds, sizeof(seconds));
    (void) setsockopt(fd, IPPROTO_TCP, TCP_KEEPINTVL, &seconds, sizeof(seconds));
    return fd;
}

static bool bind_local(br_tcp *t)
{
    static const int on = 1;
    if (t->_local.any.sa_family == 0) {
        return true;
    }
    /* The port is chosen at connect(), when the whole pair of addresses is known: ports are then not wasted.
     */
    (void) setsockopt(t->_fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &on, sizeof(on));
    socklen_t size = t->_local.any.sa_family == AF_INET6 ? sizeof(t->_local.v6) : sizeof(t->_local.v4);
    return bind(t->_fd, &t->_local.any, size) == 0;
}

static br_ns dial_share(const br_tcp *t)
{
    br_ns left = t->_dial_deadline - br_loop_now(t->_loop);
    br_ns share = left / (br_ns) (t->_more_count - t->_more_next + 1);
    br_ns least = left < DIAL_MIN_NS ? left : DIAL_MIN_NS;
    return share < least ? least : share;
}

static void dial_next(br_tcp *t)
{
    t->_fd = open_socket(t->_address.any.sa_family);
    if (t->_fd < 0) {
        address_failed(t, code_of_dial(errno), errno);
        return;
    }
    if (!bind_local(t)) {
        address_failed(t, code_of_dial(errno), errno);
        return;
    }
    socklen_t size = t->_address.any.sa_family == AF_INET6 ? sizeof(t->_address.v6) : sizeof(t->_address.v4);
    if (connect(t->_fd, &t->_address.any, size) != 0 && errno != EINPROGRESS) {
        address_failed(t, code_of_dial(errno), errno);
        return;
    }
    br_code code = br_watch_start(t->_loop, &t->_watch, t->_fd, BR_WRITABLE, on_dialled, t);
    if (code != BR_OK) {
        address_failed(t, code, errno);
        return;
    }
    br_timer_start(t->_loop, &t->_timer, br_loop_now(t->_loop) + dial_share(t), on_dial_timeout, t);
}

static void on_dialled(br_watch *watch, unsigned events, void *ctx)
{
    (void) watch, (void) events;
    br_tcp *t = ctx;
    int problem = 0;
    socklen_t size = sizeof(problem);
    if (getsockopt(t->_fd, SOL_SOCKET, SO_ERROR, &problem, &size) != 0) {
        problem = errno;
    }
    if (problem != 0) {
        address_failed(t, code_of_dial(problem), problem);
    } else {
        open_stream(t);
    }
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

static void open_stream(br_tcp *t)
{
    br_code code = br_socket_open(&t->_socket, t->_loop, &t->_watch, &socket_events, t);
    if (code != BR_OK) {
        address_failed(t, code, errno);
        return;
    }
    br_timer_stop(t->_loop, &t->_timer);
    drop_addresses(t);
    t->_fd = -1;
    set_state(t, BR_TCP_OPEN);
    t->stream.events->on_open(t->stream.owner);
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
    drop_socket(t);
    drop_addresses(t);
    br_loop_undefer(t->_loop, &t->_failed);
    br_socket_close(&t->_socket);
    set_state(t, BR_TCP_CLOSED);
}

static const br_stream_ops ops = {.write = tcp_write, .close = tcp_close};

void br_tcp_init(br_tcp *t, br_loop *loop, const br_stream_events *events, void *owner)
{
    *t = (br_tcp){.stream = {.ops = &ops, .events = events, .owner = owner}, ._loop = loop, ._fd = -1};
    t->_watch = BR_WATCH_INIT;
    t->_socket = BR_SOCKET_INIT;
}

void br_tcp_bind(br_tcp *t, const br_address *local)
{
    t->_local = *local;
}

void br_tcp_connect(br_tcp *t, const br_address *addresses, size_t count, br_ns timeout_ns)
{
    BR_ASSERT(t->_state == BR_TCP_CLOSED);
    BR_ASSERT(count >= 1 && count <= BR_DNS_ADDRESSES_MAX);
    t->stream.sent_bytes = t->stream.received_bytes = 0;
    t->_first_code = BR_OK;
    t->_address = addresses[0];
    t->_more_count = count - 1;
    if (count > 1) {
        t->_more = BR_NEW_ARRAY(br_address, count - 1);
        memcpy(t->_more, addresses + 1, (count - 1) * sizeof(*addresses));
    }
    t->_dial_deadline = br_loop_now(t->_loop) + timeout_ns;
    set_state(t, BR_TCP_DIALLING);
    dial_next(t);
}

const br_address *br_tcp_peer(const br_tcp *t)
{
    return &t->_address;
}

br_code br_tcp_local(const br_tcp *t, br_address *ret_address)
{
    br_address address = {0};
    socklen_t size = sizeof(address);
    int fd = br_socket_is_open(&t->_socket) ? br_socket_fd(&t->_socket) : t->_fd;
    if (fd < 0 || getsockname(fd, &address.any, &size) != 0) {
        return BR_EIO;
    }
    *ret_address = address;
    return BR_OK;
}
