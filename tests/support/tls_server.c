#include "support/tls_server.h"
#include <arpa/inet.h>
#include <assert.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define CONNECTIONS_MAX 64
#define REQUEST_MAX     (16u << 20)

typedef struct connection {
    tls_server *server;
    pthread_t thread;
    const tls_script *script;
    int fd;
    SSL *ssl;
    BIO *in, *out;
    int drip_ms; /* -1: everything at once */
    char *request;
    size_t request_n;
    tls_seen seen;
} connection;

struct tls_server {
    const tls_server_options *options;
    const tls_script *scripts;
    size_t script_count;
    SSL_CTX *ctx;
    int listen_fd;
    uint16_t port;
    pthread_t thread;
    pthread_mutex_t lock;
    connection *connections[CONNECTIONS_MAX];
    size_t count;
    tls_seen seen;
    _Atomic unsigned accepted, requests, records;
    _Atomic uint64_t received;
};

/* Bytes ------------------------------------------------------------------------------------------- */

static void pause_ms(int ms)
{
    struct timespec t = {ms / 1000, (long) (ms % 1000) * 1000000};
    nanosleep(&t, NULL);
}

static bool send_all(connection *c, const char *p, size_t n)
{
    while (n > 0) {
        ssize_t sent = send(c->fd, p, c->drip_ms < 0 ? n : 1, MSG_NOSIGNAL);
        if (sent <= 0) return false;
        p += sent;
        n -= (size_t) sent;
        if (c->drip_ms >= 0) pause_ms(c->drip_ms);
    }
    return true;
}

/* Sends what OpenSSL has written, but for the last `cut` bytes. */
static bool drain(connection *c, size_t cut)
{
    char *bytes;
    size_t n = (size_t) BIO_get_mem_data(c->out, &bytes);
    bool ok = send_all(c, bytes, n > cut ? n - cut : 0);
    (void) BIO_reset(c->out);
    return ok;
}

/* Waits for bytes and gives them to OpenSSL. */
static bool feed(connection *c)
{
    char bytes[16384];
    ssize_t n = recv(c->fd, bytes, sizeof(bytes), 0);
    if (n <= 0) return false;
    atomic_fetch_add(&c->server->received, (uint64_t) n);
    return BIO_write(c->in, bytes, (int) n) == n;
}

/* Handshakes -------------------------------------------------------------------------------------- */

static void note_client(connection *c)
{
    const char *name = SSL_get_servername(c->ssl, TLSEXT_NAMETYPE_host_name);
    snprintf(c->seen.name, sizeof(c->seen.name), "%s", name != NULL ? name : "");
    c->seen.resumed = SSL_session_reused(c->ssl) == 1;
    X509 *cert = SSL_get0_peer_certificate(c->ssl);
    if (cert != NULL)
        X509_NAME_get_text_by_NID(
            X509_get_subject_name(cert), NID_commonName, c->seen.client, sizeof(c->seen.client));
    pthread_mutex_lock(&c->server->lock);
    c->server->seen = c->seen;
    pthread_mutex_unlock(&c->server->lock);
}

static bool shake(connection *c)
{
    if (SSL_is_init_finished(c->ssl)) { /* a renegotiation */
        char byte;
        do {
            (void) SSL_peek(c->ssl, &byte, 1);
            if (!drain(c, 0)) return false;
        } while (SSL_renegotiate_pending(c->ssl) && feed(c));
        return !SSL_renegotiate_pending(c->ssl);
    }
    for (;;) {
        int rc = SSL_do_handshake(c->ssl);
        int why = SSL_get_error(c->ssl, rc);
        bool sent = drain(c, 0);
        if (rc == 1) note_client(c);
        if (rc == 1) return sent;
        if (!sent || why != SSL_ERROR_WANT_READ || !feed(c)) return false;
    }
}

static bool send_flight(connection *c, size_t n)
{
    if (!feed(c)) return false;
    (void) SSL_do_handshake(c->ssl);
    size_t all = BIO_ctrl_pending(c->out);
    return drain(c, n > 0 && n < all ? all - n : 0);
}

/* Requests and answers ------------------------------------------------------------------------------ */

