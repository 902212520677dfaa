#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <math.h>
#include "cli/config/config.h"

#define MIN (60 * BR_SEC)

static br_load_plan ramp(int64_t start_vus, br_load_stage *stages, size_t count)
{
    br_load_plan plan = {.start_vus = start_vus, .stages = stages, .stage_count = count, .factor = 1};
    for (size_t i = 0; i < count; i++) {
        plan.duration += stages[i].duration;
    }
    return plan;
}

#define RAMP(start, stages) ramp((start), (stages), BR_COUNT_OF(stages))

static br_load_plan scale(br_arena *a, const br_load_plan *plan, double factor)
{
    br_load_plan scaled = {0};
    br_err err = {0};
    if (br_config_scale(plan, factor, a, &scaled, &err) != BR_OK) fail_msg("%s", err.msg);
    return scaled;
}

/* Scaling ------------------------------------------------------------------------------------------ */

static void constant_loads_scale(void **state)
{
    (void) state;
    br_arena a;
    br_arena_init(&a, 256);
    br_load_plan full = {.duration = 5 * MIN, .vus = 10, .factor = 1};
    br_load_plan s = scale(&a, &full, 0.1);
    assert_true(s.duration == 30 * BR_SEC);
    assert_int_equal(s.vus, 10);
    assert_true(fabs(s.factor - 0.1) < 1e-12);
    s = scale(&a, &full, 1);
    assert_true(s.duration == full.duration && s.factor == 1);
    s = scale(&a, &full, 2);
    assert_true(s.duration == 10 * MIN && s.factor == 2);
    s = scale(&a, &full, 1e-9); /* never below a second, and the factor says so */
    assert_true(s.duration == BR_SEC);
    assert_true(fabs(s.factor - 1.0 / 300) < 1e-12);
    br_load_plan twice = scale(&a, &s, 150); /* of something scaled: still of the full length */
    assert_true(twice.duration == 150 * BR_SEC && fabs(twice.factor - 0.5) < 1e-12);
    br_arena_deinit(&a);
}

static void stages_scale_and_add_up(void **state)
{
    (void) state;
    br_arena a;
    br_arena_init(&a, 256);
    br_load_stage stages[] = {{2 * MIN, 10}, {0, 100}, {3 * MIN, 100}, {0, 10}, {5 * MIN, 10}};
    br_load_plan full = RAMP(10, stages);
    br_load_plan s = scale(&a, &full, 0.05);
    const br_ns wanted[] = {6 * BR_SEC, 0, 9 * BR_SEC, 0, 15 * BR_SEC};
    assert_int_equal(s.stage_count, 5);
    assert_int_equal(s.start_vus, 10);
    for (size_t i = 0; i < 5; i++) {
        assert_true(s.stages[i].duration == wanted[i]);
        assert_int_equal(s.stages[i].target, stages[i].target);
    }
    assert_true(s.duration == 30 * BR_SEC);
    assert_true(stages[0].duration == 2 * MIN); /* the plan itself is as it was */
    br_arena_deinit(&a);
}

/* Many stages of odd lengths: the sum is the duration whatever is rounded. */
static void rounding_does_not_add_up(void **state)
{
    (void) state;
    br_arena a;
    br_arena_init(&a, 4096);
    br_load_stage stages[997];
    for (size_t i = 0; i < BR_COUNT_OF(stages); i++) {
        stages[i] = (br_load_stage){(br_ns) (i % 7) * 333333337, (int64_t) i};
    }
    br_load_plan full = RAMP(0, stages);
    static const double factors[] = {0.9, 1.0 / 3, 0.1, 0.0123, 1e-7, 1.7};
    for (size_t f = 0; f < BR_COUNT_OF(factors); f++) {
        br_load_plan s = scale(&a, &full, factors[f]);
        br_ns sum = 0;
        for (size_t i = 0; i < s.stage_count; i++) {
            assert_true(s.stages[i].duration >= 0);
            assert_true(s.stages[i].duration % BR_MS == 0);
            if (stages[i].duration == 0) assert_true(s.stages[i].duration == 0);
            sum += s.stages[i].duration;
        }
        assert_true(sum == s.duration && sum >= BR_SEC);
        double wanted = fmax((double) full.duration * factors[f], 1e9);
        assert_true(fabs((double) sum - wanted) <= 1e6);
    }
    br_arena_deinit(&a);
}

