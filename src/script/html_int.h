/*
 * script/html_int.h - what the files of k6/html share.
 *
 * What: native parts of Selection and Element, and searches with k6's selectors.
 * Threads: of the VU.
 * Memory: both hold a reference to their document; classes and prototypes are made in a VU when it first
 * parses HTML.
 */
#pragma once
#include "dom/query.h"
#include "script/js.h"

typedef struct br_js_selection {
    br_dom *dom;
    br_nodes nodes;
    JSValue url;  /* string: what links are relative to; "" if unknown */
    JSValue prev; /* Selection that end() goes back to, or JS_UNDEFINED */
} br_js_selection;

typedef struct br_js_element {
    br_dom *dom;
    const br_dom_node *node;
    JSValue url;
} br_js_element;

/* Registers the classes in this VU unless that was done. -1: exception. */
int br_js_html_prepare(JSContext *ctx);

/* NULL, without exception: v is none. */
br_js_selection *br_js_selection_of(JSValueConst v);
br_js_element *br_js_element_of(JSValueConst v);

/* Takes the nodes, and references to the rest. `prev` may be JS_UNDEFINED. */
JSValue br_js_selection_new(
    JSContext *ctx, br_dom *dom, JSValueConst url, JSValueConst prev, br_nodes *nodes);
JSValue br_js_element_new(
    JSContext *ctx, br_dom *dom, const br_dom_node *node, JSValueConst url); /* NULL: undefined */
JSValue br_js_element_list(
    JSContext *ctx, br_dom *dom, const br_nodes *nodes, JSValueConst url); /* an array */
JSValue br_js_element_base_proto(JSContext *ctx);                          /* of all types */
JSValue br_js_typed_proto(
    JSContext *ctx, br_dom_tag tag); /* html_typed.c: new; JS_UNDEFINED: none of its own */

/* A search: a selector with what it needs. */
typedef struct br_js_search {
    JSContext *ctx;
    br_arena arena;
    br_matcher matcher;
    br_regex_engine engine;
    BR_VEC(JSValue) regexes;
    bool failed; /* an exception is pending */
    br_pick pick;
    br_nodes own;
} br_js_search;
void br_js_search_begin(br_js_search *s, JSContext *ctx);
void br_js_search_text(br_js_search *s, br_str selector);
/* What to search for: a selector, a Selection or an Element. -1: exception. */
int br_js_search_take(br_js_search *s, const br_dom *dom, JSValueConst what);
/* Only a selector: any value becomes text. -1: exception. */
int br_js_search_take_text(br_js_search *s, JSValueConst what);
/* Releases it. `result`, or an exception if the search failed. */
JSValue br_js_search_end(br_js_search *s, JSValue result);
/* Descendants of `node` by a selector that is part of this program. */
void br_js_find_all(
    JSContext *ctx, const br_dom *dom, const br_dom_node *node, br_str selector, br_nodes *out);

/* Values (html_values.c); the string results are of one node. */
JSValue br_js_inner_html(JSContext *ctx, const br_dom_node *node);
JSValue br_js_text_of(JSContext *ctx, const br_nodes *nodes);
JSValue br_js_value_or_html(JSContext *ctx, const br_dom_node *node);
JSValue br_js_selection_val(JSContext *ctx, const br_js_selection *s);
JSValue br_js_selection_data(JSContext *ctx, const br_js_selection *s, int argc, JSValueConst *argv);
/* Names and values of a form, each at most once; of what the selection holds or, if a form is in it, finds.
 */
JSValue br_js_serialize_object(JSContext *ctx, const br_js_selection *s);
extern const JSCFunctionListEntry br_js_selection_entries[];
extern const int br_js_selection_entry_count;
extern const JSCFunctionListEntry br_js_selection_value_entries[];
extern const int br_js_selection_value_entry_count;
extern const JSCFunctionListEntry br_js_element_entries[];
extern const int br_js_element_entry_count;

/* A document whose memory counts for the limit of the virtual user. Throws at a limit; *ret gets one
 * reference. */
BR_NODISCARD int br_js_html_parse(JSContext *ctx, br_str html, br_dom **ret);
/* The document as a Selection; a reference is taken. */
JSValue br_js_document(JSContext *ctx, br_dom *dom, JSValueConst url);
