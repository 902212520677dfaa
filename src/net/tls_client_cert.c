/* Client certificates: read once for each context, chosen when a server asks for one. */
#include <openssl/err.h>
#include <openssl/pem.h>
#include "base/mem.h"
#include "net/tls_int.h"

struct br_tls_identity {
    X509 *leaf;
    EVP_PKEY *key;
    STACK_OF(X509) * more; /* what follows the certificate in its text */
};

static int give_password(char *out, int size, int writing, void *ctx)
{
    (void) writing;
    const br_str *password = ctx;
    if (password->p == NULL || password->n > (size_t) size) {
        return -1;
    }
    memcpy(out, password->p, password->n);
    return (int) password->n;
}

static EVP_PKEY *read_key(const br_tls_client_cert *c)
{
    BIO *bio = BIO_new_mem_buf(c->key.p, (int) c->key.n);
    br_str password = c->password;
    EVP_PKEY *key = PEM_read_bio_PrivateKey(bio, NULL, give_password, &password);
    BIO_free(bio);
    return key;
}

static void read_chain(br_str pem, br_tls_identity *ret)
{
    BIO *bio = BIO_new_mem_buf(pem.p, (int) pem.n);
    ret->leaf = PEM_read_bio_X509(bio, NULL, NULL, NULL);
    ret->more = sk_X509_new_null();
    for (X509 *x; ret->leaf != NULL && (x = PEM_read_bio_X509(bio, NULL, NULL, NULL)) != NULL;) {
        sk_X509_push(ret->more, x);
    }
    BIO_free(bio);
}

static void drop_identity(br_tls_identity *i)
{
    sk_X509_pop_free(i->more, X509_free);
    X509_free(i->leaf);
    EVP_PKEY_free(i->key);
}

/* False: not usable, and nothing is left of it. */
static bool read_identity(const br_tls_client_cert *c, br_tls_identity *ret)
{
    *ret = (br_tls_identity){.key = read_key(c)};
    read_chain(c->cert, ret);
    bool ok = ret->leaf != NULL && ret->key != NULL && X509_check_private_key(ret->leaf, ret->key) == 1;
    if (!ok) {
        drop_identity(ret);
        *ret = (br_tls_identity){0};
    }
    ERR_clear_error(); /* the end of a text is an error, too */
    return ok;
}

bool br_tls_client_cert_usable(const br_tls_client_cert *c)
{
    br_tls_identity i;
    bool ok = read_identity(c, &i);
    drop_identity(&i);
    return ok;
}

/* "*.example.com" stands for one label in front. */
static bool domain_fits(br_str pattern, br_str host)
{
    if (br_str_starts(pattern, BR_STR("*."))) {
        ptrdiff_t dot = br_str_find_char(host, '.');
        return dot > 0 &&
               br_str_eq_nocase(br_str_sub(pattern, 1, pattern.n), br_str_sub(host, (size_t) dot, host.n));
    }
    return br_str_eq_nocase(pattern, host);
}

static bool for_host(const br_tls_client_cert *c, br_str host)
{
    for (size_t i = 0; i < c->domain_count; i++) {
        if (domain_fits(c->domains[i], host)) {
            return true;
        }
    }
    return false;
}

static bool names_issuer(const STACK_OF(X509_NAME) * names, const X509 *cert)
{
    for (int i = 0; i < sk_X509_NAME_num(names); i++) {
        if (X509_NAME_cmp(sk_X509_NAME_value(names, i), X509_get_issuer_name(cert)) == 0) {
            return true;
        }
    }
    return false;
}

/* Does one of the authorities that the server names vouch for it? All do when it names none. */
static bool accepted(SSL *ssl, const br_tls_identity *identity)
{
    const STACK_OF(X509_NAME) *names = SSL_get0_peer_CA_list(ssl);
    bool ok = names == NULL || sk_X509_NAME_num(names) == 0 || names_issuer(names, identity->leaf);
    for (int i = 0; i < sk_X509_num(identity->more) && !ok; i++) {
        ok = names_issuer(names, sk_X509_value(identity->more, i));
    }
    return ok;
}

/*
 * The server asks for a certificate: one for its host if there is one, else, as k6, the first that it would
 * take; else none is sent, and the server decides. Called by OpenSSL; always 1, for 0 ends the handshake.
 */
static int choose_certificate(SSL *ssl, void *ctx)
{
    const br_tls_context *c = ctx;
    const br_tls *t = SSL_get_app_data(ssl);
    const br_tls_options *o = c->options;
    for (int pass = 0; pass < 2; pass++) {
        for (size_t i = 0; i < o->cert_count; i++) {
            br_tls_identity *id = &c->identities[i];
            bool take = id->leaf != NULL && accepted(ssl, id) &&
                        (pass == 1 || for_host(&o->certs[i], br_str_of(t->_host)));
            if (take && SSL_use_cert_and_key(ssl, id->leaf, id->key, id->more, 1) == 1) {
                return 1;
            }
        }
    }
    ERR_clear_error();
    return 1;
}

void br_tls_identities_init(br_tls_context *c, SSL_CTX *ssl)
{
    const br_tls_options *o = c->options;
    if (o->cert_count == 0) {
        return;
    }
    c->identities = br_calloc(o->cert_count, sizeof(*c->identities));
    for (size_t i = 0; i < o->cert_count; i++) {
        (void) read_identity(&o->certs[i], &c->identities[i]); /* br_tls_options_check() has told */
    }
    SSL_CTX_set_cert_cb(ssl, choose_certificate, c);
}

void br_tls_identities_deinit(br_tls_context *c)
{
    for (size_t i = 0; i < c->options->cert_count && c->identities != NULL; i++) {
        drop_identity(&c->identities[i]);
    }
    br_free(c->identities);
    c->identities = NULL;
}
