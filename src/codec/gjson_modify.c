/* Modifiers of selectors: a value's text to another. */
#include <stdlib.h>
#include "base/map.h"
#include "base/num.h"
#include "base/vec.h"
#include "codec/gjson_int.h"

static br_str open_of(br_json_kind kind)
{
    return kind == BR_JSON_OBJECT ? BR_STR("{") : BR_STR("[");
}

static br_str close_of(br_json_kind kind)
{
    return kind == BR_JSON_OBJECT ? BR_STR("}") : BR_STR("]");
}

static bool is_container(br_str value)
{
    br_json_kind kind = br_json_kind_of(value);
    return kind == BR_JSON_OBJECT || kind == BR_JSON_ARRAY;
}

static void put_comma(br_gjson *g, br_buf *out)
{
    if (out->len > 1) br_gjson_put(g, out, BR_STR(","));
}

/* The member `name` of the argument, an object; p == NULL: it has none. */
static br_str option(br_gjson *g, br_str arg, const char *name)
{
    br_str found = BR_STR_NONE, object = br_json_first(arg);
    if (br_json_kind_of(object) != BR_JSON_OBJECT) return found;
    br_json_iter it = br_json_iterate(object);
    while (br_json_next(&it)) {
        if (br_str_is(br_json_string(it.key, g->arena), name)) found = it.value;
    }
    return found;
}

static br_str reverse(br_gjson *g, br_str json, br_str arg)
{
    (void) arg;
    br_json_kind kind = br_json_kind_of(json);
    if (!is_container(json)) return json;
    BR_VEC(br_json_iter) found = {0};
    br_json_iter it = br_json_iterate(json);
    while (br_json_next(&it))
        *br_vec_push(&found) = it;
    br_buf out = br_gjson_begin(g);
    br_gjson_put(g, &out, open_of(kind));
    for (size_t i = found.len; i-- > 0;) {
        put_comma(g, &out);
        br_gjson_put(g, &out, found.data[i].key);
        if (found.data[i].key.n) br_gjson_put(g, &out, BR_STR(":"));
        br_gjson_put(g, &out, found.data[i].value);
    }
    br_gjson_put(g, &out, close_of(kind));
    br_vec_deinit(&found);
    return br_gjson_end(g, &out);
}

/* Text without the white space between tokens. */
static br_str ugly(br_gjson *g, br_str json, br_str arg)
{
    (void) arg;
    char *text = br_arena_alloc(g->arena, json.n + 1);
    size_t n = 0;
    bool quoted = false;
    for (size_t i = 0; i < json.n; i++) {
        char c = json.p[i];
        if (!quoted && br_gjson_is_one(c, BR_STR(" \t\r\n"))) continue;
        text[n++] = c;
        if (c == '"') quoted = !quoted;
        if (quoted && c == '\\' && i + 1 < json.n) text[n++] = json.p[++i];
    }
    return (br_str){text, n};
}

static br_str same(br_gjson *g, br_str json, br_str arg)
{
    (void) g, (void) arg;
    return json;
}

/* Items of inner arrays become items; with {"deep":true} those of all levels. */
static br_str flatten(br_gjson *g, br_str json, br_str arg)
{
    if (br_json_kind_of(json) != BR_JSON_ARRAY) return json;
    bool deep = br_str_is(option(g, arg, "deep"), "true");
    BR_VEC(br_json_iter) open = {0};
    *br_vec_push(&open) = br_json_iterate(json);
    br_buf out = br_gjson_begin(g);
    br_gjson_put(g, &out, BR_STR("["));
    while (open.len) {
        if (!br_json_next(br_vec_last(&open))) {
            open.len--;
            continue;
        }
        br_str value = br_vec_last(&open)->value;
        if (br_json_kind_of(value) == BR_JSON_ARRAY && (deep || open.len == 1)) {
            br_json_iter inner = br_json_iterate(value);
            *br_vec_push(&open) = inner;
            continue;
        }
        put_comma(g, &out);
        br_gjson_put(g, &out, value);
    }
    br_gjson_put(g, &out, BR_STR("]"));
    br_vec_deinit(&open);
    return br_gjson_end(g, &out);
}

