#include "net/tls_int.h"
#include <openssl/err.h>
#include "base/assert.h"
#include "base/mem.h"

#define ANSWERS_MAX (256 << 10) /* to key updates of a server that reads nothing */

static br_tls *tls_of(br_stream *s)
{
    return (br_tls *) (void *) s;
}

static void set_state(br_tls *t, br_tls_state state)
{
    BR_DASSERT(state != BR_TLS_OPEN || t->_state == BR_TLS_HANDSHAKE);
    t->_state = state;
}

static void drop_ssl(br_tls *t)
{
    SSL_free(t->_ssl);
    t->_ssl = NULL;
    br_buf_deinit(&t->_sending);
    br_buf_deinit(&t->_next);
    t->_plain_count = 0;
    t->_lower_busy = t->_owner_waits = false;
}

/* Tells the end, for the reason in context->error. The last thing that any event does. */
static void fail_for(br_tls *t, br_stream_op op, br_code code)
{
    set_state(t, BR_TLS_BROKEN);
    t->stream.failed_op = op;
    t->stream.events->on_closed(t->stream.owner, code);
}

/* The same when it is no failure of TLS. */
static void fail(br_tls *t, br_stream_op op, br_code code)
{
    t->_context->error[0] = 0; /* it is of another connection */
    fail_for(t, op, code);
}

static void fail_tls(br_tls *t)
{
    br_stream_op op = t->_state == BR_TLS_OPEN ? BR_STREAM_READ : BR_STREAM_HANDSHAKE;
    br_code code = br_tls_take_error(t);
    fail_for(t, op, code);
}

/* Encrypted bytes out ----------------------------------------------------------------------------- */

/*
 * Hands `bytes` to the lower stream. What it cannot send at once must stay where it is until on_sent(): it
 * becomes _sending, and `bytes` gets the empty buffer that was there.
 */
static void send_down(br_tls *t, br_buf *bytes)
{
    struct iovec iov = {bytes->data, bytes->len};
    br_code code = br_stream_write(t->_lower, &iov, 1);
    t->stream.sent_bytes = t->_lower->sent_bytes;
    if (code == BR_OK) {
        br_buf_reset(bytes);
        return;
    }
    br_buf empty = t->_sending;
    t->_sending = *bytes;
    *bytes = empty;
    t->_lower_busy = true;
}

/* After each call into OpenSSL: the buffer is everybody's. */
static void flush(br_tls *t)
{
    br_buf *out = &t->_context->out;
    if (out->len == 0) {
        return;
    }
    if (t->_lower_busy) {
        (void) br_buf_put(&t->_next, br_buf_view(out));
        br_buf_reset(out);
    } else {
        send_down(t, out);
    }
}

/* Takes `n` bytes off the front of the owner's pieces. */
static void advance(br_tls *t, size_t n)
{
    int first = 0;
    while (first < t->_plain_count && n >= t->_plain[first].iov_len) {
        n -= t->_plain[first++].iov_len;
    }
    if (first < t->_plain_count) {
        t->_plain[first].iov_base = (char *) t->_plain[first].iov_base + n;
        t->_plain[first].iov_len -= n;
    }
    memmove(t->_plain, t->_plain + first, (size_t) (t->_plain_count - first) * sizeof(*t->_plain));
    t->_plain_count -= first;
}

/* The next record's worth of the owner's bytes, put together if they lie apart. */
static br_str next_plain(br_tls *t)
{
    const struct iovec *first = &t->_plain[0];
    if (t->_plain_count == 1 || first->iov_len >= BR_TLS_RECORD_BYTES) {
        size_t n = first->iov_len < BR_TLS_RECORD_BYTES ? first->iov_len : BR_TLS_RECORD_BYTES;
        return (br_str){first->iov_base, n};
    }
    size_t len = 0;
    for (int i = 0; i < t->_plain_count && len < BR_TLS_RECORD_BYTES; i++) {
        size_t room = BR_TLS_RECORD_BYTES - len;
        size_t n = t->_plain[i].iov_len < room ? t->_plain[i].iov_len : room;
        memcpy(t->_context->gather + len, t->_plain[i].iov_base, n);
        len += n;
    }
    return (br_str){t->_context->gather, len};
}

/* Encrypts and hands down until all is done or the lower stream is busy. False: OpenSSL refused. */
static bool encrypt(br_tls *t)
{
    while (t->_plain_count > 0 && !t->_lower_busy) {
        br_str bytes = next_plain(t);
        int n = SSL_write(t->_ssl, bytes.p, (int) bytes.n);
        if (n <= 0) {
            return SSL_get_error(t->_ssl, n) ==
                   SSL_ERROR_WANT_READ; /* renegotiation: goes on with its answer */
        }
        advance(t, (size_t) n);
        if (t->_context->out.len >= BR_TLS_AHEAD_BYTES || t->_plain_count == 0) {
            flush(t);
        }
    }
    flush(t);
    return true;
}

