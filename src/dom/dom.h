/*
 * dom/dom.h - HTML documents as trees of nodes.
 *
 * What: br_dom_parse() builds the tree that the HTML standard describes (section 13.2), as browsers with
 * scripting do: noscript holds text, the content of a template stands in the template itself, as in Go's
 * x/net/html. Why here: scripts look for tokens, links and forms in the pages that they load, in the middle
 * of a load test: parsing takes about as long as looking at every byte a few times, and a document is one
 * arena. Threads: a document belongs to one thread. Memory: nodes, names and texts live in the document's
 * arena until its last reference goes. Invariants: a tree never changes after br_dom_parse(); numbers of
 * nodes follow their order in the text. All walks are loops: depth costs no stack.
 */
#pragma once
#include "base/buf.h"
#include "base/err.h"
#include "dom/tags.h"

#define BR_DOM_MAX_BYTES ((size_t) 64 << 20) /* of a text to parse */
#define BR_DOM_MAX_NODES 1000000u            /* misnested formatting multiplies nodes */
#define BR_DOM_MAX_OPEN  512                 /* open elements at a time, as in Go's x/net/html */
#define BR_DOM_MAX_ATTRS 250u                /* of an element; further ones are ignored */

typedef enum br_dom_kind {
    BR_DOM_DOCUMENT,
    BR_DOM_ELEMENT,
    BR_DOM_TEXT,
    BR_DOM_COMMENT,
    BR_DOM_DOCTYPE
} br_dom_kind;
typedef enum br_dom_ns { BR_NS_HTML, BR_NS_SVG, BR_NS_MATH } br_dom_ns;

typedef struct br_dom_attr {
    br_str prefix; /* "xlink", "xml", "xmlns" in foreign elements; else empty */
    br_str name;   /* lower case, except some of SVG */
    br_str value;
} br_dom_attr;

typedef struct br_dom_node br_dom_node;
struct br_dom_node {
    br_dom_node *parent, *first, *last, *prev, *next;
    br_str text; /* name of an element or doctype; else the text */
    br_dom_attr *attrs;
    uint32_t attr_count;
    uint32_t order, end; /* number in preorder; one more than that of the last descendant */
    union {
        uint32_t index;     /* of an element: its number among the elements of its parent, from 1 */
        uint32_t _capacity; /* of a text while parsing: bytes that it may grow into */
    };
    uint16_t tag; /* br_dom_tag; BR_TAG_OTHER: compare `text` */
    uint8_t kind, ns;
};

typedef struct br_dom br_dom;

/*
 * *ret gets one reference. Every text is HTML; what fails is a limit: BR_ELIMIT, with Go's words for too many
 * open elements.
 */
BR_NODISCARD br_code br_dom_parse(br_str html, br_dom **ret, br_err *err);
br_dom *br_dom_ref(br_dom *dom);
void br_dom_unref(br_dom *dom); /* NULL is fine */
/* Memory that the document keeps. */
size_t br_dom_bytes(const br_dom *dom);
/* Calls `end` with those bytes once the last reference goes. At most one for a document. */
void br_dom_on_end(br_dom *dom, void (*end)(void *owner, size_t bytes), void *owner);

const br_dom_node *br_dom_root(const br_dom *dom); /* the document node; it is number 0 */
uint32_t br_dom_node_count(const br_dom *dom);

/* The next node in the order of the text inside of `top`; NULL at its end. Begin with `top` itself. */
const br_dom_node *br_dom_next(const br_dom_node *node, const br_dom_node *top);
/* The same without the descendants of `node`. */
const br_dom_node *br_dom_skip(const br_dom_node *node, const br_dom_node *top);
/* Is `inner` a descendant of `outer`? Not of itself. */
static inline bool br_dom_contains(const br_dom_node *outer, const br_dom_node *inner)
{
    return inner->order > outer->order && inner->order < outer->end;
}

/* "div", "#text", "#comment", "#document"; the name of a doctype. */
br_str br_dom_name(const br_dom_node *node);
/* NULL: it has no such attribute. Names are compared as they are. */
const br_str *br_dom_attr_of(const br_dom_node *node, br_str name);
/* An attribute's value or the empty string. */
br_str br_dom_attr_or_empty(const br_dom_node *node, const char *name);

/* Appends the text of the node and its descendants; comments have none. */
void br_dom_put_text(const br_dom_node *node, br_buf *out);
/* Appends the HTML of the node's children, in the form of Go's html.Render: <br/>, &#39; and &#34;. */
void br_dom_put_inner(const br_dom_node *top, br_buf *out);
