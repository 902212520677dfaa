/*
 * tests/unit/net/tls_peer.h - a TLS connection of one test: a server that plays steps, and our end of it.
 */
#pragma once
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <cmocka.h>
#include <openssl/ssl.h>
#include "net/tcp.h"
#include "net/tls.h"
#include "support/tls_env.h"
#include "support/tls_server.h"

typedef struct peer {
    tls_server_options server_options; /* cert: pki.good */
    br_tls_options options;            /* trusts pki.ca */
    const char *host;                  /* "localhost" */
    tls_server *server;
    br_loop *loop;
    br_tls_context *context;
    br_tcp tcp;
    br_tls tls;
    const char *send;  /* text to write when open */
    size_t fill;       /* or so many bytes, after it */
    bool stop_on_open; /* else the loop runs until it is closed */
    bool stop_on_sent;
    size_t stop_at; /* bytes received; 0: no stop */
    bool close_on_data;
    br_ns time_limit; /* of a run; 5 s */
    br_timer timer;
    bool timed_out;
    char *body;
    int opened, sent, closed;
    br_code write_code, code;
    char error[600];
    size_t received;
    char last[64]; /* the end of what was received */
} peer;

void peer_init(peer *p); /* defaults; change them before peer_serve() */
void peer_serve(peer *p, const tls_script *scripts, size_t count); /* starts the server */
void peer_run(peer *p);   /* connects, and runs until it ends or stops */
void peer_again(peer *p); /* runs on */
void peer_write(peer *p, const char *text);
void peer_close(peer *p);
void peer_deinit(peer *p);

void assert_closed(const peer *p, br_code code, br_stream_op op, const char *error);

#define A_REQUEST "GET / HTTP/1.1\r\n\r\n"
