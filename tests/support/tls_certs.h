/*
 * tests/support/tls_certs.h - certificates, keys and OCSP answers made while a test runs.
 *
 * What: authorities and certificates with chosen names, times and uses; as PEM texts and files.
 * Why here: nothing that expires lies in the repository.
 * Threads: a certificate is only read once it is made.
 * Memory: freed by the caller; texts with free().
 */
#pragma once
#include <openssl/ossl_typ.h>
#include <stdbool.h>
#include <stddef.h>

typedef struct test_cert {
    X509 *x509;
    EVP_PKEY *key;
} test_cert;

typedef struct test_cert_spec {
    const char *name;  /* CN */
    const char *names; /* subject alternative names, "DNS:a.test,IP:127.0.0.1"; NULL: none */
    int from_s, to_s;  /* validity, seconds from now; 0, 0: an hour to either side */
    bool authority;
    bool client; /* for clients only */
    bool rsa;    /* else P-256 */
} test_cert_spec;

/* Signed by `by`; NULL: by itself. */
test_cert test_cert_make(const test_cert_spec *spec, const test_cert *by);
void test_cert_free(test_cert *c);

char *test_cert_pem(const test_cert *c);
char *test_key_pem(const test_cert *c, const char *password); /* PKCS#8; password NULL: not encrypted */
/* As older tools write it: "BEGIN EC PRIVATE KEY", encrypted with "Proc-Type". */
char *test_key_pem_old(const test_cert *c, const char *password);
/* Writes a text into a new file of the temporary folder; `path` has 64 bytes. */
void test_write_file(const char *text, char *path);

/* An OCSP answer of `by` about `c`; returns its bytes. */
typedef struct test_ocsp_spec {
    int status;     /* V_OCSP_CERTSTATUS_... */
    int reason;     /* of a revocation */
    long revoked;   /* seconds since 1970 */
    bool try_later; /* no answer, but the status tryLater */
} test_ocsp_spec;
unsigned char *test_ocsp_make(
    const test_ocsp_spec *spec, const test_cert *c, const test_cert *by, size_t *ret_n);
