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
#include "http/conn_int.h"

#define BR_H2_STREAMS_ASSUMED   100  /* at once, until the server has told; Go's number */
#define BR_H2_STREAMS_UNLIMITED 1000 /* if it does not tell; Go's number */

void br_h2_open(br_http_conn *conn);  /* conn->stream is open and belongs to no exchange */
void br_h2_close(br_http_conn *conn); /* frees the session; fine if there is none */

/* Sends x with the next write; the connection has room. */
void br_h2_send(br_http_conn *conn, br_http_exchange *x);
/* Takes x away, whose error is filled in with `code`; the server is told. */
void br_h2_abandon(br_http_conn *conn, br_http_exchange *x, br_code code);

bool br_h2_busy(const br_http_conn *conn);     /* has exchanges */
bool br_h2_has_room(const br_http_conn *conn); /* for one more exchange */
bool br_h2_usable(const br_http_conn *conn);   /* may have room later, if it has none now */
