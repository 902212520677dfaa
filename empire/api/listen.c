#include "empire/api/listen.h"

#include <errno.h>
#include <linux/filter.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/assert.h"

#define BACKLOG 1024

static br_code resolve(const char *host, uint16_t port, struct addrinfo **ret_list, br_err *err)
{
    char service[8];
    snprintf(service, sizeof(service), "%u", port);
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_PASSIVE | AI_NUMERICSERV};
    int rc = getaddrinfo(host, service, &hints, ret_list);
    if (rc == 0) return BR_OK;
    return br_fail(err, BR_ENOHOST,
        "cannot listen on host '%s': %s: give an address of this machine with --host", host,
        gai_strerror(rc));
}

static br_code fail_listen(int sys_errno, const char *host, uint16_t port, br_err *err)
{
    switch (sys_errno) {
        case EADDRINUSE:
            return br_fail(err, BR_EEXISTS,
                "port %u on %s is in use: stop what listens there, or choose another port with --port", port,
                host);
        case EACCES:
            return br_fail(err, BR_EACCESS,
                "port %u on %s needs privileges: choose one above 1023 with --port", port, host);
        case EADDRNOTAVAIL:
            return br_fail(
                err, BR_ENOHOST, "%s is not an address of this machine: give one that is with --host", host);
        default: return br_fail_errno(err, BR_EIO, sys_errno, "cannot listen on %s port %u", host, port);
    }
}

static int open_socket(const struct addrinfo *at, bool is_one_of_many)
{
    int fd = socket(at->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0) return -1;
    int on = 1;
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)); /* connections in TIME_WAIT do not hinder */
    if (is_one_of_many) setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &on, sizeof(on));
    if (bind(fd, at->ai_addr, at->ai_addrlen) == 0 && listen(fd, BACKLOG) == 0) return fd;
    int e = errno;
    close(fd);
    errno = e;
    return -1;
}

static bool is_loopback(const struct sockaddr_storage *a)
{
    if (a->ss_family == AF_INET) {
        const struct sockaddr_in *v4 = (const struct sockaddr_in *) (const void *) a;
        return ntohl(v4->sin_addr.s_addr) >> 24 == IN_LOOPBACKNET;
    }
    const struct sockaddr_in6 *v6 = (const struct sockaddr_in6 *) (const void *) a;
    return a->ss_family == AF_INET6 && IN6_IS_ADDR_LOOPBACK(&v6->sin6_addr);
}

static void describe(emp_listener *l)
{
    struct sockaddr_storage a = {0};
    socklen_t n = sizeof(a);
    char host[64] = "?", port[8] = "?";
    getsockname(l->fd, (struct sockaddr *) &a, &n);
    l->loopback = is_loopback(&a);
    getnameinfo(
        (struct sockaddr *) &a, n, host, sizeof(host), port, sizeof(port), NI_NUMERICHOST | NI_NUMERICSERV);
    l->port = (uint16_t) strtoul(port, NULL, 10); /* digits: NI_NUMERICSERV */
    snprintf(l->address, sizeof(l->address), a.ss_family == AF_INET6 ? "[%s]:%s" : "%s:%s", host, port);
}

br_code emp_listen(const char *host, uint16_t port, emp_listener *ret_listener, br_err *err)
{
    struct addrinfo *list = NULL;
    br_code rc = resolve(host, port, &list, err);
    if (rc != BR_OK) return rc;
    emp_listener l = {.fd = open_socket(list, false)};
    if (l.fd < 0) rc = fail_listen(errno, host, port, err);
    freeaddrinfo(list);
    if (rc != BR_OK) return rc;
    describe(&l);
    *ret_listener = l;
    return BR_OK;
}

/* One more at the address of the first. */
static br_code listen_again(const emp_listener *first, emp_listener *ret_listener, br_err *err)
{
    struct sockaddr_storage a = {0};
    socklen_t n = sizeof(a);
    getsockname(first->fd, (struct sockaddr *) &a, &n);
    const struct addrinfo at = {.ai_family = a.ss_family, .ai_addr = (struct sockaddr *) &a, .ai_addrlen = n};
    emp_listener l = *first;
    l.fd = open_socket(&at, true);
    if (l.fd < 0) return br_fail_errno(err, BR_EIO, errno, "cannot listen on %s again", first->address);
    *ret_listener = l;
    return BR_OK;
}

/* The port's first socket. It is tried alone before: SO_REUSEPORT would share it with who is there already.
 */
static br_code listen_first(const char *host, uint16_t port, emp_listener *ret_listener, br_err *err)
{
    struct addrinfo *list = NULL;
    br_code rc = resolve(host, port, &list, err);
    if (rc != BR_OK) return rc;
    int alone = open_socket(list, false);
    if (alone >= 0) close(alone);
    emp_listener l = {.fd = alone < 0 ? -1 : open_socket(list, true)};
    if (l.fd < 0) rc = fail_listen(errno, host, port, err);
    freeaddrinfo(list);
    if (rc != BR_OK) return rc;
    describe(&l);
    *ret_listener = l;
    return BR_OK;
}

br_code emp_listen_many(
    const char *host, uint16_t port, emp_listener *ret_listeners, size_t count, br_err *err)
{
    BR_ASSERT(count > 0 && count <= EMP_LISTEN_MAX);
    br_code rc = listen_first(host, port, &ret_listeners[0], err);
    size_t made = rc == BR_OK ? 1 : 0;
    while (rc == BR_OK && made < count) {
        rc = listen_again(&ret_listeners[0], &ret_listeners[made], err);
        if (rc == BR_OK) made++;
    }
    while (rc != BR_OK && made > 0) {
        close(ret_listeners[--made].fd);
    }
    return rc;
}

/* A program of the kernel's classic BPF: a random number modulo `count` is looked up in `places`. */
br_code emp_listen_choose(const emp_listener *listeners, const int *places, size_t count, br_err *err)
{
    struct sock_filter code[2 + 2 * EMP_LISTEN_MAX];
    unsigned short n = 0;
    BR_ASSERT(count > 0 && count <= EMP_LISTEN_MAX);
    code[n++] = (struct sock_filter) BPF_STMT(
        BPF_LD | BPF_W | BPF_ABS, (unsigned) (SKF_AD_OFF + SKF_AD_RANDOM));
    code[n++] = (struct sock_filter) BPF_STMT(BPF_ALU | BPF_MOD | BPF_K, (unsigned) count);
    for (size_t i = 0; i + 1 < count; i++) {
        code[n++] = (struct sock_filter) BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (unsigned) i, 0, 1);
        code[n++] = (struct sock_filter) BPF_STMT(BPF_RET | BPF_K, (unsigned) places[i]);
    }
    code[n++] = (struct sock_filter) BPF_STMT(BPF_RET | BPF_K, (unsigned) places[count - 1]);
    const struct sock_fprog program = {.len = n, .filter = code};
    if (setsockopt(listeners[0].fd, SOL_SOCKET, SO_ATTACH_REUSEPORT_CBPF, &program, sizeof(program)) == 0)
        return BR_OK;
    return br_fail_errno(err, BR_EUNSUPPORTED, errno, "choosing among listening sockets");
}