static void bad_factors_are_refused(void **state)
{
    (void) state;
    br_load_plan full = {.duration = 5 * MIN, .vus = 10, .factor = 1}, out = {.vus = 42};
    br_err err = {0};
    static const double bad[] = {0, -1, NAN, INFINITY, -INFINITY};
    for (size_t i = 0; i < BR_COUNT_OF(bad); i++) {
        assert_int_equal(br_config_scale(&full, bad[i], NULL, &out, &err), BR_EINVAL);
    }
    assert_int_equal(br_config_scale(&full, 1e6, NULL, &out, &err), BR_ELIMIT);
    assert_int_equal(br_config_scale(&full, 1e300, NULL, &out, &err), BR_ELIMIT);
    assert_int_equal(out.vus, 42);
}

/* Spikes ------------------------------------------------------------------------------------------- */

static void expect_spike(const br_load_plan *plan, br_ns start, br_ns end)
{
    br_ns s = -1, e = -1;
    assert_true(br_config_spike(plan, &s, &e));
    assert_true(s == start);
    assert_true(e == end);
}

static void expect_none(const br_load_plan *plan)
{
    br_ns s = -1, e = -1;
    assert_false(br_config_spike(plan, &s, &e));
    assert_true(s == -1 && e == -1);
}

static void spikes_are_found(void **state)
{
    (void) state;
    br_load_stage jump[] = {{2 * MIN, 10}, {0, 100}, {3 * MIN, 100}, {0, 10}, {5 * MIN, 10}};
    br_load_plan p = RAMP(10, jump);
    expect_spike(&p, 2 * MIN, 5 * MIN);
    br_load_stage ramps[] = {{MIN, 10}, {MIN, 10}, {MIN / 2, 100}, {MIN, 100}, {MIN / 2, 10}, {2 * MIN, 10}};
    p = RAMP(0, ramps); /* from the foot of the one ramp to the foot of the other */
    expect_spike(&p, 2 * MIN, 4 * MIN);
    br_load_stage needle[] = {{MIN, 10}, {MIN, 100}, {MIN, 5}, {MIN, 5}};
    p = RAMP(10, needle);
    expect_spike(&p, MIN, 3 * MIN);
    br_load_stage at_once[] = {{0, 100}, {MIN, 100}, {0, 10}, {MIN, 10}};
    p = RAMP(10, at_once); /* without anything before it */
    expect_spike(&p, 0, MIN);
    br_load_stage two[] = {
        {MIN, 10}, {0, 50}, {MIN, 50}, {0, 10}, {MIN, 10}, {0, 90}, {MIN, 90}, {0, 10}, {MIN, 10}};
    p = RAMP(10, two); /* the highest one counts */
    expect_spike(&p, 3 * MIN, 4 * MIN);
}

static void other_loads_have_no_spike(void **state)
{
    (void) state;
    br_load_plan p = {.duration = 5 * MIN, .vus = 10, .factor = 1};
    expect_none(&p);
    br_load_stage up[] = {{5 * MIN, 50}, {5 * MIN, 100}, {5 * MIN, 100}};
    p = RAMP(0, up);
    expect_none(&p);
    br_load_stage up_and_out[] = {{5 * MIN, 100}, {5 * MIN, 0}};
    p = RAMP(0, up_and_out);
    expect_none(&p);
    br_load_stage then_idle[] = {{MIN, 100}, {0, 0}, {MIN, 0}};
    p = RAMP(10, then_idle); /* nobody there to see the recovery */
    expect_none(&p);
    br_load_stage down[] = {{MIN, 50}, {MIN, 10}};
    p = RAMP(100, down);
    expect_none(&p);
}

static void a_scaled_spike_keeps_its_place(void **state)
{
    (void) state;
    br_arena a;
    br_arena_init(&a, 256);
    br_load_stage jump[] = {{2 * MIN, 10}, {0, 100}, {3 * MIN, 100}, {0, 10}, {5 * MIN, 10}};
    br_load_plan full = RAMP(10, jump), s = scale(&a, &full, 0.1);
    expect_spike(&s, 12 * BR_SEC, 30 * BR_SEC);
    br_arena_deinit(&a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(constant_loads_scale),
        cmocka_unit_test(stages_scale_and_add_up),
        cmocka_unit_test(rounding_does_not_add_up),
        cmocka_unit_test(bad_factors_are_refused),
        cmocka_unit_test(spikes_are_found),
        cmocka_unit_test(other_loads_have_no_spike),
        cmocka_unit_test(a_scaled_spike_keeps_its_place),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
