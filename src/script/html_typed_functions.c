/* Methods of typed elements that look around in the document. */
#include "base/num.h"
#include "script/html_typed_int.h"

/* Lists and neighbours ------------------------------------------------------------------------------ */

static void find(JSContext *ctx, const br_js_element *e, const char *selector, br_nodes *out)
{
    br_js_find_all(ctx, e->dom, e->node, br_str_of(selector), out);
}

static JSValue list(JSContext *ctx, const br_js_element *e, const char *selector)
{
    br_nodes nodes = {0};
    find(ctx, e, selector, &nodes);
    JSValue v = br_js_element_list(ctx, e->dom, &nodes, e->url);
    br_nodes_deinit(&nodes);
    return v;
}

static JSValue count(JSContext *ctx, const br_js_element *e, const char *selector)
{
    br_nodes nodes = {0};
    find(ctx, e, selector, &nodes);
    size_t n = nodes.len;
    br_nodes_deinit(&nodes);
    return JS_NewInt64(ctx, (int64_t) n);
}

static JSValue element(JSContext *ctx, const br_js_element *e, const br_dom_node *node)
{
    return br_js_element_new(ctx, e->dom, node, e->url);
}

/* The nearest one around; with `self` the element itself counts too. */
static const br_dom_node *around(const br_dom_node *node, br_dom_tag tag, bool self)
{
    if (!self) node = node->parent;
    while (node && node->tag != tag)
        node = node->parent;
    return node;
}

static bool same_text(const br_dom_node *node, const char *attr, br_str value)
{
    const br_str *own = br_dom_attr_of(node, br_str_of(attr));
    return own && br_str_eq(*own, value);
}

/* The first element of the document with this attribute; `tag` BR_TAG_OTHER: of any name. */
static const br_dom_node *by_attr(const br_js_element *e, br_dom_tag tag, const char *attr, br_str value)
{
    const br_dom_node *root = br_dom_root(e->dom);
    for (const br_dom_node *n = root; n; n = br_dom_next(n, root)) {
        bool named = tag == BR_TAG_OTHER || n->tag == tag;
        if (n->kind == BR_DOM_ELEMENT && named && same_text(n, attr, value)) return n;
    }
    return NULL;
}

/* The number of the element among those that a selector finds in the ancestors `tops`; -1: not there. */
static JSValue index_in(
    JSContext *ctx, const br_js_element *e, const br_dom_node *top, const char *selector, int none)
{
    if (!top) return JS_NewInt32(ctx, none);
    br_nodes nodes = {0};
    br_js_find_all(ctx, e->dom, top, br_str_of(selector), &nodes);
    ptrdiff_t i = br_nodes_index(&nodes, e->node);
    br_nodes_deinit(&nodes);
    return JS_NewInt64(ctx, i);
}

/* Common to several types --------------------------------------------------------------------------- */

JSValue br_js_typed_text(JSContext *ctx, const br_js_element *e)
{
    br_nodes nodes = {0};
    *br_vec_push(&nodes) = e->node;
    JSValue v = br_js_text_of(ctx, &nodes);
    br_nodes_deinit(&nodes);
    return v;
}

JSValue br_js_typed_value(JSContext *ctx, const br_js_element *e)
{
    return br_js_value_or_html(ctx, e->node);
}

JSValue br_js_typed_nothing(JSContext *ctx, const br_js_element *e)
{
    (void) ctx, (void) e;
    return JS_UNDEFINED;
}

/* Split at single blanks, as k6 does it: two blanks give an empty word. */
JSValue br_js_typed_rel_list(JSContext *ctx, const br_js_element *e)
{
    JSValue v = JS_NewArray(ctx);
    br_str rest = br_dom_attr_or_empty(e->node, "rel"), word;
    uint32_t n = 0;
    if (rest.n == 0) return v;
    while (br_str_cut(&rest, ' ', &word))
        JS_DefinePropertyValueUint32(ctx, v, n++, br_js_new_str(ctx, word), JS_PROP_C_W_E);
    return v;
}

