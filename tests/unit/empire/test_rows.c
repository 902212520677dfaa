/* empire/domain/: answers made of results; the results are made by libpq's own constructors. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <libpq-fe.h>
#include <string.h>
#include "base/buf.h"
#include "empire/domain/analytics.h"
#include "empire/domain/products.h"
#include "empire/domain/rows.h"
#include "empire/domain/workflows.h"

#define COLUMNS_MAX 12

/* A result of texts, row by row; NULL is NULL. */
static emp_result *result_of(int columns, int rows, const char *const *cells)
{
    char name[] = "c", value[128];
    PGresAttDesc descriptions[COLUMNS_MAX] = {0};
    PGresult *r = PQmakeEmptyPGresult(NULL, PGRES_TUPLES_OK);
    for (int i = 0; i < columns; i++) {
        descriptions[i].name = name;
    }
    assert_true(PQsetResultAttrs(r, columns, descriptions));
    for (int i = 0; i < rows * columns; i++) {
        size_t n = cells[i] ? strlen(cells[i]) : 0;
        assert_true(n < sizeof(value));
        if (n) memcpy(value, cells[i], n + 1);
        assert_true(
            PQsetvalue(r, i / columns, i % columns, cells[i] ? value : NULL, cells[i] ? (int) n : -1));
    }
    return (emp_result *) r;
}

static void assert_answer(br_buf *out, emp_result *r, const char *want)
{
    assert_string_equal(out->data, want);
    br_buf_deinit(out);
    emp_result_free(r);
}

static br_buf new_buf(void)
{
    br_buf b;
    br_buf_init(&b, BR_BUF_NO_LIMIT);
    return b;
}

static void writes_every_kind_of_cell(void **state)
{
    (void) state;
    static const emp_column columns[] = {{"n", EMP_CELL_NUMBER}, {"s", EMP_CELL_TEXT}, {"t", EMP_CELL_TIME},
        {"b", EMP_CELL_BOOL}, {"f", EMP_CELL_BOOL}, {"z", EMP_CELL_NUMBER}};
    const char *const cells[] = {"12.50", "a\"b\n", "2025-06-30 23:59:59.5+00", "t", "f", NULL};
    emp_result *r = result_of(6, 1, cells);
    br_buf out = new_buf();
    emp_row_put(&out, r, 0, 0, columns, 6);
    assert_answer(&out, r,
        "{\"n\":12.50,\"s\":\"a\\\"b\\n\","
        "\"t\":\"2025-06-30T23:59:59.5Z\",\"b\":true,\"f\":false,\"z\":null}");
}

static void an_odd_time_stays_a_string(void **state)
{
    (void) state;
    const char *const cells[] = {"infinity", "2025-06-30 10:00:00+02"};
    emp_result *r = result_of(2, 1, cells);
    br_buf out = new_buf();
    emp_cell_put(&out, r, 0, 0, EMP_CELL_TIME);
    emp_cell_put(&out, r, 0, 1, EMP_CELL_TIME);
    assert_answer(&out, r, "\"infinity\"\"2025-06-30 10:00:00+02\"");
}

static void a_page_behind_the_last_keeps_its_total(void **state)
{
    (void) state;
    const char *const cells[12] = {"21"};
    const emp_page page = {9, 10};
    emp_result *r = result_of(12, 1, cells);
    br_buf out = new_buf();
    emp_products_page_put(&out, r, &page);
    assert_answer(&out, r, "{\"data\":[],\"meta\":{\"page\":9,\"limit\":10,\"total\":21,\"pages\":3}}");
}

static void an_overview_of_nothing(void **state)
{
    (void) state;
    const char *const cells[18] = {NULL, NULL, NULL, "0", "0", "0", "0.00", "0.0000", "0.0000"};
    emp_result *r = result_of(9, 2, cells);
    br_buf out = new_buf();
    emp_overview_put(&out, r, 7, BR_STR_NONE);
    assert_answer(&out, r,
        "{\"data\":{\"period\":\"7d\",\"platform\":\"all\",\"startDate\":null,\"endDate\":null,"
        "\"totals\":{\"views\":0,"
        "\"clicks\":0,\"conversions\":0,\"revenue\":0.00,\"clickRate\":0.0000,\"conversionRate\":0.0000},"
        "\"platforms\":[]}}");
}

