#include <errno.h>
#include <fcntl.h>
#include <openssl/err.h>
#include <unistd.h>
#include "base/assert.h"
#include "base/mem.h"
#include "net/tls_int.h"

#define SESSIONS_MAX 256

/* Names ------------------------------------------------------------------------------------------- */

static const char *const version_names[] = {"", "tls1.0", "tls1.1", "tls1.2", "tls1.3"};

const char *br_tls_version_name(br_tls_version v)
{
    return version_names[v];
}

br_tls_version br_tls_version_of(br_str name)
{
    for (int v = BR_TLS_1_0; v <= BR_TLS_1_3; v++) {
        if (br_str_is(name, version_names[v])) {
            return (br_tls_version) v;
        }
    }
    return BR_TLS_ANY;
}

/*
 * Go's names of suites that k6 takes, in Go's order of preference, which neither the user's list nor k6
 * changes; the second name is OpenSSL's, NULL: it has none by this list.
 */
#define DEFAULT_SUITES 12 /* the first ones: what Go offers by itself */
static const struct {
    const char *go, *openssl;
} suites[] = {
    {"TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256", "ECDHE-ECDSA-AES128-GCM-SHA256"},
    {"TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256", "ECDHE-RSA-AES128-GCM-SHA256"},
    {"TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384", "ECDHE-ECDSA-AES256-GCM-SHA384"},
    {"TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384", "ECDHE-RSA-AES256-GCM-SHA384"},
    {"TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305", "ECDHE-ECDSA-CHACHA20-POLY1305"},
    {"TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256", "ECDHE-ECDSA-CHACHA20-POLY1305"},
    {"TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305", "ECDHE-RSA-CHACHA20-POLY1305"},
    {"TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256", "ECDHE-RSA-CHACHA20-POLY1305"},
    {"TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA", "ECDHE-ECDSA-AES128-SHA"},
    {"TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA", "ECDHE-RSA-AES128-SHA"},
    {"TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA", "ECDHE-ECDSA-AES256-SHA"},
    {"TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA", "ECDHE-RSA-AES256-SHA"},
    {"TLS_RSA_WITH_AES_128_GCM_SHA256", "AES128-GCM-SHA256"},
    {"TLS_RSA_WITH_AES_256_GCM_SHA384", "AES256-GCM-SHA384"},
    {"TLS_RSA_WITH_AES_128_CBC_SHA", "AES128-SHA"},
    {"TLS_RSA_WITH_AES_256_CBC_SHA", "AES256-SHA"},
    {"TLS_ECDHE_RSA_WITH_3DES_EDE_CBC_SHA", "ECDHE-RSA-DES-CBC3-SHA"},
    {"TLS_RSA_WITH_3DES_EDE_CBC_SHA", "DES-CBC3-SHA"},
    {"TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA256", "ECDHE-ECDSA-AES128-SHA256"},
    {"TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA256", "ECDHE-RSA-AES128-SHA256"},
    {"TLS_RSA_WITH_AES_128_CBC_SHA256", "AES128-SHA256"},
    {"TLS_ECDHE_ECDSA_WITH_RC4_128_SHA", "ECDHE-ECDSA-RC4-SHA"},
    {"TLS_ECDHE_RSA_WITH_RC4_128_SHA", "ECDHE-RSA-RC4-SHA"},
    {"TLS_RSA_WITH_RC4_128_SHA", "RC4-SHA"},
    /* Of TLS 1.3: as in Go, they are not subject to choice. */
    {"TLS_AES_128_GCM_SHA256", NULL},
    {"TLS_AES_256_GCM_SHA384", NULL},
    {"TLS_CHACHA20_POLY1305_SHA256", NULL},
};

bool br_tls_cipher_known(br_str name)
{
    for (size_t i = 0; i < BR_COUNT_OF(suites); i++) {
        if (br_str_is(name, suites[i].go)) {
            return true;
        }
    }
    return false;
}

/* Sessions ----------------------------------------------------------------------------------------- */

SSL_SESSION *br_tls_session_find(br_tls_context *c, const char *host)
{
    return c->options->resume ? br_map_get(&c->sessions, br_str_of(host)) : NULL;
}

/* Called by OpenSSL with each ticket; 1: the session is ours now. */
static int keep_session(SSL *ssl, SSL_SESSION *session)
{
    const br_tls *t = SSL_get_app_data(ssl);
    br_tls_context *c = t->_context;
    if (t->_host == NULL ||
        (c->sessions.len >= SESSIONS_MAX && br_map_find(&c->sessions, br_str_of(t->_host)) == NULL)) {
        return 0;
    }
    SSL_SESSION_free(br_map_set(&c->sessions, br_str_of(t->_host), session));
    return 1;
}

/* Appended to, by all contexts of the process: a line is one write. Nobody else may read it. */
static FILE *open_key_log(const char *path)
{
    if (path == NULL || path[0] == 0) {
        return NULL;
    }
    int fd = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600);
    return fd >= 0 ? fdopen(fd, "a") : NULL;
}

