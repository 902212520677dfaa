/*
 * loadtest/: brunt.yaml says what the load-testing guide asks for, and each script, run alone, has the same
 * load and thresholds. The folder is the first argument.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include "cli/config/config.h"
#include "cli/load/job.h"

#define MIN (60 * BR_SEC)

static const char *folder;

static br_config *load(void)
{
    char path[1024];
    snprintf(path, sizeof(path), "%s/brunt.yaml", folder);
    br_config *cfg = NULL;
    br_err err = {0};
    if (br_config_load(path, &cfg, &err) != BR_OK) fail_msg("%s", err.msg);
    return cfg;
}

static const br_named_test *find(const br_config *cfg, const char *name)
{
    const br_named_test *t = NULL;
    br_err err = {0};
    if (br_config_test(cfg, br_str_of(name), &t, &err) != BR_OK) fail_msg("%s", err.msg);
    return t;
}

static int64_t peak(const br_load_plan *plan)
{
    int64_t most = plan->vus;
    for (size_t i = 0; i < plan->stage_count; i++) {
        most = plan->stages[i].target > most ? plan->stages[i].target : most;
    }
    return most;
}

static void tests_are_those_of_the_guide(void **state)
{
    (void) state;
    static const struct {
        const char *name;
        br_ns length;
        int64_t first, peak;
        double p95_ms, errors;
        br_criterion_kind third;
    } wanted[] = {
        {"baseline", 5 * MIN, 10, 10, 500, 0.01, BR_CRITERION_STABLE},
        {"stress", 30 * MIN, 0, 200, 1000, 0.05, BR_CRITERION_GRACEFUL},
        {"spike", 10 * MIN, 10, 100, 1000, 0.05, BR_CRITERION_RECOVERY},
        {"soak", 120 * MIN, 50, 50, 500, 0.01, BR_CRITERION_MEMORY},
    };
    br_config *cfg = load();
    assert_int_equal(br_config_test_count(cfg), BR_COUNT_OF(wanted));
    for (size_t i = 0; i < BR_COUNT_OF(wanted); i++) {
        const br_named_test *t = find(cfg, wanted[i].name);
        assert_true(t->plan.duration == wanted[i].length);
        assert_int_equal(t->plan.stage_count ? t->plan.start_vus : t->plan.vus, wanted[i].first);
        assert_int_equal(peak(&t->plan), wanted[i].peak);
        assert_int_equal(t->criterion_count, 3);
        assert_true(t->criteria[0].criterion.limit == wanted[i].p95_ms);
        assert_true(t->criteria[1].criterion.limit == wanted[i].errors);
        assert_int_equal(t->criteria[2].criterion.kind, wanted[i].third);
    }
    br_ns start, end;
    assert_true(br_config_spike(&find(cfg, "spike")->plan, &start, &end));
    assert_true(start == 2 * MIN && end == 5 * MIN);
    assert_true(10 * MIN - end >= 2 * MIN + MIN); /* time enough to see a recovery that takes the limit */
    br_config_free(cfg);
}

/* The part of a criterion that the scripts' thresholds repeat: "p(95)<500", "rate<0.01". */
static void expect_threshold(const br_options *o, const char *metric, const char *agg, double limit)
{
    char source[64];
    snprintf(source, sizeof(source), "%s<%g", agg, limit);
    for (size_t i = 0; i < o->threshold_count; i++) {
        if (br_str_is(o->thresholds[i].metric, metric) && br_str_is(o->thresholds[i].source, source)) return;
    }
    fail_msg("no threshold %s of %s", source, metric);
}

static void expect_same_load(const br_scenario *s, const br_load_plan *plan)
{
    assert_true(s->duration == plan->duration);
    assert_int_equal(s->executor, plan->stage_count ? BR_EXEC_RAMPING_VUS : BR_EXEC_CONSTANT_VUS);
    assert_int_equal(s->vus, plan->stage_count ? plan->start_vus : plan->vus);
    assert_int_equal(s->stage_count, plan->stage_count);
    for (size_t i = 0; i < plan->stage_count; i++) {
        assert_true(s->stages[i].duration == plan->stages[i].duration);
        assert_int_equal(s->stages[i].target, plan->stages[i].target);
    }
}

static void expect_probe(const br_job *job, const br_load_plan *plan)
{
    const br_scenario *s = &job->options->scenarios[0];
    assert_true(br_str_is(s->name, "probe") && br_str_is(s->exec, "probe"));
    assert_int_equal(s->executor, BR_EXEC_CONSTANT_ARRIVAL_RATE);
    assert_int_equal(s->rate, 60);
    assert_int_equal(s->time_unit, BR_SEC);
    assert_true(s->duration == plan->duration);
}

static void scripts_alone_do_the_same(void **state)
{
    (void) state;
    br_config *cfg = load();
    for (size_t i = 0; i < br_config_test_count(cfg); i++) {
        const br_named_test *t = find(cfg, br_config_test_name(cfg, i).p);
        br_job_config config = {.script = t->script.p, .quiet = true};
        br_job job = {0};
        br_exit_code exit_code;
        br_err err = {0};
        if (br_job_prepare(&config, &job, &exit_code, &err) != BR_OK) fail_msg("%s", err.msg);
        bool probed = br_str_is(t->name, "spike");
        assert_int_equal(job.options->scenario_count, probed ? 2 : 1);
        expect_same_load(&job.options->scenarios[probed], &t->plan); /* by name: the probe comes first */
        if (probed) expect_probe(&job, &t->plan);
        expect_threshold(job.options, "http_req_duration", "p(95)", t->criteria[0].criterion.limit);
        expect_threshold(job.options, "http_req_failed", "rate", t->criteria[1].criterion.limit);
        br_job_deinit(&job);
    }
    br_config_free(cfg);
}

int main(int argc, char **argv)
{
    if (argc != 2) {
        fprintf(stderr, "usage: %s FOLDER\n", argv[0]);
        return 1;
    }
    folder = argv[1];
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tests_are_those_of_the_guide),
        cmocka_unit_test(scripts_alone_do_the_same),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