static br_code tls_write(br_stream *s, const struct iovec *iov, int count)
{
    br_tls *t = tls_of(s);
    BR_ASSERT(t->_state == BR_TLS_OPEN && t->_plain_count == 0 && !t->_owner_waits);
    BR_ASSERT(count >= 1 && count <= BR_STREAM_IOV_MAX);
    memcpy(t->_plain, iov, (size_t) count * sizeof(*iov));
    t->_plain_count = count;
    advance(t, 0); /* pieces may be empty */
    if (!encrypt(t)) {
        ERR_clear_error();
        t->_plain_count = 0; /* the connection is dead: reading tells why */
        t->_owner_waits = true;
        return BR_AGAIN;
    }
    t->_owner_waits = t->_plain_count > 0 || t->_lower_busy;
    return t->_owner_waits ? BR_AGAIN : BR_OK;
}

/* Goes on with a write that had to wait, and tells the owner when all of it is sent. */
static void go_on_writing(br_tls *t)
{
    if (t->_plain_count > 0 && !t->_lower_busy && !encrypt(t)) {
        fail_tls(t);
        return;
    }
    if (t->_owner_waits && !t->_lower_busy && t->_plain_count == 0) {
        br_buf_deinit(&t->_sending); /* such a connection may be idle for long */
        br_buf_deinit(&t->_next);
        t->_owner_waits = false;
        t->stream.events->on_sent(t->stream.owner);
    }
}

static void on_lower_sent(void *owner)
{
    br_tls *t = owner;
    t->_lower_busy = false;
    t->stream.sent_bytes = t->_lower->sent_bytes;
    br_buf_reset(&t->_sending);
    if (t->_next.len > 0) {
        send_down(t, &t->_next);
    }
    if (t->_state != BR_TLS_BROKEN) {
        go_on_writing(t);
    }
}

/* Encrypted bytes in ------------------------------------------------------------------------------ */

static void note_agreement(br_tls *t)
{
    const SSL_CIPHER *cipher = SSL_get_current_cipher(t->_ssl);
    const unsigned char *protocol;
    unsigned length;
    SSL_get0_alpn_selected(t->_ssl, &protocol, &length);
    t->info = (br_tls_info){
        .version = (br_tls_version) (SSL_version(t->_ssl) - TLS1_VERSION + BR_TLS_1_0),
        .cipher = SSL_CIPHER_standard_name(cipher),
        .h2 = length == 2 && memcmp(protocol, "h2", 2) == 0,
        .resumed = SSL_session_reused(t->_ssl) == 1,
    };
    br_tls_read_ocsp(t->_ssl, &t->info.ocsp);
}

/* Go looks at the first record before it waits for more: a server that speaks something else is told apart.
 */
static bool looks_like_tls(br_str first)
{
    const unsigned char *p = (const unsigned char *) first.p;
    return first.n < 3 || ((p[0] == 21 || p[0] == 22) && p[1] < 0x10);
}

/* Goes on with the handshake. Whatever comes of it, the owner may have closed. */
static void handshake(br_tls *t)
{
    t->_context->verdict.code = BR_OK;
    int rc = SSL_do_handshake(t->_ssl);
    flush(t);
    if (rc == 1) {
        note_agreement(t);
        t->finished = br_clock_now();
        set_state(t, BR_TLS_OPEN);
        t->stream.events->on_open(t->stream.owner);
    } else if (SSL_get_error(t->_ssl, rc) != SSL_ERROR_WANT_READ) {
        fail_tls(t);
    }
}

/* Gives the owner what can be decrypted. *gone: the stream was closed by it. */
static void read_records(br_tls *t, const bool *gone)
{
    for (;;) {
        int n = SSL_read(t->_ssl, t->_context->plain, BR_TLS_RECORD_BYTES);
        flush(t); /* answers to key updates */
        if (n > 0) {
            t->stream.events->on_data(t->stream.owner, (br_str){t->_context->plain, (size_t) n});
            if (*gone || (t->_in.n == 0 && SSL_has_pending(t->_ssl) == 0)) {
                return; /* another SSL_read() would only tell that there is no more */
            }
            continue;
        }
        int why = SSL_get_error(t->_ssl, n);
        if (t->_next.len > ANSWERS_MAX) {
            snprintf(t->_context->error, sizeof(t->_context->error), "tls: too many ignored records");
            fail_for(t, BR_STREAM_READ, BR_ETLS);
        } else if (why == SSL_ERROR_ZERO_RETURN) {
            fail(t, BR_STREAM_READ, BR_EOF);
        } else if (why != SSL_ERROR_WANT_READ && why != SSL_ERROR_WANT_WRITE) {
            fail_tls(t);
        }
        return;
    }
}

