/* Selectors in scripts: from values, with regular expressions of the JavaScript engine. */
#include "script/html_int.h"

#define ARENA_BYTES 1024

/* Go's regular expressions begin with their flags: (?i)text. */
static br_str take_flags(br_str pattern, char *flags)
{
    size_t n = 0, i = 2;
    if (!br_str_starts(pattern, BR_STR("(?"))) return pattern;
    for (; i < pattern.n && strchr("ims", pattern.p[i]) && n < 3; i++) {
        if (!memchr(flags, pattern.p[i], n)) flags[n++] = pattern.p[i];
    }
    if (n && i < pattern.n && pattern.p[i] == ')') {
        flags[n] = 0;
        return br_str_sub(pattern, i + 1, pattern.n);
    }
    flags[0] = 0;
    return pattern;
}

static void *compile(void *ctx, br_str pattern)
{
    br_js_search *s = ctx;
    char flags[4] = "";
    pattern = take_flags(pattern, flags);
    JSValue global = JS_GetGlobalObject(s->ctx), constructor = JS_GetPropertyStr(s->ctx, global, "RegExp");
    JSValue args[] = {br_js_new_str(s->ctx, pattern), JS_NewString(s->ctx, flags)};
    JSValue regex = JS_CallConstructor(s->ctx, constructor, 2, (JSValueConst *) args);
    JS_FreeValue(s->ctx, args[0]);
    JS_FreeValue(s->ctx, args[1]);
    JS_FreeValue(s->ctx, constructor);
    JS_FreeValue(s->ctx, global);
    if (JS_IsException(regex)) { /* not valid: it matches nothing */
        JS_FreeValue(s->ctx, JS_GetException(s->ctx));
        return NULL;
    }
    *br_vec_push(&s->regexes) = regex;
    return (void *) (uintptr_t) s->regexes.len;
}

static bool matches(void *ctx, void *regex, br_str text)
{
    br_js_search *s = ctx;
    if (s->failed) return false;
    JSAtom name = JS_NewAtom(s->ctx, "test");
    JSValue arg = br_js_new_str(s->ctx, text);
    JSValue v = JS_Invoke(s->ctx, s->regexes.data[(uintptr_t) regex - 1], name, 1, (JSValueConst *) &arg);
    JS_FreeValue(s->ctx, arg);
    JS_FreeAtom(s->ctx, name);
    s->failed = JS_IsException(v);
    bool found = !s->failed && JS_ToBool(s->ctx, v);
    JS_FreeValue(s->ctx, v);
    return found;
}

void br_js_search_begin(br_js_search *s, JSContext *ctx)
{
    *s = (br_js_search){.ctx = ctx, .engine = {compile, matches, s}};
    br_arena_init(&s->arena, ARENA_BYTES);
    br_matcher_init(&s->matcher, &s->engine);
    s->pick.matcher = &s->matcher;
}

void br_js_search_text(br_js_search *s, br_str selector)
{
    if (br_css_parse(selector, &s->arena, &s->engine, &s->pick.selector) != BR_OK) s->pick.selector = NULL;
}

int br_js_search_take_text(br_js_search *s, JSValueConst what)
{
    br_str text = br_js_str(s->ctx, what);
    if (!text.p) {
        s->failed = true;
        return -1;
    }
    br_js_search_text(s, text);
    JS_FreeCString(s->ctx, text.p);
    return 0;
}

/* The type that Go would name. */
static const char *type_name(JSContext *ctx, JSValueConst v)
{
    if (br_js_nullish(v)) return "<nil>";
    if (JS_IsBool(v)) return "bool";
    if (JS_IsNumber(v)) return JS_VALUE_GET_TAG(v) == JS_TAG_INT ? "int64" : "float64";
    if (JS_IsFunction(ctx, v)) return "func(sobek.FunctionCall) sobek.Value";
    return JS_IsArray(v) ? "[]interface {}" : "map[string]interface {}";
}

int br_js_search_take(br_js_search *s, const br_dom *dom, JSValueConst what)
{
    if (JS_IsString(what)) return br_js_search_take_text(s, what);
    const br_js_selection *selection = br_js_selection_of(what);
    const br_js_element *element = br_js_element_of(what);
    s->pick.set = &s->own;
    if (selection && selection->dom == dom)
        s->pick.set = &selection->nodes;
    else if (element && element->dom == dom)
        *br_vec_push(&s->own) = element->node;
    if (selection || element) return 0; /* of another document: nothing in common */
    br_js_throw(s->ctx, "invalid argument: Cannot use a %s as a selector", type_name(s->ctx, what));
    s->failed = true;
    return -1;
}

JSValue br_js_search_end(br_js_search *s, JSValue result)
{
    bool failed = s->failed, exhausted = s->matcher.exhausted;
    for (size_t i = 0; i < s->regexes.len; i++)
        JS_FreeValue(s->ctx, s->regexes.data[i]);
    br_vec_deinit(&s->regexes);
    br_nodes_deinit(&s->own);
    br_matcher_deinit(&s->matcher);
    br_arena_deinit(&s->arena);
    if (!failed && !exhausted) return result;
    JS_FreeValue(s->ctx, result);
    if (failed) return JS_EXCEPTION;
    return br_js_throw(s->ctx,
        "the selector was given up after %u comparisons: use a simpler one, or a smaller page",
        BR_CSS_MAX_STEPS);
}

void br_js_find_all(
    JSContext *ctx, const br_dom *dom, const br_dom_node *node, br_str selector, br_nodes *out)
{
    br_js_search s;
    br_js_search_begin(&s, ctx);
    br_js_search_text(&s, selector);
    br_nodes from = {0};
    *br_vec_push(&from) = node;
    br_query_find(dom, &from, &s.pick, false, out);
    br_nodes_deinit(&from);
    JS_FreeValue(ctx, br_js_search_end(&s, JS_UNDEFINED));
}
