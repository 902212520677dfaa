#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include "report/summary_text.h"
#include "unit/report/fixture.h"

static const br_summary_style plain = {0};

/* The summary of `r`, which is freed; to be freed. */
static char *summary_of(br_run_result *r, br_summary_style style)
{
    br_buf out;
    br_buf_init(&out, BR_BUF_NO_LIMIT);
    assert_int_equal(br_report_summary_text(r, &style, &out, NULL), BR_OK);
    br_run_result_free(r);
    return br_buf_detach(&out);
}

static void expect(br_run_result *r, const char *expected)
{
    char *text = summary_of(r, plain);
    assert_string_equal(text, expected);
    br_free(text);
}

static br_run_result *sample(void)
{
    br_run_result *r = fixture_new(180 * BR_MS);
    br_result_metric *checks = fixture_metric(r, "checks", BR_RATE, BR_CONTAINS_DEFAULT);
    fixture_add_n(checks, 1, 8);
    fixture_add_n(checks, 0, 4);
    fixture_check(r, NULL, "ok", 6, 0);
    br_group *g = fixture_group(r, NULL, "g");
    fixture_check(r, g, "bad", 1, 4);
    fixture_check(r, g, "ok", 1, 0);
    br_result_metric *reqs = fixture_metric(r, "http_reqs", BR_COUNTER, BR_CONTAINS_DEFAULT);
    fixture_add_n(reqs, 1, 12);
    br_result_metric *sub = fixture_metric(r, "http_reqs{name:foo}", BR_COUNTER, BR_CONTAINS_DEFAULT);
    fixture_add_n(sub, 1, 8);
    fixture_threshold(r, sub, " count>0 ", true);
    br_result_metric *ok = fixture_metric(
        r, "http_req_duration{expected_response:true}", BR_TREND, BR_CONTAINS_TIME);
    fixture_add(ok, 0.33);
    fixture_add(ok, 43.64);
    br_result_metric *duration = fixture_metric(r, "http_req_duration", BR_TREND, BR_CONTAINS_TIME);
    fixture_add(duration, 0.33);
    fixture_add(duration, 43.64);
    fixture_add(duration, 143.5);
    fixture_threshold(r, duration, "p(95)<5000", true);
    fixture_threshold(r, duration, "avg<10", false);
    br_result_metric *waiting = fixture_metric(r, "http_req_waiting", BR_TREND, BR_CONTAINS_TIME);
    fixture_add(waiting, 12345.678);
    br_result_metric *failed = fixture_metric(r, "http_req_failed", BR_RATE, BR_CONTAINS_DEFAULT);
    fixture_add_n(failed, 1, 4);
    fixture_add_n(failed, 0, 8);
    fixture_add(fixture_metric(r, "my_gauge", BR_GAUGE, BR_CONTAINS_DEFAULT), 7);
    fixture_add_n(fixture_metric(r, "my_counter", BR_COUNTER, BR_CONTAINS_DEFAULT), 2, 4);
    fixture_add(fixture_metric(r, "data_sent", BR_COUNTER, BR_CONTAINS_DATA), 1188);
    fixture_add(fixture_metric(r, "data_received", BR_COUNTER, BR_CONTAINS_DATA), 2900);
    fixture_add_n(fixture_metric(r, "iterations", BR_COUNTER, BR_CONTAINS_DEFAULT), 1, 4);
    return r;
}

static void the_layout_is_that_of_k6(void **state)
{
    (void) state;
    expect(sample(), "  █ THRESHOLDS \n"
                     "\n"
                     "    http_req_duration\n"
                     "    ✓ 'p(95)<5000' p(95)=133.51ms\n"
                     "    ✗ 'avg<10' avg=62.49ms\n"
                     "\n"
                     "    http_reqs{name:foo}\n"
                     "    ✓ 'count>0' count=8\n"
                     "\n"
                     "\n"
                     "  █ TOTAL RESULTS \n"
                     "\n"
                     "    checks_total.......: 12     66.666667/s\n"
                     "    checks_succeeded...: 66.66% 8 out of 12\n"
                     "    checks_failed......: 33.33% 4 out of 12\n"
                     "\n"
                     "    ✓ ok\n"
                     "    ✗ bad\n"
                     "      ↳  20% — ✓ 1 / ✗ 4\n"
                     "\n"
                     "    CUSTOM\n"
                     "    my_counter.....................: 8      44.444444/s\n"
                     "    my_gauge.......................: 7      min=7       max=7\n"
                     "\n"
                     "    HTTP\n"
                     "    http_req_duration..............: avg=62.49ms min=330µs med=43.64ms max=143.5ms "
                     "p(90)=123.52ms p(95)=133.51ms\n"
                     "      { expected_response:true }...: avg=21.98ms min=330µs med=21.98ms max=43.64ms "
                     "p(90)=39.3ms   p(95)=41.47ms \n"
                     "    http_req_failed................: 33.33% 4 out of 12\n"
                     "    http_reqs......................: 12     66.666667/s\n"
                     "      { name:foo }.................: 8      44.444444/s\n"
                     "\n"
                     "    EXECUTION\n"
                     "    iterations.....................: 4      22.222222/s\n"
                     "\n"
                     "    NETWORK\n"
                     "    data_received..................: 2.9 kB 16 kB/s\n"
                     "    data_sent......................: 1.2 kB 6.6 kB/s");
}

