/* Methods of Selection that lead to other nodes. */
#include "script/html_int.h"

static br_js_selection *self(JSContext *ctx, JSValueConst v)
{
    br_js_selection *s = br_js_selection_of(v);
    if (!s) br_js_throw(ctx, "this method needs a Selection");
    return s;
}

/* A new Selection of the same document that end() leads back from. */
static JSValue derived(JSContext *ctx, JSValueConst from, br_nodes *nodes)
{
    const br_js_selection *s = br_js_selection_of(from);
    return br_js_selection_new(ctx, s->dom, s->url, from, nodes);
}

static bool given(int argc, JSValueConst *argv, int i)
{
    return i < argc && !br_js_nullish(argv[i]);
}

static JSValueConst arg(int argc, JSValueConst *argv, int i)
{
    return i < argc ? argv[i] : JS_UNDEFINED;
}

/* Ends a search whose result is `nodes`. */
static JSValue found(JSContext *ctx, JSValueConst from, br_js_search *search, br_nodes *nodes)
{
    return br_js_search_end(search, derived(ctx, from, nodes));
}

/* Searches ------------------------------------------------------------------------------------------ */

enum { FIND, SINGLE, CLOSEST, HAS, ADD };

static void search_add(const br_js_selection *s, const br_js_search *search, br_nodes *out)
{
    br_nodes more = {0}, root = {0};
    *br_vec_push(&root) = br_dom_root(s->dom);
    if (!search->pick.set) br_query_find(s->dom, &root, &search->pick, false, &more);
    br_query_add(s->dom, &s->nodes, search->pick.set ? search->pick.set : &more, out);
    br_nodes_deinit(&more);
    br_nodes_deinit(&root);
}

static JSValue by_pick(JSContext *ctx, JSValueConst this_val, int argc, JSValueConst *argv, int what)
{
    br_js_selection *s = self(ctx, this_val);
    if (!s) return JS_EXCEPTION;
    br_js_search search;
    br_js_search_begin(&search, ctx);
    br_nodes out = {0};
    if (br_js_search_take(&search, s->dom, arg(argc, argv, 0)) == 0) {
        switch (what) {
            case FIND: br_query_find(s->dom, &s->nodes, &search.pick, false, &out); break;
            case SINGLE: br_query_find(s->dom, &s->nodes, &search.pick, true, &out); break;
            case CLOSEST: br_query_closest(s->dom, &s->nodes, &search.pick, &out); break;
            case HAS: br_query_has(s->dom, &s->nodes, &search.pick, &out); break;
            default: search_add(s, &search, &out); break;
        }
    }
    return found(ctx, this_val, &search, &out);
}

static JSValue by_way(JSContext *ctx, JSValueConst this_val, int argc, JSValueConst *argv, int way)
{
    br_js_selection *s = self(ctx, this_val);
    if (!s) return JS_EXCEPTION;
    br_js_search filter;
    br_js_search_begin(&filter, ctx);
    br_nodes out = {0};
    bool filtered = given(argc, argv, 0) && way != BR_WAY_CONTENTS;
    if (!filtered || br_js_search_take_text(&filter, argv[0]) == 0)
        br_query_walk(s->dom, &s->nodes, (br_way) way, NULL, filtered ? &filter.pick : NULL, &out);
    return found(ctx, this_val, &filter, &out);
}

/* nextUntil(until, filter) and the like */
static JSValue by_way_until(JSContext *ctx, JSValueConst this_val, int argc, JSValueConst *argv, int way)
{
    br_js_selection *s = self(ctx, this_val);
    if (!s) return JS_EXCEPTION;
    br_js_search until, filter;
    br_js_search_begin(&until, ctx);
    br_js_search_begin(&filter, ctx);
    br_nodes out = {0};
    bool ends = given(argc, argv, 0), filtered = given(argc, argv, 1);
    if ((!ends || br_js_search_take(&until, s->dom, argv[0]) == 0) &&
        (!filtered || br_js_search_take_text(&filter, argv[1]) == 0))
        br_query_walk(
            s->dom, &s->nodes, (br_way) way, ends ? &until.pick : NULL, filtered ? &filter.pick : NULL, &out);
    return br_js_search_end(&until, found(ctx, this_val, &filter, &out));
}

/* filter, not, is ----------------------------------------------------------------------------------- */

enum { FILTER, NOT, IS };

static JSValue one(JSContext *ctx, JSValueConst from, const br_dom_node *node)
{
    br_nodes nodes = {0};
    *br_vec_push(&nodes) = node;
    return derived(ctx, from, &nodes);
}

static JSValue call_with(JSContext *ctx, JSValueConst fn, size_t i, JSValue value)
{
    if (JS_IsException(value)) return value;
    JSValueConst args[] = {JS_NewInt64(ctx, (int64_t) i), value};
    JSValue ret = JS_Call(ctx, fn, JS_UNDEFINED, 2, args);
    JS_FreeValue(ctx, value);
    return ret;
}

