#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include "report/markdown.h"
#include "report/markdown_int.h"
#include "unit/report/estimates_fixture.h"
#include "unit/report/fixture.h"

static br_buf out;

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

static const char *text(const char *s, size_t max)
{
    br_buf_reset(&out);
    br_markdown_text(&out, br_str_of(s), max);
    return out.data ? out.data : "";
}
static const char *code(const char *s, size_t max)
{
    br_buf_reset(&out);
    br_markdown_code(&out, br_str_of(s), max);
    return out.data;
}

static void texts_mean_nothing(void **state)
{
    (void) state;
    assert_string_equal(text("a | b", 99), "a \\| b");
    assert_string_equal(text("`rm` *x* _y_ ~z~", 99), "\\`rm\\` \\*x\\* \\_y\\_ \\~z\\~");
    assert_string_equal(text("<img src=x> & &lt;", 99), "&lt;img src=x&gt; &amp; &amp;lt;");
    assert_string_equal(text("[a](b) ![c](d)", 99), "\\[a\\](b) \\!\\[c\\](d)");
    assert_string_equal(text("a\nb\r\n\tc\x01", 99), "a b   c ");
    assert_string_equal(text("c:\\d \\|", 99), "c:\\\\d \\\\\\|");
    assert_string_equal(text("@team #12", 99), "@\u200bteam #\u200b12");
    assert_string_equal(text("$x$", 99), "\\$x\\$");
    assert_string_equal(text("\xff\xc3", 99), "\ufffd\ufffd");
}

static void long_texts_are_cut_between_code_points(void **state)
{
    (void) state;
    assert_string_equal(text("abcdef", 3), "abc…");
    assert_string_equal(text("abcdef", 6), "abcdef");
    assert_string_equal(text("aéé", 2), "a…");
    assert_string_equal(code("abcdef", 3), "`abc…`");
}

static void spans_where_they_are_safe(void **state)
{
    (void) state;
    assert_string_equal(code("GET /a|b", 99), "`GET /a\\|b`");
    assert_string_equal(code("<b>@team", 99), "`<b>@team`");
    assert_string_equal(code("a`b", 99), "a\\`b");
    assert_string_equal(code("a\\|b", 99), "a\\\\\\|b");
    assert_string_equal(code("a\nb", 99), "a b");
    assert_string_equal(code(" a", 99), " a");
    assert_string_equal(code("", 99), "");
}

static void render(const br_run_result *r, const br_judge_plan *plan, br_judgement *j, const br_comparison *c)
{
    br_result_info info = {BR_STR("1.2.3"), BR_STR("host"), plan, j, c, NULL};
    br_buf_reset(&out);
    assert_int_equal(br_report_markdown(r, &info, &out, NULL), BR_OK);
}

static bool has(const char *part)
{
    return strstr(out.data, part) != NULL;
}

static void a_whole_report(void **state)
{
    (void) state;
    br_criterion criteria[2];
    assert_int_equal(br_criterion_parse(BR_STR("p95 < 100ms"), &criteria[0], NULL), BR_OK);
    assert_int_equal(br_criterion_parse(BR_STR("error_rate < 1%"), &criteria[1], NULL), BR_OK);
    br_judge_plan plan = {.test = BR_STR("baseline"), .criteria = criteria, .criterion_count = 2};
    br_run_result *r = fixture_baseline(30, 40, 100, 0);
    r->endpoints[0].name = BR_STR("GET /named by the script");
    br_judgement *j = br_judge(&plan, r);
    j->criteria[0].has_interval = true;
    j->criteria[0].low = 140;
    j->criteria[0].high = 150;
    j->leak = fixture_leak(r, 10);
    j->self_checks.data[0].ok = false;
    j->self_checks.data[0].remedy = BR_STR("Use more workers.");
    br_comparison *c = fixture_comparison(3);
    render(r, &plan, j, c);
    assert_true(br_str_starts(br_buf_view(&out), BR_STR("<!-- brunt: baseline -->\n## ")));
    assert_true(has("baseline: needs optimization"));
    assert_true(has("| ❌ | `p95 < 100ms` | "));
    assert_true(has("140ms to 150ms"));
    assert_true(has(" % over |"));
    assert_true(has("| ❌ regressed | `GET /products` | p95 | 100ms | 143ms | 1.43 (1.32 to 1.56) | 1.15 |"));
    assert_true(has("| 1.18 (interval unknown) | unknown |"));
    assert_true(has("| `GET /products` | 300 | ")); /* the method once, whether it is in the name or not */
    assert_true(has("| `GET /named by the script` | 300 | "));
    assert_true(has("[!WARNING]") && has("Use more workers."));
    assert_true(has("84.2 MB/h (80.9 to 87.4)"));
    assert_true(
        has("Before: run 11, 12, 14; now: run 17; 2 more would probably decide, 1 of them hours apart."));
    assert_false(has("±"));
    fixture_comparison_free(c);
    br_judgement_free(j);
    br_run_result_free(r);
}

/* Escapes multiply bytes: the limit holds all the same, and the text says what is missing. */
static void the_limit_holds(void **state)
{
    (void) state;
    enum { CRITERIA = 60 };
    static char name[600];
    memset(name, '&', sizeof name - 1);
    br_criterion criteria[CRITERIA];
    for (size_t i = 0; i < CRITERIA; i++) {
        assert_int_equal(br_criterion_parse(BR_STR("p95 < 100ms"), &criteria[i], NULL), BR_OK);
        criteria[i].text = (br_str){"`\\&&&&", 6};
    }
    br_judge_plan plan = {
        .test = BR_STR("x"), .target = br_str_of(name), .criteria = criteria, .criterion_count = CRITERIA};
    br_run_result *r = fixture_baseline(5, 40, 100, 0);
    br_judgement *j = br_judge(&plan, r);
    for (size_t i = 0; i < CRITERIA; i++)
        j->criteria[i].value_text = br_str_of(name);
    br_comparison *c = fixture_comparison(100);
    for (size_t i = 0; i < c->row_count; i++)
        c->rows[i].unit = c->rows[i].measure = br_str_of(name);
    render(r, &plan, j, c);
    assert_true(out.len <= BR_MARKDOWN_MAX);
    assert_true(out.len > 20000);
    assert_true(has("too long for this form"));
    fixture_comparison_free(c);
    br_judgement_free(j);
    br_run_result_free(r);
}

static void the_marker_cannot_be_left(void **state)
{
    (void) state;
    br_judge_plan plan = {.test = BR_STR("a --> <script>")};
    br_run_result *r = fixture_baseline(5, 40, 100, 0);
    br_judgement *j = br_judge(&plan, r);
    render(r, &plan, j, NULL);
    assert_true(br_str_starts(br_buf_view(&out), BR_STR("<!-- brunt: a______script_ -->\n")));
    br_judgement_free(j);
    br_run_result_free(r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(texts_mean_nothing, set_up, tear_down),
        cmocka_unit_test_setup_teardown(long_texts_are_cut_between_code_points, set_up, tear_down),
        cmocka_unit_test_setup_teardown(spans_where_they_are_safe, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_whole_report, set_up, tear_down),
        cmocka_unit_test_setup_teardown(the_limit_holds, set_up, tear_down),
        cmocka_unit_test_setup_teardown(the_marker_cannot_be_left, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
