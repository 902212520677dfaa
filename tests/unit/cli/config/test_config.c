#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>
#include "base/file.h"
#include "cli/config/config.h"

#define HEAD "version: 1\nenvironments: { local: { base_url: http://127.0.0.1:3000 } }\n"

static const char full[] =
    "version: 1\n"
    "environments:\n"
    "  local: { base_url: \"http://127.0.0.1:3000/\" }\n"
    "  staging:\n"
    "    base_url: ${BR_TEST_STAGING}\n"
    "    headers: { Authorization: 'Bearer ${BR_TEST_TOKEN:-none}', X-Debug: 1 }\n"
    "    env: { TENANT: acme }\n"
    "tests:\n"
    "  baseline:\n"
    "    script: baseline.js\n"
    "    duration: 1d\n"
    "    load: { vus: 10 }\n"
    "    criteria: [ \"p95 < 500ms\", error_rate < 1%,\n"
    "                stable ]\n"
    "    env: { PAGES: 3 }\n"
    "  ramp:\n"
    "    script: /abs/ramp.js\n"
    "    load: { start_vus: 5, stages: [ {duration: 0s, target: 20}, {duration: 1m30s, target: 0} ] }\n"
    "    criteria: [ degrades_gracefully ]\n";

static br_config *parse(const char *path, const char *text)
{
    br_config *cfg = NULL;
    br_err err = {0};
    if (br_config_parse(path, br_str_of(text), &cfg, &err) != BR_OK) fail_msg("%s", err.msg);
    return cfg;
}

static const br_environment *environment(const br_config *cfg, const char *name)
{
    const br_environment *e = NULL;
    br_err err = {0};
    if (br_config_environment(cfg, br_str_of(name), &e, &err) != BR_OK) fail_msg("%s", err.msg);
    return e;
}

static void environments_are_read(void **state)
{
    (void) state;
    setenv("BR_TEST_STAGING", "https://staging.invalid/api", 1);
    unsetenv("BR_TEST_TOKEN");
    br_config *cfg = parse("brunt.yaml", full);
    assert_int_equal(br_config_environment_count(cfg), 2);
    assert_string_equal(br_config_environment_name(cfg, 1).p, "staging");
    const br_environment *local = environment(cfg, "local");
    assert_string_equal(local->base_url.p, "http://127.0.0.1:3000"); /* without the slash at its end */
    assert_int_equal(local->header_count, 0);
    const br_environment *staging = environment(cfg, "staging");
    assert_string_equal(staging->base_url.p, "https://staging.invalid/api");
    assert_int_equal(staging->header_count, 2);
    assert_string_equal(staging->headers[0].name.p, "Authorization");
    assert_string_equal(staging->headers[0].value.p, "Bearer none");
    assert_string_equal(staging->headers[1].value.p, "1");
    assert_int_equal(staging->env_count, 1);
    assert_string_equal(staging->env[0].value.p, "acme");
    br_config_free(cfg);
}

/* A file with the scripts that `full` names, in a folder of its own. */
typedef struct folder {
    char path[64], file[96], script[96];
} folder;

static folder make_folder(const char *text)
{
    folder f = {.path = "/tmp/br-config-XXXXXX"};
    assert_non_null(mkdtemp(f.path));
    snprintf(f.file, sizeof(f.file), "%s/brunt.yaml", f.path);
    snprintf(f.script, sizeof(f.script), "%s/baseline.js", f.path);
    assert_int_equal(br_file_write(f.file, br_str_of(text), NULL), BR_OK);
    assert_int_equal(br_file_write(f.script, BR_STR("// nothing"), NULL), BR_OK);
    return f;
}

static void remove_folder(const folder *f)
{
    unlink(f->script);
    unlink(f->file);
    rmdir(f->path);
}

