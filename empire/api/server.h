/*
 * api/server.h - HTTP/1.1 by libmicrohttpd.
 *
 * What: takes requests from the library to the routes and their answers back; drains on request.
 * Why here: the only file that knows the library.
 * Threads: the library's own threads serve; start, drain and stop belong to one thread.
 * Memory: per connection CONNECTION_MEMORY bytes (server.c) for head and buffers, a longer head is 431;
 * bodies up to EMP_BODY_MAX, more is 413. Life of a request that needs the database: begin() fills its query;
 * the connection is suspended; the pool runs the query on its own thread and resumes the connection; finish()
 * makes the answer on the library's thread.
 */
#pragma once
#include "base/err.h"
#include "empire/api/app.h"

typedef struct emp_server emp_server;

typedef struct emp_server_config {
    int listen_fd;     /* becomes the server's */
    bool is_inherited; /* another process has the socket, too: it is not shut down, only left */
    unsigned threads;
    unsigned max_connections;
    unsigned max_per_address; /* connections of one client address; 0: as many */
    br_ns idle_timeout;       /* of a connection without a complete head of a request */
    br_ns request_timeout;    /* for a body to come, and for an answer to be taken */
} emp_server_config;

/* BR_ELIMIT when the library does not start; the message says why. `app` is borrowed. */
BR_NODISCARD br_code emp_server_start(
    const emp_server_config *config, emp_app *app, emp_server **ret_server, br_err *err);

/* Stops accepting, has connections end after their next answer. app->draining must be set already. */
void emp_server_quiesce(emp_server *s);

/* Connections open now. */
size_t emp_server_connections(const emp_server *s);

/* Ends all connections; NULL is fine. The pool must run, cut (emp_pool_cut), so that no request waits for it
 * any more. */
void emp_server_stop(emp_server *s);