static void a_sub_metric_is_nested_below_a_parent_with_thresholds(void **state)
{
    (void) state;
    br_run_result *r = fixture_new(BR_SEC);
    br_result_metric *sub = fixture_metric(r, "http_reqs{name:foo}", BR_COUNTER, BR_CONTAINS_DEFAULT);
    fixture_threshold(r, sub, "rate>10", false);
    fixture_threshold(r, fixture_metric(r, "http_reqs", BR_COUNTER, BR_CONTAINS_DEFAULT), "count<1", true);
    expect(r, "  █ THRESHOLDS \n\n"
              "    http_reqs\n"
              "    ✓ 'count<1' count=0\n\n"
              "      {name:foo}\n"
              "      ✗ 'rate>10' rate=0/s\n\n\n"
              "  █ TOTAL RESULTS \n\n"
              "    HTTP\n"
              "    http_reqs........: 0 0/s\n"
              "      { name:foo }...: 0 0/s");
}

static void a_trend_threshold_outside_the_columns_has_no_figure(void **state)
{
    (void) state;
    br_run_result *r = fixture_new(BR_SEC);
    r->trend_stat_count = 1; /* avg */
    br_result_metric *m = fixture_metric(r, "t", BR_TREND, BR_CONTAINS_DEFAULT);
    fixture_add(m, 2);
    fixture_threshold(r, m, "max<3", true);
    fixture_threshold(r, m, "p(99.9)<3", true);
    fixture_threshold(r, m, "avg<3", true);
    expect(r, "  █ THRESHOLDS \n\n"
              "    t\n"
              "    ✓ 'max<3' max=\n"
              "    ✓ 'p(99.9)<3' p(99.9)=2\n"
              "    ✓ 'avg<3' avg=2\n\n\n"
              "  █ TOTAL RESULTS \n\n"
              "    CUSTOM\n"
              "    t...: avg=2");
}

static void prefixes_decide_the_category_and_what_is_hidden(void **state)
{
    (void) state;
    br_run_result *r = fixture_new(BR_SEC);
    static const char *const names[] = {"ws_sessions", "http_reqs_x", "checks_of_mine", "group_duration",
        "Zeta", "alpha", "alpha_2", "alpha2", "grpc_streams", "browser_web_vital_lcp", "browser_data",
        "http_req_blocked"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        fixture_add(fixture_metric(r, names[i], BR_COUNTER, BR_CONTAINS_DEFAULT), 1);
    }
    expect(r, "  █ TOTAL RESULTS \n\n"
              "    CUSTOM\n"
              "    alpha...................: 1 1/s\n"
              "    alpha_2.................: 1 1/s\n"
              "    alpha2..................: 1 1/s\n"
              "    Zeta....................: 1 1/s\n\n"
              "    HTTP\n"
              "    http_reqs_x.............: 1 1/s\n\n"
              "    BROWSER\n"
              "    browser_data............: 1 1/s\n\n"
              "    WEB_VITALS\n"
              "    browser_web_vital_lcp...: 1 1/s\n\n"
              "    GRPC\n"
              "    grpc_streams............: 1 1/s\n\n"
              "    WEBSOCKET\n"
              "    ws_sessions.............: 1 1/s");
}

static void units_and_counts_in_columns(void **state)
{
    (void) state;
    br_run_result *r = fixture_new(BR_SEC);
    br_str stats[] = {BR_STR("count"), BR_STR("p(99)")};
    r->trend_stats = stats;
    r->trend_stat_count = 2;
    r->time_unit = BR_STR("ms");
    fixture_add(fixture_metric(r, "iteration_duration", BR_TREND, BR_CONTAINS_TIME), 1234.5);
    fixture_add(fixture_metric(r, "vus", BR_GAUGE, BR_CONTAINS_DEFAULT), 3);
    fixture_add(fixture_metric(r, "size", BR_TREND, BR_CONTAINS_DATA), 2048);
    expect(r, "  █ TOTAL RESULTS \n\n"
              "    CUSTOM\n"
              "    size.................: count=1 p(99)=2.0 kB   \n\n"
              "    EXECUTION\n"
              "    iteration_duration...: count=1 p(99)=1234.50ms\n"
              "    vus..................: 3 min=3 max=3");
}

static void an_empty_run_has_a_title(void **state)
{
    (void) state;
    expect(fixture_new(0), "  █ TOTAL RESULTS ");
}