static const br_dom_node *owner_form(const br_js_element *e)
{
    const br_dom_node *form = around(e->node, BR_TAG_FORM, true);
    br_str id = br_dom_attr_or_empty(e->node, "form");
    return form || id.n == 0 ? form : by_attr(e, BR_TAG_OTHER, "id", id);
}

JSValue br_js_typed_form(JSContext *ctx, const br_js_element *e)
{
    return element(ctx, e, owner_form(e));
}

/* The label around it and those that name it. */
JSValue br_js_typed_labels(JSContext *ctx, const br_js_element *e)
{
    br_nodes nodes = {0};
    const br_dom_node *wrapper = around(e->node, BR_TAG_LABEL, true), *root = br_dom_root(e->dom);
    br_str id = br_dom_attr_or_empty(e->node, "id");
    if (wrapper) *br_vec_push(&nodes) = wrapper;
    for (const br_dom_node *n = root; n && id.n; n = br_dom_next(n, root)) {
        if (n->tag == BR_TAG_LABEL && n != wrapper && same_text(n, "for", id)) *br_vec_push(&nodes) = n;
    }
    JSValue v = br_js_element_list(ctx, e->dom, &nodes, e->url);
    br_nodes_deinit(&nodes);
    return v;
}

/* Fields of forms ----------------------------------------------------------------------------------- */

/* "form" + name of the field, or name of its form. */
static const br_str *field_or_form(const br_js_element *e, const char *own, const char *of_form)
{
    const br_str *value = br_dom_attr_of(e->node, br_str_of(own));
    const br_dom_node *form = value ? NULL : owner_form(e);
    return form ? br_dom_attr_of(form, br_str_of(of_form)) : value;
}

JSValue br_js_field_action(JSContext *ctx, const br_js_element *e)
{
    const br_str *action = field_or_form(e, "formaction", "action");
    if (!action || action->n == 0) return JS_DupValue(ctx, e->url);
    return br_js_typed_resolve(ctx, e, *action);
}

JSValue br_js_field_enctype(JSContext *ctx, const br_js_element *e)
{
    const br_str *v = field_or_form(e, "formenctype", "enctype");
    bool known = v && (br_str_is(*v, "multipart/form-data") || br_str_is(*v, "text/plain"));
    return br_js_new_str(ctx, known ? *v : BR_STR("application/x-www-form-urlencoded"));
}

JSValue br_js_field_method(JSContext *ctx, const br_js_element *e)
{
    const br_str *v = field_or_form(e, "formmethod", "method");
    return JS_NewString(ctx, v && br_str_eq_nocase(*v, BR_STR("post")) ? "post" : "get");
}

JSValue br_js_field_no_validate(JSContext *ctx, const br_js_element *e)
{
    return JS_NewBool(ctx, field_or_form(e, "formnovalidate", "novalidate") != NULL);
}

JSValue br_js_field_target(JSContext *ctx, const br_js_element *e)
{
    const br_str *v = field_or_form(e, "formtarget", "target");
    return br_js_new_str(ctx, v ? *v : BR_STR(""));
}

JSValue br_js_fieldset_elements(JSContext *ctx, const br_js_element *e)
{
    return list(ctx, e, "input,select,button,textarea");
}

JSValue br_js_form_elements(JSContext *ctx, const br_js_element *e)
{
    return list(ctx, e, "input,select,button,textarea,fieldset");
}

JSValue br_js_form_length(JSContext *ctx, const br_js_element *e)
{
    return count(ctx, e, "input,select,button,textarea,fieldset");
}

JSValue br_js_input_list(JSContext *ctx, const br_js_element *e)
{
    static const char *const without[] = {"hidden", "checkbox", "radio", "file", "button"};
    br_str id = br_dom_attr_or_empty(e->node, "list"), type = br_dom_attr_or_empty(e->node, "type");
    for (size_t i = 0; i < BR_COUNT_OF(without); i++) {
        if (br_str_is(type, without[i])) return JS_UNDEFINED;
    }
    return element(ctx, e, id.n ? by_attr(e, BR_TAG_DATALIST, "id", id) : NULL);
}

