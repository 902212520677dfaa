/* Open executors in virtual time: who starts when, what is dropped, handed over, missed and cut off. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <cmocka.h>
#include "engine/run_int.h"
#include "engine/timetable.h"

enum { WORKERS_MAX = 3, VUS_MAX = 4000 };

/* One iteration as it happened; times since the scenario's start. */
typedef struct made {
    br_ns meant, start, end;
    bool cut;
} made;

typedef struct world {
    br_loop *loop; /* of all workers: virtual time */
    br_metrics *metrics;
    br_options options;
    br_run_config config;
    br_engine engine;
    br_worker workers[WORKERS_MAX];
    br_pooled_vu vus[WORKERS_MAX][VUS_MAX];
    uint32_t idle[WORKERS_MAX][VUS_MAX];
    br_scenario scenario;
    br_scenario_shared shared;
    /* How long iterations take: `service`, and while the target is frozen until that is over. */
    br_ns service, freeze_start, freeze_end;
    BR_VEC(made) made;
} world;

static world *here;

/* The iteration: a request to a target that may be frozen. */
static br_ns iterate(br_slot *slot, br_ns meant, br_ns start)
{
    world *w = here;
    br_ns begin = w->engine.start, at = start - begin;
    bool frozen = at >= w->freeze_start && at < w->freeze_end;
    br_ns until = (frozen ? w->freeze_end : at) + w->service;
    br_code code = w->service ? br_fiber_sleep_until(slot->fiber, begin + until) : BR_OK;
    *br_vec_push(&w->made) = (made){meant - begin, at, br_loop_clock(w->loop) - begin, code != BR_OK};
    return br_loop_clock(w->loop);
}

static world *world_new(br_scenario s, uint32_t workers)
{
    world *w = here = BR_NEW(world);
    w->loop = br_loop_new_simulated(1000 * BR_SEC);
    w->metrics = br_metrics_new();
    w->scenario = s;
    w->scenario.name = BR_STR("s");
    w->options.scenarios = &w->scenario;
    w->options.scenario_count = 1;
    w->config = (br_run_config){.options = &w->options, .metrics = w->metrics};
    w->engine = (br_engine){.config = &w->config,
        .loop = w->loop,
        .start = br_loop_clock(w->loop),
        .workers = w->workers,
        .worker_count = workers,
        .shared = &w->shared};
    for (uint32_t i = 0; i < workers; i++) {
        br_worker *k = &w->workers[i];
        *k = (br_worker){.engine = &w->engine, .index = i, .loop = w->loop, .idle = w->idle[i]};
        k->vus = w->vus[i];
        k->recorder = br_recorder_new(&(br_recorder_config){.metrics = w->metrics});
        k->run_tags = br_tags_intern(br_recorder_tag_store(k->recorder), NULL, 0);
        k->fibers = br_fiber_pool_new(w->loop, 32768);
        k->slots_left = 1;
    }
    w->shared.arrivals = br_calloc(workers, sizeof(*w->shared.arrivals));
    atomic_store(&w->shared.slots_left, workers);
    return w;
}

static void run(world *w)
{
    uint32_t n = w->engine.worker_count;
    for (uint32_t i = 0; i < n; i++) {
        br_worker *k = &w->workers[i];
        k->vu_count = (size_t) w->scenario.pre_allocated_vus / n +
                      (i < (uint32_t) w->scenario.pre_allocated_vus % n);
        assert_true(k->vu_count <= VUS_MAX);
        for (size_t v = 0; v < k->vu_count; v++)
            br_worker_return_vu(k, &k->vus[v]);
        br_arrival_config c = {.worker = k,
            .scenario = &w->scenario,
            .shared = &w->shared,
            .vus = (int64_t) k->vu_count,
            .first = i,
            .stride = n,
            .iterate = iterate};
        w->shared.arrivals[i] = br_arrival_new(&c);
    }
    for (uint32_t i = 0; i < n; i++)
        assert_int_equal(br_arrival_start(w->shared.arrivals[i], NULL), BR_OK);
    br_loop_run(w->loop);
    assert_int_equal(w->engine.workers_done, n);
    assert_int_equal(atomic_load(&w->shared.slots_left), 0);
    assert_int_equal(atomic_load(&w->shared.vus_active), 0);
    assert_int_equal(atomic_load(&w->shared.vus_busy), 0);
    for (uint32_t i = 0; i < n; i++)
        assert_int_equal(w->workers[i].idle_len, w->workers[i].vu_count); /* all are back */
}

static void world_free(world *w)
{
    for (uint32_t i = 0; i < w->engine.worker_count; i++) {
        br_arrival_free(w->shared.arrivals[i]);
        br_fiber_pool_free(w->workers[i].fibers);
        br_recorder_free(w->workers[i].recorder);
    }
    br_free(w->shared.arrivals);
    br_metrics_free(w->metrics);
    br_loop_free(w->loop);
    br_vec_deinit(&w->made);
    br_free(w);
}

