/*
 * tests/unit/http/env.h - a loop, a resolver, a client and a scripted server for one test.
 */
#pragma once
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <cmocka.h>
#include "http/client.h"
#include "support/mini_server.h"

typedef struct env {
    br_loop *loop;
    br_dns *dns;
    br_h1_memo *heads;
    br_http_client_config config; /* change it before the first env_client() */
    br_http_client *client;
    mini_server *server; /* NULL: none */
    char base[64];       /* "http://127.0.0.1:PORT" */
    int open;            /* calls running; the last one stops the loop */
} env;

/* One request with its answer. Zeroed ones are not to be used before call_start(). */
typedef struct call {
    env *env;
    char url[256];
    br_http_request request;
    br_http_response response;
    br_http_exchange exchange;
    int done; /* how often on_done came */
} call;

void env_init(env *e, const mini_script *scripts, size_t count);
void env_deinit(env *e);
br_http_client *env_client(env *e);
void env_restart_client(env *e); /* a new one with the current config */

void call_init(call *c, env *e, const char *method, const char *path);
void call_to(call *c, env *e, const char *method, const char *url);
void call_deinit(call *c);
void call_start(call *c);
void call_run(call *c); /* start, and run the loop until nothing is open */

/* init, run: a GET. */
void call_get(call *c, env *e, const char *path);

void assert_body(const call *c, const char *want);
void assert_failed(const call *c, br_code code, int k6_code, const char *text);
void assert_ok(const call *c, int status);

/* For steps that the script of a server consists of. */
#define REQUEST                                                                                              \
    {                                                                                                        \
        .op = MINI_REQUEST                                                                                   \
    }
#define SEND(t)                                                                                              \
    {                                                                                                        \
        .op = MINI_SEND, .text = (t)                                                                         \
    }
#define FILL(n)                                                                                              \
    {                                                                                                        \
        .op = MINI_SEND, .fill = (n)                                                                         \
    }
#define DRIP(t)                                                                                              \
    {                                                                                                        \
        .op = MINI_DRIP, .text = (t)                                                                         \
    }
#define PAUSE(n)                                                                                             \
    {                                                                                                        \
        .op = MINI_PAUSE, .ms = (n)                                                                          \
    }
#define RESET                                                                                                \
    {                                                                                                        \
        .op = MINI_RESET                                                                                     \
    }
#define WAIT                                                                                                 \
    {                                                                                                        \
        .op = MINI_WAIT                                                                                      \
    }
#define AGAIN                                                                                                \
    {                                                                                                        \
        .op = MINI_AGAIN                                                                                     \
    }
#define HELLO "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello"
