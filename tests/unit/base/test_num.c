#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <float.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/num.h"
#include "base/random.h"

/* Integers, booleans, doubles in --------------------------------------------------------------- */

static void test_u64(void **state)
{
    (void) state;
    uint64_t v = 42;
    assert_int_equal(br_parse_u64(BR_STR("0"), &v), BR_OK);
    assert_true(v == 0);
    assert_int_equal(br_parse_u64(BR_STR("00018446744073709551615"), &v), BR_OK);
    assert_true(v == UINT64_MAX);
    v = 42;
    const char *const over[] = {"18446744073709551616", "18446744073709551620", "99999999999999999999999"};
    for (size_t i = 0; i < BR_COUNT_OF(over); i++) {
        assert_int_equal(br_parse_u64(br_str_of(over[i]), &v), BR_ELIMIT);
    }
    const char *const bad[] = {"", "+1", "-1", " 1", "1 ", "1.0", "0x10", "1e3", "12a"};
    for (size_t i = 0; i < BR_COUNT_OF(bad); i++) {
        assert_int_equal(br_parse_u64(br_str_of(bad[i]), &v), BR_ESYNTAX);
    }
    assert_int_equal(br_parse_u64(BR_STR("1\0"), &v), BR_ESYNTAX);
    assert_int_equal(br_parse_u64(BR_STR_NONE, &v), BR_ESYNTAX);
    assert_true(v == 42);
}

static void test_i64(void **state)
{
    (void) state;
    int64_t v = 42;
    assert_int_equal(br_parse_i64(BR_STR("-9223372036854775808"), &v), BR_OK);
    assert_true(v == INT64_MIN);
    assert_int_equal(br_parse_i64(BR_STR("+9223372036854775807"), &v), BR_OK);
    assert_true(v == INT64_MAX);
    assert_int_equal(br_parse_i64(BR_STR("-0"), &v), BR_OK);
    assert_true(v == 0);
    v = 42;
    assert_int_equal(br_parse_i64(BR_STR("9223372036854775808"), &v), BR_ELIMIT);
    assert_int_equal(br_parse_i64(BR_STR("-9223372036854775809"), &v), BR_ELIMIT);
    const char *const bad[] = {"", "-", "+", "--1", "+-1", "1-", "0x1", "1_000"};
    for (size_t i = 0; i < BR_COUNT_OF(bad); i++) {
        assert_int_equal(br_parse_i64(br_str_of(bad[i]), &v), BR_ESYNTAX);
    }
    assert_true(v == 42);
}

static void test_bool(void **state)
{
    (void) state;
    bool v = false;
    const char *const yes[] = {"1", "t", "T", "true", "TRUE", "True"};
    const char *const no[] = {"0", "f", "F", "false", "FALSE", "False"};
    for (size_t i = 0; i < BR_COUNT_OF(yes); i++) {
        assert_int_equal(br_parse_bool(br_str_of(yes[i]), &v), BR_OK);
        assert_true(v);
        assert_int_equal(br_parse_bool(br_str_of(no[i]), &v), BR_OK);
        assert_false(v);
    }
    const char *const bad[] = {"", "yes", "tRUE", "10", "on", " true"};
    for (size_t i = 0; i < BR_COUNT_OF(bad); i++) {
        assert_int_equal(br_parse_bool(br_str_of(bad[i]), &v), BR_ESYNTAX);
    }
}

static void test_f64(void **state)
{
    (void) state;
    static const struct {
        const char *text;
        double value;
    } good[] = {
        {"0", 0},
        {"1", 1},
        {"+1.5", 1.5},
        {"-.5", -0.5},
        {"5.", 5},
        {"1e3", 1000},
        {"1E-3", 0.001},
        {"2.5e+2", 250},
        {"0.1", 0.1},
        {"1e-400", 0},
        {"000.10", 0.1},
        {"1e308", 1e308},
        {"5e-324", 5e-324},
        {"1.7976931348623157e308", DBL_MAX},
    };
    double v;
    for (size_t i = 0; i < BR_COUNT_OF(good); i++) {
        assert_int_equal(br_parse_f64(br_str_of(good[i].text), &v), BR_OK);
        assert_true(v == good[i].value);
    }
    v = 42;
    const char *const bad[] = {"", "-", ".", "e5", ".e5", "1e", "1e+", "1.2.3", "0x1p3", "inf", "nan",
        "Infinity", "1 ", " 1", "1,5", "1d"};
    for (size_t i = 0; i < BR_COUNT_OF(bad); i++) {
        assert_int_equal(br_parse_f64(br_str_of(bad[i]), &v), BR_ESYNTAX);
    }
    assert_int_equal(br_parse_f64(BR_STR("1e309"), &v), BR_ELIMIT);
    assert_int_equal(br_parse_f64(BR_STR("-1e999999999999"), &v), BR_ELIMIT);
    assert_true(v == 42);
}

