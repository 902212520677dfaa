/*
 * loopback/loopback.h - a small HTTP server on 127.0.0.1.
 *
 * What: gathers a request's body, within a limit, and hands the whole request to a function.
 * Why here: the control port and the stub are servers for this machine only; the service's own server
 *     (api/server.h) has limits and states that they do not need.
 * Threads: as `mode` says; the function runs on the server's threads, or in emp_loopback_poll().
 * Memory: the body is the server's and lives until the request has ended. A longer one ends the connection.
 */
#pragma once
#include <microhttpd.h>
#include "base/buf.h"
#include "base/err.h"

typedef enum emp_loopback_mode {
    EMP_LOOPBACK_THREAD,  /* one thread */
    EMP_LOOPBACK_THREADS, /* a thread a connection, which may wait */
    EMP_LOOPBACK_POLLED,  /* no thread: the owner polls */
} emp_loopback_mode;

/* Answers with MHD_queue_response(); what that returns. */
typedef enum MHD_Result emp_loopback_fn(
    void *ctx, struct MHD_Connection *c, const char *path, const char *method, const br_buf *body);

typedef struct emp_loopback_config {
    emp_loopback_mode mode;
    uint16_t port; /* 0: a free one */
    size_t body_max;
    unsigned connections, idle_s;
    emp_loopback_fn *serve;
    void *ctx;
} emp_loopback_config;

typedef struct emp_loopback emp_loopback;

/* NULL: the port is in use. */
emp_loopback *emp_loopback_start(const emp_loopback_config *config);
uint16_t emp_loopback_port(const emp_loopback *s);
void emp_loopback_poll(emp_loopback *s); /* EMP_LOOPBACK_POLLED: does what there is to do */
void emp_loopback_stop(emp_loopback *s); /* NULL is fine */
