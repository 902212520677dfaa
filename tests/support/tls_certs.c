#include "support/tls_certs.h"
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/ocsp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509v3.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static void must(bool ok, const char *what)
{
    if (!ok) {
        fprintf(stderr, "test certificates: %s\n", what);
        ERR_print_errors_fp(stderr);
        abort();
    }
}

static void add_extension(X509 *x, X509V3_CTX *ctx, int nid, const char *value)
{
    X509_EXTENSION *e = X509V3_EXT_conf_nid(NULL, ctx, nid, value);
    must(e != NULL && X509_add_ext(x, e, -1) == 1, value);
    X509_EXTENSION_free(e);
}

static void add_extensions(X509 *x, const test_cert_spec *spec, X509 *issuer)
{
    X509V3_CTX ctx;
    X509V3_set_ctx_nodb(&ctx);
    X509V3_set_ctx(&ctx, issuer, x, NULL, NULL, 0);
    add_extension(x, &ctx, NID_basic_constraints, spec->authority ? "critical,CA:TRUE" : "critical,CA:FALSE");
    add_extension(x, &ctx, NID_key_usage, spec->authority ? "critical,keyCertSign" : "digitalSignature");
    add_extension(x, &ctx, NID_subject_key_identifier, "hash");
    if (!spec->authority) {
        add_extension(x, &ctx, NID_ext_key_usage, spec->client ? "clientAuth" : "serverAuth");
    }
    if (spec->names != NULL) {
        add_extension(x, &ctx, NID_subject_alt_name, spec->names);
    }
}

test_cert test_cert_make(const test_cert_spec *spec, const test_cert *by)
{
    static _Atomic long serial = 1;
    test_cert c = {X509_new(), spec->rsa ? EVP_RSA_gen(2048) : EVP_EC_gen("P-256")};
    must(c.x509 != NULL && c.key != NULL, "key");
    bool own_times = spec->from_s != 0 || spec->to_s != 0;
    X509_set_version(c.x509, X509_VERSION_3);
    ASN1_INTEGER_set(X509_get_serialNumber(c.x509), atomic_fetch_add(&serial, 1));
    X509_gmtime_adj(X509_getm_notBefore(c.x509), own_times ? spec->from_s : -3600);
    X509_gmtime_adj(X509_getm_notAfter(c.x509), own_times ? spec->to_s : 3600);
    X509_NAME_add_entry_by_txt(
        X509_get_subject_name(c.x509), "CN", MBSTRING_ASC, (const unsigned char *) spec->name, -1, -1, 0);
    X509 *issuer = by != NULL ? by->x509 : c.x509;
    X509_set_issuer_name(c.x509, X509_get_subject_name(issuer));
    X509_set_pubkey(c.x509, c.key);
    add_extensions(c.x509, spec, issuer);
    must(X509_sign(c.x509, by != NULL ? by->key : c.key, EVP_sha256()) > 0, "signature");
    return c;
}

void test_cert_free(test_cert *c)
{
    X509_free(c->x509);
    EVP_PKEY_free(c->key);
    *c = (test_cert){0};
}

/* The bytes of a memory BIO as a text; frees the BIO. */
static char *text_of(BIO *bio)
{
    char *bytes;
    long n = BIO_get_mem_data(bio, &bytes);
    char *text = calloc(1, (size_t) n + 1);
    memcpy(text, bytes, (size_t) n);
    BIO_free(bio);
    return text;
}

char *test_cert_pem(const test_cert *c)
{
    BIO *bio = BIO_new(BIO_s_mem());
    must(PEM_write_bio_X509(bio, c->x509) == 1, "PEM");
    return text_of(bio);
}

char *test_key_pem(const test_cert *c, const char *password)
{
    BIO *bio = BIO_new(BIO_s_mem());
    const EVP_CIPHER *cipher = password != NULL ? EVP_aes_128_cbc() : NULL;
    int n = password != NULL ? (int) strlen(password) : 0;
    must(PEM_write_bio_PKCS8PrivateKey(bio, c->key, cipher, password, n, NULL, NULL) == 1, "PEM");
    return text_of(bio);
}

char *test_key_pem_old(const test_cert *c, const char *password)
{
    BIO *bio = BIO_new(BIO_s_mem());
    int n = (int) strlen(password);
    must(PEM_write_bio_PrivateKey_traditional(
             bio, c->key, EVP_aes_128_cbc(), (const unsigned char *) password, n, NULL, NULL) == 1,
        "PEM");
    return text_of(bio);
}

void test_write_file(const char *text, char *path)
{
    const char *folder = getenv("TMPDIR");
    snprintf(path, 64, "%s/brunt-test-XXXXXX", folder != NULL && strlen(folder) < 40 ? folder : "/tmp");
    int fd = mkstemp(path);
    must(fd >= 0 && write(fd, text, strlen(text)) == (ssize_t) strlen(text), path);
    close(fd);
}

unsigned char *test_ocsp_make(
    const test_ocsp_spec *spec, const test_cert *c, const test_cert *by, size_t *ret_n)
{
    OCSP_BASICRESP *basic = OCSP_BASICRESP_new();
    OCSP_CERTID *id = OCSP_cert_to_id(NULL, c->x509, by->x509);
    ASN1_TIME *this_update = ASN1_TIME_set(NULL, time(NULL));
    ASN1_TIME *next_update = ASN1_TIME_set(NULL, time(NULL) + 3600);
    ASN1_TIME *revoked = ASN1_TIME_set(NULL, spec->revoked);
    must(OCSP_basic_add1_status(basic, id, spec->status, spec->reason, revoked, this_update, next_update) !=
             NULL,
        "OCSP status");
    must(OCSP_basic_sign(basic, by->x509, by->key, EVP_sha256(), NULL, 0) == 1, "OCSP signature");
    OCSP_RESPONSE *response = spec->try_later ? OCSP_response_create(OCSP_RESPONSE_STATUS_TRYLATER, NULL)
                                              : OCSP_response_create(OCSP_RESPONSE_STATUS_SUCCESSFUL, basic);
    unsigned char *bytes = NULL;
    int n = i2d_OCSP_RESPONSE(response, &bytes);
    must(n > 0, "OCSP answer");
    *ret_n = (size_t) n;
    OCSP_RESPONSE_free(response);
    OCSP_BASICRESP_free(basic);
    OCSP_CERTID_free(id);
    ASN1_TIME_free(this_update);
    ASN1_TIME_free(next_update);
    ASN1_TIME_free(revoked);
    return bytes;
}