typedef struct member {
    br_str key, value;
} member;

static void put_member(br_gjson *g, br_buf *out, member m)
{
    put_comma(g, out);
    br_gjson_put(g, out, m.key);
    br_gjson_put(g, out, BR_STR(":"));
    br_gjson_put(g, out, m.value);
}

/* Objects of an array become one; of members of one name the last counts, in the place of the first. */
static br_str join(br_gjson *g, br_str json, br_str arg)
{
    if (br_json_kind_of(json) != BR_JSON_ARRAY) return json;
    bool preserve = br_str_is(option(g, arg, "preserve"), "true");
    br_map places;
    BR_VEC(member) members = {0};
    br_map_init(&places);
    br_json_iter list = br_json_iterate(json);
    while (br_json_next(&list)) {
        if (br_json_kind_of(list.value) != BR_JSON_OBJECT) continue;
        br_json_iter it = br_json_iterate(list.value);
        while (br_json_next(&it)) {
            br_str name = br_json_string(it.key, g->arena);
            uintptr_t known = preserve ? 0 : (uintptr_t) br_map_get(&places, name);
            if (known) {
                members.data[known - 1].value = it.value;
                continue;
            }
            *br_vec_push(&members) = (member){it.key, it.value};
            if (!preserve) br_map_set(&places, name, (void *) members.len);
        }
    }
    br_buf out = br_gjson_begin(g);
    br_gjson_put(g, &out, BR_STR("{"));
    for (size_t i = 0; i < members.len; i++)
        put_member(g, &out, members.data[i]);
    br_gjson_put(g, &out, BR_STR("}"));
    br_vec_deinit(&members);
    br_map_deinit(&places);
    return br_gjson_end(g, &out);
}

static br_str valid(br_gjson *g, br_str json, br_str arg)
{
    (void) g, (void) arg;
    return br_json_valid(json) ? json : BR_STR_NONE;
}

static br_str list_of(br_gjson *g, br_str json, bool keys)
{
    br_buf out = br_gjson_begin(g);
    br_gjson_put(g, &out, BR_STR("["));
    if (is_container(json)) {
        br_json_iter it = br_json_iterate(json);
        while (br_json_next(&it)) {
            put_comma(g, &out);
            br_gjson_put(g, &out, !keys ? it.value : it.key.n ? it.key : BR_STR("null"));
        }
    } else if (json.n) {
        br_gjson_put(g, &out, keys ? BR_STR("null") : json);
    }
    br_gjson_put(g, &out, BR_STR("]"));
    return br_gjson_end(g, &out);
}

static br_str keys(br_gjson *g, br_str json, br_str arg)
{
    (void) arg;
    return list_of(g, json, true);
}

static br_str values(br_gjson *g, br_str json, br_str arg)
{
    (void) arg;
    return br_json_kind_of(json) == BR_JSON_ARRAY ? json : list_of(g, json, false);
}

static br_str to_string(br_gjson *g, br_str json, br_str arg)
{
    (void) arg;
    br_buf out = br_gjson_begin(g);
    if (br_buf_put_json_str(&out, json) != BR_OK) br_gjson_put(g, &out, json); /* notes the limit */
    return br_gjson_end(g, &out);
}

/* The text of a string is a document itself. */
static br_str from_string(br_gjson *g, br_str json, br_str arg)
{
    (void) arg;
    if (br_json_kind_of(json) != BR_JSON_STRING) return json;
    return br_json_string(json, g->arena);
}

