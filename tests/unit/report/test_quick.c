/* report/quick_*.h: the result of a load without a script as text and as JSON. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <cmocka.h>
#include <jansson.h>
#include "quick_fixture.h"
#include "report/quick_json.h"
#include "report/quick_text.h"

static const br_percentiles usual = {.list = {50, 95, 99}, .count = 3};

static void assert_says(const br_buf *out, const char *words)
{
    if (strstr(out->data, words) == NULL) fail_msg("\"%s\" is not in:\n%s", words, out->data);
}

static void text(br_quick_result r, bool colour, br_buf *out)
{
    br_buf_init(out, BR_BUF_NO_LIMIT);
    br_quick_text_write(&r, &usual, colour, out);
    br_quick_result_deinit(&r);
}

static void text_tells_both_times_in_words(void **state)
{
    (void) state;
    br_buf out;
    text(quick_fixture_open(), false, &out);
    assert_says(&out, "http://127.0.0.1:8080/a");
    assert_says(&out, "open model: 100 requests a second");
    assert_says(&out, "1,000 in 10");
    assert_says(&out, "service time");
    assert_says(&out, "response time");
    assert_says(&out, "949.8ms"); /* ms: p95 of the one */
    assert_says(&out, "1.94s");   /* s: of the other */
    assert_null(strchr(out.data, '\x1b'));
    br_buf_deinit(&out);
}

static void text_has_colours_only_if_asked(void **state)
{
    (void) state;
    br_buf out;
    text(quick_fixture_closed(), true, &out);
    assert_non_null(strchr(out.data, '\x1b'));
    assert_says(&out, "closed model");
    br_buf_deinit(&out);
}

static void text_tells_statuses_and_errors(void **state)
{
    (void) state;
    br_buf out;
    br_quick_result r = quick_fixture_closed();
    r.tally.status[200] = 900;
    r.tally.status[503] = 90;
    r.tally.failed = 10;
    for (int i = 0; i < 10; i++)
        br_quick_tally_error(&r.tally, 1220, "read: connection reset by peer");
    text(r, false, &out);
    assert_says(&out, "503");
    assert_says(&out, "read: connection reset by peer (code 1220)");
    br_buf_deinit(&out);
}

static json_t *json_of(br_quick_result r)
{
    br_buf out;
    json_error_t error;
    br_buf_init(&out, BR_BUF_NO_LIMIT);
    br_quick_json_write(&r, &usual, &out);
    json_t *j = json_loadb(out.data, out.len, 0, &error);
    if (j == NULL) fail_msg("%s in %s", error.text, out.data);
    br_buf_deinit(&out);
    br_quick_result_deinit(&r);
    return j;
}

static void json_has_what_the_schema_promises(void **state)
{
    (void) state;
    json_t *j = json_of(quick_fixture_closed());
    json_t *requests = json_object_get(j, "requests");
    assert_int_equal(json_integer_value(json_object_get(requests, "total")), 1000);
    assert_true(json_number_value(json_object_get(requests, "rate")) == 100);
    assert_non_null(json_object_get(j, "errors"));
    json_decref(j);
}

static void bars_cover_all_values(void **state)
{
    (void) state;
    br_quick_result r = quick_fixture_closed();
    br_bars b = br_bars_of(&r.tally.service, 11);
    uint64_t sum = 0;
    assert_int_equal(b.count, 11);
    for (size_t i = 0; i < b.count; i++) {
        sum += b.counts[i];
        assert_true(i == 0 || b.to_ns[i] > b.to_ns[i - 1]);
        assert_true(b.counts[i] <= b.most);
    }
    assert_int_equal(sum, 1000);
    assert_true(b.to_ns[10] >= 1e9);
    br_quick_result_deinit(&r);
    br_hist empty;
    br_hist_init(&empty);
    assert_int_equal(br_bars_of(&empty, 11).count, 0);
    br_hist_deinit(&empty);
}

static void a_percentile_needs_values(void **state)
{
    (void) state;
    assert_int_equal(br_percentile_needs(95), 59);
    assert_int_equal(br_percentile_needs(99), 299);
    assert_int_equal(br_percentile_needs(100), 0);
    assert_int_equal(br_percentile_needs(0), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(text_tells_both_times_in_words),
        cmocka_unit_test(text_has_colours_only_if_asked),
        cmocka_unit_test(text_tells_statuses_and_errors),
        cmocka_unit_test(json_has_what_the_schema_promises),
        cmocka_unit_test(bars_cover_all_values),
        cmocka_unit_test(a_percentile_needs_values),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
