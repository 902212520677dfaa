#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include "report/junit.h"
#include "unit/report/estimates_fixture.h"
#include "unit/report/fixture.h"

static br_buf out;

static void render(const br_run_result *r, const br_judge_plan *plan, br_judgement *j, const br_comparison *c)
{
    br_result_info info = {BR_STR("1.2.3"), BR_STR("host"), plan, j, c, NULL};
    br_buf_reset(&out);
    assert_int_equal(br_report_junit(r, &info, &out, NULL), BR_OK);
}

static bool has(const char *part)
{
    return strstr(out.data, part) != NULL;
}

static size_t count(const char *part)
{
    size_t n = 0;
    for (const char *p = out.data; (p = strstr(p, part)); p += strlen(part))
        n++;
    return n;
}

static int set_up(void **state)
{
    (void) state;
    br_buf_init(&out, BR_BUF_NO_LIMIT);
    return 0;
}
static int tear_down(void **state)
{
    (void) state;
    br_buf_deinit(&out);
    return 0;
}

static br_criterion criteria[3];
static br_judge_plan plan;

static void make_plan(void)
{
    static const char *const texts[] = {"p95 < 500ms", "p95 < 1ms", "memory_growth < 50MB/h"};
    for (size_t i = 0; i < BR_COUNT_OF(texts); i++)
        assert_int_equal(br_criterion_parse(br_str_of(texts[i]), &criteria[i], NULL), BR_OK);
    plan = (br_judge_plan){.test = BR_STR("soak"), .criteria = criteria, .criterion_count = 3};
}

static void each_end_of_a_case(void **state)
{
    (void) state;
    make_plan();
    br_run_result *r = fixture_baseline(30, 40, 100, 0);
    br_result_metric *orders = fixture_metric(r, "orders", BR_COUNTER, BR_CONTAINS_DEFAULT);
    fixture_add_n(orders, 1, 7);
    fixture_threshold(r, orders, "count>1", true);
    fixture_threshold(r, orders, "count<1", false);
    br_judgement *j = br_judge(&plan, r);
    br_comparison *c = fixture_comparison(2);
    c->rows[0].gates = true;
    render(r, &plan, j, c);
    assert_true(has(
        "<testcase classname=\"brunt.soak.criteria\" name=\"p95 &lt; 500ms\" time=\"0\">\n      <system-out>"));
    assert_true(has("name=\"p95 &lt; 1ms\" time=\"0\">\n      <failure message=\""));
    assert_true(has("name=\"memory_growth &lt; 50MB/h\" time=\"0\">\n      <skipped message=\""));
    assert_true(has("name=\"orders: count&lt;1\" time=\"0\">\n      <failure message=\"the figure is 7\" "
                    "type=\"threshold\">"));
    assert_true(has("name=\"p95 of GET /products\" time=\"0\">\n      <failure "));
    assert_true(has("name=\"p95 of POST /orchestrator/start\" time=\"0\">\n      <skipped "));
    assert_int_equal(count("<error"), 0);
    /* verdict, criterion, threshold, comparison and its row */
    assert_int_equal(count("<failure"), 5);
    assert_true(has("failures=\"5\" errors=\"0\""));
    /* A regression that does not count for the answer cannot fail a build. */
    c->rows[0].gates = false;
    render(r, &plan, j, c);
    assert_int_equal(count("<failure"), 4);
    fixture_comparison_free(c);
    br_judgement_free(j);
    br_run_result_free(r);
}

static void a_run_that_is_no_evidence_is_an_error(void **state)
{
    (void) state;
    make_plan();
    br_run_result *r = fixture_baseline(30, 40, 100, 0);
    r->end = BR_RUN_INTERRUPTED;
    br_judgement *j = br_judge(&plan, r);
    assert_int_equal(j->outcome, BR_OUTCOME_INVALID);
    render(r, &plan, j, NULL);
    assert_true(has("name=\"end\" time=\"0\">\n      <error message=\"the run was interrupted\""));
    assert_true(has("name=\"verdict\" time=\"0\">\n      <error "));
    assert_int_equal(count("<failure"), 0);
    assert_int_equal(count("<skipped"), 3);
    br_judgement_free(j);
    br_run_result_free(r);
}

static void texts_are_escaped(void **state)
{
    (void) state;
    make_plan();
    plan.test = BR_STR("a\"<&>'\n\x01\xff]]>\xef\xbf\xbf\xc3\xa9");
    br_run_result *r = fixture_baseline(5, 40, 100, 0);
    br_judgement *j = br_judge(&plan, r);
    render(r, &plan, j, NULL);
    assert_true(has("name=\"brunt.a&quot;&lt;&amp;&gt;'&#10;\ufffd\ufffd]]&gt;\ufffd\u00e9.verdict\""));
    br_judgement_free(j);
    br_run_result_free(r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(each_end_of_a_case, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_run_that_is_no_evidence_is_an_error, set_up, tear_down),
        cmocka_unit_test_setup_teardown(texts_are_escaped, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
