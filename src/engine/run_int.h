/* engine/run_int.h - what the files of engine/ share about a run. */
#pragma once
#include <pthread.h>
#include <stdatomic.h>
#include "base/vec.h"
#include "engine/run.h"
#include "fiber/fiber.h"
#include "net/resources.h"
#include "script/vu.h"

#define BR_WORKERS_MAX 256

typedef struct br_engine br_engine;
typedef struct br_worker br_worker;

/* When a VU slot is to run: [start, stop) relative to the scenario's start. */
typedef struct br_interval {
    br_ns start, stop;
} br_interval;

/* A scenario's v-th virtual user on its worker: a fiber that takes a VU from the pool while it is active. */
typedef struct br_slot {
    br_worker *worker;
    const br_scenario *scenario;
    struct br_scenario_shared *shared;
    const br_tagset *tags;
    br_interval *intervals; /* of closed executors: ascending, not overlapping */
    size_t interval_count;
    br_fiber *fiber; /* NULL when it has ended */
    br_timer deadline_timer;
    br_ns deadline;
    struct br_pooled_vu *pooled; /* while it is active */
    br_vu *vu;                   /* of `pooled` */
    br_ns free_at;               /* since when it could have begun another iteration */
    int64_t iterations_done;     /* of this slot */
    int64_t iteration,
        own_iteration; /* numbers of the running one: in its scenario; of its VU in this scenario */
} br_slot;

/* Counters of one scenario over all workers. */
typedef struct br_scenario_shared {
    _Atomic int64_t iterations_started; /* shared-iterations: the next number */
    _Atomic int64_t vus_active;
    _Atomic int64_t vus_had;    /* open: all that it was given, also those that it gave back */
    _Atomic int64_t slots_left; /* open: workers */
    /* Of open executors: */
    struct br_arrival **arrivals; /* by worker */
    _Atomic int64_t vus_busy;
    _Atomic int64_t unplanned_left;  /* VUs that may still be added */
    _Atomic bool making, warned;     /* one is being made; that there are no more was told */
    _Atomic int64_t dropped, missed; /* starts: no VU was free; the worker came to them after the end */
} br_scenario_shared;

/* A counter with one writer and relaxed readers. */
typedef _Atomic uint64_t br_gauge64;
static inline void br_gauge64_add(br_gauge64 *g, uint64_t n)
{
    atomic_store_explicit(g, atomic_load_explicit(g, memory_order_relaxed) + n, memory_order_relaxed);
}
static inline uint64_t br_gauge64_get(br_gauge64 *g)
{
    return atomic_load_explicit(g, memory_order_relaxed);
}

/* A VU that waits for work; FIFO. */
typedef struct br_pooled_vu {
    br_vu *vu;
    int64_t iterations;   /* over all scenarios: __ITER */
    int64_t *by_scenario; /* [scenario_count] iterations in each */
    bool unplanned;       /* made while the scenarios ran */
} br_pooled_vu;

struct br_worker {
    br_engine *engine;
    uint32_t index;
    pthread_t thread;
    bool thread_started;
    br_loop *loop;
    br_http_tools tools;
    br_fiber_pool *fibers;
    br_recorder *recorder;
    const br_tagset *run_tags;
    br_ns wall_offset; /* wall clock - loop clock */
    br_pooled_vu *vus; /* all VUs of this worker */
    size_t vu_count;
    uint32_t *idle; /* ring of indexes into vus */
    size_t idle_head, idle_len;
    BR_VEC(br_pooled_vu *) unplanned; /* made later: all, and those that nobody uses */
    BR_VEC(br_pooled_vu *) spare;
    br_slot *slots;
    size_t slot_count, slots_left; /* left: arrivals count as one */
    br_gauge64 complete, interrupted;
    br_gauge64 threw;  /* of the complete ones: ended by an exception */
    _Atomic bool stop; /* interrupt all JavaScript */
    br_err init_error;
    br_code init_code;
    /* Of its health, since the scenarios began: */
    br_ns watched_since, cpu_before, starved_before;
    br_hist start_lag;
    bool health_taken;
    br_worker_health health;
};

struct br_engine {
    const br_run_config *config;
    br_vu_settings settings;
    br_vu_host host;
    _Atomic bool marked_failed; /* a script called test.fail() */
    _Atomic br_ns next_request; /* option rps: shared by all VUs */
    br_loop *loop;              /* control loop, main thread */
    br_http_tools tools;
    br_fiber_pool *fibers;
    br_fiber *control;
    br_recorder *recorder; /* of setup, teardown, vus */
    const br_tagset *run_tags;
    br_worker *workers;
    uint32_t worker_count, workers_ready, workers_done;
    br_scenario_shared *shared; /* by scenario */
    _Atomic int64_t vus_ready, next_vu_id;
    _Atomic uint32_t stuck_told; /* iterations whose endless loop was told */
    int64_t vus_total;           /* planned */
    struct br_maker *maker;
    br_run_phase phase;
    br_ns begin, start, stop_at; /* loop clock: before setup; scenarios; end of the last */
    br_ns begin_wall;
    br_code failure; /* of VU initialisation */
    br_err *err;
    /* The first reason to stop wins. */
    bool stopping;
    br_exit_code exit_code;
    br_run_end end;
    char end_reason[300];
    br_str setup_data; /* JSON, owned; p == NULL: none */
    int signal_fd;
    br_watch signal_watch;
    br_resources resources;
    br_timer second_timer, status_timer;
    br_ns decide_at; /* instant of the next question to config->decide */
    br_ns tick;      /* instant of the next second */
    bool control_waits;
    struct br_collector *collector;
};

