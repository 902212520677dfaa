#include "judge/search.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <math.h>
#include <string.h>
#include "base/random.h"

/* A service with one queue: below its capacity answers take base / (1 - load), beyond it the backlog grows
 * and stays until it is worked off. */
typedef struct service {
    double capacity, base_ms, noise; /* noise: of a trial's latency, relative */
    double backlog;                  /* iterations */
    double errors_from;              /* rate from which a tenth of the answers are errors; 0: never */
    double generator_max;            /* rate beyond which the generator is the limit; 0: none */
    bool hangs_after_overload;
    bool was_overloaded;
    br_random random;
    unsigned trials, rests;
    double highest;
} service;

static service service_new(double capacity)
{
    service v = {.capacity = capacity, .base_ms = 20};
    br_random_seed(&v.random, 7);
    return v;
}

static void serve(service *v, double rate, br_hist *latency, br_search_trial *t)
{
    const double seconds = 5;
    double load = rate / v->capacity, ms = v->base_ms / (1 - fmin(load, 0.99));
    v->backlog = fmax(0, v->backlog + (rate - v->capacity) * seconds);
    if (rate > v->capacity) v->was_overloaded = true;
    ms += v->backlog / v->capacity * 1000;
    ms *= 1 + v->noise * (br_random_f64(&v->random) - 0.5);
    if (v->hangs_after_overload && v->was_overloaded) ms += 5000;
    uint64_t n = (uint64_t) (fmin(rate, v->capacity) * seconds + 0.5);
    *t = (br_search_trial){.length = (br_ns) (seconds * 1e9),
        .requests = n,
        .iterations = n,
        .failed = v->errors_from > 0 && rate >= v->errors_from ? n / 10 + 1 : 0,
        .latency_us = latency,
        .generator_failed = v->generator_max > 0 && rate > v->generator_max};
    br_hist_record_n(latency, (int64_t) (ms * 1000), n ? n : 1);
    v->highest = fmax(v->highest, rate);
}

static void search(br_search *s, service *v, double start, double max)
{
    br_search_init(s, &(br_search_config){start, max, 0.05, {.p95_ms = 1000, .error_share = 0.05}});
    for (br_search_order o = br_search_next(s); o.rate > 0; o = br_search_next(s)) {
        br_hist latency;
        br_search_trial t;
        br_hist_init(&latency);
        serve(v, o.rate, &latency, &t);
        v->trials += !o.rest;
        v->rests += o.rest;
        (void) br_search_tell(s, &t);
        br_hist_deinit(&latency);
        assert_true(v->trials + v->rests < 200);
    }
}

static void capacities_are_found(void **state)
{
    (void) state;
    static const double capacities[] = {3, 17, 100, 333, 5000};
    for (size_t i = 0; i < BR_COUNT_OF(capacities); i++) {
        service v = service_new(capacities[i]);
        br_search s;
        v.noise = 0.3;
        search(&s, &v, fmax(1, capacities[i] / 7), 1e5);
        assert_int_equal(s.end, BR_SEARCH_FOUND);
        assert_true(s.high <= s.low * 1.05 + 2 * BR_SEARCH_RATE_STEP);
        /* Keeping up is judged with 2 % and two iterations of tolerance. */
        double slack = capacities[i] * 0.02 + 2.0 / 5 + 2 * BR_SEARCH_RATE_STEP;
        if (fabs(s.low - capacities[i]) > 0.05 * capacities[i] + slack)
            fail_msg("%g for %g", s.low, capacities[i]);
        assert_true(v.trials <= 3 * 16);
        assert_true(v.rests > 0);
        assert_true(v.highest <= 4 * capacities[i] + 1); /* never far beyond */
        br_search_deinit(&s);
    }
}

static void errors_are_a_limit_too(void **state)
{
    (void) state;
    service v = service_new(1000);
    br_search s;
    v.errors_from = 200;
    search(&s, &v, 10, 1e4);
    assert_int_equal(s.end, BR_SEARCH_FOUND);
    assert_true(s.low < 200 && s.high >= 200 && s.high <= 210);
    br_search_deinit(&s);
}

static const char *sentence(const br_search *s, br_arena *arena)
{
    br_search_report report;
    br_search_report_make(s, "visits/s", arena, &report);
    return report.sentence.p;
}

static void the_ends(void **state)
{
    (void) state;
    br_search s;
    br_arena arena;
    br_arena_init(&arena, 1024);
    service strong = service_new(1e6);
    search(&s, &strong, 10, 300);
    assert_int_equal(s.end, BR_SEARCH_ABOVE_MAX);
    assert_true(s.low == 300 && s.high <= 0 && strong.highest == 300);
    assert_non_null(strstr(sentence(&s, &arena), "300 visits/s hold; the service breaks above"));
    br_search_deinit(&s);
    service weak = service_new(1e6);
    weak.errors_from = 1e-3;
    search(&s, &weak, 10, 300);
    assert_int_equal(s.end, BR_SEARCH_BELOW_MIN);
    assert_int_equal(weak.rests, 0);
    assert_non_null(strstr(sentence(&s, &arena), "even 0.1 visits/s do not hold"));
    br_search_deinit(&s);
    service unseen = service_new(1e6);
    unseen.generator_max = 150;
    search(&s, &unseen, 10, 1e4);
    assert_int_equal(s.end, BR_SEARCH_GENERATOR);
    assert_true(s.low == 80 && s.high <= 0);
    br_search_deinit(&s);
    service metastable = service_new(100);
    metastable.hangs_after_overload = true;
    search(&s, &metastable, 10, 1e4);
    assert_int_equal(s.end, BR_SEARCH_NOT_RECOVERED);
    assert_int_equal(metastable.rests, BR_SEARCH_RESTS_MAX);
    br_search_deinit(&s);
    br_arena_deinit(&arena);
}

