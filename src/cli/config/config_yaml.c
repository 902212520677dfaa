#include "cli/config/config_yaml.h"
#include <stdarg.h>
#include <stdio.h>
#include <yaml.h>
#include "base/assert.h"

#define QUOTE_BYTES_MAX 60

typedef struct anchor {
    const char *name;
    br_yaml_node *node;
    struct anchor *next;
} anchor;

typedef struct parse {
    yaml_parser_t yaml;
    const char *path;
    br_str text;
    br_arena *arena;
    anchor *anchors; /* latest first: a name may be given anew */
    size_t anchor_count, node_count;
    br_err *err;
    br_yaml_mark failed_at;
} parse;

/* Messages ----------------------------------------------------------------------------------------- */

br_code br_yaml_fail(const char *path, br_yaml_mark mark, br_err *err, br_code code, const char *fmt, ...)
{
    char text[sizeof(err->msg)];
    va_list args;
    va_start(args, fmt);
    (void) vsnprintf(text, sizeof(text), fmt, args); /* a message that is cut is still a message */
    va_end(args);
    return br_fail(err, code, "%s:%zu:%zu: %s", path, mark.line, mark.column, text);
}

BR_PRINTF(4, 5)
static br_code fail(parse *p, br_yaml_mark mark, br_code code, const char *fmt, ...)
{
    char text[sizeof(p->err->msg)];
    va_list args;
    va_start(args, fmt);
    (void) vsnprintf(text, sizeof(text), fmt, args);
    va_end(args);
    p->failed_at = mark;
    return br_yaml_fail(p->path, mark, p->err, code, "%s", text);
}

const char *br_yaml_quote(br_arena *arena, br_str s)
{
    size_t n = s.n;
    if (n > QUOTE_BYTES_MAX) {
        n = QUOTE_BYTES_MAX;
        while (n > 0 && ((unsigned char) s.p[n] & 0xC0) == 0x80) {
            n--; /* not in the middle of a character */
        }
    }
    char *text = br_arena_printf(arena, "\"%.*s%s\"", (int) n, n ? s.p : "", n < s.n ? "..." : "");
    for (char *c = text; *c; c++) {
        if ((unsigned char) *c < 0x20 || *c == 0x7F) *c = '?';
    }
    return text;
}

static br_yaml_mark mark_of(const yaml_mark_t *m)
{
    return (br_yaml_mark){m->line + 1, m->column + 1};
}

/* The reader knows the byte at which it stopped, but no line. */
static br_yaml_mark mark_at(br_str text, size_t offset)
{
    br_yaml_mark mark = {1, 1};
    for (size_t i = 0; i < offset && i < text.n; i++) {
        if (text.p[i] == '\n') {
            mark = (br_yaml_mark){mark.line + 1, 1};
        } else if (((unsigned char) text.p[i] & 0xC0) != 0x80) {
            mark.column++;
        }
    }
    return mark;
}

static br_code fail_syntax(parse *p)
{
    const yaml_parser_t *y = &p->yaml;
    const char *problem = y->problem ? y->problem : "unreadable";
    if (y->error == YAML_READER_ERROR) {
        return fail(p, mark_at(p->text, y->problem_offset), BR_ESYNTAX,
            "not valid YAML: %s; save the file as UTF-8 text", problem);
    }
    const char *remedy = "check indentation, quotes, brackets and colons";
    size_t at = y->problem_mark.index;
    if (at < p->text.n && p->text.p[at] == '\t') remedy = "indent with blanks, not with tabs";
    char begin[64] = "";
    if (y->context && y->context_mark.line != y->problem_mark.line) {
        (void) snprintf(begin, sizeof(begin), " that begins in line %zu", y->context_mark.line + 1);
    }
    return fail(p, mark_of(&y->problem_mark), BR_ESYNTAX, "not valid YAML: %s%s%s%s; %s", problem,
        y->context ? " " : "", y->context ? y->context : "", begin, remedy);
}

/* Building the tree -------------------------------------------------------------------------------- */

static br_code next_event(parse *p, yaml_event_t *ret)
{
    return yaml_parser_parse(&p->yaml, ret) ? BR_OK : fail_syntax(p);
}

static br_code build(parse *p, const yaml_event_t *event, unsigned depth, br_yaml_node **ret);

static void append(parse *p, br_yaml_node *parent, br_yaml_node *key, br_yaml_node *value)
{
    br_yaml_entry *entry = BR_ARENA_NEW(p->arena, br_yaml_entry);
    entry->key = key;
    entry->value = value;
    if (parent->last) {
        parent->last->next = entry;
    } else {
        parent->first = entry;
    }
    parent->last = entry;
    parent->count++;
}

