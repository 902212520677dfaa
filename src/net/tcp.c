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
static void on_event(br_watch *watch, unsigned events, void *ctx);

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
    br_watch_stop(t->_loop, &t->_watch); /* the socket stays for br_tcp_local() */
    drop_addresses(t);
    t->_pending_count = 0;
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
    br_code code = br_watch_start(t->_loop, &t->_watch, t->_fd, BR_WRITABLE, on_event, t);
    if (code != BR_OK) {
        address_failed(t, code, errno);
        return;
    }
    br_timer_start(t->_loop, &t->_timer, br_loop_now(t->_loop) + dial_share(t), on_dial_timeout, t);
}

static void on_dialled(br_tcp *t)
{
    int problem = 0;
    socklen_t size = sizeof(problem);
    if (getsockopt(t->_fd, SOL_SOCKET, SO_ERROR, &problem, &size) != 0) {
        problem = errno;
    }
    if (problem != 0) {
        address_failed(t, code_of_dial(problem), problem);
        return;
    }
    br_timer_stop(t->_loop, &t->_timer);
    drop_addresses(t);
    br_code code = br_watch_change(t->_loop, &t->_watch, BR_READABLE | BR_EDGE);
    if (code != BR_OK) {
        address_failed(t, code, errno);
        return;
    }
    set_state(t, BR_TCP_OPEN);
    t->stream.events->on_open(t->stream.owner);
}

/*
 * The peer is gone for writing. What it sent before may still lie in the socket, an answer perhaps: so the
 * remainder is forgotten, reading goes on, and the failure is told when the input is used up.
 */
static void write_failed(br_tcp *t, int sys_errno)
{
    t->_write_code = code_of_io(sys_errno);
    t->stream.sys_errno = sys_errno;
    t->_pending_count = 0;
    (void) br_watch_again(
        t->_loop, &t->_watch); /* the hang-up may have been told before; else the timeout ends it */
}

/* Takes `sent` bytes off the front of the pieces; returns how many pieces are left, moved to the front. */
static int advance(struct iovec *iov, int count, size_t sent)
{
    int first = 0;
    while (first < count && sent >= iov[first].iov_len) {
        sent -= iov[first++].iov_len;
    }
    if (first < count) {
        iov[first].iov_base = (char *) iov[first].iov_base + sent;
        iov[first].iov_len -= sent;
    }
    memmove(iov, iov + first, (size_t) (count - first) * sizeof(*iov));
    return count - first;
}

static ssize_t send_pieces(int fd, struct iovec *iov, int count)
{
    if (count == 1) {
        return send(fd, iov->iov_base, iov->iov_len, MSG_NOSIGNAL);
    }
    struct msghdr message = {.msg_iov = iov, .msg_iovlen = (size_t) count};
    return sendmsg(fd, &message, MSG_NOSIGNAL);
}

static void on_writable(br_tcp *t)
{
    ssize_t n = send_pieces(t->_fd, t->_pending, t->_pending_count);
    if (n >= 0) {
        t->stream.sent_bytes += (uint64_t) n;
        t->_pending_count = advance(t->_pending, t->_pending_count, (size_t) n);
    } else if (errno != EAGAIN && errno != EINTR) {
        write_failed(t, errno);
    }
    if (t->_pending_count > 0) {
        /* A full socket buffer gives an edge when there is room; an interrupted call or a short one does not.
         */
        if (n >= 0 || errno == EINTR)
            (void) br_watch_again(t->_loop, &t->_watch); /* else the timeout ends it */
        return;
    }
    br_code code = br_watch_change(t->_loop, &t->_watch, BR_READABLE | BR_EDGE);
    if (code != BR_OK) {
        fail(t, BR_STREAM_WRITE, code, errno);
    } else if (t->_write_code == BR_OK) {
        t->stream.events->on_sent(t->stream.owner);
    }
}

static ssize_t receive(br_tcp *t, char *scratch)
{
    ssize_t n;
    do {
        n = recv(t->_fd, scratch, BR_LOOP_SCRATCH_BYTES, 0);
    } while (n < 0 && errno == EINTR); /* the edge would not come again */
    return n;
}

