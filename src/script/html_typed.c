/*
 * What types of elements have besides. Most methods show an attribute in some way: they are rows of a table.
 * The others are functions in html_typed_functions.c.
 */
#include <stdlib.h>
#include "base/num.h"
#include "script/html_typed_int.h"

/* clang-format off */
#define POLICIES "|no-referrer|no-referrer-when-downgrade|origin|origin-when-cross-origin|unsafe-url"
#define ENCTYPES "application/x-www-form-urlencoded|multipart/form-data|text/plain"
#define INPUT_TYPES                                                                                        \
    "text|button|checkbox|color|date|datetime-local|email|file|hidden|image|month|number|password|radio|"  \
    "range|reset|search|submit|tel|time|url|week"
#define CAPITALIZE "sentences|none|off|characters|words"
#define KINDS "subtitle|captions|descriptions|chapters|metadata"
#define FN(group, name, function) {group, FUNCTION, name, NULL, NULL, function}
#define ATTR(group, kind, name, attr, options) {group, kind, name, attr, options, NULL}
#define TEXT_OF(group, name, attr) ATTR(group, TEXT, name, attr, NULL)
#define FLAG_OF(group, name, attr) ATTR(group, FLAG, name, attr, NULL)
#define URL_OF(group, name, attr) ATTR(group, URL, name, attr, "")
#define INT_OF(group, name, attr, otherwise) ATTR(group, INT, name, attr, otherwise)
#define ENUM_OF(group, name, attr, values) ATTR(group, ENUM, name, attr, values)

typedef enum group { NONE, HREF, MEDIA, FIELD, MOD, SECTION, CELL, BASE, BUTTON, CANVAS, DATA, DATALIST,
    EMBED, FIELDSET, FORM,
    IFRAME, IMG, INPUT, KEYGEN, LABEL, LEGEND, LI, LINK, MAP, META, METER, OBJECT, OL, OPTGROUP, OPTION,
    OUTPUT, PARAM,
    PRE, PROGRESS, QUOTE, SCRIPT, SELECT, SOURCE, STYLE, TABLE, TR, COL, TH, TEXTAREA, TIME, TITLE, TRACK,
    UL } group;

typedef enum kind { TEXT, FLAG, INT, URL, ENUM, ENUM_OR_NOTHING, CONSTANT, FUNCTION } kind;

typedef struct method {
    uint8_t group, kind;
    const char *name, *attr;
    const char *options; /* of INT the default; of ENUM the values,
    the default first; of CONSTANT the text */
    br_js_typed_function *function;
} method;

