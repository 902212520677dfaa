/* The timer heap against a naive model under random operations, and its edge cases. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>
#include "base/random.h"
#include "loop/timers.h"

enum { TIMERS = 64, STEPS = 20000, TIME_RANGE = 50 };

/* The model: for each timer when it is due and which start it was; -1 = not running. */
typedef struct model {
    br_timers timers;
    br_timer timer[TIMERS];
    br_ns at[TIMERS];
    uint64_t order[TIMERS];
    uint64_t starts;
    br_random random;
    br_ns now;
    uint64_t starts_before_run; /* what is started later is for the next run */
    size_t fired;
    unsigned budget; /* random operations left for the callbacks of this run */
} model;

static void on_timer(br_timer *timer, void *ctx);

static void model_start(model *m, size_t i, br_ns at)
{
    m->at[i] = at;
    m->order[i] = m->starts++;
    m->timer[i]._fn = on_timer;
    m->timer[i]._ctx = m;
    br_timers_start(&m->timers, &m->timer[i], at);
}

static void model_stop(model *m, size_t i)
{
    m->at[i] = -1;
    br_timers_stop(&m->timers, &m->timer[i]);
}

static bool comes_before(const model *m, size_t a, size_t b)
{
    return m->at[a] != m->at[b] ? m->at[a] < m->at[b] : m->order[a] < m->order[b];
}

/* The one that must fire next in this run; TIMERS if none. */
static size_t model_next(const model *m)
{
    size_t best = TIMERS;
    for (size_t i = 0; i < TIMERS; i++) {
        if (m->at[i] < 0 || m->at[i] > m->now || m->order[i] >= m->starts_before_run) continue;
        if (best == TIMERS || comes_before(m, i, best)) best = i;
    }
    return best;
}

static void step(model *m)
{
    size_t i = br_random_below(&m->random, TIMERS);
    if (br_random_below(&m->random, 3) == 0) {
        model_stop(m, i);
    } else {
        model_start(m, i, m->now - 5 + (br_ns) br_random_below(&m->random, TIME_RANGE) + 5 * (m->now < 5));
    }
    assert_int_equal(br_timer_running(&m->timer[i]), m->at[i] >= 0);
}

static void on_timer(br_timer *timer, void *ctx)
{
    model *m = ctx;
    size_t i = (size_t) (timer - m->timer);
    assert_int_equal(i, model_next(m));
    assert_false(br_timer_running(timer));
    m->at[i] = -1;
    m->fired++;
    while (m->budget > 0 && br_random_below(&m->random, 2) == 0) {
        m->budget--;
        step(m);
    }
}

static void check_next(const model *m)
{
    br_ns next = BR_NS_MAX;
    for (size_t i = 0; i < TIMERS; i++) {
        if (m->at[i] >= 0 && m->at[i] < next) next = m->at[i];
    }
    assert_int_equal(br_timers_next(&m->timers), next);
}

static void run(model *m)
{
    br_loop_health health = {0};
    m->now += (br_ns) br_random_below(&m->random, 8);
    m->starts_before_run = m->starts;
    m->fired = 0;
    m->budget = 20;
    size_t count = br_timers_run(&m->timers, m->now, &health);
    assert_int_equal(count, m->fired);
    assert_int_equal(health.timers, count);
    assert_int_equal(model_next(m), TIMERS);
}

static void random_operations_match_a_naive_model(void **state)
{
    (void) state;
    const char *given = getenv("BRUNT_TEST_SEED");
    uint64_t seed = given != NULL ? strtoull(given, NULL, 0) : (uint64_t) br_clock_now();
    print_message("BRUNT_TEST_SEED=%llu\n", (unsigned long long) seed);
    static model m;
    m = (model){.now = 0};
    br_random_seed(&m.random, seed);
    for (size_t i = 0; i < TIMERS; i++)
        m.at[i] = -1;
    for (int s = 0; s < STEPS; s++) {
        step(&m);
        if (br_random_below(&m.random, 10) == 0) run(&m);
        assert_true(br_timers_check(&m.timers));
        check_next(&m);
    }
    br_timers_deinit(&m.timers);
}

static void ignore(br_timer *timer, void *ctx)
{
    (void) timer, (void) ctx;
}

static void lateness_is_counted(void **state)
{
    (void) state;
    br_timers timers = {0};
    br_loop_health health = {0};
    br_timer a = {._fn = ignore}, b = {._fn = ignore};
    br_timers_start(&timers, &a, 70);
    br_timers_start(&timers, &b, 95);
    assert_int_equal(br_timers_run(&timers, 100, &health), 2);
    assert_int_equal(health.timers, 2);
    assert_int_equal(health.timer_late_ns_sum, 35);
    assert_int_equal(health.timer_late_ns_max, 30);
    br_timers_deinit(&timers);
}

static void an_empty_heap_has_no_next(void **state)
{
    (void) state;
    br_timers timers = {0};
    br_loop_health health = {0};
    br_timer a = {0};
    assert_int_equal(br_timers_next(&timers), BR_NS_MAX);
    assert_int_equal(br_timers_run(&timers, 100, &health), 0);
    br_timers_stop(&timers, &a);
    assert_true(br_timers_check(&timers));
    br_timers_deinit(&timers);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(random_operations_match_a_naive_model),
        cmocka_unit_test(lateness_is_counted),
        cmocka_unit_test(an_empty_heap_has_no_next),
    };
    return cmocka_run_group_tests_name("timers", tests, NULL, NULL);
}
