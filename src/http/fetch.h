/*
 * http/fetch.h - one request as scripts mean it: redirects, cookies, authentication.
 *
 * What: a chain of exchanges. The answer to each but the last is told by on_hop; the last is in the response
 * when on_done comes. Why here: client.h knows one exchange; what makes a browser-like request of several is
 * above it and below scripts. Threads: of the client's loop. Memory: a fetch that needs one plain exchange
 * allocates nothing. What a further step needs (its URL and header) lives in an arena of the fetch, which is
 * kept for the next use. Invariants: on_done runs exactly once, never inside br_http_fetch_start(). Source of
 * the rules: Go's net/http as k6 uses it: 301, 302 and 303 turn methods other than GET and HEAD into GET
 *     without body, 307 and 308 repeat the request; Authorization and Cookie headers of the script do not
 * follow to another domain; a Referer is added except from https to http; cookies are chosen anew for each
 * hop.
 */
#pragma once
#include "base/arena.h"
#include "http/client.h"
#include "http/jar.h"

typedef enum br_http_auth { BR_AUTH_BASIC, BR_AUTH_DIGEST, BR_AUTH_NTLM } br_http_auth;

/* A cookie of the request itself: sent on every hop, before those of the jar. */
typedef struct br_http_cookie {
    br_str name, value;
    bool replace; /* a cookie of the jar with that name stays at home */
} br_http_cookie;

typedef struct br_http_fetch_options {
    int64_t max_redirects;
    br_jar *jar; /* NULL: none */
    const br_http_cookie *cookies;
    size_t cookie_count;
    br_http_auth auth; /* of the credentials in the URL, or, with NTLM, of a Basic header */
} br_http_fetch_options;

typedef struct br_http_fetch br_http_fetch;
/* A hop that is not the last has ended; its answer is in the response until this returns. `challenge`: it
 * asked for authentication, which follows. */
typedef void br_http_hop_fn(void *ctx, const br_http_request *request, bool challenge);
typedef void br_http_fetched_fn(void *ctx);

/* Embedded by the caller, zero before first use; br_http_fetch_deinit() after the last. */
struct br_http_fetch {
    br_http_exchange _exchange;
    br_http_client *_client;
    br_http_fetch_options _options;
    const br_http_request *first, *current; /* as asked for; of the running or last hop */
    br_http_response *response;
    br_http_hop_fn *_on_hop;
    br_http_fetched_fn *_on_done;
    void *_ctx;
    br_arena _arenas[2]; /* of the running hop, and of the one before */
    bool _has_arenas;
    uint8_t _turn;
    br_buf _line;          /* the Cookie field while it is made */
    br_http_request _step; /* current, if it is not the first */
    br_ns _deadline;
    bool _sensitive_dropped, _body_dropped;
    uint8_t _login;           /* how far the login of this hop is */
    const char *_ntlm_prefix; /* "NTLM " or "Negotiate " */
    br_str _authorization;    /* of the login, for the next step */
    br_str _referer;          /* of this hop */
    int64_t hops;             /* redirects followed */
    int64_t answers;          /* before the current one: of redirects and challenges */
    bool stopped;             /* at the limit: the answer is a redirect */
};

/* `first` with what it points to, and `response`, outlive the fetch. */
void br_http_fetch_start(br_http_client *client, br_http_fetch *f, const br_http_request *first,
    br_http_response *response, const br_http_fetch_options *options, br_http_hop_fn *on_hop,
    br_http_fetched_fn *on_done, void *ctx);
void br_http_fetch_cancel(br_http_fetch *f); /* fine if it does not run; on_done comes inside */
void br_http_fetch_deinit(br_http_fetch *f);
