#include "empire/db/pool.h"

#include <errno.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#include "base/assert.h"
#include "base/log.h"
#include "base/mem.h"
#include "empire/db/pool_int.h"

#define TICK       (100 * BR_MS) /* how exact deadlines, pings and pauses are */
#define EVENTS_MAX (EMP_POOL_CONNECTIONS_MAX + 1)
#define WAKE_MARK  UINT64_MAX
#define LOG_PAUSE  (1 * BR_SEC)

void emp_first_line(const char *message, char *ret_text, size_t size_bytes)
{
    size_t n = strcspn(message, "\r\n");
    if (n >= size_bytes) n = size_bytes - 1;
    memcpy(ret_text, message, n);
    ret_text[n] = '\0';
}

/* Called by connections ------------------------------------------------------------------------ */

void emp_pool_finish(emp_pool *pool, emp_query *q, emp_outcome outcome, PGresult *take_result)
{
    emp_list_remove(&q->_by_age);
    if (outcome != EMP_DB_OK) {
        PQclear(take_result);
        take_result = NULL;
    }
    q->outcome = outcome;
    q->result = (emp_result *) take_result;
    atomic_fetch_add_explicit(&pool->queries[outcome], 1, memory_order_relaxed);
    q->done(q);
    atomic_fetch_sub(&pool->outstanding, 1); /* last: emp_pool_cut() relies on it */
}

static void put_waiting(emp_pool *pool, emp_link *before, emp_query *q)
{
    emp_list_insert(before, &q->_waiting);
    atomic_fetch_add_explicit(&pool->waiting_now, 1, memory_order_relaxed);
}

static void take_waiting(emp_pool *pool, emp_query *q)
{
    emp_list_remove(&q->_waiting);
    atomic_fetch_sub_explicit(&pool->waiting_now, 1, memory_order_relaxed);
}

void emp_pool_return(emp_pool *pool, emp_query *q)
{
    bool may_repeat = pool->config.statements[q->statement].reads_only && !q->_sent_again;
    if (may_repeat && atomic_load(&pool->usable) > 0 && !atomic_load(&pool->cut)) {
        q->_sent_again = true;
        put_waiting(pool, pool->waiting.next, q);
    } else {
        emp_pool_finish(pool, q, EMP_DB_DOWN, NULL);
    }
}

void emp_pool_note_error(emp_pool *pool, const char *text)
{
    char line[sizeof(pool->last_error)];
    emp_first_line(text, line, sizeof(line));
    br_debug("database connection: %s", line);
    pthread_mutex_lock(&pool->mutex);
    memcpy(pool->last_error, line, sizeof(line));
    pthread_cond_broadcast(&pool->changed);
    pthread_mutex_unlock(&pool->mutex);
}

void emp_pool_note_usable(emp_pool *pool, bool is_usable)
{
    pthread_mutex_lock(&pool->mutex);
    size_t before = is_usable ? atomic_fetch_add(&pool->usable, 1) : atomic_fetch_sub(&pool->usable, 1);
    pthread_cond_broadcast(&pool->changed);
    pthread_mutex_unlock(&pool->mutex);
    if (atomic_load(&pool->cut)) return;
    if (is_usable && before == 0) br_info("database: available");
    if (!is_usable && before == 1) br_warn("database: not available, trying again: %s", pool->last_error);
}

void emp_pool_log_error(emp_pool *pool, const char *statement, const PGresult *result, br_ns now)
{
    if (pool->error_logged_at && now - pool->error_logged_at < LOG_PAUSE) return;
    pool->error_logged_at = now;
    char line[256];
    emp_first_line(PQresultErrorMessage(result), line, sizeof(line));
    br_error("database: statement %s failed: %s", statement, line);
}

/* The thread ----------------------------------------------------------------------------------- */

static void take_incoming(emp_pool *pool)
{
    emp_link mine;
    emp_list_init(&mine);
    pthread_mutex_lock(&pool->mutex);
    if (!emp_list_is_empty(&pool->incoming)) {
        emp_list_insert(&pool->incoming, &mine); /* the ring with one head more ... */
        emp_list_remove(&pool->incoming);        /* ... is ours when theirs leaves it */
    }
    pthread_mutex_unlock(&pool->mutex);
    while (!emp_list_is_empty(&mine)) {
        emp_query *q = BR_CONTAINER_OF(mine.next, emp_query, _by_age);
        emp_list_remove(&q->_by_age);
        emp_list_insert(&pool->by_age, &q->_by_age);
        put_waiting(pool, &pool->waiting, q);
    }
}

