/* empire/scale/rule.h */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include "empire/scale/rule.h"

#define MB    (1024.0 * 1024.0)
#define AT(s) ((1000 + (s)) * BR_SEC)
#define SMALL (50 * MB)

static const emp_scale_config config = {.min = 2,
    .max = 10,
    .cpu_target = 0.7,
    .memory_target = 0.8 * 512 * MB,
    .up_pause = 30 * BR_SEC,
    .down_pause = 300 * BR_SEC};

static int decide(emp_scale_state *state, int instances, double cpu, double memory, int64_t second)
{
    return emp_scale_decide(&config, state, instances, (emp_scale_load){cpu, memory}, AT(second));
}

static void as_many_as_the_load_needs(void **state)
{
    (void) state;
    emp_scale_state s = {0};
    assert_int_equal(decide(&s, 2, 0.70, SMALL, 0), 2);
    assert_int_equal(decide(&s, 2, 0.76, SMALL, 1), 2); /* within 10 % */
    assert_int_equal(decide(&s, 2, 0.80, SMALL, 2), 3); /* ceil(2 * 0.8 / 0.7) */
    s = (emp_scale_state){0};
    assert_int_equal(decide(&s, 4, 0.98, SMALL, 0), 6); /* ceil(4 * 1.4) */
    s = (emp_scale_state){0};
    assert_int_equal(decide(&s, 2, 7, SMALL, 0), 4); /* twice as many at most */
    s = (emp_scale_state){0};
    assert_int_equal(decide(&s, 8, 2, SMALL, 0), 10); /* and not over the limit */
}

static void the_larger_of_cpu_and_memory_counts(void **state)
{
    (void) state;
    emp_scale_state s = {0};
    assert_int_equal(decide(&s, 2, 0.1, 600 * MB, 0), 3); /* ceil(2 * 600 / 409.6) */
    s = (emp_scale_state){0};
    assert_int_equal(decide(&s, 2, 0.1, 409 * MB, 0), 2);
}

static void up_again_only_after_the_pause(void **state)
{
    (void) state;
    emp_scale_state s = {0};
    assert_int_equal(decide(&s, 2, 2, SMALL, 0), 4);
    assert_int_equal(decide(&s, 4, 2, SMALL, 29), 4);
    assert_int_equal(decide(&s, 4, 2, SMALL, 30), 8);
}

static void down_by_one_after_a_long_calm(void **state)
{
    (void) state;
    emp_scale_state s = {0};
    assert_int_equal(decide(&s, 4, 0.1, SMALL, 0), 4);
    assert_int_equal(decide(&s, 4, 0.1, SMALL, 299), 4);
    assert_int_equal(decide(&s, 4, 0.1, SMALL, 300), 3);
    assert_int_equal(decide(&s, 3, 0.1, SMALL, 301), 3); /* the calm begins again */
    assert_int_equal(decide(&s, 3, 0.7, SMALL, 590), 3); /* and here */
    assert_int_equal(decide(&s, 3, 0.1, SMALL, 610), 3);
    assert_int_equal(decide(&s, 3, 0.1, SMALL, 909), 3);
    assert_int_equal(decide(&s, 3, 0.1, SMALL, 910), 2);
    assert_int_equal(decide(&s, 2, 0, SMALL, 2000), 2); /* not under the limit */
    assert_int_equal(decide(&s, 2, 0, SMALL, 4000), 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(as_many_as_the_load_needs),
        cmocka_unit_test(the_larger_of_cpu_and_memory_counts),
        cmocka_unit_test(up_again_only_after_the_pause),
        cmocka_unit_test(down_by_one_after_a_long_calm),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
