#include "empire/db/pool_int.h"

/*
 * How many connections are open, and whether they are shared. While all queries are short, a few connections
 * with several queries in flight on each serve them best. As soon as one takes long, because of its work, of
 * a lock, or because somebody does not give the connection back, none is sent behind another any more, and
 * when no connection is free, more are opened, up to the limit: a pool as any other, in which queries wait
 * for one. It is looked at ten times a second, so that neither a burst nor a slow moment opens any. conns[0
 * .. wanted) are open or being opened; the others are closed as soon as they are idle.
 */

#define HELD_UP    (200 * BR_MS) /* in flight for so long */
#define IDLE_LIMIT (60 * BR_SEC) /* without a query: the last one of those that are open is closed */

static bool is_held_up(const emp_pool *pool, br_ns now)
{
    for (size_t i = 0; i < pool->config.connections; i++) {
        const emp_conn *c = &pool->conns[i];
        if (c->state == EMP_CONN_READY && c->in_flight > 0 && now - c->slots[c->head].sent >= HELD_UP)
            return true;
    }
    return false;
}

/* Can any that is open take a query? One that is being opened soon can. */
static bool has_free(const emp_pool *pool)
{
    for (size_t i = 0; i < pool->wanted; i++) {
        const emp_conn *c = &pool->conns[i];
        if (c->state == EMP_CONN_OPENING || c->state == EMP_CONN_PREPARING || emp_conn_has_room(c))
            return true;
    }
    return false;
}

/* Full pipelines of short queries are empty again before a connection is open. */
static bool is_single(const emp_pool *pool)
{
    return emp_pool_depth(pool) == 1 || atomic_load(&pool->leaked) > 0;
}

/* While none can be reached, there is no use in trying more of them. */
static bool has_ready(const emp_pool *pool)
{
    for (size_t i = 0; i < pool->wanted; i++) {
        if (pool->conns[i].state == EMP_CONN_READY) return true;
    }
    return false;
}

static void grow(emp_pool *pool, size_t most, br_ns now)
{
    size_t more = atomic_load(&pool->waiting_now);
    if (more > pool->wanted) more = pool->wanted; /* at most twice as many at once */
    if (more == 0) more = 1;                      /* for the next one */
    if (more > most - pool->wanted) more = most - pool->wanted;
    for (; more > 0; more--) {
        pool->conns[pool->wanted++].used = now;
    }
}

static void shrink(emp_pool *pool, br_ns now)
{
    const emp_conn *last = &pool->conns[pool->wanted - 1];
    if (last->in_flight > 0 || last->is_leaked || now - last->used < IDLE_LIMIT) return;
    pool->wanted--;
}

void emp_pool_resize(emp_pool *pool, br_ns now)
{
    size_t most = emp_pool_size(pool);
    pool->is_held_up = is_held_up(pool, now);
    if (pool->wanted > most) pool->wanted = most;
    if (pool->wanted < most && is_single(pool) && has_ready(pool) && !has_free(pool)) {
        grow(pool, most, now);
    } else if (pool->wanted > pool->config.kept) {
        shrink(pool, now);
    } else if (pool->wanted < pool->config.kept) {
        pool->wanted = pool->config.kept < most ? pool->config.kept : most; /* the fault of few is over */
    }
    for (size_t i = pool->wanted; i < pool->config.connections; i++) {
        emp_conn *c = &pool->conns[i];
        if (c->state != EMP_CONN_DOWN && c->in_flight == 0) emp_conn_retire(c);
    }
}
