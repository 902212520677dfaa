/* Options that are wrong: each has one clear message; no type of value for any key crashes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>
#include "base/log.h"
#include "engine/options.h"

static br_err err;

static br_code build(const char *text, br_options **ret)
{
    json_error_t error;
    json_t *j = json_loads(text, JSON_DECODE_ANY, &error);
    if (j == NULL) fail_msg("%s: %s", text, error.text);
    br_options_source source = {.what = "script", .json = j};
    err = (br_err){0};
    br_code code = br_options_build(&source, 1, ret, &err);
    json_decref(j);
    return code;
}

static void assert_refused(const char *text, br_code code, const char *part)
{
    br_options *o = NULL;
    br_code got = build(text, &o);
    if (got != code || strstr(err.msg, part) == NULL || o != NULL) {
        fail_msg("%s\n%s \"%s\"\nwant %s \"%s\"", text, br_code_name(got), err.msg, br_code_name(code), part);
    }
}

/* One scenario s with these fields is refused with k6's report and exactly this line. */
static void assert_problem(const char *fields, const char *problems)
{
    char text[600], want[600];
    snprintf(text, sizeof(text), "{\"scenarios\": {\"s\": {%s}}}", fields);
    snprintf(want, sizeof(want),
        "There were problems with the specified script configuration:\n\t- scenario s has configuration errors: %s",
        problems);
    br_options *o = NULL;
    if (build(text, &o) != BR_EINVAL || strcmp(err.msg, want) != 0)
        fail_msg("%s\ngave %s\nwant %s", fields, err.msg, want);
}

#define CONSTANT      "\"executor\": \"constant-vus\""
#define RAMPING       "\"executor\": \"ramping-vus\""
#define SHARED        "\"executor\": \"shared-iterations\""
#define PER_VU        "\"executor\": \"per-vu-iterations\""
#define CONSTANT_RATE "\"executor\": \"constant-arrival-rate\""
#define RAMPING_RATE  "\"executor\": \"ramping-arrival-rate\""
#define PERIOD        "\"duration\": \"2s\", \"preAllocatedVUs\": 2"
#define ONE           "\"stages\": [{\"duration\": \"1s\", \"target\": 1}]"

static void validates_scenarios(void **state)
{
    (void) state;
    assert_problem(CONSTANT, "the duration is unspecified");
    assert_problem(CONSTANT ", \"duration\": \"500ms\"", "the duration must be at least 1s, but is 500ms");
    assert_problem(CONSTANT ", \"duration\": \"2s\", \"vus\": 0", "the number of VUs must be more than 0");
    assert_problem(CONSTANT ", \"duration\": \"2s\", \"vus\": -1", "the number of VUs must be more than 0");
    assert_problem(CONSTANT ", \"duration\": \"2s\", \"vus\": 1000001", "the number of VUs exceeds 1000000");
    assert_problem(
        CONSTANT ", \"duration\": \"2s\", \"startTime\": \"-1s\"", "the startTime can't be negative");
    assert_problem(CONSTANT ", \"duration\": \"2s\", \"gracefulStop\": -5",
        "the gracefulStop timeout can't be negative");
    assert_problem(CONSTANT ", \"duration\": \"2s\", \"exec\": \"\"", "exec value cannot be empty");
    assert_problem(CONSTANT ", \"vus\": 0, \"exec\": \"\"",
        "exec value cannot be empty, the number of VUs must be more than 0, the duration is unspecified");
    assert_problem(RAMPING, "at least one stage has to be specified");
    assert_problem(RAMPING ", \"stages\": []", "at least one stage has to be specified");
    assert_problem(RAMPING ", " ONE ", \"startVUs\": -1", "the number of start VUs can't be negative");
    assert_problem(
        RAMPING ", " ONE ", \"gracefulRampDown\": \"-1s\"", "the gracefulRampDown timeout can't be negative");
    assert_problem(RAMPING ", \"startVUs\": 0, \"stages\": [{\"duration\": \"1s\", \"target\": 0}]",
        "either startVUs or one of the stages' target values must be greater than 0");
    assert_problem(RAMPING ", \"stages\": [{\"target\": 1}]", "stage 1 doesn't have a duration");
    assert_problem(RAMPING ", \"stages\": [{\"duration\": \"1s\", \"target\": 1}, {\"duration\": \"1s\"}]",
        "stage 2 doesn't have a target");
    assert_problem(RAMPING ", \"stages\": [{\"duration\": \"-1s\", \"target\": 1}]",
        "the duration for stage 1 can't be negative");
    assert_problem(RAMPING ", \"stages\": [{\"duration\": \"1s\", \"target\": -1}]",
        "the target for stage 1 can't be negative");
    assert_problem(RAMPING ", \"stages\": [{\"duration\": \"1s\", \"target\": 1000001}]",
        "the target for stage 1 exceeds 1000000");
    assert_problem(SHARED ", \"iterations\": 3, \"vus\": 4",
        "the number of iterations (3) can't be less than the number of VUs (4)");
    assert_problem(SHARED ", \"iterations\": 0, \"vus\": 0",
        "the number of VUs must be more than 0, the number of iterations must be more than 0");
    assert_problem(SHARED ", \"maxDuration\": 0", "the maxDuration must be at least 1s, but is 0s");
    assert_problem(PER_VU ", \"iterations\": 0", "the number of iterations must be more than 0");
    assert_problem(PER_VU ", \"vus\": -3", "the number of VUs must be more than 0");
    assert_problem(
        PER_VU ", \"maxDuration\": \"999ms\"", "the maxDuration must be at least 1s, but is 999ms");
}

