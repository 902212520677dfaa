#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <jansson.h>
#include "report/notification.h"
#include "report/redact_int.h"
#include "unit/report/estimates_fixture.h"
#include "unit/report/fixture.h"

typedef br_code make_fn(const br_notification *n, br_buf *out, br_err *err);

static json_t *made(make_fn *make, const br_notification *n)
{
    br_buf out;
    br_buf_init(&out, BR_BUF_NO_LIMIT);
    assert_int_equal(make(n, &out, NULL), BR_OK);
    json_error_t error;
    json_t *doc = json_loads(out.data, JSON_REJECT_DUPLICATES, &error);
    if (!doc) fail_msg("%s in %s", error.text, out.data);
    br_buf_deinit(&out);
    return doc;
}

static const char *string(json_t *doc, const char *key)
{
    return json_string_value(json_object_get(doc, key));
}

static void assert_has(const char *text, const char *part)
{
    if (!strstr(text, part)) fail_msg("'%s' is not in '%s'", part, text);
}

static void urls_lose_what_may_be_secret(void **state)
{
    (void) state;
    static const struct {
        const char *text, *expected;
    } cases[] = {
        {"", ""},
        {"no URL? none # at all @", "no URL? none # at all @"},
        {"http://u:p@h:1/a?t=1 b", "http://h:1/a?… b"},
        {"GET https://h/a#frag, and ://", "GET https://h/a#…, and ://"},
        {"http://a@b@c/x", "http://c/x"},
        {"http://h?k", "http://h?…"},
        {"\"http://h/?a\\\"b\" http://h/b?c", "\"http://h/?…\\\"b\" http://h/b?…"},
        {"http://h/p@q", "http://h/p@q"},
    };
    for (size_t i = 0; i < BR_COUNT_OF(cases); i++) {
        br_buf out;
        br_buf_init(&out, BR_BUF_NO_LIMIT);
        br_redact_urls(&out, br_str_of(cases[i].text));
        assert_string_equal(out.data ? out.data : "", cases[i].expected);
        br_buf_deinit(&out);
    }
}

static br_criterion criterion;
static br_judge_plan plan;

static br_judgement *judge(br_run_result *r)
{
    assert_int_equal(br_criterion_parse(BR_STR("p95 < 10ms"), &criterion, NULL), BR_OK);
    plan = (br_judge_plan){.test = BR_STR("baseline"), .criteria = &criterion, .criterion_count = 1};
    return br_judge(&plan, r);
}

static void everything_that_one_would_ask(void **state)
{
    (void) state;
    br_run_result *r = fixture_baseline(30, 140, 100, 0);
    br_judgement *j = judge(r);
    br_comparison *c = fixture_comparison(3);
    c->rows[0].endpoint = BR_STR("GET http://h/products?token=hunter2");
    br_notification n = {.tool_version = BR_STR("1"),
        .test = BR_STR("baseline"),
        .environment = BR_STR("staging"),
        .target = BR_STR("https://user:hunter2@staging.example:8443/api?key=hunter2"),
        .judgement = j,
        .comparison = c,
        .report_url = BR_STR("https://ci.example/r?run=7")};
    assert_true(br_notification_is_problem(&n));
    json_t *doc = made(br_report_notification_json, &n);
    assert_string_equal(string(doc, "schema"), "brunt.notification/1");
    assert_string_equal(string(doc, "target"), "https://staging.example:8443/api?…");
    assert_string_equal(string(doc, "report_url"), "https://ci.example/r?run=7");
    assert_true(json_is_true(json_object_get(doc, "problem")));
    assert_string_equal(string(json_object_get(doc, "comparison"), "answer"), "regressed");
    const char *text = string(doc, "text");
    assert_has(text, "baseline on staging: critical, regressed");
    assert_has(text,
        "regressed: p95 of GET http://h/products?…: 1.43 times (1.32 to 1.56); these runs detect changes "
        "from 1.15 times");
    assert_has(text, "Compared with runs 11, 12, 14.");
    assert_has(text, "• p95 is ");
    assert_has(text, br_arena_cstr(&j->arena, j->actions.data[0].title));
    assert_has(text, "Report: https://ci.example/r?run=7");
    char *all = json_dumps(doc, 0);
    assert_null(strstr(all, "hunter2"));
    free(all);
    json_decref(doc);
    fixture_comparison_free(c);
    br_judgement_free(j);
    br_run_result_free(r);
}

static void slack_within_its_limits(void **state)
{
    (void) state;
    static char name[4000];
    memset(name, '<', sizeof name - 1);
    br_run_result *r = fixture_baseline(30, 140, 100, 0);
    br_judgement *j = judge(r);
    br_comparison *c = fixture_comparison(20);
    for (size_t i = 0; i < c->row_count; i++) {
        c->rows[i].change = BR_CHANGE_REGRESSED;
        c->rows[i].endpoint = br_str_of(name);
    }
    c->headline = BR_STR("<!channel> & so on");
    br_notification n = {.test = br_str_of(name), .judgement = j, .comparison = c};
    json_t *doc = made(br_report_notification_slack, &n), *block;
    assert_true(strlen(string(doc, "text")) <= 3000);
    size_t i;
    bool escaped = false;
    json_array_foreach(json_object_get(doc, "blocks"), i, block)
    {
        const char *text = string(json_object_get(block, "text"), "text");
        bool header = strcmp(string(block, "type"), "header") == 0;
        assert_true(strlen(text) > 0 && strlen(text) <= (header ? 150 : 3000));
        if (!header) assert_null(strchr(text, '<'));
        escaped |= strstr(text, "&lt;!channel&gt; &amp; so on") != NULL;
    }
    assert_true(escaped);
    assert_true(i >= 4);
    json_decref(doc);
    fixture_comparison_free(c);
    br_judgement_free(j);
    br_run_result_free(r);
}

static void what_is_a_problem(void **state)
{
    (void) state;
    br_run_result *r = fixture_baseline(30, 140, 1, 0);
    br_judgement *j = judge(r);
    br_comparison *c = fixture_comparison(1);
    br_notification n = {.judgement = j};
    assert_int_equal(j->outcome, BR_OUTCOME_PASSED);
    assert_false(br_notification_is_problem(&n));
    n.comparison = c;
    static const bool expected[] = {false, true, true, false, true};
    for (int answer = BR_COMPARISON_OK; answer <= BR_COMPARISON_INVALID; answer++) {
        c->answer = (br_comparison_answer) answer;
        assert_int_equal(br_notification_is_problem(&n), expected[answer]);
    }
    n = (br_notification){.test = BR_STR("spike"), .trouble = BR_STR("GET http://u:p@h/x?y: refused")};
    assert_true(br_notification_is_problem(&n));
    json_t *doc = made(br_report_notification_json, &n);
    assert_string_equal(string(doc, "text"), "spike: not run\nGET http://h/x?…: refused");
    assert_null(json_object_get(doc, "level"));
    json_decref(doc);
    fixture_comparison_free(c);
    br_judgement_free(j);
    br_run_result_free(r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(urls_lose_what_may_be_secret),
        cmocka_unit_test(everything_that_one_would_ask),
        cmocka_unit_test(slack_within_its_limits),
        cmocka_unit_test(what_is_a_problem),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
