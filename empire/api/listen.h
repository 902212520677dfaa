/*
 * api/listen.h - the listening socket.
 * Why here: made by us and not by the HTTP library, for messages that say what to do and for port 0.
 * Threads: any.
 */
#pragma once
#include <stddef.h>
#include <stdint.h>
#include "base/err.h"

typedef struct emp_listener {
    int fd;        /* the caller's to close */
    bool loopback; /* only this machine can connect */
    uint16_t port;
    char address[80]; /* "127.0.0.1:3000", "[::1]:3000" */
} emp_listener;

/*
 * Listens on the first address of `host` (a name or an address); port 0 takes a free one. BR_ENOHOST,
 * BR_EEXISTS (in use), BR_EACCESS, BR_EIO; the message has the remedy.
 */
BR_NODISCARD br_code emp_listen(const char *host, uint16_t port, emp_listener *ret_listener, br_err *err);

/*
 * Listens `count` times at one address (SO_REUSEPORT), once for each of so many processes. The same errors;
 * the port must be free of other listeners.
 */
BR_NODISCARD br_code emp_listen_many(
    const char *host, uint16_t port, emp_listener *ret_listeners, size_t count, br_err *err);

/*
 * From now on new connections go to those of emp_listen_many()'s sockets whose numbers stand in `places`, to
 * each as likely as to the others. Connections that wait at a socket stay there. BR_EUNSUPPORTED: the kernel
 * refuses.
 */
#define EMP_LISTEN_MAX 64
BR_NODISCARD br_code emp_listen_choose(
    const emp_listener *listeners, const int *places, size_t count, br_err *err);
