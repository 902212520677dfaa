/* empire/db/size.c on a pool without a server: its connections are what the test says they are. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include "base/mem.h"
#include "empire/db/pool_int.h"

#define SECOND(n) ((br_ns) (n) *BR_SEC)

static emp_pool *pool_of(size_t most, size_t kept)
{
    emp_pool *pool = BR_NEW(emp_pool);
    pool->config = (emp_pool_config){.connections = most, .kept = kept, .depth = 4};
    pool->wanted = kept;
    pool->epoll = pool->wake = -1;
    pthread_mutex_init(&pool->mutex, NULL);
    pthread_cond_init(&pool->changed, NULL);
    for (size_t i = 0; i < most; i++) {
        emp_conn_init(&pool->conns[i], pool, i);
    }
    return pool;
}

static void free_pool(emp_pool *pool)
{
    pthread_cond_destroy(&pool->changed);
    pthread_mutex_destroy(&pool->mutex);
    br_free(pool);
}

/* Connections [from, to) become usable at `now`. */
static void open_conns(emp_pool *pool, size_t from, size_t to, br_ns now)
{
    for (size_t i = from; i < to; i++) {
        emp_conn *c = &pool->conns[i];
        c->state = EMP_CONN_READY;
        c->since = now;
        c->is_usable = true;
        atomic_fetch_add(&pool->usable, 1);
    }
}

static void put_query(emp_conn *c, br_ns sent)
{
    c->slots[c->head].sent = c->used = sent;
    c->in_flight = 1;
    atomic_fetch_add(&c->pool->in_flight_now, 1);
}

static void end_query(emp_conn *c)
{
    c->in_flight = 0;
    atomic_fetch_sub(&c->pool->in_flight_now, 1);
}

static void set_waiting(emp_pool *pool, size_t n)
{
    atomic_store(&pool->waiting_now, n);
}

/* Pipelined while all are quick; one by one, and on more connections, when one takes long. */
static void grows_when_held_up(void **state)
{
    (void) state;
    emp_pool *pool = pool_of(10, 2);
    br_ns now = SECOND(100);
    set_waiting(pool, 5);
    emp_pool_resize(pool, now); /* none is open yet: no use in more */
    assert_int_equal(pool->wanted, 2);
    open_conns(pool, 0, 2, now);
    put_query(&pool->conns[0], now);
    put_query(&pool->conns[1], now + 50 * BR_MS);
    emp_pool_resize(pool, now + 190 * BR_MS);
    assert_int_equal(pool->wanted, 2);
    assert_int_equal(emp_pool_depth(pool), 4);
    assert_true(emp_conn_has_room(&pool->conns[0]));
    emp_pool_resize(pool, now + 200 * BR_MS);
    assert_int_equal(emp_pool_depth(pool), 1);
    assert_false(emp_conn_has_room(&pool->conns[1]));
    assert_int_equal(pool->wanted, 4);
    pool->conns[2].state = EMP_CONN_OPENING;
    emp_pool_resize(pool, now + 300 * BR_MS); /* one is on its way */
    assert_int_equal(pool->wanted, 4);
    open_conns(pool, 2, 4, now);
    put_query(&pool->conns[2], now);
    emp_pool_resize(pool, now + 400 * BR_MS); /* one is free */
    assert_int_equal(pool->wanted, 4);
    put_query(&pool->conns[3], now);
    set_waiting(pool, 3);
    emp_pool_resize(pool, now + 500 * BR_MS); /* as many as wait */
    assert_int_equal(pool->wanted, 7);
    open_conns(pool, 4, 7, now);
    for (size_t i = 4; i < 7; i++) {
        put_query(&pool->conns[i], now);
    }
    set_waiting(pool, 100);
    emp_pool_resize(pool, now + 600 * BR_MS);
    assert_int_equal(pool->wanted, 10); /* the limit */
    for (size_t i = 0; i < 7; i++) {
        end_query(&pool->conns[i]);
    }
    emp_pool_resize(pool, now + 700 * BR_MS);
    assert_int_equal(emp_pool_depth(pool), 4);
    free_pool(pool);
}

static void shrinks_after_a_minute_without_queries(void **state)
{
    (void) state;
    emp_pool *pool = pool_of(10, 2);
    br_ns now = SECOND(100);
    pool->wanted = 4;
    open_conns(pool, 0, 4, now);
    put_query(&pool->conns[3], now + SECOND(10));
    emp_pool_resize(pool, now + SECOND(11)); /* in use */
    end_query(&pool->conns[3]);
    emp_pool_resize(pool, now + SECOND(69));
    assert_int_equal(pool->wanted, 4);
    emp_pool_resize(pool, now + SECOND(70));
    assert_int_equal(pool->wanted, 3);
    assert_int_equal(pool->conns[3].state, EMP_CONN_DOWN);
    emp_pool_resize(pool, now + SECOND(70));
    emp_pool_resize(pool, now + SECOND(70));
    assert_int_equal(pool->wanted, 2); /* these stay */
    assert_int_equal(atomic_load(&pool->usable), 2);
    free_pool(pool);
}

static void those_that_leaked_do_not_count_as_free(void **state)
{
    (void) state;
    emp_pool *pool = pool_of(3, 1);
    open_conns(pool, 0, 1, SECOND(1));
    emp_pool_resize(pool, SECOND(2));
    assert_int_equal(pool->wanted, 1);
    pool->conns[0].is_leaked = true;
    atomic_store(&pool->leaked, 1);
    emp_pool_resize(pool, SECOND(2));
    assert_int_equal(pool->wanted, 2);
    free_pool(pool);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(grows_when_held_up),
        cmocka_unit_test(shrinks_after_a_minute_without_queries),
        cmocka_unit_test(those_that_leaked_do_not_count_as_free),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
