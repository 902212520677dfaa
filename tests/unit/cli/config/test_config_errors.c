/* Every mistake in brunt.yaml: one message with place, what and remedy. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include "cli/config/config.h"

#define VERSION "version: 1\n"
#define ENVS    "environments: { local: { base_url: http://127.0.0.1:3000 } }\n"
#define TESTS   "tests: { t: { script: t.js, duration: 5s, load: {vus: 1}, criteria: [stable] } }\n"
/* In a test, what is given stands in line 4 from column 14; in an environment in line 2 from column 24. */
#define IN_TEST(text) VERSION ENVS "tests:\n  t: { x: 1, " text " }\n"
#define TEST(text)    VERSION ENVS "tests:\n  t: { " text " }\n"
#define ENV(text)     VERSION "environments: { local: " text " }\n" TESTS
#define LOAD(text)    TEST("script: t.js, criteria: [stable], load: " text)
#define CONST(d, v)   TEST("script: t.js, criteria: [stable], duration: " d ", load: {vus: " v "}")
#define STAGES(text)  LOAD("{ stages: [" text "] }")
#define CRITERIA(c)   TEST("script: t.js, duration: 5s, load: {vus: 1}, criteria: " c)

typedef struct mistake {
    const char *text;
    br_code code;
    const char *message; /* how it begins */
} mistake;

static void check(const mistake *list, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        br_config *cfg = NULL;
        br_err err = {0};
        br_code code = br_config_parse("f", br_str_of(list[i].text), &cfg, &err);
        if (code != list[i].code || strncmp(err.msg, list[i].message, strlen(list[i].message)) != 0) {
            br_config_free(cfg);
            fail_msg("%s\n   gives %s: %s\n  wanted %s: %s", list[i].text, br_code_name(code), err.msg,
                br_code_name(list[i].code), list[i].message);
        }
        assert_null(cfg);
        assert_null(strchr(err.msg, '\n'));
        assert_true(strlen(err.msg) < sizeof(err.msg) - 1);
    }
}

#define CHECK(list) check((list), BR_COUNT_OF(list))

static void of_the_file(void **state)
{
    (void) state;
    static const mistake list[] = {
        {"- 1\n", BR_EINVAL,
            "f:1:1: the file must be a mapping, not a list; its keys are: version, environments, tests"},
        {ENVS TESTS, BR_EINVAL, "f:1:1: version is missing; begin the file with version: 1"},
        {"version: 2\n" ENVS TESTS, BR_EUNSUPPORTED,
            "f:1:10: version \"2\" is not supported; this program reads version 1"},
        {"version: '1'\n" ENVS TESTS, BR_EINVAL,
            "f:1:10: version must be a whole number, not the text \"1\"; remove the quotes"},
        {"version: [1]\n" ENVS TESTS, BR_EINVAL, "f:1:10: version must be a single value, not a list"},
        {"version:\n" ENVS TESTS, BR_EINVAL, "f:1:9: version is empty; give it a value"},
        {VERSION TESTS, BR_EINVAL,
            "f:1:1: environments are missing; add environments: with at least one name below"},
        {VERSION ENVS, BR_EINVAL, "f:1:1: tests are missing"},
        {VERSION "environments: {}\n" TESTS, BR_EINVAL,
            "f:2:15: there are no environments; add at least one"},
        {VERSION ENVS "tests:\n", BR_EINVAL, "f:3:7: tests must be a mapping, not nothing"},
        {VERSION ENVS "test: {}\n", BR_EINVAL,
            "f:3:1: unknown key \"test\" in the file; did you mean \"tests\"?"},
        {VERSION ENVS "modules: { 'http://x/': a }\n" TESTS, BR_EINVAL,
            "f:3:12: modules: the name \"http://x/\" is not allowed"},
        {VERSION ENVS "modules: { 'https://x/': '' }\n" TESTS, BR_EINVAL, "f:3:26: https://x/ is empty"},
        {VERSION ENVS "colour: red\n", BR_EINVAL,
            "f:3:1: unknown key \"colour\" in the file; its keys are: version, "},
        {VERSION ENVS TESTS "tests: {}\n", BR_EINVAL,
            "f:4:1: duplicate key \"tests\", first given in line 3"},
        {VERSION ENVS "tests: { ../evil: {} }\n", BR_EINVAL, "f:3:10: the name \"../evil\" is not allowed"},
        {VERSION ENVS "tests: { '': {} }\n", BR_EINVAL, "f:3:10: the name \"\" is not allowed"},
        {VERSION ENVS "tests: { '-v': {} }\n", BR_EINVAL, "f:3:10: the name \"-v\" is not allowed"},
        {VERSION ENVS "tests: { all: {} }\n", BR_EINVAL, "f:3:10: the name \"all\" is taken"},
    };
    CHECK(list);
}