/* Those for which the function says `wanted`; -1: it threw. */
static int filter_by_function(
    JSContext *ctx, JSValueConst this_val, JSValueConst fn, bool wanted, br_nodes *out)
{
    const br_js_selection *s = br_js_selection_of(this_val);
    for (size_t i = 0; i < s->nodes.len; i++) {
        JSValue v = call_with(ctx, fn, i, one(ctx, this_val, s->nodes.data[i]));
        if (JS_IsException(v)) return -1;
        if ((JS_ToBool(ctx, v) > 0) == wanted) *br_vec_push(out) = s->nodes.data[i];
        JS_FreeValue(ctx, v);
    }
    return 0;
}

static JSValue by_filter(JSContext *ctx, JSValueConst this_val, int argc, JSValueConst *argv, int what)
{
    static const char *const names[] = {"filter", "not", "is"};
    br_js_selection *s = self(ctx, this_val);
    if (!s) return JS_EXCEPTION;
    JSValueConst by = arg(argc, argv, 0);
    br_nodes out = {0};
    br_js_search search;
    br_js_search_begin(&search, ctx);
    if (JS_IsFunction(ctx, by)) {
        search.failed = filter_by_function(ctx, this_val, by, what != NOT, &out) < 0;
    } else if (what != NOT && !JS_IsString(by) && !br_js_selection_of(by) && !br_js_element_of(by)) {
        br_js_throw(ctx, "the argument to %s() must be a function, a selector or a selection", names[what]);
        search.failed = true;
    } else if (br_js_search_take(&search, s->dom, by) == 0) {
        br_query_filter(&s->nodes, &search.pick, what != NOT, &out);
    }
    if (what != IS) return found(ctx, this_val, &search, &out);
    bool some = out.len > 0;
    br_nodes_deinit(&out);
    return br_js_search_end(&search, JS_NewBool(ctx, some));
}

/* Positions ----------------------------------------------------------------------------------------- */

static JSValue range(JSContext *ctx, JSValueConst this_val, int64_t from, int64_t to)
{
    const br_js_selection *s = br_js_selection_of(this_val);
    br_nodes out = {0};
    for (int64_t i = from < 0 ? 0 : from; i < to && i < (int64_t) s->nodes.len; i++)
        *br_vec_push(&out) = s->nodes.data[i];
    return derived(ctx, this_val, &out);
}

static int64_t from_end(const br_js_selection *s, int64_t i)
{
    return i < 0 ? i + (int64_t) s->nodes.len : i;
}

static JSValue at_index(JSContext *ctx, JSValueConst this_val, int64_t i)
{
    i = from_end(br_js_selection_of(this_val), i);
    return i < 0 ? range(ctx, this_val, 0, 0) : range(ctx, this_val, i, i + 1);
}

static JSValue selection_eq(JSContext *ctx, JSValueConst this_val, int argc, JSValueConst *argv)
{
    int32_t i = 0;
    if (!self(ctx, this_val) || (argc > 0 && JS_ToInt32(ctx, &i, argv[0]) < 0)) return JS_EXCEPTION;
    return at_index(ctx, this_val, i);
}

static JSValue selection_end_of(
    JSContext *ctx, JSValueConst this_val, int argc, JSValueConst *argv, int index)
{
    (void) argc, (void) argv;
    return self(ctx, this_val) ? at_index(ctx, this_val, index) : JS_EXCEPTION;
}

static JSValue selection_slice(JSContext *ctx, JSValueConst this_val, int argc, JSValueConst *argv)
{
    const br_js_selection *s = self(ctx, this_val);
    if (!s) return JS_EXCEPTION;
    int32_t from = 0, to = (int32_t) s->nodes.len;
    if (argc > 0 && JS_ToInt32(ctx, &from, argv[0]) < 0) return JS_EXCEPTION;
    if (given(argc, argv, 1) && JS_ToInt32(ctx, &to, argv[1]) < 0) return JS_EXCEPTION;
    return range(ctx, this_val, from_end(s, from), from_end(s, to));
}

static JSValue selection_end(JSContext *ctx, JSValueConst this_val, int argc, JSValueConst *argv)
{
    (void) argc, (void) argv;
    const br_js_selection *s = self(ctx, this_val);
    if (!s) return JS_EXCEPTION;
    return JS_IsUndefined(s->prev) ? range(ctx, this_val, 0, 0) : JS_DupValue(ctx, s->prev);
}

