#include "empire/api/connections.h"

#include <pthread.h>
#include <stdatomic.h>
#include <sys/socket.h>
#include <time.h>

#include "base/mem.h"

#define LOOK_EVERY (200 * BR_MS)

struct emp_connection {
    emp_connection *prev, *next; /* under the lock */
    int fd;
    bool ended;                    /* under the lock */
    atomic_int_fast64_t condition; /* since when, and in the last two bits the phase */
};

struct emp_connections {
    emp_connection_limits limits;
    pthread_mutex_t mutex;
    pthread_cond_t wake;
    pthread_t thread;
    emp_connection *first; /* under the lock, as what follows */
    size_t open;
    bool stopping;
    atomic_uint_fast64_t ended;
};

br_ns emp_connection_time(const emp_connection_limits *l, emp_phase phase, size_t open)
{
    switch (phase) {
        case EMP_PHASE_BODY:
        case EMP_PHASE_SEND: return l->request;
        case EMP_PHASE_SERVED: return 0;
        case EMP_PHASE_HEAD: break;
    }
    if (open * 4 < l->max * 3 || l->idle <= BR_SEC) return l->idle;
    return l->idle / 10 > BR_SEC ? l->idle / 10 : BR_SEC;
}

void emp_connection_enter(emp_connection *x, emp_phase phase)
{
    atomic_store_explicit(&x->condition, (br_clock_now() & ~(br_ns) 3) | (br_ns) phase, memory_order_relaxed);
}

/* The library sees the end of the socket and closes it in its own time. */
static void look(emp_connections *c)
{
    br_ns now = br_clock_now();
    for (emp_connection *x = c->first; x; x = x->next) {
        br_ns condition = atomic_load_explicit(&x->condition, memory_order_relaxed);
        br_ns most = emp_connection_time(&c->limits, (emp_phase) (condition & 3), c->open);
        if (x->ended || most == 0 || now - condition < most) continue;
        x->ended = true;
        /* Counted first: who sees the end sees the count. */
        atomic_fetch_add_explicit(&c->ended, 1, memory_order_release);
        shutdown(x->fd, SHUT_RDWR);
    }
}

static void *run(void *ctx)
{
    emp_connections *c = ctx;
    pthread_mutex_lock(&c->mutex);
    while (!c->stopping) {
        struct timespec at;
        clock_gettime(CLOCK_MONOTONIC, &at);
        br_ns then = at.tv_sec * BR_SEC + at.tv_nsec + LOOK_EVERY;
        at = (struct timespec){.tv_sec = then / BR_SEC, .tv_nsec = then % BR_SEC};
        pthread_cond_timedwait(&c->wake, &c->mutex, &at);
        look(c);
    }
    pthread_mutex_unlock(&c->mutex);
    return NULL;
}

br_code emp_connections_new(
    const emp_connection_limits *limits, emp_connections **ret_connections, br_err *err)
{
    emp_connections *c = BR_NEW(emp_connections);
    pthread_condattr_t monotonic;
    c->limits = *limits;
    pthread_mutex_init(&c->mutex, NULL);
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_cond_init(&c->wake, &monotonic);
    pthread_condattr_destroy(&monotonic);
    int e = pthread_create(&c->thread, NULL, run, c);
    if (e != 0) {
        pthread_cond_destroy(&c->wake);
        pthread_mutex_destroy(&c->mutex);
        br_free(c);
        return br_fail_errno(err, BR_ELIMIT, e, "a thread for the connections' time limits");
    }
    *ret_connections = c;
    return BR_OK;
}

void emp_connections_free(emp_connections *c)
{
    if (!c) return;
    pthread_mutex_lock(&c->mutex);
    c->stopping = true;
    pthread_cond_signal(&c->wake);
    pthread_mutex_unlock(&c->mutex);
    pthread_join(c->thread, NULL);
    pthread_cond_destroy(&c->wake);
    pthread_mutex_destroy(&c->mutex);
    br_free(c);
}

emp_connection *emp_connections_add(emp_connections *c, int fd)
{
    emp_connection *x = BR_NEW(emp_connection);
    x->fd = fd;
    emp_connection_enter(x, EMP_PHASE_HEAD);
    pthread_mutex_lock(&c->mutex);
    x->next = c->first;
    if (c->first) c->first->prev = x;
    c->first = x;
    c->open++;
    pthread_mutex_unlock(&c->mutex);
    return x;
}

void emp_connections_remove(emp_connections *c, emp_connection *x)
{
    pthread_mutex_lock(&c->mutex);
    if (x->prev) {
        x->prev->next = x->next;
    } else {
        c->first = x->next;
    }
    if (x->next) x->next->prev = x->prev;
    c->open--;
    pthread_mutex_unlock(&c->mutex);
    br_free(x);
}

uint64_t emp_connections_ended(const emp_connections *c)
{
    return atomic_load_explicit(&c->ended, memory_order_acquire);
}
