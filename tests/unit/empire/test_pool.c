/* empire/db/: without a server. The rest of the pool is tested end to end (tests/e2e/empire). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>
#include "empire/db/admin.h"
#include "empire/db/pool.h"
#include "empire/domain/statements.h"

static void no_server_is_an_error(void **state)
{
    (void) state;
    const emp_pool_config config = {
        .url = "host=/nonexistent dbname=d user=u",
        .statements = emp_statements,
        .statement_count = EMP_ST_COUNT,
        .connections = 3,
        .kept = 2,
        .max_outstanding = 10,
        .depth = EMP_POOL_DEPTH,
        .wait_timeout = BR_SEC,
        .query_timeout = BR_SEC,
    };
    emp_pool *pool = NULL;
    br_err err = {0};
    br_ns start = br_clock_now();
    assert_int_equal(emp_pool_start(&config, 250 * BR_MS, &pool, &err), BR_EDIAL);
    assert_true(br_clock_now() - start >= 250 * BR_MS);
    assert_null(pool);
    assert_non_null(strstr(err.msg, "/nonexistent"));
    assert_null(strchr(err.msg, '\n'));
}

static void every_statement_is_there(void **state)
{
    (void) state;
    for (size_t i = 0; i < EMP_ST_COUNT; i++) {
        assert_non_null(emp_statements[i].sql);
        assert_true(emp_statements[i].param_count <= EMP_QUERY_PARAMS_MAX);
        for (size_t j = 0; j < i; j++) {
            assert_string_not_equal(emp_statements[i].name, emp_statements[j].name);
        }
    }
    assert_false(emp_statements[EMP_ST_WORKFLOW_START].reads_only); /* never sent twice */
}

static void addresses_are_described_without_password(void **state)
{
    (void) state;
    static const struct {
        const char *url, *want;
    } cases[] = {
        {"postgresql://app:secret@db.example:5433/empire", "app@db.example:5433 database empire"},
        {"postgresql://app@/empire?host=%2Ftmp%2Fsock", "app@/tmp/sock database empire"},
        {"host=h user=u password=secret dbname=d", "u@h:5432 database d"},
    };
    for (size_t i = 0; i < BR_COUNT_OF(cases); i++) {
        br_buf out;
        br_buf_init(&out, 256);
        assert_int_equal(emp_admin_describe(cases[i].url, &out, NULL), BR_OK);
        assert_string_equal(out.data, cases[i].want);
        br_buf_deinit(&out);
    }
    br_buf out;
    br_err err = {0};
    br_buf_init(&out, 256);
    assert_int_equal(emp_admin_describe("postgresql://u:secret@[", &out, &err), BR_EINVAL);
    assert_null(strstr(err.msg, "secret"));
    assert_int_equal(emp_admin_describe("", &out, &err), BR_EINVAL);
    br_buf_deinit(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(no_server_is_an_error),
        cmocka_unit_test(every_statement_is_there),
        cmocka_unit_test(addresses_are_described_without_password),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
