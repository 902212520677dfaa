#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include "judge/format.h"

static br_buf made;

static const char *text(void)
{
    static char copy[128];
    assert_true(made.len < sizeof copy);
    memcpy(copy, made.data, made.len + 1);
    br_buf_reset(&made);
    return copy;
}

static void durations_are_truncated_to_two_decimals(void **state)
{
    (void) state;
    static const struct {
        double ms;
        const char *expected;
    } cases[] = {{0, "0s"}, {0.00085, "850ns"}, {0.000999, "999ns"}, {0.33, "330µs"}, {0.012345, "12.34µs"},
        {43.8399, "43.83ms"}, {29.6, "29.6ms"}, {999.999, "999.99ms"}, {1000, "1s"}, {1500, "1.5s"},
        {59999, "59.99s"}, {60000, "1m0s"}, {125999, "2m5s"}, {3603000, "1h0m3s"}, {86400000, "24h0m0s"},
        {-2.5, "-2.5ms"}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        br_format_duration(&made, cases[i].ms);
        assert_string_equal(text(), cases[i].expected);
    }
}

static void a_time_unit_gives_two_decimals(void **state)
{
    (void) state;
    br_format_duration_unit(&made, 43.835, BR_STR("s"));
    assert_string_equal(text(), "0.04s");
    br_format_duration_unit(&made, 0.125, BR_STR("ms")); /* a tie goes up, as toFixed does */
    assert_string_equal(text(), "0.13ms");
    br_format_duration_unit(&made, 1.5, BR_STR("us"));
    assert_string_equal(text(), "1500.00µs");
    br_format_duration_unit(&made, 1.5, BR_STR(""));
    assert_string_equal(text(), "1.5ms");
}

static void bytes_have_base_1000(void **state)
{
    (void) state;
    static const struct {
        double bytes;
        const char *expected;
    } cases[] = {{0, "0 B"}, {9, "9 B"}, {2.5, "2.5 B"}, {10, "10 B"}, {999, "999 B"}, {1000, "1.0 kB"},
        {2949, "2.9 kB"}, {9960, "10 kB"}, {16000, "16 kB"}, {519000, "519 kB"}, {1.5e6, "1.5 MB"},
        {3e12, "3.0 TB"}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        br_format_bytes(&made, cases[i].bytes);
        assert_string_equal(text(), cases[i].expected);
    }
}

static void shares_are_never_rounded_up(void **state)
{
    (void) state;
    br_format_share(&made, 0.99999);
    assert_string_equal(text(), "99.99%");
    br_format_share(&made, 2.0 / 3);
    assert_string_equal(text(), "66.66%");
    br_format_share(&made, 1);
    assert_string_equal(text(), "100.00%");
    br_format_share(&made, 0);
    assert_string_equal(text(), "0.00%");
}

static void numbers_lose_trailing_zeros(void **state)
{
    (void) state;
    br_format_number(&made, 44.46321, 6);
    assert_string_equal(text(), "44.46321");
    br_format_number(&made, 8, 6);
    assert_string_equal(text(), "8");
    br_format_number(&made, 100, 0);
    assert_string_equal(text(), "100");
    br_format_number(&made, -0.0000001, 6);
    assert_string_equal(text(), "0");
    br_format_number(&made, 2.0000005, 6);
    assert_true(made.len >= 8);
    br_buf_reset(&made);
}

static void the_unit_follows_the_metric(void **state)
{
    (void) state;
    br_format_metric(&made, 0.5, BR_RATE, BR_CONTAINS_DEFAULT, BR_STR(""));
    assert_string_equal(text(), "50.00%");
    br_format_metric(&made, 16000, BR_COUNTER, BR_CONTAINS_DATA, BR_STR(""));
    assert_string_equal(text(), "16 kB");
    br_format_metric(&made, 16, BR_TREND, BR_CONTAINS_TIME, BR_STR(""));
    assert_string_equal(text(), "16ms");
    br_format_metric(&made, 16.25, BR_GAUGE, BR_CONTAINS_DEFAULT, BR_STR(""));
    assert_string_equal(text(), "16.25");
    assert_int_equal(br_format_width(BR_STR("µs ✓")), 4);
}

int main(void)
{
    br_buf_init(&made, 4096);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(durations_are_truncated_to_two_decimals),
        cmocka_unit_test(a_time_unit_gives_two_decimals),
        cmocka_unit_test(bytes_have_base_1000),
        cmocka_unit_test(shares_are_never_rounded_up),
        cmocka_unit_test(numbers_lose_trailing_zeros),
        cmocka_unit_test(the_unit_follows_the_metric),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    br_buf_deinit(&made);
    return failed;
}
