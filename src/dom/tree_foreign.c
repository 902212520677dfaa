/* Elements of SVG and MathML (HTML standard, 13.2.6.5 and the adjustments of 13.2.6.1). */
#include "dom/tree_int.h"

static const char *const svg_names[] = {"altGlyph", "altGlyphDef", "altGlyphItem", "animateColor",
    "animateMotion", "animateTransform", "clipPath", "feBlend", "feColorMatrix", "feComponentTransfer",
    "feComposite", "feConvolveMatrix", "feDiffuseLighting", "feDisplacementMap", "feDistantLight",
    "feDropShadow", "feFlood", "feFuncA", "feFuncB", "feFuncG", "feFuncR", "feGaussianBlur", "feImage",
    "feMerge", "feMergeNode", "feMorphology", "feOffset", "fePointLight", "feSpecularLighting", "feSpotLight",
    "feTile", "feTurbulence", "foreignObject", "glyphRef", "linearGradient", "radialGradient", "textPath"};

static const char *const svg_attrs[] = {"attributeName", "attributeType", "baseFrequency", "baseProfile",
    "calcMode", "clipPathUnits", "diffuseConstant", "edgeMode", "filterUnits", "glyphRef",
    "gradientTransform", "gradientUnits", "kernelMatrix", "kernelUnitLength", "keyPoints", "keySplines",
    "keyTimes", "lengthAdjust", "limitingConeAngle", "markerHeight", "markerUnits", "markerWidth",
    "maskContentUnits", "maskUnits", "numOctaves", "pathLength", "patternContentUnits", "patternTransform",
    "patternUnits", "pointsAtX", "pointsAtY", "pointsAtZ", "preserveAlpha", "preserveAspectRatio",
    "primitiveUnits", "refX", "refY", "repeatCount", "repeatDur", "requiredExtensions", "requiredFeatures",
    "specularConstant", "specularExponent", "spreadMethod", "startOffset", "stdDeviation", "stitchTiles",
    "surfaceScale", "systemLanguage", "tableValues", "targetX", "targetY", "textLength", "viewBox",
    "viewTarget", "xChannelSelector", "yChannelSelector", "zoomAndPan"};

static const char *const math_attrs[] = {"definitionURL"};

static br_str adjusted(br_str name, const char *const *names, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (br_str_eq_nocase(name, br_str_of(names[i]))) return br_str_of(names[i]);
    }
    return name;
}

/* xlink:href and the like: the names that belong to namespaces. */
static void split_prefix(br_dom_attr *a)
{
    static const char *const whole[] = {"xlink:actuate", "xlink:arcrole", "xlink:href", "xlink:role",
        "xlink:show", "xlink:title", "xlink:type", "xml:lang", "xml:space", "xmlns:xlink"};
    for (size_t i = 0; i < BR_COUNT_OF(whole); i++) {
        if (!br_str_is(a->name, whole[i])) continue;
        size_t colon = (size_t) br_str_find_char(a->name, ':');
        a->prefix = br_str_sub(a->name, 0, colon);
        a->name = br_str_sub(a->name, colon + 1, a->name.n);
        return;
    }
}

void br_tree_insert_foreign(br_tree *b, br_dom_ns ns)
{
    br_dom_node *node = br_tree_element(b, ns);
    if (ns == BR_NS_SVG) node->text = adjusted(node->text, svg_names, BR_COUNT_OF(svg_names));
    for (uint32_t i = 0; i < node->attr_count; i++) {
        br_dom_attr *a = &node->attrs[i];
        a->name = ns == BR_NS_SVG ? adjusted(a->name, svg_attrs, BR_COUNT_OF(svg_attrs))
                                  : adjusted(a->name, math_attrs, BR_COUNT_OF(math_attrs));
        split_prefix(a);
    }
    br_tree_insert_at(b, br_tree_current(b), node);
    if (!b->token.self_closing) br_tree_push(b, node);
}

bool br_tree_math_point(const br_dom_node *node)
{
    if (node->ns != BR_NS_MATH) return false;
    return node->tag == BR_TAG_MI || node->tag == BR_TAG_MO || node->tag == BR_TAG_MN ||
           node->tag == BR_TAG_MS || node->tag == BR_TAG_MTEXT;
}

bool br_tree_html_point(const br_dom_node *node)
{
    if (node->ns == BR_NS_SVG)
        return node->tag == BR_TAG_FOREIGNOBJECT || node->tag == BR_TAG_DESC || node->tag == BR_TAG_TITLE;
    if (node->ns != BR_NS_MATH || node->tag != BR_TAG_ANNOTATION_XML) return false;
    br_str encoding = br_dom_attr_or_empty(node, "encoding");
    return br_str_eq_nocase(encoding, BR_STR("text/html")) ||
           br_str_eq_nocase(encoding, BR_STR("application/xhtml+xml"));
}