static void validates_arrival_rates(void **state)
{
    (void) state;
    assert_problem(
        CONSTANT_RATE ", \"duration\": \"2s\", \"preAllocatedVUs\": 1", "the iteration rate isn't specified");
    assert_problem(CONSTANT_RATE ", " PERIOD ", \"rate\": 0", "the iteration rate must be more than 0");
    assert_problem(CONSTANT_RATE ", " PERIOD ", \"rate\": 100000001", "the iteration rate exceeds 100000000");
    assert_problem(
        CONSTANT_RATE ", " PERIOD ", \"rate\": 1, \"timeUnit\": 0", "the timeUnit must be more than 0");
    assert_problem(CONSTANT_RATE ", \"rate\": 1, \"preAllocatedVUs\": 1, \"duration\": \"10ms\"",
        "the duration must be at least 1s, but is 10ms");
    assert_problem(CONSTANT_RATE ", \"rate\": 1, \"duration\": \"2s\", \"maxVUs\": 3",
        "the number of preAllocatedVUs isn't specified");
    assert_problem(CONSTANT_RATE ", \"rate\": 1, \"duration\": \"2s\", \"preAllocatedVUs\": -1",
        "the number of preAllocatedVUs can't be negative");
    assert_problem(CONSTANT_RATE ", " PERIOD ", \"rate\": 1, \"maxVUs\": 1",
        "maxVUs can't be less than preAllocatedVUs");
    assert_problem(CONSTANT_RATE ", " PERIOD ", \"rate\": 1, \"maxVUs\": 1000001", "maxVUs exceeds 1000000");
    assert_problem(RAMPING_RATE ", \"preAllocatedVUs\": 1", "at least one stage has to be specified");
    assert_problem(RAMPING_RATE ", " ONE ", \"preAllocatedVUs\": 1, \"startRate\": -1",
        "the startRate value can't be negative");
    assert_problem(RAMPING_RATE
        ", \"preAllocatedVUs\": 1, \"stages\": [{\"duration\": \"1s\", \"target\": 100000001}]",
        "the target for stage 1 exceeds 100000000");
    assert_problem(RAMPING_RATE ", " ONE, "the number of preAllocatedVUs isn't specified");
    assert_refused("{\"scenarios\": {\"s\": {" CONSTANT_RATE ", " PERIOD ", \"rate\": 1, \"startRate\": 3}}}",
        BR_ESYNTAX, "json: unknown field \"startRate\"");
}

