#include "empire/db/pool_int.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>

#include "base/assert.h"
#include "base/log.h"

/*
 * One connection. Each command is followed by a sync of its own: it is a transaction by itself, and its
 * failure touches no other. A slot of the ring is one command with its sync; the server answers in order,
 * so the oldest slot is always the one that a result belongs to.
 */

static void lose(emp_conn *c, br_ns now, const char *why);

void emp_conn_init(emp_conn *c, emp_pool *pool, size_t index)
{
    c->pool = pool;
    c->index = index;
    c->state = EMP_CONN_DOWN;
    c->fd = -1;
    c->backoff = EMP_BACKOFF_MIN;
}

/* epoll ---------------------------------------------------------------------------------------- */

/*
 * Registers the socket for `events`. libpq may close one socket and open another under the same number while
 * it connects; then the kernel has forgotten the registration and says ENOENT.
 */
static void watch(emp_conn *c, uint32_t events)
{
    int fd = PQsocket(c->pg);
    if (fd == c->fd && events == c->events && c->state != EMP_CONN_OPENING) return;
    struct epoll_event e = {.events = events, .data.u64 = c->index};
    if (epoll_ctl(c->pool->epoll, EPOLL_CTL_MOD, fd, &e) != 0) {
        BR_ASSERT(errno == ENOENT);
        BR_ASSERT(epoll_ctl(c->pool->epoll, EPOLL_CTL_ADD, fd, &e) == 0);
    }
    c->fd = fd;
    c->events = events;
}

/* Slots ---------------------------------------------------------------------------------------- */

static emp_slot *slot_at(emp_conn *c, size_t offset)
{
    return &c->slots[(c->head + offset) % EMP_CONN_SLOTS];
}

static void push_slot(emp_conn *c, emp_query *q, br_ns now)
{
    BR_ASSERT(c->in_flight < EMP_CONN_SLOTS);
    if (c->in_flight == 0) {
        c->heard = now; /* silence counts from here */
        atomic_fetch_add(&c->pool->busy, 1);
    }
    if (q) {
        q->_conn = c->index;
        q->_slot = (c->head + c->in_flight) % EMP_CONN_SLOTS;
        q->_in_flight = true;
        q->_sent = now;
        c->used = now;
        atomic_fetch_add(&c->pool->in_flight_now, 1);
    }
    *slot_at(c, c->in_flight++) = (emp_slot){q, now};
}

static emp_query *pop_slot(emp_conn *c)
{
    BR_ASSERT(c->in_flight > 0);
    emp_query *q = slot_at(c, 0)->q;
    c->head = (c->head + 1) % EMP_CONN_SLOTS;
    if (--c->in_flight == 0) atomic_fetch_sub(&c->pool->busy, 1);
    if (q) {
        q->_in_flight = false;
        atomic_fetch_sub(&c->pool->in_flight_now, 1);
    }
    return q;
}

void emp_conn_forget(emp_conn *c, const emp_query *q)
{
    BR_ASSERT(c->slots[q->_slot].q == q);
    c->slots[q->_slot].q = NULL;
    atomic_fetch_sub(&c->pool->in_flight_now, 1);
}

bool emp_conn_has_room(const emp_conn *c)
{
    return c->is_usable && !c->is_leaked && c->in_flight < emp_pool_depth(c->pool);
}

static void set_usable(emp_conn *c, bool is_usable)
{
    if (c->is_usable == is_usable) return;
    c->is_usable = is_usable;
    emp_pool_note_usable(c->pool, is_usable);
}

/* Sending -------------------------------------------------------------------------------------- */

/* Ends a command with its sync, which also pushes the bytes out as far as the socket takes them. */
static void finish_command(emp_conn *c, bool queued, br_ns now)
{
    if (!queued || PQpipelineSync(c->pg) != 1) {
        lose(c, now, PQerrorMessage(c->pg));
        return;
    }
    int rest = PQflush(c->pg);
    if (rest < 0) {
        lose(c, now, PQerrorMessage(c->pg));
        return;
    }
    watch(c, rest ? EPOLLIN | EPOLLOUT : EPOLLIN);
}

/*
 * The fault of contention: a lock that every request takes, in front of its query and in the same transaction
 * (no sync between), so that it is held until the query is done. True: queued, or not wanted.
 */
