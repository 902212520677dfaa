/* Source maps: the format, and places in messages of scripts that have one. */
#include <sys/stat.h>
#include "env.h"
#include "script/source_map.h"

static void assert_place(const br_source_map *m, uint32_t line, uint32_t column, const char *want)
{
    br_str source;
    uint32_t from_line, from_column;
    char got[200] = "nothing";
    if (br_source_map_find(m, line, column, &source, &from_line, &from_column))
        snprintf(got, sizeof(got), BR_FMT ":%u:%u", BR_ARG(source), from_line, from_column);
    assert_string_equal(got, want);
}

static void finds_places(void **state)
{
    (void) state;
    br_source_map *m = NULL;
    /* line 1: columns 0 -> a 1:1, 4 -> a 1:5, 5 -> nothing; line 3: column 2 -> b 11:3 */
    assert_int_equal(
        br_source_map_parse(
            BR_STR("{\"version\":3,\"sources\":[\"../src/a.ts\",\"/abs/b.ts\"],\"names\":[\"n\"],"
                   "\"mappings\":\"AAAA,IAAIA,C;;ECUF\"}"),
            BR_STR("file:///w/dist/"), &m, NULL),
        BR_OK);
    assert_place(m, 1, 1, "file:///w/src/a.ts:1:1");
    assert_place(m, 1, 4, "file:///w/src/a.ts:1:1");
    assert_place(m, 1, 5, "file:///w/src/a.ts:1:5");
    assert_place(m, 1, 6, "nothing");
    assert_place(m, 2, 1, "nothing");
    assert_place(m, 3, 2, "nothing");
    assert_place(m, 3, 3, "/abs/b.ts:11:3");
    assert_place(m, 3, 300, "/abs/b.ts:11:3");
    assert_place(m, 4, 1, "nothing");
    assert_place(m, 0, 0, "nothing");
    br_source_map_free(m);
    br_source_map_free(NULL);
}

static void refuses_bad_maps(void **state)
{
    (void) state;
    static const char *const bad[] = {"", "[]", "{", "{}", "{\"version\":2,\"mappings\":\"\"}",
        "{\"version\":3}", "{\"version\":3,\"sections\":[]}",
        "{\"version\":3,\"sources\":[],\"mappings\":\"AAAA\"}",
        "{\"version\":3,\"sources\":[\"a\"],\"mappings\":\"AA\"}",
        "{\"version\":3,\"sources\":[\"a\"],\"mappings\":\"?\"}",
        "{\"version\":3,\"sources\":[\"a\"],\"mappings\":\"D\"}",
        "{\"version\":3,\"sources\":[\"a\"],\"mappings\":\"AAAAAA\"}",
        "{\"version\":3,\"sources\":[\"a\"],\"mappings\":\"ggggggggB\"}",
        "{\"version\":3,\"sources\":[\"a\"],\"mappings\":\"g\"}"};
    for (size_t i = 0; i < BR_COUNT_OF(bad); i++) {
        br_source_map *m = NULL;
        br_err err = {0};
        if (br_source_map_parse(br_str_of(bad[i]), BR_STR("file:///"), &m, &err) == BR_OK)
            fail_msg("%s", bad[i]);
        assert_true(err.msg[0] != 0);
    }
}

static void finds_the_comment(void **state)
{
    (void) state;
    assert_true(br_str_is(
        br_source_map_url(BR_STR("x\n//# sourceMappingURL=a.map\n//# sourceMappingURL=b.map")), "b.map"));
    assert_null(br_source_map_url(BR_STR("x")).p);
    assert_null(br_source_map_url(BR_STR("'# sourceMappingURL=a'")).p);
    assert_null(br_source_map_url(BR_STR("//# sourceMappingURL=")).p);
    assert_true(br_str_is(br_source_map_url(BR_STR("x\r\n \t//# sourceMappingURL=a.map")), "a.map"));
    assert_null(br_source_map_url(BR_STR("eval(\"f()\\n//# sourceMappingURL=a.map\\n\")")).p); /* webpack's */
}

#define MAP                                                                                                  \
    "{\"version\":3,\"sources\":[\"src/lib.ts\"],\"names\":[],\"mappings\":\"AASA\"}" /* 1:1 -> 10:1 */
#define FAILING "module.exports = function f() { throw new Error('in the bundle') }\n"

static void assert_stack(world *w, const char *part)
{
    world_open(w, "import f from './lib.js'; export default function () { f() }");
    assert_call_fails(w, "default", BR_EEXCEPTION, part);
}

static void stacks_name_the_source(void **state)
{
    (void) state;
    world w;
    char part[160];
    world_init(&w, NULL, 0);
    snprintf(part, sizeof(part), "at f (file://%s/src/lib.ts:10:1(0))", w.dir);
    world_file(&w, "lib.js.map", MAP);
    world_file(&w, "lib.js", FAILING "//# sourceMappingURL=lib.js.map");
    assert_stack(&w, part);
    world_file(&w, "lib.js", FAILING "//# sourceMappingURL=./lib.js.map\n");
    assert_stack(&w, part);
    world_file(&w, "lib.js",
        FAILING
        "//# sourceMappingURL=data:application/json;charset=utf-8;base64,"
        "eyJ2ZXJzaW9uIjozLCJzb3VyY2VzIjpbInNyYy9saWIudHMiXSwibmFtZXMiOltdLCJtYXBwaW5ncyI6IkFBU0EifQ==");
    assert_stack(&w, part);
    assert_false(log_has(&w, "source map"));
    assert_stack(&w, "js:1:56(0))"); /* of the call: columns of the first line count from 1, too */
    /* Without a map that can be read the place is that of the bundle, and that is said once. */
    world_file(&w, "lib.js", FAILING "//# sourceMappingURL=none.map");
    assert_stack(&w, "/lib.js:1:");
    assert_true(log_has(&w, "Couldn't load source map for file://"));
    static const char *const urls[] = {
        "data:application/json;base64,e", "data:application/json,{}", "data:x", "http://h/x.map"};
    for (size_t i = 0; i < BR_COUNT_OF(urls); i++) {
        char text[300];
        snprintf(text, sizeof(text), FAILING "//# sourceMappingURL=%s", urls[i]);
        world_file(&w, "lib.js", text);
        assert_stack(&w, "/lib.js:1:");
    }
    world_deinit(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(finds_places), cmocka_unit_test(refuses_bad_maps),
        cmocka_unit_test(finds_the_comment), cmocka_unit_test(stacks_name_the_source)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
