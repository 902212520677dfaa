#include "store/store.h"
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>
#include "base/file.h"
#include "base/mem.h"
#include "store/store_int.h"

#define APPLICATION_ID 0x42524e54 /* "BRNT" */
#define CHECK_BYTES_MAX                                                                                      \
    ((off_t) 256 << 20)               /* larger files are not checked as a whole when they are opened        \
                                       */
#define LENGTH_MAX ((int) (96 << 20)) /* of a row */

/* The n-th brings tables of version n to version n + 1. Never changed once released; only added to. */
static const char *const migrations[] = {
    "CREATE TABLE runs (\n"
    "    id INTEGER PRIMARY KEY AUTOINCREMENT,\n"
    "    started_ns INTEGER NOT NULL, duration_ns INTEGER NOT NULL,\n"
    "    test TEXT NOT NULL, environment TEXT NOT NULL, script TEXT NOT NULL, target TEXT NOT NULL,\n"
    "    outcome TEXT NOT NULL, level TEXT NOT NULL, headline TEXT NOT NULL, exit_status INTEGER NOT NULL,\n"
    "    complete INTEGER NOT NULL, valid INTEGER NOT NULL, open INTEGER NOT NULL,\n"
    "    fingerprint TEXT NOT NULL, script_hash TEXT NOT NULL, load_hash TEXT NOT NULL,\n"
    "    machine TEXT NOT NULL, tool_version TEXT NOT NULL,\n"
    "    target_version TEXT NOT NULL, commit_id TEXT NOT NULL, dirty INTEGER NOT NULL,\n"
    "    document BLOB NOT NULL) STRICT;\n"
    "CREATE INDEX runs_by_test ON runs (test, environment, id);\n"
    "CREATE TABLE run_endpoints (\n"
    "    run INTEGER NOT NULL REFERENCES runs (id) ON DELETE CASCADE,\n"
    "    name TEXT NOT NULL, requests INTEGER NOT NULL, failed INTEGER NOT NULL, latency_us BLOB NOT NULL,\n"
    "    UNIQUE (run, name)) STRICT;\n"
    "CREATE TABLE run_values (\n"
    "    run INTEGER NOT NULL REFERENCES runs (id) ON DELETE CASCADE,\n"
    "    name TEXT NOT NULL, unit TEXT NOT NULL, value REAL NOT NULL,\n"
    "    UNIQUE (run, name)) STRICT;\n"
    "CREATE TABLE pins (\n"
    "    test TEXT NOT NULL, environment TEXT NOT NULL,\n"
    "    run INTEGER NOT NULL UNIQUE REFERENCES runs (id), note TEXT NOT NULL, pinned_ns INTEGER NOT NULL,\n"
    "    PRIMARY KEY (test, environment)) STRICT;\n",
};
#define SCHEMA_VERSION ((int64_t) BR_COUNT_OF(migrations))

/* The file ---------------------------------------------------------------------------------------- */

/* Folders as the umask says, but the last one for its owner only, if it is made here. */
static br_code make_folder(const char *path, br_err *err)
{
    const char *slash = strrchr(path, '/');
    if (!slash || slash == path) return BR_OK;
    char *folder = br_strndup(path, (size_t) (slash - path)), *end = strrchr(folder, '/');
    br_code code = BR_OK;
    if (end && end != folder) {
        *end = '\0';
        code = br_file_mkdirs(folder, err);
        *end = '/';
    }
    if (code == BR_OK && mkdir(folder, 0700) != 0 && errno != EEXIST)
        code = br_fail_errno(err, br_code_from_errno(errno), errno, "cannot create the folder '%s'", folder);
    br_free(folder);
    return code == BR_OK ? BR_OK : br_wrap(err, code, "history '%s'", path);
}

/* SQLite would make it with 0644; its other files take over the mode of this one. */
static br_code make_file(const char *path, br_err *err)
{
    br_code code = make_folder(path, err);
    if (code != BR_OK) return code;
    int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (fd < 0)
        return br_fail_errno(err, br_code_from_errno(errno), errno,
            "history '%s': it cannot be created; choose another file with --store", path);
    close(fd);
    return BR_OK;
}

static br_code look_at_file(const char *path, br_store_mode mode, br_err *err)
{
    struct stat st;
    if (stat(path, &st) != 0) {
        if (errno == ENOENT && mode == BR_STORE_CREATE) return make_file(path, err);
        if (errno == ENOENT)
            return br_fail(
                err, BR_ENOTFOUND, "history '%s': there is none yet; `brunt test` stores its runs", path);
        return br_fail_errno(err, br_code_from_errno(errno), errno, "history '%s'", path);
    }
    if (!S_ISREG(st.st_mode)) return br_fail(err, BR_EINVAL, "history '%s': it is no file", path);
    if (access(path, mode == BR_STORE_READ ? R_OK : R_OK | W_OK) != 0)
        return br_fail_errno(err, br_code_from_errno(errno), errno,
            "history '%s': change its owner or mode, or choose another file with --store", path);
    return BR_OK;
}

