/*
 * http/client.h - the HTTP client of one virtual user, for HTTP/1.1 and HTTP/2.
 *
 * What: sends one request at a time or several side by side over kept-alive connections of its own pool,
 *     HTTP/1.1 one a connection, HTTP/2 as many as the server allows, and reports the answer with exact
 *     phase times.
 * Why here: the whole of HTTP below scripts; redirects, cookies and authentication are steps on top of
 *     one exchange, in this folder.
 * Threads: one client, one loop.
 * Memory: the client owns its connections (one struct and one socket each; reads go through the
 *     loop's scratch buffer, so an idle connection holds no buffer). Requests and responses are borrowed
 * until on_done. A plain request in steady state allocates nothing. Invariants: on_done runs exactly once per
 * started exchange, never inside br_http_start(), also after br_http_cancel() (then with BR_ECANCEL, inside
 * the cancel call). An idle connection that becomes readable is closed. A request that is safe to repeat
 * (Go's rule: GET, HEAD, OPTIONS, TRACE, or with an Idempotency-Key; any method if not one byte of it was
 * sent) on a reused connection that dies before the first byte of an answer is sent once more on a fresh one.
 *     Over HTTP/2 a request is sent once more when the server says that it has not touched it: GOAWAY with a
 *     smaller stream number, RST_STREAM with REFUSED_STREAM (and, as Go does, with PROTOCOL_ERROR); not when
 *     the connection just dies.
 *     Exchanges to one origin share an open HTTP/2 connection up to its MAX_CONCURRENT_STREAMS; those beyond
 *     get another connection, as in Go. While a connection is dialled that can become HTTP/2, others wait for
 *     it instead of dialling as well (Go dials for each and throws the surplus away); once the origin has
 *     turned out to speak HTTP/1 only, or could not be reached, each dials for itself.
 *     One timer serves all exchanges of a client: it is left running and set anew only when it fires early.
 */
#pragma once
#include "base/arena.h"
#include "base/str.h"
#include "codec/url.h"
#include "http/response.h"
#include "loop/loop.h"
#include "net/dns.h"
#include "net/proxy.h"

typedef struct br_http_client br_http_client;

typedef struct br_http_client_config {
    uint32_t max_idle;          /* kept connections in all; k6: option batch, 20 */
    uint32_t max_idle_per_host; /* k6: batchPerHost, 6 */
    size_t max_head_bytes;      /* answer's status line and header (BR_ELIMIT); default 1 MiB */
    size_t max_body_bytes;      /* kept body (BR_ELIMIT); default 256 MiB */
    br_ns connect_timeout_ns;   /* 30 s */
    const br_proxies *proxies;  /* outlives the client; NULL: none; one spoken to in TLS needs `tls` */
    br_address local;           /* source address; sa_family 0: the system's choice */
    bool no_reuse;              /* close after each exchange ("Connection: close" is sent) */
    bool http2;                 /* https may become HTTP/2, as the options of `tls` offer it; default true */
    struct br_tls_context *tls; /* of the loop's thread, outlives the client; NULL: https is refused */
    struct br_coder *coder;   /* of the loop's thread, outlives the client; NULL: one is made for each body */
    struct br_h1_memo *heads; /* of the loop's thread, outlives the client; NULL: every head is parsed */
    bool h2c;                 /* speak HTTP/2 on http as well, without asking; default false */
} br_http_client_config;
void br_http_client_config_defaults(br_http_client_config *c);

/* `dns` is the resolver of the loop's thread and outlives the client. */
br_http_client *br_http_client_new(br_loop *loop, br_dns *dns, const br_http_client_config *config);
void br_http_client_free(br_http_client *client); /* closes everything; asserts that no exchange runs */
void br_http_client_close_idle(br_http_client *client);

#define BR_HTTP_REFUSAL_BYTES 1024

typedef struct br_http_header {
    br_str name, value;
} br_http_header;