static void reports_every_scenario(void **state)
{
    (void) state;
    assert_refused("{\"scenarios\": {\"a b\": {" CONSTANT ", \"duration\": \"1s\"}, \"fine\": {" CONSTANT
                   ", \"duration\": \"1s\"}, \"c\": {" CONSTANT "}}}",
        BR_EINVAL,
        "There were problems with the specified script configuration:"
        "\n\t- scenario a b has configuration errors: the scenario name should contain only numbers, latin letters, underscores, and dashes"
        "\n\t- scenario c has configuration errors: the duration is unspecified");
    assert_refused("{\"duration\": \"0s\"}", BR_EINVAL,
        "scenario default has configuration errors: the duration must be at least 1s, but is 0s");
}

static void refuses_unreadable_scenarios(void **state)
{
    (void) state;
    assert_refused("{\"scenarios\": {\"s\": {\"vus\": 1}}}", BR_ESYNTAX,
        "scenario 's' doesn't have a specified executor type");
    assert_refused("{\"scenarios\": {\"s\": {\"executor\": 5}}}", BR_ESYNTAX,
        "scenario 's' doesn't have a specified executor type");
    assert_refused("{\"scenarios\": {\"s\": {\"executor\": \"externally-controlled\"}}}", BR_ESYNTAX,
        "unknown executor type 'externally-controlled'");
    assert_refused("{\"scenarios\": {\"s\": {" CONSTANT ", \"duration\": \"1s\", \"VUsers\": 3}}}",
        BR_ESYNTAX, "json: unknown field \"VUsers\"");
    assert_refused("{\"scenarios\": {\"s\": {" CONSTANT ", \"duration\": \"1s\", \"iterations\": 3}}}",
        BR_ESYNTAX, "json: unknown field \"iterations\"");
    assert_refused("{\"scenarios\": {\"s\": {" SHARED ", \"stages\": []}}}", BR_ESYNTAX,
        "json: unknown field \"stages\"");
    assert_refused("{\"scenarios\": {\"s\": []}}", BR_EINVAL, "must be an object");
    assert_refused("{\"scenarios\": {\"s\": {" CONSTANT ", \"duration\": true}}}", BR_EINVAL,
        "scenario 's': invalid option 'duration': true is not a duration");
    assert_refused("{\"scenarios\": {\"s\": {" CONSTANT ", \"duration\": \"1s\", \"vus\": 1.5}}}", BR_EINVAL,
        "invalid option 'vus': 1.5 is not a whole number");
    assert_refused("{\"scenarios\": {\"s\": {" RAMPING ", \"stages\": [5]}}}", BR_EINVAL,
        "is not a stage {duration, target}");
}

static void refuses_pairs(void **state)
{
    (void) state;
    static const char *const values[][2] = {{"iterations", "3"}, {"duration", "\"3s\""},
        {"stages", "[{\"duration\": \"1s\", \"target\": 1}]"},
        {"scenarios", "{\"s\": {" CONSTANT ", \"duration\": \"1s\"}}"}};
    for (size_t a = 0; a < 4; a++) {
        for (size_t b = a + 1; b < 4; b++) {
            char text[400], want[200];
            snprintf(text, sizeof(text), "{\"%s\": %s, \"%s\": %s}", values[a][0], values[a][1], values[b][0],
                values[b][1]);
            if (a == 0 && b == 1) continue; /* iterations and duration are fine */
            snprintf(want, sizeof(want), "using `%s` and `%s` options simultaneously is not allowed",
                values[a][0], values[b][0]);
            assert_refused(text, BR_EINVAL, want);
        }
    }
}

static void refuses_what_is_not_there_yet(void **state)
{
    (void) state;
    static const char *const on[] = {"\"paused\": true", "\"httpDebug\": \"full\""};
    static const char *const off[] = {"\"paused\": false", "\"httpDebug\": \"\""};
    for (size_t i = 0; i < BR_COUNT_OF(on); i++) {
        char text[200];
        snprintf(text, sizeof(text), "{%s}", on[i]);
        assert_refused(text, BR_EUNSUPPORTED, "(script) is not supported yet");
    }
    for (size_t i = 0; i < BR_COUNT_OF(off); i++) {
        char text[200];
        br_options *o = NULL;
        snprintf(text, sizeof(text), "{%s}", off[i]);
        if (build(text, &o) != BR_OK) fail_msg("%s: %s", text, err.msg);
        br_options_free(o);
    }
}

