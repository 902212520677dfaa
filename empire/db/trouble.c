#include <stdio.h>

#include "empire/db/pool_int.h"

/* The faults on demand that are the pool's (faults/faults.h). Everything runs on the pool's thread. */

size_t emp_pool_size(const emp_pool *pool)
{
    size_t most = (size_t) emp_fault_get(pool->config.faults, EMP_FAULT_POOL);
    return most && most < pool->config.connections ? most : pool->config.connections;
}

size_t emp_pool_depth(const emp_pool *pool)
{
    bool is_single = pool->is_held_up || emp_fault_get(pool->config.faults, EMP_FAULT_POOL);
    return is_single ? 1 : pool->config.depth;
}

static void set_leaked(emp_conn *c, bool is_leaked)
{
    if (c->is_leaked == is_leaked) return;
    c->is_leaked = is_leaked;
    if (is_leaked) {
        atomic_fetch_add(&c->pool->leaked, 1);
    } else {
        atomic_fetch_sub(&c->pool->leaked, 1);
    }
}

void emp_conn_give_back(emp_conn *c)
{
    set_leaked(c, false);
}

/* One more connection is taken and not given back. */
static void leak_one(emp_pool *pool)
{
    for (size_t i = 0; i < emp_pool_size(pool); i++) {
        emp_conn *c = &pool->conns[i];
        if (!c->is_usable || c->is_leaked) continue;
        set_leaked(c, true);
        return;
    }
}

static void leak(emp_pool *pool, br_ns now)
{
    br_ns every = emp_fault_get(pool->config.faults, EMP_FAULT_LEAK_CONNECTIONS);
    if (every == 0) {
        pool->leak_at = 0;
        for (size_t i = 0; i < pool->config.connections; i++) {
            emp_conn_give_back(&pool->conns[i]);
        }
        return;
    }
    if (pool->leak_at == 0 || pool->leak_at > now + every) pool->leak_at = now + every;
    for (; now >= pool->leak_at; pool->leak_at += every) {
        leak_one(pool);
    }
}

void emp_pool_trouble(emp_pool *pool, br_ns now)
{
    if (!pool->config.faults) return;
    leak(pool, now);
}