/* {"a":[1,2],"b":[3,4]} becomes [{"a":1,"b":3},{"a":2,"b":4}]. */
static br_str group(br_gjson *g, br_str json, br_str arg)
{
    (void) arg;
    if (br_json_kind_of(json) != BR_JSON_OBJECT) return BR_STR_NONE;
    BR_VEC(br_buf) rows = {0};
    br_json_iter it = br_json_iterate(json);
    while (br_json_next(&it)) {
        if (br_json_kind_of(it.value) != BR_JSON_ARRAY) continue;
        br_json_iter items = br_json_iterate(it.value);
        for (size_t i = 0; br_json_next(&items); i++) {
            if (i == rows.len) {
                *br_vec_push(&rows) = br_gjson_begin(g);
                br_gjson_put(g, &rows.data[i], BR_STR("{"));
            }
            put_member(g, &rows.data[i], (member){it.key, items.value});
        }
    }
    br_buf out = br_gjson_begin(g);
    br_gjson_put(g, &out, BR_STR("["));
    for (size_t i = 0; i < rows.len; i++) {
        put_comma(g, &out);
        br_gjson_put(g, &out, br_buf_view(&rows.data[i]));
        br_gjson_put(g, &out, BR_STR("}"));
        br_buf_deinit(&rows.data[i]);
    }
    br_gjson_put(g, &out, BR_STR("]"));
    br_vec_deinit(&rows);
    return br_gjson_end(g, &out);
}

/* What the path selects in the value and in all values below it. They begin in the order of the text. */
static br_str dig(br_gjson *g, br_str json, br_str path)
{
    BR_VEC(br_json_iter) open = {0};
    br_buf out = br_gjson_begin(g);
    br_gjson_put(g, &out, BR_STR("["));
    br_str value = json;
    for (bool more = true; more && !g->limit;) {
        br_str hit = br_gjson_select(g, value, path);
        if (hit.p) {
            put_comma(g, &out);
            br_gjson_put(g, &out, hit);
        }
        if (is_container(value)) {
            br_json_iter inner = br_json_iterate(value);
            *br_vec_push(&open) = inner;
        }
        while (open.len && !br_json_next(br_vec_last(&open)))
            open.len--;
        more = open.len > 0;
        if (more) value = br_vec_last(&open)->value;
    }
    br_gjson_put(g, &out, BR_STR("]"));
    br_vec_deinit(&open);
    return br_gjson_end(g, &out);
}

/* @pretty --------------------------------------------------------------------------------------------- */

typedef struct pretty_style {
    br_str indent, prefix;
    size_t width; /* arrays of plain values that fit into it stay in one line */
    bool sorted;
} pretty_style;

static void put_line(br_gjson *g, br_buf *out, const pretty_style *style, size_t depth)
{
    br_gjson_put(g, out, BR_STR("\n"));
    br_gjson_put(g, out, style->prefix);
    for (size_t i = 0; i < depth && !g->limit; i++)
        br_gjson_put(g, out, style->indent);
}

static int by_key(const void *a, const void *b)
{
    return br_str_cmp(((const member *) a)->key, ((const member *) b)->key);
}

/* "[1, 2]" if the array holds plain values only and is short enough, else empty. */
static br_str one_line(br_gjson *g, br_str json, size_t width)
{
    br_buf line = br_gjson_begin(g);
    br_json_iter it = br_json_iterate(json);
    bool fits = true;
    br_gjson_put(g, &line, BR_STR("["));
    while (fits && br_json_next(&it)) {
        if (line.len > 1) br_gjson_put(g, &line, BR_STR(", "));
        br_gjson_put(g, &line, it.value);
        fits = !is_container(it.value) && line.len < width;
    }
    br_gjson_put(g, &line, BR_STR("]"));
    br_str text = fits ? br_gjson_end(g, &line) : BR_STR("");
    if (!fits) br_buf_deinit(&line);
    return text;
}

typedef struct pretty_level {
    member *members; /* in the arena */
    size_t count, next;
    br_json_kind kind;
} pretty_level;

static pretty_level open_level(br_gjson *g, br_str json, bool sorted)
{
    BR_VEC(member) found = {0};
    br_json_iter it = br_json_iterate(json);
    while (br_json_next(&it))
        *br_vec_push(&found) = (member){it.key, it.value};
    pretty_level level = {.count = found.len, .kind = br_json_kind_of(json)};
    level.members = br_arena_alloc(g->arena, (found.len + 1) * sizeof(member));
    if (found.len) memcpy(level.members, found.data, found.len * sizeof(member));
    if (sorted && level.kind == BR_JSON_OBJECT) qsort(level.members, level.count, sizeof(member), by_key);
    br_vec_deinit(&found);
    return level;
}