static void log_secret(const SSL *ssl, const char *line)
{
    const br_tls *t = SSL_get_app_data(ssl);
    if (t->_context->key_log != NULL) {
        fprintf(t->_context->key_log, "%s\n", line);
        fflush(t->_context->key_log);
    }
}

/* The lower stream as OpenSSL's BIO ------------------------------------------------------------------ */

static int bio_write(BIO *bio, const char *bytes, int n)
{
    br_tls *t = BIO_get_data(bio);
    BIO_clear_retry_flags(bio);
    (void) br_buf_append(&t->_context->out, bytes, (size_t) n); /* it has no limit */
    return n;
}

static int bio_read(BIO *bio, char *out, int size)
{
    br_tls *t = BIO_get_data(bio);
    BIO_clear_retry_flags(bio);
    if (t->_in.n == 0) {
        BIO_set_retry_read(bio);
        return -1;
    }
    size_t n = t->_in.n < (size_t) size ? t->_in.n : (size_t) size;
    memcpy(out, t->_in.p, n);
    t->_in = br_str_sub(t->_in, n, t->_in.n);
    return (int) n;
}

static long bio_ctrl(BIO *bio, int command, long number, void *p)
{
    (void) bio, (void) number, (void) p;
    return command == BIO_CTRL_FLUSH ? 1 : 0;
}

static BIO_METHOD *make_bio(void)
{
    BIO_METHOD *m = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "stream");
    BR_ASSERT(m != NULL);
    BIO_meth_set_write(m, bio_write);
    BIO_meth_set_read(m, bio_read);
    BIO_meth_set_ctrl(m, bio_ctrl);
    return m;
}

/* Setting up ----------------------------------------------------------------------------------------- */

static int number_of(br_tls_version v)
{
    return v == BR_TLS_ANY ? 0 : TLS1_VERSION + (int) v - BR_TLS_1_0;
}

static void set_limits(const br_tls_options *o, SSL_CTX *ssl)
{
    int min = o->min != BR_TLS_ANY ? number_of(o->min) : TLS1_2_VERSION;
    SSL_CTX_set_security_level(ssl, 0); /* versions and suites are the user's choice, as in Go */
    (void) SSL_CTX_set_min_proto_version(ssl, min);
    (void) SSL_CTX_set_max_proto_version(ssl, number_of(o->max));
    (void) SSL_CTX_set_options(ssl, SSL_OP_LEGACY_SERVER_CONNECT | SSL_OP_IGNORE_UNEXPECTED_EOF);
}

static bool chosen(const br_tls_options *o, size_t suite)
{
    for (size_t i = 0; i < o->cipher_count; i++) {
        if (br_str_is(o->ciphers[i], suites[suite].go)) {
            return true;
        }
    }
    return o->cipher_count == 0 && suite < DEFAULT_SUITES;
}

/* An empty list leaves TLS 1.3, whose suites are in Go's order, too. */
static bool set_ciphers(const br_tls_options *o, SSL_CTX *ssl)
{
    br_buf list;
    br_buf_init(&list, BR_BUF_NO_LIMIT);
    for (size_t i = 0; i < BR_COUNT_OF(suites); i++) {
        if (suites[i].openssl != NULL && chosen(o, i)) {
            (void) br_buf_printf(&list, "%s%s", list.len > 0 ? ":" : "", suites[i].openssl);
        }
    }
    bool ok = list.len > 0 ? SSL_CTX_set_cipher_list(ssl, list.data) == 1
                           : SSL_CTX_set_min_proto_version(ssl, TLS1_3_VERSION) == 1;
    br_buf_deinit(&list);
    return SSL_CTX_set_ciphersuites(ssl, "TLS_AES_128_GCM_SHA256:TLS_AES_256_GCM_SHA384:"
                                         "TLS_CHACHA20_POLY1305_SHA256") == 1 &&
           ok;
}

static void set_protocols(const br_tls_options *o, SSL_CTX *ssl)
{
    static const unsigned char both[] = "\2h2\10http/1.1";
    const unsigned char *list = o->http2 ? both : both + 3;
    (void) SSL_CTX_set_alpn_protos(ssl, list, (unsigned) sizeof(both) - 1 - (o->http2 ? 0 : 3));
}

static void set_extras(br_tls_context *c, SSL_CTX *ssl)
{
    const br_tls_options *o = c->options;
    (void) SSL_CTX_set_tlsext_status_type(ssl, TLSEXT_STATUSTYPE_ocsp);
    (void) SSL_CTX_set_mode(
        ssl, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER | SSL_MODE_RELEASE_BUFFERS);
    (void) SSL_CTX_set_session_cache_mode(
        ssl, o->resume ? SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL_STORE : SSL_SESS_CACHE_OFF);
    if (o->resume) {
        SSL_CTX_sess_set_new_cb(ssl, keep_session);
    }
    br_tls_identities_init(c, ssl);
    c->key_log = open_key_log(o->key_log);
    if (c->key_log != NULL) {
        SSL_CTX_set_keylog_callback(ssl, log_secret);
    }
}

