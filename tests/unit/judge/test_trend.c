/* Slopes and their intervals against SciPy, and how often the interval holds the truth. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <cmocka.h>
#include "base/compiler.h"
#include "base/random.h"
#include "judge/least_squares.h"
#include "judge/trend.h"

#define assert_near(value, expected, by) assert_true(fabs((value) - (expected)) <= (by))

/* Figures: scipy.stats.theilslopes(y, t, 0.95, method='joint') of SciPy 1.10.1. */
static void matches_scipy(void **state)
{
    (void) state;
    static const double t[] = {0, 1, 2, 3.5, 5, 6, 7, 8.5, 9, 10, 12, 13, 14, 15, 17, 18};
    static const double y[] = {
        10.2, 10.9, 10.4, 12.1, 11.7, 13.0, 12.2, 14.8, 13.1, 14.2, 15.9, 15.1, 30.0, 16.2, 17.4, 17.1};
    br_trend f;
    assert_true(br_trend_fit(t, y, BR_COUNT_OF(t), BR_TREND_Z95, false, &f));
    assert_near(f.slope, 0.4217647058823529, 1e-12);
    assert_near(f.low, 0.35, 1e-12);
    assert_near(f.high, 0.5, 1e-12);
    assert_near(f.intercept, 10.091176470588234, 1e-9);
}

static void matches_scipy_with_ties(void **state)
{
    (void) state;
    static const double y[] = {1, 2, 2, 3, 3, 3, 4, 4, 6, 5, 5, 7, 7, 7};
    double t[BR_COUNT_OF(y)];
    for (size_t i = 0; i < BR_COUNT_OF(y); i++)
        t[i] = (double) i;
    br_trend f;
    assert_true(br_trend_fit(t, y, BR_COUNT_OF(y), BR_TREND_Z95, false, &f));
    assert_near(f.slope, 0.45454545454545453, 1e-12);
    assert_near(f.low, 1.0 / 3, 1e-12);
    assert_near(f.high, 0.5, 1e-12);
    assert_near(f.intercept, 1.1363636363636362, 1e-9);
}

static void too_little(void **state)
{
    (void) state;
    static const double t[] = {1, 1, 1, 1}, y[] = {1, 2, 3, 4};
    br_trend f = {.slope = 42};
    assert_false(br_trend_fit(t, y, 2, BR_TREND_Z95, false, &f));
    assert_false(br_trend_fit(t, y, 4, BR_TREND_Z95, false, &f));
    assert_near(f.slope, 42, 0);
}

static double normal(br_random *r)
{
    return sqrt(-2 * log(1 - br_random_f64(r))) * cos(2 * 3.14159265358979 * br_random_f64(r));
}

/* How many of 400 intervals around a slope of 0.1 hold it. */
static int covered(double dependence, bool dependent)
{
    br_random r;
    br_random_seed(&r, 7);
    int holds = 0;
    for (int k = 0; k < 400; k++) {
        double t[60], y[60], rest = normal(&r);
        for (int i = 0; i < 60; i++) {
            rest = dependence * rest + sqrt(1 - dependence * dependence) * normal(&r);
            t[i] = i;
            y[i] = 0.1 * i + rest;
        }
        br_trend f;
        assert_true(br_trend_fit(t, y, 60, BR_TREND_Z95, dependent, &f));
        assert_true(f.low <= f.slope && f.slope <= f.high && f.inflation >= 1);
        holds += f.low <= 0.1 && 0.1 <= f.high;
    }
    return holds;
}

static void interval_holds_the_truth(void **state)
{
    (void) state;
    assert_in_range(covered(0, false), 370, 395); /* 95 % are 380 */
    assert_in_range(covered(0, true), 370, 396);
}

/* With neighbours alike the plain interval is far too narrow, and the correction mends most of it. */
static void dependence_widens(void **state)
{
    (void) state;
    int plain = covered(0.6, false), corrected = covered(0.6, true);
    assert_true(plain < 290);
    assert_true(corrected > 350);
    assert_true(corrected > plain + 40);
}

/* y = 2 + 3 a - b, with errors that cancel out; and equations that determine nothing. */
static void least_squares(void **state)
{
    (void) state;
    br_lsq l;
    br_lsq_init(&l, 3);
    for (int i = 0; i < 20; i++) {
        double a = i * 1000.0, b = i % 4;
        br_lsq_add(&l, (double[]){1, a, b}, 2 + 3 * a - b + (i % 2 ? 0.5 : -0.5) * (i / 4 % 2 ? 1 : -1));
    }
    double x[3] = {0}, rest, inverse[3];
    assert_true(br_lsq_solve(&l, x, &rest, inverse));
    assert_near(x[1], 3, 1e-3);
    assert_true(rest > 1 && rest <= 5.001);
    assert_true(inverse[0] > 0 && inverse[1] > 0 && inverse[2] > 0);
    br_lsq_init(&l, 2);
    for (int i = 0; i < 5; i++)
        br_lsq_add(&l, (double[]){1, 7}, i);
    x[0] = 42;
    assert_false(br_lsq_solve(&l, x, &rest, NULL));
    assert_near(x[0], 42, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(matches_scipy),
        cmocka_unit_test(matches_scipy_with_ties),
        cmocka_unit_test(too_little),
        cmocka_unit_test(interval_holds_the_truth),
        cmocka_unit_test(dependence_widens),
        cmocka_unit_test(least_squares),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