br_code br_store_default_path(br_arena *arena, const char **ret, br_err *err)
{
    const char *data = getenv("XDG_DATA_HOME"), *home = getenv("HOME");
    if (data && data[0] == '/') /* the specification: relative paths are to be ignored */
        *ret = br_arena_printf(arena, "%s/brunt/history.db", data);
    else if (home && *home)
        *ret = br_arena_printf(arena, "%s/.local/share/brunt/history.db", home);
    else
        return br_fail(err, BR_ENOTFOUND,
            "there is no place for the history: set HOME or XDG_DATA_HOME, or name a file with --store");
    return BR_OK;
}

/* Opening ----------------------------------------------------------------------------------------- */

/* A file of SQLite that nobody can have changed meanwhile: read-only media, somebody else's folder. */
static bool unchangeable(const char *path)
{
    char name[PATH_MAX];
    const char *slash = strrchr(path, '/');
    int n = slash ? snprintf(name, sizeof(name), "%.*s", (int) (slash - path + 1), path)
                  : snprintf(name, sizeof(name), ".");
    if (n < 0 || n >= (int) sizeof(name) || access(name, W_OK) == 0) return false;
    n = snprintf(name, sizeof(name), "%s-wal", path);
    return n > 0 && n < (int) sizeof(name) && access(name, F_OK) != 0;
}

/* "file:" with the path percent-encoded. */
static char *uri_of(const char *path, const char *query)
{
    br_buf uri;
    br_buf_init(&uri, BR_BUF_NO_LIMIT);
    (void) br_buf_puts(&uri, "file:");
    for (const char *p = path; *p; p++)
        (void) (strchr("%?#", *p) ? br_buf_printf(&uri, "%%%02x", (unsigned char) *p)
                                  : br_buf_putc(&uri, *p));
    (void) br_buf_puts(&uri, query);
    return br_buf_detach(&uri);
}

static int connect_file(br_store *s, br_store_mode mode)
{
    int flags = (mode == BR_STORE_READ ? SQLITE_OPEN_READONLY : SQLITE_OPEN_READWRITE) | SQLITE_OPEN_URI;
    bool immutable = mode == BR_STORE_READ && unchangeable(s->path);
    char *uri = uri_of(s->path, immutable ? "?immutable=1" : "");
    int rc = sqlite3_open_v2(uri, &s->db, flags, NULL);
    br_free(uri);
    return rc;
}