static const method methods[] = {
    TEXT_OF(HREF, "download", "download"), ENUM_OF(HREF, "referrerPolicy", "referrerpolicy", POLICIES),
    TEXT_OF(HREF, "rel", "rel"), URL_OF(HREF, "href", "href"), TEXT_OF(HREF, "target", "target"),
    TEXT_OF(HREF, "type", "type"), TEXT_OF(HREF, "accessKey", "accesskey"),
    TEXT_OF(HREF, "hrefLang", "hreflang"),
    URL_OF(HREF, "toString", "href"), FN(HREF, "hash", br_js_href_hash), FN(HREF, "host", br_js_href_host),
    FN(HREF, "hostname", br_js_href_hostname), FN(HREF, "port", br_js_href_port),
    FN(HREF, "username", br_js_href_username), FN(HREF, "password", br_js_href_password),
    FN(HREF, "origin", br_js_href_origin), FN(HREF, "pathname", br_js_href_pathname),
    FN(HREF, "protocol", br_js_href_protocol), FN(HREF, "relList", br_js_typed_rel_list),
    FN(HREF, "search", br_js_href_search), FN(HREF, "text", br_js_typed_text),
    FLAG_OF(MEDIA, "autoplay", "autoplay"), FLAG_OF(MEDIA, "controls", "controls"),
    FLAG_OF(MEDIA, "loop", "loop"),
    FLAG_OF(MEDIA, "muted", "muted"), ENUM_OF(MEDIA, "preload", "preload", "auto|metadata|none"),
    URL_OF(MEDIA, "src", "src"),
    ATTR(MEDIA, ENUM_OR_NOTHING, "crossOrigin", "crossorigin", "anonymous|use-credentials"),
    TEXT_OF(MEDIA, "currentSrc", "src"), FLAG_OF(MEDIA, "defaultMuted", "muted"),
    TEXT_OF(MEDIA, "mediaGroup", "mediagroup"), FN(MEDIA, "textTracks", br_js_media_tracks),
    FN(FIELD, "form", br_js_typed_form), FN(FIELD, "formAction", br_js_field_action),
    FN(FIELD, "formEnctype", br_js_field_enctype), FN(FIELD, "formMethod", br_js_field_method),
    FN(FIELD, "formNoValidate", br_js_field_no_validate), FN(FIELD, "formTarget", br_js_field_target),
    FN(FIELD, "labels", br_js_typed_labels), TEXT_OF(FIELD, "name", "name"),
    TEXT_OF(MOD, "cite", "cite"), TEXT_OF(MOD, "datetime", "datetime"),
    FN(SECTION, "rows", br_js_table_rows),
    FN(CELL, "cellIndex", br_js_cell_index), INT_OF(CELL, "colSpan", "colspan", "1"),
    INT_OF(CELL, "rowSpan", "rowspan", "1"), TEXT_OF(CELL, "headers", "headers"),
    ATTR(BASE, URL, "href", "href", "base"), TEXT_OF(BASE, "target", "target"),
    TEXT_OF(BUTTON, "accessKey", "accesskey"), FLAG_OF(BUTTON, "autofocus", "autofocus"),
    FLAG_OF(BUTTON, "disabled", "disabled"), INT_OF(BUTTON, "tabIndex", "tabindex", "0"),
    ENUM_OF(BUTTON, "type", "type", "submit|button|menu|reset"), FN(BUTTON, "value", br_js_typed_value),
    INT_OF(CANVAS, "width", "width", "150"), INT_OF(CANVAS, "height", "height", "150"),
    TEXT_OF(DATA, "value", "value"), FN(DATALIST, "options", br_js_select_options),
    TEXT_OF(EMBED, "height", "height"), TEXT_OF(EMBED, "width", "width"), TEXT_OF(EMBED, "src", "src"),
    TEXT_OF(EMBED, "type", "type"),
    FLAG_OF(FIELDSET, "disabled", "disabled"), TEXT_OF(FIELDSET, "name", "name"),
    FN(FIELDSET, "form", br_js_typed_form), ATTR(FIELDSET, CONSTANT, "type", NULL, "fieldset"),
    FN(FIELDSET, "elements", br_js_fieldset_elements), FN(FIELDSET, "validity", br_js_typed_nothing),
    URL_OF(FORM, "action", "action"), TEXT_OF(FORM, "name", "name"), TEXT_OF(FORM, "target", "target"),
    ENUM_OF(FORM, "enctype", "enctype", ENCTYPES), ENUM_OF(FORM, "encoding", "enctype", ENCTYPES),
    TEXT_OF(FORM, "acceptCharset", "accept-charset"),
    ENUM_OF(FORM, "autocomplete", "autocomplete", "on|off"),
    FLAG_OF(FORM, "noValidate", "novalidate"), FN(FORM, "elements", br_js_form_elements),
    FN(FORM, "length", br_js_form_length), ENUM_OF(FORM, "method", "method", "get|post"),
    FLAG_OF(IFRAME, "allowfullscreen", "allowfullscreen"),
    ENUM_OF(IFRAME, "referrerPolicy", "referrerpolicy", POLICIES), TEXT_OF(IFRAME, "height", "height"),
    TEXT_OF(IFRAME, "width", "width"), TEXT_OF(IFRAME, "name", "name"), URL_OF(IFRAME, "src", "src"),
    URL_OF(IMG, "currentSrc", "src"), TEXT_OF(IMG, "sizes", "sizes"), TEXT_OF(IMG, "srcset", "srcset"),
    TEXT_OF(IMG, "alt", "alt"),
    ATTR(IMG, ENUM_OR_NOTHING, "crossOrigin", "crossorigin", "anonymous|use-credentials"),
    INT_OF(IMG, "height", "height", "0"), INT_OF(IMG, "width", "width", "0"),
    FLAG_OF(IMG, "isMap", "ismap"),
    TEXT_OF(IMG, "name", "name"), URL_OF(IMG, "src", "src"), TEXT_OF(IMG, "useMap", "usemap"),
    ENUM_OF(IMG, "referrerPolicy", "referrerpolicy", POLICIES),
    TEXT_OF(INPUT, "name", "name"), INT_OF(INPUT, "tabIndex", "tabindex", "0"),
    ENUM_OF(INPUT, "type", "type", INPUT_TYPES), FLAG_OF(INPUT, "disabled", "disabled"),
    FLAG_OF(INPUT, "autofocus", "autofocus"), FLAG_OF(INPUT, "required", "required"),
    TEXT_OF(INPUT, "value", "value"), FLAG_OF(INPUT, "checked", "checked"),
    FLAG_OF(INPUT, "defaultChecked", "checked"), TEXT_OF(INPUT, "alt", "alt"), URL_OF(INPUT, "src", "src"),
    TEXT_OF(INPUT, "height", "height"), TEXT_OF(INPUT, "width", "width"),
    TEXT_OF(INPUT, "accept", "accept"),
    ENUM_OF(INPUT, "autocomplete", "autocomplete", "on|off"), INT_OF(INPUT, "maxLength", "maxlength", "-1"),
    INT_OF(INPUT, "size", "size", "0"), TEXT_OF(INPUT, "pattern", "pattern"),
    TEXT_OF(INPUT, "placeholder", "placeholder"), FLAG_OF(INPUT, "readonly", "readonly"),
    TEXT_OF(INPUT, "min", "min"), TEXT_OF(INPUT, "max", "max"), TEXT_OF(INPUT, "defaultValue", "value"),
    TEXT_OF(INPUT, "dirName", "dirname"), TEXT_OF(INPUT, "accessKey", "accesskey"),
    FLAG_OF(INPUT, "multiple", "multiple"), TEXT_OF(INPUT, "step", "step"),
    FN(INPUT, "list", br_js_input_list),
    FLAG_OF(KEYGEN, "autofocus", "autofocus"), TEXT_OF(KEYGEN, "challenge", "challenge"),
    FLAG_OF(KEYGEN, "disabled", "disabled"), ENUM_OF(KEYGEN, "keytype", "keytype", "RSA|DSA|EC"),
    TEXT_OF(KEYGEN, "name", "name"), ATTR(KEYGEN, CONSTANT, "type", NULL, "keygen"),
    FN(KEYGEN, "form", br_js_typed_form), FN(KEYGEN, "labels", br_js_typed_labels),
    TEXT_OF(LABEL, "htmlFor", "for"), FN(LABEL, "control", br_js_label_control),
    FN(LABEL, "form", br_js_typed_form),
    TEXT_OF(LEGEND, "accessKey", "accesskey"), FN(LEGEND, "form", br_js_typed_form),
    INT_OF(LI, "value", "value", "0"), ENUM_OF(LI, "type", "type", "|1|a|A|i|I|disc|square|circle"),
    ATTR(LINK, ENUM_OR_NOTHING, "crossOrigin", "crossorigin", "anonymous|use-credentials"),
    ENUM_OF(LINK, "referrerPolicy", "referrerpolicy", POLICIES), URL_OF(LINK, "href", "href"),
    TEXT_OF(LINK, "hreflang", "hreflang"), TEXT_OF(LINK, "media", "media"), TEXT_OF(LINK, "rel", "rel"),
    TEXT_OF(LINK, "target", "target"), TEXT_OF(LINK, "type", "type"),
    FN(LINK, "relList", br_js_typed_rel_list),
    TEXT_OF(MAP, "name", "name"), FN(MAP, "areas", br_js_map_areas), FN(MAP, "images", br_js_map_images),
    TEXT_OF(META, "content", "content"), TEXT_OF(META, "name", "name"),
    ENUM_OF(META, "httpEquiv", "http-equiv", "content-type|default-style|refresh"),
    INT_OF(METER, "min", "min", "0"), INT_OF(METER, "max", "max", "0"), INT_OF(METER, "high", "high", "0"),
    INT_OF(METER, "low", "low", "0"), INT_OF(METER, "optimum", "optimum", "0"),
    FN(METER, "labels", br_js_typed_labels),
    URL_OF(OBJECT, "data", "data"), TEXT_OF(OBJECT, "height", "height"), TEXT_OF(OBJECT, "name", "name"),
    TEXT_OF(OBJECT, "type", "type"), INT_OF(OBJECT, "tabIndex", "tabindex", "0"),
    FLAG_OF(OBJECT, "typeMustMatch", "typemustmatch"), TEXT_OF(OBJECT, "useMap", "usemap"),
    TEXT_OF(OBJECT, "width", "width"), FN(OBJECT, "form", br_js_typed_form),
    FLAG_OF(OL, "reversed", "reversed"), INT_OF(OL, "start", "start", "0"),
    ENUM_OF(OL, "type", "type", "1|a|A|i|I"),
    FLAG_OF(OPTGROUP, "disabled", "disabled"), TEXT_OF(OPTGROUP, "label", "label"),
    FLAG_OF(OPTION, "defaultSelected", "selected"), FLAG_OF(OPTION, "selected", "selected"),
    FN(OPTION, "disabled", br_js_option_disabled), FN(OPTION, "form", br_js_option_form),
    FN(OPTION, "index", br_js_option_index), FN(OPTION, "label", br_js_option_label),
    FN(OPTION, "text", br_js_typed_text), FN(OPTION, "value", br_js_typed_value),
    TEXT_OF(OUTPUT, "htmlFor", "for"), TEXT_OF(OUTPUT, "name", "name"),
    ATTR(OUTPUT, CONSTANT, "type", NULL, "output"),
    FN(OUTPUT, "form", br_js_typed_form), FN(OUTPUT, "labels", br_js_typed_labels),
    FN(OUTPUT, "value", br_js_typed_text), FN(OUTPUT, "defaultValue", br_js_typed_text),
    TEXT_OF(PARAM, "name", "name"), TEXT_OF(PARAM, "value", "value"),
    TEXT_OF(PRE, "name", "name"), TEXT_OF(PRE, "value", "value"),
    FN(PROGRESS, "max", br_js_progress_max), FN(PROGRESS, "value", br_js_progress_value),
    FN(PROGRESS, "position", br_js_progress_position), FN(PROGRESS, "labels", br_js_typed_labels),
    TEXT_OF(QUOTE, "cite", "cite"),
    TEXT_OF(SCRIPT, "crossOrigin", "crossorigin"), TEXT_OF(SCRIPT, "type", "type"),
    URL_OF(SCRIPT, "src", "src"),
    TEXT_OF(SCRIPT, "charset", "charset"), FLAG_OF(SCRIPT, "async", "async"),
    FLAG_OF(SCRIPT, "defer", "defer"),
    FLAG_OF(SCRIPT, "noModule", "nomodule"), FN(SCRIPT, "text", br_js_typed_text),
    FLAG_OF(SELECT, "autofocus", "autofocus"), FLAG_OF(SELECT, "disabled", "disabled"),
    FLAG_OF(SELECT, "multiple", "multiple"), TEXT_OF(SELECT, "name", "name"),
    FLAG_OF(SELECT, "required", "required"),
    INT_OF(SELECT, "tabIndex", "tabindex", "0"), FN(SELECT, "form", br_js_typed_form),
    FN(SELECT, "labels", br_js_typed_labels), FN(SELECT, "length", br_js_select_length),
    FN(SELECT, "options", br_js_select_options), FN(SELECT, "selectedIndex", br_js_select_index),
    FN(SELECT, "selectedOptions", br_js_select_selected), FN(SELECT, "size", br_js_select_size),
    FN(SELECT, "type", br_js_select_type), FN(SELECT, "value", br_js_select_value),
    TEXT_OF(SOURCE, "keySystem", "keysystem"), TEXT_OF(SOURCE, "media", "media"),
    TEXT_OF(SOURCE, "sizes", "sizes"),
    URL_OF(SOURCE, "src", "src"), TEXT_OF(SOURCE, "srcset", "srcset"), TEXT_OF(SOURCE, "type", "type"),
    TEXT_OF(STYLE, "media", "media"), FN(STYLE, "type", br_js_style_type),
    FLAG_OF(TABLE, "sortable", "sortable"), FN(TABLE, "caption", br_js_table_caption),
    FN(TABLE, "tHead", br_js_table_head), FN(TABLE, "tFoot", br_js_table_foot),
    FN(TABLE, "rows", br_js_table_rows),
    FN(TABLE, "tBodies", br_js_table_bodies),
    FN(TR, "cells", br_js_row_cells), FN(TR, "rowIndex", br_js_row_index),
    FN(TR, "sectionRowIndex", br_js_row_section_index), INT_OF(COL, "span", "span", "1"),
    TEXT_OF(TH, "abbr", "abbr"), ENUM_OF(TH, "scope", "scope", "|row|col|colgroup|rowgroup"),
    FLAG_OF(TH, "sorted", "sorted"),
    ATTR(TEXTAREA, CONSTANT, "type", NULL, "textarea"), TEXT_OF(TEXTAREA, "value", "value"),
    TEXT_OF(TEXTAREA, "defaultValue", "value"), TEXT_OF(TEXTAREA, "placeholder", "placeholder"),
    INT_OF(TEXTAREA, "rows", "rows", "0"), INT_OF(TEXTAREA, "cols", "cols", "0"),
    INT_OF(TEXTAREA, "maxLength", "maxlength", "0"), INT_OF(TEXTAREA, "tabIndex", "tabindex", "0"),
    TEXT_OF(TEXTAREA, "accessKey", "accesskey"), FLAG_OF(TEXTAREA, "readOnly", "readonly"),
    FLAG_OF(TEXTAREA, "required", "required"), ENUM_OF(TEXTAREA, "autocomplete", "autocomplete", "on|off"),
    ENUM_OF(TEXTAREA, "autocapitalize", "autocapitalize", CAPITALIZE),
    ENUM_OF(TEXTAREA, "wrap", "wrap", "soft|hard|off"), FN(TEXTAREA, "form", br_js_typed_form),
    FN(TEXTAREA, "length", br_js_textarea_length), FN(TEXTAREA, "labels", br_js_typed_labels),
    TEXT_OF(TIME, "datetime", "datetime"), FN(TITLE, "text", br_js_typed_text),
    ENUM_OF(TRACK, "kind", "kind", KINDS), URL_OF(TRACK, "src", "src"),
    TEXT_OF(TRACK, "srclang", "srclang"),
    TEXT_OF(TRACK, "label", "label"), FLAG_OF(TRACK, "default", "default"), TEXT_OF(UL, "type", "type"),
};

