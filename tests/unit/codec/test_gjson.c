/* Selectors. The expectations are those of gjson's own description of its syntax, and of runs of k6. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>
#include "codec/gjson.h"

static const char people[] =
    "{\"name\": {\"first\": \"Tom\", \"last\": \"Anderson\"}, \"age\":37, \"children\": [\"Sara\",\"Alex\",\"Jack\"],"
    "\"fav.movie\": \"Deer Hunter\", \"friends\": ["
    "{\"first\": \"Dale\", \"last\": \"Murphy\", \"age\": 44, \"nets\": [\"ig\", \"fb\", \"tw\"]},"
    "{\"first\": \"Roger\", \"last\": \"Craig\", \"age\": 68, \"nets\": [\"fb\", \"tw\"]},"
    "{\"first\": \"Jane\", \"last\": \"Murphy\", \"age\": 47, \"nets\": [\"ig\", \"tw\"]}]}";

typedef struct expectation {
    const char *path, *value; /* NULL: nothing */
} expectation;

static void check(const char *document, const expectation *list, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        br_arena arena;
        br_str value;
        br_err err = {0};
        br_arena_init(&arena, 512);
        assert_int_equal(
            br_gjson_get(br_str_of(document), br_str_of(list[i].path), &arena, &value, &err), BR_OK);
        bool same = list[i].value ? value.p && br_str_is(value, list[i].value) : !value.p;
        if (!same) print_error("%s: " BR_FMT "\n", list[i].path, BR_ARG(value));
        assert_true(same);
        br_arena_deinit(&arena);
    }
}
#define CHECK(document, ...)                                                                                 \
    do {                                                                                                     \
        static const expectation list[] = {__VA_ARGS__};                                                     \
        check(document, list, BR_COUNT_OF(list));                                                            \
    } while (0)

static void keys_indexes_and_wildcards(void **state)
{
    (void) state;
    CHECK(people, {"name.last", "\"Anderson\""}, {"age", "37"}, {"children.1", "\"Alex\""},
        {"children.#", "3"}, {"child*.2", "\"Jack\""}, {"c?ildren.0", "\"Sara\""},
        {"fav\\.movie", "\"Deer Hunter\""}, {"*.first", "\"Tom\""}, {"friends.1.first", "\"Roger\""},
        {"children.3", NULL}, {"children.-1", NULL}, {"children.x", NULL}, {"age.x", NULL}, {"", NULL},
        {"name", "{\"first\": \"Tom\", \"last\": \"Anderson\"}"});
    CHECK("{\"a\":{\"x\":1},\"b*\":2,\"a\":{\"y\":3},\"\":4,\"k\\u00e9\":5}", {"a.y", "3"}, {"b\\*", "2"},
        {"", "4"}, {"ké", "5"}, {"k?", "5"}, {"*.y", "3"}, {"*\\*", "2"});
    CHECK("[[1,[2]],3]", {"0.1.0", "2"}, {"0.1.1", NULL}, {"#", "2"}, {"1", "3"});
    CHECK("17", {"a", NULL}, {"@this", "17"}, {"#", NULL});
}

static void hashes_and_queries(void **state)
{
    (void) state;
    CHECK(people, {"friends.#.age", "[44,68,47]"}, {"friends.#(last==\"Murphy\").first", "\"Dale\""},
        {"friends.#(last==\"Murphy\")#.first", "[\"Dale\",\"Jane\"]"},
        {"friends.#(age>45)#.last", "[\"Craig\",\"Murphy\"]"}, {"friends.#(first%\"D*\").last", "\"Murphy\""},
        {"friends.#(first!%\"D*\").last", "\"Craig\""}, {"children.#(!%\"*a*\")", "\"Alex\""},
        {"children.#(%\"*a*\")#", "[\"Sara\",\"Jack\"]"},
        {"friends.#(nets.#(==\"fb\"))#.first", "[\"Dale\",\"Roger\"]"}, {"friends.#(nope==1)", NULL},
        {"friends.#(nope==1)#", "[]"}, {"friends.#.nets.0", "[\"ig\",\"fb\",\"ig\"]"},
        {"friends.#.nets.#", "[3,2,2]"}, {"friends.#(age>=68).first", "\"Roger\""},
        {"friends.#(nets)#.age", "[44,68,47]"}, {"friends.#(broken", NULL},
        {"children.#(>\"B\")#", "[\"Sara\",\"Jack\"]"}, {"friends.#[last=\"Craig\"].age", "68"});
    CHECK("[{\"a\":true},{\"a\":false},{\"a\":null},{\"a\":\"t\"},{},{\"a\":0},{\"a\":\"x)\\\"\"}]",
        {"#(a==true)#", "[{\"a\":true},{\"a\":0}]"}, {"#(a==~true)#.a", "[true,\"t\"]"},
        {"#(a==~false)#.a", "[false,null,0]"}, {"#(a==~null)#", "[{\"a\":null},{}]"}, {"#(a==~*)#|#", "6"},
        {"#(a!=true)#.a", "[false,\"t\",\"x)\\\"\"]"}, {"#(a==\"x)\\\"\")#|1.a", "\"x)\\\"\""});
    CHECK(
        "[1.5,2,10]", {"#(<2)", "1.5"}, {"#(!=2)#", "[1.5,10]"}, {"#(==\"2\")", "2"}, {"#(<=2)#", "[1.5,2]"});
}