/* The usable connection with the fewest commands in flight, the first of them; NULL if all are full. */
static emp_conn *pick(emp_pool *pool)
{
    emp_conn *best = NULL;
    for (size_t i = 0; i < pool->wanted; i++) {
        emp_conn *c = &pool->conns[i];
        if (emp_conn_has_room(c) && (!best || c->in_flight < best->in_flight)) best = c;
    }
    return best;
}

static void dispatch(emp_pool *pool, br_ns now)
{
    emp_conn *c;
    while (!emp_list_is_empty(&pool->waiting) && (c = pick(pool)) != NULL) {
        emp_query *q = BR_CONTAINER_OF(pool->waiting.next, emp_query, _waiting);
        take_waiting(pool, q);
        br_ns waited = now > q->_submitted ? now - q->_submitted
                                           : 0; /* it may have come after `now` was read */
        atomic_fetch_add_explicit(&pool->waits, 1, memory_order_relaxed);
        atomic_fetch_add_explicit(&pool->wait_ns_total, waited, memory_order_relaxed);
        emp_conn_send(c, q, now);
    }
}

/* Ends a query that is waiting or in flight. */
static void give_up(emp_pool *pool, emp_query *q, emp_outcome outcome)
{
    if (q->_in_flight) {
        emp_conn_forget(&pool->conns[q->_conn], q);
    } else {
        take_waiting(pool, q);
    }
    emp_pool_finish(pool, q, outcome, NULL);
}

/* Without a connection nobody waits for one: the client learns it now and may come again. */
static void fail_waiting(emp_pool *pool)
{
    while (!emp_list_is_empty(&pool->waiting)) {
        give_up(pool, BR_CONTAINER_OF(pool->waiting.next, emp_query, _waiting), EMP_DB_DOWN);
    }
}

/* How a query's time is over, EMP_DB_PENDING if it is not. */
static emp_outcome overdue(const emp_pool *pool, const emp_query *q, br_ns now)
{
    bool is_late = q->is_optional && now - q->_submitted >= EMP_OPTIONAL_WAIT;
    if (is_late) return q->_in_flight ? EMP_DB_TIMEOUT : EMP_DB_NO_CONNECTION;
    if (q->_in_flight) return now - q->_sent >= pool->config.query_timeout ? EMP_DB_TIMEOUT : EMP_DB_PENDING;
    return now - q->_submitted >= pool->config.wait_timeout ? EMP_DB_NO_CONNECTION : EMP_DB_PENDING;
}

/* By age, so the look ends at the first that is younger than any limit. */
static void check_deadlines(emp_pool *pool, br_ns now)
{
    const emp_pool_config *config = &pool->config;
    br_ns least = config->query_timeout < config->wait_timeout ? config->query_timeout : config->wait_timeout;
    if (least > EMP_OPTIONAL_WAIT) least = EMP_OPTIONAL_WAIT;
    for (emp_link *at = pool->by_age.next, *next; at != &pool->by_age; at = next) {
        emp_query *q = BR_CONTAINER_OF(at, emp_query, _by_age);
        next = at->next;
        if (now - q->_submitted < least) return;
        emp_outcome outcome = overdue(pool, q, now);
        if (outcome != EMP_DB_PENDING) give_up(pool, q, outcome);
    }
}

static void cut_all(emp_pool *pool)
{
    while (!emp_list_is_empty(&pool->by_age)) {
        give_up(pool, BR_CONTAINER_OF(pool->by_age.next, emp_query, _by_age), EMP_DB_DOWN);
    }
}

static void handle(emp_pool *pool, const struct epoll_event *e, br_ns now)
{
    if (e->data.u64 != WAKE_MARK) {
        emp_conn_event(&pool->conns[e->data.u64], e->events, now);
        return;
    }
    uint64_t count;
    while (read(pool->wake, &count, sizeof(count)) < 0 && errno == EINTR) {
    }
}

