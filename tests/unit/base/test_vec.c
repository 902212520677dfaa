#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/vec.h"

static void test_push_gives_zeroed_elements(void **state)
{
    (void) state;
    BR_VEC(int) v = {0};
    for (int i = 0; i < 1000; i++) {
        int *at = br_vec_push(&v);
        assert_int_equal(*at, 0);
        *at = i;
    }
    assert_int_equal(v.len, 1000);
    assert_true(v.cap >= v.len);
    for (int i = 0; i < 1000; i++) {
        assert_int_equal(v.data[i], i);
    }
    assert_int_equal(*br_vec_last(&v), 999);
    br_vec_reset(&v);
    assert_int_equal(*br_vec_push(&v), 0); /* zeroed also where an old element was */
    br_vec_deinit(&v);
    assert_null(v.data);
    assert_int_equal(v.cap, 0);
}

static void test_elements_may_be_structs(void **state)
{
    (void) state;
    typedef struct point {
        double x;
        char tag[24];
    } point;
    BR_VEC(point) v = {0};
    for (int i = 0; i < 100; i++) {
        *br_vec_push(&v) = (point){.x = i, .tag = "t"};
    }
    assert_true(v.data[57].x == 57);
    assert_string_equal(v.data[99].tag, "t");
    br_vec_deinit(&v);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_push_gives_zeroed_elements),
        cmocka_unit_test(test_elements_may_be_structs),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