static void test_f64_reads_only_its_slice(void **state)
{
    (void) state;
    double v;
    assert_int_equal(br_parse_f64((br_str){"123456", 3}, &v), BR_OK);
    assert_true(v == 123);
    char digits[2000];
    memset(digits, '1', sizeof(digits));
    assert_int_equal(br_parse_f64((br_str){digits, sizeof(digits)}, &v), BR_ELIMIT);
}

/* Durations ------------------------------------------------------------------------------------ */

typedef struct duration_case {
    const char *text;
    br_ns ns;
} duration_case;

#define MINUTE (60 * BR_SEC)
#define HOUR   (60 * MINUTE)
#define DAY    (24 * HOUR)

static void check_durations(const duration_case *cases, size_t count, br_duration_syntax syntax)
{
    for (size_t i = 0; i < count; i++) {
        br_ns ns = -1;
        br_code rc = br_parse_duration(br_str_of(cases[i].text), syntax, &ns);
        if (rc != BR_OK || ns != cases[i].ns) {
            fail_msg("'%s' gave %s, %lld", cases[i].text, br_code_name(rc), (long long) ns);
        }
    }
}

static void check_refused(const char *const *texts, size_t count, br_duration_syntax syntax, br_code want)
{
    for (size_t i = 0; i < count; i++) {
        br_ns ns = 42;
        br_code rc = br_parse_duration(br_str_of(texts[i]), syntax, &ns);
        if (rc != want || ns != 42) {
            fail_msg("'%s' gave %s, %lld", texts[i], br_code_name(rc), (long long) ns);
        }
    }
}

static const duration_case common_cases[] = {
    {"0", 0},
    {"0s", 0},
    {"5s", 5 * BR_SEC},
    {"1m30s", 90 * BR_SEC},
    {"1h15m30.918s", HOUR + 15 * MINUTE + 30918 * BR_MS},
    {"1.5s", 1500 * BR_MS},
    {".5s", 500 * BR_MS},
    {"5.s", 5 * BR_SEC},
    {"300ms", 300 * BR_MS},
    {"-2us", -2 * BR_US},
    {"+2us", 2 * BR_US},
    {"10\xC2\xB5s", 10 * BR_US},
    {"10\xCE\xBCs", 10 * BR_US},
    {"7ns", 7},
    {"0.3333333333333333333h", 1200 * BR_SEC - 1}, /* cut after 18 digits, rounded down */
    {"1.9ns", 1},
    {"30s1m", 90 * BR_SEC}, /* any order */
    {"9223372036854775807ns", INT64_MAX},
    {"-9223372036854775808ns", INT64_MIN},
    {"2562047h47m16.854775807s", INT64_MAX},
};

static void test_durations_of_both_syntaxes(void **state)
{
    (void) state;
    check_durations(common_cases, BR_COUNT_OF(common_cases), BR_DURATION_GO);
    check_durations(common_cases, BR_COUNT_OF(common_cases), BR_DURATION_K6);
    const char *const bad[] = {
        "", "-", "s", ".s", "1x", "1 s", " 1s", "1s ", "--1s", "1s-1s", "1sm", "1\xC2s", "h1", "1m30"};
    check_refused(bad, BR_COUNT_OF(bad), BR_DURATION_GO, BR_ESYNTAX);
    check_refused(bad, BR_COUNT_OF(bad), BR_DURATION_K6, BR_ESYNTAX);
    const char *const over[] = {"9223372036854775808ns", "-9223372036854775809ns", "9223372036854775807ns1ns",
        "2562048h", "99999999999999999999h", "9223372036854775807.5s"};
    check_refused(over, BR_COUNT_OF(over), BR_DURATION_GO, BR_ELIMIT);
    check_refused(over, BR_COUNT_OF(over), BR_DURATION_K6, BR_ELIMIT);
}