/*
 * A read that came back short has emptied the socket; what comes later is another edge. Otherwise, and when
 * the peer's end may lie behind the data, the event is asked for again before the owner, who may close, is
 * told.
 */
static void on_readable(br_tcp *t, unsigned events)
{
    char *scratch = br_loop_scratch(t->_loop);
    ssize_t n = receive(t, scratch);
    if (n > 0) {
        t->stream.received_bytes += (uint64_t) n;
        bool more = n == BR_LOOP_SCRATCH_BYTES || (events & BR_HANGUP);
        br_code code = more ? br_watch_again(t->_loop, &t->_watch) : BR_OK;
        if (code != BR_OK) {
            fail(t, BR_STREAM_READ, code, errno);
        } else {
            t->stream.events->on_data(t->stream.owner, (br_str){scratch, (size_t) n});
        }
        return;
    }
    if (n < 0 && errno == EAGAIN) {
        return;
    }
    int sys_errno = n == 0 ? 0 : errno;
    if (t->_write_code != BR_OK) {
        fail(t, BR_STREAM_WRITE, t->_write_code, t->stream.sys_errno);
    } else {
        fail(t, BR_STREAM_READ, n == 0 ? BR_EOF : code_of_io(sys_errno), sys_errno);
    }
}

/* Does one thing per event: reading first. */
static void on_event(br_watch *watch, unsigned events, void *ctx)
{
    br_tcp *t = ctx;
    if (t->_state == BR_TCP_DIALLING) {
        on_dialled(t);
    } else if ((events & BR_READABLE) || !(events & BR_WRITABLE)) {
        /* A changed watch tells again what holds; while a remainder waits to be written that must not get
         * lost. */
        if ((events & BR_WRITABLE) && br_watch_again(t->_loop, watch) != BR_OK) {
            fail(t, BR_STREAM_WRITE, BR_EIO, errno);
            return;
        }
        on_readable(t, events);
    } else {
        on_writable(t);
    }
}

static br_code tcp_write(br_stream *s, const struct iovec *iov, int count)
{
    br_tcp *t = tcp_of(s);
    BR_ASSERT(t->_state == BR_TCP_OPEN && t->_pending_count == 0);
    BR_ASSERT(count >= 1 && count <= BR_STREAM_IOV_MAX);
    memcpy(t->_pending, iov, (size_t) count * sizeof(*iov));
    ssize_t n = t->_write_code == BR_OK ? send_pieces(t->_fd, t->_pending, count) : -1;
    if (n < 0 && t->_write_code == BR_OK && errno != EAGAIN && errno != EINTR) {
        write_failed(t, errno);
    }
    if (t->_write_code != BR_OK) {
        return BR_AGAIN; /* on_closed() follows */
    }
    s->sent_bytes += n > 0 ? (uint64_t) n : 0;
    t->_pending_count = advance(t->_pending, count, n > 0 ? (size_t) n : 0);
    if (t->_pending_count == 0) {
        return BR_OK;
    }
    if (br_watch_change(t->_loop, &t->_watch, BR_READABLE | BR_WRITABLE | BR_EDGE) != BR_OK) {
        write_failed(t, errno);
    }
    return BR_AGAIN;
}

static void tcp_close(br_stream *s)
{
    br_tcp *t = tcp_of(s);
    drop_socket(t);
    drop_addresses(t);
    br_loop_undefer(t->_loop, &t->_failed);
    t->_pending_count = 0;
    set_state(t, BR_TCP_CLOSED);
}

static const br_stream_ops ops = {.write = tcp_write, .close = tcp_close};

void br_tcp_init(br_tcp *t, br_loop *loop, const br_stream_events *events, void *owner)
{
    *t = (br_tcp){.stream = {.ops = &ops, .events = events, .owner = owner}, ._loop = loop, ._fd = -1};
    t->_watch = BR_WATCH_INIT;
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
    t->_write_code = t->_first_code = BR_OK;
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
    if (t->_fd < 0 || getsockname(t->_fd, &address.any, &size) != 0) {
        return BR_EIO;
    }
    *ret_address = address;
    return BR_OK;
}