static void of_environments(void **state)
{
    (void) state;
    static const mistake list[] = {
        {ENV("http://x"), BR_EINVAL,
            "f:2:24: an environment must be a mapping, not a text; its keys are: base_url, headers, env"},
        {ENV("{}"), BR_EINVAL,
            "f:2:24: environment local has no base_url; add e.g. base_url: http://127.0.0.1:3000"},
        {ENV("{ base_ulr: http://x }"), BR_EINVAL,
            "f:2:26: unknown key \"base_ulr\" in an environment; did you mean \"base_url\"?"},
        {ENV("{ base_url: }"), BR_EINVAL, "f:2:36: base_url is empty"},
        {ENV("{ base_url: [http://x] }"), BR_EINVAL, "f:2:36: base_url must be a single value, not a list"},
        {ENV("{ base_url: ftp://x }"), BR_EINVAL,
            "f:2:36: base_url \"ftp://x\" is neither http nor https; write e.g. http://"},
        {ENV("{ base_url: localhost/x }"), BR_EINVAL,
            "f:2:36: base_url \"localhost/x\" is neither http nor https"},
        {ENV("{ base_url: 'http://' }"), BR_EINVAL, "f:2:36: base_url \"http://\" names no host"},
        {ENV("{ base_url: 'http://:80/' }"), BR_EINVAL, "f:2:36: base_url \"http://:80/\" names no host"},
        {ENV("{ base_url: 'http://x:y' }"), BR_EINVAL, "f:2:36: base_url \"http://x:y\" is no valid URL"},
        {ENV("{ base_url: 'http://x?a=b' }"), BR_EINVAL,
            "f:2:36: base_url \"http://x?a=b\" has a query or a fragment"},
        {ENV("{ base_url: 'http://x#a' }"), BR_EINVAL,
            "f:2:36: base_url \"http://x#a\" has a query or a fragment"},
        {ENV("{ base_url: \"http://x\\r\\n\" }"), BR_EINVAL,
            "f:2:36: base_url holds a control character or a line break"},
        {ENV("{ base_url: http://x, headers: [a] }"), BR_EINVAL,
            "f:2:55: headers must be a mapping, not a list; write {"},
        {ENV("{ base_url: http://x, headers: { a b: c } }"), BR_EINVAL,
            "f:2:57: headers: the name \"a b\" is not allowed"},
        {ENV("{ base_url: http://x, headers: { a: \"b\\nc\" } }"), BR_EINVAL,
            "f:2:60: a holds a control character"},
        {ENV("{ base_url: http://x, headers: { a: {} } }"), BR_EINVAL,
            "f:2:60: a must be a single value, not a mapping"},
        {ENV("{ base_url: http://x, env: { 1A: c } }"), BR_EINVAL,
            "f:2:53: env: the name \"1A\" is not allowed"},
        {ENV("{ base_url: http://x, env: { BASE_URL: c } }"), BR_EINVAL,
            "f:2:53: env: the name \"BASE_URL\" is not allowed"},
        {ENV("{ base_url: '${A' }"), BR_ESYNTAX,
            "f:2:36: ${ without its }; write ${NAME}, or $${ for a plain ${"},
        {ENV("{ base_url: '${A B}' }"), BR_ESYNTAX, "f:2:36: \"A B\" is no name of a variable"},
        {ENV("{ base_url: '${:-x}' }"), BR_ESYNTAX, "f:2:36: \"\" is no name of a variable"},
    };
    CHECK(list);
}

static void of_tests(void **state)
{
    (void) state;
    static const mistake list[] = {
        {VERSION ENVS "tests:\n  t: x.js\n", BR_EINVAL,
            "f:4:6: a test must be a mapping, not a text; its keys are: script"},
        {IN_TEST("y: 2"), BR_EINVAL,
            "f:4:8: unknown key \"x\" in a test; its keys are: script, duration, load, criteria, env"},
        {TEST("scirpt: t.js"), BR_EINVAL,
            "f:4:8: unknown key \"scirpt\" in a test; did you mean \"script\"?"},
        {TEST("load: {vus: 1}"), BR_EINVAL, "f:4:6: the test has no script; add e.g. script: baseline.js"},
        {TEST("script: t.js, criteria: [stable]"), BR_EINVAL,
            "f:4:6: the test has no load; add load: { vus: 10 } or"},
        {TEST("script: t.js, duration: 1s, load: {vus: 1}"), BR_EINVAL,
            "f:4:6: the test has no criteria; add e.g."},
        {TEST("script: t.js, load: {vus: 1}, criteria: [stable]"), BR_EINVAL,
            "f:4:6: the test has no duration; add e.g."},
        {TEST("script: ''"), BR_EINVAL, "f:4:16: script is empty"},
        {TEST("script: \"a\\0b\""), BR_EINVAL, "f:4:16: script holds a control character"},
        {CRITERIA("stable"), BR_EINVAL,
            "f:4:62: criteria must be a list, not a text; write [ \"p95 < 500ms\""},
        {CRITERIA("[]"), BR_EINVAL, "f:4:62: there are no criteria; write e.g."},
        {CRITERIA("[ [stable] ]"), BR_EINVAL, "f:4:64: a criterion must be a single value, not a list"},
        {CRITERIA("[ stable, 'p95 < 5 apples' ]"), BR_ESYNTAX, "f:4:72: criterion \"p95 < 5 apples\""},
        {CRITERIA("[ { p95: 5 } ]"), BR_EINVAL, "f:4:64: a criterion must be a single value, not a mapping"},
    };
    CHECK(list);
}