static void test_go_knows_no_days_and_no_bare_numbers(void **state)
{
    (void) state;
    const char *const bad[] = {"1d", "500", "1d2h", "1.5", "1e3"};
    check_refused(bad, BR_COUNT_OF(bad), BR_DURATION_GO, BR_ESYNTAX);
}

static void test_refused_durations_are_explained(void **state)
{
    (void) state;
    static const struct {
        const char *text, *go, *k6;
    } cases[] = {
        {"abc", "time: invalid duration \"abc\"", NULL},
        {"", "time: invalid duration \"\"", NULL},
        {"5x", "time: unknown unit \"x\" in duration \"5x\"", NULL},
        {"1m5", "time: missing unit in duration \"1m5\"", NULL},
        {".s", "time: invalid duration \".s\"", NULL},
        {"1d5", "time: unknown unit \"d\" in duration \"1d5\"", "time: missing unit in duration \"5\""},
        {"xd1h", "time: invalid duration \"xd1h\"", "strconv.ParseInt: parsing \"x\": invalid syntax"},
    };
    for (size_t i = 0; i < BR_COUNT_OF(cases); i++) {
        char text[200];
        br_explain_duration(br_str_of(cases[i].text), BR_DURATION_GO, text, sizeof(text));
        assert_string_equal(text, cases[i].go);
        br_explain_duration(br_str_of(cases[i].text), BR_DURATION_K6, text, sizeof(text));
        assert_string_equal(text, cases[i].k6 ? cases[i].k6 : cases[i].go);
    }
}

static void test_k6_durations(void **state)
{
    (void) state;
    const duration_case good[] = {
        {"500", 500 * BR_MS},
        {"-500", -500 * BR_MS},
        {"0.5", 500 * BR_US},
        {"1e3", BR_SEC},
        {"1d", DAY},
        {"1d2h", DAY + 2 * HOUR},
        {"0d", 0},
        {"-1d2h30m", -(DAY + 2 * HOUR + 30 * MINUTE)},
        {"3d1.5ms", 3 * DAY + 1500 * BR_US},
        {"106751d23h47m16.854775807s", INT64_MAX},
        {"-106751d23h47m16.854775808s", INT64_MIN},
    };
    check_durations(good, BR_COUNT_OF(good), BR_DURATION_K6);
    const char *const bad[] = {"d", "1.5d", "2h1d", "1d2d", "1d-2h", "1d5", "xd", "1dd"};
    check_refused(bad, BR_COUNT_OF(bad), BR_DURATION_K6, BR_ESYNTAX);
    const char *const over[] = {"106752d", "106751d24h", "9223372036855", "-1e300", "1e400"};
    check_refused(over, BR_COUNT_OF(over), BR_DURATION_K6, BR_ELIMIT);
}

static void check_printed(br_ns d, const char *want)
{
    br_buf b;
    br_buf_init(&b, 100);
    assert_int_equal(br_buf_put_duration(&b, d), BR_OK);
    assert_string_equal(b.data, want);
    br_buf_deinit(&b);
}

static void test_printing_durations(void **state)
{
    (void) state;
    check_printed(0, "0s");
    check_printed(1, "1ns");
    check_printed(1100, "1.1\xC2\xB5s");
    check_printed(1500 * BR_US, "1.5ms");
    check_printed(999999999, "999.999999ms");
    check_printed(BR_SEC, "1s");
    check_printed(90 * BR_SEC, "1m30s");
    check_printed(2 * HOUR, "2h0m0s");
    check_printed(-(DAY + 5 * BR_MS), "-24h0m0.005s");
    check_printed(INT64_MAX, "2562047h47m16.854775807s");
    check_printed(INT64_MIN, "-2562047h47m16.854775808s");
}

