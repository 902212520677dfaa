#include "store/store_int.h"
#include <errno.h>

/* Errors ------------------------------------------------------------------------------------------ */

typedef struct reason {
    int rc;
    br_code code;
    const char *text;
} reason;

static const reason reasons[] = {
    {SQLITE_FULL, BR_EIO,
        "the disk is full: make room, or choose another file with --store; what was stored before is kept"},
    {SQLITE_BUSY, BR_ETIMEOUT, "another process has been using it for more than ten seconds: try again"},
    {SQLITE_NOTADB, BR_ESYNTAX, "it is no history of brunt: choose another file with --store"},
    {SQLITE_CORRUPT, BR_ESYNTAX,
        "it is damaged: move it away, then a new one is begun; `sqlite3 FILE .recover` may save what was in it"},
    {SQLITE_READONLY, BR_EACCESS,
        "it cannot be written: change its owner or mode, or choose another file with --store"},
    {SQLITE_PERM, BR_EACCESS, "permission denied"},
    {SQLITE_TOOBIG, BR_ELIMIT, "a text or a blob is larger than the store takes"},
};

br_code br_store_damaged(const br_store *s, const char *what, br_err *err)
{
    return br_fail(err, BR_ESYNTAX,
        "history '%s': it is damaged (%s): move it away, then a new one is begun; `sqlite3 FILE .recover` may save "
        "what was in it",
        s->path, what);
}

/* Files that could not be opened, read or written; the system says why. */
static br_code fail_system(const br_store *s, int rc, const char *doing, br_err *err)
{
    int e = sqlite3_system_errno(s->db);
    const char *what = rc == SQLITE_CANTOPEN ? "it cannot be opened" : "reading or writing it failed";
    if (e == ENOSPC || e == EFBIG || e == EDQUOT)
        return br_fail_errno(err, BR_EIO, e,
            "history '%s': %s: there is no room for it; what was stored before is kept", s->path, doing);
    if (e == 0) return br_fail(err, BR_EIO, "history '%s': %s: %s", s->path, doing, what);
    return br_fail_errno(err, br_code_from_errno(e), e, "history '%s': %s: %s", s->path, doing, what);
}

br_code br_store_fail(const br_store *s, int rc, const char *doing, br_err *err)
{
    int primary = rc & 0xff;
    if (primary == SQLITE_CANTOPEN || primary == SQLITE_IOERR) return fail_system(s, primary, doing, err);
    for (size_t i = 0; i < BR_COUNT_OF(reasons); i++) {
        if (reasons[i].rc == primary)
            return br_fail(err, reasons[i].code, "history '%s': %s: %s", s->path, doing, reasons[i].text);
    }
    /* The statements are ours: if one does not fit, the tables are not. */
    if (primary == SQLITE_ERROR || primary == SQLITE_CONSTRAINT)
        return br_store_damaged(s, sqlite3_errmsg(s->db), err);
    return br_fail(err, BR_EIO, "history '%s': %s: %s", s->path, doing, sqlite3_errmsg(s->db));
}

/* Statements -------------------------------------------------------------------------------------- */

br_code br_stmt_open(br_stmt *q, const br_store *s, const char *sql, const char *doing, br_err *err)
{
    *q = (br_stmt){.store = s, .doing = doing, .next = 1};
    int rc = sqlite3_prepare_v2(s->db, sql, -1, &q->st, NULL);
    return rc == SQLITE_OK ? BR_OK : br_store_fail(s, rc, doing, err);
}

void br_stmt_close(br_stmt *q)
{
    (void) sqlite3_finalize(q->st); /* repeats the error of the last step */
    q->st = NULL;
}

static void note(br_stmt *q, int rc)
{
    if (q->rc == SQLITE_OK) q->rc = rc;
    q->next++;
}

void br_stmt_text(br_stmt *q, br_str text)
{
    if (text.n > BR_STORE_TEXT_MAX)
        note(q, SQLITE_TOOBIG);
    else
        note(q, sqlite3_bind_text64(q->st, q->next, text.p, text.n, SQLITE_STATIC, SQLITE_UTF8));
}

void br_stmt_int(br_stmt *q, int64_t value)
{
    note(q, sqlite3_bind_int64(q->st, q->next, value));
}

void br_stmt_real(br_stmt *q, double value)
{
    note(q, sqlite3_bind_double(q->st, q->next, value));
}

void br_stmt_blob(br_stmt *q, br_str bytes)
{
    note(q, sqlite3_bind_blob64(q->st, q->next, bytes.n ? bytes.p : "", bytes.n, SQLITE_STATIC));
}

br_code br_stmt_step(br_stmt *q, br_err *err)
{
    int rc = q->rc == SQLITE_OK ? sqlite3_step(q->st) : q->rc;
    q->next = rc == SQLITE_ROW ? 0 : 1;
    if (rc == SQLITE_ROW) return BR_OK;
    (void) sqlite3_reset(q->st);
    return rc == SQLITE_DONE ? BR_EOF : br_store_fail(q->store, rc, q->doing, err);
}

br_code br_stmt_finish(br_stmt *q, br_err *err)
{
    br_code code = br_stmt_step(q, err);
    return code == BR_EOF ? BR_OK : code;
}

int64_t br_stmt_take_int(br_stmt *q)
{
    return sqlite3_column_int64(q->st, q->next++);
}

double br_stmt_take_real(br_stmt *q)
{
    return sqlite3_column_double(q->st, q->next++);
}

br_str br_stmt_take_text(br_stmt *q, br_arena *arena)
{
    const char *p = (const char *) sqlite3_column_text(q->st, q->next);
    size_t n = (size_t) sqlite3_column_bytes(q->st, q->next++);
    if (n > BR_STORE_TEXT_MAX) q->rc = SQLITE_TOOBIG;
    return p && n <= BR_STORE_TEXT_MAX ? br_arena_str(arena, (br_str){p, n}) : BR_STR("");
}

br_str br_stmt_take_blob(br_stmt *q)
{
    const char *p = sqlite3_column_blob(q->st, q->next);
    size_t n = (size_t) sqlite3_column_bytes(q->st, q->next++);
    return p ? (br_str){p, n} : BR_STR("");
}

br_code br_store_exec(const br_store *s, const char *sql, const char *doing, br_err *err)
{
    int rc = sqlite3_exec(s->db, sql, NULL, NULL, NULL);
    return rc == SQLITE_OK ? BR_OK : br_store_fail(s, rc, doing, err);
}

br_code br_store_number(const br_store *s, const char *sql, int64_t *ret, br_err *err)
{
    br_stmt q;
    br_code code = br_stmt_open(&q, s, sql, "opening it", err);
    if (code == BR_OK) code = br_stmt_step(&q, err);
    if (code == BR_OK) *ret = br_stmt_take_int(&q);
    br_stmt_close(&q);
    return code;
}

/* Transactions ------------------------------------------------------------------------------------ */

br_code br_store_begin(const br_store *s, const char *doing, br_err *err)
{
    return br_store_exec(s, "BEGIN IMMEDIATE", doing, err);
}

br_code br_store_end(const br_store *s, br_code code, const char *doing, br_err *err)
{
    if (code == BR_OK) code = br_store_exec(s, "COMMIT", doing, err);
    /* After some errors SQLite has rolled back by itself. */
    if (code != BR_OK && !sqlite3_get_autocommit(s->db)) (void) br_store_exec(s, "ROLLBACK", doing, NULL);
    return code;
}