typedef struct br_http_request {
    br_str method; /* sent as it is; a token, checked like the headers */
    br_url url;
    /* In the order in which they are sent, after "Host". The caller gives User-Agent, Content-Length and
     * the rest in k6's order; "Connection: close" of no_reuse is put behind a leading User-Agent.
     * Names are tokens, values hold no control characters: checked by br_http_start(), BR_EINVAL. */
    const br_http_header *headers;
    size_t header_count;
    br_str host;      /* Host header; p == NULL: url.authority */
    br_str body;      /* sent after the header block */
    br_ns timeout_ns; /* whole exchange, from the call; 0 = none */
    bool drop_body;   /* count the answer's body and forget it */
    /* Asks for another protocol, over a new HTTP/1.1 connection: http/websocket.h. Of the body of
     * another answer than 101 no more than BR_HTTP_REFUSAL_BYTES are kept. */
    bool upgrade;
    /* Of br_http_request_prepare(): what HTTP/1 sends, and whether that ends the connection. p == NULL:
     * checked and made at each start. */
    br_str _wire;
    bool _wire_closes;
} br_http_request;

/*
 * Checks a request that will be sent often, and makes what HTTP/1 sends once, in `arena`. Nothing of it may
 * change afterwards. A copy that is to be changed needs _wire = BR_STR_NONE. `close`: for clients that do not
 * reuse connections. BR_EINVAL in Go's words.
 */
BR_NODISCARD br_code br_http_request_prepare(br_http_request *q, bool close, br_arena *arena, br_err *err);

/* Embedded by the caller; private while it runs. Zero before first use, reusable after on_done. */
typedef struct br_http_exchange br_http_exchange;
typedef void br_http_done_fn(br_http_exchange *x, void *ctx);
struct br_http_exchange {
    const br_http_request *request;
    br_http_response *response; /* reset by br_http_start(), complete in on_done */
    br_http_done_fn *_on_done;
    void *_ctx;
    struct br_http_conn *_conn;
    /* Answered with 101: on_done must take the connection, and the bytes behind its head. */
    struct br_http_conn *_upgraded;
    br_str _rest;
    br_http_client *_client;
    br_http_exchange *_prev, *_next; /* among the running ones of the client */
    br_ns _deadline;
    br_task _fail_later;
    br_dns_query _query;
    bool _running, _retried;
    struct br_http_queue *_queue; /* waiting for a connection, for the kernel, or for on_done */
    br_http_exchange *_queue_prev, *_queue_next;
    struct br_http_origin *_dials_for; /* others wait for the connection that this one dials */
    struct br_http_h2_stream {
        int32_t id;
        size_t body_at;    /* of the request's body, given to nghttp2 */
        size_t head_bytes; /* of all heads of the answer */
        uint64_t length;   /* Content-Length of the answer; UINT64_MAX: none */
        bool begun;        /* the head of the request was written */
        bool finished;     /* the request was written to its end */
        bool was_reset;    /* by the server */
        bool has_head;     /* the final head of the answer is complete */
        bool answered;     /* the answer was read to its end */
        bool again;        /* refused: to be sent once more */
    } _h2;
};

/*
 * Starts an exchange. Never fails by itself: errors come through on_done in response->error. What was read of
 * an answer that failed midway stays in the response.
 */
void br_http_start(br_http_client *client, br_http_exchange *x, const br_http_request *request,
    br_http_response *response, br_http_done_fn *on_done, void *ctx);
void br_http_cancel(br_http_exchange *x); /* fine if not running */

/* Counters since the client was made; data_sent and data_received in k6's sense (socket bytes). */
typedef struct br_http_totals {
    uint64_t sent_bytes, received_bytes, connections_opened, requests;
} br_http_totals;
const br_http_totals *br_http_client_totals(const br_http_client *client);
struct br_coder *br_http_client_coder(const br_http_client *client); /* of its configuration */
