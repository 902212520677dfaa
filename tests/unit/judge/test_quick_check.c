/* judge/quick_check.h: when the figures of a load without a script may be believed. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <cmocka.h>
#include "../report/quick_fixture.h"
#include "judge/quick_check.h"

/* Some finding has the words. */
static bool says(const br_quick_check *c, const char *words)
{
    for (size_t i = 0; i < c->count; i++) {
        if (strstr(c->findings[i], words) != NULL) return true;
    }
    return false;
}

static void a_healthy_run_is_valid(void **state)
{
    (void) state;
    br_quick_result closed = quick_fixture_closed(), open = quick_fixture_open();
    br_quick_check c = br_quick_check_of(&closed), o = br_quick_check_of(&open);
    assert_string_equal(br_quick_standing_name(c.standing), "valid");
    assert_string_equal(br_quick_standing_name(o.standing), "valid");
    assert_int_equal(c.count, 0);
    br_quick_result_deinit(&closed);
    br_quick_result_deinit(&open);
}

static void without_an_answer_it_is_no_evidence(void **state)
{
    (void) state;
    br_quick_result r = quick_fixture_closed();
    r.tally.failed = r.tally.requests;
    br_quick_check c = br_quick_check_of(&r);
    assert_int_equal(c.standing, BR_QUICK_INVALID);
    assert_true(says(&c, "not one request was answered"));
    r.tally.failed = r.tally.requests = 0;
    c = br_quick_check_of(&r);
    assert_true(says(&c, "no request was made"));
    br_quick_result_deinit(&r);
}

/* A full processor: closed, the target can do at least this much; open, starts may have been late. */
static void a_full_processor_counts_by_model(void **state)
{
    (void) state;
    br_quick_result closed = quick_fixture_closed(), open = quick_fixture_open();
    closed.workers[0].cpu_share = open.workers[0].cpu_share = 0.999;
    br_quick_check c = br_quick_check_of(&closed), o = br_quick_check_of(&open);
    assert_string_equal(br_quick_standing_name(c.standing), "lower bound");
    assert_true(says(&c, "the target can do at least this much"));
    assert_string_equal(br_quick_standing_name(o.standing), "invalid");
    br_quick_result_deinit(&closed);
    br_quick_result_deinit(&open);
}

/* 0.1 % of the timetable is the limit. */
static void starts_that_never_happened_count(void **state)
{
    (void) state;
    br_quick_result r = quick_fixture_open();
    r.unstarted = 1; /* of 1,001 */
    r.unstarted_for = 2 * BR_SEC;
    br_quick_check c = br_quick_check_of(&r);
    assert_int_equal(c.standing, BR_QUICK_VALID);
    assert_true(says(&c, "1 of 1001 starts never happened, the oldest of them due for 2 s"));
    r.unstarted = 2;
    c = br_quick_check_of(&r);
    assert_int_equal(c.standing, BR_QUICK_INVALID);
    br_quick_result_deinit(&r);
}

static void out_of_descriptors_is_told(void **state)
{
    (void) state;
    br_quick_result r = quick_fixture_closed();
    r.tally.failed = 5;
    r.tally.out_of_descriptors = r.generator.out_of_descriptors = 5;
    br_quick_check c = br_quick_check_of(&r);
    assert_int_equal(c.standing, BR_QUICK_INVALID);
    assert_true(says(&c, "ulimit -n"));
    br_quick_result_deinit(&r);
}

static void streams_without_http2_are_told(void **state)
{
    (void) state;
    br_quick_result r = quick_fixture_closed();
    r.streams = 8;
    br_quick_check c = br_quick_check_of(&r);
    assert_int_equal(c.standing, BR_QUICK_VALID);
    assert_true(says(&c, "does not speak HTTP/2"));
    assert_true(says(&c, "up to 80 in all"));
    r.tally.http2 = 1;
    c = br_quick_check_of(&r);
    assert_int_equal(c.count, 0);
    br_quick_result_deinit(&r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_healthy_run_is_valid),
        cmocka_unit_test(without_an_answer_it_is_no_evidence),
        cmocka_unit_test(a_full_processor_counts_by_model),
        cmocka_unit_test(starts_that_never_happened_count),
        cmocka_unit_test(out_of_descriptors_is_told),
        cmocka_unit_test(streams_without_http2_are_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
