/* empire/api/: problems, metrics, and the store that requests come from. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include "empire/api/problem.h"
#include "empire/api/request.h"
#include "empire/api/process.h"

static void problems_have_one_shape(void **state)
{
    (void) state;
    br_buf out;
    br_buf_init(&out, BR_BUF_NO_LIMIT);
    emp_problem_put(&out, 400, "a \"quoted\" part");
    assert_string_equal(out.data, "{\"type\":\"about:blank\",\"title\":\"Bad Request\",\"status\":400,"
                                  "\"detail\":\"a \\\"quoted\\\" part\"}");
    br_buf_deinit(&out);
}

static void a_problem_replaces_the_answer(void **state)
{
    (void) state;
    emp_request_store *store = emp_request_store_new();
    emp_request *r = emp_request_take(store);
    br_buf_puts(&r->out, "half an answer");
    assert_int_equal(emp_answer_problem(r, 503, "%s", "later"), EMP_STEP_ANSWERED);
    assert_int_equal(r->status, 503);
    assert_int_equal(r->retry_after_s, 1);
    assert_string_equal(r->content_type, "application/problem+json");
    assert_int_equal(r->out.data[0], '{');
    emp_request_give(store, r);
    emp_request_store_free(store);
}

static void requests_are_reused_clean(void **state)
{
    (void) state;
    emp_request_store *store = emp_request_store_new();
    emp_request *r = emp_request_take(store);
    assert_int_equal(br_buf_puts(&r->target, "/x"), BR_OK);
    emp_answer_problem(r, 413, "no");
    r->close = true;
    r->allow[0] = 'G';
    emp_request_give(store, r);
    emp_request *again = emp_request_take(store);
    assert_ptr_equal(again, r);
    assert_int_equal(again->status, 0);
    assert_int_equal(again->stage, EMP_STAGE_HEADERS);
    assert_int_equal(again->target.len, 0);
    assert_int_equal(again->out.len, 0);
    assert_false(again->close);
    assert_int_equal(again->allow[0], 0);
    emp_request_give(store, again);
    emp_request_store_free(store);
}

static void latencies_fall_into_their_bucket(void **state)
{
    (void) state;
    emp_metrics *m = test_calloc(1, sizeof(*m));
    emp_metrics_count(m, 2, 200, 0);
    emp_metrics_count(m, 2, 200, 500 * BR_US); /* bounds belong to their bucket */
    emp_metrics_count(m, 2, 503, 500 * BR_US + 1);
    emp_metrics_count(m, 2, 418, 11 * BR_SEC);
    assert_int_equal(m->routes[2].buckets[0], 2);
    assert_int_equal(m->routes[2].buckets[1], 1);
    assert_int_equal(m->routes[2].buckets[EMP_METRICS_BUCKETS], 1);
    assert_int_equal(m->routes[2].requests[0], 2);
    assert_int_equal(m->routes[2].requests[EMP_METRICS_STATUSES - 1], 1);
    assert_int_equal(m->routes[2].latency_ns_total, BR_MS + 1 + 11 * BR_SEC);
    test_free(m);
}

static void the_process_has_figures(void **state)
{
    (void) state;
    emp_process p;
    emp_process_look(&p);
    assert_true(p.resident_bytes > 100000);
    assert_true(p.open_fds >= 3 && p.open_fds < p.max_fds);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(problems_have_one_shape),
        cmocka_unit_test(a_problem_replaces_the_answer),
        cmocka_unit_test(requests_are_reused_clean),
        cmocka_unit_test(latencies_fall_into_their_bucket),
        cmocka_unit_test(the_process_has_figures),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
