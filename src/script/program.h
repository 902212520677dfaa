/*
 * script/program.h - a script and what it imports, compiled once.
 *
 * What: reads the main script and its relative imports, compiles each module to bytecode, runs the init
 *     code once (as virtual user 0) to learn options and exports, and keeps the files that open() read.
 * Why here: thousands of virtual users load the same bytecode; nobody parses twice.
 * Threads: built on one thread; read-only afterwards, so all workers share it without locks.
 * Memory: owns everything; lives as long as the run.
 * Invariants: after br_program_load() no new module or file is added (k6: what init code of VU 0 did not
 *     touch cannot be loaded later).
 */
#pragma once
#include <stdio.h>
#include "base/buf.h"
#include "base/map.h"
#include "script/remote.h"
#include "stat/metric.h"

typedef struct br_secrets br_secrets;

#define BR_SCRIPT_MAX_BYTES ((size_t) 64 << 20)
#define BR_OPEN_MAX_BYTES   ((size_t) 1 << 30)

typedef struct br_program br_program;

/* One "name=value" of __ENV. */
typedef struct br_env_var {
    br_str name, value;
} br_env_var;

typedef struct br_program_config {
    const char *path;      /* of the main script */
    const br_env_var *env; /* copied; later entries win */
    size_t env_count;
    FILE *console_out;   /* messages of console.*; NULL: the log */
    br_secrets *secrets; /* for k6/secrets; NULL: none. Outlives the program */
    br_metrics *metrics; /* of the run: metrics that init code creates are registered here */
    /* Modules from https:// URLs. NULL: from the network. Without lock_file it is brunt.lock.json in the
     * script's folder if that exists, or if it is to be written. */
    const br_remote_config *remote;
    bool base_mode; /* k6's compatibility mode "base": no global of the name `global` */
    /* An archive: URL ("file:///dir/x.js") -> br_buf of the file. Nothing is read from disk then, `path` is
     * for show, and the main script is main_url. Borrowed until br_program_load() returns; NULL: none. */
    const br_map *archived;
    const char *main_url;
    size_t memory_limit_bytes, stack_bytes; /* of the discovering virtual user; see br_vu_settings */
    const _Atomic bool *stop_flag;          /* becomes true: init code is interrupted; may be NULL */
    bool keep_sources;                      /* for br_program_sources() */
    br_str input; /* path "-": the script's text, as if it were a file "-" in the current folder */
} br_program_config;

/*
 * BR_ENOTFOUND, BR_EACCESS, BR_EIO, BR_ELIMIT: the file (message in k6's form "The moduleSpecifier ...
 * couldn't be found"); BR_ESYNTAX: syntax error or failed import; BR_EEXCEPTION: exception in init code, the
 * message has file, line and stack; BR_ECANCEL: interrupted, as br_vu_new() has it; BR_EABORT: init code
 * called test.abort(); BR_EINVAL: exports of the wrong kind, options that are no JSON; BR_EUNSUPPORTED:
 * module not supported yet.
 */
BR_NODISCARD br_code br_program_load(const br_program_config *config, br_program **ret, br_err *err);
void br_program_free(br_program *p); /* NULL is fine */

const char *br_program_path(const br_program *p); /* as given */
/* URL -> br_buf of every module and file that init code read, if the sources were kept. */
const br_map *br_program_sources(const br_program *p);
const char *br_program_main_url(const br_program *p); /* "file:///dir/script.js" */
br_str br_program_options_json(
    const br_program *p); /* `export const options` as JSON text; p == NULL without */
bool br_program_has_export(const br_program *p, br_str name); /* an exported function of that name */
size_t br_program_callable_count(
    const br_program *p); /* exported functions besides setup, teardown, handleSummary */
