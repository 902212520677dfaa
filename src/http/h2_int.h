/*
 * http/h2_int.h - an HTTP/2 connection: many exchanges over one stream of bytes.
 *
 * What: nghttp2's client session above conn->stream. Requests are given to it, what it wants to say is
 *     collected and written once per turn of the loop, and its events fill the responses.
 * Why here: conn.c dials and speaks HTTP/1; once a connection is known to speak HTTP/2 its events come here.
 * Threads: the client's loop.
 * Memory: one session (about 40 KB with nghttp2's frame buffer and header tables) per connection. Requests
 * are borrowed: heads are copied by nghttp2 when they start, bodies are read from the request's memory when
 * the frames are written. Frames that the kernel does not take wait in conn->held, at most FLUSH_BYTES and a
 *     frame.
 * Limits: what a hostile server can make us keep is bounded: heads by max_head_bytes and 1000 fields
 *     (counted over informational answers and trailers), bodies by max_body_bytes, CONTINUATION frames,
 * settings and unsent acknowledgements by nghttp2; pushes are refused. Windows are large and opened again by
 * nghttp2 after each half, for everything that arrives is used up at once.
 *
 * A stream goes:
 *
 *     queued --HEADERS written--> begun --END_STREAM written--> finished --END_STREAM read--> done
 *        |                          |                              |
 *        |                          +-- END_STREAM read: done, the rest of the body is not sent (RST_STREAM)
 *        |                          +-- RST_STREAM read: failed, or once more if refused
 *        +--- connection ends: once more
 *
 * Nothing of the user's runs inside nghttp2: exchanges that end are put into client->finished, and
 * br_http_tell_finished() is the last thing that any event of the connection does.
 */
#pragma once
#include <nghttp2/nghttp2.h>
#include "http/conn_int.h"

#define BR_H2_STREAMS_ASSUMED   100  /* at once, until the server has told; Go's number */
#define BR_H2_STREAMS_UNLIMITED 1000 /* if it does not tell; Go's number */

#define BR_H2_FRAME_HEAD  9
#define BR_H2_LENGTH_NONE UINT64_MAX

typedef struct br_h2_goaway {
    bool received;
    uint32_t code;
    int32_t last_stream;
    char debug[64];
} br_h2_goaway;

#define BR_H2_MEM_CLASSES 32 /* blocks of up to 31 * 32 bytes are kept */
typedef struct br_h2_mem {
    struct br_h2_free_block *free[BR_H2_MEM_CLASSES];
} br_h2_mem;

struct br_h2 {
    nghttp2_session *session;
    br_task flush;
    br_http_queue handed; /* their last byte is in the write that is under way */
    br_ns now;            /* when the bytes came that are being read */
    uint32_t streams;     /* that nghttp2 has, with those whose exchange was cancelled */
    uint32_t live;        /* exchanges */
    uint32_t unsent;      /* of `streams`, those submitted since the last write */
    uint32_t streams_max;
    bool spoken;   /* the server has sent its settings: it speaks HTTP/2 */
    bool looked;   /* once more at the sockets before this write */
    bool writing;  /* a remainder waits */
    bool draining; /* takes no further exchanges */
    bool failed;   /* by us, with `failure` */
    uint32_t failure;
    br_h2_goaway goaway;
    br_h2_mem mem;
};

/* h2.c: the session, writing, requests ---------------------------------------------------------------- */

void br_h2_open(br_http_conn *conn);  /* conn->stream is open and belongs to no exchange */
void br_h2_close(br_http_conn *conn); /* frees the session; fine if there is none */

/* Sends x with the next write; the connection has room. */
void br_h2_send(br_http_conn *conn, br_http_exchange *x);
/* Takes x away, whose error is filled in with `code`; the server is told. */
void br_h2_abandon(br_http_conn *conn, br_http_exchange *x, br_code code);

bool br_h2_busy(const br_http_conn *conn);     /* has exchanges */
bool br_h2_has_room(const br_http_conn *conn); /* for one more exchange */
bool br_h2_usable(const br_http_conn *conn);   /* may have room later, if it has none now */

/* h2_read.c: what the server sends, and how exchanges end ----------------------------------------------- */

void br_h2_set_read_callbacks(nghttp2_session_callbacks *callbacks);
/* Takes x off the connection, and with its response as it is into client->finished. */
void br_h2_detach(br_http_conn *conn, br_http_exchange *x);
void br_h2_end_exchange(br_http_conn *conn, br_http_exchange *x);
/* Resets a stream that is still open; nothing more is heard of it. */
void br_h2_cut_stream(br_http_conn *conn, br_http_exchange *x, uint32_t code);
/* Fill in the error: the server said goodbye; we ended the session. */
void br_h2_explain_goaway(br_http_conn *conn, br_http_exchange *x);
void br_h2_explain_failure(br_http_conn *conn, br_http_exchange *x);
/* Adds that the server does not seem to speak HTTP/2, if it was not asked and has not. */
void br_h2_explain_silence(br_http_conn *conn, br_http_exchange *x);

/* h2_mem.c: the session's memory. Blocks of a stream come and go by the dozen; freed ones are kept for the
 * next stream until the connection is closed. */

void br_h2_mem_use(br_h2_mem *m, nghttp2_mem *ret); /* zeroed before; `ret` is for nghttp2 */
void br_h2_mem_deinit(br_h2_mem *m);                /* when the session is gone */