/* worker.c: threads and their VUs */
/* As pthread_create(), with a stack on which init code may go as deep as its limit. */
int br_engine_start_thread(const br_engine *e, pthread_t *ret, void *(*fn)(void *), void *arg);
br_code br_workers_start(
    br_engine *e, br_err *err);      /* threads begin to make VUs; then on_worker_ready on the control loop */
void br_workers_begin(br_engine *e); /* start the slots at e->start */
void br_workers_interrupt(br_engine *e); /* end all iterations at once */
void br_workers_join(br_engine *e);
/* Asks each for its shard; br_collector_take() follows with the instant `at`. */
void br_workers_take_shards(br_engine *e, br_ns at);
br_pooled_vu *br_worker_take_vu(br_worker *w); /* NULL: all are busy for a moment longer than planned */
void br_worker_return_vu(br_worker *w, br_pooled_vu *vu);
void br_worker_slot_done(br_worker *w);
static inline bool br_worker_stopped(const br_worker *w)
{
    return atomic_load_explicit(&w->stop, memory_order_relaxed);
}
/* The error of init code that hung when it was interrupted says whose it was; any thread. */
void br_engine_name_init(int64_t vu, br_err *err);
void br_engine_worker_ready(br_engine *e, br_worker *w); /* control thread */
void br_engine_worker_done(br_engine *e, br_worker *w);  /* control thread */

/* iteration.c */
const br_tagset *br_scenario_tags(
    br_recorder *r, const br_tagset *run_tags, const br_scenario *s, uint32_t system_tags);
/* Runs one on the slot's fiber and VU, begun now (`start`) and meant to begin at `meant`, and waits out
 * minIterationDuration; slot->free_at tells when the VU was free for another. Returns the present. */
br_ns br_iteration_run(br_slot *slot, br_ns meant, br_ns start);

/* slot.c: closed executors */
size_t br_slot_intervals(const br_scenario *s, int64_t v, br_interval **ret); /* *ret is br_malloc'ed */
br_code br_slot_start(br_slot *slot, br_err *err);
br_ns br_slot_origin(const br_slot *slot); /* start of the scenario, loop clock */
bool br_slot_take_vu(br_slot *slot);       /* on its fiber; waits for one. False: the run ends */
void br_slot_return_vu(br_slot *slot);

/* arrival.c: open executors. Each worker has one for each such scenario; all are of its thread, but for
 * what starts hand to one another in there. */
typedef struct br_arrival br_arrival;
typedef br_ns br_iterate_fn(br_slot *slot, br_ns meant, br_ns start);
typedef struct br_arrival_config {
    br_worker *worker;
    const br_scenario *scenario;
    br_scenario_shared *shared;
    int64_t vus;            /* planned ones of this worker */
    int64_t first, stride;  /* its starts are first, first + stride, ... of the timetable */
    br_iterate_fn *iterate; /* br_iteration_run, but for tests */
} br_arrival_config;
br_arrival *br_arrival_new(const br_arrival_config *config);
void br_arrival_free(br_arrival *a); /* NULL is fine; after the loop has ended */
br_code br_arrival_start(br_arrival *a, br_err *err);
void br_arrival_cancel(br_arrival *a);                       /* the run ends: iterations too */
void br_arrival_add_vu(br_arrival *a, br_pooled_vu *pooled); /* that it asked for; NULL: could not be made */

/* maker.c: makes VUs while the scenarios run, on a thread of its own: init code may take long. */
typedef struct br_maker br_maker;
br_maker *br_maker_new(br_engine *e);
void br_maker_free(br_maker *m); /* NULL is fine; nothing may be asked for any more */
void br_maker_ask(
    br_maker *m, br_arrival *a, br_worker *w); /* any worker; br_arrival_add_vu() follows there */

/* host.c: what scripts ask of the run */
void br_engine_host_init(br_engine *e);
void br_engine_abort_from(
    br_worker *w, const char *reason); /* an iteration called test.abort(); on the worker's thread */

/* collector.c: totals, slices, thresholds, result */
typedef struct br_collector br_collector;
br_collector *br_collector_new(br_engine *e);
void br_collector_free(br_collector *c);
void br_collector_take(br_collector *c, br_shard *shard, br_ns at); /* takes the shard back into its pool */
br_shard *br_collector_spare(br_collector *c);
uint32_t br_collector_outstanding(const br_collector *c); /* shards asked for and not yet back */
void br_collector_last_second(br_collector *c, br_run_status *status);
/* Evaluates; true when one with abortOnFail failed. `final` also looks at metrics without samples. */
bool br_collector_thresholds(
    br_collector *c, br_ns elapsed, bool final, char *failed_names, size_t failed_size);
br_run_result *br_collector_result(br_collector *c);
/* Metrics and slices while the run goes on. */
br_run_result *br_collector_so_far(br_collector *c, br_ns elapsed);

/* run.c */
int64_t br_engine_active_vus(br_engine *e); /* over all scenarios */
void br_engine_stop(br_engine *e, br_exit_code code, br_run_end end, const char *reason);
