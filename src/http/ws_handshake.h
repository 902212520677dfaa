/*
 * http/ws_handshake.h - what the two sides of a WebSocket's handshake say (RFC 6455 section 4).
 *
 * What: the header of the request, and whether an answer agrees to it.
 * Why here: no I/O; http/websocket.h sends the one and gets the other.
 * Threads: values.
 * Memory: in the caller's arena.
 */
#pragma once
#include "base/arena.h"
#include "http/client.h"

#define BR_WS_NONCE_BYTES 16

typedef struct br_ws_handshake {
    const br_http_request *request; /* with the headers of the script, sorted behind a leading User-Agent */
    br_str protocols;               /* "a, b"; empty: none */
    bool deflate;                   /* offer compression */
} br_ws_handshake;

/* BR_EINVAL: the script gave a header that the handshake makes itself. */
BR_NODISCARD br_code br_ws_handshake_check(const br_ws_handshake *h, br_err *err);
/* Fills in the request that is sent; returns the Sec-WebSocket-Accept that has to come back. */
br_str br_ws_handshake_make(br_arena *arena, const br_ws_handshake *h, const uint8_t nonce[BR_WS_NONCE_BYTES],
    br_http_request *ret_request);
/* What is wrong with the answer, in the words of k6's library; NULL: nothing, and *ret_deflate tells whether
 * messages may be compressed. */
const char *br_ws_handshake_fault(const br_http_response *r, br_str accept, bool *ret_deflate);