static void tick(emp_pool *pool, br_ns now)
{
    emp_pool_trouble(pool, now);
    emp_pool_resize(pool, now);
    for (size_t i = 0; i < pool->wanted; i++) {
        emp_conn_tick(&pool->conns[i], now);
    }
    check_deadlines(pool, now);
}

static void *run(void *arg)
{
    emp_pool *pool = arg;
    tick(pool, br_clock_now()); /* opens the connections */
    br_ns tick_at = br_clock_now() + TICK;
    while (!atomic_load(&pool->stopping)) {
        struct epoll_event events[EVENTS_MAX];
        int n = epoll_wait(pool->epoll, events, EVENTS_MAX, (int) (TICK / BR_MS));
        br_ns now = br_clock_now();
        for (int i = 0; i < n; i++) {
            handle(pool, &events[i], now);
        }
        take_incoming(pool);
        dispatch(pool, now);
        if (now >= tick_at) {
            tick(pool, now);
            tick_at = now + TICK;
        }
        if (atomic_load(&pool->usable) == 0) fail_waiting(pool);
        if (atomic_load(&pool->cut)) cut_all(pool);
    }
    take_incoming(pool);
    cut_all(pool);
    return NULL;
}

/* For other threads ---------------------------------------------------------------------------- */

static void wake(emp_pool *pool)
{
    uint64_t one = 1;
    ssize_t n = write(pool->wake, &one, sizeof(one));
    BR_ASSERT(n == (ssize_t) sizeof(one) || errno == EAGAIN); /* EAGAIN: it is awake already */
}

emp_admission emp_pool_admit(emp_pool *pool)
{
    /* First counted, then looked at: emp_pool_cut() sees either the query or that it was refused. */
    bool is_full = atomic_fetch_add(&pool->outstanding, 1) >= pool->config.max_outstanding;
    bool is_down = atomic_load(&pool->usable) == 0 || atomic_load(&pool->cut);
    if (!is_full && !is_down) return EMP_ADMITTED;
    atomic_fetch_sub(&pool->outstanding, 1);
    atomic_fetch_add_explicit(is_down ? &pool->refused_down : &pool->refused_full, 1, memory_order_relaxed);
    return is_down ? EMP_REFUSED_DOWN : EMP_REFUSED_FULL;
}

void emp_pool_submit(emp_pool *pool, emp_query *q)
{
    BR_ASSERT(q->statement < pool->config.statement_count);
    q->_submitted = br_clock_now();
    pthread_mutex_lock(&pool->mutex);
    bool was_empty = emp_list_is_empty(&pool->incoming);
    emp_list_insert(&pool->incoming, &q->_by_age);
    pthread_mutex_unlock(&pool->mutex);
    if (was_empty) wake(pool);
}

bool emp_pool_is_up(const emp_pool *pool)
{
    return atomic_load(&pool->usable) > 0;
}

static uint64_t peek(const atomic_uint_fast64_t *counter)
{
    return atomic_load_explicit(counter, memory_order_relaxed);
}

void emp_pool_stats_get(const emp_pool *pool, emp_pool_stats *ret_stats)
{
    /* One that leaked may be asked whether it is alive, and is busy twice then. */
    size_t size = emp_pool_size(pool), in_use = atomic_load(&pool->busy) + atomic_load(&pool->leaked);
    *ret_stats = (emp_pool_stats){
        .connections = size,
        .ready = atomic_load(&pool->usable),
        .busy = in_use < size ? in_use : size,
        .leaked = atomic_load(&pool->leaked),
        .waiting = atomic_load(&pool->waiting_now),
        .in_flight = atomic_load(&pool->in_flight_now),
        .refused_full = peek(&pool->refused_full),
        .refused_down = peek(&pool->refused_down),
        .connects = peek(&pool->connects),
        .losses = peek(&pool->losses),
        .waits = peek(&pool->waits),
        .wait_ns_total = atomic_load_explicit(&pool->wait_ns_total, memory_order_relaxed),
    };
    for (size_t i = 0; i < BR_COUNT_OF(pool->queries); i++) {
        ret_stats->queries[i] = peek(&pool->queries[i]);
    }
}

/* Life ----------------------------------------------------------------------------------------- */