/* The length of the whole request at the start of the buffer, 0 if it is not there yet. */
static size_t whole_request(const connection *c)
{
    const char *end = memmem(c->request, c->request_n, "\r\n\r\n", 4);
    if (end == NULL) return 0;
    size_t head = (size_t) (end - c->request) + 4, body = 0;
    const char *length = memmem(c->request, head, "Content-Length: ", 16);
    if (length != NULL) body = strtoul(length + 16, NULL, 10);
    return c->request_n >= head + body ? head + body : 0;
}

static bool read_request(connection *c)
{
    size_t n;
    while ((n = whole_request(c)) == 0) {
        int got = SSL_read(c->ssl, c->request + c->request_n, (int) (REQUEST_MAX - c->request_n));
        int why = SSL_get_error(c->ssl, got);
        if (!drain(c, 0)) return false;
        if (got > 0) {
            atomic_fetch_add(&c->server->records, 1);
            c->request_n += (size_t) got;
        } else if (why != SSL_ERROR_WANT_READ || !feed(c)) {
            return false;
        }
    }
    memmove(c->request, c->request + n, c->request_n - n);
    c->request_n -= n;
    atomic_fetch_add(&c->server->requests, 1);
    return true;
}

static bool send_text(connection *c, const char *text, size_t cut)
{
    return SSL_write(c->ssl, text, (int) strlen(text)) > 0 && drain(c, cut);
}

static bool send_fill(connection *c, size_t n)
{
    char block[16384];
    memset(block, 'x', sizeof(block));
    while (n > 0) {
        size_t part = n < sizeof(block) ? n : sizeof(block);
        if (SSL_write(c->ssl, block, (int) part) <= 0 || !drain(c, 0)) return false;
        n -= part;
    }
    return true;
}

static bool send_corrupt(connection *c, const char *text)
{
    char *bytes;
    if (SSL_write(c->ssl, text, (int) strlen(text)) <= 0) return false;
    long n = BIO_get_mem_data(c->out, &bytes);
    bytes[n - 1] ^= 1;
    return drain(c, 0);
}

static void reset(connection *c)
{
    struct linger now = {.l_onoff = 1, .l_linger = 0};
    setsockopt(c->fd, SOL_SOCKET, SO_LINGER, &now, sizeof(now));
}

static bool update_keys(connection *c)
{
    return SSL_key_update(c->ssl, SSL_KEY_UPDATE_REQUESTED) == 1 && SSL_do_handshake(c->ssl) == 1 &&
           drain(c, 0);
}

static bool wait_for_end(connection *c)
{
    char drop[4096];
    while (recv(c->fd, drop, sizeof(drop), 0) > 0) {
    }
    return false;
}

/* Plays one step; false ends the connection. */
static bool play(connection *c, const tls_step *step)
{
    static const char zeros[16];
    switch (step->op) {
        case TLS_HELLO: return feed(c);
        case TLS_SHAKE: return shake(c);
        case TLS_FLIGHT: return send_flight(c, step->n);
        case TLS_REQUEST: return read_request(c);
        case TLS_SEND: return step->text != NULL ? send_text(c, step->text, 0) : send_fill(c, step->n);
        case TLS_RAW: return send_all(c, step->text, strlen(step->text)) && send_all(c, zeros, step->n);
        case TLS_CUT: return send_text(c, step->text, step->n);
        case TLS_CORRUPT: return send_corrupt(c, step->text);
        case TLS_DRIP: c->drip_ms = step->ms; return true;
        case TLS_RENEGOTIATE:
            return SSL_renegotiate(c->ssl) == 1 && SSL_do_handshake(c->ssl) == 1 && drain(c, 0);
        case TLS_KEY_UPDATE: return update_keys(c);
        case TLS_NOTIFY: (void) SSL_shutdown(c->ssl); return drain(c, 0);
        case TLS_PAUSE: pause_ms(step->ms); return true;
        case TLS_RESET: reset(c); return false;
        case TLS_WAIT: return wait_for_end(c);
        case TLS_AGAIN: return true;
        case TLS_END: break;
    }
    return false;
}

/* Server ------------------------------------------------------------------------------------------- */

