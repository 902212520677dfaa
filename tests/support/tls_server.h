/*
 * tests/support/tls_server.h - a TLS server that plays scripted steps, for tests of clients.
 *
 * What: listens on 127.0.0.1 on a free port; the i-th connection plays the i-th script (the last one again
 * and again), each on a thread of its own. Why here: beside honest handshakes it stops, cuts, drips and
 * resets at each byte that a test chooses, which no real server can be told to do. Threads: start and stop on
 * the test's thread; the counters and tls_server_seen() at any time. Memory: scripts, certificates and
 * options are borrowed until tls_server_stop().
 */
#pragma once
#include <stdint.h>
#include "support/tls_certs.h"

typedef enum tls_op {
    TLS_END,         /* close without close_notify (also what an exhausted script does) */
    TLS_HELLO,       /* wait for the client's hello, say nothing */
    TLS_SHAKE,       /* handshake; or wait for the end of a renegotiation */
    TLS_FLIGHT,      /* read the hello, send the first `n` bytes of the answer to it (0: all) and no more */
    TLS_REQUEST,     /* read one whole request: head and Content-Length body */
    TLS_SEND,        /* send `text`, or `n` bytes of 'x' */
    TLS_RAW,         /* send `text` as it is, not encrypted, and `n` zeros */
    TLS_CUT,         /* encrypt `text`, send all but the last `n` bytes of that */
    TLS_CORRUPT,     /* encrypt `text`, send it with a bit turned over */
    TLS_DRIP,        /* from here on everything is sent byte by byte, with `ms` between them */
    TLS_RENEGOTIATE, /* ask for it; goes on in the steps that read */
    TLS_KEY_UPDATE,  /* of TLS 1.3; the client is asked for one, too */
    TLS_NOTIFY,      /* close_notify */
    TLS_PAUSE,       /* `ms` milliseconds */
    TLS_RESET,       /* close with RST */
    TLS_WAIT,        /* until the client closes */
    TLS_AGAIN,       /* from step `n` */
} tls_op;

typedef struct tls_step {
    tls_op op;
    const char *text; /* NUL-terminated */
    size_t n;
    int ms;
} tls_step;

/* A step of a script: STEP(TLS_SEND, .text = "hello"). */
#define STEP(operation, ...)                                                                                 \
    {                                                                                                        \
        .op = (operation), __VA_ARGS__                                                                       \
    }

#define TLS_STEPS_MAX 16
typedef struct tls_script {
    tls_step steps[TLS_STEPS_MAX]; /* zeroed rest: TLS_END */
} tls_script;

typedef struct tls_server_options {
    const test_cert *cert;       /* of the server */
    const test_cert *chain;      /* sent behind it; NULL: none */
    int min, max;                /* TLS1_2_VERSION, ...; 0: any */
    const char *ciphers;         /* OpenSSL's names, up to TLS 1.2; NULL: all */
    const char *suites;          /* of TLS 1.3; NULL: all */
    const char *protocol;        /* chosen by ALPN if the client offers it; NULL: no ALPN */
    const test_cert *client_ca;  /* of client certificates; NULL: none are asked for */
    bool client_optional;        /* a client without one is welcome */
    const unsigned char *staple; /* OCSP answer */
    size_t staple_n;
} tls_server_options;

/* What the server saw in the last handshake that ended. */
typedef struct tls_seen {
    char name[256];     /* server name; "": none */
    char protocols[64]; /* offered by ALPN, "h2,http/1.1" */
    char client[64];    /* CN of the client's certificate; "": none */
    char ciphers[2048]; /* offered, names of RFCs separated by blanks */
    bool resumed;
} tls_seen;

typedef struct tls_server tls_server;

tls_server *tls_server_start(const tls_server_options *options, const tls_script *scripts, size_t count);
void tls_server_stop(tls_server *s); /* ends all connections and joins all threads */

uint16_t tls_server_port(const tls_server *s);
unsigned tls_server_connections(const tls_server *s); /* accepted so far */
unsigned tls_server_requests(const tls_server *s);    /* read whole so far */
unsigned tls_server_records(const tls_server *s);     /* of application data, received so far */
uint64_t tls_server_received(const tls_server *s);    /* bytes from sockets so far */
tls_seen tls_server_seen(tls_server *s);