/* Nothing in a foreign file makes SQLite do more than read its tables. */
static br_code configure(const br_store *s, br_err *err)
{
    (void) sqlite3_extended_result_codes(s->db, 1);
    (void) sqlite3_busy_timeout(s->db, BR_STORE_WAIT_MS);
    (void) sqlite3_limit(s->db, SQLITE_LIMIT_LENGTH, LENGTH_MAX);
    (void) sqlite3_limit(s->db, SQLITE_LIMIT_ATTACHED, 0);
    (void) sqlite3_db_config(s->db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
    (void) sqlite3_db_config(s->db, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, NULL);
    return br_store_exec(s,
        "PRAGMA cell_size_check = ON; PRAGMA mmap_size = 0; PRAGMA foreign_keys = ON; PRAGMA synchronous = FULL",
        "opening it", err);
}

/* SQLite does not wait for others when it changes the mode. */
static br_code use_wal(const br_store *s, br_err *err)
{
    const struct timespec pause = {.tv_nsec = 20 * BR_MS};
    for (int waited = 0;; waited += 20) {
        int rc = sqlite3_exec(s->db, "PRAGMA journal_mode = WAL", NULL, NULL, NULL);
        if (rc == SQLITE_OK) return BR_OK;
        if ((rc & 0xff) != SQLITE_BUSY || waited >= BR_STORE_WAIT_MS)
            return br_store_fail(s, rc, "opening it", err);
        (void) nanosleep(&pause, NULL);
    }
}

static br_code check_content(const br_store *s, br_err *err)
{
    struct stat st;
    if (stat(s->path, &st) != 0 || st.st_size > CHECK_BYTES_MAX) return BR_OK;
    br_stmt q;
    br_arena arena;
    br_arena_init(&arena, 1024);
    br_code code = br_stmt_open(&q, s, "PRAGMA quick_check(1)", "checking it", err);
    if (code == BR_OK) code = br_stmt_step(&q, err);
    if (code == BR_OK) {
        br_str answer = br_stmt_take_text(&q, &arena);
        ptrdiff_t line = br_str_find_char(answer, '\n'); /* a title comes before what is wrong */
        if (!br_str_is(answer, "ok")) code = br_store_damaged(s, answer.p + line + 1, err);
    }
    br_stmt_close(&q);
    br_arena_deinit(&arena);
    return code;
}

typedef struct version {
    int64_t application, schema, tables;
} version;

static br_code read_version(const br_store *s, version *ret, br_err *err)
{
    br_code code = br_store_number(s, "PRAGMA application_id", &ret->application, err);
    if (code == BR_OK) code = br_store_number(s, "PRAGMA user_version", &ret->schema, err);
    if (code == BR_OK) code = br_store_number(s, "SELECT count(*) FROM sqlite_schema", &ret->tables, err);
    return code;
}

/* All of it from one state: another process may be making the tables at this moment. */
static br_code read_version_at_once(const br_store *s, version *ret, br_err *err)
{
    br_code code = br_store_exec(s, "BEGIN", "opening it", err);
    if (code == BR_OK) code = read_version(s, ret, err);
    return br_store_end(s, code, "opening it", err);
}

static bool is_new(const version *v)
{
    return v->application == 0 && v->schema == 0 && v->tables == 0;
}

static br_code check_version(const br_store *s, const version *v, br_err *err)
{
    if (is_new(v)) return BR_OK;
    if (v->application != APPLICATION_ID)
        return br_fail(err, BR_ESYNTAX,
            "history '%s': it is a database of another program: choose another file with --store", s->path);
    if (v->schema > SCHEMA_VERSION)
        return br_fail(err, BR_EUNSUPPORTED,
            "history '%s': a newer brunt wrote it (version %lld of its tables, this brunt knows %lld): use that one, or "
            "another file with --store",
            s->path, (long long) v->schema, (long long) SCHEMA_VERSION);
    return BR_OK;
}

static br_code run_migrations(const br_store *s, int64_t from, br_err *err)
{
    br_code code = BR_OK;
    for (int64_t i = from; i < SCHEMA_VERSION && code == BR_OK; i++)
        code = br_store_exec(s, migrations[i], "making its tables", err);
    char pragmas[128];
    snprintf(pragmas, sizeof(pragmas), "PRAGMA application_id = %d; PRAGMA user_version = %lld",
        APPLICATION_ID, (long long) SCHEMA_VERSION);
    return code == BR_OK ? br_store_exec(s, pragmas, "making its tables", err) : code;
}

/* Another process may do the same: what there is to do is only known behind the lock. */
static br_code migrate(const br_store *s, br_err *err)
{
    version v;
    /* Before there is anything in the file, or it would have no effect. */
    br_code code = br_store_exec(s, "PRAGMA auto_vacuum = INCREMENTAL", "making its tables", err);
    if (code == BR_OK) code = use_wal(s, err);
    if (code == BR_OK) code = br_store_begin(s, "making its tables", err);
    if (code != BR_OK) return code;
    code = read_version(s, &v, err);
    if (code == BR_OK) code = check_version(s, &v, err);
    if (code == BR_OK && v.schema < SCHEMA_VERSION) code = run_migrations(s, v.schema, err);
    return br_store_end(s, code, "making its tables", err);
}

static br_code open_checked(br_store *s, br_store_mode mode, br_err *err)
{
    version v = {0};
    int rc = connect_file(s, mode);
    if (rc != SQLITE_OK) return br_store_fail(s, rc, "opening it", err);
    br_code code = configure(s, err);
    if (code == BR_OK) code = read_version_at_once(s, &v, err);
    if (code == BR_OK) code = check_version(s, &v, err);
    if (code == BR_OK) code = check_content(s, err);
    if (code != BR_OK) return code;
    if (is_new(&v) && mode != BR_STORE_CREATE)
        return br_fail(err, BR_ENOTFOUND, "history '%s': no run was stored yet", s->path);
    if (v.schema == SCHEMA_VERSION) return BR_OK;
    if (mode != BR_STORE_READ) return migrate(s, err);
    (void) sqlite3_close(s->db);
    s->db = NULL;
    return open_checked(s, BR_STORE_WRITE, err);
}

br_code br_store_open(const char *path, br_store_mode mode, br_store **ret, br_err *err)
{
    br_code code = look_at_file(path, mode, err);
    if (code != BR_OK) return code;
    br_store *s = BR_NEW(br_store);
    s->path = br_strdup(path);
    code = open_checked(s, mode, err);
    if (code == BR_OK)
        *ret = s;
    else
        br_store_close(s);
    return code;
}

void br_store_close(br_store *s)
{
    if (!s) return;
    (void) sqlite3_close(s->db); /* every statement has been closed */
    br_free(s->path);
    br_free(s);
}
