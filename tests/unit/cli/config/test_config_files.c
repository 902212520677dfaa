/* brunt.yaml: the keys about watching, gates and writing; several files; all mistakes at once; secrets. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include "base/file.h"
#include "cli/config/config.h"

#define ENVS  "environments: { a: { base_url: http://127.0.0.1:3000 } }\n"
#define TESTS "tests: { t: { script: /dev/null, duration: 5s, load: {vus: 1}, criteria: [stable] } }\n"

static char folder[64];

static int setup(void **state)
{
    (void) state;
    snprintf(folder, sizeof(folder), "/tmp/br-files-XXXXXX");
    return mkdtemp(folder) ? 0 : -1;
}

static const char *const names[] = {"a.yaml", "b.yaml", "key"};

static int teardown(void **state)
{
    (void) state;
    char path[128];
    for (size_t i = 0; i < BR_COUNT_OF(names); i++) {
        snprintf(path, sizeof(path), "%s/%s", folder, names[i]);
        unlink(path);
    }
    return rmdir(folder);
}

/* Writes the files and examines them together. */
static br_config *examine(const char *a, const char *b)
{
    char paths[2][128];
    const char *const texts[] = {a, b}, *list[2];
    size_t count = b ? 2 : 1;
    for (size_t i = 0; i < count; i++) {
        snprintf(paths[i], sizeof(paths[i]), "%s/%s", folder, names[i]);
        assert_int_equal(br_file_write(paths[i], br_str_of(texts[i]), NULL), BR_OK);
        list[i] = paths[i];
    }
    br_config *cfg = NULL;
    br_err err = {0};
    if (br_config_examine(list, count, &cfg, &err) != BR_OK) fail_msg("%s", err.msg);
    return cfg;
}

static void expect_problems(const br_config *cfg, const char *const *wanted, size_t count)
{
    size_t got, all;
    const br_config_problem *list = br_config_problems(cfg, &got, &all);
    for (size_t i = 0; i < got || i < count; i++) {
        char text[1024] = "nothing";
        if (i < got) {
            snprintf(text, sizeof(text), "%s:%zu:%zu: " BR_FMT, strrchr(list[i].path.p, '/') + 1,
                list[i].line, list[i].column, BR_ARG(list[i].text));
        }
        if (i >= count || strncmp(text, wanted[i], strlen(wanted[i])) != 0)
            fail_msg("%zu: %s, wanted %s", i, text, i < count ? wanted[i] : "nothing");
    }
    assert_int_equal(all, count);
}

#define EXPECT(cfg, list) expect_problems((cfg), (list), BR_COUNT_OF(list))

/* Keys --------------------------------------------------------------------------------------------- */

static const char full[] =
    "version: 1\n"
    "environments:\n"
    "  production:\n"
    "    base_url: http://127.0.0.1:3000/\n"
    "    health: /up\n"
    "    headers: { Authorization: \"Bearer ${BR_TEST_TOKEN}\" }\n"
    "    secrets: [ BR_TEST_TOKEN, BR_TEST_UNSET, 'file:key' ]\n"
    "    metrics:\n"
    "      - { process: 4711, names: [ memory ] }\n"
    "      - process: empire\n"
    "      - cgroup: /system.slice/empire.service\n"
    "      - { prometheus: /metrics, names: [ process_resident_memory_bytes, 'up{job=\"a\"}' ] }\n"
    "      - prometheus: https://monitor/metrics\n"
    "    version_url: /version\n"
    "    approval: required\n"
    "    window: [ \"Mon-Fri 02:00-04:00 UTC\", \"Sat 22:00-06:00 UTC\" ]\n"
    "    notice: 24h\n"
    "preflight: [ { get: /products }, { get: '/health?deep=1', expect: ok } ]\n"
    "tests:\n"
    "  spike:\n"
    "    script: /dev/null\n"
    "    duration: 5s\n"
    "    load: { vus: 1 }\n"
    "    criteria: [ recovery < 2min, p95(GET /health) < 50ms ]\n"
    "    endpoints: { GET /products: [ p95 < 200ms, error_rate < 1% ], checkout: [ p(99) < 1s ] }\n"
    "    frequency: before a campaign\n"
    "    writes: { script: writes.js, env: { DRY: 1 } }\n"
    "    spike: { probe: 600/min }\n"
    "    search: true\n"
    "    stop_early: true\n";

