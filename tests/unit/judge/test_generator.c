/* The generator's own limits: each alone, at its edge. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <cmocka.h>
#include "judge/generator.h"
#include "unit/report/fixture.h"

static br_run_result *run;
static br_arena arena;
static br_generator_report report;

static int set_up(void **state)
{
    (void) state;
    br_arena_init(&arena, 1024);
    run = fixture_baseline(30, 150, 100, 0);
    return 0;
}

static int tear_down(void **state)
{
    (void) state;
    br_run_result_free(run);
    br_arena_deinit(&arena);
    return 0;
}

/* NULL: what could be judged is fine. Else the one finding that is not. */
static void expect(const char *name, const char *part)
{
    br_generator_view view = br_generator_view_of(run);
    br_judge_generator(&view, &arena, &report);
    size_t wrong = 0;
    for (size_t i = 0; i < report.count; i++) {
        const br_generator_finding *f = &report.findings[i];
        assert_true(f->ok == (f->remedy.n == 0));
        if (f->ok) continue;
        wrong++;
        if (!name) fail_msg(BR_FMT, BR_ARG(f->text));
        assert_string_equal(f->name, name);
        if (br_str_find(f->text, br_str_of(part)) < 0)
            fail_msg("no \"%s\" in: " BR_FMT, part, BR_ARG(f->text));
    }
    assert_int_equal(wrong, name != NULL);
    assert_int_equal(report.valid, name == NULL);
}

static void a_healthy_one_is_fine(void **state)
{
    (void) state;
    expect(NULL, NULL);
    assert_int_equal(report.count, 1); /* the processor; nothing is known of starts */
}

static void processors(void **state)
{
    (void) state;
    br_worker_health *w = &run->workers[0];
    w->cpu_share = 0.8;
    expect(NULL, NULL);
    w->cpu_share = 0.81;
    expect("generator CPU", "used 81 % of a core (limit 80 %): the generator was the bottleneck");
    w->cpu_share = 0.3;
    w->starved_share = 0.55;
    expect("generator CPU", "needed 85 % of a core (limit 80 %) and got 30 %: other programs");
    w->starved_share = 0;
    w->busy_share = 0.9;
    expect("generator CPU", "needed 90 %");
    run->duration = 900 * BR_MS;
    expect(NULL, NULL); /* too short to tell */
}

static void lags(void **state)
{
    (void) state;
    br_run_result_free(run);
    run = fixture_baseline(30, 150, 200, 0);
    br_hist *lag = &run->generator.start_lag;
    br_hist_record_n(lag, 200 * BR_US, 9900);
    br_hist_record_n(lag, 900 * BR_US, 100);
    expect(NULL, NULL);
    br_hist_record_n(lag, 1100 * BR_US, 300);
    expect(NULL, NULL); /* the median response of about 200 ms allows a little more */
    assert_in_range(report.lag_limit, 1200 * BR_US, 2500 * BR_US);
    br_hist_record_n(lag, 3 * BR_MS, 300);
    expect("start lag", "late by 3 ms at p99 (limit 2 ms)");
}

static void late_starts(void **state)
{
    (void) state;
    br_hist *lag = &run->generator.start_lag;
    br_hist_record_n(lag, 200 * BR_US, 99900);
    br_hist_record_n(lag, 300 * BR_MS, 99);
    expect(NULL, NULL);
    br_hist_record_n(lag, 300 * BR_MS, 2);
    expect("late starts", "0.10 % of the iterations started more than");
}

static void few_starts_have_no_p99(void **state)
{
    (void) state;
    br_hist_record_n(&run->generator.start_lag, BR_SEC, 298);
    expect(NULL, NULL);
    br_hist_record_n(&run->generator.start_lag, 0, 20000);
    br_hist_reset(&run->generator.start_lag);
    expect(NULL, NULL);
}

static void lost_starts(void **state)
{
    (void) state;
    run->generator.starts_scheduled = 10000;
    run->generator.starts_dropped = 10;
    expect(NULL, NULL);
    run->generator.starts_missed = 1;
    expect("starts", "11 of 10000 scheduled iterations were not started (0.11 %");
    assert_true(br_str_find(report.findings[report.count - 1].remedy, BR_STR("preAllocatedVUs")) >= 0);
}

static void exhausted_resources(void **state)
{
    (void) state;
    run->generator.resources.descriptors_limit = 1024;
    run->generator.out_of_descriptors = 3;
    expect("descriptors", "3 requests found no free file descriptor (limit 1024)");
    run->generator.out_of_descriptors = 0;
    run->generator.out_of_ports = 4;
    expect("ports", "4 requests found no free local port");
}

int main(int argc, char **argv)
{
    if (argc > 1) cmocka_set_test_filter(argv[1]);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_healthy_one_is_fine, set_up, tear_down),
        cmocka_unit_test_setup_teardown(processors, set_up, tear_down),
        cmocka_unit_test_setup_teardown(lags, set_up, tear_down),
        cmocka_unit_test_setup_teardown(late_starts, set_up, tear_down),
        cmocka_unit_test_setup_teardown(few_starts_have_no_p99, set_up, tear_down),
        cmocka_unit_test_setup_teardown(lost_starts, set_up, tear_down),
        cmocka_unit_test_setup_teardown(exhausted_resources, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