static void of_loads(void **state)
{
    (void) state;
    static const mistake list[] = {
        {LOAD("10"), BR_EINVAL,
            "f:4:48: load must be a mapping, not a text; its keys are: vus, start_vus, stages"},
        {LOAD("{}"), BR_EINVAL,
            "f:4:48: load needs vus (constant) or stages (ramping); write e.g. load: { vus: 10 }"},
        {LOAD("{ vsu: 3 }"), BR_EINVAL, "f:4:50: unknown key \"vsu\" in load; did you mean \"vus\"?"},
        {LOAD("{ vus: 3, stages: [] }"), BR_EINVAL, "f:4:66: vus and stages exclude each other"},
        {LOAD("{ vus: 3, start_vus: 1 }"), BR_EINVAL,
            "f:4:69: start_vus goes with stages, not with vus; remove it"},
        {LOAD("{ stages: 5 }"), BR_EINVAL, "f:4:58: stages must be a list, not a text"},
        {LOAD("{ stages: [{duration: 5s, target: 1}] }, duration: 5s"), BR_EINVAL,
            "f:4:99: duration and stages exclude each other"},
        {LOAD("{ start_vus: -1, stages: [] }"), BR_ELIMIT,
            "f:4:61: start_vus \"-1\" is out of range; use 0 to 1000000"},
        {STAGES(""), BR_EINVAL, "f:4:58: there are no stages"},
        {STAGES("5m"), BR_EINVAL,
            "f:4:59: a stage must be a mapping, not a text; its keys are: duration, target"},
        {STAGES("{duration: 5s}"), BR_EINVAL,
            "f:4:59: a stage needs its target; write e.g. { duration: 2m, target: 10 }"},
        {STAGES("{target: 5}"), BR_EINVAL, "f:4:59: a stage needs its duration"},
        {STAGES("{duration: 5s, target: 5, vus: 1}"), BR_EINVAL,
            "f:4:85: unknown key \"vus\" in a stage; its keys are"},
        {STAGES("{duration: 5s, target: -5}"), BR_ELIMIT,
            "f:4:82: target \"-5\" is out of range; use 0 to 1000000"},
        {STAGES("{duration: 5s, target: 0}"), BR_EINVAL, "f:4:58: the load is 0 all the time"},
        {STAGES("{duration: 999ms, target: 5}"), BR_ELIMIT, "f:4:58: the stages last less than 1s in all"},
        {STAGES("{duration: 7d, target: 5}, {duration: 1ms, target: 5}"), BR_ELIMIT,
            "f:4:58: the stages last longer than 7d"},
        {CONST("1m", "0"), BR_ELIMIT, "f:4:68: vus \"0\" is out of range; use 1 to 1000000"},
        {CONST("1m", "-3"), BR_ELIMIT, "f:4:68: vus \"-3\" is out of range"},
        {CONST("1m", "1000001"), BR_ELIMIT, "f:4:68: vus \"1000001\" is out of range"},
        {CONST("1m", "99999999999999999999"), BR_ELIMIT,
            "f:4:68: vus \"99999999999999999999\" is out of range"},
        {CONST("1m", "2.5"), BR_EINVAL, "f:4:68: vus must be a whole number, not \"2.5\"; write e.g. 10"},
        {CONST("1m", "ten"), BR_EINVAL, "f:4:68: vus must be a whole number, not \"ten\""},
        {CONST("1m", "'10'"), BR_EINVAL,
            "f:4:68: vus must be a whole number, not the text \"10\"; remove the quotes"},
        {CONST("5", "1"), BR_EINVAL, "f:4:52: duration \"5\" has no unit; write e.g. 300ms, 30s, 5m, 1h30m"},
        {CONST("5min", "1"), BR_EINVAL, "f:4:52: \"5min\" is no duration; write e.g. 300ms, 30s, 5m, 1h30m"},
        {CONST("'5:00'", "1"), BR_EINVAL, "f:4:52: \"5:00\" is no duration"},
        {CONST("0s", "1"), BR_ELIMIT, "f:4:52: duration \"0s\" is out of range; use 1s to 7d"},
        {CONST("0", "1"), BR_ELIMIT, "f:4:52: duration \"0\" is out of range"},
        {CONST("-5s", "1"), BR_ELIMIT, "f:4:52: duration \"-5s\" is out of range"},
        {CONST("169h", "1"), BR_ELIMIT, "f:4:52: duration \"169h\" is out of range"},
        {CONST("99999999999d", "1"), BR_ELIMIT, "f:4:52: duration \"99999999999d\" is out of range"},
        {CONST("[5s]", "1"), BR_EINVAL, "f:4:52: duration must be a single value, not a list"},
    };
    CHECK(list);
}

