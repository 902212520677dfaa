#include "cli/config_yaml.h"

#include <stdlib.h>
#include <string.h>
#include <yaml.h>
#include "base/buf.h"

#define DEPTH_MAX  20
#define VALUES_MAX 20000

typedef struct builder {
    br_arena *arena;
    const char *path;
    yaml_document_t *document;
    size_t values;
    br_err *err;
} builder;

static br_code fail_at(const builder *b, const br_yaml *at, br_code code, const char *what)
{
    return br_fail(b->err, code, "%s:%d:%d: %s", b->path, at->line, at->column, what);
}

static br_code put_variable(builder *b, const br_yaml *at, br_str expression, br_buf *out)
{
    ptrdiff_t split = br_str_find(expression, BR_STR(":-"));
    br_str name = split < 0 ? expression : br_str_sub(expression, 0, (size_t) split);
    const char *value = getenv(br_arena_cstr(b->arena, name));
    if (value) return br_buf_puts(out, value);
    if (split >= 0) return br_buf_put(out, br_str_sub(expression, (size_t) split + 2, expression.n));
    return br_fail(b->err, BR_EINVAL, "%s:%d:%d: the environment variable " BR_FMT " is not set; set it or write ${" BR_FMT ":-default}", b->path,
        at->line, at->column, BR_ARG(name), BR_ARG(name));
}

/* Replaces each ${NAME}. */
static br_code expand(builder *b, br_yaml *node, br_str raw)
{
    br_buf out;
    br_buf_init(&out, 1 << 20);
    br_code code = BR_OK;
    while (raw.n && code == BR_OK) {
        ptrdiff_t open = br_str_find(raw, BR_STR("${"));
        ptrdiff_t close = open < 0 ? -1 : br_str_find_char(br_str_sub(raw, (size_t) open, raw.n), '}');
        if (close < 0) {
            code = br_buf_put(&out, raw);
            break;
        }
        (void) br_buf_put(&out, br_str_sub(raw, 0, (size_t) open));
        code = put_variable(b, node, br_str_sub(raw, (size_t) open + 2, (size_t) (open + close)), &out);
        raw = br_str_sub(raw, (size_t) (open + close + 1), raw.n);
    }
    if (code == BR_OK) node->text = br_arena_str(b->arena, br_buf_view(&out));
    if (code == BR_ELIMIT) code = fail_at(b, node, BR_ELIMIT, "the text is too long after replacing variables");
    br_buf_deinit(&out);
    return code;
}

static br_code build(builder *b, int index, int depth, br_yaml *ret);

static br_code build_list(builder *b, const yaml_node_t *n, int depth, br_yaml *ret)
{
    size_t count = (size_t) (n->data.sequence.items.top - n->data.sequence.items.start);
    ret->kind = BR_YAML_LIST;
    ret->items = br_arena_zalloc(b->arena, (count + 1) * sizeof(*ret->items));
    for (size_t i = 0; i < count; i++) {
        br_code code = build(b, n->data.sequence.items.start[i], depth + 1, &ret->items[i]);
        if (code != BR_OK) return code;
        ret->count++;
    }
    return BR_OK;
}

static br_code build_map(builder *b, const yaml_node_t *n, int depth, br_yaml *ret)
{
    size_t count = (size_t) (n->data.mapping.pairs.top - n->data.mapping.pairs.start);
    ret->kind = BR_YAML_MAP;
    ret->keys = br_arena_zalloc(b->arena, (count + 1) * sizeof(*ret->keys));
    ret->items = br_arena_zalloc(b->arena, (count + 1) * sizeof(*ret->items));
    for (size_t i = 0; i < count; i++) {
        const yaml_node_pair_t *pair = &n->data.mapping.pairs.start[i];
        br_code code = build(b, pair->key, depth + 1, &ret->keys[i]);
        if (code == BR_OK && ret->keys[i].kind != BR_YAML_TEXT) code = fail_at(b, &ret->keys[i], BR_EINVAL, "a key must be a text");
        if (code == BR_OK && br_yaml_get(ret, ret->keys[i].text.p)) code = fail_at(b, &ret->keys[i], BR_EINVAL, "this key was given before; remove one of them");
        if (code == BR_OK) code = build(b, pair->value, depth + 1, &ret->items[i]);
        if (code != BR_OK) return code;
        ret->count++;
    }
    return BR_OK;
}

static br_code build(builder *b, int index, int depth, br_yaml *ret)
{
    const yaml_node_t *n = yaml_document_get_node(b->document, index);
    *ret = (br_yaml) {.line = (int) n->start_mark.line + 1, .column = (int) n->start_mark.column + 1};
    if (depth > DEPTH_MAX) return fail_at(b, ret, BR_ELIMIT, "nested too deeply");
    if (++b->values > VALUES_MAX) return fail_at(b, ret, BR_ELIMIT, "too many values; does an alias repeat a large part?");
    switch (n->type) {
        case YAML_SCALAR_NODE:
            return expand(b, ret, (br_str) {(const char *) n->data.scalar.value, n->data.scalar.length});
        case YAML_SEQUENCE_NODE: return build_list(b, n, depth, ret);
        case YAML_MAPPING_NODE: return build_map(b, n, depth, ret);
        case YAML_NO_NODE: break;
    }
    return fail_at(b, ret, BR_ESYNTAX, "an empty value");
}

static br_code parse_failure(const yaml_parser_t *parser, const char *path, br_err *err)
{
    return br_fail(err, BR_ESYNTAX, "%s:%zu:%zu: not valid YAML: %s", path, parser->problem_mark.line + 1, parser->problem_mark.column + 1,
        parser->problem ? parser->problem : "unknown problem");
}

br_code br_yaml_parse(br_arena *arena, const char *path, br_str text, br_yaml **ret, br_err *err)
{
    yaml_parser_t parser;
    yaml_document_t document;
    if (!yaml_parser_initialize(&parser)) return br_fail(err, BR_ELIMIT, "%s: no memory for the YAML parser", path);
    yaml_parser_set_input_string(&parser, (const unsigned char *) (text.p ? text.p : ""), text.n);
    if (!yaml_parser_load(&parser, &document)) {
        br_code code = parse_failure(&parser, path, err);
        yaml_parser_delete(&parser);
        return code;
    }
    br_code code;
    br_yaml *root = BR_ARENA_NEW(arena, br_yaml);
    if (yaml_document_get_root_node(&document)) {
        builder b = {.arena = arena, .path = path, .document = &document, .err = err};
        code = build(&b, 1, 0, root);
    } else {
        code = br_fail(err, BR_EINVAL, "%s: the file is empty; see `brunt test --help` for what it should hold", path);
    }
    yaml_document_delete(&document);
    yaml_parser_delete(&parser);
    if (code == BR_OK) *ret = root;
    return code;
}

const br_yaml *br_yaml_get(const br_yaml *map, const char *key)
{
    for (size_t i = 0; i < map->count; i++) {
        if (br_str_is(map->keys[i].text, key)) return &map->items[i];
    }
    return NULL;
}