static const br_yaml_entry *find(const br_yaml_node *map, br_str key)
{
    for (const br_yaml_entry *e = map->first; e; e = e->next) {
        if (br_str_eq(e->key->text, key)) return e;
    }
    return NULL;
}

static br_code check_key(parse *p, const br_yaml_node *map, const br_yaml_node *key)
{
    if (key->kind != BR_YAML_SCALAR) {
        return fail(p, key->mark, BR_EUNSUPPORTED, "a key must be a name, not %s; check the brackets",
            br_yaml_describe(key));
    }
    if (key->plain && br_str_is(key->text, "<<")) {
        return fail(p, key->mark, BR_EUNSUPPORTED, "merge keys (<<) are not supported; write the keys out");
    }
    const br_yaml_entry *former = find(map, key->text);
    if (former) {
        return fail(p, key->mark, BR_EINVAL, "duplicate key %s, first given in line %zu; remove one of them",
            br_yaml_quote(p->arena, key->text), former->key->mark.line);
    }
    if (map->count == BR_YAML_KEYS_MAX) {
        return fail(
            p, key->mark, BR_ELIMIT, "more than %d keys in one mapping; remove some", BR_YAML_KEYS_MAX);
    }
    return BR_OK;
}

/* The events of one collection up to its end. */
static br_code fill(parse *p, br_yaml_node *node, unsigned depth)
{
    br_yaml_node *key = NULL;
    for (;;) {
        yaml_event_t event;
        br_code code = next_event(p, &event);
        if (code != BR_OK) return code;
        bool end = event.type == YAML_SEQUENCE_END_EVENT || event.type == YAML_MAPPING_END_EVENT;
        br_yaml_node *child = NULL;
        if (!end) code = build(p, &event, depth, &child);
        yaml_event_delete(&event);
        if (end || code != BR_OK) return code;
        if (node->kind == BR_YAML_MAP && !key) {
            if ((code = check_key(p, node, child)) != BR_OK) return code;
            key = child;
            continue;
        }
        append(p, node, key, child);
        key = NULL;
    }
}

static br_code remember(parse *p, const yaml_char_t *name, br_yaml_node *node)
{
    if (!name) return BR_OK;
    if (p->anchor_count++ == BR_YAML_ANCHORS_MAX) {
        return fail(
            p, node->mark, BR_ELIMIT, "more than %d anchors (&name); remove some", BR_YAML_ANCHORS_MAX);
    }
    anchor *a = BR_ARENA_NEW(p->arena, anchor);
    *a = (anchor){br_arena_cstr(p->arena, br_str_of((const char *) name)), node, p->anchors};
    p->anchors = a;
    return BR_OK;
}

static br_code resolve(parse *p, const yaml_event_t *event, br_yaml_node **ret)
{
    br_str name = br_str_of((const char *) event->data.alias.anchor);
    for (const anchor *a = p->anchors; a; a = a->next) {
        if (!br_str_is(name, a->name)) continue;
        *ret = a->node;
        return BR_OK;
    }
    return fail(p, mark_of(&event->start_mark), BR_EINVAL,
        "unknown alias %s; define it before, outside of itself, with &", br_yaml_quote(p->arena, name));
}

/* What the three events that begin a node have in common. */
typedef struct node_event {
    br_yaml_kind kind;
    const yaml_char_t *tag, *anchor;
} node_event;

static node_event describe_event(const yaml_event_t *e)
{
    if (e->type == YAML_SCALAR_EVENT) {
        return (node_event){BR_YAML_SCALAR, e->data.scalar.tag, e->data.scalar.anchor};
    }
    if (e->type == YAML_SEQUENCE_START_EVENT) {
        return (node_event){BR_YAML_LIST, e->data.sequence_start.tag, e->data.sequence_start.anchor};
    }
    BR_ASSERT(e->type == YAML_MAPPING_START_EVENT);
    return (node_event){BR_YAML_MAP, e->data.mapping_start.tag, e->data.mapping_start.anchor};
}

static br_code check_node(parse *p, br_yaml_mark mark, const node_event *e, unsigned depth)
{
    if (depth == BR_YAML_DEPTH_MAX) {
        return fail(
            p, mark, BR_ELIMIT, "nested more than %d levels deep; check the brackets", BR_YAML_DEPTH_MAX);
    }
    if (p->node_count++ == BR_YAML_NODES_MAX) {
        return fail(p, mark, BR_ELIMIT, "more than %d values; split the file", BR_YAML_NODES_MAX);
    }
    if (!e->tag) return BR_OK;
    return fail(p, mark, BR_EUNSUPPORTED, "tags (%s) are not supported; leave it out, and quote texts",
        br_yaml_quote(p->arena, br_str_of((const char *) e->tag)));
}

