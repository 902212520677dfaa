#include "codec/gjson.h"

#include "base/num.h"
#include "codec/gjson_int.h"

br_buf br_gjson_begin(const br_gjson *g)
{
    br_buf text;
    br_buf_init(&text, BR_GJSON_MADE_MAX - g->made);
    return text;
}

void br_gjson_put(br_gjson *g, br_buf *text, br_str s)
{
    if (br_buf_put(text, s) != BR_OK) g->limit = "makes more than 256 MiB of text";
}

br_str br_gjson_end(br_gjson *g, br_buf *text)
{
    g->made += text->len;
    br_str s = br_arena_str(g->arena, (br_str){text->data ? text->data : "", text->len});
    br_buf_deinit(text);
    return s;
}

/* Walking down ---------------------------------------------------------------------------------------- */

/* An object or array on the way down. They form a stack, so that wildcards can come back; a frame that was
 * left is kept for the next one. */
typedef struct frame frame;
struct frame {
    frame *parent, *child;
    br_json_iter it;
    br_gjson_step step;
    uint64_t wanted, at; /* indexes of items; wanted == UINT64_MAX: none */
};

typedef struct walk {
    br_gjson *g;
    frame first, *top;
    br_str value, pipe;
    bool piped; /* the value is not the result: `pipe` is selected in it */
} walk;

static frame *push(walk *w)
{
    if (!w->top) return w->top = &w->first;
    if (!w->top->child) {
        w->top->child = BR_ARENA_NEW(w->g->arena, frame);
        w->top->child->parent = w->top;
    }
    return w->top = w->top->child;
}

/* The one above goes on behind the bracket that ended this one. */
static void pop(walk *w)
{
    const frame *f = w->top;
    w->top = f->parent;
    if (w->top) w->top->it.at = f->it.at < f->it.end ? f->it.at + 1 : f->it.end;
}

static void set_pipe(walk *w, br_str pipe)
{
    w->pipe = pipe;
    w->piped = true;
}

/* `#`: how many. */
static void count_items(walk *w, frame *f)
{
    uint64_t n = 0;
    while (br_json_next(&f->it))
        n++;
    br_buf text = br_gjson_begin(w->g);
    (void) br_buf_put_u64(&text, n);
    w->value = br_gjson_end(w->g, &text);
}

static void put_item(br_gjson *g, br_buf *list, br_str value)
{
    if (!value.p) return;
    if (list->len > 1) br_gjson_put(g, list, BR_STR(","));
    br_gjson_put(g, list, value);
}

/* `#.path`: what it selects in each item, without those that have nothing there. */
static void gather(walk *w, frame *f)
{
    br_str path = f->step.rest, pipe;
    if (br_gjson_split_pipe(path, &path, &pipe)) set_pipe(w, pipe);
    br_buf list = br_gjson_begin(w->g);
    br_gjson_put(w->g, &list, BR_STR("["));
    while (!w->g->limit && br_json_next(&f->it))
        put_item(w->g, &list, br_gjson_select(w->g, f->it.value, path));
    br_gjson_put(w->g, &list, BR_STR("]"));
    w->value = br_gjson_end(w->g, &list);
}

static bool is_container(br_str value)
{
    return value.n && (*value.p == '{' || *value.p == '[');
}

static bool item_matches(br_gjson *g, const br_gjson_query *q, br_str item)
{
    if (is_container(item)) return br_gjson_query_matches(g, q, br_gjson_select(g, item, q->path));
    return !q->path.n && br_gjson_query_matches(g, q, item);
}

/* `#(query)`: the first item, or what the rest of the path selects in it; `#(query)#`: all of them. */
static bool run_query(walk *w, frame *f)
{
    br_gjson_query q;
    br_str rest = f->step.rest, pipe;
    if (!br_gjson_query_parse(w->g, f->step.part, &q)) return false;
    br_buf list = br_gjson_begin(w->g);
    br_gjson_put(w->g, &list, BR_STR("["));
    bool found = false;
    while (!w->g->limit && (q.all || !found) && br_json_next(&f->it)) {
        if (!item_matches(w->g, &q, f->it.value)) continue;
        if (!found && f->step.more && br_gjson_split_pipe(rest, &rest, &pipe)) set_pipe(w, pipe);
        found = true;
        w->value = f->step.more ? br_gjson_select(w->g, f->it.value, rest) : f->it.value;
        if (q.all) put_item(w->g, &list, w->value);
    }
    br_gjson_put(w->g, &list, BR_STR("]"));
    if (q.all)
        w->value = br_gjson_end(w->g, &list);
    else
        br_buf_deinit(&list);
    return q.all || found;
}

/* True: w->value is what the path selects; false: the items are to be walked over. */
static bool begin_array(walk *w, frame *f)
{
    if (br_parse_u64(f->step.part, &f->wanted) != BR_OK) f->wanted = UINT64_MAX;
    f->at = 0;
    if (br_str_is(f->step.part, "#")) {
        f->step.more ? gather(w, f) : count_items(w, f);
        return true;
    }
    bool query = br_str_starts(f->step.part, BR_STR("#(")) || br_str_starts(f->step.part, BR_STR("#["));
    return query && run_query(w, f);
}

