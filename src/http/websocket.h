/*
 * http/websocket.h - one WebSocket connection (RFC 6455), from the handshake to its end.
 *
 * What: asks for the upgrade over the client's way of dialling (host rules, proxies by CONNECT, TLS, source
 *     addresses, cookies), checks the answer, then exchanges messages; with permessage-deflate (RFC 7692) if
 * the server agrees to it. Why here: the handshake is an exchange of http/client.h; frames are codec/ws.h's;
 * scripts see events only. Threads: of the client's loop. Memory: one struct, kept small: what the handshake
 * needs goes with it, and buffers exist while something is in them. Messages from the server are limited in
 * size, compressed ones also in what they unpack to (BR_WS_RATIO_MAX), and so is what waits to be sent.
 * Invariants: no event comes inside a call of this header. An event may free the connection. on_end comes
 * exactly once, and is the last event, unless the connection is freed before.
 *
 *     CONNECTING --101, all right: on_open--> OPEN --server's close frame, error: on_end--> ENDED
 *          |  anything else: on_end                                                           ^
 *          +----------------------------------------------------------------------------------+
 *
 * Source of what is sent and accepted: the library that k6 uses (gorilla/websocket): compression without
 * context in both directions, redirects are not followed, a ping is answered at once, a close frame as well.
 */
#pragma once
#include "codec/ws.h"
#include "http/client.h"
#include "http/jar.h"

#define BR_WEBSOCKET_MESSAGE_MAX ((size_t) 64 << 20)  /* bytes of a message from the server, unpacked */
#define BR_WEBSOCKET_SEND_MAX    ((size_t) 256 << 20) /* bytes that wait to be sent */

typedef struct br_websocket br_websocket;

typedef enum br_websocket_end_kind {
    BR_WEBSOCKET_REFUSED, /* there was no connection; the response tells if there was an answer */
    BR_WEBSOCKET_CLOSED,  /* by the server's close frame, which was answered */
    BR_WEBSOCKET_LOST,    /* ended without one: code BR_WS_ABNORMAL, reason "unexpected EOF" */
    BR_WEBSOCKET_BROKEN   /* error of the system or of the protocol, or a limit */
} br_websocket_end_kind;

typedef struct br_websocket_end {
    br_websocket_end_kind kind;
    int code; /* CLOSED and LOST; else 0 */
    br_str reason;
    const char *error;   /* REFUSED and BROKEN: Go's words, "websocket: bad handshake"; else "" */
    bool broke_protocol; /* BROKEN by what the server sent; */
    bool over_limit;     /* BROKEN by one of our limits, which k6 does not have */
} br_websocket_end;

/* What they point to is valid during the call. */
typedef struct br_websocket_events {
    void (*on_open)(void *ctx);
    void (*on_message)(void *ctx, bool text, br_str payload);
    void (*on_ping)(void *ctx); /* it was answered */
    void (*on_pong)(void *ctx, br_str payload);
    void (*on_sent)(void *ctx); /* nothing waits to be sent any more; after BR_AGAIN */
    void (*on_end)(void *ctx, const br_websocket_end *end);
} br_websocket_events;

typedef struct br_websocket_config {
    br_http_client *client;
    /* A GET for the http or https URL that stands for the ws or wss one, with the headers of the script,
     * sorted. It and the jar outlive the handshake, the response outlives the connection. */
    const br_http_request *request;
    br_jar *jar; /* NULL: none */
    br_http_response *response;
    br_str protocols; /* "a, b", copied; empty: none are offered */
    bool deflate;     /* offer compression */
    const br_websocket_events *events;
    void *ctx;
} br_websocket_config;

/* BR_EINVAL: a header that the handshake makes itself; err->msg is the library's sentence. */
BR_NODISCARD br_code br_websocket_new(const br_websocket_config *config, br_websocket **ret, br_err *err);
void br_websocket_free(br_websocket *w); /* closes at once; NULL is fine */

bool br_websocket_open(const br_websocket *w);
bool br_websocket_waits(const br_websocket *w);      /* something waits to be sent */
br_str br_websocket_protocol(const br_websocket *w); /* that the server chose, "" if none; of the response */

/*
 * Sends a text (valid UTF-8), a binary message, or a ping (at most BR_WS_CONTROL_MAX bytes). BR_OK: it is
 * with the kernel; BR_AGAIN: it waits, on_sent() follows; BR_EPIPE: not open any more, or
 * br_websocket_close() was called; BR_ELIMIT: too much waits.
 */
BR_NODISCARD br_code br_websocket_send(br_websocket *w, br_ws_opcode opcode, br_str payload);
/* Sends a close frame; the server's answer to it ends the connection. Results as above. */
br_code br_websocket_close(br_websocket *w, int code, br_str reason);