static void environments_have_a_gate_and_metrics(void **state)
{
    (void) state;
    char path[128];
    snprintf(path, sizeof(path), "%s/key", folder);
    assert_int_equal(br_file_write(path, BR_STR("from-a-file\n"), NULL), BR_OK);
    setenv("BR_TEST_TOKEN", "abcdef", 1);
    unsetenv("BR_TEST_UNSET");
    br_config *cfg = examine(full, NULL);
    const br_environment *e = NULL;
    br_err err = {0};
    if (br_config_environment(cfg, BR_STR("production"), &e, &err) != BR_OK) fail_msg("%s", err.msg);
    assert_string_equal(e->health.p, "/up");
    assert_int_equal(e->metric_count, 5);
    assert_int_equal(e->metrics[0].kind, BR_WATCH_PID);
    assert_int_equal(e->metrics[0].pid, 4711);
    assert_string_equal(e->metrics[0].names[0].p, "memory");
    assert_int_equal(e->metrics[1].kind, BR_WATCH_NAME);
    assert_string_equal(e->metrics[1].place.p, "empire");
    assert_int_equal(e->metrics[1].name_count, 0);
    assert_int_equal(e->metrics[2].kind, BR_WATCH_CGROUP);
    assert_int_equal(e->metrics[3].kind, BR_WATCH_PROMETHEUS);
    assert_string_equal(e->metrics[3].place.p, "http://127.0.0.1:3000/metrics");
    assert_string_equal(e->metrics[3].names[1].p, "up{job=\"a\"}");
    assert_string_equal(e->metrics[4].place.p, "https://monitor/metrics");
    assert_string_equal(e->version_url.p, "http://127.0.0.1:3000/version");
    assert_true(e->approval && e->window_count == 2 && e->notice == 24 * 3600 * BR_SEC);
    assert_int_equal(e->secret_count, 2); /* a variable that is not set hides nothing */
    assert_string_equal(e->secrets[1].p, "from-a-file");
    size_t count;
    const br_preflight_request *p = br_config_preflight(cfg, &count);
    assert_int_equal(count, 2);
    assert_true(p[0].wants_data && !p[1].wants_data);
    assert_string_equal(p[1].path.p, "/health?deep=1");
    br_config_free(cfg);
}

static void tests_have_endpoints_and_extras(void **state)
{
    (void) state;
    setenv("BR_TEST_TOKEN", "abcdef", 1);
    br_config *cfg = examine(full, NULL);
    const br_named_test *t = NULL;
    br_err err = {0};
    if (br_config_test(cfg, BR_STR("spike"), &t, &err) != BR_OK) fail_msg("%s", err.msg);
    static const char *const criteria[][2] = {{"recovery < 2min", ""},
        {"p95(GET /health) < 50ms", "GET /health"}, {"p95(GET /products) < 200ms", "GET /products"},
        {"error_rate(GET /products) < 1%", "GET /products"}, {"p(99)(checkout) < 1s", "checkout"}};
    assert_int_equal(t->criterion_count, BR_COUNT_OF(criteria));
    for (size_t i = 0; i < BR_COUNT_OF(criteria); i++) {
        assert_true(br_str_is(t->criteria[i].criterion.text, criteria[i][0]));
        assert_true(br_str_is(t->criteria[i].criterion.endpoint, criteria[i][1]));
    }
    assert_string_equal(t->frequency.p, "before a campaign");
    assert_true(t->has_writes && t->search && t->stop_early && t->spike_probe == 10);
    assert_non_null(strstr(t->writes_script.p, "/writes.js"));
    assert_string_equal(t->writes_env[0].name.p, "DRY");
    br_config_free(cfg);
}

/* Secrets ------------------------------------------------------------------------------------------ */

static void secrets_are_hidden(void **state)
{
    (void) state;
    br_str secrets[] = {BR_STR("abcd"), BR_STR("abcdef")};
    br_environment e = {.secrets = secrets, .secret_count = 2};
    br_arena arena;
    br_arena_init(&arena, 1024);
    br_str clean = BR_STR("nothing here");
    assert_ptr_equal(br_config_redact(&e, clean, &arena).p, clean.p);
    /* the longest one that fits, so that no rest of it is left */
    assert_string_equal(br_config_redact(&e, BR_STR("x=abcdef&y=abcd;abcde"), &arena).p,
        "x=" BR_CONFIG_REDACTED "&y=" BR_CONFIG_REDACTED ";" BR_CONFIG_REDACTED "e");
    br_arena_deinit(&arena);
}

