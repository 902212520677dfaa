/*
 * tests/unit/script/env.h - a script in a folder of its own, a virtual user that runs it, and a server.
 *
 * What: writes sources to temporary files, loads them, calls exported functions on a fiber of a real loop
 * and compares what they return (as JSON), what they recorded and what they logged.
 * Threads: one, besides those of the server.
 */
#pragma once
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <cmocka.h>
#include <stdio.h>
#include "script/secrets.h"
#include "script/vu.h"
#include "support/mini_server.h"

typedef struct world {
    char dir[64];
    char base[64]; /* "http://127.0.0.1:PORT" of the server */
    mini_server *server;
    br_loop *loop;
    br_http_tools tools;
    br_fiber_pool *fibers;
    br_metrics *metrics;
    br_recorder *recorder;
    const br_tagset *run_tags;
    br_vu_settings settings;
    br_program *program;
    br_secrets *secrets; /* of the program that is loaded next; freed with the world */
    br_vu *vu;
    br_buf samples; /* "metric value {a=b,c=d}\n" of each */
    char *log;      /* what was logged since world_init() */
    size_t log_bytes;
    FILE *log_file;
    /* Of the calls: */
    br_ns timeout;      /* deadline of the next call, from its start; 0: none */
    br_ns cancel_after; /* cancels the fiber of the next call, as the engine does; 0: not */
    br_ns late;         /* how long ago the next call was meant to begin */
    const _Atomic bool *stop_flag;
    br_err err;
    char *json; /* what the last call returned; NULL: undefined */
} world;

void world_init(world *w, const mini_script *scripts, size_t count);
void world_deinit(world *w);

/* Writes dir/name. */
void world_file(world *w, const char *name, const char *text);
/* Writes main.js and loads it; the code of br_program_load(). */
br_code world_load(world *w, const char *source);
/* The same for a program that must be fine, and makes its virtual user 1. */
void world_open(world *w, const char *source);
br_vu *world_vu(world *w, int64_t id); /* one more virtual user; free it with br_vu_free() */

br_code world_call(world *w, br_vu *vu, const char *function, const char *argument_json);
/* Runs main.js with `export default function () { BODY }` and compares what it returns. */
void assert_gives(world *w, const char *body, const char *json);
/* The same with a server's URL as the constant `base`, and imports of k6, http and metrics. */
#define PRELUDE                                                                                              \
    "import http from 'k6/http'; import { check, group, sleep, fail } from 'k6';\n"                          \
    "import { Counter, Gauge, Rate, Trend } from 'k6/metrics';\nconst base = __ENV.BASE;\n"
/* The last call failed with exactly this code, and its message contains `part`. */
void assert_call_fails(world *w, const char *function, br_code code, const char *part);

/* Samples and log lines that contain the text. */
size_t samples_with(const world *w, const char *part);
bool log_has(world *w, const char *part);
void assert_sample(const world *w, const char *part, size_t times);

/* One script of a server that answers every request with `answer`. */
#define ANSWERS(answer)                                                                                      \
    {                                                                                                        \
        .steps = { {.op = MINI_REQUEST}, {.op = MINI_SEND, .text = (answer)}, {.op = MINI_AGAIN} }           \
    }
