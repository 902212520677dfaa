/*
 * tests/support/h2_server.h - an HTTP/2 server that plays a function, frame by frame, for tests of clients.
 *
 * What: listens on 127.0.0.1 on a free port; each connection runs the test's function on a thread of its own.
 *     The function reads and sends frames, well-formed or not. Why here: hostile servers have to break each
 * rule by itself, which no real server can be told to do. Threads: start and stop on the test's thread; the
 * counters may be read at any time. Memory: a frame's payload is valid until the next one is read.
 */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { /* types of frames, their flags, settings, error codes: RFC 9113 */
    H2_DATA = 0,
    H2_HEADERS = 1,
    H2_PRIORITY = 2,
    H2_RST_STREAM = 3,
    H2_SETTINGS = 4,
    H2_PUSH_PROMISE = 5,
    H2_PING = 6,
    H2_GOAWAY = 7,
    H2_WINDOW_UPDATE = 8,
    H2_CONTINUATION = 9,
    H2_END_STREAM = 1, /* also ACK */
    H2_ACK = 1,
    H2_END_HEADERS = 4,
    H2_MAX_CONCURRENT_STREAMS = 3,
    H2_INITIAL_WINDOW_SIZE = 4,
};

typedef struct h2_frame {
    uint8_t type, flags;
    uint32_t stream;
    size_t len;
    const uint8_t *payload;
} h2_frame;

typedef struct h2_peer h2_peer;
typedef struct h2_server h2_server;
typedef void h2_play_fn(h2_peer *p, unsigned connection); /* connection: 0, 1, ... */

h2_server *h2_server_start(h2_play_fn *play);
void h2_server_stop(h2_server *s); /* ends all connections and joins all threads */
uint16_t h2_server_port(const h2_server *s);
unsigned h2_server_connections(const h2_server *s); /* accepted so far */
unsigned h2_server_requests(const h2_server *s);    /* HEADERS read so far */

/* For the function that plays. Reading answers nothing by itself; false: the client is gone. */
bool h2_read(h2_peer *p, h2_frame *ret);
bool h2_read_preface(h2_peer *p);
bool h2_read_until(h2_peer *p, uint8_t type, h2_frame *ret); /* drops other frames */
uint32_t h2_read_request(h2_peer *p); /* until the next HEADERS; its stream, 0 if the client is gone */
/* The fields of a HEADERS frame as "name: value\n", cut at `cap`. Each frame has to be given once, in order.
 */
void h2_decode(h2_peer *p, const h2_frame *f, char *out, size_t cap);
bool h2_send(h2_peer *p, uint8_t type, uint8_t flags, uint32_t stream, const void *payload, size_t len);
bool h2_send_raw(h2_peer *p, const void *bytes, size_t len);
bool h2_send_text(h2_peer *p, uint8_t type, uint8_t flags, uint32_t stream, const char *payload);
bool h2_send_u32(h2_peer *p, uint8_t type, uint32_t stream, uint32_t value); /* RST_STREAM, WINDOW_UPDATE */
bool h2_send_setting(h2_peer *p, uint16_t id, uint32_t value);
bool h2_send_goaway(h2_peer *p, uint32_t last_stream, uint32_t code, const char *debug);
/* `fields`: "name\0value\0", as many as there are, and an empty name; encoded without compression. */
bool h2_send_headers(h2_peer *p, uint8_t flags, uint32_t stream, const char *fields);
/* The same appended to `out` of `cap` bytes; returns how many. */
size_t h2_encode(const char *fields, uint8_t *out, size_t cap);
/* Preface and SETTINGS read, empty SETTINGS sent, both acknowledged. */
bool h2_begin(h2_peer *p);
/* HEADERS with status 200 and a body of `text`. */
bool h2_answer(h2_peer *p, uint32_t stream, const char *text);
void h2_pause(int ms);
void h2_drain(h2_peer *p); /* reads until the client closes */
