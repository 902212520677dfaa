#include "loop/socket.h"
#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include "base/assert.h"
#include "loop/loop_int.h"

br_code br_socket_open(
    br_socket *s, br_loop *loop, br_watch *dialled, const br_socket_events *events, void *owner)
{
    BR_ASSERT(s->_fd < 0 && dialled->_fd >= 0);
    br_socket before = *s;
    *s = BR_SOCKET_INIT;
    s->_loop = loop;
    s->_events = events;
    s->_owner = owner;
    s->_fd = dialled->_fd;
    br_code code = loop->ops->socket_open(s, dialled);
    if (code != BR_OK) *s = before;
    return code;
}

br_code br_socket_write(br_socket *s, const struct iovec *iov, int count)
{
    BR_ASSERT(s->_fd >= 0 && s->_pending_count == 0);
    BR_ASSERT(count >= 1 && count <= BR_SOCKET_IOV_MAX);
    return s->_loop->ops->socket_write(s, iov, count);
}

void br_socket_close(br_socket *s)
{
    if (s->_fd < 0) return;
    s->_loop->ops->socket_close(s);
    s->_fd = -1;
    s->_pending_count = 0;
}

/* For both loops */

void br_socket_end(br_socket *s, int sys_errno)
{
    bool writing = s->_write_errno != 0;
    s->_pending_count = 0;
    s->_events->on_end(s->_owner, writing, writing ? s->_write_errno : sys_errno);
}

/* Takes `sent` bytes off the front of what waits. */
static void advance(br_socket *s, size_t sent)
{
    struct iovec *iov = s->_pending;
    int first = 0;
    while (first < s->_pending_count && sent >= iov[first].iov_len)
        sent -= iov[first++].iov_len;
    s->_pending_count -= first;
    memmove(iov, iov + first, (size_t) s->_pending_count * sizeof(*iov));
    if (s->_pending_count > 0) {
        iov->iov_base = (char *) iov->iov_base + sent;
        iov->iov_len -= sent;
    }
}

static ssize_t send_pieces(int fd, struct iovec *iov, int count)
{
    if (count == 1) return send(fd, iov->iov_base, iov->iov_len, MSG_NOSIGNAL | MSG_DONTWAIT);
    struct msghdr message = {.msg_iov = iov, .msg_iovlen = (size_t) count};
    return sendmsg(fd, &message, MSG_NOSIGNAL | MSG_DONTWAIT);
}

int br_socket_send_pending(br_socket *s)
{
    ssize_t n;
    do {
        n = send_pieces(s->_fd, s->_pending, s->_pending_count);
    } while (n < 0 && errno == EINTR);
    if (n < 0) return errno;
    s->sent_bytes += (uint64_t) n;
    advance(s, (size_t) n);
    return 0;
}
