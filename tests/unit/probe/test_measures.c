#include "probe/measures.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>

static void test_bounded(void **state)
{
    (void) state;
    br_samples s = {0};
    for (int i = 0; i < 100000; i++)
        br_samples_add(&s, i * BR_SEC, i);
    assert_true(s.list.len < BR_SAMPLES_MAX && s.list.len > BR_SAMPLES_MAX / 4);
    assert_true(s.list.data[0].value == 0);
    br_ns step = s.list.data[1].at - s.list.data[0].at;
    for (size_t i = 0; i < s.list.len; i++) { /* what is kept is what was measured, evenly */
        assert_true((double) s.list.data[i].at / 1e9 == s.list.data[i].value);
        if (i) assert_int_equal(s.list.data[i].at - s.list.data[i - 1].at, step);
    }
    assert_true(100000 * BR_SEC - s.list.data[s.list.len - 1].at <= step);
    br_samples_deinit(&s);
}

static void test_gauges_and_counters(void **state)
{
    (void) state;
    br_measures m;
    br_arena arena;
    br_target_series list[3];
    br_measures_init(&m);
    br_arena_init(&arena, 1024);
    static const double totals[] = {100, 104, 2, 8}; /* begins anew at the third */
    for (int i = 0; i < 4; i++) {
        br_ns at = (10 + 2 * i) * BR_SEC;
        br_measures_counter(&m, BR_STR("cpu"), "cores", 4, at, totals[i]);
        if (i != 1) br_measures_gauge(&m, BR_STR("memory"), "bytes", 0, at, 1000 + i);
        br_measures_gauge(&m, BR_STR("nothing"), "bytes", 0, at, NAN);
        br_measures_round(&m);
    }
    assert_int_equal(br_measures_count(&m), 2);
    br_measures_copy(&m, BR_STR("here"), 10 * BR_SEC, &arena, list);
    assert_true(br_str_is(list[0].name, "cpu") && br_str_is(list[0].source, "here") && list[0].limit == 4);
    assert_int_equal(list[0].count, 2);
    assert_true(list[0].samples[0].at == 2 * BR_SEC && list[0].samples[0].value == 2);
    assert_true(list[0].samples[1].at == 6 * BR_SEC && list[0].samples[1].value == 3);
    assert_int_equal(list[0].missed, 1);
    assert_int_equal(list[1].count, 3);
    assert_int_equal(list[1].missed, 1);
    br_arena_deinit(&arena);
    br_measures_deinit(&m);
}

static void test_too_many(void **state)
{
    (void) state;
    br_measures m;
    br_measures_init(&m);
    for (int i = 0; i < 100; i++) {
        char name[16];
        int n = snprintf(name, sizeof(name), "m%d", i);
        br_measures_gauge(&m, (br_str){name, (size_t) n}, "count", 0, BR_SEC, i);
    }
    assert_int_equal(br_measures_count(&m), BR_MEASURES_MAX);
    assert_int_equal(m.refused, 100 - BR_MEASURES_MAX);
    br_measures_deinit(&m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_bounded),
        cmocka_unit_test(test_gauges_and_counters),
        cmocka_unit_test(test_too_many),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