JSValue br_js_label_control(JSContext *ctx, const br_js_element *e)
{
    br_str id = br_dom_attr_or_empty(e->node, "for");
    return element(ctx, e, id.n ? by_attr(e, BR_TAG_OTHER, "id", id) : NULL);
}

JSValue br_js_textarea_length(JSContext *ctx, const br_js_element *e)
{
    return JS_NewInt64(ctx, (int64_t) br_dom_attr_or_empty(e->node, "value").n);
}

JSValue br_js_style_type(JSContext *ctx, const br_js_element *e)
{
    br_str type = br_dom_attr_or_empty(e->node, "type");
    return br_js_new_str(ctx, type.n ? type : BR_STR("text/css"));
}

JSValue br_js_media_tracks(JSContext *ctx, const br_js_element *e)
{
    return list(ctx, e, "track");
}

/* Maps ---------------------------------------------------------------------------------------------- */

JSValue br_js_map_areas(JSContext *ctx, const br_js_element *e)
{
    return list(ctx, e, "area");
}

/* As in k6, a map without an id has no images. */
JSValue br_js_map_images(JSContext *ctx, const br_js_element *e)
{
    br_nodes nodes = {0};
    const br_str *id = br_dom_attr_of(e->node, BR_STR("id"));
    const br_dom_node *root = br_dom_root(e->dom);
    for (const br_dom_node *n = root; n && id; n = br_dom_next(n, root)) {
        if (n->tag != BR_TAG_IMG && n->tag != BR_TAG_OBJECT) continue;
        br_str use = br_dom_attr_or_empty(n, "usemap");
        if (use.n == id->n + 1 && use.p[0] == '#' && br_str_ends(use, *id)) *br_vec_push(&nodes) = n;
    }
    JSValue v = br_js_element_list(ctx, e->dom, &nodes, e->url);
    br_nodes_deinit(&nodes);
    return v;
}

/* Options and selects ------------------------------------------------------------------------------- */

JSValue br_js_option_disabled(JSContext *ctx, const br_js_element *e)
{
    const br_dom_node *group = around(e->node, BR_TAG_OPTGROUP, false);
    bool own = br_dom_attr_of(e->node, BR_STR("disabled")) != NULL;
    return JS_NewBool(ctx, own || (group && br_dom_attr_of(group, BR_STR("disabled"))));
}

JSValue br_js_option_form(JSContext *ctx, const br_js_element *e)
{
    const br_dom_node *form = around(e->node, BR_TAG_FORM, false),
                      *select = around(e->node, BR_TAG_SELECT, false);
    const br_str *id = !form && select ? br_dom_attr_of(select, BR_STR("form")) : NULL;
    return element(ctx, e, id ? by_attr(e, BR_TAG_FORM, "id", *id) : form);
}

JSValue br_js_option_index(JSContext *ctx, const br_js_element *e)
{
    const br_dom_node *holder = around(e->node, BR_TAG_SELECT, false);
    if (!holder) holder = around(e->node, BR_TAG_DATALIST, false);
    return index_in(ctx, e, holder, "option", 0);
}

JSValue br_js_option_label(JSContext *ctx, const br_js_element *e)
{
    const br_str *label = br_dom_attr_of(e->node, BR_STR("label"));
    return label ? br_js_new_str(ctx, *label) : br_js_typed_text(ctx, e);
}

static bool is_multiple(const br_js_element *e)
{
    return br_dom_attr_of(e->node, BR_STR("multiple")) != NULL;
}

JSValue br_js_select_length(JSContext *ctx, const br_js_element *e)
{
    return count(ctx, e, "option");
}

JSValue br_js_select_options(JSContext *ctx, const br_js_element *e)
{
    return list(ctx, e, "option");
}

JSValue br_js_select_selected(JSContext *ctx, const br_js_element *e)
{
    return list(ctx, e, "option[selected]");
}