static bool send_lock(emp_conn *c)
{
    br_ns hold = emp_fault_get(c->pool->config.faults, EMP_FAULT_LOCK_CONTENTION);
    char seconds[32];
    if (hold == 0) return true;
    snprintf(
        seconds, sizeof(seconds), "%lld.%09lld", (long long) (hold / BR_SEC), (long long) (hold % BR_SEC));
    const char *values[] = {seconds};
    return PQsendQueryParams(c->pg, "SELECT pg_advisory_xact_lock(1162696785), pg_sleep($1::float8)", 1, NULL,
               values, NULL, NULL, 0) == 1;
}

void emp_conn_send(emp_conn *c, emp_query *q, br_ns now)
{
    const emp_statement *st = &c->pool->config.statements[q->statement];
    const char *values[EMP_QUERY_PARAMS_MAX];
    BR_ASSERT(q->param_count == st->param_count);
    for (int i = 0; i < q->param_count; i++) {
        values[i] = q->is_null[i] ? NULL : q->params[i];
    }
    push_slot(c, q, now);
    bool queued = send_lock(c) &&
                  PQsendQueryPrepared(c->pg, st->name, q->param_count, values, NULL, NULL, 0) == 1;
    finish_command(c, queued, now);
}

static void send_ping(emp_conn *c, br_ns now)
{
    push_slot(c, NULL, now);
    finish_command(c, PQsendQueryParams(c->pg, "SELECT 1", 0, NULL, NULL, NULL, NULL, 0) == 1, now);
}

/*
 * The session's settings: dates and times in one format and zone, no statement longer than the pool waits for
 * it, and one plan per statement: all of them are as good with unknown parameters, and planning each time
 * would cost more than running.
 */
static bool send_settings(emp_conn *c)
{
    char timeout_ms[32];
    snprintf(timeout_ms, sizeof(timeout_ms), "%lld", (long long) (c->pool->config.query_timeout / BR_MS));
    const char *values[] = {timeout_ms};
    return PQsendQueryParams(c->pg,
               "SELECT set_config('TimeZone', 'UTC', false), set_config('DateStyle', 'ISO', false),"
               " set_config('plan_cache_mode', 'force_generic_plan', false),"
               " set_config('statement_timeout', $1, false),"
               " set_config('idle_in_transaction_session_timeout', $1, false)",
               1, NULL, values, NULL, NULL, 0) == 1;
}

/*
 * The fault of missing indexes: the session's planner does without them. Plans are made once per session, so
 * those that are there are dropped.
 */
static void follow_index_fault(emp_conn *c, br_ns now)
{
    bool avoid = emp_fault_get(c->pool->config.faults, EMP_FAULT_MISSING_INDEXES) != 0;
    if (avoid == c->avoids_indexes || c->in_flight > EMP_POOL_DEPTH + 2) return;
    c->avoids_indexes = avoid;
    const char *values[] = {avoid ? "off" : "on"};
    push_slot(c, NULL, now);
    finish_command(c,
        PQsendQueryParams(c->pg,
            "SELECT set_config('enable_indexscan', $1, false), set_config('enable_indexonlyscan', $1, false),"
            " set_config('enable_bitmapscan', $1, false)",
            1, NULL, values, NULL, NULL, 0) == 1,
        now);
    if (c->state != EMP_CONN_READY) return; /* lost */
    push_slot(c, NULL, now);
    finish_command(c, PQsendQueryParams(c->pg, "DISCARD PLANS", 0, NULL, NULL, NULL, NULL, 0) == 1, now);
}

static void start_preparing(emp_conn *c, br_ns now)
{
    c->state = EMP_CONN_PREPARING;
    c->since = now;
    c->avoids_indexes = false;
    if (PQsetnonblocking(c->pg, 1) != 0 || PQenterPipelineMode(c->pg) != 1) {
        lose(c, now, PQerrorMessage(c->pg));
        return;
    }
    push_slot(c, NULL, now);
    finish_command(c, send_settings(c), now);
    for (size_t i = 0; i < c->pool->config.statement_count && c->state == EMP_CONN_PREPARING; i++) {
        const emp_statement *st = &c->pool->config.statements[i];
        push_slot(c, NULL, now);
        finish_command(c, PQsendPrepare(c->pg, st->name, st->sql, st->param_count, NULL) == 1, now);
    }
}

