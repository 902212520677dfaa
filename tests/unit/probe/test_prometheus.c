#include "probe/prometheus.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

static const char *const page_text =
    "# HELP http_requests_total The total number of HTTP requests.\n"
    "# TYPE http_requests_total counter\n"
    "http_requests_total{method=\"post\",code=\"200\"} 1027 1395066363000\n"
    "http_requests_total{ method = \"get\" , code=\"400\", }    3\n"
    "\n"
    "  # TYPE pool_busy gauge\n"
    "pool_busy 4.5e1\r\n"
    "msdos{path=\"C:\\\\DIR\\\\FILE.TXT\",error=\"Cannot \\\"find\\\"\\n}\"} 1.458255915e9\n"
    "# TYPE rpc_seconds summary\n"
    "rpc_seconds{quantile=\"0.5\"} NaN\n"
    "rpc_seconds_sum 1.7e7\n"
    "# TYPE up untyped\n"
    "up +Inf\n"
    "down -Inf\n"
    "# TYPE started counter\n"
    "started_total 7 # {trace=\"a\"} 0.67\n"
    "# EOF\n";

static br_prom_sample next(br_prom_page *page)
{
    br_prom_sample s;
    br_err err;
    assert_int_equal(br_prom_next(page, &s, &err), BR_OK);
    return s;
}

static void assert_sample(
    br_prom_sample s, const char *name, const char *labels, br_prom_type type, double value)
{
    assert_true(br_str_is(s.name, name));
    assert_true(br_str_is(s.labels, labels));
    assert_int_equal(s.type, type);
    if (isnan(value))
        assert_true(isnan(s.value));
    else
        assert_true(s.value == value);
}

static void test_page(void **state)
{
    (void) state;
    br_prom_page page;
    br_prom_sample s;
    br_prom_open(&page, br_str_of(page_text));
    assert_sample(next(&page), "http_requests_total", "method=\"post\",code=\"200\"", BR_PROM_COUNTER, 1027);
    assert_int_equal(page.line, 3);
    assert_sample(
        next(&page), "http_requests_total", " method = \"get\" , code=\"400\", ", BR_PROM_COUNTER, 3);
    assert_sample(next(&page), "pool_busy", "", BR_PROM_GAUGE, 45);
    assert_sample(next(&page), "msdos", "path=\"C:\\\\DIR\\\\FILE.TXT\",error=\"Cannot \\\"find\\\"\\n}\"",
        BR_PROM_UNTYPED, 1458255915);
    assert_sample(next(&page), "rpc_seconds", "quantile=\"0.5\"", BR_PROM_OTHER, NAN);
    assert_sample(next(&page), "rpc_seconds_sum", "", BR_PROM_OTHER, 1.7e7);
    assert_sample(next(&page), "up", "", BR_PROM_UNTYPED, INFINITY);
    assert_sample(next(&page), "down", "", BR_PROM_UNTYPED, -INFINITY);
    assert_sample(next(&page), "started_total", "", BR_PROM_COUNTER, 7);
    assert_int_equal(br_prom_next(&page, &s, NULL), BR_EOF);
    assert_true(br_prom_is_page(br_str_of(page_text)));
}

static void test_wrong_lines(void **state)
{
    (void) state;
    static const char *const wrong[] = {"<html>", "a", "a b", "a{", "a{b} 1", "a{b=c} 1", "a{b=\"c} 1",
        "a{b=\"c\" d=\"e\"} 1", "{\"status\":\"ok\"}", "1a 1", "a 1 soon", "a 1 2 3", "a 0x10", "a{b=\"c\\",
        "ok", "a 1 trailing # x"};
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        br_prom_page page;
        br_prom_sample s;
        br_err err = {0};
        br_prom_open(&page, br_str_of(wrong[i]));
        if (br_prom_next(&page, &s, &err) != BR_ESYNTAX) fail_msg("accepted: %s", wrong[i]);
        assert_non_null(strstr(err.msg, "line 1"));
        assert_false(br_prom_is_page(br_str_of(wrong[i])));
    }
    assert_false(br_prom_is_page(BR_STR("")));
    assert_false(br_prom_is_page(BR_STR("# only a comment\n")));
}

static void test_selectors(void **state)
{
    (void) state;
    br_prom_sample s = {.name = BR_STR("q"), .labels = BR_STR("a=\"1\",b=\"x\\\"y\"")};
    assert_true(br_prom_matches(BR_STR("q"), &s));
    assert_true(br_prom_matches(BR_STR(" q "), &s));
    assert_true(br_prom_matches(BR_STR("q{b=\"x\\\"y\"}"), &s));
    assert_true(br_prom_matches(BR_STR("q{b=\"x\\\"y\", a=\"1\"}"), &s));
    assert_true(br_prom_matches(BR_STR("q{}"), &s));
    assert_false(br_prom_matches(BR_STR("q{a=\"2\"}"), &s));
    assert_false(br_prom_matches(BR_STR("q{c=\"1\"}"), &s));
    assert_false(br_prom_matches(BR_STR("qq"), &s));
    assert_false(br_prom_matches(BR_STR("q{a=\"1\""), &s));
    br_err err;
    assert_int_equal(br_prom_check_selector(BR_STR("q{a=\"1\"}"), &err), BR_OK);
    assert_int_equal(br_prom_check_selector(BR_STR("q{a=1}"), &err), BR_ESYNTAX);
    assert_int_equal(br_prom_check_selector(BR_STR(""), &err), BR_ESYNTAX);
    assert_int_equal(br_prom_check_selector(BR_STR("q{} x"), &err), BR_ESYNTAX);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_page),
        cmocka_unit_test(test_wrong_lines),
        cmocka_unit_test(test_selectors),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
