#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>

#include "base/err.h"
#include "stat/tags.h"

static void test_interning(void **state)
{
    (void) state;
    br_tag_store s;
    br_tag_store_init(&s);
    char key[] = "scenario", value[] = "default";
    br_tag ab[] = {{BR_STR("group"), BR_STR("")}, {{key, 8}, {value, 7}}};
    br_tag ba[] = {ab[1], ab[0]};
    const br_tagset *one = br_tags_intern(&s, ab, 2);
    assert_ptr_equal(one, br_tags_intern(&s, ba, 2)); /* the order does not matter */
    key[0] = value[0] = 'X';                          /* copied */
    assert_true(br_str_is(br_tags_get(one, BR_STR("scenario")), "default"));
    assert_true(br_str_is(br_tags_get(one, BR_STR("group")), ""));
    assert_null(br_tags_get(one, BR_STR("Group")).p);
    assert_null(br_tags_get(NULL, BR_STR("group")).p);
    assert_int_equal(s.sets.len, 1);
    br_tag twice[] = {{BR_STR("a"), BR_STR("1")}, {BR_STR("b"), BR_STR("2")}, {BR_STR("a"), BR_STR("3")}};
    const br_tagset *two = br_tags_intern(&s, twice, 3);
    assert_int_equal(two->count, 2);
    assert_true(br_str_is(br_tags_get(two, BR_STR("a")), "3")); /* the later one wins */
    br_tag moved[] = {{BR_STR("a"), BR_STR("3b")}, {BR_STR("b"), BR_STR("2")}};
    assert_ptr_not_equal(two, br_tags_intern(&s, moved, 2));
    assert_ptr_equal(br_tags_intern(&s, NULL, 0), br_tags_with(&s, NULL, NULL, 0));
    br_tag_store_deinit(&s);
}

static void test_with(void **state)
{
    (void) state;
    br_tag_store s;
    br_tag_store_init(&s);
    br_tag base_tags[] = {{BR_STR("m"), BR_STR("1")}, {BR_STR("z"), BR_STR("2")}};
    const br_tagset *base = br_tags_intern(&s, base_tags, 2);
    br_tag extra[] = {{BR_STR("z"), BR_STR("9")}, {BR_STR("a"), BR_STR("0")}};
    const br_tagset *set = br_tags_with(&s, base, extra, 2);
    assert_int_equal(set->count, 3);
    assert_true(br_str_is(set->tags[0].key, "a"));
    assert_true(br_str_is(set->tags[1].key, "m"));
    assert_true(br_str_is(set->tags[2].value, "9"));
    assert_true(br_str_is(br_tags_get(base, BR_STR("z")), "2")); /* the base is as it was */
    assert_ptr_equal(br_tags_with(&s, base, base_tags, 2), base);
    br_tag_store_deinit(&s);
}

static void test_many_tags_are_sorted(void **state)
{
    (void) state;
    enum { N = 500 };
    static char keys[N][8];
    static br_tag tags[N];
    for (int i = 0; i < N; i++) {
        snprintf(keys[i], sizeof(keys[i]), "k%d", (i * 7919) % N);
        tags[i] = (br_tag){br_str_of(keys[i]), br_str_of(keys[i])};
    }
    br_tag_store s;
    br_tag_store_init(&s);
    const br_tagset *set = br_tags_intern(&s, tags, N);
    assert_int_equal(set->count, N);
    for (size_t i = 1; i < N; i++) {
        assert_true(br_str_cmp(set->tags[i - 1].key, set->tags[i].key) < 0);
    }
    for (size_t i = 0; i < N; i++) {
        assert_true(br_str_eq(br_tags_get(set, tags[i].key), tags[i].key));
    }
    br_tag_store_deinit(&s);
}

static void check_selector(const char *text, const char *want)
{
    br_arena a;
    br_arena_init(&a, 256);
    br_selector s;
    br_err err;
    assert_int_equal(br_selector_parse(&a, br_str_of(text), &s, &err), BR_OK);
    char got[256] = "";
    size_t len = 0;
    for (size_t i = 0; i < s.count; i++) {
        len += (size_t) snprintf(got + len, sizeof(got) - len, "[" BR_FMT "=" BR_FMT "]",
            BR_ARG(s.tags[i].key), BR_ARG(s.tags[i].value));
    }
    assert_string_equal(got, want);
    br_arena_deinit(&a);
}

static void test_selector_parse(void **state)
{
    (void) state;
    check_selector("name:login", "[name=login]");
    check_selector("status:200,name:login", "[name=login][status=200]");
    check_selector(" sub : y ", "[sub=y]");
    check_selector("\"name\":'a b'", "[name=a b]");
    check_selector("url:http://h:80/x", "[url=http://h:80/x]"); /* the first colon only */
    check_selector("group:::a::b", "[group=::a::b]");
    check_selector("a:1,a:2", "[a=2]");
    static const char *const bad[] = {
        "", " ", "name", "name:", ":x", "a:1,", ",a:1", "a:''", "\"\":x", "a:1,b"};
    for (size_t i = 0; i < BR_COUNT_OF(bad); i++) {
        br_arena a;
        br_arena_init(&a, 256);
        br_selector s = {NULL, 7};
        br_err err = {0};
        if (br_selector_parse(&a, br_str_of(bad[i]), &s, &err) != BR_ESYNTAX) fail_msg("'%s'", bad[i]);
        assert_true(s.count == 7 && err.msg[0]);
        br_arena_deinit(&a);
    }
}

static void test_selector_matches(void **state)
{
    (void) state;
    br_tag_store store;
    br_tag_store_init(&store);
    br_tag tags[] = {{BR_STR("group"), BR_STR("::a")}, {BR_STR("env"), BR_STR("prod")}};
    const br_tagset *base = br_tags_intern(&store, tags, 2);
    br_selector s;
    assert_int_equal(br_selector_parse(&store.arena, BR_STR("env:prod,kind:x"), &s, NULL), BR_OK);
    br_tag kind_x[] = {{BR_STR("kind"), BR_STR("x")}};
    br_tag hidden[] = {{BR_STR("kind"), BR_STR("x")}, {BR_STR("env"), BR_STR("dev")}};
    br_tag last_wins[] = {{BR_STR("kind"), BR_STR("y")}, {BR_STR("kind"), BR_STR("x")}};
    assert_false(br_selector_matches(&s, base, NULL, 0));
    assert_true(br_selector_matches(&s, base, kind_x, 1));
    assert_false(br_selector_matches(&s, base, hidden, 2)); /* extra hides the base's env */
    assert_true(br_selector_matches(&s, base, last_wins, 2));
    assert_false(br_selector_matches(&s, NULL, kind_x, 1));
    br_tag_store_deinit(&store);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_interning),
        cmocka_unit_test(test_with),
        cmocka_unit_test(test_many_tags_are_sorted),
        cmocka_unit_test(test_selector_parse),
        cmocka_unit_test(test_selector_matches),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