/* Receiving ------------------------------------------------------------------------------------ */

/* SQLSTATE 57014: the statement timeout, or somebody's cancel request. */
static emp_outcome outcome_of(const PGresult *r)
{
    switch (PQresultStatus(r)) {
        case PGRES_TUPLES_OK:
        case PGRES_COMMAND_OK: return EMP_DB_OK;
        default: break;
    }
    const char *state = PQresultErrorField(r, PG_DIAG_SQLSTATE);
    return state && strcmp(state, "57014") == 0 ? EMP_DB_TIMEOUT : EMP_DB_ERROR;
}

static void prepared(emp_conn *c, br_ns now)
{
    c->state = EMP_CONN_READY;
    c->since = now;
    c->backoff = EMP_BACKOFF_MIN;
    atomic_fetch_add(&c->pool->connects, 1);
    set_usable(c, true);
}

/* The sync of the oldest slot came: its result is complete. */
static void slot_done(emp_conn *c, br_ns now)
{
    PGresult *r = c->result;
    c->result = NULL;
    emp_outcome outcome = outcome_of(r);
    if (c->state == EMP_CONN_PREPARING && outcome != EMP_DB_OK) {
        char why[256];
        emp_first_line(PQresultErrorMessage(r), why, sizeof(why));
        PQclear(r);
        lose(c, now, why);
        return;
    }
    emp_query *q = pop_slot(c);
    if (q) {
        if (outcome == EMP_DB_ERROR)
            emp_pool_log_error(c->pool, c->pool->config.statements[q->statement].name, r, now);
        emp_pool_finish(c->pool, q, outcome, r);
    } else {
        PQclear(r);
    }
    if (c->state == EMP_CONN_PREPARING && c->in_flight == 0) prepared(c, now);
}

/*
 * Per command libpq hands out its result, NULL, and then the sync's result; NULL twice in a row means that
 * nothing is left.
 */
static void take_results(emp_conn *c, br_ns now)
{
    bool was_null = false;
    while (c->pg && c->in_flight > 0 && !PQisBusy(c->pg)) {
        PGresult *r = PQgetResult(c->pg);
        if (!r) {
            if (was_null) break;
            was_null = true;
            continue;
        }
        was_null = false;
        if (PQresultStatus(r) == PGRES_PIPELINE_SYNC) {
            PQclear(r);
            slot_done(c, now);
        } else if (c->result && PQresultStatus(r) == PGRES_PIPELINE_ABORTED) {
            PQclear(r); /* the command before it failed, and says why */
        } else {
            PQclear(c->result);
            c->result = r;
        }
    }
}

static void receive(emp_conn *c, br_ns now)
{
    bool alive = PQconsumeInput(c->pg) == 1;
    c->heard = now;
    if (c->state == EMP_CONN_READY) set_usable(c, true);
    take_results(c, now);
    if (c->pg && (!alive || PQstatus(c->pg) == CONNECTION_BAD)) lose(c, now, PQerrorMessage(c->pg));
}

static void flush(emp_conn *c, br_ns now)
{
    int rest = PQflush(c->pg);
    if (rest < 0) {
        lose(c, now, PQerrorMessage(c->pg));
    } else {
        watch(c, rest ? EPOLLIN | EPOLLOUT : EPOLLIN);
    }
}

/* Opening and losing --------------------------------------------------------------------------- */

static void drop_notice(void *ctx, const char *message)
{
    (void) ctx;
    (void) message;
}

void emp_conn_open(emp_conn *c, br_ns now)
{
    static const char *const keys[] = {"dbname", "fallback_application_name", "client_encoding", NULL};
    const char *const values[] = {c->pool->url, "empire", "UTF8", NULL};
    c->state = EMP_CONN_OPENING;
    c->since = now;
    c->pg = PQconnectStartParams(keys, values, 1);
    BR_ASSERT(c->pg); /* NULL only when memory is out */
    if (PQstatus(c->pg) == CONNECTION_BAD) {
        lose(c, now, PQerrorMessage(c->pg));
        return;
    }
    PQsetNoticeProcessor(c->pg, drop_notice, NULL);
    watch(c, EPOLLOUT); /* as after PGRES_POLLING_WRITING */
}

