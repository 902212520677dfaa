/*
 * cli/config/config.h - brunt.yaml: environments and named tests.
 *
 * What: reads the configuration of `brunt test KIND ENV` into typed values, checks it, shortens tests.
 * Why here: commands share one reading of the file; what a criterion means is judge/criteria.h, what a load
 *     does is engine/. Nobody else sees YAML.
 * Threads: any; a br_config is read-only once it is made.
 * Memory: everything belongs to the br_config and dies with it; slices are NUL-terminated behind their end.
 * Invariants: what the functions below return is complete and within the limits named here.
 *
 * Format (YAML 1.1): the table in config_table.c names every key with its type and meaning;
 * docs/configuration.md shows them, docs/brunt.schema.json is made from the same table. A small one:
 *
 *     version: 1
 *     environments:
 *       local:
 *         base_url: http://127.0.0.1:3000
 *         headers: { Authorization: "Bearer ${TOKEN}" }
 *         secrets: [ TOKEN ]
 *         metrics: [ { prometheus: /metrics, names: [ process_resident_memory_bytes ] } ]
 *     tests:
 *       baseline:
 *         script: baseline.js                 # relative to the folder of its file
 *         duration: 5m                        # Go's durations and d for days; with vus only
 *         load: { vus: 10 }                   # or start_vus and stages: linearly from level to level
 *         criteria: [ "p95 < 500ms", stable ] # forms: judge/criteria.h
 *         endpoints: { "GET /products": [ "p95 < 200ms" ] }
 *
 * In every value ${NAME} stands for a variable of brunt's own environment, ${NAME:-text} has a fallback, $${
 * is a plain ${. A variable that is not set is an error of the environment or test in which it stands, and
 * only when that one is asked for: `brunt test baseline local` must not need STAGING_URL.
 *
 * Several files are read as one: each may add environments and tests, and none may define what another one
 * has defined.
 */
#pragma once
#include "base/arena.h"
#include "base/clock.h"
#include "base/err.h"
#include "cli/config/window.h"
#include "judge/criteria.h"

#define BR_CONFIG_BYTES_MAX     ((size_t) 1 << 20)
#define BR_CONFIG_ITEMS_MAX     100 /* environments, tests, criteria, headers, variables: of each so many */
#define BR_CONFIG_STAGES_MAX    1000
#define BR_CONFIG_SOURCES_MAX   20 /* sources of metrics of an environment, windows, requests of preflight */
#define BR_CONFIG_FILES_MAX     16
#define BR_CONFIG_PROBLEMS_MAX  20 /* that are kept; more are counted */
#define BR_CONFIG_VUS_MAX       1000000
#define BR_CONFIG_NAME_MAX      64
#define BR_CONFIG_TEXT_MAX      8192
#define BR_CONFIG_CRITERION_MAX 256
#define BR_CONFIG_SECRET_MIN    4                       /* bytes; a shorter value would be found everywhere */
#define BR_CONFIG_REDACTED      "***SECRET_REDACTED***" /* as in logs */
#define BR_CONFIG_DURATION_MIN  BR_SEC
#define BR_CONFIG_DURATION_MAX  (7 * 24 * 3600 * BR_SEC)

typedef struct br_config_pair {
    br_str name, value;
} br_config_pair;

typedef enum br_watch_kind {
    BR_WATCH_PID,
    BR_WATCH_NAME, /* of a process: the base name of its program, as in /proc/PID/comm */
    BR_WATCH_CGROUP,
    BR_WATCH_PROMETHEUS,
} br_watch_kind;

/* A place at which the target says how it is. */
typedef struct br_watch_target {
    br_watch_kind kind;
    int64_t pid;   /* BR_WATCH_PID, else 0 */
    br_str place;  /* the name, the cgroup's path below its hierarchy, the URL in full, the PID's digits */
    br_str *names; /* wanted measures ("memory", "cpu") or metrics of the page */
    size_t name_count; /* 0: those that this kind of source has by itself */
} br_watch_target;

typedef enum br_notify_when { /* in the order of br_notify_when_words */
    BR_NOTIFY_PROBLEM,        /* whatever somebody should look at */
    BR_NOTIFY_FAILURE,        /* the test failed, is invalid or came to no verdict */
    BR_NOTIFY_REGRESSION,     /* its comparison says that it became worse */
    BR_NOTIFY_ALWAYS,
} br_notify_when;
extern const char *const br_notify_when_words[]; /* NULL ends them */

