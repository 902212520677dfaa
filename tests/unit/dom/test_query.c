/* dom/query.h: from one set of nodes to another, each node once. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <cmocka.h>
#include "dom/query.h"

typedef struct env {
    br_dom *dom;
    br_arena arena;
    br_matcher matcher;
} env;

static int set_up(void **state)
{
    env *e = BR_NEW(env);
    br_arena_init(&e->arena, 1024);
    br_matcher_init(&e->matcher, NULL);
    *state = e;
    return br_dom_parse(
               BR_STR("<ul id=u><li id=a class=m>1<li id=b><i id=i>x</i><li id=c class=m><li id=d></ul>"),
               &e->dom, NULL) == BR_OK
               ? 0
               : -1;
}

static int tear_down(void **state)
{
    env *e = *state;
    br_matcher_deinit(&e->matcher);
    br_arena_deinit(&e->arena);
    br_dom_unref(e->dom);
    br_free(e);
    return 0;
}

static br_pick pick(env *e, const char *selector)
{
    br_pick p = {.matcher = &e->matcher};
    assert_int_equal(br_css_parse(br_str_of(selector), &e->arena, NULL, &p.selector), BR_OK);
    return p;
}

static br_nodes find(env *e, const char *selector)
{
    br_nodes root = {0}, out = {0};
    *br_vec_push(&root) = br_dom_root(e->dom);
    br_pick p = pick(e, selector);
    br_query_find(e->dom, &root, &p, false, &out);
    br_nodes_deinit(&root);
    return out;
}

static void assert_set(br_nodes *set, const char *want)
{
    br_buf out;
    br_buf_init(&out, BR_BUF_NO_LIMIT);
    (void) br_buf_puts(&out, "");
    for (size_t i = 0; i < set->len; i++) {
        br_str id = br_dom_attr_or_empty(set->data[i], "id");
        (void) br_buf_printf(&out, "%s" BR_FMT, i ? " " : "", BR_ARG(id.n ? id : br_dom_name(set->data[i])));
    }
    assert_string_equal(out.data, want);
    br_buf_deinit(&out);
    br_nodes_deinit(set);
}

static void assert_walk(
    env *e, const char *from, br_way way, const char *until, const char *filter, const char *want)
{
    br_nodes set = find(e, from), out = {0};
    br_pick u = {0}, f = {0};
    if (until) u = pick(e, until);
    if (filter) f = pick(e, filter);
    br_query_walk(e->dom, &set, way, until ? &u : NULL, filter ? &f : NULL, &out);
    br_nodes_deinit(&set);
    assert_set(&out, want);
}

static void walks(void **state)
{
    env *e = *state;
    assert_walk(e, "#u", BR_WAY_CHILDREN, NULL, NULL, "a b c d");
    assert_walk(e, "#u", BR_WAY_CHILDREN, NULL, ".m", "a c");
    assert_walk(e, "#a", BR_WAY_CONTENTS, NULL, NULL, "#text");
    assert_walk(e, "li", BR_WAY_PARENT, NULL, NULL, "u");
    assert_walk(e, "#i", BR_WAY_PARENTS, NULL, NULL, "b u body html");
    assert_walk(e, "#i", BR_WAY_PARENTS, "body", NULL, "b u");
    assert_walk(e, "html", BR_WAY_PARENT, NULL, NULL, "");
    assert_walk(e, "li", BR_WAY_NEXT, NULL, NULL, "b c d");
    assert_walk(e, "#a", BR_WAY_NEXT_ALL, NULL, NULL, "b c d");
    assert_walk(e, "#a", BR_WAY_NEXT_ALL, "#d", ".m", "c");
    assert_walk(e, "#d", BR_WAY_PREV, NULL, NULL, "c");
    assert_walk(e, "#d", BR_WAY_PREV_ALL, NULL, NULL, "c b a");
    assert_walk(e, "#b", BR_WAY_SIBLINGS, NULL, NULL, "a c d");
}

static void finds_each_once(void **state)
{
    env *e = *state;
    br_nodes from = find(e, "body, ul, li"), out = {0}, one = {0}, inside = {0}, wanted = find(e, "#i, #u");
    br_pick p = pick(e, "i, li"), set = {.set = &wanted};
    br_query_find(e->dom, &from, &p, false, &out);
    assert_set(&out, "a b i c d");
    br_query_find(e->dom, &from, &p, true, &one);
    assert_set(&one, "a");
    br_nodes_deinit(&from);
    from = find(e, "#b");
    br_query_find(e->dom, &from, &set, false, &inside);
    assert_set(&inside, "i");
    br_nodes_deinit(&from);
    br_nodes_deinit(&wanted);
}

static void picks(void **state)
{
    env *e = *state;
    br_nodes from = find(e, "li, i"), closest = {0}, with = {0}, without = {0}, has = {0}, sum = {0},
             ul = find(e, "ul, i");
    br_pick m = pick(e, ".m, ul"), i = pick(e, "i");
    br_query_closest(e->dom, &from, &m, &closest);
    assert_set(&closest, "a u c");
    br_query_filter(&from, &m, true, &with);
    assert_set(&with, "a c");
    br_query_filter(&from, &m, false, &without);
    assert_set(&without, "b i d");
    br_query_has(e->dom, &from, &i, &has);
    assert_set(&has, "b");
    br_query_add(e->dom, &from, &ul, &sum);
    assert_set(&sum, "a b i c d u");
    br_nodes_deinit(&from);
    br_nodes_deinit(&ul);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(walks, set_up, tear_down),
        cmocka_unit_test_setup_teardown(finds_each_once, set_up, tear_down),
        cmocka_unit_test_setup_teardown(picks, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