static void *serve(void *arg)
{
    connection *c = arg;
    int on = 1;
    setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
    for (size_t i = 0; i < TLS_STEPS_MAX && play(c, &c->script->steps[i]);) {
        i = c->script->steps[i].op == TLS_AGAIN ? c->script->steps[i].n : i + 1;
    }
    pthread_mutex_lock(&c->server->lock);
    close(c->fd);
    c->fd = -1;
    pthread_mutex_unlock(&c->server->lock);
    SSL_free(c->ssl);
    free(c->request);
    ERR_clear_error();
    return NULL;
}

static SSL *new_ssl(connection *c)
{
    c->in = BIO_new(BIO_s_mem());
    c->out = BIO_new(BIO_s_mem());
    BIO_set_mem_eof_return(c->in, -1);
    SSL *ssl = SSL_new(c->server->ctx);
    SSL_set_bio(ssl, c->in, c->out);
    SSL_set_accept_state(ssl);
    SSL_set_app_data(ssl, c);
    return ssl;
}

static void *accept_all(void *arg)
{
    tls_server *s = arg;
    for (;;) {
        int fd = accept4(s->listen_fd, NULL, NULL, SOCK_CLOEXEC);
        if (fd < 0) return NULL;
        connection *c = calloc(1, sizeof(*c));
        pthread_mutex_lock(&s->lock);
        assert(s->count < CONNECTIONS_MAX);
        size_t at = s->count < s->script_count ? s->count : s->script_count - 1;
        *c = (connection){.server = s, .script = &s->scripts[at], .fd = fd, .drip_ms = -1};
        c->request = malloc(REQUEST_MAX);
        c->ssl = new_ssl(c);
        s->connections[s->count++] = c;
        atomic_fetch_add(&s->accepted, 1);
        pthread_create(&c->thread, NULL, serve, c);
        pthread_mutex_unlock(&s->lock);
    }
}

/* The client's hello: what it offers. */
static int look_at_hello(SSL *ssl, int *alert, void *ctx)
{
    (void) alert, (void) ctx;
    connection *c = SSL_get_app_data(ssl);
    STACK_OF(SSL_CIPHER) *known = NULL, *special = NULL;
    const unsigned char *bytes;
    size_t n = SSL_client_hello_get0_ciphers(ssl, &bytes), len = 0;
    if (SSL_bytes_to_cipher_list(ssl, bytes, n, 0, &known, &special) != 1) return SSL_CLIENT_HELLO_ERROR;
    for (int i = 0; i < sk_SSL_CIPHER_num(known); i++) {
        const char *name = SSL_CIPHER_standard_name(sk_SSL_CIPHER_value(known, i));
        len += (size_t) snprintf(
            c->seen.ciphers + len, sizeof(c->seen.ciphers) - len, "%s%s", len > 0 ? " " : "", name);
    }
    sk_SSL_CIPHER_free(known);
    sk_SSL_CIPHER_free(special);
    return SSL_CLIENT_HELLO_SUCCESS;
}

static int choose_protocol(SSL *ssl, const unsigned char **out, unsigned char *out_n,
    const unsigned char *offered, unsigned n, void *ctx)
{
    connection *c = SSL_get_app_data(ssl);
    const char *wanted = ((const tls_server_options *) ctx)->protocol;
    int rc = SSL_TLSEXT_ERR_NOACK;
    size_t len = 0;
    for (unsigned i = 0; i < n; i += offered[i] + 1u) {
        const char *name = (const char *) offered + i + 1;
        len += (size_t) snprintf(c->seen.protocols + len, sizeof(c->seen.protocols) - len, "%s%.*s",
            len > 0 ? "," : "", offered[i], name);
        if (wanted != NULL && strlen(wanted) == offered[i] && memcmp(name, wanted, offered[i]) == 0) {
            *out = offered + i + 1;
            *out_n = offered[i];
            rc = SSL_TLSEXT_ERR_OK;
        }
    }
    return rc;
}

static int give_staple(SSL *ssl, void *ctx)
{
    const tls_server_options *o = ctx;
    if (o->staple == NULL) return SSL_TLSEXT_ERR_NOACK;
    SSL_set_tlsext_status_ocsp_resp(ssl, OPENSSL_memdup(o->staple, o->staple_n), (long) o->staple_n);
    return SSL_TLSEXT_ERR_OK;
}

