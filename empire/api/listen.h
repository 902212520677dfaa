/*
 * api/listen.h - the listening socket.
 * Why here: made by us and not by the HTTP library, for messages that say what to do and for port 0.
 * Threads: any.
 */
#pragma once
#include <stdint.h>
#include "base/err.h"

typedef struct emp_listener {
    int fd;           /* the caller's to close */
    bool loopback;    /* only this machine can connect */
    char address[80]; /* "127.0.0.1:3000", "[::1]:3000" */
} emp_listener;

/*
 * Listens on the first address of `host` (a name or an address); port 0 takes a free one. BR_ENOHOST,
 * BR_EEXISTS (in use), BR_EACCESS, BR_EIO; the message has the remedy.
 */
BR_NODISCARD br_code emp_listen(const char *host, uint16_t port, emp_listener *ret_listener, br_err *err);