static const struct {
    br_dom_tag tag;
    group groups[2];
} types[] = {
    {BR_TAG_A, {HREF}}, {BR_TAG_AREA, {HREF}}, {BR_TAG_AUDIO, {MEDIA}}, {BR_TAG_VIDEO, {MEDIA}},
    {BR_TAG_BASE, {BASE}},
    {BR_TAG_BUTTON, {FIELD, BUTTON}}, {BR_TAG_CANVAS, {CANVAS}}, {BR_TAG_DATA, {DATA}},
    {BR_TAG_DATALIST, {DATALIST}},
    {BR_TAG_DEL, {MOD}}, {BR_TAG_INS, {MOD}}, {BR_TAG_EMBED, {EMBED}}, {BR_TAG_FIELDSET, {FIELDSET}},
    {BR_TAG_FORM, {FORM}}, {BR_TAG_IFRAME, {IFRAME}}, {BR_TAG_IMG, {IMG}}, {BR_TAG_INPUT, {FIELD, INPUT}},
    {BR_TAG_KEYGEN, {KEYGEN}}, {BR_TAG_LABEL, {LABEL}}, {BR_TAG_LEGEND, {LEGEND}}, {BR_TAG_LI, {LI}},
    {BR_TAG_LINK, {LINK}}, {BR_TAG_MAP, {MAP}}, {BR_TAG_META, {META}}, {BR_TAG_METER, {METER}},
    {BR_TAG_OBJECT, {OBJECT}}, {BR_TAG_OL, {OL}}, {BR_TAG_OPTGROUP, {OPTGROUP}}, {BR_TAG_OPTION, {OPTION}},
    {BR_TAG_OUTPUT, {OUTPUT}}, {BR_TAG_PARAM, {PARAM}}, {BR_TAG_PRE, {PRE}}, {BR_TAG_PROGRESS, {PROGRESS}},
    {BR_TAG_SCRIPT, {SCRIPT}}, {BR_TAG_SELECT, {SELECT}}, {BR_TAG_SOURCE, {SOURCE}},
    {BR_TAG_STYLE, {STYLE}},
    {BR_TAG_TABLE, {TABLE}}, {BR_TAG_THEAD, {SECTION}}, {BR_TAG_TFOOT, {SECTION}},
    {BR_TAG_TBODY, {SECTION}},
    {BR_TAG_TR, {TR}}, {BR_TAG_COL, {COL}}, {BR_TAG_TD, {CELL}}, {BR_TAG_TH, {CELL, TH}},
    {BR_TAG_TEXTAREA, {TEXTAREA}}, {BR_TAG_TIME, {TIME}}, {BR_TAG_TITLE, {TITLE}}, {BR_TAG_TRACK, {TRACK}},
    {BR_TAG_UL, {UL}},
};
/* clang-format on */