static void secrets_that_cannot_be_hidden(void **state)
{
    (void) state;
    setenv("BR_TEST_SHORT", "abc", 1);
    br_config *cfg = examine("version: 1\n"
                             "environments:\n"
                             "  a: { base_url: http://x, secrets: [ BR_TEST_SHORT ] }\n"
                             "  b: { base_url: http://x, secrets: [ 'file:none' ] }\n"
                             "  c: { base_url: http://x }\n" TESTS,
        NULL);
    static const char *const wanted[] = {
        "a.yaml:3:39: the value of the secret \"BR_TEST_SHORT\" is shorter than 4 characters",
        "a.yaml:4:39: secret: "};
    EXPECT(cfg, wanted);
    const br_environment *e = NULL;
    br_err err = {0};
    assert_int_equal(br_config_environment(cfg, BR_STR("a"), &e, &err), BR_EINVAL);
    assert_null(strstr(err.msg, "abc\""));
    assert_int_equal(br_config_environment(cfg, BR_STR("b"), &e, &err), BR_ENOTFOUND);
    assert_int_equal(br_config_environment(cfg, BR_STR("c"), &e, &err), BR_OK);
    br_config_free(cfg);
    unsetenv("BR_TEST_SHORT");
}

/* Mistakes ----------------------------------------------------------------------------------------- */

static void all_mistakes_are_told_by_line(void **state)
{
    (void) state;
    unsetenv("BR_TEST_UNSET");
    br_config *cfg = examine(
        "version: 1\n"
        "environments:\n"
        "  a: { base_ulr: http://x }\n"
        "  b: { base_url: '${BR_TEST_UNSET}', window: '02:00-04:00' }\n"
        "  c:\n"
        "    base_url: http://x\n"
        "    metrics: [ { process: a, cgroup: /b }, { names: [] }, { process: /bin/x } ]\n"
        "    approval: requierd\n"
        "    version: a\n"
        "    version_url: b\n"
        "tests:\n"
        "  t:\n"
        "    scirpt: x\n"
        "    load: { vus: ten }\n"
        "    criteria: [ eror_rate < 1%, p95 < 5 apples ]\n"
        "    endpoints: { GET /a: [ stable ] }\n"
        "    spike: { probe: 0/s }\n"
        "    stop_early: perhaps\n",
        NULL);
    static const char *const wanted[] = {
        "a.yaml:3:8: unknown key \"base_ulr\" in an environment; did you mean \"base_url\"?",
        "a.yaml:4:18: the environment variable BR_TEST_UNSET is not set",
        "a.yaml:4:46: window \"02:00-04:00\" must end with the zone UTC",
        "a.yaml:7:16: a source of metrics has one of process, cgroup and prometheus",
        "a.yaml:7:44: a source of metrics has one of process, cgroup and prometheus",
        "a.yaml:7:70: process \"/bin/x\" is neither a PID nor the name of a program",
        "a.yaml:8:15: approval must be required or none, not \"requierd\"; did you mean \"required\"?",
        "a.yaml:10:18: version and version_url exclude each other",
        "a.yaml:10:18: version_url \"b\" is neither a URL nor a path",
        "a.yaml:13:5: unknown key \"scirpt\" in a test; did you mean \"script\"?",
        "a.yaml:14:18: vus must be a whole number",
        "a.yaml:15:17: criterion \"eror_rate < 1%\": \"eror_rate\" is unknown",
        "a.yaml:15:33: criterion \"p95 < 5 apples\": unknown unit",
        "a.yaml:16:28: criterion \"stable\": of an endpoint only",
        "a.yaml:17:21: probe \"0/s\" is out of range",
        "a.yaml:18:17: stop_early must be true or false",
    };
    EXPECT(cfg, wanted);
    size_t count, all;
    const br_config_problem *list = br_config_problems(cfg, &count, &all);
    assert_true(list[1].warning && !list[2].warning);
    assert_string_equal(list[1].source.p, "  b: { base_url: '${BR_TEST_UNSET}', window: '02:00-04:00' }");
    br_config_free(cfg);
}

