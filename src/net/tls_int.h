/* net/tls_int.h - what the files of TLS share. */
#pragma once
#include <openssl/ssl.h>
#include "base/map.h"
#include "net/tls.h"

#define BR_TLS_RECORD_BYTES 16384

struct br_tls_context {
    const br_tls_options *options;
    SSL_CTX *ssl; /* NULL until the first connection */
    BIO_METHOD *bio;
    char *plain;     /* [BR_TLS_RECORD_BYTES] decrypted bytes for the owner */
    char *gather;    /* [BR_TLS_RECORD_BYTES] small pieces of one write, put together */
    br_buf out;      /* encrypted bytes of the operation that runs */
    br_map sessions; /* host -> SSL_SESSION *, with option resume */
    FILE *key_log;
    struct br_tls_verdict {
        br_code code; /* of the verification that runs */
        char text[400];
    } verdict;
    char error[512]; /* of the failure being told */
};

/* tls_context.c: sets up OpenSSL. BR_ETLS: context->error says why. */
br_code br_tls_context_prepare(br_tls_context *c);
/* The kept session of a host, or NULL; borrowed. */
SSL_SESSION *br_tls_session_find(br_tls_context *c, const char *host);

/* tls_verify.c: Go's verification, installed as callback; its verdict is in context->verdict. */
int br_tls_verify(X509_STORE_CTX *store, void *context);
bool br_tls_is_address(const char *host);

/* tls_error.c: turns OpenSSL's error queue into a code and a text in context->error; empties the queue. */
br_code br_tls_take_error(br_tls *t);

/* tls_ocsp.c: the stapled answer of a finished handshake. */
void br_tls_read_ocsp(SSL *ssl, br_tls_ocsp *ret);