static JSValue selection_get(JSContext *ctx, JSValueConst this_val, int argc, JSValueConst *argv)
{
    br_js_selection *s = self(ctx, this_val);
    if (!s) return JS_EXCEPTION;
    if (argc == 0) return br_js_element_list(ctx, s->dom, &s->nodes, s->url);
    int32_t i;
    if (JS_ToInt32(ctx, &i, argv[0]) < 0) return JS_EXCEPTION;
    int64_t at = from_end(s, i);
    bool inside = at >= 0 && at < (int64_t) s->nodes.len;
    return br_js_element_new(ctx, s->dom, inside ? s->nodes.data[at] : NULL, s->url);
}

static JSValue selection_to_array(JSContext *ctx, JSValueConst this_val, int argc, JSValueConst *argv)
{
    (void) argc, (void) argv;
    const br_js_selection *s = self(ctx, this_val);
    if (!s) return JS_EXCEPTION;
    JSValue list = JS_NewArray(ctx);
    for (size_t i = 0; i < s->nodes.len; i++) {
        JSValue item = one(ctx, this_val, s->nodes.data[i]);
        JS_DefinePropertyValueUint32(ctx, list, (uint32_t) i, item, JS_PROP_C_W_E);
    }
    return list;
}

static JSValue selection_size(JSContext *ctx, JSValueConst this_val, int argc, JSValueConst *argv)
{
    (void) argc, (void) argv;
    const br_js_selection *s = self(ctx, this_val);
    return s ? JS_NewInt64(ctx, (int64_t) s->nodes.len) : JS_EXCEPTION;
}

static ptrdiff_t index_by_selector(br_js_search *search, const br_js_selection *s)
{
    br_nodes root = {0}, all = {0};
    *br_vec_push(&root) = br_dom_root(s->dom);
    br_query_find(s->dom, &root, &search->pick, false, &all);
    ptrdiff_t i = br_nodes_index(&all, s->nodes.data[0]);
    br_nodes_deinit(&root);
    br_nodes_deinit(&all);
    return i;
}

/* Among its siblings; in what a selector finds; or of another's first node in this one. */
static JSValue selection_index(JSContext *ctx, JSValueConst this_val, int argc, JSValueConst *argv)
{
    br_js_selection *s = self(ctx, this_val);
    if (!s) return JS_EXCEPTION;
    const br_dom_node *first = s->nodes.len ? s->nodes.data[0] : NULL;
    if (argc == 0) {
        bool element = first && first->kind == BR_DOM_ELEMENT;
        return JS_NewInt64(ctx, element ? (int64_t) first->index - 1 : first ? 0 : -1);
    }
    const br_js_selection *other = br_js_selection_of(argv[0]);
    const br_js_element *element = br_js_element_of(argv[0]);
    const br_dom_node *node = element                     ? element->node
                              : other && other->nodes.len ? other->nodes.data[0]
                                                          : NULL;
    if (node || !JS_IsString(argv[0])) return JS_NewInt64(ctx, node ? br_nodes_index(&s->nodes, node) : -1);
    br_js_search search;
    br_js_search_begin(&search, ctx);
    ptrdiff_t i = br_js_search_take_text(&search, argv[0]) == 0 && first ? index_by_selector(&search, s) : -1;
    return br_js_search_end(&search, JS_NewInt64(ctx, i));
}

/* each, map ----------------------------------------------------------------------------------------- */

/* "the function passed to each() failed: Error: text at file:///x.js:1:2(0)" */
static JSValue each_failed(JSContext *ctx)
{
    JSValue error = JS_GetException(ctx);
    if (JS_IsUncatchableError(error)) return JS_Throw(ctx, error);
    br_buf text, out;
    br_buf_init(&text, BR_BUF_NO_LIMIT);
    br_buf_init(&out, BR_BUF_NO_LIMIT);
    br_js_exception_text(ctx, error, &text);
    JS_FreeValue(ctx, error);
    br_str rest = br_str_trim(br_buf_view(&text)), message = rest;
    ptrdiff_t frame = br_str_find(rest, BR_STR("\n\tat "));
    if (frame >= 0) message = br_str_sub(rest, 0, (size_t) frame);
    (void) br_buf_printf(&out, "the function passed to each() failed: " BR_FMT, BR_ARG(message));
    if (frame >= 0) {
        rest = br_str_sub(rest, (size_t) frame + 2, rest.n);
        br_str line;
        (void) br_str_cut(&rest, '\n', &line);
        (void) br_buf_printf(&out, " " BR_FMT, BR_ARG(line));
    }
    br_js_throw_str(ctx, br_buf_view(&out));
    br_buf_deinit(&text);
    br_buf_deinit(&out);
    return JS_EXCEPTION;
}

