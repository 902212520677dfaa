/*
 * db/query.h - one query on its way through the pool.
 *
 * What: which statement, its parameters as text, and afterwards its outcome.
 * Why here: it is embedded in the object that waits for it (a request), so that a query allocates nothing.
 * Threads: its owner fills it, hands it to the pool and may not touch it until `done` was called, on the
 *     pool's thread; then it belongs to the owner again.
 * Memory: parameters are copied in; the result belongs to the query until emp_query_reset().
 */
#pragma once
#include <stdbool.h>
#include <stdint.h>
#include "base/clock.h"
#include "base/str.h"
#include "empire/db/result.h"

#define EMP_QUERY_PARAMS_MAX     8
#define EMP_QUERY_PARAM_BYTES    128 /* with the closing NUL */
#define EMP_QUERY_STATEMENTS_MAX 32
#define EMP_OPTIONAL_WAIT        (1 * BR_SEC)

/* A statement that every connection prepares. */
typedef struct emp_statement {
    const char *name, *sql;
    int param_count;
    bool reads_only; /* may be sent again when its connection is lost */
} emp_statement;

typedef enum emp_outcome {
    EMP_DB_PENDING,       /* not finished */
    EMP_DB_OK,            /* there is a result */
    EMP_DB_DOWN,          /* no connection, or it was lost */
    EMP_DB_TIMEOUT,       /* sent, and no result within the time limit */
    EMP_DB_NO_CONNECTION, /* waited for a connection until the time limit */
    EMP_DB_ERROR,         /* the database refused it; the pool has logged why */
} emp_outcome;

/* A link of the pool's lists. */
typedef struct emp_link {
    struct emp_link *prev, *next;
} emp_link;

typedef struct emp_query {
    size_t statement; /* index into the pool's statements */
    int param_count;
    bool is_null[EMP_QUERY_PARAMS_MAX];
    char params[EMP_QUERY_PARAMS_MAX][EMP_QUERY_PARAM_BYTES];
    bool is_optional; /* its owner does without the result rather than wait longer than EMP_OPTIONAL_WAIT */
    void (*done)(struct emp_query *q); /* called once, on the pool's thread; must not block */
    void *ctx;

    emp_outcome outcome;
    emp_result *result; /* when the outcome is EMP_DB_OK */

    /* The pool's own. */
    emp_link _by_age, _waiting;
    br_ns _submitted, _sent;
    size_t _conn, _slot; /* where it is in flight */
    bool _in_flight, _sent_again;
} emp_query;

/* Empties a query for `statement`; frees a result that it held. */
void emp_query_reset(emp_query *q, size_t statement);

/* Append a parameter. Asserts that there is room; texts are at most EMP_QUERY_PARAM_BYTES-1 long. */
void emp_query_add_i64(emp_query *q, int64_t v);
void emp_query_add_text(emp_query *q, br_str v);
void emp_query_add_null(emp_query *q);