static void revenue_by_day(void **state)
{
    (void) state;
    const char *const cells[] = {"2025-06-29", "2025-06-30", NULL, "3", "4.50", "2025-06-29", "2025-06-30",
        "2025-06-29", "1", "1.50", "2025-06-29", "2025-06-30", "2025-06-30", "2", "3.00"};
    emp_result *r = result_of(5, 3, cells);
    br_buf out = new_buf();
    emp_revenue_put(&out, r);
    assert_answer(&out, r,
        "{\"data\":{\"startDate\":\"2025-06-29\",\"endDate\":\"2025-06-30\",\"currency\":\"USD\","
        "\"conversions\":3,"
        "\"revenue\":4.50,\"days\":[{\"date\":\"2025-06-29\",\"conversions\":1,\"revenue\":1.50},"
        "{\"date\":\"2025-06-30\",\"conversions\":2,\"revenue\":3.00}]}}");
}

static void no_workflows(void **state)
{
    (void) state;
    const char *const cells[12] = {"0", "{\"decisions\":0}", "[]", "[{\"id\":\"s\"}]"};
    emp_result *r = result_of(12, 1, cells);
    br_buf out = new_buf();
    emp_workflows_status_put(&out, r);
    assert_answer(&out, r,
        "{\"data\":{\"active\":0,\"backlog\":{\"decisions\":0},\"workers\":[],\"schedules\":[{\"id\":\"s\"}],\"workflows\":[]}}");
}

static void a_workflow_with_its_steps(void **state)
{
    (void) state;
    const char *const cells[11] = {
        "i", "daily-control-loop", "running", "2", "t", NULL, NULL, NULL, NULL, "1", "[{\"id\":\"sync\"}]"};
    emp_result *r = result_of(11, 1, cells);
    br_buf out = new_buf();
    emp_workflow_steps_put(&out, r);
    assert_answer(&out, r,
        "{\"data\":{\"id\":\"i\",\"type\":\"daily-control-loop\",\"status\":\"running\",\"videoCount\":2,\"dryRun\":true,"
        "\"createdAt\":null,\"startedAt\":null,\"finishedAt\":null,\"result\":null,\"stepCount\":1,"
        "\"steps\":[{\"id\":\"sync\"}]}}");
}

static void knows_periods(void **state)
{
    (void) state;
    int64_t days = 5;
    assert_int_equal(emp_period_parse(BR_STR("90d"), &days), BR_OK);
    assert_int_equal(days, 90);
    static const char *const bad[] = {"", "2d", "30", "30D", "030d", "30d "};
    for (size_t i = 0; i < BR_COUNT_OF(bad); i++) {
        assert_int_equal(emp_period_parse(br_str_of(bad[i]), &days), BR_EINVAL);
    }
    assert_int_equal(days, 90);
}

static void queries_carry_their_parameters(void **state)
{
    (void) state;
    emp_query q = {0};
    const emp_page page = {1000000, 200};
    emp_products_page_query(&q, &page);
    assert_int_equal(q.param_count, 2);
    assert_string_equal(q.params[0], "200");
    assert_string_equal(q.params[1], "199999800");
    emp_overview_query(&q, 30, BR_STR_NONE);
    assert_true(q.is_null[1]);
    emp_overview_query(&q, 30, BR_STR("tiktok"));
    assert_false(q.is_null[1]);
    assert_string_equal(q.params[1], "tiktok");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(writes_every_kind_of_cell),
        cmocka_unit_test(an_odd_time_stays_a_string),
        cmocka_unit_test(a_page_behind_the_last_keeps_its_total),
        cmocka_unit_test(an_overview_of_nothing),
        cmocka_unit_test(revenue_by_day),
        cmocka_unit_test(no_workflows),
        cmocka_unit_test(a_workflow_with_its_steps),
        cmocka_unit_test(knows_periods),
        cmocka_unit_test(queries_carry_their_parameters),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