static void go_on_opening(emp_conn *c, br_ns now)
{
    switch (PQconnectPoll(c->pg)) {
        case PGRES_POLLING_READING: watch(c, EPOLLIN); break;
        case PGRES_POLLING_WRITING: watch(c, EPOLLOUT); break;
        case PGRES_POLLING_OK: start_preparing(c, now); break;
        default: lose(c, now, PQerrorMessage(c->pg)); break;
    }
}

static void close_socket(emp_conn *c)
{
    if (c->fd >= 0) epoll_ctl(c->pool->epoll, EPOLL_CTL_DEL, c->fd, NULL); /* may be gone already */
    c->fd = -1;
    c->events = 0;
    PQclear(c->result);
    c->result = NULL;
    PQfinish(c->pg);
    c->pg = NULL;
}

static void lose(emp_conn *c, br_ns now, const char *why)
{
    emp_pool_note_error(c->pool, why);
    if (c->state == EMP_CONN_READY) atomic_fetch_add(&c->pool->losses, 1);
    c->state = EMP_CONN_DOWN;
    set_usable(c, false);
    emp_conn_give_back(c);
    close_socket(c);
    c->since = now;
    c->retry_at = now + c->backoff;
    c->backoff = c->backoff * 2 < EMP_BACKOFF_MAX ? c->backoff * 2 : EMP_BACKOFF_MAX;
    /* Newest first: each is put in front of the queue, so the oldest ends up first. */
    size_t lost = c->in_flight;
    emp_query *queries[EMP_CONN_SLOTS];
    for (size_t i = 0; i < lost; i++) {
        queries[i] = pop_slot(c);
    }
    while (lost-- > 0) {
        if (queries[lost]) emp_pool_return(c->pool, queries[lost]);
    }
}

void emp_conn_retire(emp_conn *c)
{
    c->state = EMP_CONN_DOWN;
    set_usable(c, false);
    emp_conn_give_back(c);
    close_socket(c);
    c->retry_at = 0;
    c->backoff = EMP_BACKOFF_MIN;
}

void emp_conn_close(emp_conn *c)
{
    if (c->state != EMP_CONN_DOWN) lose(c, br_clock_now(), "closing");
}

/* Events and time ------------------------------------------------------------------------------ */

void emp_conn_event(emp_conn *c, uint32_t events, br_ns now)
{
    if (c->state == EMP_CONN_DOWN) return; /* lost earlier in the same turn */
    if (c->state == EMP_CONN_OPENING) {
        go_on_opening(c, now);
        return;
    }
    if (events & (EPOLLIN | EPOLLERR | EPOLLHUP)) receive(c, now);
    if (c->pg && (events & EPOLLOUT)) flush(c, now);
}

/* A connection that owes an answer for long is no longer given work; one that owes it for longer is dropped.
 */
static void check_silence(emp_conn *c, br_ns now)
{
    static const char no_answer[] = "the server does not answer";
    br_ns asked = slot_at(c, 0)->sent;
    br_ns silent = now - (asked > c->heard ? asked : c->heard);
    if (silent <= EMP_CONN_SILENCE) return;
    if (c->is_usable) emp_pool_note_error(c->pool, no_answer);
    set_usable(c, false);
    if (silent > EMP_CONN_SILENCE + c->pool->config.query_timeout) lose(c, now, no_answer);
}

void emp_conn_tick(emp_conn *c, br_ns now)
{
    switch (c->state) {
        case EMP_CONN_DOWN:
            if (now >= c->retry_at) emp_conn_open(c, now);
            break;
        case EMP_CONN_OPENING:
        case EMP_CONN_PREPARING:
            if (now - c->since > EMP_CONNECT_BOUND) lose(c, now, "connecting took too long");
            break;
        case EMP_CONN_READY:
            follow_index_fault(c, now);
            if (c->state != EMP_CONN_READY) break;
            if (c->in_flight > 0) {
                check_silence(c, now);
            } else if (now - c->heard > EMP_CONN_PING) {
                send_ping(c, now);
            }
            break;
    }
}