static void drop_extras(br_tls_context *c)
{
    br_tls_identities_deinit(c);
    if (c->key_log != NULL) {
        (void) fclose(c->key_log);
        c->key_log = NULL;
    }
}

/* NULL, or what is wrong with the options. */
static const char *configure(br_tls_context *c, SSL_CTX *ssl)
{
    set_limits(c->options, ssl);
    set_protocols(c->options, ssl);
    set_extras(c, ssl);
    if (!set_ciphers(c->options, ssl)) {
        return "tls: no cipher suite of the option tlsCipherSuites is available";
    }
    return br_tls_set_trust(c, ssl) ? NULL : "tls: the file of certificate authorities cannot be read";
}

br_code br_tls_context_prepare(br_tls_context *c)
{
    c->error[0] = 0;
    if (c->ssl != NULL) {
        return BR_OK;
    }
    SSL_CTX *ssl = SSL_CTX_new(TLS_client_method());
    BR_ASSERT(ssl != NULL);
    const char *problem = configure(c, ssl);
    ERR_clear_error();
    if (problem != NULL) {
        snprintf(c->error, sizeof(c->error), "%s", problem);
        drop_extras(c);
        SSL_CTX_free(ssl);
        return BR_ETLS;
    }
    c->ssl = ssl;
    c->bio = make_bio();
    c->plain = br_malloc(BR_TLS_RECORD_BYTES);
    c->gather = br_malloc(BR_TLS_RECORD_BYTES);
    return BR_OK;
}

static br_code check_key_log(const char *path, br_err *err)
{
    FILE *f = open_key_log(path);
    if (f == NULL && path != NULL && path[0] != 0) {
        return br_fail_errno(err, BR_EINVAL, errno, "cannot write the log of TLS keys to %s", path);
    }
    if (f != NULL) {
        (void) fclose(f);
    }
    return BR_OK;
}

/* What OpenSSL knows better than we do; the rest of the options is left out. */
static br_code check_with_openssl(const br_tls_options *o, br_err *err)
{
    br_tls_options part = {.insecure = o->ca_file == NULL,
        .ca_file = o->ca_file,
        .min = o->min,
        .max = o->max,
        .ciphers = o->ciphers,
        .cipher_count = o->cipher_count};
    br_tls_context c = {.options = &part};
    SSL_CTX *ssl = SSL_CTX_new(TLS_client_method());
    BR_ASSERT(ssl != NULL);
    bool ciphers = set_ciphers(&part, ssl), trust = br_tls_set_trust(&c, ssl);
    SSL_CTX_free(ssl);
    ERR_clear_error();
    if (!ciphers) {
        return br_fail(err, BR_EINVAL, "none of the cipher suites in tlsCipherSuites is supported");
    }
    return trust ? BR_OK
                 : br_fail(err, BR_EINVAL, "%s: no certificate authorities in PEM can be read from it",
                       o->ca_file);
}

br_code br_tls_options_check(const br_tls_options *o, br_err *err)
{
    for (size_t i = 0; i < o->cert_count; i++) {
        if (!br_tls_client_cert_usable(&o->certs[i])) {
            return br_fail(err, BR_EINVAL,
                "client certificate %zu cannot be used: certificate and key must be PEM and fit each other, "
                "and an encrypted key needs its password",
                i + 1);
        }
    }
    br_code code = check_key_log(o->key_log, err);
    if (code == BR_OK && (o->ca_file != NULL || o->cipher_count > 0)) {
        code = check_with_openssl(o, err);
    }
    return code;
}

br_tls_context *br_tls_context_new(const br_tls_options *o)
{
    br_tls_context *c = BR_NEW(br_tls_context);
    c->options = o;
    br_buf_init(&c->out, BR_BUF_NO_LIMIT);
    br_map_init(&c->sessions);
    return c;
}

br_tls_context *br_tls_context_below(br_tls_context *c)
{
    if (c->below == NULL) {
        c->below = br_tls_context_new(c->options);
        c->below->own = *c->options;
        c->below->own.http2 = false;
        c->below->options = &c->below->own;
    }
    return c->below;
}

void br_tls_context_free(br_tls_context *c)
{
    if (c == NULL) {
        return;
    }
    br_tls_context_free(c->below);
    for (size_t i = 0; i < c->sessions.len; i++) {
        SSL_SESSION_free(c->sessions.entries[i].value);
    }
    br_map_deinit(&c->sessions);
    drop_extras(c);
    br_tls_memory_deinit(c);
    SSL_CTX_free(c->ssl);
    BIO_meth_free(c->bio);
    br_buf_deinit(&c->out);
    br_free(c->plain);
    br_free(c->gather);
    br_free(c);
}
