#include "empire/faults/burden.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/log.h"
#include "base/mem.h"

#define CORES_MAX   64
#define TURN        (100 * BR_MS)
#define SLICE       (10 * BR_MS) /* of a core that is busy for a part of the time */
#define MB          ((double) 1024 * 1024)
#define HOUR        ((double) 3600 * (double) BR_SEC)
#define CHUNK_LEAST ((size_t) 4096)

/* Chunks are linked, so that nobody can say that they are garbage. */
typedef struct chunk {
    struct chunk *next;
} chunk;

typedef struct core {
    struct emp_burden *burden;
    int64_t index;
    pthread_t thread;
} core;

struct emp_burden {
    const emp_faults *faults;
    atomic_bool stopping;
    atomic_size_t leaked;
    chunk *chunks; /* the keeper's */
    pthread_t keeper;
    core cores[CORES_MAX]; /* the keeper's; a thread that is not needed any more waits */
    int64_t core_count;
};

static void pause_for(br_ns time)
{
    const struct timespec t = {.tv_sec = time / BR_SEC, .tv_nsec = time % BR_SEC};
    nanosleep(&t, NULL);
}

/* Thousandths of its core that a thread has to burn now. */
static int64_t share_of(const core *c)
{
    int64_t rest = emp_fault_get(c->burden->faults, EMP_FAULT_CPU_BURN) - c->index * 1000;
    return rest < 0 ? 0 : rest > 1000 ? 1000 : rest;
}

static void *burn(void *arg)
{
    const core *c = arg;
    volatile uint64_t work = 0;
    while (!atomic_load(&c->burden->stopping)) {
        int64_t share = share_of(c);
        if (share == 0) {
            pause_for(TURN);
            continue;
        }
        br_ns until = br_clock_now() + SLICE * share / 1000;
        while (br_clock_now() < until) {
            work = work * 6364136223846793005u + 1;
        }
        if (share < 1000) pause_for(SLICE * (1000 - share) / 1000);
    }
    return NULL;
}

/* As many threads as cores were ever asked for. */
static void start_cores(emp_burden *b)
{
    int64_t want = (emp_fault_get(b->faults, EMP_FAULT_CPU_BURN) + 999) / 1000;
    while (b->core_count < want && b->core_count < CORES_MAX) {
        core *c = &b->cores[b->core_count];
        *c = (core){.burden = b, .index = b->core_count};
        if (pthread_create(&c->thread, NULL, burn, c) != 0) {
            br_error("fault cpu-burn: no thread can be started");
            return;
        }
        b->core_count++;
    }
}

/* `owed` bytes, touched, so that they are resident. Without room on the machine it waits for some. */
static size_t leak(emp_burden *b, size_t owed)
{
    if (owed < CHUNK_LEAST || atomic_load(&b->leaked) + owed > EMP_BURDEN_LEAK_MAX) return 0;
    chunk *c = malloc(owed); /* not br_malloc: running out here must not end the process */
    if (!c) return 0;
    memset(c, 0xa5, owed);
    c->next = b->chunks;
    b->chunks = c;
    atomic_fetch_add(&b->leaked, owed);
    return owed;
}

static void *keep(void *arg)
{
    emp_burden *b = arg;
    br_ns before = br_clock_now();
    double owed = 0;
    while (!atomic_load(&b->stopping)) {
        pause_for(TURN);
        br_ns now = br_clock_now();
        owed += (double) emp_fault_get(b->faults, EMP_FAULT_MEMORY_LEAK) * MB * (double) (now - before) /
                HOUR;
        before = now;
        owed -= (double) leak(b, (size_t) owed);
        start_cores(b);
    }
    return NULL;
}

br_code emp_burden_start(const emp_faults *faults, emp_burden **ret_burden, br_err *err)
{
    emp_burden *b = BR_NEW(emp_burden);
    b->faults = faults;
    if (pthread_create(&b->keeper, NULL, keep, b) != 0) {
        br_free(b);
        return br_fail(err, BR_ELIMIT, "no thread can be started for the faults");
    }
    *ret_burden = b;
    return BR_OK;
}

void emp_burden_stop(emp_burden *b)
{
    if (!b) return;
    atomic_store(&b->stopping, true);
    pthread_join(b->keeper, NULL);
    for (int64_t i = 0; i < b->core_count; i++) {
        pthread_join(b->cores[i].thread, NULL);
    }
    for (chunk *c = b->chunks, *next; c; c = next) {
        next = c->next;
        free(c);
    }
    br_free(b);
}

size_t emp_burden_leaked_bytes(const emp_burden *b)
{
    return b ? atomic_load(&b->leaked) : 0;
}
