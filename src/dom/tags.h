/*
 * dom/tags.h - the element names that HTML treats in a way of their own.
 *
 * What: a number per known name, and the properties that the parser asks for (HTML standard, 13.2.4.2
 * and 13.1.2). Why here: parser, renderer, selectors and the typed elements of scripts compare numbers
 * instead of text. Threads: constants. Invariants: the list is sorted by name: names are found by bisection.
 */
#pragma once
#include "base/str.h"

enum br_tag_flag {
    BR_TAG_SPECIAL = 1,      /* category "special" of the standard */
    BR_TAG_FORMATTING = 2,   /* goes to the list of active formatting elements */
    BR_TAG_VOID = 4,         /* has no content and no end tag */
    BR_TAG_BLOCK = 8,        /* its start tag closes an open p, its end tag what is open inside of it */
    BR_TAG_IMPLIED_END = 16, /* closed by generating implied end tags */
    BR_TAG_HEADING = 32,
    BR_TAG_BOUNDARY = 64, /* scopes end at it */
};

/* clang-format off */
/* number, name, flags */
#define BR_TAGS(X) \
    X(A, "a", BR_TAG_FORMATTING) \
    X(ABBR, "abbr", 0) \
    X(ACRONYM, "acronym", 0) \
    X(ADDRESS, "address", BR_TAG_SPECIAL | BR_TAG_BLOCK) \
    X(ANNOTATION_XML, "annotation-xml", 0) \
    X(APPLET, "applet", BR_TAG_SPECIAL | BR_TAG_BOUNDARY) \
    X(AREA, "area", BR_TAG_SPECIAL | BR_TAG_VOID) \
    X(ARTICLE, "article", BR_TAG_SPECIAL | BR_TAG_BLOCK) \
    X(ASIDE, "aside", BR_TAG_SPECIAL | BR_TAG_BLOCK) \
    X(AUDIO, "audio", 0) \
    X(B, "b", BR_TAG_FORMATTING) \
    X(BASE, "base", BR_TAG_SPECIAL | BR_TAG_VOID) \
    X(BASEFONT, "basefont", BR_TAG_SPECIAL | BR_TAG_VOID) \
    X(BDI, "bdi", 0) \
    X(BDO, "bdo", 0) \
    X(BGSOUND, "bgsound", BR_TAG_SPECIAL | BR_TAG_VOID) \
    X(BIG, "big", BR_TAG_FORMATTING) \
    X(BLOCKQUOTE, "blockquote", BR_TAG_SPECIAL | BR_TAG_BLOCK) \
    X(BODY, "body", BR_TAG_SPECIAL) \
    X(BR, "br", BR_TAG_SPECIAL | BR_TAG_VOID) \
    X(BUTTON, "button", BR_TAG_SPECIAL) \
    X(CANVAS, "canvas", 0) \
    X(CAPTION, "caption", BR_TAG_SPECIAL | BR_TAG_BOUNDARY) \
    X(CENTER, "center", BR_TAG_SPECIAL | BR_TAG_BLOCK) \
    X(CITE, "cite", 0) \
    X(CODE, "code", BR_TAG_FORMATTING) \
    X(COL, "col", BR_TAG_SPECIAL | BR_TAG_VOID) \
    X(COLGROUP, "colgroup", BR_TAG_SPECIAL) \
    X(DATA, "data", 0) \
    X(DATALIST, "datalist", 0) \
    X(DD, "dd", BR_TAG_SPECIAL | BR_TAG_IMPLIED_END) \
    X(DEL, "del", 0) \
    X(DESC, "desc", 0) \
    X(DETAILS, "details", BR_TAG_SPECIAL | BR_TAG_BLOCK) \
    X(DFN, "dfn", 0) \
    X(DIALOG, "dialog", BR_TAG_BLOCK) \
    X(DIR, "dir", BR_TAG_SPECIAL | BR_TAG_BLOCK) \
    X(DIV, "div", BR_TAG_SPECIAL | BR_TAG_BLOCK) \
    X(DL, "dl", BR_TAG_SPECIAL | BR_TAG_BLOCK) \
    X(DT, "dt", BR_TAG_SPECIAL | BR_TAG_IMPLIED_END) \
    X(EM, "em", BR_TAG_FORMATTING) \
    X(EMBED, "embed", BR_TAG_SPECIAL | BR_TAG_VOID) \
    X(FIELDSET, "fieldset", BR_TAG_SPECIAL | BR_TAG_BLOCK) \
    X(FIGCAPTION, "figcaption", BR_TAG_SPECIAL | BR_TAG_BLOCK) \
    X(FIGURE, "figure", BR_TAG_SPECIAL | BR_TAG_BLOCK) \
    X(FONT, "font", BR_TAG_FORMATTING) \
    X(FOOTER, "footer", BR_TAG_SPECIAL | BR_TAG_BLOCK) \
    X(FOREIGNOBJECT, "foreignobject", 0) \
    X(FORM, "form", BR_TAG_SPECIAL) \
    X(FRAME, "frame", BR_TAG_SPECIAL | BR_TAG_VOID) \
    X(FRAMESET, "frameset", BR_TAG_SPECIAL) \
    X(H1, "h1", BR_TAG_SPECIAL | BR_TAG_HEADING) \
    X(H2, "h2", BR_TAG_SPECIAL | BR_TAG_HEADING) \
    X(H3, "h3", BR_TAG_SPECIAL | BR_TAG_HEADING) \
    X(H4, "h4", BR_TAG_SPECIAL | BR_TAG_HEADING) \
    X(H5, "h5", BR_TAG_SPECIAL | BR_TAG_HEADING) \
    X(H6, "h6", BR_TAG_SPECIAL | BR_TAG_HEADING) \
    X(HEAD, "head", BR_TAG_SPECIAL) \
    X(HEADER, "header", BR_TAG_SPECIAL | BR_TAG_BLOCK) \
    X(HGROUP, "hgroup", BR_TAG_SPECIAL | BR_TAG_BLOCK) \
    X(HR, "hr", BR_TAG_SPECIAL | BR_TAG_VOID) \
    X(HTML, "html", BR_TAG_SPECIAL | BR_TAG_BOUNDARY) \
    X(I, "i", BR_TAG_FORMATTING) \
    X(IFRAME, "iframe", BR_TAG_SPECIAL) \
    X(IMAGE, "image", 0) \
    X(IMG, "img", BR_TAG_SPECIAL | BR_TAG_VOID) \
    X(INPUT, "input", BR_TAG_SPECIAL | BR_TAG_VOID) \
    X(INS, "ins", 0) \
    X(KBD, "kbd", 0) \
    X(KEYGEN, "keygen", BR_TAG_SPECIAL | BR_TAG_VOID) \
    X(LABEL, "label", 0) \
    X(LEGEND, "legend", 0) \
    X(LI, "li", BR_TAG_SPECIAL | BR_TAG_IMPLIED_END) \
    X(LINK, "link", BR_TAG_SPECIAL | BR_TAG_VOID) \
    X(LISTING, "listing", BR_TAG_SPECIAL) \
    X(MAIN, "main", BR_TAG_SPECIAL | BR_TAG_BLOCK) \
    X(MALIGNMARK, "malignmark", 0) \
    X(MAP, "map", 0) \
    X(MARK, "mark", 0) \
    X(MARQUEE, "marquee", BR_TAG_SPECIAL | BR_TAG_BOUNDARY) \
    X(MATH, "math", 0) \
    X(MENU, "menu", BR_TAG_SPECIAL | BR_TAG_BLOCK) \
    X(MENUITEM, "menuitem", 0) \
    X(META, "meta", BR_TAG_SPECIAL | BR_TAG_VOID) \
    X(METER, "meter", 0) \
    X(MGLYPH, "mglyph", 0) \
    X(MI, "mi", 0) \
    X(MN, "mn", 0) \
    X(MO, "mo", 0) \
    X(MS, "ms", 0) \
    X(MTEXT, "mtext", 0) \
    X(NAV, "nav", BR_TAG_SPECIAL | BR_TAG_BLOCK) \
    X(NOBR, "nobr", BR_TAG_FORMATTING) \
    X(NOEMBED, "noembed", BR_TAG_SPECIAL) \
    X(NOFRAMES, "noframes", BR_TAG_SPECIAL) \
    X(NOSCRIPT, "noscript", BR_TAG_SPECIAL) \
    X(OBJECT, "object", BR_TAG_SPECIAL | BR_TAG_BOUNDARY) \
    X(OL, "ol", BR_TAG_SPECIAL | BR_TAG_BLOCK) \
    X(OPTGROUP, "optgroup", BR_TAG_IMPLIED_END) \
    X(OPTION, "option", BR_TAG_IMPLIED_END) \
    X(OUTPUT, "output", 0) \
    X(P, "p", BR_TAG_SPECIAL | BR_TAG_BLOCK | BR_TAG_IMPLIED_END) \
    X(PARAM, "param", BR_TAG_SPECIAL | BR_TAG_VOID) \
    X(PICTURE, "picture", 0) \
    X(PLAINTEXT, "plaintext", BR_TAG_SPECIAL) \
    X(PRE, "pre", BR_TAG_SPECIAL) \
    X(PROGRESS, "progress", 0) \
    X(Q, "q", 0) \
    X(RB, "rb", BR_TAG_IMPLIED_END) \
    X(RP, "rp", BR_TAG_IMPLIED_END) \
    X(RT, "rt", BR_TAG_IMPLIED_END) \
    X(RTC, "rtc", BR_TAG_IMPLIED_END) \
    X(RUBY, "ruby", 0) \
    X(S, "s", BR_TAG_FORMATTING) \
    X(SAMP, "samp", 0) \
    X(SCRIPT, "script", BR_TAG_SPECIAL) \
    X(SEARCH, "search", BR_TAG_SPECIAL | BR_TAG_BLOCK) \
    X(SECTION, "section", BR_TAG_SPECIAL | BR_TAG_BLOCK) \
    X(SELECT, "select", BR_TAG_SPECIAL) \
    X(SLOT, "slot", 0) \
    X(SMALL, "small", BR_TAG_FORMATTING) \
    X(SOURCE, "source", BR_TAG_SPECIAL | BR_TAG_VOID) \
    X(SPAN, "span", 0) \
    X(STRIKE, "strike", BR_TAG_FORMATTING) \
    X(STRONG, "strong", BR_TAG_FORMATTING) \
    X(STYLE, "style", BR_TAG_SPECIAL) \
    X(SUB, "sub", 0) \
    X(SUMMARY, "summary", BR_TAG_SPECIAL | BR_TAG_BLOCK) \
    X(SUP, "sup", 0) \
    X(SVG, "svg", 0) \
    X(TABLE, "table", BR_TAG_SPECIAL | BR_TAG_BOUNDARY) \
    X(TBODY, "tbody", BR_TAG_SPECIAL) \
    X(TD, "td", BR_TAG_SPECIAL | BR_TAG_BOUNDARY) \
    X(TEMPLATE, "template", BR_TAG_SPECIAL | BR_TAG_BOUNDARY) \
    X(TEXTAREA, "textarea", BR_TAG_SPECIAL) \
    X(TFOOT, "tfoot", BR_TAG_SPECIAL) \
    X(TH, "th", BR_TAG_SPECIAL | BR_TAG_BOUNDARY) \
    X(THEAD, "thead", BR_TAG_SPECIAL) \
    X(TIME, "time", 0) \
    X(TITLE, "title", BR_TAG_SPECIAL) \
    X(TR, "tr", BR_TAG_SPECIAL) \
    X(TRACK, "track", BR_TAG_SPECIAL | BR_TAG_VOID) \
    X(TT, "tt", BR_TAG_FORMATTING) \
    X(U, "u", BR_TAG_FORMATTING) \
    X(UL, "ul", BR_TAG_SPECIAL | BR_TAG_BLOCK) \
    X(VAR, "var", 0) \
    X(VIDEO, "video", 0) \
    X(WBR, "wbr", BR_TAG_SPECIAL | BR_TAG_VOID) \
    X(XMP, "xmp", BR_TAG_SPECIAL)
/* clang-format on */

typedef enum br_dom_tag {
    BR_TAG_OTHER, /* any name that is not in the list */
#define BR_TAG_ENUM(id, name, flags) BR_TAG_##id,
    BR_TAGS(BR_TAG_ENUM)
#undef BR_TAG_ENUM
        BR_TAG_COUNT
} br_dom_tag;

/* The number of a name in lower case; BR_TAG_OTHER if it has none. */
br_dom_tag br_dom_tag_find(br_str name);
br_str br_dom_tag_name(br_dom_tag tag);    /* "" of BR_TAG_OTHER */
unsigned br_dom_tag_flags(br_dom_tag tag); /* of br_tag_flag */