static void tests_are_read_from_a_file(void **state)
{
    (void) state;
    folder f = make_folder(full);
    br_config *cfg = NULL;
    br_err err = {0};
    assert_int_equal(br_config_load(f.file, &cfg, &err), BR_OK);
    const br_named_test *t = NULL;
    assert_int_equal(br_config_test_count(cfg), 2);
    assert_string_equal(br_config_test_name(cfg, 0).p, "baseline");
    assert_int_equal(br_config_test(cfg, BR_STR("baseline"), &t, &err), BR_OK);
    assert_string_equal(t->script.p, f.script);
    assert_true(t->plan.duration == 24 * 3600 * BR_SEC);
    assert_int_equal(t->plan.vus, 10);
    assert_int_equal(t->plan.stage_count, 0);
    assert_true(t->plan.factor == 1);
    assert_int_equal(t->criterion_count, 3);
    assert_string_equal(t->criteria[1].criterion.text.p, "error_rate < 1%");
    assert_int_equal(t->criteria[1].criterion.unit, BR_UNIT_SHARE);
    assert_int_equal(t->criteria[2].criterion.kind, BR_CRITERION_STABLE);
    assert_int_equal(t->criteria[2].line, 14);
    assert_int_equal(t->criteria[2].column, 17);
    assert_string_equal(t->env[0].name.p, "PAGES");
    assert_string_equal(t->env[0].value.p, "3");
    br_config_free(cfg);
    remove_folder(&f);
}

static void a_missing_script_is_told_with_its_line(void **state)
{
    (void) state;
    br_config *cfg = parse("some/folder/brunt.yaml", full);
    const br_named_test *t = NULL;
    br_err err = {0};
    assert_int_equal(br_config_test(cfg, BR_STR("baseline"), &t, &err), BR_ENOTFOUND);
    assert_null(t);
    assert_string_equal(err.msg, "some/folder/brunt.yaml:10:13: the script some/folder/baseline.js of test "
                                 "\"baseline\" cannot be read: No such file or directory; its path is "
                                 "relative to the folder of this file");
    assert_int_equal(br_config_test(cfg, BR_STR("ramp"), &t, &err), BR_ENOTFOUND);
    assert_non_null(strstr(err.msg, "the script /abs/ramp.js of"));
    br_config_free(cfg);
}

static void unknown_names_list_what_there_is(void **state)
{
    (void) state;
    br_config *cfg = parse("brunt.yaml", full);
    const br_environment *e = NULL;
    const br_named_test *t = NULL;
    br_err err = {0};
    assert_int_equal(br_config_environment(cfg, BR_STR("stagign"), &e, &err), BR_ENOTFOUND);
    assert_null(e);
    assert_string_equal(err.msg,
        "brunt.yaml: no environment \"stagign\" (did you mean \"staging\"?); there are: local, staging");
    assert_int_equal(br_config_test(cfg, BR_STR("soak"), &t, &err), BR_ENOTFOUND);
    assert_string_equal(err.msg, "brunt.yaml: no test \"soak\"; there are: baseline, ramp, all");
    br_config_free(cfg);
}

/* Variables ---------------------------------------------------------------------------------------- */

static void an_unset_variable_fails_its_environment_only(void **state)
{
    (void) state;
    unsetenv("BR_TEST_STAGING");
    br_config *cfg = parse("brunt.yaml", full);
    const br_environment *e = NULL;
    br_err err = {0};
    assert_non_null(environment(cfg, "local"));
    assert_int_equal(br_config_environment(cfg, BR_STR("staging"), &e, &err), BR_ENOTFOUND);
    assert_null(e);
    assert_string_equal(err.msg,
        "brunt.yaml:5:15: the environment variable BR_TEST_STAGING is not set; set it, "
        "or give a fallback: ${BR_TEST_STAGING:-text}");
    br_config_free(cfg);
}

static void a_wrong_variable_fails_its_environment_only(void **state)
{
    (void) state;
    setenv("BR_TEST_STAGING", "secret-of-mine", 1);
    br_config *cfg = parse("brunt.yaml", full);
    const br_environment *e = NULL;
    br_err err = {0};
    assert_int_equal(br_config_environment(cfg, BR_STR("staging"), &e, &err), BR_EINVAL);
    assert_non_null(
        strstr(err.msg, "brunt.yaml:5:15: base_url \"${BR_TEST_STAGING}\" is neither http nor https"));
    assert_null(strstr(err.msg, "secret-of-mine")); /* what a variable holds is never shown */
    br_config_free(cfg);
}