/* The node that begins with `event`, which the caller deletes. */
static br_code build(parse *p, const yaml_event_t *event, unsigned depth, br_yaml_node **ret)
{
    if (event->type == YAML_ALIAS_EVENT) return resolve(p, event, ret);
    node_event e = describe_event(event);
    br_yaml_mark mark = mark_of(&event->start_mark);
    br_code code = check_node(p, mark, &e, depth);
    if (code != BR_OK) return code;
    br_yaml_node *node = BR_ARENA_NEW(p->arena, br_yaml_node);
    node->kind = e.kind;
    node->mark = mark;
    if (e.kind == BR_YAML_SCALAR) {
        br_str text = {(const char *) event->data.scalar.value, event->data.scalar.length};
        node->plain = event->data.scalar.style == YAML_PLAIN_SCALAR_STYLE;
        node->text = br_arena_str(p->arena, text);
    } else {
        code = fill(p, node, depth + 1);
    }
    /* Known from here on only: an alias inside of its own anchor is unknown. */
    if (code == BR_OK) code = remember(p, e.anchor, node);
    if (code == BR_OK) *ret = node;
    return code;
}

/* Documents ---------------------------------------------------------------------------------------- */

/* Skips one event; says whether it was of that type. */
static br_code skip_event(parse *p, yaml_event_type_t type, bool *ret_is)
{
    yaml_event_t event;
    br_code code = next_event(p, &event);
    if (code != BR_OK) return code;
    *ret_is = event.type == type;
    yaml_event_delete(&event);
    return BR_OK;
}

static br_code parse_root(parse *p, br_yaml_node **ret)
{
    yaml_event_t event;
    br_code code = next_event(p, &event);
    if (code != BR_OK) return code;
    code = build(p, &event, 0, ret);
    yaml_event_delete(&event);
    return code;
}

static br_code parse_document(parse *p, br_yaml_node **ret)
{
    bool is;
    br_code code = skip_event(p, YAML_STREAM_START_EVENT, &is);
    if (code == BR_OK) code = skip_event(p, YAML_DOCUMENT_START_EVENT, &is);
    if (code != BR_OK) return code;
    if (!is) {
        return fail(p, (br_yaml_mark){1, 1}, BR_ESYNTAX, "the file is empty; begin it with version: 1");
    }
    br_yaml_node *root = NULL;
    code = parse_root(p, &root);
    if (code == BR_OK) code = skip_event(p, YAML_DOCUMENT_END_EVENT, &is);
    if (code == BR_OK) code = skip_event(p, YAML_STREAM_END_EVENT, &is);
    if (code != BR_OK) return code;
    if (!is) {
        return fail(p, mark_of(&p->yaml.mark), BR_EUNSUPPORTED,
            "a second document begins; one file holds one document, remove the ---");
    }
    *ret = root;
    return BR_OK;
}

br_code br_yaml_parse(const char *path, br_str text, br_arena *arena, br_yaml_node **ret_root,
    br_yaml_mark *ret_failed_at, br_err *err)
{
    parse p = {.path = path, .text = text, .arena = arena, .err = err};
    BR_ASSERT(yaml_parser_initialize(&p.yaml)); /* fails for want of memory only */
    yaml_parser_set_input_string(&p.yaml, (const unsigned char *) (text.p ? text.p : ""), text.n);
    br_code code = parse_document(&p, ret_root);
    yaml_parser_delete(&p.yaml);
    if (code != BR_OK && ret_failed_at) *ret_failed_at = p.failed_at;
    return code;
}

/* Reading the tree --------------------------------------------------------------------------------- */

const br_yaml_node *br_yaml_get(const br_yaml_node *map, const char *key)
{
    const br_yaml_entry *e = find(map, br_str_of(key));
    return e ? e->value : NULL;
}

bool br_yaml_is_null(const br_yaml_node *node)
{
    if (node->kind != BR_YAML_SCALAR || !node->plain) return false;
    return node->text.n == 0 || br_str_is(node->text, "~") || br_str_eq_nocase(node->text, BR_STR("null"));
}

const char *br_yaml_describe(const br_yaml_node *node)
{
    if (node->kind == BR_YAML_LIST) return "a list";
    if (node->kind == BR_YAML_MAP) return "a mapping";
    return br_yaml_is_null(node) ? "nothing" : "a text";
}
