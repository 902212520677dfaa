/* dom/css.h: k6's selectors; which elements match, and what matches nothing. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <cmocka.h>
#include "dom/css.h"

static const char page[] =
    "<div id=root class='a b' lang=de-CH><p id=p1 class=x>one <b id=b1>Bold \xC3\x89T\xC3\x89</b></p><!-- c -->"
    "<p id=p2 title='T t-u'>two</p><p id=p3 class='x y' data-n=12></p></div>"
    "<form id=f><input id=i1 name=csrf type=hidden value=v><input id=i2 type=checkbox checked>"
    "<fieldset id=fs disabled><input id=i3></fieldset><select id=s><option id=o1 selected>1<option id=o2>2"
    "</select><a id=a1 href=/x>l</a><a id=a2>m</a></form>";

/* A stand-in: a pattern matches the text that it is part of; "(" is none. */
static void *compile(void *ctx, br_str pattern)
{
    return br_str_is(pattern, "*") ? NULL : br_arena_cstr(ctx, pattern);
}

static bool matches(void *ctx, void *regex, br_str text)
{
    (void) ctx;
    return br_str_find(text, br_str_of(regex)) >= 0;
}

/* The ids of what matches, with blanks between them; "-" if the selector is not valid. */
static void assert_ids(const char *selector, const char *want)
{
    br_dom *dom = NULL;
    assert_int_equal(br_dom_parse(br_str_of(page), &dom, NULL), BR_OK);
    br_arena arena;
    br_arena_init(&arena, 1024);
    br_regex_engine engine = {compile, matches, &arena};
    br_buf out;
    br_buf_init(&out, BR_BUF_NO_LIMIT);
    (void) br_buf_puts(&out, "");
    br_matcher m;
    br_matcher_init(&m, &engine);
    const br_css *css;
    bool valid = br_css_parse(br_str_of(selector), &arena, &engine, &css) == BR_OK;
    if (!valid) (void) br_buf_putc(&out, '-');
    const br_dom_node *root = br_dom_root(dom);
    for (const br_dom_node *n = root; n && valid; n = br_dom_next(n, root)) {
        if (!br_css_matches(&m, css, n)) continue;
        br_str id = br_dom_attr_or_empty(n, "id");
        if (out.len) (void) br_buf_putc(&out, ' ');
        (void) br_buf_put(&out, id.n ? id : br_dom_name(n));
    }
    (void) br_buf_putc(&out, 0);
    if (strcmp(out.data, want) != 0) fail_msg("%s: got \"%s\", want \"%s\"", selector, out.data, want);
    assert_false(m.exhausted);
    br_matcher_deinit(&m);
    br_buf_deinit(&out);
    br_arena_deinit(&arena);
    br_dom_unref(dom);
}

static void names_ids_classes(void **state)
{
    (void) state;
    assert_ids("p", "p1 p2 p3");
    assert_ids("P.x", "p1 p3");
    assert_ids(".x.y", "p3");
    assert_ids("#root.b", "root");
    assert_ids("#ro\\6ft", "root");
    assert_ids("b, #p2 , head", "head b1 p2");
    assert_ids("/* c */ p /* d */ b", "b1");
}

static void combinators(void **state)
{
    (void) state;
    assert_ids("div b", "b1");
    assert_ids("div > b", "");
    assert_ids("div>p>b", "b1");
    assert_ids("p + p", "p2 p3");
    assert_ids("#p1 ~ p", "p2 p3");
    assert_ids("html > body form option:last-child", "o2");
}

static void attributes(void **state)
{
    (void) state;
    assert_ids("[title]", "p2");
    assert_ids("input[name=csrf]", "i1");
    assert_ids("input[ name = 'csrf' ]", "i1");
    assert_ids("[TYPE=\"hidden\"]", "i1");
    assert_ids("p[class~=y]", "p3");
    assert_ids("p[title|=T]", "");
    assert_ids("div[lang|=de]", "root");
    assert_ids("p[title^=T]", "p2");
    assert_ids("p[title$='-u']", "p2");
    assert_ids("p[title*='t-']", "p2");
    assert_ids("p[class!=x]", "p2 p3");
    assert_ids("[title='t T-U' i]", "p2");
    assert_ids("[id#=o[12]]", "");
    assert_ids("[id#=oo]", "root");
    assert_ids("[id#=\"oo\"]", "");
    assert_ids("[id#=*]", "-");
    assert_ids("p[data-n=12]", "-");
    assert_ids("p[data-n='12']", "p3");
}

