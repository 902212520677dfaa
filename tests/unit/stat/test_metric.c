#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <pthread.h>
#include <stdio.h>
#include <string.h>

#include "stat/metric.h"

static void test_builtins(void **state)
{
    (void) state;
    br_metrics *m = br_metrics_new();
    assert_int_equal(br_metrics_count(m), BR_BUILTIN_METRIC_COUNT);
    const br_metric *duration = br_metrics_at(m, BR_M_HTTP_REQ_DURATION);
    assert_int_equal(duration->id, BR_M_HTTP_REQ_DURATION);
    assert_true(br_str_is(duration->name, "http_req_duration"));
    assert_true(duration->type == BR_TREND && duration->contains == BR_CONTAINS_TIME);
    assert_ptr_equal(br_metrics_find(m, BR_STR("data_sent")), br_metrics_at(m, BR_M_DATA_SENT));
    assert_null(br_metrics_find(m, BR_STR("nope")));
    br_metrics_free(m);
    br_metrics_free(NULL);
}

static void test_names(void **state)
{
    (void) state;
    char name[131];
    memset(name, 'a', sizeof(name));
    assert_true(br_metric_name_valid((br_str){name, 129}));
    assert_false(br_metric_name_valid((br_str){name, 130}));
    static const char *const good[] = {"ab", "_x", "A_9"};
    static const char *const bad[] = {"", "a", "9a", "a-b", "a b", "a.b", "a{b}", "\xC3\xA4x"};
    for (size_t i = 0; i < BR_COUNT_OF(good); i++) {
        assert_true(br_metric_name_valid(br_str_of(good[i])));
    }
    for (size_t i = 0; i < BR_COUNT_OF(bad); i++) {
        assert_false(br_metric_name_valid(br_str_of(bad[i])));
    }
}

static void test_get(void **state)
{
    (void) state;
    br_metrics *m = br_metrics_new();
    br_metric *a = NULL, *b = NULL;
    br_err err;
    assert_int_equal(br_metrics_get(m, BR_STR("mine"), BR_COUNTER, BR_CONTAINS_DEFAULT, &a, &err), BR_OK);
    assert_int_equal(a->id, BR_BUILTIN_METRIC_COUNT);
    assert_int_equal(br_metrics_get(m, BR_STR("mine"), BR_COUNTER, BR_CONTAINS_DEFAULT, &b, &err), BR_OK);
    assert_ptr_equal(a, b);
    b = NULL;
    assert_int_equal(br_metrics_get(m, BR_STR("mine"), BR_TREND, BR_CONTAINS_DEFAULT, &b, &err), BR_EEXISTS);
    assert_string_equal(err.msg, "metric 'mine' already exists but with type counter, instead of trend");
    assert_int_equal(br_metrics_get(m, BR_STR("mine"), BR_COUNTER, BR_CONTAINS_TIME, &b, &err), BR_EEXISTS);
    assert_int_equal(
        br_metrics_get(m, BR_STR("http_reqs"), BR_TREND, BR_CONTAINS_DEFAULT, &b, &err), BR_EEXISTS);
    assert_int_equal(br_metrics_get(m, BR_STR("x"), BR_COUNTER, BR_CONTAINS_DEFAULT, &b, &err), BR_EINVAL);
    assert_non_null(strstr(err.msg, "'x'"));
    assert_null(b);
    br_metrics_free(m);
}

static void test_get_sub(void **state)
{
    (void) state;
    br_metrics *m = br_metrics_new();
    br_metric *a = NULL, *b = NULL;
    br_err err;
    assert_int_equal(br_metrics_get_sub(m, BR_STR("http_reqs{ status:200 ,name:x}"), &a, &err), BR_OK);
    assert_true(br_str_is(a->name, "http_reqs{status:200 ,name:x}"));
    assert_true(br_str_is(a->suffix, "status:200 ,name:x"));
    assert_ptr_equal(a->parent, br_metrics_at(m, BR_M_HTTP_REQS));
    assert_int_equal(a->type, BR_COUNTER);
    assert_ptr_equal(br_metrics_at(m, a->id), a);
    assert_int_equal(a->parent->subs.len, 1);
    /* the same tags in another spelling: the same sub-metric, found under both */
    assert_int_equal(br_metrics_get_sub(m, BR_STR("http_reqs{name:x,status:200}"), &b, &err), BR_OK);
    assert_ptr_equal(a, b);
    assert_int_equal(a->parent->subs.len, 1);
    assert_ptr_equal(br_metrics_find(m, BR_STR("http_reqs{name:x,status:200}")), a);
    assert_ptr_equal(br_metrics_find(m, a->name), a);
    b = NULL;
    assert_int_equal(br_metrics_get_sub(m, BR_STR("nope{a:b}"), &b, &err), BR_ENOTFOUND);
    assert_string_equal(err.msg, "no metric name \"nope{a:b}\" found");
    static const char *const bad[] = {"http_reqs{}", "http_reqs{ }", "http_reqs{a}", "http_reqs{a:}",
        "http_reqs{a:b", "http_reqs", "http_reqs{a:b}x"};
    for (size_t i = 0; i < BR_COUNT_OF(bad); i++) {
        if (br_metrics_get_sub(m, br_str_of(bad[i]), &b, &err) != BR_ESYNTAX) fail_msg("%s", bad[i]);
    }
    assert_null(b);
    br_metrics_free(m);
}