/* One unlucky trial of three decides nothing, and is recovered from. */
static void one_bad_trial_decides_nothing(void **state)
{
    (void) state;
    br_search s;
    br_hist fast, slow;
    br_hist_init(&fast);
    br_hist_init(&slow);
    br_hist_record_n(&fast, 10000, 500);
    br_hist_record_n(&slow, 5000000, 500);
    br_search_trial good = {.length = 5 * BR_SEC, .requests = 500, .iterations = 500, .latency_us = &fast},
                    bad = good;
    bad.latency_us = &slow;
    br_search_init(&s, &(br_search_config){100, 1000, 0.05, {.p95_ms = 1000}});
    assert_int_equal(br_search_tell(&s, &good), BR_SEARCH_HELD);
    assert_int_equal(br_search_tell(&s, &bad), BR_SEARCH_BROKE);
    assert_true(br_search_next(&s).rest);
    assert_int_equal(br_search_tell(&s, &bad), BR_SEARCH_BROKE); /* still not itself */
    assert_true(br_search_next(&s).rest);
    assert_int_equal(br_search_tell(&s, &good), BR_SEARCH_HELD);
    assert_false(br_search_next(&s).rest);
    assert_true(br_search_next(&s).rate == 100);
    assert_int_equal(br_search_tell(&s, &good), BR_SEARCH_HELD);
    assert_true(br_search_next(&s).rate == 200);
    /* Slower than it was, though within the limit, is no recovery. */
    br_search_stop(&s);
    assert_true(br_search_next(&s).rate <= 0);
    assert_int_equal(s.end, BR_SEARCH_STOPPED);
    br_arena arena;
    br_search_report report;
    br_arena_init(&arena, 1024);
    br_search_report_make(&s, "visits/s", &arena, &report);
    assert_int_equal(report.step_count, 1);
    assert_true(
        report.steps[0].load == 100 && report.steps[0].requests == 1500 && report.steps[0].throughput == 100);
    assert_true(report.low == 100 && report.high <= 0);
    br_arena_deinit(&arena);
    br_search_deinit(&s);
    br_hist_deinit(&fast);
    br_hist_deinit(&slow);
}

/* A backlog that grows breaks a level long before its latency does; dropped starts do, too. */
static void keeping_up(void **state)
{
    (void) state;
    br_hist fast;
    br_hist_init(&fast);
    br_hist_record_n(&fast, 10000, 500);
    br_search_trial t = {.length = 5 * BR_SEC, .requests = 490, .iterations = 490, .latency_us = &fast};
    br_search s;
    br_search_init(&s, &(br_search_config){100, 1000, 0.05, {.p95_ms = 1000}});
    assert_int_equal(br_search_tell(&s, &t), BR_SEARCH_HELD);
    t.iterations = 487;
    assert_int_equal(br_search_tell(&s, &t), BR_SEARCH_BROKE);
    t.iterations = 500;
    assert_int_equal(br_search_tell(&s, &t), BR_SEARCH_HELD); /* rest */
    t.dropped = 1;
    assert_int_equal(br_search_tell(&s, &t), BR_SEARCH_BROKE);
    br_search_deinit(&s);
    br_hist_deinit(&fast);
}

static void the_steady_part_is_measured(void **state)
{
    (void) state;
    br_run_result *r = br_run_result_new();
    r->probe_slice_count = 5;
    r->probe_slices = br_arena_zalloc(&r->arena, 5 * sizeof(br_slice));
    for (int i = 0; i < 5; i++) {
        br_slice *s = &r->probe_slices[i];
        s->start = i * BR_SEC;
        s->length = BR_SEC;
        br_hist_init(&s->latency_us);
        s->requests = s->iterations = (uint64_t) 1 << i;
        br_hist_record_n(&s->latency_us, 1000 * (i + 1), s->requests);
    }
    br_search_trial t;
    br_hist latency;
    assert_true(br_search_measure(r, BR_SEC, 4 * BR_SEC, &t, &latency));
    assert_int_equal(t.length, 3 * BR_SEC);
    assert_int_equal(t.requests, 2 + 4 + 8);
    assert_int_equal(latency.min, 2000);
    assert_int_equal(latency.max, 4000);
    br_hist_deinit(&latency);
    assert_false(br_search_measure(r, 9 * BR_SEC, 10 * BR_SEC, &t, &latency));
    br_hist_deinit(&latency);
    br_run_result_free(r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(capacities_are_found),
        cmocka_unit_test(errors_are_a_limit_too),
        cmocka_unit_test(the_ends),
        cmocka_unit_test(one_bad_trial_decides_nothing),
        cmocka_unit_test(keeping_up),
        cmocka_unit_test(the_steady_part_is_measured),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