static void refuses_wrong_values(void **state)
{
    (void) state;
    assert_refused("[]", BR_EINVAL, "options must be an object");
    assert_refused("5", BR_EINVAL, "options must be an object");
    assert_refused("{\"vus\": \"x\"}", BR_EINVAL, "invalid option 'vus'");
    assert_refused("{\"stages\": 5}", BR_EINVAL, "'stages' must be a list");
    assert_refused("{\"stages\": {}}", BR_EINVAL, "'stages' must be a list");
    assert_refused("{\"scenarios\": []}", BR_EINVAL, "'scenarios' must be an object");
    assert_refused("{\"scenarios\": \"x\"}", BR_EINVAL, "'scenarios' must be an object");
    assert_refused("{\"setupTimeout\": 0}", BR_EINVAL, "setupTimeout must be more than 0");
    assert_refused("{\"setupTimeout\": \"soon\"}", BR_ESYNTAX, "time: invalid duration \"soon\"");
    assert_refused("{\"throw\": 3}", BR_EINVAL, "invalid option 'throw': 3 is not true or false");
    assert_refused("{\"tags\": {\"a\": {}}}", BR_EINVAL, "invalid option 'tags'");
    assert_refused("{\"tags\": []}", BR_EINVAL, "invalid option 'tags'");
    assert_refused("{\"systemTags\": \"url\"}", BR_EINVAL, "invalid option 'systemTags'");
    assert_refused("{\"summaryTrendStats\": [5]}", BR_EINVAL, "invalid option 'summaryTrendStats'");
    assert_refused("{\"summaryTrendStats\": [\"p(101)\"]}", BR_ELIMIT, "p(101)");
    assert_refused("{\"summaryTrendStats\": [\"mean\"]}", BR_ELIMIT, "mean");
    assert_refused("{\"thresholds\": []}", BR_EINVAL, "'thresholds' must be an object");
    assert_refused("{\"thresholds\": {\"a\": \"b\"}}", BR_EINVAL, "the thresholds of 'a' must be a list");
    assert_refused("{\"thresholds\": {\"a\": [5]}}", BR_EINVAL, "thresholds of 'a'");
    assert_refused("{\"thresholds\": {\"a\": [{\"abortOnFail\": true}]}}", BR_EINVAL, "thresholds of 'a'");
    assert_refused("{\"thresholds\": {\"a\": [{\"threshold\": \"x\", \"abortOnFail\": \"maybe\"}]}}",
        BR_EINVAL, "abortOnFail");
}

static void limits_sizes(void **state)
{
    (void) state;
    assert_refused("{\"duration\": 1e300}", BR_EINVAL, "invalid option 'duration'");
    assert_refused("{\"duration\": \"2562047h\"}", BR_EINVAL, "invalid option 'duration'");
    assert_refused("{\"duration\": -1e300}", BR_EINVAL, "invalid option 'duration'");
    assert_refused("{\"vus\": 1e300}", BR_EINVAL, "invalid option 'vus'");
    assert_refused("{\"iterations\": \"99999999999999999999\"}", BR_EINVAL, "invalid option 'iterations'");
    assert_refused("{\"scenarios\": {\"a\": {" CONSTANT
                   ", \"vus\": 600000, \"duration\": \"1s\"}, \"b\": {" CONSTANT
                   ", \"vus\": 600000, \"duration\": \"1s\"}}}",
        BR_EINVAL, "more than 1000000 VUs together");
    assert_problem(RAMPING
        ", \"stages\": [{\"duration\": \"200000h\", \"target\": 1}, {\"duration\": \"200000h\", \"target\": 1}]",
        "the stages together are too long");
    br_buf many;
    br_buf_init(&many, BR_BUF_NO_LIMIT);
    (void) br_buf_puts(&many, "{\"stages\": [");
    for (int i = 0; i < 10001; i++)
        (void) br_buf_printf(&many, "%s{\"duration\": 1, \"target\": 1}", i ? "," : "");
    (void) br_buf_puts(&many, "]}");
    assert_refused(many.data, BR_EINVAL, "more than 10000 stages");
    br_buf_reset(&many);
    (void) br_buf_puts(&many, "{\"scenarios\": {");
    for (int i = 0; i < 1001; i++)
        (void) br_buf_printf(&many, "%s\"s%d\": {" CONSTANT ", \"duration\": 1000}", i ? "," : "", i);
    (void) br_buf_puts(&many, "}}");
    assert_refused(many.data, BR_EINVAL, "more than 1000 scenarios");
    br_buf_deinit(&many);
}

