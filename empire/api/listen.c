#include "empire/api/listen.h"

#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

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

static int open_socket(const struct addrinfo *at)
{
    int fd = socket(at->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0) return -1;
    int on = 1;
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)); /* connections in TIME_WAIT do not hinder */
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
    snprintf(l->address, sizeof(l->address), a.ss_family == AF_INET6 ? "[%s]:%s" : "%s:%s", host, port);
}

br_code emp_listen(const char *host, uint16_t port, emp_listener *ret_listener, br_err *err)
{
    struct addrinfo *list = NULL;
    br_code rc = resolve(host, port, &list, err);
    if (rc != BR_OK) return rc;
    emp_listener l = {.fd = open_socket(list)};
    if (l.fd < 0) rc = fail_listen(errno, host, port, err);
    freeaddrinfo(list);
    if (rc != BR_OK) return rc;
    describe(&l);
    *ret_listener = l;
    return BR_OK;
}