/* The value if it is one of those that `options` joins with '|'; else the first of them, or NULL. */
static br_str enumerated(br_str value, const char *options, bool or_nothing)
{
    br_str rest = br_str_of(options), option, first = BR_STR_NONE;
    for (bool is_first = true; br_str_cut(&rest, '|', &option); is_first = false) {
        if (is_first) first = option;
        if (br_str_eq(option, value) && (value.n || is_first)) return option;
    }
    return or_nothing ? BR_STR_NONE : first;
}

static JSValue call(JSContext *ctx, JSValueConst this_val, int argc, JSValueConst *argv, int index)
{
    (void) argc, (void) argv;
    const br_js_element *e = br_js_element_of(this_val);
    if (!e) return br_js_throw(ctx, "this method needs an Element");
    const method *m = &methods[index];
    const br_str *attr = m->attr ? br_dom_attr_of(e->node, br_str_of(m->attr)) : NULL;
    int64_t number;
    switch ((kind) m->kind) {
        case TEXT: return br_js_new_str(ctx, attr ? *attr : BR_STR(""));
        case FLAG: return JS_NewBool(ctx, attr != NULL);
        case INT:
            if (!attr || br_parse_i64(*attr, &number) != BR_OK) number = strtoll(m->options, NULL, 10);
            return JS_NewInt64(ctx, number);
        case URL:
            if (!attr && m->options[0]) return JS_DupValue(ctx, e->url); /* of <base> */
            return attr ? br_js_typed_resolve(ctx, e, *attr) : JS_NewString(ctx, "");
        case ENUM: return br_js_new_str(ctx, enumerated(attr ? *attr : BR_STR(""), m->options, false));
        case ENUM_OR_NOTHING: {
            br_str value = attr ? enumerated(*attr, m->options, true) : BR_STR_NONE;
            return value.p ? br_js_new_str(ctx, value) : JS_UNDEFINED;
        }
        case CONSTANT: return JS_NewString(ctx, m->options);
        case FUNCTION: return m->function(ctx, e);
    }
    BR_UNREACHABLE("kind of method");
}

