/*
 * tests/unit/http/h2_env.h - env.h with a server that speaks HTTP/2 (tests/support/h2_server.h).
 */
#pragma once
#include "env.h"
#include "support/h2_server.h"

typedef struct h2_env {
    env e;
    h2_server *server;
} h2_env;

void h2_env_init(h2_env *h, h2_play_fn *play);
void h2_env_deinit(h2_env *h);

/* Several calls at once, GETs of "/": start all, run until all have ended, free. */
void calls_start(call *c, int count, h2_env *h);
void calls_run(call *c, int count, h2_env *h);
void calls_deinit(call *c, int count);

/* One GET that has to fail like this, on a fresh server that plays `play`. */
void assert_fails(h2_play_fn *play, br_code code, int k6_code, const char *text);

/* A stream error of k6's, e.g. 1633; the text is made from the number's name. */
void assert_stream_error(const call *c, int k6_code, const char *name);

void play_hello(h2_peer *p, unsigned connection); /* answers every request with "hello" */