static void mistakes_beyond_the_limit_are_counted(void **state)
{
    (void) state;
    br_buf text;
    br_buf_init(&text, BR_CONFIG_BYTES_MAX);
    (void) br_buf_puts(&text, "version: 1\n" TESTS "environments:\n");
    for (int i = 0; i < 50; i++)
        (void) br_buf_printf(&text, "  e%d: { base_url: '${BR_TEST_UNSET}' }\n", i);
    (void) br_buf_puts(&text, "  last: {}\n");
    br_config *cfg = examine(text.data, NULL);
    size_t count, all;
    (void) br_config_problems(cfg, &count, &all);
    assert_int_equal(count, BR_CONFIG_PROBLEMS_MAX);
    assert_int_equal(all, 51);
    br_config_free(cfg);
    /* Twenty environments that cannot be used do not hide the one that is wrong. */
    br_err err = {0};
    assert_int_equal(br_config_parse("f", br_buf_view(&text), &cfg, &err), BR_EINVAL);
    assert_string_equal(
        err.msg, "f:54:9: environment last has no base_url; add e.g. base_url: http://127.0.0.1:3000");
    br_buf_deinit(&text);
}

static void the_first_mistake_names_the_number_of_others(void **state)
{
    (void) state;
    br_config *cfg = NULL;
    br_err err = {0};
    assert_int_equal(
        br_config_parse("f", BR_STR("version: 2\n" ENVS "tests: 5\n"), &cfg, &err), BR_EUNSUPPORTED);
    assert_string_equal(err.msg,
        "f:1:10: version \"2\" is not supported; this program reads version 1 (and 1 "
        "more: brunt config check)");
}

/* Files -------------------------------------------------------------------------------------------- */

static void files_are_read_as_one(void **state)
{
    (void) state;
    br_config *cfg = examine("version: 1\n" ENVS "preflight: [ { get: /a } ]\n",
        "version: 1\nenvironments: { b: { base_url: http://x } }\n" TESTS);
    size_t count, all;
    (void) br_config_problems(cfg, &count, &all);
    assert_int_equal(all, 0);
    assert_int_equal(br_config_environment_count(cfg), 2);
    assert_int_equal(br_config_test_count(cfg), 1);
    assert_int_equal(br_config_file_count(cfg), 2);
    br_config_free(cfg);
}

static void files_that_disagree(void **state)
{
    (void) state;
    br_config *cfg = examine("version: 1\n" ENVS TESTS "preflight: []\n",
        "version: 1\nenvironments:\n  b: { base_url: http://x }\n  a: { base_url: http://y }\n" TESTS
        "preflight: [ { get: /a } ]\n");
    char wanted[3][256];
    static const struct {
        const char *what;
        int line, column;
    } first[] = {{"b.yaml:4:3: environment \"a\"", 2, 17}, {"b.yaml:5:10: test \"t\"", 3, 10},
        {"b.yaml:6:12: preflight", 4, 12}};
    const char *list[3];
    for (size_t i = 0; i < BR_COUNT_OF(first); i++) {
        snprintf(wanted[i], sizeof(wanted[i]), "%s is defined twice: here and at %s/a.yaml:%d:%d; remove one",
            first[i].what, folder, first[i].line, first[i].column);
        list[i] = wanted[i];
    }
    EXPECT(cfg, list);
    br_config_free(cfg);
}

static void a_file_that_is_no_yaml_is_one_mistake(void **state)
{
    (void) state;
    br_config *cfg = examine("version: 1\n" ENVS TESTS, "version: [\n");
    static const char *const wanted[] = {"b.yaml:2:1: not valid YAML: "};
    EXPECT(cfg, wanted);
    br_config_free(cfg);
    cfg = examine("version: 1\n" ENVS, "version: 1\n");
    static const char *const missing[] = {"a.yaml:1:1: tests are missing"};
    EXPECT(cfg, missing);
    br_config_free(cfg);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(environments_have_a_gate_and_metrics),
        cmocka_unit_test(tests_have_endpoints_and_extras),
        cmocka_unit_test(secrets_are_hidden),
        cmocka_unit_test(secrets_that_cannot_be_hidden),
        cmocka_unit_test(all_mistakes_are_told_by_line),
        cmocka_unit_test(mistakes_beyond_the_limit_are_counted),
        cmocka_unit_test(the_first_mistake_names_the_number_of_others),
        cmocka_unit_test(files_are_read_as_one),
        cmocka_unit_test(files_that_disagree),
        cmocka_unit_test(a_file_that_is_no_yaml_is_one_mistake),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