static bool enter(walk *w, br_json_iter inside, br_str path)
{
    frame *f = push(w);
    f->it = inside;
    f->step = inside.object ? br_gjson_key_step(w->g, path) : br_gjson_item_step(path);
    if (f->step.piped) set_pipe(w, f->step.pipe);
    return !inside.object && begin_array(w, f);
}

static bool key_matches(br_gjson *g, const br_gjson_step *s, br_str key)
{
    if (!s->wild && key.n == s->part.n + 2 && memcmp(key.p + 1, s->part.p, s->part.n) == 0) return true;
    if (!s->wild && !br_json_has_escape(key)) return false;
    br_str name = br_json_string(key, g->arena);
    return s->wild ? br_gjson_match(name, s->part) : br_str_eq(name, s->part);
}

/* From the outermost object or array down to w->value, which stays empty if nothing is there. */
static void walk_down(walk *w, br_json_iter outermost, br_str path)
{
    if (enter(w, outermost, path)) return;
    while (w->top && !w->g->limit) {
        frame *f = w->top;
        if (!br_json_next_head(&f->it)) {
            pop(w);
            continue;
        }
        bool match = f->it.object ? key_matches(w->g, &f->step, f->it.key)
                                  : f->at++ == f->wanted && f->wanted != UINT64_MAX;
        if (match && f->step.more && is_container(f->it.value)) {
            if (enter(w, br_json_iterate(f->it.value), f->step.rest)) return;
            continue;
        }
        br_json_skip(&f->it);
        if (!match || f->step.more) continue;
        w->value = f->it.value;
        return;
    }
}

/* Modifiers, literals, multipaths --------------------------------------------------------------------- */

/* "@name:arg|rest". False: no such modifier. *path becomes the rest. */
static bool run_modifier(br_gjson *g, br_str json, br_str *path, br_str *ret)
{
    size_t n = 1;
    while (n < path->n && !br_gjson_is_one(path->p[n], BR_STR(":|.")))
        n++;
    br_str name = br_str_sub(*path, 1, n), rest = br_str_sub(*path, n, path->n), arg = BR_STR("");
    if (!br_gjson_has_modifier(name)) return false;
    if (rest.n && *rest.p == ':') {
        rest = br_str_sub(rest, 1, rest.n);
        size_t end = 0;
        if (rest.n && br_gjson_is_one(*rest.p, BR_STR("{[\""))) {
            end = br_gjson_balanced(rest);
        } else {
            while (end < rest.n && rest.p[end] != '|')
                end += br_gjson_is_one(rest.p[end], BR_STR("{[\"("))
                           ? br_gjson_balanced(br_str_sub(rest, end, rest.n))
                           : 1;
        }
        arg = br_str_sub(rest, 0, end);
        rest = br_str_sub(rest, arg.n, rest.n);
    }
    *ret = br_gjson_modify(g, json, name, arg);
    *path = rest;
    return true;
}

/* "!true|rest": a value that stands in the path. */
static bool read_literal(br_str *path, br_str *ret)
{
    static const br_str words[] = {BR_STR_INIT("true"), BR_STR_INIT("false"), BR_STR_INIT("null")};
    br_str text = br_str_sub(*path, 1, path->n), value = br_json_first(text);
    if (text.n && br_gjson_is_one(*text.p, BR_STR("{[\"")))
        value = br_str_sub(text, 0, br_gjson_balanced(text));
    if (text.n && strchr("{[\"-0123456789", *text.p) && br_json_valid(value)) {
        *ret = value;
        *path = br_str_sub(text, value.n, text.n);
        return true;
    }
    size_t n = 0;
    while (n < text.n && text.p[n] != '|' && text.p[n] != '.')
        n++;
    for (size_t i = 0; i < BR_COUNT_OF(words); i++) {
        if (!br_str_eq_nocase(br_str_sub(text, 0, n), words[i])) continue;
        *ret = words[i];
        *path = br_str_sub(text, n, text.n);
        return true;
    }
    return false;
}

typedef struct selector { /* one of a multipath */
    br_str name, path;
    bool named;
} selector;

/* Takes the next one from *rest, which is behind '{' or ','; *ret_last: the bracket was closed. False: it is
 * not. */
static bool next_selector(br_str *rest, selector *ret, bool *ret_last)
{
    size_t modifier = 0;
    *ret = (selector){0};
    size_t from = 0;
    for (size_t i = 0; i < rest->n; i++) {
        char c = rest->p[i];
        *ret_last = br_gjson_is_one(c, BR_STR(")]}"));
        if (*ret_last || c == ',') {
            ret->path = br_str_sub(*rest, from, i);
            *rest = br_str_sub(*rest, i + 1, rest->n);
            return true;
        }
        if (c == '\\')
            i++;
        else if (br_gjson_is_one(c, BR_STR("\"([{")))
            i += br_gjson_balanced(br_str_sub(*rest, i, rest->n)) - 1;
        else if (c == '@' && i && (rest->p[i - 1] == '.' || rest->p[i - 1] == '|'))
            modifier = i;
        else if (c == ':' && !modifier && !ret->named) {
            ret->named = true;
            ret->name = br_str_sub(*rest, 0, i);
            from = i + 1;
        }
    }
    return false;
}

