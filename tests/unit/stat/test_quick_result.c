/* stat/quick_result.h: tallies merge exactly. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <cmocka.h>
#include "stat/quick_result.h"

static void fill(br_quick_tally *t, uint64_t n, br_ns service)
{
    t->requests += n;
    t->status[200] += n;
    t->sent_bytes += 10 * n;
    for (uint64_t i = 0; i < n; i++)
        br_hist_record(&t->service, service);
    br_quick_tally_error(t, 1212, "dial: connection refused");
}

static void merging_adds_everything(void **state)
{
    (void) state;
    br_quick_tally *a = br_quick_tally_new(), *b = br_quick_tally_new(), *all = br_quick_tally_new();
    fill(a, 30, BR_MS);
    fill(b, 70, 3 * BR_MS);
    br_quick_tally_error(b, 1050, "request timeout");
    br_quick_tally_merge(all, a);
    br_quick_tally_merge(all, b);
    assert_int_equal(all->requests, 100);
    assert_int_equal(all->status[200], 100);
    assert_int_equal(all->sent_bytes, 1000);
    assert_int_equal(all->service.total, 100);
    assert_int_equal(br_hist_quantile(&all->service, 0.2) / BR_MS, 1);
    assert_int_equal(all->service.max, 3 * BR_MS);
    assert_int_equal(all->error_count, 2);
    assert_int_equal(all->errors[0].count, 2);
    br_quick_tally_reset(all);
    assert_int_equal(all->requests + all->service.total + all->error_count, 0);
    br_quick_tally_free(a);
    br_quick_tally_free(b);
    br_quick_tally_free(all);
}

static void reasons_beyond_the_table_are_counted(void **state)
{
    (void) state;
    br_quick_tally *t = br_quick_tally_new();
    for (int i = 0; i < BR_QUICK_ERRORS_MAX + 8; i++) {
        char text[32];
        snprintf(text, sizeof(text), "reason %d", i);
        br_quick_tally_error(t, 1000, text);
    }
    assert_int_equal(t->error_count, BR_QUICK_ERRORS_MAX);
    assert_int_equal(t->errors_beyond, 8);
    br_quick_tally_free(t);
}

static void rate_counts_what_ended_in_time(void **state)
{
    (void) state;
    br_quick_result r = {.planned = 10 * BR_SEC, .elapsed = 12 * BR_SEC};
    br_quick_tally_init(&r.tally);
    r.tally.requests = 1010;
    r.tally.late = 10;
    assert_true(br_quick_rate(&r) == 100);
    r.planned = 0;
    r.wanted = 1010;
    r.elapsed = 10 * BR_SEC;
    assert_true(br_quick_rate(&r) == 101);
    br_quick_result_deinit(&r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(merging_adds_everything),
        cmocka_unit_test(reasons_beyond_the_table_are_counted),
        cmocka_unit_test(rate_counts_what_ended_in_time),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
