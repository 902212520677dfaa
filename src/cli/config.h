/*
 * cli/config.h - brunt.yaml: environments and named tests.
 *
 * What: reads the file, checks every value, and gives typed tests with their place in the file.
 * Why here: only the program reads configuration; what is below gets plain values.
 * Threads: main thread; read-only once loaded.
 * Memory: the configuration owns everything in it.
 * Errors: one message `FILE:LINE:COLUMN: what; remedy`. Limits: file 1 MiB, 100 environments, 100 tests, 1000 stages,
 *     1,000,000 VUs, 7 days, 20 levels of nesting. Aliases are refused.
 *
 * Format:
 *     version: 1
 *     environments:
 *       local: { base_url: http://127.0.0.1:3000, health: /health }
 *     tests:
 *       baseline: { script: baseline.js, duration: 5m, load: { vus: 10 }, criteria: [p95 < 500ms] }
 *       stress:   { script: stress.js, load: { start_vus: 0, stages: [{ duration: 5m, target: 50 }] }, criteria: [...] }
 * ${NAME} in a text stands for the environment variable NAME, ${NAME:-text} has a default.
 */
#pragma once
#include "base/arena.h"
#include "base/clock.h"
#include "base/err.h"

typedef struct br_config_environment {
    br_str name, base_url; /* base_url: NUL-terminated, http or https */
    br_str health;         /* path asked before a test; default /health */
} br_config_environment;

typedef struct br_config_stage {
    br_ns duration_ns;
    int64_t target;
} br_config_stage;

typedef struct br_config_criterion {
    br_str text;
    int line, column;
} br_config_criterion;

typedef struct br_config_test {
    br_str name;
    const char *script;  /* relative paths count from the file's folder */
    br_ns duration_ns;   /* with stages: their sum */
    int64_t vus, start_vus;
    br_config_stage *stages;
    size_t stage_count;  /* 0: constant load */
    br_config_criterion *criteria;
    size_t criterion_count;
    /* A test with a jump of load (a stage without length that rises): from the jump to the next fall; end 0: none. */
    br_ns spike_start_ns, spike_end_ns;
} br_config_test;

typedef struct br_config {
    br_arena arena;
    char *path;
    br_config_environment *environments;
    size_t environment_count;
    br_config_test *tests;
    size_t test_count;
} br_config;

/* BR_ENOTFOUND, BR_EACCESS, BR_EIO: the file; BR_ELIMIT; BR_ESYNTAX, BR_EINVAL: its content. */
BR_NODISCARD br_code br_config_load(const char *path, br_config **ret, br_err *err);
void br_config_free(br_config *c); /* NULL is fine */
const char *br_config_path(const br_config *c);

/* NULL with BR_ENOTFOUND in *err, whose message lists the names that exist. */
const br_config_environment *br_config_find_environment(const br_config *c, br_str name, br_err *err);
const br_config_test *br_config_find_test(const br_config *c, br_str name, br_err *err);

/* A copy with every duration times `factor` (0 < factor <= 1); at least one second in all. br_config_scaled_free(). */
br_config_test *br_config_scale(const br_config_test *t, double factor);
void br_config_scaled_free(br_config_test *t);