static br_scenario constant(int64_t rate, br_ns duration, int64_t vus)
{
    return (br_scenario){.executor = BR_EXEC_CONSTANT_ARRIVAL_RATE,
        .rate = rate,
        .time_unit = BR_SEC,
        .duration = duration,
        .graceful_stop = 30 * BR_SEC,
        .pre_allocated_vus = vus,
        .max_vus = vus};
}

/* Samples of dropped_iterations, which must agree with the count of the health. */
static int64_t dropped(world *w)
{
    int64_t sum = 0;
    for (uint32_t i = 0; i < w->engine.worker_count; i++) {
        br_shard *shard = br_recorder_swap(w->workers[i].recorder, br_shard_new(w->metrics));
        sum += (int64_t) shard->sinks[BR_M_DROPPED_ITERATIONS].sum;
        br_shard_free(shard);
    }
    assert_int_equal(sum, atomic_load(&w->shared.dropped));
    return sum;
}

static void iterations_start_on_time(void **state)
{
    (void) state;
    for (uint32_t workers = 1; workers <= WORKERS_MAX; workers++) {
        world *w = world_new(constant(1000, 10 * BR_SEC, 30), workers);
        w->service = 7 * BR_MS;
        run(w);
        assert_int_equal(w->made.len, 10001);
        for (size_t i = 0; i < w->made.len; i++) {
            assert_int_equal(w->made.data[i].meant, (br_ns) i * BR_MS);
            assert_int_equal(w->made.data[i].start, (br_ns) i * BR_MS);
        }
        assert_int_equal(dropped(w), 0);
        assert_int_equal(atomic_load(&w->shared.missed), 0);
        world_free(w);
    }
}

static void a_ramp_of_hours_takes_no_time(void **state)
{
    (void) state;
    br_stage stages[] = {{3600 * BR_SEC, 50}, {3600 * BR_SEC, 50}, {3600 * BR_SEC, 0}};
    br_scenario s = constant(0, 3 * 3600 * BR_SEC, 10);
    s.executor = BR_EXEC_RAMPING_ARRIVAL_RATE;
    s.stages = stages;
    s.stage_count = 3;
    world *w = world_new(s, 2);
    w->service = 20 * BR_MS;
    run(w);
    assert_int_equal(w->made.len, 360000);
    assert_int_equal(br_timetable_count(&w->scenario), 360000);
    assert_int_equal(dropped(w), 0);
    world_free(w);
}

/* One VU that is busy for 250 ms serves every third start of ten a second. */
static void what_finds_no_vu_is_dropped(void **state)
{
    (void) state;
    world *w = world_new(constant(10, 3 * BR_SEC, 1), 1);
    w->service = 250 * BR_MS;
    run(w);
    assert_int_equal(w->made.len, 11);
    for (size_t i = 0; i < w->made.len; i++)
        assert_int_equal(w->made.data[i].start, (br_ns) i * 300 * BR_MS);
    assert_int_equal(dropped(w), 20);
    assert_true(atomic_load(&w->shared.warned));
    world_free(w);
}

/* The same whatever the number of workers: a start looks for a free VU everywhere. */
static void starts_are_handed_to_workers_with_free_vus(void **state)
{
    (void) state;
    for (int64_t vus = 1; vus <= 4; vus++) {
        world *one = world_new(constant(10, 5 * BR_SEC, vus), 1);
        one->service = 330 * BR_MS;
        run(one);
        int64_t lost = dropped(one);
        size_t n = one->made.len;
        world_free(one);
        world *many = world_new(constant(10, 5 * BR_SEC, vus), 3);
        many->service = 330 * BR_MS;
        run(many);
        assert_int_equal(many->made.len, n);
        assert_int_equal(dropped(many), lost);
        world_free(many);
    }
}

static void no_vus_no_iterations(void **state)
{
    (void) state;
    world *w = world_new(constant(10, BR_SEC, 0), 2);
    run(w);
    assert_int_equal(w->made.len, 0);
    assert_int_equal(dropped(w), 11);
    world_free(w);
}

static void graceful_stop_cuts_what_is_left(void **state)
{
    (void) state;
    br_scenario s = constant(10, BR_SEC, 20);
    s.graceful_stop = 450 * BR_MS;
    world *w = world_new(s, 2);
    w->service = BR_SEC;
    run(w);
    assert_int_equal(w->made.len, 11);
    for (size_t i = 0; i < w->made.len; i++) {
        const made *m = &w->made.data[i];
        bool cut = m->start + w->service > 1450 * BR_MS;
        assert_int_equal(m->cut, cut);
        assert_int_equal(m->end, cut ? 1450 * BR_MS : m->start + w->service);
    }
    world_free(w);
}

