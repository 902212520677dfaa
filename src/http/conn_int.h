/*
 * http/conn_int.h - what client.c, pool.c, conn.c, h2.c and request.c share.
 *
 * An exchange goes:
 *
 *     start --> connection with room found ----------------------> sending --> reading --> done
 *        |  \-> none: look up the name --> dial --> open ----------^   |           |
 *        |  \-> one is dialled that may become HTTP/2: wait -------^   |           |
 *        v                v                 v                          v           v
 *      invalid: a      failed            failed                reused connection dead before a byte of
 *      task tells it                                            the answer, or stream refused: once more
 *
 * A connection belongs to the exchange that dials it or, with HTTP/1, uses it (conn->x), is in the idle list
 * of the client, or, with HTTP/2, carries the streams that h2.c counts; conn->place says in which list it is.
 */
#pragma once
#include "codec/h1.h"
#include "http/client.h"
#include "net/tcp.h"
#include "net/tls.h"
#include "net/tunnel.h"

#define BR_HTTP_FIELDS_MAX BR_H1_FIELDS_MAX

typedef struct br_http_conn br_http_conn;
typedef struct br_http_origin br_http_origin;
typedef struct br_h2 br_h2;

typedef struct br_http_queue {
    br_http_exchange *first, *last;
    uint32_t count;
} br_http_queue;

typedef enum br_http_place {
    BR_PLACE_NONE, /* in use, and no room for more */
    BR_PLACE_IDLE, /* in the idle list of the client */
    BR_PLACE_ROOM, /* HTTP/2, in use, with room for more: in the list of its origin */
} br_http_place;

struct br_http_conn {
    br_tcp tcp;
    br_tls *proxy_tls; /* above it, with a proxy; NULL: none */
    br_tunnel *tunnel; /* above it; NULL: none */
    br_tls *tls;       /* above it; NULL: plain */
    br_stream *stream; /* top of the stack */
    br_http_client *client;
    br_http_exchange *x;       /* NULL: idle */
    br_http_conn *prev, *next; /* in the list of its place; the idle ones most recently used first */
    br_h1 *parser;
    br_h2 *h2;              /* NULL: HTTP/1, or not open yet */
    br_http_origin *origin; /* of an HTTP/2 connection */
    br_buf held;            /* head of the request while a remainder of it waits */
    uint64_t counted_sent;  /* of stream->sent_bytes, those in the totals */
    uint64_t sent_before;   /* stream->sent_bytes when the exchange began */
    uint64_t counted_received;
    const br_proxy *proxy; /* that is asked for whole URLs; NULL: none */
    bool used;             /* had an exchange before this one */
    bool sending;          /* a remainder of the request waits */
    bool answering;        /* bytes of the answer have come */
    bool keep;             /* the request allows to keep the connection */
    br_http_place place;
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
    br_http_origin *origins; /* those that speak or may speak HTTP/2, latest first */
    uint32_t origin_count;
    uint32_t room_count;    /* HTTP/2 connections in use with room for more */
    br_http_queue finished; /* by HTTP/2, to be told by br_http_tell_finished() */
    bool telling, freed;    /* inside of that function; by one that it told */
    br_http_exchange *running;
    br_timer timer;
    br_ns timer_at;
};

#define BR_HTTP_SMALL_BODY 2048 /* copied behind the head: one piece is cheaper to send than two */

/* request.c */
/* BR_EINVAL with Go's sentence in text[200]. */
br_code br_http_request_check(const br_http_request *q, char *text);
/* Appends the head of a request that was checked; `out` has no limit. */
/* `proxy`: one that is asked for the whole URL; NULL: none. */
void br_http_request_put_head(const br_http_request *q, bool close, const br_proxy *proxy, br_buf *out);
br_str br_http_request_host(const br_http_request *q);
bool br_http_request_wants_close(const br_http_request *q);
bool br_http_request_repeatable(const br_http_request *q);