static void test_printed_durations_read_back(void **state)
{
    (void) state;
    br_random r;
    br_random_seed(&r, 11);
    br_buf b;
    br_buf_init(&b, 100);
    for (int i = 0; i < 20000; i++) {
        br_ns d = (br_ns) (br_random_u64(&r) >> br_random_below(&r, 64)), again;
        br_buf_reset(&b);
        assert_int_equal(br_buf_put_duration(&b, d), BR_OK);
        assert_int_equal(br_parse_duration(br_buf_view(&b), BR_DURATION_GO, &again), BR_OK);
        assert_true(again == d);
    }
    br_buf_deinit(&b);
}

static void test_duration_over_the_limit_leaves_nothing(void **state)
{
    (void) state;
    for (size_t max = 0; max < strlen("-26h3m4.5s"); max++) {
        br_buf b;
        br_buf_init(&b, max);
        assert_int_equal(br_buf_put_duration(&b, -(DAY + 2 * HOUR + 3 * MINUTE + 4500 * BR_MS)), BR_ELIMIT);
        assert_int_equal(b.len, 0);
        br_buf_deinit(&b);
    }
}

/* Doubles out ---------------------------------------------------------------------------------- */

static void test_printing_doubles(void **state)
{
    (void) state;
    static const struct {
        double value;
        const char *text;
    } cases[] = {
        {0, "0"},
        {-0.0, "-0"},
        {5, "5"},
        {-17, "-17"},
        {0.1, "0.1"},
        {0.1 + 0.2, "0.30000000000000004"},
        {1.0 / 3, "0.3333333333333333"},
        {123.456, "123.456"},
        {100000, "100000"},
        {1e-6, "0.000001"},
        {1.5e-6, "0.0000015"},
        {1e-7, "1e-7"},
        {1.25e-7, "1.25e-7"},
        {9007199254740991, "9007199254740991"},
        {9007199254740992, "9007199254740992"},
        {-1152921504606846976.0, "-1152921504606847000"},
        {123456789012345680000.0, "123456789012345680000"},
        {1e20, "100000000000000000000"},
        {1e21, "1e+21"},
        {1.5e300, "1.5e+300"},
        {DBL_MAX, "1.7976931348623157e+308"},
        {DBL_MIN, "2.2250738585072014e-308"},
        {5e-324, "5e-324"},
        {1.5e-323, "1.5e-323"},
        {0x1p-44, "5.684341886080802e-14"}, /* nearest 16 digits (...801e-14) miss it */
        {0x1p-1022 - 0x1p-1074, "2.225073858507201e-308"},
        {9.5, "9.5"},
        {NAN, "NaN"},
        {INFINITY, "Infinity"},
        {-INFINITY, "-Infinity"},
    };
    for (size_t i = 0; i < BR_COUNT_OF(cases); i++) {
        br_buf b;
        br_buf_init(&b, 64);
        assert_int_equal(br_buf_put_f64(&b, cases[i].value), BR_OK);
        assert_string_equal(b.data, cases[i].text);
        br_buf_deinit(&b);
    }
}

static size_t count_digits(br_str s)
{
    /* Significant ones: without the exponent, leading and (of integers) trailing zeros. */
    size_t first = 0, last = 0, count = 0;
    for (size_t i = 0; i < s.n && s.p[i] != 'e'; i++) {
        if (s.p[i] < '0' || s.p[i] > '9') continue;
        count++;
        if (s.p[i] == '0') continue;
        if (!first) first = count;
        last = count;
    }
    return first ? last - first + 1 : 0;
}

static void check_shortest(double v, br_buf *b)
{
    br_buf_reset(b);
    assert_int_equal(br_buf_put_f64(b, v), BR_OK);
    double again = strtod(b->data, NULL);
    if (again != v || signbit(again) != signbit(v)) fail_msg("%a printed as %s", v, b->data);
    size_t digits = count_digits(br_buf_view(b));
    assert_true(digits <= 17);
    if (digits > 1) { /* one digit less must not be enough */
        char text[64];
        snprintf(text, sizeof(text), "%.*e", (int) digits - 2, v);
        if (strtod(text, NULL) == v) fail_msg("%s is not the shortest: %s", b->data, text);
    }
}

