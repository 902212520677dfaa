/* Recovery after a spike, with courses made by hand: 60 s, a spike of 20 s, 120 s. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <cmocka.h>
#include "judge/recovery.h"
#include "unit/report/fixture.h"

#define BASE  60
#define SPIKE 20
#define END   200

static br_run_result *run;
static br_arena arena;
static br_recovery_report report;

static int set_up(void **state)
{
    (void) state;
    br_arena_init(&arena, 1024);
    run = fixture_new(END * BR_SEC);
    fixture_slices(run, END);
    return 0;
}

static int tear_down(void **state)
{
    (void) state;
    br_run_result_free(run);
    br_arena_deinit(&arena);
    return 0;
}

/* Seconds [from, to): so many requests each, of which so many failed, at that latency. */
static void fill(int from, int to, size_t requests, size_t failed, double ms)
{
    for (int i = from; i < to; i++) {
        br_slice *s = &run->slices[i];
        s->requests = s->failed = s->dropped = 0;
        br_hist_reset(&s->latency_us);
        fixture_slice_fill(s, requests, failed, ms, i >= BASE && i < BASE + SPIKE ? 100 : 10);
    }
}

static void judge(void)
{
    br_recovery_judge(run, BASE * BR_SEC, (BASE + SPIKE) * BR_SEC, &arena, &report);
}

static void has(const char *part)
{
    if (br_str_find(report.sentence, br_str_of(part)) < 0)
        fail_msg("'%s' is not in: " BR_FMT, part, BR_ARG(report.sentence));
}

static void usual(void)
{
    fill(0, END, 100, 0, 10);
    fill(BASE, BASE + SPIKE, 500, 0, 80);
}

static void at_once(void **state)
{
    (void) state;
    usual();
    judge();
    assert_true(report.measured && report.recovered);
    assert_true(report.total_s == 0 && report.area_s == 0);
    assert_true(report.resolution_s == 1 && report.observed_s == 120 && report.reference_s == 60);
    assert_true(report.p95_peak_ms > 70);
    has("Back to normal 0 s after the spike");
}

static void slow_for_37_seconds(void **state)
{
    (void) state;
    usual();
    fill(80, 117, 100, 0, 25);
    judge();
    assert_true(report.recovered);
    assert_true(report.total_s == 37 && report.latency_s == 37 && report.error_s == 0);
    assert_true(report.area_s > 40 && report.area_s < 70); /* 37 s at two and a half times the latency */
}

/* The hold of 15 s: two good spells of 14 s do not count. */
static void good_spells_do_not_count(void **state)
{
    (void) state;
    usual();
    fill(80, 81, 100, 0, 50);
    fill(95, 96, 100, 0, 50);
    fill(110, 111, 100, 20, 10);
    judge();
    assert_true(report.recovered);
    assert_true(report.total_s == 31 && report.latency_s == 16 && report.error_s == 0);
}

static void errors_refusals_and_drops(void **state)
{
    (void) state;
    usual();
    fill(80, 100, 100, 50, 10);
    judge();
    assert_true(report.error_s == 20 && report.total_s == 20 && report.latency_s == 0);
    assert_true(report.error_share_peak > 0.45 && report.error_share_before == 0);
    usual();
    for (int i = 80; i < 125; i++)
        run->slices[i].dropped = 40; /* starts for which no virtual user was free */
    judge();
    assert_true(report.error_s == 45 && report.total_s == 45);
}

/* A service that answers next to nothing is not back, however quick it is. */
static void silence_is_no_recovery(void **state)
{
    (void) state;
    usual();
    fill(80, 110, 0, 0, 10);
    judge();
    assert_true(report.total_s == 30 && report.latency_s == 30 && report.goodput_s == 30);
    usual();
    fill(80, 110, 70, 0, 10);
    judge();
    assert_true(report.total_s == report.goodput_s && report.latency_s == 0);
    assert_in_range((int) report.goodput_s, 25, 30); /* a few of the last seconds may be chance */
}

static void never(void **state)
{
    (void) state;
    usual();
    fill(80, END, 100, 0, 500);
    judge();
    assert_true(report.measured && !report.recovered && report.metastable);
    assert_true(report.total_s == 120 && report.latency_s == 120 && report.error_s == 0);
    has("No recovery in the 120 s observed");
    has("sustains itself");
    for (int i = 80; i < END; i++) /* it gets better, only not soon enough */
        fill(i, i + 1, 100, 0, 500 - 3.5 * (i - 80));
    judge();
    assert_true(report.measured && !report.recovered && !report.metastable);
}

/* Ten requests a second: 59 need six seconds, and the resolution is that. */
static void few_requests(void **state)
{
    (void) state;
    fill(0, END, 10, 0, 10);
    fill(80, 110, 10, 0, 40);
    judge();
    assert_true(report.recovered && report.resolution_s == 6);
    assert_in_range((int) report.total_s, 29, 31);
}

static void not_measured(void **state)
{
    (void) state;
    fill(0, END, 0, 0, 10);
    judge();
    assert_false(report.measured);
    has("too few for a reference");
    usual();
    br_recovery_judge(run, 0, 0, &arena, &report);
    assert_false(report.measured);
    has("no spike");
    run->slice_count = BASE + SPIKE + 14;
    judge();
    assert_false(report.measured);
    has("the run ended 14 s after the spike");
    run->slice_count = END;
    fill(0, BASE, 100, 100, 10);
    judge();
    assert_false(report.measured);
    has("no request before the spike succeeded");
}

static void a_short_reference_is_said(void **state)
{
    (void) state;
    usual();
    br_recovery_judge(run, 5 * BR_SEC, 80 * BR_SEC, &arena, &report);
    assert_true(report.measured && report.reference_s == 5);
    has("The reference is only 5 s long");
}

/* A probe in the open model sees what the load's own requests hide. */
static void the_probe_counts(void **state)
{
    (void) state;
    usual();
    fill(80, 117, 100, 0, 25);
    run->probe_slices = run->slices;
    run->probe_slice_count = run->slice_count;
    run->slices = NULL;
    run->slice_count = 0;
    judge();
    assert_true(report.recovered && report.total_s == 37);
    run->slices = run->probe_slices;
    run->slice_count = run->probe_slice_count;
    run->probe_slices = NULL;
    run->probe_slice_count = 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(at_once),
        cmocka_unit_test(slow_for_37_seconds),
        cmocka_unit_test(good_spells_do_not_count),
        cmocka_unit_test(errors_refusals_and_drops),
        cmocka_unit_test(silence_is_no_recovery),
        cmocka_unit_test(never),
        cmocka_unit_test(few_requests),
        cmocka_unit_test(not_measured),
        cmocka_unit_test(a_short_reference_is_said),
        cmocka_unit_test(the_probe_counts),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
