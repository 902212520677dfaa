/*
 * net/tunnel.h - a way through a proxy, as a stream above another stream.
 *
 * What: asks an HTTP proxy with CONNECT, or a SOCKS5 proxy (RFC 1928, 1929), for a connection to the target;
 * then hands bytes through. Why here: a filter of net/stream.h, above TCP and below TLS. Threads: one loop.
 * Memory: the handshake's bytes, at most BR_TUNNEL_ANSWER_MAX of the answer; nothing afterwards.
 * Invariants: those of net/stream.h. The proxy resolves the target's name.
 *
 *     CLOSED --lower stream open, request sent--> ASKING --answer--> OPEN
 *        ^                                          |  refused, malformed: on_closed()
 *        |                                          |  takes too long: on_closed()
 *        +------------ br_stream_close() -----------+
 */
#pragma once
#include "base/buf.h"
#include "loop/loop.h"
#include "net/proxy.h"
#include "net/stream.h"

#define BR_TUNNEL_ANSWER_MAX 16384

typedef enum br_tunnel_state {
    BR_TUNNEL_CLOSED,
    BR_TUNNEL_ASKING,
    BR_TUNNEL_OPEN,
    BR_TUNNEL_BROKEN
} br_tunnel_state;

typedef struct br_tunnel {
    br_stream stream; /* first */
    br_stream *_lower;
    const br_proxy *_proxy;
    br_tunnel_state _state;
    bool _busy;  /* the lower stream still reads from _out */
    int _step;   /* of SOCKS5: greeting, password, request */
    br_buf _out; /* being sent */
    br_buf _in;  /* answer so far */
    char *_host;
    uint16_t _port;
    br_loop *_loop; /* NULL: no limit of time */
    br_timer _timer;
    br_ns _timeout_ns;
    char error[160]; /* Go's sentence, when on_closed() comes with BR_EPROXY */
} br_tunnel;

extern const br_stream_events br_tunnel_lower_events; /* of the lower stream, whose owner is the br_tunnel */

void br_tunnel_init(br_tunnel *t, br_stream *lower, const br_proxy *proxy, br_str host, uint16_t port,
    const br_stream_events *events, void *owner);
/* The proxy has to answer within that time, else on_closed() comes with BR_EDIALTIMEOUT. Before it connects.
 */
void br_tunnel_limit(br_tunnel *t, br_loop *loop, br_ns timeout_ns);