static void on_lower_data(void *owner, br_str bytes)
{
    br_tls *t = owner;
    if (t->_state == BR_TLS_BROKEN) { /* the owner knows, and has not closed yet */
        return;
    }
    bool gone = false, first = t->stream.received_bytes == 0;
    t->stream.received_bytes = t->_lower->received_bytes;
    if (first && !looks_like_tls(bytes)) {
        t->met_http = br_str_starts(bytes, BR_STR("HTTP/"));
        snprintf(t->_context->error, sizeof(t->_context->error), BR_TLS_NOT_TLS);
        fail_for(t, BR_STREAM_HANDSHAKE, BR_ENOTTLS);
        return;
    }
    t->_in = bytes;
    t->_gone = &gone;
    if (t->_state == BR_TLS_HANDSHAKE) {
        handshake(t);
    }
    if (!gone && t->_state == BR_TLS_OPEN) {
        read_records(t, &gone);
    }
    if (!gone) {
        t->_gone = NULL;
        BR_DASSERT(t->_in.n == 0 || t->_state == BR_TLS_BROKEN);
        if (t->_state == BR_TLS_OPEN) {
            br_tls_release(t);
            go_on_writing(t); /* that waited for the end of a renegotiation */
        }
    }
}

static void on_lower_open(void *owner)
{
    br_tls *t = owner;
    br_tls_context *c = t->_context;
    t->started = br_clock_now();
    set_state(t, BR_TLS_HANDSHAKE);
    br_code code = br_tls_context_prepare(c);
    if (code != BR_OK) {
        fail_for(t, BR_STREAM_HANDSHAKE, code);
        return;
    }
    BIO *bio = BIO_new(c->bio);
    t->_ssl = SSL_new(c->ssl);
    BR_ASSERT(bio != NULL && t->_ssl != NULL); /* memory is out */
    BIO_set_data(bio, t);
    BIO_set_init(bio, 1);
    SSL_set_bio(t->_ssl, bio, bio);
    SSL_set_app_data(t->_ssl, t);
    SSL_set_connect_state(t->_ssl);
    if (!br_tls_is_address(t->_host)) {
        (void) SSL_set_tlsext_host_name(t->_ssl, t->_host); /* too long a name: the server picks a default */
    }
    if (t->http1_only) {
        static const unsigned char http1[] = "\10http/1.1";
        (void) SSL_set_alpn_protos(t->_ssl, http1, sizeof(http1) - 1);
    }
    SSL_SESSION *session = br_tls_session_find(c, t->_host);
    if (session != NULL) {
        (void) SSL_set_session(t->_ssl, session); /* failing that, a full handshake */
    }
    ERR_clear_error();
    handshake(t);
}

/* An end without close_notify is taken for one between records, as Go does: too many servers do it. */
static void on_lower_closed(void *owner, br_code code)
{
    br_tls *t = owner;
    if (t->_state == BR_TLS_BROKEN) {
        return;
    }
    t->stream.sys_errno = t->_lower->sys_errno;
    t->stream.sent_bytes = t->_lower->sent_bytes;
    bool shaking = t->_state == BR_TLS_HANDSHAKE && t->_lower->failed_op != BR_STREAM_DIAL;
    bool inside = code == BR_EOF && t->_ssl != NULL && SSL_has_pending(t->_ssl) == 1;
    fail(t, shaking && code == BR_EOF ? BR_STREAM_HANDSHAKE : t->_lower->failed_op,
        inside ? BR_ETRUNCATED : code);
}

const br_stream_events br_tls_lower_events = {.on_open = on_lower_open,
    .on_data = on_lower_data,
    .on_sent = on_lower_sent,
    .on_closed = on_lower_closed};

/* Life -------------------------------------------------------------------------------------------- */

static void tls_close(br_stream *s)
{
    br_tls *t = tls_of(s);
    if (t->_gone != NULL) {
        *t->_gone = true;
        t->_gone = NULL;
    }
    if (t->_state == BR_TLS_OPEN && !t->_lower_busy) {
        (void) SSL_shutdown(t->_ssl); /* tells the server that nothing was cut off */
        flush(t);
        ERR_clear_error();
    }
    if (t->_ssl != NULL && t->finished != 0) { /* else OpenSSL would forget the session for this end */
        SSL_set_shutdown(t->_ssl, SSL_SENT_SHUTDOWN | SSL_RECEIVED_SHUTDOWN);
    }
    drop_ssl(t);
    br_free(t->_host);
    t->_host = NULL;
    br_stream_close(t->_lower);
    set_state(t, BR_TLS_CLOSED);
}

static const br_stream_ops ops = {.write = tls_write, .close = tls_close};

void br_tls_init(br_tls *t, br_tls_context *context, br_stream *lower, br_str host,
    const br_stream_events *events, void *owner)
{
    *t = (br_tls){
        .stream = {.ops = &ops, .events = events, .owner = owner}, ._context = context, ._lower = lower};
    br_buf_init(&t->_sending, BR_BUF_NO_LIMIT);
    br_buf_init(&t->_next, BR_BUF_NO_LIMIT);
    bool dot = host.n > 0 && host.p[host.n - 1] == '.'; /* of a full domain name: not in certificates */
    ptrdiff_t zone = br_str_find_char(host, '%');       /* of an address: not in certificates either */
    t->_host = br_strndup(host.p, zone >= 0 ? (size_t) zone : dot ? host.n - 1 : host.n);
}

const char *br_tls_error(const br_tls *t)
{
    return t->_context->error[0] != 0 ? t->_context->error : NULL;
}