static void put_pretty(br_gjson *g, br_buf *out, br_str value, const pretty_style *style)
{
    BR_VEC(pretty_level) open = {0};
    for (;;) {
        br_json_kind kind = br_json_kind_of(value);
        br_str line = kind == BR_JSON_ARRAY ? one_line(g, value, style->width) : BR_STR("");
        if (!is_container(value) || line.n) {
            br_gjson_put(g, out, line.n ? line : value);
        } else {
            pretty_level inner = open_level(g, value, style->sorted);
            br_gjson_put(g, out, open_of(kind));
            *br_vec_push(&open) = inner;
        }
        while (open.len && br_vec_last(&open)->next == br_vec_last(&open)->count) {
            pretty_level done = *br_vec_last(&open);
            open.len--;
            if (done.count) put_line(g, out, style, open.len);
            br_gjson_put(g, out, close_of(done.kind));
        }
        if (!open.len || g->limit) break;
        pretty_level *level = br_vec_last(&open);
        member m = level->members[level->next++];
        if (level->next > 1) br_gjson_put(g, out, BR_STR(","));
        put_line(g, out, style, open.len);
        br_gjson_put(g, out, m.key);
        if (m.key.n) br_gjson_put(g, out, BR_STR(": "));
        value = m.value;
    }
    br_vec_deinit(&open);
}

static br_str text_option(br_gjson *g, br_str arg, const char *name, br_str otherwise)
{
    br_str value = option(g, arg, name);
    return br_json_kind_of(value) == BR_JSON_STRING ? br_json_string(value, g->arena) : otherwise;
}

static br_str pretty(br_gjson *g, br_str json, br_str arg)
{
    double width = 80;
    br_str given = option(g, arg, "width");
    if (given.p && br_parse_f64(given, &width) != BR_OK) width = 80;
    pretty_style style = {.indent = text_option(g, arg, "indent", BR_STR("  ")),
        .prefix = text_option(g, arg, "prefix", BR_STR("")),
        .width = width > 0 ? width < 1e6 ? (size_t) width : 1000000 : 0,
        .sorted = br_str_is(option(g, arg, "sortKeys"), "true")};
    br_buf out = br_gjson_begin(g);
    br_gjson_put(g, &out, style.prefix);
    put_pretty(g, &out, json, &style);
    br_gjson_put(g, &out, BR_STR("\n"));
    return br_gjson_end(g, &out);
}

/* The list -------------------------------------------------------------------------------------------- */

typedef br_str modifier_fn(br_gjson *g, br_str json, br_str arg);
typedef struct modifier {
    const char *name;
    modifier_fn *run;
    bool whole; /* takes the text with the space around the value */
} modifier;
static const modifier modifiers[] = {{"this", same, true}, {"reverse", reverse, false},
    {"flatten", flatten, false}, {"join", join, false}, {"keys", keys, false}, {"values", values, false},
    {"ugly", ugly, false}, {"pretty", pretty, false}, {"valid", valid, true}, {"tostr", to_string, true},
    {"fromstr", from_string, false}, {"group", group, false}, {"dig", dig, false}};

static const modifier *find(br_str name)
{
    for (size_t i = 0; i < BR_COUNT_OF(modifiers); i++) {
        if (br_str_is(name, modifiers[i].name)) return &modifiers[i];
    }
    return NULL;
}

bool br_gjson_has_modifier(br_str name)
{
    return find(name) != NULL;
}

br_str br_gjson_modify(br_gjson *g, br_str json, br_str name, br_str arg)
{
    const modifier *m = find(name);
    br_str value = m && m->whole ? json : br_json_first(json);
    return m ? m->run(g, value.p ? value : BR_STR(""), arg) : BR_STR_NONE;
}
