/*
 * db/session.h - one blocking connection of a worker.
 *
 * What: runs batches of prepared statements, each batch one transaction and one round trip; listens.
 * Why here: a worker's loop claims and completes tasks by the hundred; libpq stays inside db/.
 * Threads: one session, one thread at a time.
 * Memory: results are the caller's to free (emp_result_free).
 * Invariants: a batch commits as a whole or changes nothing. After BR_EDIAL or BR_ETIMEOUT it is not known
 * which: the connection was lost before the answer. Statements must be safe to repeat; leases see to that.
 */
#pragma once
#include "base/err.h"
#include "empire/db/query.h"

#define EMP_BATCH_MAX 1024

typedef struct emp_session emp_session;

/* A statement by its index, with its parameters as texts; NULL is NULL. */
typedef struct emp_call {
    size_t statement;
    const char *const *values;
} emp_call;

typedef struct emp_session_config {
    const char *url;
    const emp_statement *statements; /* borrowed for the session's life */
    size_t statement_count;
    const char *channel;  /* to listen on; NULL: none. A plain identifier. */
    const char *settings; /* of the session, besides its own: "set_config('...', '...', false)"; NULL: none */
    br_ns timeout;        /* of a batch */
} emp_session_config;

/* Does not connect yet: the first batch does, and each one after a loss. */
emp_session *emp_session_new(const emp_session_config *config);
void emp_session_free(emp_session *s); /* NULL is fine */

/*
 * Runs `count` calls (1 .. EMP_BATCH_MAX) as one transaction. ret_results, NULL or `count` places, get their
 * results. Deadlocks and serialization failures are tried again, a few times. BR_EDIAL: no connection, or
 * lost; BR_ETIMEOUT; BR_EIO with the server's words.
 */
BR_NODISCARD br_code emp_session_run(
    emp_session *s, const emp_call *calls, size_t count, emp_result **ret_results, br_err *err);

/* The same for one call. */
BR_NODISCARD br_code emp_session_one(
    emp_session *s, size_t statement, const char *const *values, emp_result **ret_result, br_err *err);

/* The socket to poll for notifications; -1 while there is no connection. */
int emp_session_fd(const emp_session *s);

/* Reads what has come; true when a notification was among it. */
bool emp_session_notified(emp_session *s);
