#include "base/mem.h"
#include "store/store_int.h"

/* One statement about one run. *ret_changes: rows that it touched. */
static br_code about_run(
    const br_store *s, const char *sql, const char *doing, int64_t id, int *ret_changes, br_err *err)
{
    br_stmt q;
    br_code code = br_stmt_open(&q, s, sql, doing, err);
    if (code == BR_OK) {
        br_stmt_int(&q, id);
        code = br_stmt_finish(&q, err);
    }
    if (code == BR_OK) *ret_changes = sqlite3_changes(s->db);
    br_stmt_close(&q);
    return code;
}

/* The run that is pinned for test and environment of `id`. 0: there is none. */
static br_code find_former(const br_store *s, int64_t id, int64_t *ret, br_err *err)
{
    br_stmt q;
    br_code code = br_stmt_open(&q, s,
        "SELECT p.run FROM pins p JOIN runs r ON p.test = r.test AND p.environment = r.environment "
        "WHERE r.id = ?",
        "pinning a run", err);
    *ret = 0;
    if (code == BR_OK) {
        br_stmt_int(&q, id);
        code = br_stmt_step(&q, err);
    }
    if (code == BR_OK) *ret = br_stmt_take_int(&q);
    br_stmt_close(&q);
    return code == BR_EOF ? BR_OK : code;
}

static br_code put_pin(const br_store *s, int64_t id, br_str note, br_ns now, br_err *err)
{
    br_stmt q;
    br_code code = br_stmt_open(&q, s,
        "INSERT OR REPLACE INTO pins (test, environment, run, note, pinned_ns) "
        "SELECT test, environment, id, ?, ? FROM runs WHERE id = ?",
        "pinning a run", err);
    if (code == BR_OK) {
        br_stmt_text(&q, note.p ? note : BR_STR(""));
        br_stmt_int(&q, now);
        br_stmt_int(&q, id);
        code = br_stmt_finish(&q, err);
    }
    br_stmt_close(&q);
    if (code != BR_OK || sqlite3_changes(s->db) > 0) return code;
    return br_fail(err, BR_ENOTFOUND, "history '%s': there is no run %lld; `brunt history` lists them",
        s->path, (long long) id);
}

br_code br_store_pin_run(br_store *s, int64_t id, br_str note, br_ns now, int64_t *ret_former, br_err *err)
{
    int64_t former = 0;
    if (note.n > BR_STORE_TEXT_MAX)
        return br_fail(err, BR_ELIMIT, "the note is longer than %zu bytes", BR_STORE_TEXT_MAX);
    br_code code = br_store_begin(s, "pinning a run", err);
    if (code != BR_OK) return code;
    code = find_former(s, id, &former, err);
    if (code == BR_OK) code = put_pin(s, id, note, now, err);
    code = br_store_end(s, code, "pinning a run", err);
    if (code == BR_OK) *ret_former = former;
    return code;
}

br_code br_store_unpin_run(br_store *s, int64_t id, br_err *err)
{
    int changes = 0;
    br_code code = about_run(s, "DELETE FROM pins WHERE run = ?", "unpinning a run", id, &changes, err);
    if (code != BR_OK || changes > 0) return code;
    return br_fail(err, BR_ENOTFOUND,
        "history '%s': run %lld is not pinned; `brunt baseline list` lists those that are", s->path,
        (long long) id);
}

static br_store_pin take_pin(br_stmt *q, br_arena *arena)
{
    br_store_pin pin = {.test = br_stmt_take_text(q, arena)};
    pin.environment = br_stmt_take_text(q, arena);
    pin.run = br_stmt_take_int(q);
    pin.note = br_stmt_take_text(q, arena);
    pin.pinned_wall = br_stmt_take_int(q);
    return pin;
}

br_code br_store_pins(br_store *s, const char *test, const char *environment, br_arena *arena,
    br_store_pin **ret, size_t *ret_count, br_err *err)
{
    BR_VEC(br_store_pin) list = {0};
    br_stmt q;
    br_code code = br_stmt_open(&q, s,
        "SELECT test, environment, run, note, pinned_ns FROM pins WHERE (?1 IS NULL OR test = ?1) "
        "AND (?2 IS NULL OR environment = ?2) ORDER BY test, environment",
        "reading the pinned runs", err);
    if (code == BR_OK) {
        br_stmt_text(&q, br_str_of(test));
        br_stmt_text(&q, br_str_of(environment));
    }
    while (code == BR_OK) {
        code = br_stmt_step(&q, err);
        if (code == BR_OK) *br_vec_push(&list) = take_pin(&q, arena);
        if (code == BR_OK && q.rc != SQLITE_OK) code = br_store_damaged(s, "a text is too long", err);
    }
    br_stmt_close(&q);
    if (code == BR_EOF) {
        *ret = br_arena_alloc(arena, (list.len + 1) * sizeof(*list.data));
        if (list.len) memcpy(*ret, list.data, list.len * sizeof(*list.data));
        *ret_count = list.len;
    }
    br_vec_deinit(&list);
    return code == BR_EOF ? BR_OK : code;
}

static br_code delete_one(const br_store *s, int64_t id, br_err *err)
{
    br_stmt q;
    int changes = 0;
    br_code code = br_stmt_open(&q, s, "SELECT 1 FROM pins WHERE run = ?", "deleting runs", err);
    if (code == BR_OK) {
        br_stmt_int(&q, id);
        code = br_stmt_step(&q, err);
    }
    br_stmt_close(&q);
    if (code == BR_OK)
        return br_fail(err, BR_EINVAL,
            "history '%s': run %lld is pinned: unpin it first (brunt baseline unpin %lld)", s->path,
            (long long) id, (long long) id);
    if (code != BR_EOF) return code;
    code = about_run(s, "DELETE FROM runs WHERE id = ?", "deleting runs", id, &changes, err);
    if (code != BR_OK || changes > 0) return code;
    return br_fail(err, BR_ENOTFOUND, "history '%s': there is no run %lld", s->path, (long long) id);
}

br_code br_store_delete(br_store *s, const int64_t *ids, size_t count, br_err *err)
{
    br_code code = br_store_begin(s, "deleting runs", err);
    if (code != BR_OK) return code;
    for (size_t i = 0; i < count && code == BR_OK; i++)
        code = delete_one(s, ids[i], err);
    code = br_store_end(s, code, "deleting runs", err);
    /* What is deleted stays deleted if there is no room for this: the pages are used again. */
    if (code == BR_OK)
        (void) br_store_exec(s, "PRAGMA incremental_vacuum; PRAGMA wal_checkpoint(TRUNCATE)", "", NULL);
    return code;
}
