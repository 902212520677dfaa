/* Criteria of single endpoints: the form with brackets, and the one with the name given apart. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include "judge/criteria.h"

static void brackets_name_an_endpoint(void **state)
{
    (void) state;
    static const struct {
        const char *text, *endpoint, *metric;
        br_unit unit;
        double limit;
    } list[] = {
        {"p95(GET /products) < 300ms", "GET /products", "http_req_duration", BR_UNIT_MS, 300},
        {"p(99.9)(POST /orchestrator/start) <= 1s", "POST /orchestrator/start", "http_req_duration",
            BR_UNIT_MS, 1000},
        {"avg( GET /a ) < 1s", "GET /a", "http_req_duration", BR_UNIT_MS, 1000},
        {"error_rate(GET /products) < 1%", "GET /products", "http_req_failed", BR_UNIT_SHARE, 0.01},
        {"throughput(GET /a) > 10/s", "GET /a", "http_reqs", BR_UNIT_PER_S, 10},
        {"requests(GET /a) > 5", "GET /a", "http_reqs", BR_UNIT_NUMBER, 5},
        {"p95(GET /search?q=<x>) < 300ms", "GET /search?q=<x>", "http_req_duration", BR_UNIT_MS, 300},
        {"p95(GET /f(x)) < 300ms", "GET /f(x)", "http_req_duration", BR_UNIT_MS, 300},
        {"p95(http_req_waiting) < 300ms", "", "http_req_waiting", BR_UNIT_MS, 300},
        {"p95 < 300ms", "", "http_req_duration", BR_UNIT_MS, 300},
    };
    for (size_t i = 0; i < BR_COUNT_OF(list); i++) {
        br_criterion c = {0};
        br_err err = {0};
        if (br_criterion_parse(br_str_of(list[i].text), &c, &err) != BR_OK) fail_msg("%s", err.msg);
        assert_true(br_str_is(c.endpoint, list[i].endpoint));
        assert_true(br_str_is(c.metric, list[i].metric));
        assert_int_equal(c.unit, list[i].unit);
        assert_true(c.limit == list[i].limit);
        assert_true(br_str_starts(br_str_of(list[i].text), c.name)); /* with its brackets, for sentences */
    }
}

static void what_an_endpoint_has_no_figure_of(void **state)
{
    (void) state;
    static const struct {
        const char *text;
        br_code code;
        const char *holds;
    } list[] = {
        {"checks(GET /a) > 99%", BR_EUNSUPPORTED, "of an endpoint only p95"},
        {"memory_growth(GET /a) < 5MB/h", BR_EUNSUPPORTED, "not memory_growth(GET /a)"},
        {"p95(http_req_waiting)(GET /a) < 5ms", BR_EUNSUPPORTED, "of an endpoint only p95"},
        {"requests(GET /a) > 5ms", BR_ESYNTAX, "unknown unit \"ms\""},
        {"p95(GET /a < 5ms", BR_ESYNTAX, "there is no operator"},
        {"nothing(GET /a) < 5ms", BR_ESYNTAX, "\"nothing(GET /a)\" is unknown"},
        {"p95(GET ) < 5ms", BR_OK, ""}, /* a metric called GET: whether there is one shows in the run */
    };
    for (size_t i = 0; i < BR_COUNT_OF(list); i++) {
        br_criterion c = {0};
        br_err err = {0};
        br_code code = br_criterion_parse(br_str_of(list[i].text), &c, &err);
        if (code != list[i].code || !strstr(err.msg, list[i].holds))
            fail_msg("%s: %s: %s", list[i].text, br_code_name(code), err.msg);
    }
}

static void a_name_given_apart_is_the_same(void **state)
{
    (void) state;
    br_arena arena;
    br_arena_init(&arena, 1024);
    br_criterion c = {0};
    br_err err = {0};
    assert_int_equal(
        br_criterion_parse_endpoint(BR_STR("checkout"), BR_STR(" p95  < 200ms "), &arena, &c, &err), BR_OK);
    assert_true(br_str_is(c.endpoint, "checkout")); /* a name without a method */
    assert_true(br_str_is(c.name, "p95(checkout)"));
    assert_true(br_str_is(c.text, "p95(checkout)  < 200ms"));
    assert_true(c.limit == 200);
    br_criterion untouched = {.limit = -1};
    static const char *const wrong[] = {"stable", "recovery < 2min", "p95(GET /b) < 5ms", "checks > 9%"};
    for (size_t i = 0; i < BR_COUNT_OF(wrong); i++) {
        assert_int_equal(
            br_criterion_parse_endpoint(BR_STR("GET /a"), br_str_of(wrong[i]), &arena, &untouched, &err),
            BR_EUNSUPPORTED);
        assert_true(untouched.limit == -1);
    }
    assert_int_equal(
        br_criterion_parse_endpoint(BR_STR("GET /a"), BR_STR("p95 <"), &arena, &untouched, &err), BR_ESYNTAX);
    br_arena_deinit(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(brackets_name_an_endpoint),
        cmocka_unit_test(what_an_endpoint_has_no_figure_of),
        cmocka_unit_test(a_name_given_apart_is_the_same),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
