/*
 * db/pool_int.h - what pool.c (queue, deadlines, thread) and conn.c (one connection) share.
 * Threads: everything here belongs to the pool's thread unless it is atomic or under `mutex`.
 */
#pragma once
#include <libpq-fe.h>
#include <pthread.h>
#include <stdatomic.h>
#include "empire/db/pool.h"

/* Slots of a connection: the pipeline's depth, a ping, and the statements while they are prepared. */
#define EMP_CONN_SLOTS    128
#define EMP_CONN_SILENCE  (2 * BR_SEC) /* with something in flight: not usable any more */
#define EMP_CONN_PING     (1 * BR_SEC) /* idle for so long: ask */
#define EMP_CONNECT_BOUND (5 * BR_SEC)
#define EMP_BACKOFF_MIN   (100 * BR_MS)
#define EMP_BACKOFF_MAX   (2 * BR_SEC)

/*
 *        open             connected              prepared
 *   DOWN ------> OPENING -----------> PREPARING ----------> READY
 *     ^             |                     |                   |
 *     +-------------+---------------------+-------------------+
 *        lost: an error, end of stream, or a time limit; opened again after a growing pause
 */
typedef enum emp_conn_state {
    EMP_CONN_DOWN,
    EMP_CONN_OPENING,
    EMP_CONN_PREPARING,
    EMP_CONN_READY
} emp_conn_state;

/* A command in flight. `q` is NULL for the pool's own and for a query that was given up. */
typedef struct emp_slot {
    emp_query *q;
    br_ns sent;
} emp_slot;

typedef struct emp_conn {
    struct emp_pool *pool;
    size_t index;
    emp_conn_state state;
    PGconn *pg;
    int fd;          /* as registered in epoll; -1: none */
    uint32_t events; /* as registered */
    br_ns since;     /* of this state */
    br_ns heard;     /* last bytes from the server */
    br_ns retry_at, backoff;
    bool is_usable;         /* READY and not silent */
    br_ns used;             /* last query's sending */
    bool is_leaked;         /* gets no queries: somebody has it (trouble.c) */
    bool avoids_indexes;    /* as the session was told */
    size_t head, in_flight; /* ring of slots, oldest first */
    emp_slot slots[EMP_CONN_SLOTS];
    PGresult *result; /* of the oldest slot, until its sync arrives */
} emp_conn;

struct emp_pool {
    emp_pool_config config;
    char *url;
    emp_conn conns[EMP_POOL_CONNECTIONS_MAX];
    int epoll, wake;
    pthread_t thread;
    emp_link by_age;  /* all submitted queries that this thread knows, oldest first */
    emp_link waiting; /* those not in flight */
    br_ns error_logged_at;
    br_ns leak_at;   /* when the next connection leaks; 0: none does */
    size_t wanted;   /* connections to have open: conns[0 .. wanted) */
    bool is_held_up; /* at the last tick: some query takes long, so none is sent behind another */

    pthread_mutex_t mutex;
    emp_link incoming;      /* under the mutex */
    char last_error[512];   /* under the mutex: why a connection failed last */
    pthread_cond_t changed; /* `usable` or `last_error` */

    atomic_bool stopping, cut;
    atomic_size_t outstanding, usable, busy, leaked, waiting_now, in_flight_now;
    atomic_uint_fast64_t queries[EMP_DB_ERROR + 1], refused_full, refused_down, connects, losses, waits;
    atomic_int_fast64_t wait_ns_total;
};

static inline void emp_list_init(emp_link *list)
{
    list->prev = list->next = list;
}

static inline bool emp_list_is_empty(const emp_link *list)
{
    return list->next == list;
}

/* Puts `item` before `at`: at the end when `at` is the list, in front when it is its first. */
static inline void emp_list_insert(emp_link *at, emp_link *item)
{
    item->prev = at->prev;
    item->next = at;
    at->prev->next = item;
    at->prev = item;
}

static inline void emp_list_remove(emp_link *item)
{
    item->prev->next = item->next;
    item->next->prev = item->prev;
    emp_list_init(item);
}

/* conn.c */
void emp_conn_init(emp_conn *c, emp_pool *pool, size_t index);
void emp_conn_open(emp_conn *c, br_ns now);
void emp_conn_event(emp_conn *c, uint32_t events, br_ns now);
void emp_conn_tick(emp_conn *c, br_ns now); /* limits, silence, pings, reconnecting */
bool emp_conn_has_room(const emp_conn *c);
void emp_conn_send(emp_conn *c, emp_query *q, br_ns now); /* needs room */
void emp_conn_forget(emp_conn *c, const emp_query *q);    /* in flight there, given up by the pool */
void emp_conn_close(emp_conn *c);                         /* for good; what is in flight is lost */

void emp_conn_retire(emp_conn *c); /* closes an idle one, until a tick opens it again */

/* size.c: how many connections are open */
void emp_pool_resize(emp_pool *pool, br_ns now); /* at each tick */

/* trouble.c: the pool's faults on demand */
size_t emp_pool_size(const emp_pool *pool);       /* the limit of connections now */
size_t emp_pool_depth(const emp_pool *pool);      /* queries at once on each */
void emp_pool_trouble(emp_pool *pool, br_ns now); /* at each tick */
void emp_conn_give_back(emp_conn *c);

/* pool.c, called by conn.c */
void emp_pool_finish(emp_pool *pool, emp_query *q, emp_outcome outcome, PGresult *take_result);
void emp_pool_return(emp_pool *pool, emp_query *q); /* its connection was lost: again, or EMP_DB_DOWN */
void emp_pool_note_error(emp_pool *pool, const char *text);
void emp_pool_note_usable(emp_pool *pool, bool is_usable); /* one connection more or less */
/* Logs what the server said of a failed statement, at most once a second. */
void emp_pool_log_error(emp_pool *pool, const char *statement, const PGresult *result, br_ns now);
/* First line of libpq's message, without the line end; cut to fit. */
void emp_first_line(const char *message, char *ret_text, size_t size_bytes);
