/* The numbers are those that k6 2.2.0 printed for randomSeed(). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include "base/go_random.h"

static void gives_the_numbers_of_go(void **state)
{
    (void) state;
    static const struct {
        int64_t seed;
        double first[3];
    } known[] = {
        {42, {0.3730283610466326, 0.06600049679351791, 0.604093851558642}},
        {0, {0.9451961492941164, 0.24496508529377975, 0.6559562651954052}},
        {-1, {0.3951876009960174, 0.05964969860952545, 0.33545830491955936}},
        {123456789, {0.764978064279259, 0.8051820201933766, 0.7600901305492104}},
    };
    for (size_t i = 0; i < sizeof(known) / sizeof(*known); i++) {
        br_go_random r;
        br_go_random_seed(&r, known[i].seed);
        for (int k = 0; k < 3; k++) {
            double v = br_go_random_f64(&r);
            assert_true(v == known[i].first[k]);
        }
    }
}

static void stays_in_range_and_repeats(void **state)
{
    (void) state;
    br_go_random a, b;
    br_go_random_seed(&a, INT64_MIN);
    br_go_random_seed(&b, INT64_MIN);
    for (int i = 0; i < 5000; i++) {
        double v = br_go_random_f64(&a), again = br_go_random_f64(&b);
        assert_true(v >= 0 && v < 1 && v == again);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(gives_the_numbers_of_go),
        cmocka_unit_test(stays_in_range_and_repeats),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
