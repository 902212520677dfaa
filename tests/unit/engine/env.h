/*
 * tests/unit/engine/env.h - whole small runs of br_run().
 *
 * What: a script in a folder of its own, loaded, its options read, run on as many workers as asked.
 * Threads: one test at a time; the run has its own.
 */
#pragma once
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <cmocka.h>
#include "engine/run.h"
#include "support/mini_server.h"

typedef struct run {
    char dir[64];
    mini_server *server;
    char base[64];
    uint32_t workers; /* set before run_script(); default 2 */
    void (*on_status)(void *ctx, const br_run_status *status);
    void *status_ctx;
    bool (*interrupted)(void); /* these as in br_run_config */
    br_str probe;
    br_run_decide_fn *decide;
    void *decide_ctx;
    br_metrics *metrics;
    br_program *program;
    br_options *options;
    br_run_config config;
    br_run_result *result; /* NULL: there is none */
    br_exit_code exit_code;
    br_code code;
    br_err err;
    br_ns took;
    char *log;
    size_t log_bytes;
    FILE *log_file;
} run;

void run_init(run *r, const mini_script *scripts, size_t count);
void run_deinit(run *r);
/* Loads and runs main.js: `options` (JSON or JS object text), then `body` with imports in front; base is the
 * server's URL. */
void run_script(run *r, const char *options, const char *body);
/* The same, and the run must give a result with this exit code. */
void run_exits(run *r, const char *options, const char *body, br_exit_code exit_code);

const br_result_metric *run_metric(const run *r, const char *name); /* NULL: not in the result */
double run_sum(const run *r, const char *counter);                  /* 0 without samples */
bool run_logged(run *r, const char *part);
