/*
 * cli/config.h - brunt.yaml: environments and named tests.
 *
 * What: reads the configuration of `brunt test KIND ENV` into typed values, checks it, shortens tests.
 * Why here: commands share one reading of the file; what a criterion means is judge/criteria.h, what a load
 *     does is engine/. Nobody else sees YAML.
 * Threads: any; a br_config is read-only once it is made.
 * Memory: everything belongs to the br_config and dies with it; slices are NUL-terminated behind their end.
 * Invariants: what the functions below return is complete and within the limits named here.
 *
 * Format (YAML 1.1), every key that there is:
 *
 *     version: 1
 *     environments:
 *       local:
 *         base_url: http://127.0.0.1:3000     # http or https; a trailing / is dropped
 *         headers: { Authorization: "Bearer ${TOKEN}" }   # optional, for the scripts
 *         env: { TENANT: acme }               # optional, for __ENV of the scripts
 *     modules: { https://jslib.k6.io/: vendor }   # optional, as --map; relative to this file's folder
 *     tests:
 *       baseline:
 *         script: baseline.js                 # relative to this file's folder
 *         duration: 5m                        # Go's durations and d for days; with vus only
 *         load: { vus: 10 }                   # constant ...
 *         criteria: [ "p95 < 500ms", stable ] # forms: judge/criteria.h
 *       spike:
 *         script: spike.js
 *         load:                               # ... or ramping, linearly from level to level
 *           start_vus: 10                     # optional, 0
 *           stages: [ {duration: 2m, target: 10}, {duration: 0s, target: 100}, {duration: 3m, target: 100} ]
 *         criteria: [ "p95 < 1000ms" ]
 *         env: { PAGES: 3 }                   # optional
 *
 * In every value ${NAME} stands for a variable of brunt's own environment, ${NAME:-text} has a fallback, $${
 * is a plain ${. A variable that is not set is an error of the environment or test in which it stands, and
 * only when that one is asked for: `brunt test baseline local` must not need STAGING_URL.
 */
#pragma once
#include "base/arena.h"
#include "base/clock.h"
#include "base/err.h"
#include "judge/criteria.h"

#define BR_CONFIG_BYTES_MAX     ((size_t) 1 << 20)
#define BR_CONFIG_ITEMS_MAX     100 /* environments, tests, criteria, headers, variables: of each so many */
#define BR_CONFIG_STAGES_MAX    1000
#define BR_CONFIG_VUS_MAX       1000000
#define BR_CONFIG_NAME_MAX      64
#define BR_CONFIG_TEXT_MAX      8192
#define BR_CONFIG_CRITERION_MAX 256
#define BR_CONFIG_DURATION_MIN  BR_SEC
#define BR_CONFIG_DURATION_MAX  (7 * 24 * 3600 * BR_SEC)

typedef struct br_config_pair {
    br_str name, value;
} br_config_pair;

typedef struct br_environment {
    br_str name, base_url;
    br_config_pair *headers, *env;
    size_t header_count, env_count;
} br_environment;

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
    br_config_criterion *criteria; /* in the order of the file, at least one */
    size_t criterion_count;
    br_config_pair *env;
    size_t env_count;
} br_named_test;

typedef struct br_config br_config;

/*
 * Reads and checks the file. BR_ENOTFOUND, BR_EACCESS, BR_EIO (the file); BR_ESYNTAX (no YAML), BR_EINVAL,
 * BR_ELIMIT, BR_EUNSUPPORTED (its content). For the content the message is `path:line:column: what; remedy`;
 * the first mistake is reported.
 */
BR_NODISCARD br_code br_config_load(const char *path, br_config **ret, br_err *err);
/* The same for a text that is there already; `path` names it in messages and gives the folder of scripts. */
BR_NODISCARD br_code br_config_parse(const char *path, br_str text, br_config **ret, br_err *err);
void br_config_free(br_config *cfg); /* NULL is fine */

/* Prefixes of URLs and the folders to read modules below them from. They live as long as cfg. */
const br_config_pair *br_config_modules(const br_config *cfg, size_t *ret_count);

/* Names in the order of the file. */
size_t br_config_environment_count(const br_config *cfg);
br_str br_config_environment_name(const br_config *cfg, size_t i);
size_t br_config_test_count(const br_config *cfg);
br_str br_config_test_name(const br_config *cfg, size_t i);

/*
 * BR_ENOTFOUND: no such name (the message lists the names that there are and the nearest one), or a variable
 * that it uses is not set; BR_EINVAL, BR_ELIMIT, BR_ESYNTAX: what a variable put in is wrong. *ret lives as
 * long as cfg.
 */
BR_NODISCARD br_code br_config_environment(
    const br_config *cfg, br_str name, const br_environment **ret, br_err *err);
/* The same; also BR_ENOTFOUND or BR_EACCESS when the script cannot be read, with the line that names it. */
BR_NODISCARD br_code br_config_test(
    const br_config *cfg, br_str name, const br_named_test **ret, br_err *err);

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
