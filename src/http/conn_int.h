/*
 * http/conn_int.h - what client.c, conn.c and request.c share.
 *
 * An exchange goes:
 *
 *     start --> idle connection found ---------------------------> sending --> reading --> done
 *        |  \-> none: look up the name --> dial --> open -----------^  |           |
 *        |                |                 |                          |           |
 *        v                v                 v                          v           v
 *      invalid: a      failed            failed                reused connection dead before a byte of
 *      task tells it                                            the answer: once more from "look up"
 *
 * A connection belongs either to one exchange (conn->x) or to the idle list of the client.
 */
#pragma once
#include "codec/h1.h"
#include "http/client.h"
#include "net/tcp.h"

typedef struct br_http_conn br_http_conn;

struct br_http_conn {
    br_tcp tcp;
    br_stream *stream; /* top of the stack: so far the TCP connection itself */
    br_http_client *client;
    br_http_exchange *x;       /* NULL: idle */
    br_http_conn *prev, *next; /* idle list, most recently used first */
    br_h1 *parser;
    br_buf held;           /* head of the request while a remainder of it waits */
    uint64_t counted_sent; /* of stream->sent_bytes, those in the totals */
    uint64_t sent_before;  /* stream->sent_bytes when the exchange began */
    bool used;             /* had an exchange before this one */
    bool sending;          /* a remainder of the request waits */
    bool answering;        /* bytes of the answer have come */
    bool keep;             /* the request allows to keep the connection */
    bool ipv6_literal;
    char remote_ip[46];
    uint16_t remote_port;
    uint16_t port; /* of the URL, with `host` the key of the pool */
    size_t host_len;
    char host[];
};

struct br_http_client {
    br_loop *loop;
    br_dns *dns;
    br_http_client_config config;
    br_http_totals totals;
    br_buf head; /* request line and header of the request that starts */
    br_http_conn *idle_first, *idle_last;
    uint32_t idle_count;
    br_http_exchange *running;
    br_timer timer;
    br_ns timer_at;
};

/* request.c: checks the request and writes its head. BR_EINVAL and BR_ELIMIT with Go's sentence in text[200].
 */
br_code br_http_request_put_head(const br_http_request *q, bool close, br_buf *out, char *text);
bool br_http_request_wants_close(const br_http_request *q);
bool br_http_request_repeatable(const br_http_request *q);

/* conn.c */
/* Dials for x, which is sent once the connection is open. */
void br_http_conn_dial(
    br_http_client *client, br_http_exchange *x, const br_address *addresses, size_t count);
/* Sends x, whose head is in client->head, over an open connection. */
void br_http_conn_send(br_http_conn *conn, br_http_exchange *x);
void br_http_conn_free(br_http_conn *conn); /* closes; must not be in the idle list */
/* Fills response->error with code and step, and with the addresses where Go names them. */
void br_http_conn_explain(br_http_conn *conn, br_code code, br_http_step step, const char *detail);

/* client.c */
void br_http_pool_put(br_http_client *client, br_http_conn *conn);
void br_http_pool_remove(br_http_client *client, br_http_conn *conn);
/* Ends x, which has no connection any more; calls on_done, after which nothing may be touched. */
void br_http_exchange_finish(br_http_exchange *x);
/* Starts x over on a new connection; the old one is gone. */
void br_http_exchange_retry(br_http_exchange *x);