static void test_limit(void **state)
{
    (void) state;
    br_metrics *m = br_metrics_new();
    br_metric *metric = NULL, *last = NULL;
    br_err err;
    char name[64];
    for (size_t i = br_metrics_count(m); i < BR_METRICS_MAX; i++) {
        snprintf(name, sizeof(name), "m_%zu", i);
        assert_int_equal(
            br_metrics_get(m, br_str_of(name), BR_RATE, BR_CONTAINS_DEFAULT, &metric, &err), BR_OK);
    }
    assert_int_equal(br_metrics_get(m, BR_STR("more"), BR_RATE, BR_CONTAINS_DEFAULT, &last, &err), BR_ELIMIT);
    assert_int_equal(br_metrics_get_sub(m, BR_STR("m_100{a:b}"), &last, &err), BR_ELIMIT);
    assert_null(last);
    /* what is there is still found */
    assert_int_equal(br_metrics_get(m, BR_STR("m_100"), BR_RATE, BR_CONTAINS_DEFAULT, &metric, &err), BR_OK);
    br_metrics_free(m);
}

static void test_thresholds(void **state)
{
    (void) state;
    br_metrics *m = br_metrics_new();
    br_metric *reqs = br_metrics_at(m, BR_M_HTTP_REQS);
    br_err err = {0};
    char source[] = "count>5";
    assert_int_equal(br_metric_add_threshold(m, reqs, br_str_of(source), true, 5 * BR_SEC, &err), BR_OK);
    source[0] = 'X';
    assert_int_equal(reqs->thresholds.len, 1);
    const br_metric_threshold *t = &reqs->thresholds.data[0];
    assert_true(br_str_is(t->source, "count>5"));
    assert_true(t->abort_on_fail && t->delay_abort_ns == 5 * BR_SEC && !t->failed);
    assert_int_equal(br_metric_add_threshold(m, reqs, BR_STR("p(95)<1"), false, 0, &err), BR_EINVAL);
    assert_non_null(strstr(err.msg, "count, rate"));
    assert_non_null(strstr(err.msg, "http_reqs"));
    assert_int_equal(br_metric_add_threshold(m, reqs, BR_STR("count"), false, 0, &err), BR_ESYNTAX);
    assert_int_equal(reqs->thresholds.len, 1);
    br_metrics_free(m);
}

/* Threads register the same names and read what the others made. */
typedef struct registrar {
    br_metrics *metrics;
    br_metric *got[100];
} registrar;

static void *register_all(void *ctx)
{
    registrar *r = ctx;
    for (int i = 0; i < 100; i++) {
        char name[16];
        snprintf(name, sizeof(name), "t_%d", i);
        br_err err;
        br_code rc = br_metrics_get(
            r->metrics, br_str_of(name), BR_TREND, BR_CONTAINS_TIME, &r->got[i], &err);
        if (rc != BR_OK) return ctx;
        for (uint32_t id = 0; id < br_metrics_count(r->metrics); id++) {
            const br_metric *m = br_metrics_at(r->metrics, id);
            if (m->id != id || m->name.n == 0) return ctx;
        }
    }
    return NULL;
}

static void test_threads(void **state)
{
    (void) state;
    enum { THREADS = 4 };
    br_metrics *m = br_metrics_new();
    static registrar r[THREADS];
    pthread_t threads[THREADS];
    for (int i = 0; i < THREADS; i++) {
        r[i].metrics = m;
        assert_int_equal(pthread_create(&threads[i], NULL, register_all, &r[i]), 0);
    }
    for (int i = 0; i < THREADS; i++) {
        void *failed;
        pthread_join(threads[i], &failed);
        assert_null(failed);
    }
    assert_int_equal(br_metrics_count(m), BR_BUILTIN_METRIC_COUNT + 100);
    for (int i = 1; i < THREADS; i++) {
        assert_memory_equal(r[i].got, r[0].got, sizeof(r[0].got));
    }
    br_metrics_free(m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_builtins),
        cmocka_unit_test(test_names),
        cmocka_unit_test(test_get),
        cmocka_unit_test(test_get_sub),
        cmocka_unit_test(test_limit),
        cmocka_unit_test(test_thresholds),
        cmocka_unit_test(test_threads),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