bool br_tree_is_foreign_token(const br_tree *b)
{
    if (b->depth == 0 || b->token.kind == BR_TOKEN_END) return false;
    const br_dom_node *node = br_tree_current(b);
    if (node->ns == BR_NS_HTML) return false;
    bool start = b->token.kind == BR_TOKEN_START, text = b->token.kind == BR_TOKEN_TEXT;
    if (br_tree_math_point(node) &&
        (text || (start && b->token.tag != BR_TAG_MGLYPH && b->token.tag != BR_TAG_MALIGNMARK)))
        return false;
    if (node->ns == BR_NS_MATH && node->tag == BR_TAG_ANNOTATION_XML && start && b->token.tag == BR_TAG_SVG)
        return false;
    return !(br_tree_html_point(node) && (start || text));
}

/* HTML elements that end foreign content when they begin. */
static bool breaks_out(const br_token *t)
{
    switch (t->tag) {
        case BR_TAG_B:
        case BR_TAG_BIG:
        case BR_TAG_BLOCKQUOTE:
        case BR_TAG_BODY:
        case BR_TAG_BR:
        case BR_TAG_CENTER:
        case BR_TAG_CODE:
        case BR_TAG_DD:
        case BR_TAG_DIV:
        case BR_TAG_DL:
        case BR_TAG_DT:
        case BR_TAG_EM:
        case BR_TAG_EMBED:
        case BR_TAG_H1:
        case BR_TAG_H2:
        case BR_TAG_H3:
        case BR_TAG_H4:
        case BR_TAG_H5:
        case BR_TAG_H6:
        case BR_TAG_HEAD:
        case BR_TAG_HR:
        case BR_TAG_I:
        case BR_TAG_IMG:
        case BR_TAG_LI:
        case BR_TAG_LISTING:
        case BR_TAG_MENU:
        case BR_TAG_META:
        case BR_TAG_NOBR:
        case BR_TAG_OL:
        case BR_TAG_P:
        case BR_TAG_PRE:
        case BR_TAG_RUBY:
        case BR_TAG_S:
        case BR_TAG_SMALL:
        case BR_TAG_SPAN:
        case BR_TAG_STRONG:
        case BR_TAG_STRIKE:
        case BR_TAG_SUB:
        case BR_TAG_SUP:
        case BR_TAG_TABLE:
        case BR_TAG_TT:
        case BR_TAG_U:
        case BR_TAG_UL:
        case BR_TAG_VAR: return true;
        case BR_TAG_FONT:
            for (size_t i = 0; i < t->attrs.len; i++) {
                br_str name = t->attrs.data[i].name;
                if (br_str_is(name, "color") || br_str_is(name, "face") || br_str_is(name, "size"))
                    return true;
            }
            return false;
        default: return false;
    }
}

static bool break_out(br_tree *b)
{
    for (;;) {
        const br_dom_node *node = br_tree_current(b);
        if (node->ns == BR_NS_HTML || br_tree_math_point(node) || br_tree_html_point(node)) break;
        br_tree_pop(b);
    }
    return br_tree_by_mode(b);
}

/* False: no foreign element is open that the tag names; it may be the end of an HTML element around. */
static bool foreign_end(br_tree *b)
{
    for (size_t i = b->depth; i-- > 1 && b->open[i]->ns != BR_NS_HTML;) {
        if (!br_str_eq_nocase(b->open[i]->text, b->token.name)) continue;
        b->depth = i;
        return true;
    }
    return false;
}

bool br_tree_foreign(br_tree *b)
{
    switch (b->token.kind) {
        case BR_TOKEN_TEXT: {
            br_str all = b->token.text;
            (void) br_tree_take_space(b);
            if (b->token.text.n) b->frameset_ok = false;
            br_tree_insert_text(b, all);
            return true;
        }
        case BR_TOKEN_COMMENT: br_tree_insert_comment(b, NULL); return true;
        case BR_TOKEN_DOCTYPE: return true;
        case BR_TOKEN_START:
            if (breaks_out(&b->token)) return break_out(b);
            br_tree_insert_foreign(b, (br_dom_ns) br_tree_current(b)->ns);
            return true;
        default: break;
    }
    if (b->token.tag == BR_TAG_BR || b->token.tag == BR_TAG_P) return break_out(b);
    return foreign_end(b) || br_tree_by_mode(b);
}
