/* store/store_int.h - statements, transactions and errors of the store's files. */
#pragma once
#include <sqlite3.h>
#include "store/store.h"

#define BR_STORE_WAIT_MS 10000 /* for other processes */

struct br_store {
    sqlite3 *db;
    char *path;
};

/* The message for SQLite's result code: which file, what `doing` met, what to do. */
br_code br_store_fail(const br_store *s, int rc, const char *doing, br_err *err);
/* What was read is not what was written. */
br_code br_store_damaged(const br_store *s, const char *what, br_err *err);

br_code br_store_exec(const br_store *s, const char *sql, const char *doing, br_err *err);
/* A number that a statement without parameters gives. */
br_code br_store_number(const br_store *s, const char *sql, int64_t *ret, br_err *err);
/* Takes the lock for writing at once; waits for others. */
br_code br_store_begin(const br_store *s, const char *doing, br_err *err);
/* Commits if code is BR_OK, else rolls back and gives it. */
br_code br_store_end(const br_store *s, br_code code, const char *doing, br_err *err);

/* A prepared statement; the first failure of a bind is kept and told by br_stmt_step(). */
typedef struct br_stmt {
    const br_store *store;
    sqlite3_stmt *st;
    const char *doing;
    int next; /* parameter or column */
    int rc;
} br_stmt;

br_code br_stmt_open(br_stmt *q, const br_store *s, const char *sql, const char *doing, br_err *err);
void br_stmt_close(br_stmt *q);
/* Parameters in their order. Text and bytes must live until the step. p == NULL: the SQL NULL. */
void br_stmt_text(br_stmt *q, br_str text);
void br_stmt_int(br_stmt *q, int64_t value);
void br_stmt_real(br_stmt *q, double value);
void br_stmt_blob(br_stmt *q, br_str bytes);
/* BR_OK: there is a row, its columns are taken in their order; BR_EOF: no more; else the error. After BR_EOF
 * it may be bound anew. */
br_code br_stmt_step(br_stmt *q, br_err *err);
/* For statements that give no rows. */
br_code br_stmt_finish(br_stmt *q, br_err *err);
int64_t br_stmt_take_int(br_stmt *q);
double br_stmt_take_real(br_stmt *q);
/* A copy. Longer than BR_STORE_TEXT_MAX: empty, and q->rc is SQLITE_TOOBIG. */
br_str br_stmt_take_text(br_stmt *q, br_arena *arena);
br_str br_stmt_take_blob(br_stmt *q); /* valid until the next step */
