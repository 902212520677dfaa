/*
 * api/connections.h - how long a connection may take.
 *
 * What: every open HTTP connection with what it is doing since when; a thread that ends those over their
 * time. Why here: the HTTP library ends a connection that is silent, but a client that sends a byte now and
 * then, or takes a byte of its answer now and then, would keep its place for ever. Threads: any. Ending one
 * is a shutdown of its socket, under the lock that adding and removing take, so that it never hits a socket
 * that was closed and given to somebody else. Memory: an entry a connection, freed when it is removed.
 *
 * Limits: HEAD, from its begin or the end of the last answer until a request's head is complete: `idle`. When
 * three quarters of the places are taken: a tenth of that, at least one second. BODY and SEND: `request`.
 * SERVED: none here, the query has its own.
 */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "base/clock.h"
#include "base/err.h"

typedef enum emp_phase { EMP_PHASE_HEAD, EMP_PHASE_BODY, EMP_PHASE_SERVED, EMP_PHASE_SEND } emp_phase;

typedef struct emp_connections emp_connections;
typedef struct emp_connection emp_connection;

typedef struct emp_connection_limits {
    br_ns idle, request;
    size_t max; /* places */
} emp_connection_limits;

/* Starts the thread. BR_ELIMIT when the system has none left. */
BR_NODISCARD br_code emp_connections_new(
    const emp_connection_limits *limits, emp_connections **ret_connections, br_err *err);
/* Ends the thread; all connections must have been removed. NULL is fine. */
void emp_connections_free(emp_connections *c);

emp_connection *emp_connections_add(emp_connections *c, int fd);
void emp_connections_remove(emp_connections *c, emp_connection *x); /* before its socket is closed */
void emp_connection_enter(emp_connection *x, emp_phase phase);

/* Connections that were ended for their time, since the start. */
uint64_t emp_connections_ended(const emp_connections *c);

/* How long the phase may last when `open` of `limits->max` places are taken; 0: as long as it likes. */
br_ns emp_connection_time(const emp_connection_limits *limits, emp_phase phase, size_t open);
