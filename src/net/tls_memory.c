/*
 * What an open connection need not keep.
 *
 * OpenSSL keeps the server's certificates, parsed, as long as the connection: in its session and as the chain
 * that was verified, 3 to 10 KB for each. Nobody asks for them after the handshake, so an open connection is
 * given a session without anything, which all share.
 */
#include "base/assert.h"
#include "net/tls_int.h"

/*
 * SSL_set_session() is meant for connections that are not open yet: it starts the protocol anew unless the
 * context's method is the one that the connection speaks by now. So the connection is lent to a context of
 * that method meanwhile. This is how OpenSSL 3.0 and 3.1 are made, which change no more; others keep all.
 */
static bool may_replace_sessions(void)
{
    return OPENSSL_version_major() == 3 && OPENSSL_version_minor() <= 1;
}

/* The context that speaks as `ssl` does; NULL: a version that is too seldom met to bother. */
static SSL_CTX *context_like(br_tls_context *c, const SSL *ssl)
{
    int version = SSL_version(ssl);
    if (version != TLS1_2_VERSION && version != TLS1_3_VERSION) {
        return NULL;
    }
    SSL_CTX **like = &c->like[version == TLS1_3_VERSION];
    if (*like == NULL) {
        *like = SSL_CTX_new(SSL_get_ssl_method(ssl));
        BR_ASSERT(*like != NULL); /* memory is out */
    }
    return *like;
}

static void drop_session(br_tls_context *c, SSL *ssl)
{
    SSL_CTX *like = context_like(c, ssl);
    if (like == NULL) {
        return;
    }
    if (c->blank == NULL) {
        c->blank = SSL_SESSION_new();
        BR_ASSERT(c->blank != NULL);
    }
    bool done = SSL_set_SSL_CTX(ssl, like) != NULL && SSL_set_session(ssl, c->blank) == 1 &&
                SSL_set_SSL_CTX(ssl, c->ssl) != NULL; /* a renegotiation verifies by the settings of ours */
    BR_ASSERT(done);
    STACK_OF(X509) *chain = SSL_get0_verified_chain(ssl);
    while (chain != NULL && sk_X509_num(chain) > 0) {
        X509_free(sk_X509_pop(chain));
    }
}

void br_tls_release(br_tls *t)
{
    br_tls_context *c = t->_context;
    (void) SSL_free_buffers(t->_ssl); /* fails while something is in them */
    /* Tickets come after the handshake and bring a session each. */
    if (!c->options->resume && SSL_get0_session(t->_ssl) != c->blank && may_replace_sessions() &&
        !SSL_in_init(t->_ssl)) {
        (void) SSL_set_tlsext_status_ocsp_resp(t->_ssl, NULL, 0L); /* it has been read */
        drop_session(c, t->_ssl);
    }
}

void br_tls_memory_deinit(br_tls_context *c)
{
    SSL_SESSION_free(c->blank);
    SSL_CTX_free(c->like[0]);
    SSL_CTX_free(c->like[1]);
}