static void dots_and_pipes(void **state)
{
    (void) state;
    CHECK(people, {"friends|0.first", "\"Dale\""}, {"friends|#", "3"},
        {"friends.#(last=\"Murphy\")#|first", NULL}, {"friends.#(last=\"Murphy\")#.0", "[]"},
        {"friends.#(last=\"Murphy\")#|#", "2"}, {"friends.#(last=\"Murphy\")#.#", "[]"},
        {"friends.#(last=\"Murphy\")#|0.first", "\"Dale\""}, {"friends.#.first|1", "\"Roger\""},
        {"nope|@this", NULL}, {"friends.#(last=\"Murphy\")#.first|@reverse", "[\"Jane\",\"Dale\"]"});
    CHECK("{\"a\":1}", {"..0.a", "1"}, {"..#", "1"}, {"..#.a", "[1]"});
}

static void multipaths_and_literals(void **state)
{
    (void) state;
    CHECK(people,
        {"{name.first,age,\"murphys\":friends.#(last=\"Murphy\")#.first}",
            "{\"first\":\"Tom\",\"age\":37,\"murphys\":[\"Dale\",\"Jane\"]}"},
        {"[name.first,nope,age]", "[\"Tom\",37]"},
        {"{name.first,\"ok\":!true,\"n\":!7}", "{\"first\":\"Tom\",\"ok\":true,\"n\":7}"},
        {"friends.#.{first,\"n\":nets.#}|1", "{\"first\":\"Roger\",\"n\":2}"},
        {"{age,children.#}", "{\"age\":37,\"_\":3}"}, {"name.[last,first]", "[\"Anderson\",\"Tom\"]"},
        {"nope|{age}", "{}"}, {"!\"x\"", "\"x\""}, {"!null", "null"}, {"![1,2]|1", "2"}, {"!oops", NULL},
        {"{\"a\":{\"b\":age}}", "{\"a\":{\"b\":37}}"}, {"[age", NULL});
}

static void modifiers(void **state)
{
    (void) state;
    CHECK(people, {"children.@reverse", "[\"Jack\",\"Alex\",\"Sara\"]"}, {"children.@reverse.0", "\"Jack\""},
        {"name.@reverse|@ugly", "{\"last\":\"Anderson\",\"first\":\"Tom\"}"},
        {"name.@keys", "[\"first\",\"last\"]"}, {"name.@values", "[\"Tom\",\"Anderson\"]"},
        {"children.@keys", "[null,null,null]"}, {"age.@values", "[37]"}, {"@dig:age", "[37,44,68,47]"},
        {"@dig:#(last=\"Craig\").age", "[68]"}, {"name.@tostr.@fromstr.last", "\"Anderson\""},
        {"children.@pretty|@tostr", "\"[\\\"Sara\\\", \\\"Alex\\\", \\\"Jack\\\"]\\n\""},
        {"@valid.age", "37"},
        {"name.@pretty:{\"indent\":\"-\",\"sortKeys\":true}|@tostr",
            "\"{\\n-\\\"first\\\": \\\"Tom\\\",\\n-\\\"last\\\": \\\"Anderson\\\"\\n}\\n\""},
        {"children.@nope", NULL});
    CHECK("[1,[2],[3,4],[5,[6,7]],[]]", {"@flatten", "[1,2,3,4,5,[6,7]]"},
        {"@flatten:{\"deep\":true}", "[1,2,3,4,5,6,7]"}, {"@flatten.5.1", "7"});
    CHECK("[{\"first\":\"Tom\",\"age\":37},{\"age\":41},3]", {"@join", "{\"first\":\"Tom\",\"age\":41}"},
        {"@join:{\"preserve\":true}", "{\"first\":\"Tom\",\"age\":37,\"age\":41}"});
    CHECK("{\"id\":[\"a\",\"b\"],\"n\":[1,2,3],\"x\":0}",
        {"@group", "[{\"id\":\"a\",\"n\":1},{\"id\":\"b\",\"n\":2},{\"n\":3}]"});
    CHECK("{\"@a\":1}", {"@a", "1"});
}

static void limits_are_errors(void **state)
{
    (void) state;
    br_arena arena;
    br_err err = {0};
    br_str value;
    br_arena_init(&arena, 512);
    char deep[200] = "";
    for (int i = 0; i < 40; i++)
        deep[i] = '[';
    memset(deep + 40, ']', 40);
    assert_int_equal(br_gjson_get(BR_STR("[1]"), br_str_of(deep), &arena, &value, &err), BR_ELIMIT);
    char *longest = calloc(1, BR_GJSON_PATH_MAX + 1);
    memset(longest, 'a', BR_GJSON_PATH_MAX);
    assert_int_equal(
        br_gjson_get(BR_STR("{}"), (br_str){longest, BR_GJSON_PATH_MAX}, &arena, &value, &err), BR_OK);
    assert_int_equal(
        br_gjson_get(BR_STR("{}"), (br_str){longest, BR_GJSON_PATH_MAX + 1}, &arena, &value, &err),
        BR_ELIMIT);
    for (size_t i = 1; i < BR_GJSON_PATH_MAX; i += 2)
        longest[i] = '.'; /* many components cost no stack */
    assert_int_equal(
        br_gjson_get(BR_STR("{\"a\":{\"a\":1}}"), (br_str){longest, BR_GJSON_PATH_MAX}, &arena, &value, &err),
        BR_OK);
    assert_null(value.p);
    free(longest);
    br_arena_deinit(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(keys_indexes_and_wildcards),
        cmocka_unit_test(hashes_and_queries),
        cmocka_unit_test(dots_and_pipes),
        cmocka_unit_test(multipaths_and_literals),
        cmocka_unit_test(modifiers),
        cmocka_unit_test(limits_are_errors),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