/* Who is told how a test ended. */
typedef struct br_config_notify {
    br_str *urls;     /* as --notify takes them; secrets */
    size_t url_count; /* 0: variables left nothing of them */
    br_notify_when when;
    br_str report_url; /* empty: none */
} br_config_notify;

typedef struct br_environment {
    br_str name, base_url;
    br_str health; /* path that answers when the target is well: "/health" */
    br_config_pair *headers, *env;
    size_t header_count, env_count;
    br_str *secrets; /* values, none shorter than BR_CONFIG_SECRET_MIN; for br_config_redact() */
    size_t secret_count;
    br_watch_target *metrics;
    size_t metric_count;
    br_str version;     /* of the target; empty: unknown */
    br_str version_url; /* that tells it, in full; empty: none */
    bool approval;      /* somebody must approve of every test */
    br_window *windows; /* when tests are allowed; none: always */
    size_t window_count;
    br_ns notice;                   /* that stakeholders get; 0: none needed */
    const br_config_notify *notify; /* its own; br_config_notify_of() knows that of the file, too */
} br_environment;

/* A request of preflight: does the target have data? */
typedef struct br_preflight_request {
    br_str path;     /* "/products" */
    bool wants_data; /* an answer that holds something, not only status 2xx */
} br_preflight_request;

/* Linearly from the level before to `target` within `duration`; 0: at once. */
typedef struct br_load_stage {
    br_ns duration;
    int64_t target;
} br_load_stage;

typedef struct br_load_plan {
    br_ns duration;    /* in all; of stages their sum */
    int64_t vus;       /* constant load, > 0; 0 if there are stages */
    int64_t start_vus; /* level before the first stage */
    br_load_stage *stages;
    size_t stage_count; /* 0: constant */
    double factor;      /* length as a share of the test's full length: 1 as written */
} br_load_plan;

typedef struct br_config_criterion {
    br_criterion criterion;
    size_t line, column; /* where it stands, from 1 */
} br_config_criterion;

typedef struct br_named_test {
    br_str name, script; /* script: path that can be opened from here */
    size_t script_line, script_column;
    br_load_plan plan;
    br_config_criterion *criteria; /* in the order of the file, those of endpoints behind; at least one */
    size_t criterion_count;
    br_config_pair *env;
    size_t env_count;
    br_str frequency; /* when to run it, for readers: "after every deployment"; may be empty */
    size_t writes_line, writes_column;
    br_str writes_script;       /* to run instead when write endpoints are wanted; empty: `script` does */
    br_config_pair *writes_env; /* added to env then */
    size_t writes_env_count;
    bool has_writes;    /* false: the test has no write endpoints */
    double spike_probe; /* requests/s of the open probe that measures recovery; 0: not set */
    bool search;        /* after a ramp, for the highest rate that the target holds */
    bool stop_early;    /* a soak may end as soon as the leak question is decided */
} br_named_test;

typedef struct br_config br_config;

/*
 * Reads and checks the file. BR_ENOTFOUND, BR_EACCESS, BR_EIO (the file); BR_ESYNTAX (no YAML), BR_EINVAL,
 * BR_ELIMIT, BR_EUNSUPPORTED (its content). For the content the message is `path:line:column: what; remedy`
 * of the first mistake, and the number of others.
 */
BR_NODISCARD br_code br_config_load(const char *path, br_config **ret, br_err *err);
/* The same for several files; count >= 1. BR_EEXISTS: two of them define the same; the message names both. */
BR_NODISCARD br_code br_config_load_all(const char *const *paths, size_t count, br_config **ret, br_err *err);
/* The same for a text that is there already; `path` names it in messages and gives the folder of scripts. */
BR_NODISCARD br_code br_config_parse(const char *path, br_str text, br_config **ret, br_err *err);
void br_config_free(br_config *cfg); /* NULL is fine */

/* Prefixes of URLs and the folders to read modules below them from. They live as long as cfg. */
const br_config_pair *br_config_modules(const br_config *cfg, size_t *ret_count);

/* A mistake, for whoever wants to see all of them. */
typedef struct br_config_problem {
    br_code code;
    br_str path;
    size_t line, column; /* from 1, in characters */
    br_str text;         /* what; remedy */
    br_str source;       /* the line, as it stands in the file */
    bool warning;        /* a variable that is not set: only its environment or test cannot be used */
} br_config_problem;