static void test_random_doubles_are_shortest_and_read_back(void **state)
{
    (void) state;
    br_random r;
    br_random_seed(&r, 3);
    br_buf b;
    br_buf_init(&b, 64);
    for (int i = 0; i < 20000; i++) {
        uint64_t bits = br_random_u64(&r);
        double v;
        memcpy(&v, &bits, sizeof(v));
        if (isfinite(v)) check_shortest(v, &b);
        check_shortest((double) br_random_below(&r, 1000000000) / 1000, &b); /* like our times */
        check_shortest(br_random_f64(&r) * 0x1p-1022, &b);                   /* subnormal */
        check_shortest((double) br_random_u64(&r), &b);
    }
    br_buf_deinit(&b);
}

static void test_powers_are_shortest_and_read_back(void **state)
{
    (void) state;
    br_buf b;
    br_buf_init(&b, 64);
    for (int e = -1074; e <= 1023; e++) {
        double v = ldexp(1, e);
        check_shortest(v, &b);
        if (v > 0) check_shortest(nextafter(v, 0) > 0 ? nextafter(v, 0) : v, &b);
        check_shortest(nextafter(v, INFINITY), &b);
    }
    for (int e = -323; e <= 308; e++) {
        char text[16];
        snprintf(text, sizeof(text), "1e%d", e);
        check_shortest(strtod(text, NULL), &b);
    }
    br_buf_deinit(&b);
}

/* Time out ------------------------------------------------------------------------------------- */

static void check_time(const char *zone, br_ns wall_ns, bool with_fraction, const char *want)
{
    setenv("TZ", zone, 1);
    tzset();
    br_buf b;
    br_buf_init(&b, 64);
    assert_int_equal(br_buf_put_rfc3339(&b, wall_ns, with_fraction), BR_OK);
    assert_string_equal(b.data, want);
    br_buf_deinit(&b);
    unsetenv("TZ");
    tzset();
}

static void test_rfc3339(void **state)
{
    (void) state;
    const br_ns t = 1700000000 * BR_SEC;
    check_time("UTC0", t, false, "2023-11-14T22:13:20Z");
    check_time("UTC0", t, true, "2023-11-14T22:13:20Z");
    check_time("UTC0", t + 120 * BR_MS, true, "2023-11-14T22:13:20.12Z");
    check_time("UTC0", t + 120 * BR_MS, false, "2023-11-14T22:13:20Z");
    check_time("UTC0", t + 1, true, "2023-11-14T22:13:20.000000001Z");
    check_time("UTC0", t + 999999999, true, "2023-11-14T22:13:20.999999999Z");
    check_time("UTC0", 0, true, "1970-01-01T00:00:00Z");
    check_time("UTC0", -1, true, "1969-12-31T23:59:59.999999999Z");
    check_time("UTC0", INT64_MIN, true, "1677-09-21T00:12:43.145224192Z");
    check_time("UTC0", INT64_MAX, true, "2262-04-11T23:47:16.854775807Z");
    check_time("IST-5:30", t, false, "2023-11-15T03:43:20+05:30");
    check_time("NST3:30", t, false, "2023-11-14T18:43:20-03:30");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_u64),
        cmocka_unit_test(test_i64),
        cmocka_unit_test(test_bool),
        cmocka_unit_test(test_f64),
        cmocka_unit_test(test_f64_reads_only_its_slice),
        cmocka_unit_test(test_durations_of_both_syntaxes),
        cmocka_unit_test(test_go_knows_no_days_and_no_bare_numbers),
        cmocka_unit_test(test_refused_durations_are_explained),
        cmocka_unit_test(test_k6_durations),
        cmocka_unit_test(test_printing_durations),
        cmocka_unit_test(test_printed_durations_read_back),
        cmocka_unit_test(test_duration_over_the_limit_leaves_nothing),
        cmocka_unit_test(test_printing_doubles),
        cmocka_unit_test(test_random_doubles_are_shortest_and_read_back),
        cmocka_unit_test(test_powers_are_shortest_and_read_back),
        cmocka_unit_test(test_rfc3339),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
