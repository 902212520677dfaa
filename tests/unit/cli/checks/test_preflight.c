/* Parts of preflight without a target: is there data in an answer, how much memory is there; redacted
 * results. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include "cli/load/headroom.h"
#include "cli/checks/preflight.h"
#include "cli/config/redact_result.h"

static void answers_with_and_without_data(void **state)
{
    (void) state;
    static const struct {
        const char *body;
        bool has;
    } list[] = {
        {"", false},
        {" \r\n", false},
        {"[]", false},
        {"{}", false},
        {"null", false},
        {"\"\"", false},
        {"{\"data\":[],\"meta\":{\"total\":0}}", false},
        {"{\"data\":null}", false},
        {"{\"data\":{}}", false},
        {"[1]", true},
        {"[[]]", true},
        {"{\"a\":null}", true},
        {"0", true},
        {"false", true},
        {"\"x\"", true},
        {"{\"data\":[{}]}", true},
        {"{\"data\":{\"totals\":0}}", true},
        {"<html></html>", true},
        {"[1", true},
    };
    for (size_t i = 0; i < BR_COUNT_OF(list); i++) {
        if (br_preflight_has_data(br_str_of(list[i].body)) != list[i].has) fail_msg("%s", list[i].body);
    }
}

static void memory_is_read(void **state)
{
    (void) state;
    assert_int_equal(
        br_headroom_parse_memory(BR_STR("MemTotal: 9 kB\nMemAvailable:   24690556 kB\nX: 1 kB\n")), 24690556);
    assert_int_equal(br_headroom_parse_memory(BR_STR("MemAvailable: many kB\n")), 0);
    assert_int_equal(br_headroom_parse_memory(BR_STR("MemAvailable: -5 kB\n")), 0);
    assert_int_equal(br_headroom_parse_memory(BR_STR("MemTotal: 9 kB\n")), 0);
    assert_int_equal(br_headroom_parse_memory(BR_STR("")), 0);
}

/* Every text of a result in which a script or the target may have put a secret. */
static void no_text_of_a_result_keeps_a_secret(void **state)
{
    (void) state;
    br_str secrets[] = {BR_STR("s3cret-token")};
    br_environment e = {.secrets = secrets, .secret_count = 1};
    br_run_result *r = br_run_result_new();
    br_endpoint endpoints[1] = {{.method = BR_STR("GET"), .name = BR_STR("http://x/?key=s3cret-token&a=1")}};
    br_endpoint_outcome *o = br_vec_push(&endpoints[0].outcomes);
    snprintf(o->error_text, sizeof(o->error_text), "%s", "lookup s3cret-token.example: no such host");
    o = br_vec_push(&endpoints[0].outcomes);
    memset(o->error_text, 'x', sizeof(o->error_text) - 1); /* the text was cut within the secret */
    memcpy(o->error_text + sizeof(o->error_text) - 1 - 7, "s3cret-", 7);
    br_check check = {.name = BR_STR("token s3cret-token works")}, *checks[1] = {&check};
    br_group root = {.name = BR_STR(""), .path = BR_STR("")};
    root.checks.data = checks;
    root.checks.len = 1;
    br_result_metric metrics[1] = {
        {.name = BR_STR("m{url:s3cret-token}"), .suffix = BR_STR("url:s3cret-token")}};
    r->endpoints = endpoints;
    r->endpoint_count = 1;
    r->metrics = metrics;
    r->metric_count = 1;
    r->root_group = &root;
    r->setup_data_json = BR_STR("{\"token\":\"s3cret-token\"}");
    br_redact_result(&e, r);
    assert_string_equal(endpoints[0].name.p, "http://x/?key=" BR_CONFIG_REDACTED "&a=1");
    assert_string_equal(
        endpoints[0].outcomes.data[0].error_text, "lookup " BR_CONFIG_REDACTED ".example: no such host");
    assert_int_equal(strlen(endpoints[0].outcomes.data[1].error_text), sizeof(o->error_text) - 1 - 7);
    assert_string_equal(check.name.p, "token " BR_CONFIG_REDACTED " works");
    assert_string_equal(metrics[0].name.p, "m{url:" BR_CONFIG_REDACTED "}");
    assert_string_equal(metrics[0].suffix.p, "url:" BR_CONFIG_REDACTED);
    assert_string_equal(r->setup_data_json.p, "{\"token\":\"" BR_CONFIG_REDACTED "\"}");
    br_vec_deinit(&endpoints[0].outcomes);
    r->endpoints = NULL;
    r->metrics = NULL;
    r->root_group = NULL;
    r->endpoint_count = r->metric_count = 0;
    br_run_result_free(r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(answers_with_and_without_data),
        cmocka_unit_test(memory_is_read),
        cmocka_unit_test(no_text_of_a_result_keeps_a_secret),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