static int add_methods(JSContext *ctx, JSValueConst proto, group g)
{
    for (size_t i = 0; i < BR_COUNT_OF(methods); i++) {
        if (methods[i].group != g) continue;
        JSValue fn = JS_NewCFunctionMagic(ctx, call, methods[i].name, 0, JS_CFUNC_generic_magic, (int) i);
        int flags = JS_PROP_CONFIGURABLE | JS_PROP_WRITABLE;
        if (JS_IsException(fn) || JS_DefinePropertyValueStr(ctx, proto, methods[i].name, fn, flags) < 0)
            return -1;
    }
    return 0;
}

JSValue br_js_typed_proto(JSContext *ctx, br_dom_tag tag)
{
    for (size_t i = 0; i < BR_COUNT_OF(types); i++) {
        if (types[i].tag != tag) continue;
        JSValue base = br_js_element_base_proto(ctx), proto = JS_NewObjectProto(ctx, base);
        JS_FreeValue(ctx, base);
        for (int k = 0; k < 2 && !JS_IsException(proto); k++) {
            if (types[i].groups[k] == NONE || add_methods(ctx, proto, types[i].groups[k]) == 0) continue;
            JS_FreeValue(ctx, proto);
            return JS_EXCEPTION;
        }
        return proto;
    }
    return JS_UNDEFINED;
}