/*
 * Reads like br_config_load_all() but goes on after a mistake, and gives the configuration all the same: it
 * is good for looking at its problems only. Fails only if a file cannot be read.
 */
BR_NODISCARD br_code br_config_examine(const char *const *paths, size_t count, br_config **ret, br_err *err);
/* In the order of files, then lines. *ret_all counts also those beyond BR_CONFIG_PROBLEMS_MAX. */
const br_config_problem *br_config_problems(const br_config *cfg, size_t *ret_count, size_t *ret_all);

/* Adds a mistake that was found elsewhere, at the script of the test (`writes`: at that of its part writes).
 */
void br_config_add_problem(br_config *cfg, br_str test, bool writes, br_code code, br_str text);

/* A copy of `text` that lives as long as cfg, NUL-terminated. */
br_str br_config_text_copy(br_config *cfg, br_str text);

/* Files in the order given. */
size_t br_config_file_count(const br_config *cfg);
br_str br_config_file_path(const br_config *cfg, size_t i);

/*
 * Who is told about tests against the environment: by its own part notify, else by that of the file. NULL:
 * nobody. BR_ENOTFOUND, BR_EINVAL: a variable of the file's part is not set, or what it holds is wrong.
 */
BR_NODISCARD br_code br_config_notify_of(
    const br_config *cfg, const br_environment *e, const br_config_notify **ret, br_err *err);

/* What preflight asks the target; the same for all environments. */
const br_preflight_request *br_config_preflight(const br_config *cfg, size_t *ret_count);

/*
 * `text` with every secret of the environment replaced by BR_CONFIG_REDACTED; `text` itself if there is none
 * in it, else in the arena. For everything that is shown, written or stored about a run against it.
 */
br_str br_config_redact(const br_environment *e, br_str text, br_arena *arena);

/* Names in the order of the file. */
size_t br_config_environment_count(const br_config *cfg);
br_str br_config_environment_name(const br_config *cfg, size_t i);
size_t br_config_test_count(const br_config *cfg);
br_str br_config_test_name(const br_config *cfg, size_t i);
const br_named_test *br_config_test_at(const br_config *cfg, size_t i); /* NULL: it cannot be used */

/*
 * Chosen environments have their secrets hidden in all logs from then on.
 * BR_ENOTFOUND: no such name (the message lists the names that there are and the nearest one), or a variable
 * that it uses is not set; BR_EINVAL, BR_ELIMIT, BR_ESYNTAX: what a variable put in is wrong. *ret lives as
 * long as cfg.
 */
BR_NODISCARD br_code br_config_environment(
    const br_config *cfg, br_str name, const br_environment **ret, br_err *err);
/* The same; also BR_ENOTFOUND or BR_EACCESS when the script cannot be read, with the line that names it. */
BR_NODISCARD br_code br_config_test(
    const br_config *cfg, br_str name, const br_named_test **ret, br_err *err);

/* Can `script` of the test (its own, or that of its part writes) be read? BR_ENOTFOUND, BR_EACCESS, BR_EIO.
 */
BR_NODISCARD br_code br_config_script_check(const br_named_test *test, br_str script, br_err *err);

/*
 * The plan with its times multiplied by `factor`, levels as they are; stages live in `arena`. Never shorter
 * than BR_CONFIG_DURATION_MIN in all: the factor is raised for that, and ret->factor says what became of it.
 * Instants are rounded to milliseconds, so the stages' sum is the duration exactly; stages of no length keep
 * it. BR_EINVAL: factor is no positive number; BR_ELIMIT: longer than BR_CONFIG_DURATION_MAX.
 */
BR_NODISCARD br_code br_config_scale(
    const br_load_plan *plan, double factor, br_arena *arena, br_load_plan *ret, br_err *err);

/*
 * The spike of a plan: from the instant at which the load begins to rise without pause to its peak, to the
 * instant at which it has stopped falling from it. False, outputs untouched, if there is none whose aftermath
 * can be observed: the load never rises to a peak and falls, or the run ends or has no load when it has
 * fallen.
 */
bool br_config_spike(const br_load_plan *plan, br_ns *ret_start, br_ns *ret_end);