static JSValue selection_each(JSContext *ctx, JSValueConst this_val, int argc, JSValueConst *argv)
{
    br_js_selection *s = self(ctx, this_val);
    if (!s) return JS_EXCEPTION;
    if (!JS_IsFunction(ctx, arg(argc, argv, 0)))
        return br_js_throw(ctx, "the argument to each() must be a function");
    for (size_t i = 0; i < s->nodes.len; i++) {
        JSValue v = call_with(ctx, argv[0], i, br_js_element_new(ctx, s->dom, s->nodes.data[i], s->url));
        if (JS_IsException(v)) return each_failed(ctx);
        JS_FreeValue(ctx, v);
    }
    return JS_DupValue(ctx, this_val);
}

/* As in k6, a call that throws adds nothing. */
static JSValue selection_map(JSContext *ctx, JSValueConst this_val, int argc, JSValueConst *argv)
{
    br_js_selection *s = self(ctx, this_val);
    if (!s) return JS_EXCEPTION;
    if (!JS_IsFunction(ctx, arg(argc, argv, 0)))
        return br_js_throw(ctx, "the argument to map() must be a function");
    JSValue list = JS_NewArray(ctx);
    uint32_t n = 0;
    for (size_t i = 0; i < s->nodes.len; i++) {
        JSValue v = call_with(ctx, argv[0], i, one(ctx, this_val, s->nodes.data[i]));
        if (!JS_IsException(v)) {
            JS_DefinePropertyValueUint32(ctx, list, n++, v, JS_PROP_C_W_E);
            continue;
        }
        JSValue error = JS_GetException(ctx);
        if (JS_IsUncatchableError(error)) {
            JS_FreeValue(ctx, list);
            return JS_Throw(ctx, error);
        }
        JS_FreeValue(ctx, error);
    }
    return list;
}

static JSValue selection_url(JSContext *ctx, JSValueConst this_val)
{
    const br_js_selection *s = self(ctx, this_val);
    return s ? JS_DupValue(ctx, s->url) : JS_EXCEPTION;
}

const JSCFunctionListEntry br_js_selection_entries[] = {
    JS_CFUNC_MAGIC_DEF("find", 1, by_pick, FIND),
    JS_CFUNC_MAGIC_DEF("single", 1, by_pick, SINGLE),
    JS_CFUNC_MAGIC_DEF("closest", 1, by_pick, CLOSEST),
    JS_CFUNC_MAGIC_DEF("has", 1, by_pick, HAS),
    JS_CFUNC_MAGIC_DEF("add", 1, by_pick, ADD),
    JS_CFUNC_MAGIC_DEF("children", 1, by_way, BR_WAY_CHILDREN),
    JS_CFUNC_MAGIC_DEF("contents", 0, by_way, BR_WAY_CONTENTS),
    JS_CFUNC_MAGIC_DEF("parent", 1, by_way, BR_WAY_PARENT),
    JS_CFUNC_MAGIC_DEF("parents", 1, by_way, BR_WAY_PARENTS),
    JS_CFUNC_MAGIC_DEF("next", 1, by_way, BR_WAY_NEXT),
    JS_CFUNC_MAGIC_DEF("nextAll", 1, by_way, BR_WAY_NEXT_ALL),
    JS_CFUNC_MAGIC_DEF("prev", 1, by_way, BR_WAY_PREV),
    JS_CFUNC_MAGIC_DEF("prevAll", 1, by_way, BR_WAY_PREV_ALL),
    JS_CFUNC_MAGIC_DEF("siblings", 1, by_way, BR_WAY_SIBLINGS),
    JS_CFUNC_MAGIC_DEF("parentsUntil", 2, by_way_until, BR_WAY_PARENTS),
    JS_CFUNC_MAGIC_DEF("nextUntil", 2, by_way_until, BR_WAY_NEXT_ALL),
    JS_CFUNC_MAGIC_DEF("prevUntil", 2, by_way_until, BR_WAY_PREV_ALL),
    JS_CFUNC_MAGIC_DEF("filter", 1, by_filter, FILTER),
    JS_CFUNC_MAGIC_DEF("not", 1, by_filter, NOT),
    JS_CFUNC_MAGIC_DEF("is", 1, by_filter, IS),
    JS_CFUNC_DEF("eq", 1, selection_eq),
    JS_CFUNC_MAGIC_DEF("first", 0, selection_end_of, 0),
    JS_CFUNC_MAGIC_DEF("last", 0, selection_end_of, -1),
    JS_CFUNC_DEF("slice", 2, selection_slice),
    JS_CFUNC_DEF("end", 0, selection_end),
    JS_CFUNC_DEF("get", 1, selection_get),
    JS_CFUNC_DEF("toArray", 0, selection_to_array),
    JS_CFUNC_DEF("size", 0, selection_size),
    JS_CFUNC_DEF("index", 1, selection_index),
    JS_CFUNC_DEF("each", 1, selection_each),
    JS_CFUNC_DEF("map", 1, selection_map),
    JS_CGETSET_DEF("url", selection_url, NULL),
};
const int br_js_selection_entry_count = BR_COUNT_OF(br_js_selection_entries);
