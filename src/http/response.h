/*
 * http/response.h - an answer as bytes and slices; nothing is converted before somebody asks.
 *
 * What: status line, header fields, body, phase times, sizes and the error of one exchange.
 * Why here: filled by the client as bytes arrive, read lazily by script/ and engine/.
 * Threads: one.
 * Memory: two buffers (head, body) and a field table, all reused by br_http_response_reset(); slices
 *     returned by the accessors point into them and die with reset/deinit.
 */
#pragma once
#include "base/buf.h"
#include "base/clock.h"
#include "codec/h1.h"
#include "http/error.h"
#include "net/tls.h"

/* Absolute times by br_loop_clock(); 0 = never reached. */
typedef struct br_http_times {
    br_ns start;         /* the request was asked for */
    br_ns connect_start; /* first address dialled; 0 on a reused connection */
    br_ns connect_end;
    br_ns tls_start, tls_end;
    br_ns ready; /* a connection was obtained */
    br_ns sent;  /* last byte of the request handed to the kernel */
    br_ns first_byte;
    br_ns end;
} br_http_times;

typedef struct br_http_response {
    int status;                     /* 0 until a status line was read */
    int http_major, http_minor;     /* 1 and 0 or 1; 2 and 0 */
    uint32_t reason_at, reason_len; /* in head */
    br_buf head;
    br_h1_fields fields, trailers;       /* of HTTP/2 as well: offsets into head */
    br_buf body;                         /* as received, after removing the transfer coding */
    uint64_t body_bytes;                 /* body bytes seen, also when dropped */
    uint64_t sent_bytes, received_bytes; /* of this exchange, on the socket */
    br_http_times times;
    br_http_error error; /* error.code == BR_OK: complete */
    char remote_ip[46];
    uint16_t remote_port;
    bool reused; /* the connection had been used before */
    bool tls;
    br_tls_info tls_info; /* if tls: what the connection's handshake agreed on */
} br_http_response;

void br_http_response_init(br_http_response *r);
void br_http_response_deinit(br_http_response *r);
void br_http_response_reset(br_http_response *r); /* keeps buffers up to a sane size, frees larger ones */

br_str br_http_response_proto(const br_http_response *r); /* "HTTP/1.1", "HTTP/2.0"; a static string */
/* As sent; over HTTP/2, which has none, the usual one of the status. */
br_str br_http_response_reason(const br_http_response *r);
br_str br_http_field_name(const br_http_response *r, size_t i);
br_str br_http_field_value(const br_http_response *r, size_t i);
br_str br_http_trailer_name(const br_http_response *r, size_t i);
br_str br_http_trailer_value(const br_http_response *r, size_t i);
/* Value of the first field of that name (ASCII case ignored); p == NULL if absent. */
br_str br_http_response_header(const br_http_response *r, br_str name);

/* k6's six phases in nanoseconds, never negative. duration = sending + waiting + receiving. */
typedef struct br_http_phases {
    br_ns blocked, connecting, tls_handshaking, sending, waiting, receiving, duration;
} br_http_phases;
br_http_phases br_http_response_phases(const br_http_response *r);