static emp_pool *pool_new(const emp_pool_config *config)
{
    BR_ASSERT(config->connections > 0 && config->connections <= EMP_POOL_CONNECTIONS_MAX);
    BR_ASSERT(config->kept > 0 && config->kept <= config->connections);
    BR_ASSERT(config->depth > 0 && config->depth <= EMP_POOL_DEPTH);
    BR_ASSERT(config->statement_count + 2 < EMP_CONN_SLOTS);
    emp_pool *pool = BR_NEW(emp_pool);
    pool->config = *config;
    pool->wanted = config->kept;
    pool->url = br_strdup(config->url);
    emp_list_init(&pool->by_age);
    emp_list_init(&pool->waiting);
    emp_list_init(&pool->incoming);
    pthread_mutex_init(&pool->mutex, NULL);
    pthread_condattr_t attr;
    pthread_condattr_init(&attr);
    pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
    pthread_cond_init(&pool->changed, &attr);
    pthread_condattr_destroy(&attr);
    for (size_t i = 0; i < config->connections; i++) {
        emp_conn_init(&pool->conns[i], pool, i);
    }
    return pool;
}

static void pool_free(emp_pool *pool)
{
    if (pool->epoll >= 0) close(pool->epoll);
    if (pool->wake >= 0) close(pool->wake);
    pthread_cond_destroy(&pool->changed);
    pthread_mutex_destroy(&pool->mutex);
    br_free(pool->url);
    br_free(pool);
}

static br_code open_descriptors(emp_pool *pool, br_err *err)
{
    pool->epoll = epoll_create1(EPOLL_CLOEXEC);
    pool->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    struct epoll_event e = {.events = EPOLLIN, .data.u64 = WAKE_MARK};
    if (pool->epoll < 0 || pool->wake < 0 || epoll_ctl(pool->epoll, EPOLL_CTL_ADD, pool->wake, &e) != 0) {
        return br_fail_errno(err, BR_ENOFDS, errno, "cannot set up the database pool");
    }
    return BR_OK;
}

static br_code wait_usable(emp_pool *pool, br_ns timeout, br_err *err)
{
    br_ns until = br_clock_now() + timeout;
    struct timespec at = {.tv_sec = until / BR_SEC, .tv_nsec = until % BR_SEC};
    pthread_mutex_lock(&pool->mutex);
    int rc = 0;
    while (rc == 0 && atomic_load(&pool->usable) == 0) {
        rc = pthread_cond_timedwait(&pool->changed, &pool->mutex, &at);
    }
    br_code code = BR_OK;
    if (atomic_load(&pool->usable) == 0) {
        code = br_fail(err, BR_EDIAL, "no database connection: %s",
            pool->last_error[0] ? pool->last_error : "the server does not answer");
    }
    pthread_mutex_unlock(&pool->mutex);
    return code;
}

br_code emp_pool_start(const emp_pool_config *config, br_ns timeout, emp_pool **ret_pool, br_err *err)
{
    emp_pool *pool = pool_new(config);
    br_code rc = open_descriptors(pool, err);
    if (rc == BR_OK && pthread_create(&pool->thread, NULL, run, pool) != 0) {
        rc = br_fail(err, BR_ELIMIT, "cannot start the database thread");
    }
    if (rc != BR_OK) {
        pool_free(pool);
        return rc;
    }
    if ((rc = wait_usable(pool, timeout, err)) != BR_OK) {
        emp_pool_stop(pool);
        return rc;
    }
    *ret_pool = pool;
    return BR_OK;
}

void emp_pool_cut(emp_pool *pool)
{
    const struct timespec pause = {.tv_nsec = BR_MS};
    atomic_store(&pool->cut, true);
    wake(pool);
    while (atomic_load(&pool->outstanding) > 0) {
        nanosleep(&pause, NULL); /* the thread ends them in its next turn */
    }
}

void emp_pool_stop(emp_pool *pool)
{
    if (!pool) return;
    emp_pool_cut(pool);
    atomic_store(&pool->stopping, true);
    wake(pool);
    pthread_join(pool->thread, NULL);
    for (size_t i = 0; i < pool->config.connections; i++) {
        emp_conn_close(&pool->conns[i]);
    }
    BR_ASSERT(atomic_load(&pool->outstanding) == 0);
    pool_free(pool);
}