/* The first mistake of a wholly wrong entity is told even if a variable would be missing later on. */
static void variables_hide_no_plain_mistake(void **state)
{
    (void) state;
    static const mistake list[] = {
        {ENV("{ base_url: '${BR_TEST_NONE}', haeders: {} }"), BR_EINVAL, "f:2:55: unknown key \"haeders\""},
        {VERSION "environments: { a: { base_url: '${BR_TEST_NONE}' }, b: {} }\n" TESTS, BR_EINVAL,
            "f:2:56: environment b"},
    };
    CHECK(list);
}

/* Limits of counts --------------------------------------------------------------------------------- */

static br_code parse_repeated(
    const char *head, const char *entry, unsigned times, const char *tail, br_err *err)
{
    br_buf text;
    br_buf_init(&text, BR_CONFIG_BYTES_MAX);
    (void) br_buf_puts(&text, head);
    for (unsigned i = 0; i < times; i++) {
        for (const char *c = entry; *c; c++) {
            (void) (*c == '#' ? br_buf_put_u64(&text, i) : br_buf_putc(&text, *c));
        }
    }
    assert_int_equal(br_buf_puts(&text, tail), BR_OK);
    br_config *cfg = NULL;
    br_code code = br_config_parse("f", br_buf_view(&text), &cfg, err);
    br_config_free(cfg);
    br_buf_deinit(&text);
    return code;
}

static void counts_are_limited(void **state)
{
    (void) state;
    static const struct {
        const char *head, *entry, *tail;
        unsigned limit;
        const char *holds;
    } cases[] = {
        {VERSION "environments:\n", "  e#: { base_url: http://x }\n", TESTS, 100,
            "101 environments are more than the limit of 100"},
        {VERSION ENVS "tests:\n", "  t#: { script: a, duration: 1s, load: {vus: 1}, criteria: [stable] }\n",
            "", 100, "101 tests"},
        {VERSION ENVS "tests:\n  t: { script: a, criteria: [stable], load: { stages: [",
            "{duration: 1s, target: 1},", "] } }\n", 1000, "1001 stages"},
        {VERSION ENVS "tests:\n  t: { script: a, duration: 1s, load: {vus: 1}, criteria: [", "stable,",
            "] }\n", 100, "101 criteria"},
        {VERSION "environments: { e: { base_url: http://x, headers: {", "h#: 1,", "} } }\n" TESTS, 100,
            "101 headers"},
        {VERSION "environments: { e: { base_url: http://x, env: { A: ", "x", "} } }\n" TESTS, 8192,
            "A is longer than 8192 bytes"},
        {VERSION ENVS "tests:\n  t: { script: a, duration: 1s, load: {vus: 1}, criteria: ['stable", " ",
            "'] }\n", 250, "a criterion is longer than 256 bytes"},
    };
    for (size_t i = 0; i < BR_COUNT_OF(cases); i++) {
        br_err err = {0};
        if (parse_repeated(cases[i].head, cases[i].entry, cases[i].limit, cases[i].tail, &err) != BR_OK)
            fail_msg("%s", err.msg);
        assert_int_equal(
            parse_repeated(cases[i].head, cases[i].entry, cases[i].limit + 1, cases[i].tail, &err),
            BR_ELIMIT);
        if (!strstr(err.msg, cases[i].holds)) fail_msg("%s", err.msg);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(of_the_file),
        cmocka_unit_test(of_environments),
        cmocka_unit_test(of_tests),
        cmocka_unit_test(of_loads),
        cmocka_unit_test(variables_hide_no_plain_mistake),
        cmocka_unit_test(counts_are_limited),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