/* The name of a member that was given none: the last component, if that is simple. */
static br_str last_name(br_str path)
{
    size_t i = path.n;
    while (i > 0 && !((path.p[i - 1] == '.' || path.p[i - 1] == '|') && !(i > 1 && path.p[i - 2] == '\\')))
        i--;
    br_str name = br_str_sub(path, i, path.n);
    for (size_t k = 0; k < name.n; k++) {
        if ((unsigned char) name.p[k] < ' ' || br_gjson_is_one(name.p[k], BR_STR("[]{}()#|!")))
            return BR_STR("_");
    }
    return name;
}

static void put_name(br_gjson *g, br_buf *text, const selector *s)
{
    br_str name = s->named && s->name.n ? s->name : last_name(s->path);
    if (s->named && name.n && *name.p == '"' && br_json_valid(name))
        br_gjson_put(g, text, name);
    else if (br_buf_put_json_str(text, name) != BR_OK)
        br_gjson_put(g, text, name); /* notes the limit */
    br_gjson_put(g, text, BR_STR(":"));
}

/* "{a,"b":c.d}|rest" or "[a,c.d]|rest". False: brackets that are not closed, or that other text follows. */
static bool run_multipath(br_gjson *g, br_str json, br_str *path, br_str *ret)
{
    bool object = *path->p == '{', last = false;
    br_str rest = br_str_sub(*path, 1, path->n);
    br_buf text = br_gjson_begin(g);
    br_gjson_put(g, &text, object ? BR_STR("{") : BR_STR("["));
    while (!last) {
        selector s;
        if (g->limit || !next_selector(&rest, &s, &last)) {
            br_buf_deinit(&text);
            return false;
        }
        br_str value = br_gjson_select(g, json, s.path);
        if (!value.p) continue;
        if (text.len > 1) br_gjson_put(g, &text, BR_STR(","));
        if (object) put_name(g, &text, &s);
        br_gjson_put(g, &text, value);
    }
    br_gjson_put(g, &text, object ? BR_STR("}") : BR_STR("]"));
    *ret = br_gjson_end(g, &text);
    *path = rest;
    return !rest.n || *rest.p == '|' || *rest.p == '.';
}

/* What a path may begin with instead of a component. False: it does not. */
static bool select_special(br_gjson *g, br_str json, br_str *path, br_str *ret)
{
    if (path->n < 2) return false;
    br_str left = *path;
    bool done = false;
    if (*left.p == '@') done = run_modifier(g, json, &left, ret);
    if (*left.p == '!') done = read_literal(&left, ret);
    if (!done && (*path->p == '[' || *path->p == '{')) done = run_multipath(g, json, &left, ret);
    if (done) *path = left;
    return done;
}

/* Up to the next pipe: *path becomes what is behind it; false: nothing is, *ret is the result. */
static bool select_part(br_gjson *g, br_str json, br_str *path, br_str *ret)
{
    br_str rest = *path;
    if (select_special(g, json, &rest, ret)) {
        bool piped = rest.n && (*rest.p == '|' || *rest.p == '.');
        if (piped)
            *path = br_str_sub(rest, 1, rest.n);
        else
            *ret = br_json_first(*ret); /* of a modifier: may have space around it */
        return piped;
    }
    walk w = {.g = g, .value = BR_STR_NONE};
    br_json_iter lines = {.at = json.p, .end = json.p + json.n}; /* "..": each line an item */
    br_str outermost = br_json_first(json);
    if (br_str_starts(*path, BR_STR("..")))
        walk_down(&w, lines, br_str_sub(*path, 2, path->n));
    else if (is_container(outermost))
        walk_down(&w, br_json_iterate(outermost), *path);
    *ret = w.value;
    *path = w.pipe;
    return w.piped;
}

br_str br_gjson_select(br_gjson *g, br_str json, br_str path)
{
    if (g->depth == BR_GJSON_DEPTH_MAX) g->limit = "has more selections within selections than 16";
    if (g->limit) return BR_STR_NONE;
    g->depth++;
    br_str value = BR_STR_NONE;
    while (select_part(g, json, &path, &value) && !g->limit)
        json = value.p ? value : BR_STR("");
    g->depth--;
    return value;
}

br_code br_gjson_get(br_str document, br_str path, br_arena *arena, br_str *ret_value, br_err *err)
{
    br_gjson g = {.arena = arena};
    *ret_value = BR_STR_NONE;
    if (path.n > BR_GJSON_PATH_MAX)
        g.limit = "is longer than 64 KiB";
    else
        *ret_value = br_gjson_select(&g, document, path);
    if (!g.limit) return BR_OK;
    *ret_value = BR_STR_NONE;
    return br_fail(err, BR_ELIMIT, "the selector %s: simplify it", g.limit);
}
