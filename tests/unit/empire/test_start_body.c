/* empire/api/start_body.h: the bodies of POST requests. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>
#include "empire/api/start_body.h"

static emp_workflow_start parsed(const char *text)
{
    emp_workflow_start s;
    br_err err = {0};
    if (emp_start_body_parse(br_str_of(text), EMP_START_WORKFLOW, &s, &err) != BR_OK)
        fail_msg("%s: %s", text, err.msg);
    return s;
}

static void has_defaults(void **state)
{
    (void) state;
    static const char *const empty[] = {"", "{}", "  {\n} "};
    for (size_t i = 0; i < BR_COUNT_OF(empty); i++) {
        emp_workflow_start s = parsed(empty[i]);
        assert_true(br_str_is(s.type, EMP_WORKFLOW_TYPE));
        assert_int_equal(s.video_count, EMP_WORKFLOW_VIDEOS);
        assert_false(s.dry_run);
    }
}

static void takes_members(void **state)
{
    (void) state;
    emp_workflow_start s = parsed(
        "{\"dryRun\": true, \"videoCount\": 1000, \"type\": \"daily-control-loop\"}");
    assert_true(br_str_is(s.type, "daily-control-loop"));
    assert_int_equal(s.video_count, 1000);
    assert_true(s.dry_run);
    assert_int_equal(parsed("{\"videoCount\":1}").video_count, 1);
    s = parsed("{\"type\":\"weekly-optimization\",\"name\":\"a.B-1_\"}");
    assert_true(br_str_is(s.type, EMP_WORKFLOW_WEEKLY));
    assert_string_equal(s.name, "a.B-1_");
    assert_int_equal(s.video_count, 0);
    assert_string_equal(parsed("{}").name, "");
}

static void refuses(void **state)
{
    (void) state;
    static const struct {
        const char *body, *in_message;
    } cases[] = {
        {"{", "not valid JSON: line 1"},
        {"null", "must be a JSON object"},
        {"[]", "must be a JSON object"},
        {"1", "must be a JSON object"},
        {"{}x", "not valid JSON"},
        {"{'a':1}", "not valid JSON"},
        {"{\"a\":1,}", "not valid JSON"},
        {"{\"video_count\":1}", "unknown member 'video_count'"},
        {"{\"dryRun\":true,\"dryRun\":false}", "duplicate"},
        {"{\"videoCount\":0}", "'videoCount' must be"},
        {"{\"videoCount\":1001}", "'videoCount' must be"},
        {"{\"videoCount\":-1}", "'videoCount' must be"},
        {"{\"videoCount\":1.0}", "'videoCount' must be"},
        {"{\"videoCount\":\"1\"}", "'videoCount' must be"},
        {"{\"videoCount\":null}", "'videoCount' must be"},
        {"{\"videoCount\":99999999999999999999}", "not valid JSON"},
        {"{\"dryRun\":0}", "'dryRun' must be"},
        {"{\"dryRun\":\"true\"}", "'dryRun' must be"},
        {"{\"type\":\"daily\"}", "'type' must be"},
        {"{\"type\":\"daily-control-loop\\u0000\"}", "valid JSON"},
        {"{\"type\":[]}", "'type' must be"},
        {"{\"name\":\"\"}", "'name' must be"},
        {"{\"name\":\"../x\"}", "'name' must be"},
        {"{\"name\":\"nnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnn\"}", "'name' must be"},
        {"{\"name\":null}", "'name' must be"},
        {"{\"type\":\"\xff\"}", "not valid JSON"},
    };
    for (size_t i = 0; i < BR_COUNT_OF(cases); i++) {
        emp_workflow_start s = {.video_count = 42};
        br_err err = {0};
        assert_int_equal(
            emp_start_body_parse(br_str_of(cases[i].body), EMP_START_WORKFLOW, &s, &err), BR_EINVAL);
        if (!strstr(err.msg, cases[i].in_message)) fail_msg("%s: %s", cases[i].body, err.msg);
        assert_int_equal(s.video_count, 42);
    }
}

static void each_endpoint_takes_its_own(void **state)
{
    (void) state;
    static const struct {
        emp_start_kind kind;
        const char *body, *type, *name, *platform;
        int64_t product, videos;
    } cases[] = {
        {EMP_START_SYNC, "", "products-sync", "catalogue", NULL, 0, 0},
        {EMP_START_SYNC, "{\"dryRun\":true}", "products-sync", "dry/catalogue", NULL, 0, 0},
        {EMP_START_SCRIPT, "{\"productId\":7}", "script-generation", "7", NULL, 7, 0},
        {EMP_START_VIDEO, "{\"dryRun\":true,\"productId\":9223372036854775807}", "video-generation",
            "dry/9223372036854775807", NULL, INT64_MAX, 1},
        {EMP_START_PUBLISH, "{\"dryRun\":true,\"productId\":9223372036854775807,\"platform\":\"instagram\"}",
            "publication", "dry/9223372036854775807/instagram", "instagram", INT64_MAX, 0},
        {EMP_START_OPTIMIZE, "{}", "weekly-optimization", "", NULL, 0, 0},
        {EMP_START_OPTIMIZE, "{\"dryRun\":true}", "weekly-optimization", "dry/", NULL, 0, 0},
    };
    for (size_t i = 0; i < BR_COUNT_OF(cases); i++) {
        emp_workflow_start s;
        br_err err = {0};
        if (emp_start_body_parse(br_str_of(cases[i].body), cases[i].kind, &s, &err) != BR_OK)
            fail_msg("%s", err.msg);
        assert_true(br_str_is(s.type, cases[i].type));
        assert_string_equal(s.name, cases[i].name);
        assert_int_equal(s.product_id, cases[i].product);
        assert_int_equal(s.video_count, cases[i].videos);
        if (cases[i].platform) assert_string_equal(s.platform, cases[i].platform);
        if (!cases[i].platform) assert_null(s.platform);
    }
}

static void each_endpoint_refuses(void **state)
{
    (void) state;
    static const struct {
        emp_start_kind kind;
        const char *body, *in_message;
    } cases[] = {
        {EMP_START_WORKFLOW, "{\"productId\":1}",
            "unknown member 'productId': known are type, videoCount, dryRun, name"},
        {EMP_START_SYNC, "{\"productId\":1}", "known are dryRun"},
        {EMP_START_SCRIPT, "", "'productId' is missing"},
        {EMP_START_SCRIPT, "{\"productId\":1,\"platform\":\"tiktok\"}", "unknown member 'platform'"},
        {EMP_START_VIDEO, "{\"productId\":0}", "'productId' must be"},
        {EMP_START_VIDEO, "{\"productId\":-1}", "'productId' must be"},
        {EMP_START_VIDEO, "{\"productId\":1.0}", "'productId' must be"},
        {EMP_START_VIDEO, "{\"productId\":\"1\"}", "'productId' must be"},
        {EMP_START_VIDEO, "{\"productId\":9223372036854775808}", "not valid JSON"},
        {EMP_START_PUBLISH, "{\"productId\":1}", "'platform' is missing"},
        {EMP_START_PUBLISH, "{\"productId\":1,\"platform\":\"all\"}", "'platform' must be"},
        {EMP_START_PUBLISH, "{\"productId\":1,\"platform\":1}", "'platform' must be"},
        {EMP_START_OPTIMIZE, "{\"name\":\"a\"}", "unknown member 'name'"},
    };
    for (size_t i = 0; i < BR_COUNT_OF(cases); i++) {
        emp_workflow_start s;
        br_err err = {0};
        assert_int_equal(emp_start_body_parse(br_str_of(cases[i].body), cases[i].kind, &s, &err), BR_EINVAL);
        if (!strstr(err.msg, cases[i].in_message)) fail_msg("%s: %s", cases[i].body, err.msg);
    }
}

static void survives_deep_nesting(void **state)
{
    (void) state;
    static char deep[65536];
    memset(deep, '[', sizeof(deep));
    emp_workflow_start s;
    assert_int_equal(
        emp_start_body_parse((br_str){deep, sizeof(deep)}, EMP_START_WORKFLOW, &s, NULL), BR_EINVAL);
}

static void knows_uuids(void **state)
{
    (void) state;
    assert_true(emp_uuid_is_valid(BR_STR("00000000-0000-4000-8000-00000000000a")));
    assert_true(emp_uuid_is_valid(BR_STR("ABCDEFab-0000-4000-8000-000000000000")));
    static const char *const bad[] = {"", "00000000-0000-4000-8000-00000000000",
        "00000000-0000-4000-8000-0000000000000", "00000000000040008000000000000000abcd",
        "0000000g-0000-4000-8000-000000000000", "{0000000-0000-4000-8000-00000000000}"};
    for (size_t i = 0; i < BR_COUNT_OF(bad); i++) {
        assert_false(emp_uuid_is_valid(br_str_of(bad[i])));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(has_defaults),
        cmocka_unit_test(takes_members),
        cmocka_unit_test(refuses),
        cmocka_unit_test(each_endpoint_takes_its_own),
        cmocka_unit_test(each_endpoint_refuses),
        cmocka_unit_test(survives_deep_nesting),
        cmocka_unit_test(knows_uuids),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