static int by_value(const void *a, const void *b)
{
    br_ns x = *(const br_ns *) a, y = *(const br_ns *) b;
    return (x > y) - (x < y);
}

/* Response times, from when each was meant to start, sorted. */
static br_ns *responses(const world *w)
{
    br_ns *list = br_calloc(w->made.len, sizeof(*list));
    for (size_t i = 0; i < w->made.len; i++)
        list[i] = w->made.data[i].end - w->made.data[i].meant;
    qsort(list, w->made.len, sizeof(*list), by_value);
    return list;
}

/*
 * 1000/s against a target that freezes for 2 of 10 s: the requests that come x s before the end of the freeze
 * take x longer, so one fifth of all is spread evenly over 0..2 s, and the rest take the service time. A
 * closed model with few users would have shown the freeze to a handful.
 */
static void a_frozen_target_shows_in_every_percentile(void **state)
{
    (void) state;
    world *w = world_new(constant(1000, 10 * BR_SEC, 2100), 3);
    w->service = 5 * BR_MS;
    w->freeze_start = 4 * BR_SEC;
    w->freeze_end = 6 * BR_SEC;
    run(w);
    assert_int_equal(w->made.len, 10001);
    assert_int_equal(dropped(w), 0);
    br_ns *r = responses(w);
    for (int p = 1; p < 100; p++) {
        /* Sorted: 8001 that are not held up, then 2000 with 1, 2, ... 2000 ms more. */
        size_t rank = (size_t) p * 100;
        br_ns want = w->service + (rank >= 8001 ? (br_ns) (rank - 8000) * BR_MS : 0);
        assert_int_equal(r[rank], want);
    }
    br_free(r);
    world_free(w);
}

/*
 * The generator itself is held up for 2 s: the starts of that time are made late, but their response times
 * still count from when they were meant. With the start as the origin all would look like 5 ms.
 */
static void a_frozen_generator_hides_nothing(void **state)
{
    (void) state;
    world *w = world_new(constant(1000, 10 * BR_SEC, 2100), 1);
    w->service = 5 * BR_MS;
    w->engine.start -= 2 * BR_SEC;
    run(w);
    assert_int_equal(w->made.len, 10001);
    br_ns *r = responses(w);
    for (int p = 1; p < 100; p++) {
        size_t rank = (size_t) p * 100;
        br_ns want = w->service + (rank >= 8001 ? (br_ns) (rank - 8000) * BR_MS : 0);
        assert_int_equal(r[rank], want);
    }
    for (size_t i = 0; i < w->made.len; i++)
        assert_int_equal(w->made.data[i].end - w->made.data[i].start, w->service);
    br_free(r);
    world_free(w);
}

/* Starts that the loop came to only after the scenario's end are not made, but counted. */
static void starts_that_come_too_late_are_missed(void **state)
{
    (void) state;
    world *w = world_new(constant(1000, 10 * BR_SEC, 30), 3);
    w->engine.start -= 11 * BR_SEC;
    run(w);
    assert_true(w->made.len < 200);
    assert_int_equal(w->made.len + (size_t) atomic_load(&w->shared.missed), 10001);
    assert_int_equal(dropped(w), 0);
    world_free(w);
}

static void stop_at(br_timer *timer, void *ctx)
{
    (void) timer;
    world *w = ctx;
    for (uint32_t i = 0; i < w->engine.worker_count; i++) {
        atomic_store(&w->workers[i].stop, true);
        br_arrival_cancel(w->shared.arrivals[i]);
    }
}

static void an_interrupted_run_lets_go_at_once(void **state)
{
    (void) state;
    world *w = world_new(constant(10, 10 * BR_SEC, 20), 2);
    w->service = 1500 * BR_MS;
    br_timer timer = {0};
    br_timer_start(w->loop, &timer, w->engine.start + 3050 * BR_MS, stop_at, w);
    run(w);
    assert_int_equal(w->made.len, 31);
    assert_int_equal(br_loop_clock(w->loop) - w->engine.start, 3050 * BR_MS);
    world_free(w);
}

int main(int argc, char **argv)
{
    if (argc > 1) cmocka_set_test_filter(argv[1]);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(iterations_start_on_time),
        cmocka_unit_test(a_ramp_of_hours_takes_no_time),
        cmocka_unit_test(what_finds_no_vu_is_dropped),
        cmocka_unit_test(starts_are_handed_to_workers_with_free_vus),
        cmocka_unit_test(no_vus_no_iterations),
        cmocka_unit_test(graceful_stop_cuts_what_is_left),
        cmocka_unit_test(a_frozen_target_shows_in_every_percentile),
        cmocka_unit_test(a_frozen_generator_hides_nothing),
        cmocka_unit_test(starts_that_come_too_late_are_missed),
        cmocka_unit_test(an_interrupted_run_lets_go_at_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
