/*
 * faults/control.h - the control port: faults and figures of a running program, for its operator.
 *
 * What: an HTTP server on 127.0.0.1. GET /faults tells what is on, PUT /faults with a text as of
 *     emp_faults_parse() sets all of them, GET /metrics is the page of whoever started it.
 * Why here: who may break the service is who may log in on its machine, so there are no keys and no other
 *     address. A browser's page on the same machine cannot PUT: that needs a permission that is never given.
 * Threads: one of its own, or none (is_polled); `page` is called there. start and stop belong to one thread.
 */
#pragma once
#include "empire/faults/faults.h"

typedef struct emp_control emp_control;

typedef struct emp_control_config {
    uint16_t port;                        /* 0: a free one */
    bool is_polled;                       /* no thread: emp_control_poll() serves, for programs that fork */
    emp_faults *faults;                   /* borrowed */
    void (*page)(void *ctx, br_buf *out); /* NULL: there is no /metrics here */
    void *ctx;
} emp_control_config;

/* Logs its address. BR_EEXISTS: the port is in use, or the server does not start. */
BR_NODISCARD br_code emp_control_start(
    const emp_control_config *config, emp_control **ret_control, br_err *err);
void emp_control_poll(emp_control *c); /* serves what has come, without waiting; NULL is fine */
void emp_control_stop(emp_control *c); /* NULL is fine */