static void colours_are_only_added(void **state)
{
    (void) state;
    char *text = summary_of(sample(), (br_summary_style){.colour = true});
    char *without = br_malloc(strlen(text) + 1), *to = without;
    for (const char *from = text; *from; from++) {
        if (*from == '\x1b') {
            while (*from != 'm') {
                from++;
            }
        } else {
            *to++ = *from;
        }
    }
    *to = 0;
    char *expected = summary_of(sample(), plain);
    assert_string_equal(without, expected);
    assert_non_null(strstr(text, "\x1b[32m✓\x1b[0m 'p(95)<5000'"));
    assert_non_null(strstr(text, "\x1b[31m✗"));
    br_free(expected);
    br_free(without);
    br_free(text);
}

static void what_cannot_be_done_is_said(void **state)
{
    (void) state;
    br_run_result *r = sample();
    br_buf out;
    br_buf_init(&out, 10);
    br_err err;
    assert_int_equal(br_report_summary_text(r, &plain, &out, &err), BR_ELIMIT);
    assert_int_equal(out.len, 0);
    br_buf_deinit(&out);
    br_run_result_free(r);
}

/* One sample with these tags; NULL: without. */
static void tap(br_breakdown *b, br_tag_store *store, const br_metric *m, double value, const char *scenario,
    const char *group, const char *check)
{
    br_tag tags[3];
    size_t n = 0;
    if (scenario) tags[n++] = (br_tag){BR_STR("scenario"), br_str_of(scenario)};
    if (group) tags[n++] = (br_tag){BR_STR("group"), br_str_of(group)};
    if (check) tags[n++] = (br_tag){BR_STR("check"), br_str_of(check)};
    br_sample sample = {.metric = m, .value = value, .wall = 1, .tags = br_tags_intern(store, tags, n)};
    br_breakdown_tap(b, &sample, 1);
}

static void the_full_summary_has_groups_and_scenarios(void **state)
{
    (void) state;
    br_run_result *r = fixture_new(2 * BR_SEC);
    fixture_add_n(fixture_metric(r, "http_reqs", BR_COUNTER, BR_CONTAINS_DEFAULT), 1, 4);
    fixture_add(fixture_metric(r, "http_req_waiting", BR_TREND, BR_CONTAINS_TIME), 1);
    br_metrics *metrics = br_metrics_new();
    br_tag_store store;
    br_tag_store_init(&store);
    br_breakdown *b = br_breakdown_new(metrics);
    const br_metric *reqs = br_metrics_at(metrics, BR_M_HTTP_REQS),
                    *checks = br_metrics_at(metrics, BR_M_CHECKS);
    tap(b, &store, reqs, 1, NULL, "::setup", NULL);
    tap(b, &store, reqs, 1, "default", "", NULL);
    tap(b, &store, reqs, 1, "default", "::outer::inner", NULL);
    tap(b, &store, checks, 0, "default", "::outer", "fine");
    tap(b, &store, checks, 1, "default", "::outer", "fine");
    tap(b, &store, reqs, 1, "zeta", "", NULL);
    tap(b, &store, reqs, 1, "alpha", "::outer", NULL);
    tap(b, &store, br_metrics_at(metrics, BR_M_VUS), 1, NULL, NULL, NULL);
    char *text = summary_of(r, (br_summary_style){.breakdown = b});
    assert_string_equal(text, "  █ TOTAL RESULTS \n\n    HTTP\n"
                              "    http_req_waiting...: avg=1ms min=1ms med=1ms max=1ms p(90)=1ms p(95)=1ms\n"
                              "    http_reqs..........: 4 2/s\n\n\n"
                              "  █ GROUP: outer \n\n"
                              "    checks_total.......: 2      1/s\n"
                              "    checks_succeeded...: 50.00% 1 out of 2\n"
                              "    checks_failed......: 50.00% 1 out of 2\n\n"
                              "    ✗ fine\n"
                              "      ↳  50% — ✓ 1 / ✗ 1\n\n"
                              "    ↳ GROUP: inner \n\n"
                              "      HTTP\n"
                              "      http_reqs...: 1 0.5/s\n\n\n"
                              "  █ SCENARIO: alpha \n\n"
                              "    HTTP\n"
                              "    http_reqs...: 1 0.5/s\n\n"
                              "    ↳ GROUP: outer \n\n"
                              "      HTTP\n"
                              "      http_reqs...: 1 0.5/s\n\n\n"
                              "  █ SCENARIO: zeta \n\n"
                              "    HTTP\n"
                              "    http_reqs...: 1 0.5/s");
    assert_int_equal(br_breakdown_left_out(b), 0);
    br_free(text);
    br_breakdown_free(b);
    br_tag_store_deinit(&store);
    br_metrics_free(metrics);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_layout_is_that_of_k6),
        cmocka_unit_test(a_sub_metric_is_nested_below_a_parent_with_thresholds),
        cmocka_unit_test(a_trend_threshold_outside_the_columns_has_no_figure),
        cmocka_unit_test(prefixes_decide_the_category_and_what_is_hidden),
        cmocka_unit_test(units_and_counts_in_columns),
        cmocka_unit_test(an_empty_run_has_a_title),
        cmocka_unit_test(colours_are_only_added),
        cmocka_unit_test(the_full_summary_has_groups_and_scenarios),
        cmocka_unit_test(what_cannot_be_done_is_said),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
