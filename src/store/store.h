/*
 * store/store.h - the history of runs: one SQLite file.
 *
 * What: keeps runs with the facts that say what ran and how it went, per endpoint the histogram of latency,
 *     figures of the target, the result document; and pins, the runs that others are to be held against.
 * Why here: the one place that knows SQL. It knows neither verdicts nor JSON: it keeps what it is given.
 * Threads: a br_store belongs to one thread; any number of processes may use one file at the same time.
 * Memory: what is read goes into the caller's arena, or is a br_run_figures of its own.
 * Invariants: a run is stored whole or not at all, whatever ends the process; what was stored stays. Ids only
 *     grow and are never used again. A pinned run cannot be deleted. What is read back may come from a
 *     foreign file: it is limited and checked, and what does not fit is an error of that run.
 *
 * File: SQLite 3 with write-ahead log, synchronous FULL, mode 0600; application_id "BRNT", user_version is
 * the version of the tables. Older tables are brought up to date when the file is opened; newer ones are
 * refused.
 */
#pragma once
#include "stat/run_figures.h"

#define BR_STORE_TEXT_MAX      ((size_t) 64 << 10) /* each text of a run */
#define BR_STORE_HISTOGRAM_MAX ((size_t) 1 << 20)
#define BR_STORE_DOCUMENT_MAX  ((size_t) 64 << 20)
#define BR_STORE_VALUES_MAX    1000

typedef struct br_store br_store;

typedef enum br_store_mode {
    BR_STORE_READ,   /* the file must exist; it is not changed, unless its tables are from an older version */
    BR_STORE_WRITE,  /* the file must exist */
    BR_STORE_CREATE, /* made if it does not exist, with its folders */
} br_store_mode;

/*
 * Opens and checks. The message names the file, what is wrong and what to do; nothing was changed then.
 * BR_ENOTFOUND: there is none, or it is empty; BR_EUNSUPPORTED: written by a newer version; BR_ESYNTAX:
 * damaged, or no history at all; BR_EACCESS, BR_EIO, BR_ETIMEOUT (another process holds it).
 */
BR_NODISCARD br_code br_store_open(const char *path, br_store_mode mode, br_store **ret, br_err *err);
void br_store_close(br_store *s); /* NULL is fine */

/* The user's own file: $XDG_DATA_HOME/brunt/history.db, else ~/.local/share/brunt/history.db. BR_ENOTFOUND:
 * neither variable is set. */
BR_NODISCARD br_code br_store_default_path(br_arena *arena, const char **ret, br_err *err);

/* Runs ------------------------------------------------------------------------------------------------ */

/* The facts of a run. Texts may be empty. */
typedef struct br_stored_run {
    int64_t id; /* when reading */
    br_ns started_wall, duration;
    br_str test, environment, script, target; /* target: base URL */
    br_str outcome, level, headline;          /* "passed", "excellent", ...; level empty: it was not judged */
    int exit_status;
    bool complete, valid, open;
    /* Runs with the same fingerprint may be compared; its parts say what differs between two others. */
    br_str fingerprint, script_hash, load_hash, machine, tool_version;
    br_str target_version, commit; /* commit: of the script's repository */
    bool dirty;                    /* it had changes that were not committed */
    /* When reading: of all requests. Latency is 0 if there were none. */
    uint64_t requests, failed;
    double p50_ms, p95_ms, p99_ms;
    bool pinned;
} br_stored_run;

/* Stores facts, figures (endpoints and values) and document, which may be empty, in one transaction. */
BR_NODISCARD br_code br_store_add(br_store *s, const br_stored_run *run, const br_run_figures *figures,
    br_str document, int64_t *ret_id, br_err *err);

typedef struct br_store_query {
    const char *test, *environment, *fingerprint; /* NULL: any */
    br_ns since;                                  /* started then or later; 0: any */
    int64_t before;                               /* ids below that; 0: any */
    bool valid_only;
    size_t limit; /* 0: all */
} br_store_query;

/* Newest first. */
BR_NODISCARD br_code br_store_list(br_store *s, const br_store_query *q, br_arena *arena, br_stored_run **ret,
    size_t *ret_count, br_err *err);
/* BR_ENOTFOUND: no such run. */
BR_NODISCARD br_code br_store_get(br_store *s, int64_t id, br_arena *arena, br_stored_run *ret, br_err *err);
/* With the facts that they have. BR_ENOTFOUND; BR_ESYNTAX, BR_ELIMIT: what is stored is no such thing. */
BR_NODISCARD br_code br_store_figures(br_store *s, int64_t id, br_run_figures **ret, br_err *err);
/* Appends the document as it was given. BR_ENOTFOUND: no such run; BR_ELIMIT: out's limit. */
BR_NODISCARD br_code br_store_document(br_store *s, int64_t id, br_buf *out, br_err *err);

/* Pins ------------------------------------------------------------------------------------------------ */

typedef struct br_store_pin {
    br_str test, environment, note;
    int64_t run;
    br_ns pinned_wall;
} br_store_pin;

/* Makes the run the pinned one of its test and environment, in place of *ret_former, which may be the same;
 * 0: there was none. BR_ENOTFOUND. */
BR_NODISCARD br_code br_store_pin_run(
    br_store *s, int64_t id, br_str note, br_ns now, int64_t *ret_former, br_err *err);
/* BR_ENOTFOUND: the run is not pinned. */
BR_NODISCARD br_code br_store_unpin_run(br_store *s, int64_t id, br_err *err);
/* By test and environment; NULL: any. */
BR_NODISCARD br_code br_store_pins(br_store *s, const char *test, const char *environment, br_arena *arena,
    br_store_pin **ret, size_t *ret_count, br_err *err);

/* Deletes these runs, all or none. BR_EINVAL: one of them is pinned; BR_ENOTFOUND. The file shrinks, too. */
BR_NODISCARD br_code br_store_delete(br_store *s, const int64_t *ids, size_t count, br_err *err);
