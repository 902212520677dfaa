#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include "report/verdict_text.h"
#include "unit/report/fixture.h"

static br_criterion criteria[3];
static br_judge_plan plan;

static int set_up(void **state)
{
    (void) state;
    static const char *const texts[] = {"p95 < 100ms", "error_rate < 1%", "memory_growth < 50MB/h"};
    for (size_t i = 0; i < 3; i++) {
        assert_int_equal(br_criterion_parse(br_str_of(texts[i]), &criteria[i], NULL), BR_OK);
    }
    plan = (br_judge_plan){.test = BR_STR("soak"),
        .target = BR_STR("http://t"),
        .length = 300 * BR_SEC,
        .scale = 0.1,
        .criteria = criteria,
        .criterion_count = 3};
    return 0;
}

static char *text_of(bool colour)
{
    br_run_result *r = fixture_baseline(30, 200, 100, 0);
    br_judgement *j = br_judge(&plan, r);
    br_buf out;
    br_buf_init(&out, BR_BUF_NO_LIMIT);
    assert_int_equal(br_report_verdict_text(j, &plan, colour, &out, NULL), BR_OK);
    br_judgement_free(j);
    br_run_result_free(r);
    return br_buf_detach(&out);
}

static void the_verdict_comes_first(void **state)
{
    (void) state;
    char *text = text_of(false);
    static const char expected[] =
        "  █ NEEDS OPTIMIZATION: 1 of 3 criteria passed, 1 failed, 1 NOT MEASURED (shortened run, "
        "not a full test).\n"
        "    Test soak against http://t\n"
        "\n"
        "  Criteria\n"
        "    ✗ p95 < 100ms             144.9ms  44.9 % over  (144.37ms to 145.55ms)\n"
        "    ✓ error_rate < 1%         0%       100.0 % to spare  (0% to 0.06%)\n"
        "    – memory_growth < 50MB/h  -        not measured\n"
        "\n"
        "  Reasons\n";
    if (strncmp(text, expected, sizeof expected - 1) != 0) fail_msg("%s", text);
    assert_non_null(
        strstr(text, "  Notes\n    · Shortened to 10 % of the test's length (30 s of 300 s): not a full "
                     "test.\n"));
    assert_non_null(strstr(text, "  What to do\n    1. Look at what all endpoints share\n"));
    br_free(text);
}

static void lines_are_wrapped(void **state)
{
    (void) state;
    char *text = text_of(false);
    for (br_str rest = br_str_of(text), line; br_str_cut(&rest, '\n', &line);) {
        if (br_str_find(line, BR_STR("█")) < 0) assert_true(line.n <= 110);
    }
    br_free(text);
}

static void colours_are_optional(void **state)
{
    (void) state;
    char *without = text_of(false), *with = text_of(true);
    assert_null(strchr(without, '\x1b'));
    assert_non_null(strstr(with, "\x1b[31m✗\x1b[0m p95"));
    br_free(without);
    br_free(with);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(the_verdict_comes_first, set_up),
        cmocka_unit_test_setup(lines_are_wrapped, set_up),
        cmocka_unit_test_setup(colours_are_optional, set_up),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