static void ask_for_certificate(SSL_CTX *ctx, const tls_server_options *o)
{
    X509_STORE_add_cert(SSL_CTX_get_cert_store(ctx), o->client_ca->x509);
    SSL_CTX_add_client_CA(ctx, o->client_ca->x509);
    SSL_CTX_set_verify(
        ctx, SSL_VERIFY_PEER | (o->client_optional ? 0 : SSL_VERIFY_FAIL_IF_NO_PEER_CERT), NULL);
}

static SSL_CTX *new_context(const tls_server_options *o)
{
    SSL_CTX *ctx = SSL_CTX_new(TLS_server_method());
    SSL_CTX_set_security_level(ctx, 0);
    SSL_CTX_set_min_proto_version(ctx, o->min);
    SSL_CTX_set_max_proto_version(ctx, o->max);
    SSL_CTX_set_session_id_context(ctx, (const unsigned char *) "test", 4);
    SSL_CTX_set_options(ctx, SSL_OP_ALLOW_CLIENT_RENEGOTIATION);
    bool ok = SSL_CTX_use_certificate(ctx, o->cert->x509) == 1 &&
              SSL_CTX_use_PrivateKey(ctx, o->cert->key) == 1 &&
              (o->chain == NULL || SSL_CTX_add1_chain_cert(ctx, o->chain->x509) == 1) &&
              SSL_CTX_set_cipher_list(ctx, o->ciphers != NULL ? o->ciphers : "ALL:@SECLEVEL=0") == 1 &&
              (o->suites == NULL || SSL_CTX_set_ciphersuites(ctx, o->suites) == 1);
    if (!ok) abort();
    SSL_CTX_set_client_hello_cb(ctx, look_at_hello, NULL);
    SSL_CTX_set_alpn_select_cb(ctx, choose_protocol, (void *) (uintptr_t) o);
    SSL_CTX_set_tlsext_status_cb(ctx, give_staple);
    SSL_CTX_set_tlsext_status_arg(ctx, (void *) (uintptr_t) o);
    if (o->client_ca != NULL) ask_for_certificate(ctx, o);
    return ctx;
}

tls_server *tls_server_start(const tls_server_options *options, const tls_script *scripts, size_t count)
{
    tls_server *s = calloc(1, sizeof(*s));
    struct sockaddr_in a = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof(a);
    s->options = options;
    s->scripts = scripts;
    s->script_count = count;
    s->ctx = new_context(options);
    pthread_mutex_init(&s->lock, NULL);
    s->listen_fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (s->listen_fd < 0 || bind(s->listen_fd, (struct sockaddr *) &a, size) != 0 ||
        getsockname(s->listen_fd, (struct sockaddr *) &a, &size) != 0 || listen(s->listen_fd, 64) != 0)
        abort();
    s->port = ntohs(a.sin_port);
    pthread_create(&s->thread, NULL, accept_all, s);
    return s;
}

void tls_server_stop(tls_server *s)
{
    shutdown(s->listen_fd, SHUT_RDWR);
    pthread_join(s->thread, NULL);
    close(s->listen_fd);
    pthread_mutex_lock(&s->lock);
    for (size_t i = 0; i < s->count; i++) {
        if (s->connections[i]->fd >= 0) shutdown(s->connections[i]->fd, SHUT_RDWR);
    }
    pthread_mutex_unlock(&s->lock);
    for (size_t i = 0; i < s->count; i++) {
        pthread_join(s->connections[i]->thread, NULL);
        free(s->connections[i]);
    }
    pthread_mutex_destroy(&s->lock);
    SSL_CTX_free(s->ctx);
    free(s);
}

uint16_t tls_server_port(const tls_server *s)
{
    return s->port;
}
unsigned tls_server_connections(const tls_server *s)
{
    return atomic_load(&s->accepted);
}
unsigned tls_server_requests(const tls_server *s)
{
    return atomic_load(&s->requests);
}
unsigned tls_server_records(const tls_server *s)
{
    return atomic_load(&s->records);
}
uint64_t tls_server_received(const tls_server *s)
{
    return atomic_load(&s->received);
}

tls_seen tls_server_seen(tls_server *s)
{
    pthread_mutex_lock(&s->lock);
    tls_seen seen = s->seen;
    pthread_mutex_unlock(&s->lock);
    return seen;
}