static void an_unset_variable_fails_its_test_only(void **state)
{
    (void) state;
    unsetenv("BR_TEST_VUS");
    const char *text = HEAD
        "tests:\n"
        "  a: { script: /dev/null, duration: 5s, load: {vus: \"${BR_TEST_VUS}\"}, criteria: [stable] }\n"
        "  b: { script: /dev/null, duration: 5s, load: {vus: 2}, criteria: [stable] }\n";
    br_config *cfg = parse("f", text);
    const br_named_test *t = NULL;
    br_err err = {0};
    assert_int_equal(br_config_test(cfg, BR_STR("b"), &t, &err), BR_OK);
    assert_int_equal(br_config_test(cfg, BR_STR("a"), &t, &err), BR_ENOTFOUND);
    assert_int_equal(strncmp(err.msg, "f:4:53: ", 8), 0);
    br_config_free(cfg);
    setenv("BR_TEST_VUS", "7", 1);
    cfg = parse("f", text);
    assert_int_equal(br_config_test(cfg, BR_STR("a"), &t, &err), BR_OK);
    assert_int_equal(t->plan.vus, 7);
    br_config_free(cfg);
    unsetenv("BR_TEST_VUS");
}

static void variables_are_put_in(void **state)
{
    (void) state;
    setenv("BR_TEST_A", "one", 1);
    setenv("BR_TEST_EMPTY", "", 1);
    unsetenv("BR_TEST_NONE");
    br_config *cfg = parse("f",
        "version: 1\n"
        "environments:\n"
        "  local:\n"
        "    base_url: http://127.0.0.1\n"
        "    headers: { X-Key: '${BR_TEST_NONE:-}', X-Tenant: acme }\n"
        "    env:\n"
        "      A: x${BR_TEST_A}${BR_TEST_A}y\n"
        "      B: ${BR_TEST_NONE:-two words}\n"
        "      C: ${BR_TEST_NONE:-}z\n"
        "      D: $${BR_TEST_A} $5\n"
        "      E: ${BR_TEST_EMPTY:-unused}z\n"
        "tests: { t: { script: t.js, duration: 5s, load: {vus: 1}, criteria: [stable] } }\n");
    const br_environment *e = environment(cfg, "local");
    const char *const wanted[] = {"xoneoney", "two words", "z", "${BR_TEST_A} $5", "z"};
    assert_int_equal(e->env_count, BR_COUNT_OF(wanted));
    for (size_t i = 0; i < BR_COUNT_OF(wanted); i++) {
        assert_string_equal(e->env[i].value.p, wanted[i]);
    }
    /* A header of which variables leave nothing is left out. */
    assert_int_equal(e->header_count, 1);
    assert_string_equal(e->headers[0].name.p, "X-Tenant");
    br_config_free(cfg);
}

/* Files -------------------------------------------------------------------------------------------- */

static void files_that_cannot_be_read(void **state)
{
    (void) state;
    br_config *cfg = NULL;
    br_err err = {0};
    assert_int_equal(br_config_load("/nonexistent/brunt.yaml", &cfg, &err), BR_ENOTFOUND);
    assert_non_null(strstr(err.msg, "/nonexistent/brunt.yaml"));
    assert_int_equal(br_config_load("/tmp", &cfg, &err), BR_EINVAL);
    br_buf big;
    br_buf_init(&big, BR_BUF_NO_LIMIT);
    assert_int_equal(br_buf_reserve(&big, BR_CONFIG_BYTES_MAX + 1), BR_OK);
    memset(big.data, '\n', BR_CONFIG_BYTES_MAX + 1);
    assert_int_equal(
        br_config_parse("f", (br_str){big.data, BR_CONFIG_BYTES_MAX + 1}, &cfg, &err), BR_ELIMIT);
    assert_int_equal(br_config_parse("f", (br_str){big.data, BR_CONFIG_BYTES_MAX}, &cfg, &err), BR_ESYNTAX);
    br_buf_deinit(&big);
    assert_null(cfg);
    br_config_free(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(environments_are_read),
        cmocka_unit_test(tests_are_read_from_a_file),
        cmocka_unit_test(a_missing_script_is_told_with_its_line),
        cmocka_unit_test(unknown_names_list_what_there_is),
        cmocka_unit_test(an_unset_variable_fails_its_environment_only),
        cmocka_unit_test(a_wrong_variable_fails_its_environment_only),
        cmocka_unit_test(an_unset_variable_fails_its_test_only),
        cmocka_unit_test(variables_are_put_in),
        cmocka_unit_test(files_that_cannot_be_read),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
