/* net/tls_int.h - what the files of TLS share. */
#pragma once
#include <openssl/ssl.h>
#include "base/map.h"
#include "net/tls.h"

#define BR_TLS_RECORD_BYTES 16384
#define BR_TLS_NOT_TLS      "tls: first record does not look like a TLS handshake"

typedef struct br_tls_identity br_tls_identity;

struct br_tls_context {
    const br_tls_options *options;
    br_tls_context *below; /* for proxies; NULL until it is asked for */
    br_tls_options own;    /* of such a one */
    SSL_CTX *ssl;          /* NULL until the first connection */
    BIO_METHOD *bio;
    char *plain;                 /* [BR_TLS_RECORD_BYTES] decrypted bytes for the owner */
    char *gather;                /* [BR_TLS_RECORD_BYTES] small pieces of one write, put together */
    br_buf out;                  /* encrypted bytes of the operation that runs */
    br_map sessions;             /* host -> SSL_SESSION *, with option resume */
    br_tls_identity *identities; /* the client certificates; [options->cert_count] */
    SSL_CTX *like[2];            /* of TLS 1.2 and 1.3 only, without settings */
    SSL_SESSION *blank;          /* shared by the open connections */
    FILE *key_log;
    struct br_tls_verdict {
        br_code code; /* of the verification that runs */
        char text[600];
    } verdict;
    char error[600]; /* of the failure being told */
};

/* tls_context.c: sets up OpenSSL. BR_ETLS: context->error says why. */
br_code br_tls_context_prepare(br_tls_context *c);
/* The kept session of a host, or NULL; borrowed. */
SSL_SESSION *br_tls_session_find(br_tls_context *c, const char *host);

/* tls_client_cert.c: certificate and key can be read and fit each other. */
bool br_tls_client_cert_usable(const br_tls_client_cert *c);
/* Reads those of the options and sees to their being sent. */
void br_tls_identities_init(br_tls_context *c, SSL_CTX *ssl);
void br_tls_identities_deinit(br_tls_context *c);

/* tls_trust.c: whether and whom to trust. False: the file of authorities cannot be read. */
bool br_tls_set_trust(br_tls_context *c, SSL_CTX *ssl);

/* tls_memory.c: gives back what an open connection does not need now. Not inside of its callbacks. */
void br_tls_release(br_tls *t);
void br_tls_memory_deinit(br_tls_context *c);

/* tls_verify.c: Go's verification, installed as callback; its verdict is in context->verdict. */
int br_tls_verify(X509_STORE_CTX *store, void *ctx);
bool br_tls_is_address(const char *host);

/* tls_error.c: turns OpenSSL's error queue into a code and a text in context->error; empties the queue. */
br_code br_tls_take_error(br_tls *t);

/* tls_ocsp.c: the stapled answer of a finished handshake. */
void br_tls_read_ocsp(SSL *ssl, br_tls_ocsp *ret);