/* conn.c */
/* Dials for x, which is sent once the connection is open. */
void br_http_conn_dial(
    br_http_client *client, br_http_exchange *x, const br_address *addresses, size_t count);
/* Sends x over an open HTTP/1 connection. */
void br_http_conn_send(br_http_conn *conn, br_http_exchange *x);
void br_http_conn_free(br_http_conn *conn); /* closes; must not be in a list nor have exchanges */
/* Fills response->error with code and step, and with the addresses where Go names them. */
void br_http_conn_explain(
    br_http_conn *conn, br_http_response *response, br_code code, br_http_step step, const char *detail);
void br_http_conn_tell(
    const br_http_conn *conn, br_http_response *r);       /* the addresses, and whether it is reused */
void br_http_conn_count_sent(br_http_conn *conn);         /* into the totals */
uint64_t br_http_conn_count_received(br_http_conn *conn); /* the same; returns those since the last time */
br_http_step br_http_step_of(br_stream_op op);
/* Bytes of an answer's body: counted and kept. BR_ELIMIT with the error filled in. */
br_code br_http_take_body(br_http_exchange *x, br_str bytes);
/* Room for an announced body. BR_ELIMIT with the error filled in. */
br_code br_http_expect_body(br_http_exchange *x, int status, uint64_t length);
br_code br_http_too_many_fields(br_http_response *r); /* fills in the error */
/* A trailer field in response->head; those that would change the answer (Go's rule) are left out. */
br_code br_http_take_trailer(br_http_response *r, br_h1_field field);

/* pool.c */
/* A connection that can take a request to that URL now: idle, or HTTP/2 with room. It stays where it is. */
br_http_conn *br_http_pool_find(br_http_client *client, const br_url *url);
void br_http_pool_put(br_http_client *client, br_http_conn *conn); /* keeps an idle one, or closes it */
void br_http_pool_remove(br_http_conn *conn);                      /* out of its list, if it is in one */
/* Puts an HTTP/2 connection where it belongs now; closes it if nothing more is to be expected of it. */
void br_http_pool_place(br_http_conn *conn);
/* A connection speaks HTTP/2 from now on: how many streams it will take, as far as is known. And is closed.
 */
uint32_t br_http_pool_join(br_http_conn *conn);
void br_http_pool_leave(br_http_conn *conn);
/* The server told how many streams the connection takes. */
void br_http_pool_learn(br_http_conn *conn, uint32_t streams_max);
/* Gives the connection those that wait, as long as it has room. */
void br_http_pool_serve(br_http_conn *conn);
bool br_http_pool_awaits(const br_http_conn *conn); /* some wait */
/* true: x waits for a connection that is dialled. false: x has to dial, perhaps for others, too. */
bool br_http_pool_wait(br_http_client *client, br_http_exchange *x);
/*
 * The dial of x has ended: with `conn` speaking HTTP/2, with `conn` speaking HTTP/1, or without a connection
 * (NULL; `failed`: for reasons that others would meet as well). Those that waited for it go on.
 */
void br_http_pool_dialled(br_http_exchange *x, br_http_conn *conn, bool failed);
void br_http_pool_deinit(br_http_client *client);
void br_http_queue_add(br_http_queue *q, br_http_exchange *x);
void br_http_queue_remove(br_http_exchange *x);         /* fine if it is in none */
br_http_exchange *br_http_queue_take(br_http_queue *q); /* the first, or NULL */

/* client.c */
/* Ends x, which has no connection any more; calls on_done, after which nothing may be touched. */
void br_http_exchange_finish(br_http_exchange *x);
/* Starts x over on a new connection; the old one is gone. */
void br_http_exchange_retry(br_http_exchange *x);
/* Sends x over a connection of the pool, waits for one, or dials. */
void br_http_exchange_connect(br_http_exchange *x);
void br_http_exchange_dial(br_http_exchange *x); /* looks the name up and dials */
/* Ends, or starts over, all in client->finished; nothing may be touched afterwards. */
void br_http_tell_finished(br_http_client *client);
