#include "http/conn_int.h"
#include "base/assert.h"
#include "base/mem.h"
#include "http/h2_int.h"

#define ORIGINS_KEPT 64 /* known without being in use: which protocol they speak saves waiting next time */

/* Queues of exchanges ---------------------------------------------------------------------------- */

void br_http_queue_add(br_http_queue *q, br_http_exchange *x)
{
    BR_DASSERT(x->_queue == NULL);
    x->_queue = q;
    x->_queue_next = NULL;
    x->_queue_prev = q->last;
    *(q->last != NULL ? &q->last->_queue_next : &q->first) = x;
    q->last = x;
    q->count++;
}

void br_http_queue_remove(br_http_exchange *x)
{
    br_http_queue *q = x->_queue;
    if (q == NULL) {
        return;
    }
    *(x->_queue_prev != NULL ? &x->_queue_prev->_queue_next : &q->first) = x->_queue_next;
    *(x->_queue_next != NULL ? &x->_queue_next->_queue_prev : &q->last) = x->_queue_prev;
    x->_queue = NULL;
    q->count--;
}

br_http_exchange *br_http_queue_take(br_http_queue *q)
{
    br_http_exchange *x = q->first;
    if (x != NULL) {
        br_http_queue_remove(x);
    }
    return x;
}

/* Origins ---------------------------------------------------------------------------------------- */

/* Scheme, host and port that can be spoken to in HTTP/2, and what is going on with it. */
struct br_http_origin {
    br_http_origin *prev, *next;
    br_http_conn *room;    /* HTTP/2 connections in use with room for more */
    br_http_queue waiting; /* for the connections that are dialled */
    uint32_t dialling;     /* exchanges that dial */
    uint32_t conns;        /* HTTP/2 connections that are open */
    uint32_t streams_each; /* how many a connection takes, as far as is known */
    bool http1;            /* it turned out to speak HTTP/1 */
    bool tls;
    uint16_t port;
    size_t host_len;
    char host[];
};

static br_http_origin *find_origin(const br_http_client *client, br_str host, uint16_t port, bool tls)
{
    for (br_http_origin *o = client->origins; o != NULL; o = o->next) {
        if (o->port == port && o->tls == tls && br_str_eq((br_str){o->host, o->host_len}, host)) {
            return o;
        }
    }
    return NULL;
}

static void drop_origin(br_http_client *client, br_http_origin *o)
{
    *(o->prev != NULL ? &o->prev->next : &client->origins) = o->next;
    if (o->next != NULL) {
        o->next->prev = o->prev;
    }
    client->origin_count--;
    br_free(o);
}

/* Forgets the origins that nobody uses, the oldest first, until not too many are left. */
static void forget_some(br_http_client *client)
{
    br_http_origin *last = client->origins;
    while (last != NULL && last->next != NULL) {
        last = last->next;
    }
    for (br_http_origin *o = last, *prev; o != NULL && client->origin_count > ORIGINS_KEPT; o = prev) {
        prev = o->prev;
        if (o->dialling == 0 && o->waiting.count == 0 && o->conns == 0) {
            drop_origin(client, o);
        }
    }
}

static br_http_origin *origin_of(br_http_client *client, br_str host, uint16_t port, bool tls)
{
    br_http_origin *o = find_origin(client, host, port, tls);
    if (o != NULL) {
        return o;
    }
    forget_some(client);
    o = br_calloc(1, sizeof(*o) + host.n);
    o->streams_each = BR_H2_STREAMS_ASSUMED;
    o->tls = tls;
    o->port = port;
    o->host_len = host.n;
    memcpy(o->host, host.p, host.n);
    o->next = client->origins;
    if (o->next != NULL) {
        o->next->prev = o;
    }
    client->origins = o;
    client->origin_count++;
    return o;
}

void br_http_pool_deinit(br_http_client *client)
{
    while (client->origins != NULL) {
        BR_ASSERT(client->origins->conns == 0);
        drop_origin(client, client->origins);
    }
}

bool br_http_pool_awaits(const br_http_conn *conn)
{
    return conn->origin->waiting.count > 0;
}

uint32_t br_http_pool_join(br_http_conn *conn)
{
    conn->origin = origin_of(
        conn->client, (br_str){conn->host, conn->host_len}, conn->port, conn->tls != NULL);
    conn->origin->conns++;
    uint32_t known = conn->origin->streams_each;
    return known == 0 ? 1 : known < BR_H2_STREAMS_ASSUMED ? known : BR_H2_STREAMS_ASSUMED;
}

void br_http_pool_learn(br_http_conn *conn, uint32_t streams_max)
{
    conn->origin->streams_each = streams_max;
}

/* Places ----------------------------------------------------------------------------------------- */

static bool goes_to(const br_http_conn *conn, const char *host, size_t host_len, uint16_t port, bool tls)
{
    return conn->port == port && (conn->tls != NULL) == tls && conn->host_len == host_len &&
           memcmp(conn->host, host, host_len) == 0;
}

void br_http_pool_remove(br_http_conn *conn)
{
    br_http_client *client = conn->client;
    if (conn->place == BR_PLACE_NONE) {
        return;
    }
    bool idle = conn->place == BR_PLACE_IDLE;
    *(conn->prev != NULL ? &conn->prev->next : idle ? &client->idle_first : &conn->origin->room) = conn->next;
    if (conn->next != NULL) {
        conn->next->prev = conn->prev;
    } else if (idle) {
        client->idle_last = conn->prev;
    }
    *(idle ? &client->idle_count : &client->room_count) -= 1;
    conn->prev = conn->next = NULL;
    conn->place = BR_PLACE_NONE;
}

static void drop(br_http_conn *conn)
{
    br_http_pool_remove(conn);
    br_http_conn_free(conn);
}