/* The first selected option; NULL: none. */
static const br_dom_node *selected(JSContext *ctx, const br_js_element *e)
{
    br_nodes nodes = {0};
    find(ctx, e, "option[selected]", &nodes);
    const br_dom_node *first = nodes.len ? nodes.data[0] : NULL;
    br_nodes_deinit(&nodes);
    return first;
}

JSValue br_js_select_index(JSContext *ctx, const br_js_element *e)
{
    const br_dom_node *option = selected(ctx, e);
    if (!option) return JS_NewInt32(ctx, -1);
    const br_js_element of_option = {.dom = e->dom, .node = option};
    return index_in(ctx, &of_option, e->node, "option", -1);
}

JSValue br_js_select_size(JSContext *ctx, const br_js_element *e)
{
    return JS_NewInt32(ctx, is_multiple(e) ? 4 : 1);
}

JSValue br_js_select_type(JSContext *ctx, const br_js_element *e)
{
    return JS_NewString(ctx, is_multiple(e) ? "select-multiple" : "select");
}

JSValue br_js_select_value(JSContext *ctx, const br_js_element *e)
{
    const br_dom_node *option = selected(ctx, e);
    return option ? br_js_value_or_html(ctx, option) : JS_NewString(ctx, "");
}

/* Progress ------------------------------------------------------------------------------------------ */

/* A number that is not negative; `otherwise` if the attribute is missing or something else. */
static double measure(const br_js_element *e, const char *attr, double otherwise)
{
    double d;
    bool ok = br_parse_f64(br_dom_attr_or_empty(e->node, attr), &d) == BR_OK && d >= 0;
    return ok ? d : otherwise;
}

JSValue br_js_progress_max(JSContext *ctx, const br_js_element *e)
{
    return JS_NewNumber(ctx, measure(e, "max", 1));
}

JSValue br_js_progress_value(JSContext *ctx, const br_js_element *e)
{
    double value = measure(e, "value", -1);
    return JS_NewNumber(ctx, value < 0 ? 0 : value / measure(e, "max", 1));
}

JSValue br_js_progress_position(JSContext *ctx, const br_js_element *e)
{
    double value = measure(e, "value", -1);
    return JS_NewNumber(ctx, value < 0 ? -1 : value / measure(e, "max", 1));
}

/* Tables -------------------------------------------------------------------------------------------- */

static JSValue child(JSContext *ctx, const br_js_element *e, br_dom_tag tag)
{
    const br_dom_node *n = e->node->first;
    while (n && n->tag != tag)
        n = n->next;
    return element(ctx, e, n);
}

JSValue br_js_table_caption(JSContext *ctx, const br_js_element *e)
{
    return child(ctx, e, BR_TAG_CAPTION);
}

JSValue br_js_table_head(JSContext *ctx, const br_js_element *e)
{
    return child(ctx, e, BR_TAG_THEAD);
}

JSValue br_js_table_foot(JSContext *ctx, const br_js_element *e)
{
    return child(ctx, e, BR_TAG_TFOOT);
}

JSValue br_js_table_rows(JSContext *ctx, const br_js_element *e)
{
    return list(ctx, e, "tr");
}

JSValue br_js_table_bodies(JSContext *ctx, const br_js_element *e)
{
    return list(ctx, e, "tbody");
}

JSValue br_js_row_cells(JSContext *ctx, const br_js_element *e)
{
    return list(ctx, e, "th,td");
}

JSValue br_js_row_index(JSContext *ctx, const br_js_element *e)
{
    return index_in(ctx, e, around(e->node, BR_TAG_TABLE, false), "tr", -1);
}

JSValue br_js_row_section_index(JSContext *ctx, const br_js_element *e)
{
    const br_dom_node *section = e->node->parent;
    while (section && section->tag != BR_TAG_THEAD && section->tag != BR_TAG_TBODY &&
           section->tag != BR_TAG_TFOOT)
        section = section->parent;
    return index_in(ctx, e, section, "tr", -1);
}

JSValue br_js_cell_index(JSContext *ctx, const br_js_element *e)
{
    return index_in(ctx, e, around(e->node, BR_TAG_TR, false), "th,td", -1);
}
