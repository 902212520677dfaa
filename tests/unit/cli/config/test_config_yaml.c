#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include "base/buf.h"
#include "cli/config/config_yaml.h"

typedef struct parsed {
    br_arena arena;
    br_yaml_node *root;
    br_err err;
    br_code code;
} parsed;

static parsed parse(br_str text)
{
    parsed p = {0};
    br_arena_init(&p.arena, 1024);
    p.code = br_yaml_parse("f.yaml", text, &p.arena, &p.root, NULL, &p.err);
    return p;
}

static void nodes_know_their_place(void **state)
{
    (void) state;
    parsed p = parse(BR_STR("a: 1\nlist:\n  - x\n  - \"q\"\n\xc3\xa4: { k: v }\n"));
    assert_int_equal(p.code, BR_OK);
    assert_int_equal(p.root->kind, BR_YAML_MAP);
    assert_int_equal(p.root->count, 3);
    const br_yaml_node *list = br_yaml_get(p.root, "list");
    assert_int_equal(list->kind, BR_YAML_LIST);
    assert_int_equal(list->count, 2);
    assert_int_equal(list->last->value->mark.line, 4);
    assert_int_equal(list->last->value->mark.column, 5);
    assert_false(list->last->value->plain);
    assert_true(list->first->value->plain);
    assert_null(list->first->key);
    const br_yaml_node *v = br_yaml_get(br_yaml_get(p.root, "\xc3\xa4"), "k");
    assert_string_equal(v->text.p, "v");
    assert_int_equal(v->mark.line, 5);
    assert_int_equal(v->mark.column, 9); /* characters, not bytes */
    assert_null(br_yaml_get(p.root, "absent"));
    br_arena_deinit(&p.arena);
}

static void aliases_share_a_node(void **state)
{
    (void) state;
    parsed p = parse(BR_STR("a: &x [1, 2]\nb: *x\nc: &x 3\nd: *x\n"));
    assert_int_equal(p.code, BR_OK);
    assert_ptr_equal(br_yaml_get(p.root, "a"), br_yaml_get(p.root, "b"));
    assert_string_equal(br_yaml_get(p.root, "d")->text.p, "3"); /* the latest of a name */
    br_arena_deinit(&p.arena);
}

/* A billion laughs: each level names the one before nine times. Cheap, for nothing is copied. */
static void alias_bombs_do_not_grow(void **state)
{
    (void) state;
    br_buf text;
    br_buf_init(&text, 1 << 16);
    (void) br_buf_puts(&text, "a0: &a0 [x,x,x,x,x,x,x,x,x]\n");
    for (int i = 1; i < 60; i++) {
        (void) br_buf_printf(&text, "a%d: &a%d [", i, i);
        for (int k = 0; k < 9; k++) {
            (void) br_buf_printf(&text, "%s*a%d", k ? "," : "", i - 1);
        }
        (void) br_buf_puts(&text, "]\n");
    }
    parsed p = parse(br_buf_view(&text));
    assert_int_equal(p.code, BR_OK);
    br_arena_deinit(&p.arena);
    br_buf_deinit(&text);
}

static void scalars_that_are_nothing(void **state)
{
    (void) state;
    parsed p = parse(BR_STR("a:\nb: ~\nc: null\nd: 'null'\ne: ''\n"));
    assert_int_equal(p.code, BR_OK);
    assert_true(br_yaml_is_null(br_yaml_get(p.root, "a")));
    assert_true(br_yaml_is_null(br_yaml_get(p.root, "b")));
    assert_true(br_yaml_is_null(br_yaml_get(p.root, "c")));
    assert_false(br_yaml_is_null(br_yaml_get(p.root, "d")));
    assert_false(br_yaml_is_null(br_yaml_get(p.root, "e")));
    assert_string_equal(br_yaml_describe(br_yaml_get(p.root, "a")), "nothing");
    br_arena_deinit(&p.arena);
}

