#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "stat/threshold.h"

static void test_parse(void **state)
{
    (void) state;
    static const struct {
        const char *text;
        br_agg agg;
        double p;
        br_cmp cmp;
        double limit;
    } good[] = {
        {"p(95)<500", BR_AGG_P, 95, BR_LT, 500},
        {"p(99.9) <= 1.5e3", BR_AGG_P, 99.9, BR_LE, 1500},
        {"  rate  >=  0.99  ", BR_AGG_RATE, 0, BR_GE, 0.99},
        {"count>+10", BR_AGG_COUNT, 0, BR_GT, 10},
        {"value===-1", BR_AGG_VALUE, 0, BR_EQ, -1},
        {"value==3", BR_AGG_VALUE, 0, BR_EQ, 3},
        {"med!=.5", BR_AGG_MED, 0, BR_NE, 0.5},
        {"avg<1E2", BR_AGG_AVG, 0, BR_LT, 100},
        {"min>5.", BR_AGG_MIN, 0, BR_GT, 5},
        {"max\t<\t7", BR_AGG_MAX, 0, BR_LT, 7},
    };
    for (size_t i = 0; i < BR_COUNT_OF(good); i++) {
        br_threshold t;
        br_err err = {0};
        br_code rc = br_threshold_parse(br_str_of(good[i].text), &t, &err);
        if (rc != BR_OK) fail_msg("'%s': %s", good[i].text, err.msg);
        assert_int_equal(t.agg.agg, good[i].agg);
        assert_true(t.agg.p == good[i].p);
        assert_int_equal(t.cmp, good[i].cmp);
        assert_true(t.limit == good[i].limit);
    }
}

static void test_parse_refuses(void **state)
{
    (void) state;
    static const char *const bad[] = {"", " ", "count ~ 5", "count", "count<", "<5", "count<=", "count=5",
        "count=<5", "count<<5", "count<5<6", "avg<five", "avg<0x10x", "avg<inf", "avg<nan", "p(101)<5",
        "p(-1)<5", "p95<5", "p()<5", "p(x)<5", "mean<5", "count<5 rate", "count====5", "rate>0.9 && rate<1"};
    for (size_t i = 0; i < BR_COUNT_OF(bad); i++) {
        br_threshold t = {.limit = 4711};
        br_err err = {0};
        if (br_threshold_parse(br_str_of(bad[i]), &t, &err) != BR_ESYNTAX) fail_msg("'%s' was taken", bad[i]);
        assert_true(t.limit == 4711);
        assert_non_null(strstr(err.msg, bad[i])); /* the message names the expression */
    }
}

/* `===` is searched before `==`, and an operator with nothing behind it does not count. */
static void test_operator_order(void **state)
{
    (void) state;
    br_threshold t;
    assert_int_equal(br_threshold_parse(BR_STR("value==="), &t, NULL), BR_ESYNTAX);
    assert_int_equal(br_threshold_parse(BR_STR("value===5"), &t, NULL), BR_OK);
    assert_true(t.cmp == BR_EQ && t.limit == 5);
    assert_int_equal(br_threshold_parse(BR_STR("value!==5"), &t, NULL), BR_ESYNTAX);
}

static bool passes(const char *text, const br_sink *s, double *ret_value)
{
    br_threshold t;
    assert_int_equal(br_threshold_parse(br_str_of(text), &t, NULL), BR_OK);
    return br_threshold_check(&t, s, 2 * BR_SEC, ret_value);
}

static void test_check(void **state)
{
    (void) state;
    br_sink s;
    br_sink_init(&s, BR_COUNTER);
    for (int i = 0; i < 10; i++) {
        br_sink_add(&s, 1, 0);
    }
    double value = 0;
    assert_true(passes("count==10", &s, &value));
    assert_true(value == 10);
    assert_true(passes("rate>=5", &s, &value));
    assert_true(value == 5);
    assert_true(passes("rate<=5", &s, NULL));
    assert_false(passes("rate<5", &s, NULL));
    assert_false(passes("rate>5", &s, NULL));
    assert_false(passes("count!=10", &s, NULL));
    assert_true(passes("count===10", &s, NULL));
}

static void test_check_of_nothing(void **state)
{
    (void) state;
    br_sink s;
    br_sink_init(&s, BR_RATE);
    double value = 9;
    assert_true(passes("rate>0.5", &s, &value)); /* an empty rate passes whatever it says */
    assert_true(value == 0);
    br_sink_init(&s, BR_COUNTER);
    assert_false(passes("count>0", &s, NULL));
    assert_true(passes("count==0", &s, NULL));
    br_sink_init(&s, BR_TREND);
    assert_true(passes("p(95)<1", &s, NULL));
    assert_false(passes("avg>0", &s, NULL));
    br_sink_init(&s, BR_GAUGE);
    assert_true(passes("value==0", &s, NULL));
}

static void test_name_split(void **state)
{
    (void) state;
    br_str name, selector;
    assert_int_equal(br_metric_name_split(BR_STR("http_reqs"), &name, &selector, NULL), BR_OK);
    assert_true(br_str_is(name, "http_reqs"));
    assert_null(selector.p);
    assert_int_equal(br_metric_name_split(BR_STR("cc{a:b, c:{d}}"), &name, &selector, NULL), BR_OK);
    assert_true(br_str_is(name, "cc") && br_str_is(selector, "a:b, c:{d}"));
    assert_int_equal(br_metric_name_split(BR_STR("cc{}"), &name, &selector, NULL), BR_OK);
    assert_true(selector.p && selector.n == 0);
    static const char *const bad[] = {"cc{", "cc}", "cc{a:b", "cca:b}", "cc{a:b} ", "}cc{", "cc}a:b{", "{"};
    for (size_t i = 0; i < BR_COUNT_OF(bad); i++) {
        br_err err = {0};
        if (br_metric_name_split(br_str_of(bad[i]), &name, &selector, &err) != BR_ESYNTAX)
            fail_msg("%s", bad[i]);
        assert_non_null(strstr(err.msg, bad[i]));
    }
    assert_true(br_str_is(name, "cc") && selector.p); /* untouched */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_parse),
        cmocka_unit_test(test_parse_refuses),
        cmocka_unit_test(test_operator_order),
        cmocka_unit_test(test_check),
        cmocka_unit_test(test_check_of_nothing),
        cmocka_unit_test(test_name_split),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