/* Every key with every kind of value, at both levels: an answer, never a crash. */
static void survives_any_value(void **state)
{
    (void) state;
    static const char *const keys[] = {"batch", "batchPerHost", "blacklistIPs", "blockHostnames", "cloud",
        "discardResponseBodies", "dns", "duration", "executionSegment", "executionSegmentSequence", "ext",
        "handleSummaryTimeout", "hosts", "httpDebug", "insecureSkipTLSVerify", "iterations", "localIPs",
        "maxRedirects", "metricSamplesBufferSize", "minIterationDuration", "noConnectionReuse",
        "noCookiesReset", "noSetup", "noTeardown", "noVUConnectionReuse", "paused", "rps", "scenarios",
        "setupTimeout", "stages", "summaryTimeUnit", "summaryTrendStats", "systemTags", "tags",
        "teardownTimeout", "thresholds", "throw", "tlsAuth", "tlsCipherSuites", "tlsVersion", "userAgent",
        "vus", "", "nonsense", "consoleOutput"};
    static const char *const fields[] = {"executor", "startTime", "gracefulStop", "exec", "env", "tags",
        "options", "vus", "duration", "startVUs", "stages", "gracefulRampDown", "iterations", "maxDuration"};
    static const char *const values[] = {"null", "true", "false", "0", "-1", "1.5", "1e300",
        "9223372036854775807", "-9223372036854775808", "\"\"", "\"x\"", "\"1s\"", "\"5\"",
        "\"\\ud83d\\ude00\"", "[]", "[null]", "[[]]", "[{}]", "[\"a\", 5]", "{}", "{\"a\": null}",
        "{\"a\": {}}", "{\"a\": []}", "{\"a\": [{}]}", "{\"\": \"\"}", "{\"a\": \"b\"}"};
    static const char *const executors[] = {CONSTANT, RAMPING, SHARED, PER_VU};
    br_log_setup(&(br_log_config){.level = BR_LOG_ERROR, .out = NULL});
    for (size_t v = 0; v < BR_COUNT_OF(values); v++) {
        char text[300];
        br_options *o = NULL;
        for (size_t k = 0; k < BR_COUNT_OF(keys); k++) {
            snprintf(text, sizeof(text), "{\"%s\": %s}", keys[k], values[v]);
            if (build(text, &o) == BR_OK)
                br_options_free(o);
            else if (err.msg[0] == 0)
                fail_msg("%s: no message", text);
        }
        for (size_t k = 0; k < BR_COUNT_OF(fields) * 4; k++) {
            snprintf(text, sizeof(text), "{\"scenarios\": {\"s\": {%s, \"%s\": %s}}}", executors[k % 4],
                fields[k / 4], values[v]);
            if (build(text, &o) == BR_OK)
                br_options_free(o);
            else if (err.msg[0] == 0)
                fail_msg("%s: no message", text);
        }
    }
    br_log_setup(&(br_log_config){.level = BR_LOG_INFO, .out = stderr});
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(validates_scenarios),
        cmocka_unit_test(validates_arrival_rates),
        cmocka_unit_test(reports_every_scenario),
        cmocka_unit_test(refuses_unreadable_scenarios),
        cmocka_unit_test(refuses_pairs),
        cmocka_unit_test(refuses_what_is_not_there_yet),
        cmocka_unit_test(refuses_wrong_values),
        cmocka_unit_test(limits_sizes),
        cmocka_unit_test(survives_any_value),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
