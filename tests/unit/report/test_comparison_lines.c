#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include "report/comparison_lines.h"
#include "unit/report/estimates_fixture.h"

static void rows_that_are_ok_make_room(void **state)
{
    (void) state;
    br_comparison *c = fixture_comparison(10);
    br_buf out;
    br_buf_init(&out, BR_BUF_NO_LIMIT);
    assert_int_equal(br_report_comparison_lines(c, 3, false, &out, NULL), BR_OK);
    assert_non_null(
        strstr(out.data, "regressed      1.43  (1.32 to 1.56)  detects 1.15  p95 GET /products\n"));
    assert_non_null(strstr(out.data, "inconclusive   1.18  (unknown)"));
    assert_non_null(strstr(out.data, "improved       0.70"));
    assert_non_null(strstr(out.data, "    17 more are as they were\n"));
    assert_non_null(strstr(out.data, "2 more runs would probably decide, 1 of them hours apart"));
    assert_null(strstr(out.data, "\x1b"));
    br_buf_reset(&out);
    assert_int_equal(br_report_comparison_lines(c, 100, true, &out, NULL), BR_OK);
    assert_non_null(strstr(out.data, "\x1b[31mregressed"));
    assert_null(strstr(out.data, "as they were"));
    br_buf_deinit(&out);
    br_buf_init(&out, 100);
    br_err err = {0};
    assert_int_equal(br_report_comparison_lines(c, 100, true, &out, &err), BR_ELIMIT);
    assert_int_equal(out.len, 0);
    br_buf_deinit(&out);
    fixture_comparison_free(c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(rows_that_are_ok_make_room)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
