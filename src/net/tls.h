/*
 * net/tls.h - TLS as a stream above another stream, by OpenSSL.
 *
 * What: the client's side of TLS 1.0 to 1.3: server names, ALPN, verification as Go does it, client
 *     certificates, session reuse, stapled OCSP answers.
 * Why here: a filter of net/stream.h; http/ puts it above TCP or a proxy's tunnel and speaks through it.
 * Threads: a context belongs to one thread and serves all connections of its loop; so nothing is shared, and
 *     OpenSSL's locks are never contended.
 * Memory: a context has the buffers that its connections share (100 KB, made with the first connection).
 *     OpenSSL's own buffers (net/tls_pool.h) and the server's certificates are given back whenever a
 * connection waits; what OpenSSL keeps then is about 11 KB, 7.5 KB of it the SSL itself. During a handshake
 * it is 35 KB. Encrypted bytes that the lower stream could not send at once stay with the connection.
 * Invariants: those of net/stream.h. Encrypted bytes are produced and handed down within one call; a large
 *     write is encrypted piece by piece, so that not more than BR_TLS_AHEAD_BYTES wait encrypted.
 *
 *     CLOSED --lower stream open--> HANDSHAKE --verified--> OPEN --end, error--> BROKEN
 *        ^                              |  error: BROKEN                            |
 *        +------------------------- br_stream_close() from everywhere --------------+
 */
#pragma once
#include "base/buf.h"
#include "base/clock.h"
#include "net/stream.h"

#define BR_TLS_AHEAD_BYTES 65536

typedef enum br_tls_version {
    BR_TLS_ANY, /* as a limit: TLS 1.2 at least, the highest at most (Go's defaults) */
    BR_TLS_1_0,
    BR_TLS_1_1,
    BR_TLS_1_2,
    BR_TLS_1_3
} br_tls_version;

const char *br_tls_version_name(br_tls_version v); /* "tls1.2"; "" for BR_TLS_ANY */
br_tls_version br_tls_version_of(br_str name);     /* BR_TLS_ANY: unknown */
bool br_tls_cipher_known(br_str name);             /* one of Go's names of cipher suites */

/* A client certificate, PEM. Chosen for hosts that match one of its domains ("*.example.com"), or for all. */
typedef struct br_tls_client_cert {
    br_str cert, key, password; /* password: p == NULL: none */
    const br_str *domains;
    size_t domain_count;
} br_tls_client_cert;

typedef struct br_tls_options {
    bool insecure; /* accept any certificate */
    br_tls_version min, max;
    const br_str *ciphers; /* Go's names; for TLS 1.2 and below, as in Go. count 0: the default ones */
    size_t cipher_count;
    const br_tls_client_cert *certs;
    size_t cert_count;
    const char *ca_file; /* PEM file of authorities instead of the system's; NULL: the system's */
    const char *key_log; /* file that the secrets of all connections are appended to; NULL, "": none */
    bool http2;          /* offer "h2" before "http/1.1" */
    bool resume;         /* reuse sessions of the same host; k6 does not */
} br_tls_options;

/* Tries what can be wrong with options: certificates and keys, suites, the files. BR_EINVAL. */
BR_NODISCARD br_code br_tls_options_check(const br_tls_options *o, br_err *err);

typedef struct br_tls_context br_tls_context;
/* Cheap: OpenSSL is set up with the first connection. `o` and what it points to outlive the context. */
br_tls_context *br_tls_context_new(const br_tls_options *o);
void br_tls_context_free(br_tls_context *c); /* NULL is fine; after its connections */

/*
 * The context of connections that carry others of `c`: those with a proxy. Both run at the same time, so they
 * share no buffers. The same options, but HTTP/1.1 only. It lives as long as `c`.
 */
br_tls_context *br_tls_context_below(br_tls_context *c);

/* A stapled OCSP answer; times in seconds since 1970, 0 = none. */
typedef struct br_tls_ocsp {
    const char *status;            /* "good", "revoked", "server_failed", "unknown" (also without answer) */
    const char *revocation_reason; /* "key_compromise", ...; "" */
    int64_t produced_at, this_update, next_update, revoked_at;
} br_tls_ocsp;

/* What a handshake agreed on; static strings. */
typedef struct br_tls_info {
    br_tls_version version;
    const char *cipher; /* "TLS_AES_128_GCM_SHA256" */
    bool h2;            /* ALPN chose "h2" */
    bool resumed;
    br_tls_ocsp ocsp;
} br_tls_info;

typedef enum br_tls_state { BR_TLS_CLOSED, BR_TLS_HANDSHAKE, BR_TLS_OPEN, BR_TLS_BROKEN } br_tls_state;

typedef struct br_tls {
    br_stream stream; /* first: the stream's functions cast back */
    br_tls_context *_context;
    br_stream *_lower;
    struct ssl_st *_ssl;
    br_tls_state _state;
    br_str _in;                             /* encrypted bytes being read; borrowed during on_data */
    br_buf _sending;                        /* encrypted bytes that the lower stream still reads from */
    br_buf _next;                           /* those produced meanwhile */
    struct iovec _plain[BR_STREAM_IOV_MAX]; /* of the owner's write, what is not encrypted yet */
    int _plain_count;
    bool _lower_busy;        /* the lower stream reads from _sending; on_sent() follows */
    bool _owner_waits;       /* the owner was told BR_AGAIN */
    bool met_http;           /* with BR_ENOTTLS: the server answered in clear HTTP */
    bool http1_only;         /* set after br_tls_init(): "h2" is not offered */
    bool *_gone;             /* set when the stream is closed inside a callback */
    br_tls_info info;        /* once it is open */
    br_ns started, finished; /* of the handshake, by br_clock_now(); 0: not yet */
    char *_host;             /* of the certificate and of the session */
} br_tls;

/* Events that the lower stream is to be made with; its owner is the br_tls. */
extern const br_stream_events br_tls_lower_events;

/* `lower` is made by the caller (br_tcp_init(..., &br_tls_lower_events, tls)) and connected by it: the
 * handshake begins with its on_open(). `host` is copied; an IP address is verified as such and not sent as
 * name. */
void br_tls_init(br_tls *t, br_tls_context *context, br_stream *lower, br_str host,
    const br_stream_events *events, void *owner);

/*
 * Why the stream died, in Go's words ("tls: failed to verify certificate: x509: certificate signed by unknown
 * authority"); valid in on_closed() with a code of TLS: BR_ETLS, BR_ETLSALERT (sent by the server, or by us
 * because of what it sent), BR_ENOTTLS, BR_EUNKNOWNCA, BR_EWRONGHOST. NULL: it was no failure of TLS.
 */
const char *br_tls_error(const br_tls *t);