static void mistakes_have_place_and_remedy(void **state)
{
    (void) state;
    static const struct {
        br_str text;
        br_code code;
        const char *place, *holds;
    } cases[] = {
        {BR_STR_INIT(""), BR_ESYNTAX, "f.yaml:1:1: ", "empty"},
        {BR_STR_INIT("# only a remark\n"), BR_ESYNTAX, "f.yaml:1:1: ", "empty"},
        {BR_STR_INIT("a: 1\nb: 2\na: 3\n"), BR_EINVAL,
            "f.yaml:3:1: ", "duplicate key \"a\", first given in line 1"},
        {BR_STR_INIT("x: { k: 1, k: 2 }\n"), BR_EINVAL, "f.yaml:1:12: ", "duplicate key \"k\""},
        {BR_STR_INIT("a: [1, 2\nb: 3\n"), BR_ESYNTAX, "f.yaml:2:", "that begins in line 1"},
        {BR_STR_INIT("a:\n\tb: 1\n"), BR_ESYNTAX, "f.yaml:2:1: ", "indent with blanks, not with tabs"},
        {BR_STR_INIT("a: \"open\n"), BR_ESYNTAX, "f.yaml:2:1: ", "not valid YAML"},
        {BR_STR_INIT("a: b: c\n"), BR_ESYNTAX, "f.yaml:1:5: ", "not valid YAML"},
        {BR_STR_INIT("a: 1\nb: \xff\n"), BR_ESYNTAX, "f.yaml:2:4: ", "UTF-8"},
        {BR_STR_INIT("a: 1\0\n"), BR_ESYNTAX, "f.yaml:1:5: ", "control characters are not allowed"},
        {BR_STR_INIT("a: 1\n---\nb: 2\n"), BR_EUNSUPPORTED, "f.yaml:2:4: ", "second document"},
        {BR_STR_INIT("a: *nowhere\n"), BR_EINVAL, "f.yaml:1:4: ", "unknown alias \"nowhere\""},
        {BR_STR_INIT("a: &a [*a]\n"), BR_EINVAL, "f.yaml:1:8: ", "unknown alias \"a\""},
        {BR_STR_INIT("a: &a {k: 1}\nb: { <<: *a }\n"), BR_EUNSUPPORTED, "f.yaml:2:6: ", "merge keys"},
        {BR_STR_INIT("a: !!int 5\n"), BR_EUNSUPPORTED, "f.yaml:1:4: ", "tags"},
        {BR_STR_INIT("? [1, 2]\n: 3\n"), BR_EUNSUPPORTED, "f.yaml:1:3: ", "a key must be a name, not a list"},
        {BR_STR_INIT("[[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]]"), BR_ELIMIT,
            "f.yaml:1:17: ", "more than 16 levels"},
    };
    for (size_t i = 0; i < BR_COUNT_OF(cases); i++) {
        parsed p = parse(cases[i].text);
        if (p.code != cases[i].code || !strstr(p.err.msg, cases[i].holds) ||
            strncmp(p.err.msg, cases[i].place, strlen(cases[i].place)) != 0) {
            fail_msg("case %zu: %s: %s", i, br_code_name(p.code), p.err.msg);
        }
        assert_null(p.root);
        assert_non_null(strstr(p.err.msg, "; ")); /* the remedy */
        br_arena_deinit(&p.arena);
    }
}

static parsed parse_repeated(const char *head, const char *fmt, unsigned times)
{
    br_buf text;
    br_buf_init(&text, 4 << 20);
    (void) br_buf_puts(&text, head);
    for (unsigned i = 0; i < times; i++) {
        for (const char *c = fmt; *c; c++) {
            (void) (*c == '#' ? br_buf_put_u64(&text, i) : br_buf_putc(&text, *c));
        }
    }
    parsed p = parse(br_buf_view(&text));
    br_buf_deinit(&text);
    return p;
}

static void sizes_are_limited(void **state)
{
    (void) state;
    static const struct {
        const char *head, *entry;
        unsigned fits;
        const char *holds;
    } cases[] = {
        {"", "k#: 1\n", BR_YAML_KEYS_MAX, "more than 256 keys"},
        {"", "- x\n", BR_YAML_NODES_MAX - 1, "more than 100000 values"}, /* and the list itself */
        {"", "- &n# x\n", BR_YAML_ANCHORS_MAX, "more than 100 anchors"},
    };
    for (size_t i = 0; i < BR_COUNT_OF(cases); i++) {
        parsed p = parse_repeated(cases[i].head, cases[i].entry, cases[i].fits);
        assert_int_equal(p.code, BR_OK);
        br_arena_deinit(&p.arena);
        p = parse_repeated(cases[i].head, cases[i].entry, cases[i].fits + 1);
        assert_int_equal(p.code, BR_ELIMIT);
        assert_non_null(strstr(p.err.msg, cases[i].holds));
        br_arena_deinit(&p.arena);
    }
}

static void quotes_are_short_and_printable(void **state)
{
    (void) state;
    br_arena a;
    br_arena_init(&a, 256);
    assert_string_equal(br_yaml_quote(&a, BR_STR("plain")), "\"plain\"");
    assert_string_equal(br_yaml_quote(&a, BR_STR_NONE), "\"\"");
    assert_string_equal(br_yaml_quote(&a, BR_STR("a\x1b[31m\n")), "\"a?[31m?\"");
    char text[80];
    memset(text, 'x', sizeof(text));
    text[59] = '\xc3'; /* a character across the cut */
    text[60] = '\xa4';
    const char *quoted = br_yaml_quote(&a, (br_str){text, sizeof(text)});
    assert_int_equal(strlen(quoted), 59 + 5);
    assert_string_equal(quoted + 58, "xx...\"");
    br_arena_deinit(&a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nodes_know_their_place),
        cmocka_unit_test(aliases_share_a_node),
        cmocka_unit_test(alias_bombs_do_not_grow),
        cmocka_unit_test(scalars_that_are_nothing),
        cmocka_unit_test(mistakes_have_place_and_remedy),
        cmocka_unit_test(sizes_are_limited),
        cmocka_unit_test(quotes_are_short_and_printable),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