static uint32_t idle_of_host(const br_http_client *client, const br_http_conn *like)
{
    uint32_t count = 0;
    for (const br_http_conn *c = client->idle_first; c != NULL; c = c->next) {
        count += goes_to(c, like->host, like->host_len, like->port, like->tls != NULL) ? 1 : 0;
    }
    return count;
}

/* Keeps the connection, or closes it (too many of its host), or the longest unused one (too many in all). */
void br_http_pool_put(br_http_client *client, br_http_conn *conn)
{
    const br_http_client_config *config = &client->config;
    bool full = client->idle_count >= config->max_idle_per_host &&
                idle_of_host(client, conn) >= config->max_idle_per_host;
    if (full || config->max_idle == 0) {
        br_http_conn_free(conn);
        return;
    }
    conn->used = true;
    conn->place = BR_PLACE_IDLE;
    conn->prev = NULL;
    conn->next = client->idle_first;
    *(client->idle_first != NULL ? &client->idle_first->prev : &client->idle_last) = conn;
    client->idle_first = conn;
    if (++client->idle_count > config->max_idle) {
        drop(client->idle_last);
    }
}

static void put_roomy(br_http_conn *conn)
{
    br_http_origin *o = conn->origin;
    conn->place = BR_PLACE_ROOM;
    conn->prev = NULL;
    conn->next = o->room;
    if (o->room != NULL) {
        o->room->prev = conn;
    }
    o->room = conn;
    conn->client->room_count++;
}

void br_http_pool_place(br_http_conn *conn)
{
    br_http_place place = BR_PLACE_NONE;
    if (br_h2_busy(conn)) {
        place = br_h2_has_room(conn) ? BR_PLACE_ROOM : BR_PLACE_NONE;
    } else if (br_h2_usable(conn)) {
        place = BR_PLACE_IDLE;
    } else {
        drop(conn);
        return;
    }
    if (place == conn->place) {
        return;
    }
    br_http_pool_remove(conn);
    if (place == BR_PLACE_IDLE) {
        br_http_pool_put(conn->client, conn);
    } else if (place == BR_PLACE_ROOM) {
        put_roomy(conn);
    }
}

br_http_conn *br_http_pool_find(br_http_client *client, const br_url *url)
{
    if (client->room_count > 0) {
        const br_http_origin *o = find_origin(client, url->host, url->port, url->tls);
        if (o != NULL && o->room != NULL) {
            return o->room;
        }
    }
    for (br_http_conn *c = client->idle_first; c != NULL; c = c->next) {
        bool room = c->h2 == NULL || br_h2_has_room(c); /* cancelled streams may not have left yet */
        if (room && goes_to(c, url->host.p, url->host.n, url->port, url->tls)) {
            return c;
        }
    }
    return NULL;
}

void br_http_client_close_idle(br_http_client *client)
{
    while (client->idle_first != NULL) {
        drop(client->idle_first);
    }
}

/* Waiting for a connection that is dialled --------------------------------------------------------- */

static bool may_become_h2(const br_http_client *client, const br_url *url)
{
    const br_http_client_config *config = &client->config;
    return !config->no_reuse && (url->tls ? config->http2 : config->h2c);
}

/* The connections under way have streams for all that wait, for `more`, and for those that dial them. */
static bool enough_dialled(const br_http_origin *o, uint32_t more)
{
    if (o->streams_each == 0 && o->dialling > 0) { /* one is enough to be told about a change */
        return true;
    }
    uint64_t have = (uint64_t) o->dialling * o->streams_each;
    return (uint64_t) o->waiting.count + more + o->dialling <= have;
}

/* Another connection would not help. */
static bool allows_none(const br_http_origin *o)
{
    return o->streams_each == 0 && o->conns > 0;
}

static void begin_dialling(br_http_origin *o, br_http_exchange *x)
{
    o->dialling++;
    x->_dials_for = o;
}

bool br_http_pool_wait(br_http_client *client, br_http_exchange *x)
{
    if (!may_become_h2(client, &x->request->url)) {
        return false;
    }
    const br_url *url = &x->request->url;
    br_http_origin *o = origin_of(client, url->host, url->port, url->tls);
    if (o->http1) {
        return false;
    }
    if (allows_none(o) || enough_dialled(o, 1)) {
        br_http_queue_add(&o->waiting, x);
        return true;
    }
    begin_dialling(o, x);
    return false;
}

void br_http_pool_serve(br_http_conn *conn)
{
    br_http_exchange *x;
    while (br_h2_has_room(conn) && (x = br_http_queue_take(&conn->origin->waiting)) != NULL) {
        x->response->times.ready = br_loop_clock(conn->client->loop);
        br_h2_send(conn, x);
    }
}

static void dial_for(br_http_origin *o, bool all)
{
    br_http_exchange *x;
    while (
        !allows_none(o) && (all || !enough_dialled(o, 0)) && (x = br_http_queue_take(&o->waiting)) != NULL) {
        if (!o->http1) {
            begin_dialling(o, x);
        }
        br_http_exchange_dial(x);
    }
}

void br_http_pool_leave(br_http_conn *conn)
{
    br_http_origin *o = conn->origin;
    conn->origin = NULL;
    if (--o->conns == 0) { /* those that waited for it to allow streams */
        dial_for(o, false);
    }
}

void br_http_pool_dialled(br_http_exchange *x, br_http_conn *conn, bool failed)
{
    br_http_origin *o = x->_dials_for;
    if (o == NULL) {
        return;
    }
    x->_dials_for = NULL;
    o->dialling--;
    if (conn != NULL && conn->h2 != NULL) {
        br_http_pool_serve(conn);
    }
    o->http1 = conn != NULL && conn->h2 == NULL;
    dial_for(o, failed || o->http1);
}
