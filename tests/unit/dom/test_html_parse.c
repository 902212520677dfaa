/* dom/dom.h: trees by the rules of the HTML standard, shown in the form of Go's html.Render. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <cmocka.h>
#include "dom/dom.h"

static br_dom *parse(br_str html)
{
    br_dom *dom = NULL;
    br_err err = {0};
    if (br_dom_parse(html, &dom, &err) != BR_OK) fail_msg("%s", err.msg);
    return dom;
}

static void assert_tree(const char *html, const char *want)
{
    br_dom *dom = parse(br_str_of(html));
    br_buf out;
    br_buf_init(&out, BR_BUF_NO_LIMIT);
    br_dom_put_inner(br_dom_root(dom), &out);
    if (!br_str_is(br_buf_view(&out), want)) fail_msg("%s\n got %s\nwant %s", html, out.data, want);
    br_buf_deinit(&out);
    br_dom_unref(dom);
}

#define BODY(html) "<html><head></head><body>" html "</body></html>"

static void implies_what_is_left_out(void **state)
{
    (void) state;
    assert_tree("", BODY(""));
    assert_tree("text", BODY("text"));
    assert_tree("<!DOCTYPE html><title>t</title><p>x",
        "<!DOCTYPE html><html><head><title>t</title></head><body><p>x</p></body></html>");
    assert_tree("<table><tr><td>1<td>2<tr><th>3</table>",
        BODY("<table><tbody><tr><td>1</td><td>2</td></tr><tr><th>3</th></tr></tbody></table>"));
    assert_tree(
        "<ul><li>a<li>b<ul><li>c</ul></ul>", BODY("<ul><li>a</li><li>b<ul><li>c</li></ul></li></ul>"));
    assert_tree("<p>a<p>b<div>c</div>d", BODY("<p>a</p><p>b</p><div>c</div>d"));
    assert_tree("<select><option>1<option>2<optgroup label=g><option>3</select>",
        BODY("<select><option>1</option><option>2</option><optgroup label=\"g\"><option>3</option></optgroup>"
             "</select>"));
    assert_tree("<dl><dt>a<dd>b<dt>c</dl>", BODY("<dl><dt>a</dt><dd>b</dd><dt>c</dt></dl>"));
}

static void mends_what_is_misnested(void **state)
{
    (void) state;
    assert_tree("<b>x<i>y</b>z</i>", BODY("<b>x<i>y</i></b><i>z</i>"));
    assert_tree("<a href=1>x<a href=2>y", BODY("<a href=\"1\">x</a><a href=\"2\">y</a>"));
    assert_tree("<b><p>x</b>y</p>", BODY("<b></b><p><b>x</b>y</p>"));
    assert_tree("<table>x<tr><td>y</table>", BODY("x<table><tbody><tr><td>y</td></tr></tbody></table>"));
    assert_tree("x</p></br></div>", BODY("x<p></p><br/>"));
    assert_tree("<form><form><input></form></form>", BODY("<form><input/></form>"));
    assert_tree("<h1>a<h2>b", BODY("<h1>a</h1><h2>b</h2>"));
    assert_tree("<html lang=a><html id=b><body c=d>",
        "<html lang=\"a\" id=\"b\"><head></head><body c=\"d\"></body></html>");
}

static void knows_void_and_raw_elements(void **state)
{
    (void) state;
    assert_tree("<br><img src=a><hr>x</input>", BODY("<br/><img src=\"a\"/><hr/>x"));
    assert_tree("<script>a<b && \"</p>\" <!-- <script> </script> --> x</script>y",
        "<html><head><script>a<b && \"</p>\" <!-- <script> </script> --> x</script></head><body>y</body></html>");
    assert_tree(
        "<title>a<b>&amp;</title>", "<html><head><title>a&lt;b&gt;&amp;</title></head><body></body></html>");
    assert_tree("x<noscript><img></noscript>", BODY("x<noscript><img></noscript>"));
    assert_tree("<textarea>\n\n<b></textarea>", BODY("<textarea>\n\n&lt;b&gt;</textarea>"));
    assert_tree("<pre>\nx</pre>", BODY("<pre>x</pre>"));
    assert_tree("x<style>p>a{}</style>", BODY("x<style>p>a{}</style>"));
    assert_tree("x<template><tr><td>y</template>", BODY("x<template><tr><td>y</td></tr></template>"));
}

static void decodes_references(void **state)
{
    (void) state;
    assert_tree("&eacute;&#233;&#xE9;&amp;amp;&notit;&copy &nGt;&#128;&#0;&;&x;&#;",
        BODY(
            "\xC3\xA9\xC3\xA9\xC3\xA9&amp;amp;\xC2\xACit;\xC2\xA9 \xE2\x89\xAB\xE2\x83\x92\xE2\x82\xAC\xEF\xBF\xBD&amp;;"
            "&amp;x;&amp;#;"));
    assert_tree("<a href='?a=1&copy=2&amp;b&lt;'>", BODY("<a href=\"?a=1&amp;copy=2&amp;b&lt;\"></a>"));
}

static void knows_comments_and_doctypes(void **state)
{
    (void) state;
    assert_tree("<!--a--><!-->x<!--b--!>y<?php z ?><!-- open",
        "<!--a--><!----><html><head></head><body>x<!--b-->y<!--?php z ?--><!-- open--></body></html>");
    assert_tree(
        "<!DOCTYPE html PUBLIC \"-//W3C//DTD HTML 4.01//EN\" \"http://www.w3.org/TR/html4/strict.dtd\">",
        "<!DOCTYPE html PUBLIC \"-//W3C//DTD HTML 4.01//EN\" \"http://www.w3.org/TR/html4/strict.dtd\">" BODY(
            ""));
    /* A page without doctype is in quirks mode: a table does not end a paragraph. */
    assert_tree("<p><table>", BODY("<p><table></table></p>"));
    assert_tree("<!doctype html><p><table>", "<!DOCTYPE html>" BODY("<p></p><table></table>"));
}