static void places(void **state)
{
    (void) state;
    assert_ids("p:first-child", "p1");
    assert_ids("p:last-child", "p3");
    assert_ids("p:nth-child(2)", "p2");
    assert_ids("p:nth-child(odd)", "p1 p3");
    assert_ids("p:nth-child( 2n+1 )", "p1 p3");
    assert_ids("p:nth-child(-n + 2)", "p1 p2");
    assert_ids("p:nth-last-child(1)", "p3");
    assert_ids("a:nth-of-type(2)", "a2");
    assert_ids("a:nth-last-of-type(2)", "a1");
    assert_ids("input:first-of-type", "i1 i3");
    assert_ids("b:only-child", "b1");
    assert_ids("select:only-of-type", "s");
    assert_ids(":root", "html");
    assert_ids("p:empty", "p3");
}

static void other_pseudo_classes(void **state)
{
    (void) state;
    assert_ids("p:not(.x)", "p2");
    assert_ids("p:not(.x, #p2)", "");
    assert_ids("div:has(b)", "root");
    assert_ids("div:haschild(b)", "");
    assert_ids("p:haschild(b)", "p1");
    assert_ids("p:contains('BOLD \xC3\xA9t')", "p1");
    assert_ids("p:containsown(Bold)", "");
    assert_ids("p:containsown(TWO)", "p2");
    assert_ids("p:matches(two)", "p2");
    assert_ids("p:matches(\"two\")", "");
    assert_ids("p:matchesown(old)", "");
    assert_ids("form > :input", "i1 i2 s");
    assert_ids(":link", "a1");
    assert_ids("b:lang(de)", "b1");
    assert_ids("input:enabled", "i1 i2");
    assert_ids(":disabled", "fs i3");
    assert_ids(":checked", "i2 o1");
    assert_ids("a:hover", "");
    assert_ids("a:NOT(:hover)", "a1 a2");
}

static void what_is_not_valid_matches_nothing(void **state)
{
    (void) state;
    static const char *const bad[] = {"", " ", "p:::bad", "p::before", "p:first", "p:eq(0)", "p >", ">", ",p",
        "p,", "p[", "p[a", "p[a=", "p[a=b", "p[a?=b]", ":not(", ":not()", ":nth-child(x)", ":nth-child(2",
        "p)", "#", ".", "..", "a:b", "p:has(> b)", "[a='b]", "[a=\"b\n\"]", "\\", ":nth-child(99999999999)",
        "1", "--x"};
    for (size_t i = 0; i < BR_COUNT_OF(bad); i++)
        assert_ids(bad[i], "-");
}

static void depth_is_limited(void **state)
{
    (void) state;
    br_buf text;
    br_buf_init(&text, BR_BUF_NO_LIMIT);
    for (int i = 0; i < 10000; i++)
        (void) br_buf_puts(&text, ":not(");
    assert_ids(text.data, "-");
    br_buf_reset(&text);
    for (int i = 0; i < 10000; i++)
        (void) br_buf_puts(&text, "p ");
    assert_ids(text.data, "-");
    br_buf_deinit(&text);
}

/* Backtracking over many ancestors ends, and says so. */
static void time_is_limited(void **state)
{
    (void) state;
    br_buf html;
    br_buf_init(&html, BR_BUF_NO_LIMIT);
    for (int i = 0; i < 500; i++)
        (void) br_buf_puts(&html, "<div>");
    br_dom *dom;
    assert_int_equal(br_dom_parse(br_buf_view(&html), &dom, NULL), BR_OK);
    br_arena arena;
    br_arena_init(&arena, 1024);
    br_matcher m;
    br_matcher_init(&m, NULL);
    m.steps = 100000;
    const br_css *css;
    assert_int_equal(br_css_parse(BR_STR("p div div div div div div"), &arena, NULL, &css), BR_OK);
    const br_dom_node *node = br_dom_root(dom)->first->last;
    while (node->first)
        node = node->first;
    assert_false(br_css_matches(&m, css, node));
    assert_true(m.exhausted);
    br_matcher_deinit(&m);
    br_arena_deinit(&arena);
    br_dom_unref(dom);
    br_buf_deinit(&html);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_ids_classes),
        cmocka_unit_test(combinators),
        cmocka_unit_test(attributes),
        cmocka_unit_test(places),
        cmocka_unit_test(other_pseudo_classes),
        cmocka_unit_test(what_is_not_valid_matches_nothing),
        cmocka_unit_test(depth_is_limited),
        cmocka_unit_test(time_is_limited),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