static void keeps_foreign_elements_apart(void **state)
{
    (void) state;
    assert_tree("<svg viewbox=1><lineargradient/><a xlink:href=x></svg><p>",
        BODY("<svg viewBox=\"1\"><linearGradient></linearGradient><a xlink:href=\"x\"></a></svg><p></p>"));
    assert_tree("<svg><title></section></p>", BODY("<svg><title><p></p></title></svg>"));
    assert_tree("<svg><![CDATA[a<b]]></svg>", BODY("<svg>a&lt;b</svg>"));
    assert_tree("<math><mi>x<p>y</mi></math>", BODY("<math><mi>x<p>y</p></mi></math>"));
}

static void survives_zero_bytes_and_ends(void **state)
{
    (void) state;
    static const char html[] = "a\0b<p title='\0'>\r\nx\ry<a hre";
    br_dom *dom = parse((br_str){html, sizeof(html) - 1});
    br_buf out;
    br_buf_init(&out, BR_BUF_NO_LIMIT);
    br_dom_put_inner(br_dom_root(dom), &out);
    assert_string_equal(out.data, BODY("ab<p title=\"\xEF\xBF\xBD\">\nx\ny</p>"));
    br_buf_deinit(&out);
    br_dom_unref(dom);
}

/* Go gives up at 512 open elements, and k6 with it. */
static void limits_what_is_open(void **state)
{
    (void) state;
    br_buf html;
    br_buf_init(&html, BR_BUF_NO_LIMIT);
    for (int i = 0; i < 100000; i++)
        (void) br_buf_puts(&html, "<div>");
    br_dom *dom = NULL;
    br_err err = {0};
    assert_int_equal(br_dom_parse(br_buf_view(&html), &dom, &err), BR_ELIMIT);
    assert_string_equal(err.msg, "html: open stack of elements exceeds 512 nodes");
    assert_null(dom);
    html.len = 510 * 5; /* with html and body that is 512 */
    dom = parse(br_buf_view(&html));
    assert_int_equal(br_dom_node_count(dom), 1 + 3 + 510);
    br_dom_unref(dom);
    br_buf_deinit(&html);
}

/* 500 formatting elements are opened again in every paragraph. */
static void limits_the_number_of_nodes(void **state)
{
    (void) state;
    br_buf html;
    br_buf_init(&html, BR_BUF_NO_LIMIT);
    (void) br_buf_puts(&html, "<p>");
    for (int i = 0; i < 500; i++)
        (void) br_buf_printf(&html, "<b id=%d>", i);
    for (int i = 0; i < 2100; i++)
        (void) br_buf_puts(&html, "</p><p>x");
    br_dom *dom = NULL;
    br_err err = {0};
    assert_int_equal(br_dom_parse(br_buf_view(&html), &dom, &err), BR_ELIMIT);
    assert_string_equal(err.msg, "html: the document has more than 1000000 nodes");
    br_buf_deinit(&html);
}

static void numbers_nodes(void **state)
{
    (void) state;
    br_dom *dom = parse(BR_STR("<div>a<p><i></i></p><p></p></div>"));
    const br_dom_node *root = br_dom_root(dom), *div = root->first->last->first;
    uint32_t n = 0;
    for (const br_dom_node *node = root; node; node = br_dom_next(node, root))
        assert_int_equal(node->order, n++);
    assert_int_equal(n, br_dom_node_count(dom));
    assert_int_equal(div->last->index, 2);
    assert_true(br_dom_contains(div, div->last));
    assert_false(br_dom_contains(div, div));
    assert_false(br_dom_contains(div->last, div));
    br_dom_unref(dom);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(implies_what_is_left_out),
        cmocka_unit_test(mends_what_is_misnested),
        cmocka_unit_test(knows_void_and_raw_elements),
        cmocka_unit_test(decodes_references),
        cmocka_unit_test(knows_comments_and_doctypes),
        cmocka_unit_test(keeps_foreign_elements_apart),
        cmocka_unit_test(survives_zero_bytes_and_ends),
        cmocka_unit_test(limits_what_is_open),
        cmocka_unit_test(limits_the_number_of_nodes),
        cmocka_unit_test(numbers_nodes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
