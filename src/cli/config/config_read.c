#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include "cli/config/config_int.h"

/* Mistakes ----------------------------------------------------------------------------------------- */

/* The line of that number, without its end. */
static br_str line_of(br_str text, size_t number)
{
    br_str line = BR_STR("");
    for (size_t i = 0; i < number; i++) {
        if (!br_str_cut(&text, '\n', &line)) return BR_STR("");
    }
    if (line.n > 0 && line.p[line.n - 1] == '\r') line.n--;
    return line;
}

static const char *with_place(br_config_reader *r, br_yaml_mark mark, const char *text)
{
    return br_arena_printf(
        r->arena, BR_FMT ":%zu:%zu: %s", BR_ARG(r->file->path), mark.line, mark.column, text);
}

void br_config_keep(
    br_config *cfg, const br_config_file *file, br_yaml_mark mark, br_code code, br_str text, bool warning)
{
    cfg->problems_all++;
    if (cfg->problem_count == BR_CONFIG_PROBLEMS_MAX) return;
    cfg->problems[cfg->problem_count++] = (br_config_problem){.code = code,
        .path = file->path,
        .line = mark.line,
        .column = mark.column,
        .text = br_arena_str(&cfg->arena, text),
        .source = br_arena_str(&cfg->arena, line_of(file->text, mark.line)),
        .warning = warning};
}

static void keep_first(br_config_reader *r, br_yaml_mark mark, br_code code, const char *text)
{
    if (r->cfg->first_all++ > 0) return;
    r->cfg->first = code;
    r->cfg->first_text = br_str_of(with_place(r, mark, text));
}

br_code br_config_fail(br_config_reader *r, const br_yaml_node *at, br_code code, const char *fmt, ...)
{
    br_err err;
    va_list args;
    va_start(args, fmt);
    (void) vsnprintf(err.msg, sizeof(err.msg), fmt, args); /* a message that is cut is still a message */
    va_end(args);
    bool own = at == r->substituted && r->item; /* it may be right tomorrow */
    br_config_keep(r->cfg, r->file, at->mark, code, br_str_of(err.msg), own && code == BR_ENOTFOUND);
    if (!own) {
        keep_first(r, at->mark, code, err.msg);
    } else if (!r->item->problem) {
        r->item->problem = with_place(r, at->mark, err.msg);
        r->item->problem_code = code;
    }
    return code;
}

const char *br_config_quoted(br_config_reader *r, const br_yaml_node *node)
{
    return br_yaml_quote(r->arena, node->text);
}

/* Shapes ------------------------------------------------------------------------------------------- */

br_code br_config_want(
    br_config_reader *r, const br_yaml_node *node, br_yaml_kind kind, const char *what, const char *remedy)
{
    if (node->kind == kind) return BR_OK;
    static const char *const kinds[] = {"a single value", "a list", "a mapping"};
    return br_config_fail(r, node, BR_EINVAL, "%s must be %s, not %s; write %s", what, kinds[kind],
        br_yaml_describe(node), remedy);
}

br_code br_config_want_count(br_config_reader *r, const br_yaml_node *node, const char *what, size_t max)
{
    if (node->count <= max) return BR_OK;
    return br_config_fail(
        r, node, BR_ELIMIT, "%zu %s are more than the limit of %zu; remove some", node->count, what, max);
}

static br_code fail_key(
    br_config_reader *r, const br_yaml_node *key, const br_config_shape *shape, const char *list)
{
    const char *names[BR_CONFIG_KEYS_MAX], *text = br_config_quoted(r, key);
    BR_ASSERT(shape->count <= BR_CONFIG_KEYS_MAX);
    for (size_t i = 0; i < shape->count; i++)
        names[i] = shape->keys[i].name;
    const char *near = br_config_nearest(key->text, names, shape->count);
    if (near) {
        return br_config_fail(
            r, key, BR_EINVAL, "unknown key %s in %s; did you mean \"%s\"?", text, shape->what, near);
    }
    return br_config_fail(
        r, key, BR_EINVAL, "unknown key %s in %s; its keys are: %s", text, shape->what, list);
}

static bool has_key(const br_config_shape *shape, br_str key)
{
    for (size_t i = 0; i < shape->count; i++) {
        if (br_str_is(key, shape->keys[i].name)) return true;
    }
    return false;
}

bool br_config_shape_ok(
    br_config_reader *r, const br_yaml_node *node, const br_config_shape *shape, br_code *ret_code)
{
    br_buf list;
    br_buf_init(&list, 512);
    for (size_t i = 0; i < shape->count; i++)
        (void) br_buf_printf(&list, "%s%s", i ? ", " : "", shape->keys[i].name); /* fits: our own names */
    bool is_map = node->kind == BR_YAML_MAP;
    if (!is_map) {
        *ret_code = br_config_fail(r, node, BR_EINVAL, "%s must be a mapping, not %s; its keys are: %s",
            shape->what, br_yaml_describe(node), list.data);
    }
    for (const br_yaml_entry *e = node->first; is_map && e; e = e->next) {
        if (!has_key(shape, e->key->text))
            *ret_code = br_config_both(*ret_code, fail_key(r, e->key, shape, list.data));
    }
    br_buf_deinit(&list);
    return is_map;
}

/* Preflight ---------------------------------------------------------------------------------------- */

static br_code read_request(br_config_reader *r, const br_yaml_node *node, br_preflight_request *ret)
{
    br_code code = BR_OK;
    if (!br_config_shape_ok(r, node, &br_shape_preflight, &code)) return code;
    const br_yaml_node *get = br_yaml_get(node, "get"), *expect = br_yaml_get(node, "expect");
    size_t word = 0;
    if (get) {
        code = br_config_both(code, br_config_path(r, get, "get", &ret->path));
    } else if (code == BR_OK) {
        code = br_config_fail(
            r, node, BR_EINVAL, "a request of preflight needs its path; write e.g. get: /products");
    }
    if (expect) {
        static const char *const words[] = {"data", "ok", NULL};
        code = br_config_both(code, br_config_word(r, expect, "expect", words, &word));
    }
    ret->wants_data = word == 0;
    return code;
}

br_code br_config_read_preflight(br_config_reader *r, const br_yaml_node *node)
{
    if (!node) return BR_OK;
    br_code code = br_config_want(r, node, BR_YAML_LIST, "preflight", "[ { get: /products, expect: data } ]");
    if (code == BR_OK) code = br_config_want_count(r, node, "requests of preflight", BR_CONFIG_SOURCES_MAX);
    if (code != BR_OK) return code;
    br_preflight_request *list = br_arena_zalloc(r->arena, node->count * sizeof(*list) + 1);
    size_t n = 0;
    for (const br_yaml_entry *e = node->first; e; e = e->next)
        code = br_config_both(code, read_request(r, e->value, &list[n++]));
    r->cfg->preflight = list;
    r->cfg->preflight_count = n;
    return code;
}

/* Items -------------------------------------------------------------------------------------------- */

/* Names become words of the command line and parts of file names. */
static br_code check_name(br_config_reader *r, const br_yaml_node *key)
{
    br_str name = key->text;
    bool ok = name.n > 0 && name.n <= BR_CONFIG_NAME_MAX && name.p[0] != '-';
    for (size_t i = 0; ok && i < name.n; i++) {
        unsigned char c = (unsigned char) name.p[i];
        ok = isalnum(c) || c == '-' || c == '_';
    }
    if (!ok) {
        return br_config_fail(r, key, BR_EINVAL,
            "the name %s is not allowed; use up to %d letters, digits, - and _", br_config_quoted(r, key),
            BR_CONFIG_NAME_MAX);
    }
    if (!br_str_is(name, "all")) return BR_OK;
    return br_config_fail(
        r, key, BR_EINVAL, "the name \"all\" is taken: brunt test all runs every test; choose another");
}

/* A mapping of names to items, which every file may have. */
typedef struct item_kind {
    const char *what, *one; /* key of the mapping; in messages */
    br_code (*read)(br_config_reader *r, const br_yaml_node *node, br_config_item *item);
} item_kind;

static const item_kind environment_kind = {"environments", "environment", br_config_read_environment};
static const item_kind test_kind = {"tests", "test", br_config_read_test};

static br_code fail_twice(br_config_reader *r, const br_yaml_node *at, const char *what,
    const br_config_file *file, br_yaml_mark mark)
{
    return br_config_fail(r, at, BR_EEXISTS,
        "%s is defined twice: here and at " BR_FMT ":%zu:%zu; remove one, or give it another name", what,
        BR_ARG(file->path), mark.line, mark.column);
}

static br_code check_new(
    br_config_reader *r, const item_kind *kind, const br_yaml_node *key, const br_config_items *items)
{
    for (size_t i = 0; i < items->count; i++) {
        const br_config_item *other = &items->list[i];
        if (other->file == r->file || !br_str_eq(other->environment.name, key->text)) continue;
        const char *what = br_arena_printf(r->arena, "%s %s", kind->one, br_config_quoted(r, key));
        return fail_twice(r, key, what, other->file, other->mark);
    }
    return BR_OK;
}

static br_code read_item(
    br_config_reader *r, const item_kind *kind, const br_yaml_entry *e, br_config_items *items)
{
    br_code code = check_name(r, e->key);
    code = br_config_both(code, check_new(r, kind, e->key, items));
    if (items->count == BR_CONFIG_ITEMS_MAX) {
        return br_config_fail(r, e->key, BR_ELIMIT, "more than %d %s in all files; remove some",
            BR_CONFIG_ITEMS_MAX, kind->what);
    }
    br_config_item *item = &items->list[items->count++];
    item->environment.name = item->test.name = e->key->text;
    item->file = r->file;
    item->mark = e->key->mark;
    r->item = item;
    code = br_config_both(code, kind->read(r, e->value, item));
    r->item = NULL;
    return code;
}

static void read_items(br_config_reader *r, const item_kind *kind, br_config_items *items)
{
    const br_yaml_node *node = br_yaml_get(r->file->root, kind->what);
    if (!node) return;
    br_code code = br_config_want(r, node, BR_YAML_MAP, kind->what, "one name per line below");
    if (code == BR_OK) code = br_config_want_count(r, node, kind->what, BR_CONFIG_ITEMS_MAX);
    if (code != BR_OK) return;
    if (node->count == 0) {
        (void) br_config_fail(r, node, BR_EINVAL, "there are no %s; add at least one", kind->what);
        return;
    }
    for (const br_yaml_entry *e = node->first; e; e = e->next)
        (void) read_item(r, kind, e, items); /* recorded */
}

/* The files ---------------------------------------------------------------------------------------- */

static void read_version(br_config_reader *r, const br_yaml_node *root)
{
    const br_yaml_node *node = br_yaml_get(root, "version");
    if (!node) {
        (void) br_config_fail(r, root, BR_EINVAL, "version is missing; begin the file with version: 1");
        return;
    }
    int64_t version = 0;
    br_code code = br_config_count(r, node, "version", 0, BR_CONFIG_VUS_MAX, &version);
    if (code == BR_OK && version != 1) {
        (void) br_config_fail(r, node, BR_EUNSUPPORTED,
            "version %s is not supported; this program reads version 1", br_config_quoted(r, node));
    }
}

static void parse_file(br_config_reader *r, br_config_file *f)
{
    br_err err = {0};
    br_yaml_mark at = {1, 1};
    br_code code = br_yaml_parse(f->path.p, f->text, r->arena, &f->root, &at, &err);
    if (code == BR_OK) return;
    f->root = NULL;
    size_t prefix = strlen(with_place(r, at, ""));
    BR_ASSERT(strlen(err.msg) >= prefix);
    br_config_keep(r->cfg, f, at, code, br_str_of(err.msg + prefix), false);
    keep_first(r, at, code, err.msg + prefix);
}

/* A part of which there is one in all files; NULL: not here, or told that it is the second. */
static const br_yaml_node *single(br_config_reader *r, const char *key)
{
    const br_yaml_node *node = br_yaml_get(r->file->root, key);
    for (const br_config_file *f = r->cfg->files; node && f < r->file; f++) {
        const br_yaml_node *other = f->root ? br_yaml_get(f->root, key) : NULL;
        if (!other) continue;
        (void) fail_twice(r, node, key, f, other->mark);
        return NULL;
    }
    return node;
}

static void read_singles(br_config_reader *r)
{
    const br_yaml_node *preflight = single(r, "preflight"), *modules = single(r, "modules");
    const br_yaml_node *notify = single(r, "notify");
    br_config_pairs maps = {0};
    r->item = &r->cfg->notify_item;
    (void) br_config_read_notify(r, notify, &r->cfg->notify);
    r->item = NULL;
    (void) br_config_read_preflight(r, preflight); /* recorded, and so are the others */
    if (!modules) return;
    (void) br_config_modules_of(r, modules, &maps);
    r->cfg->modules = maps.list;
    r->cfg->module_count = maps.count;
}

static void read_file(br_config_reader *r, br_config_file *f)
{
    r->file = f;
    parse_file(r, f);
    br_code code = BR_OK;
    if (!f->root || !br_config_shape_ok(r, f->root, &br_shape_root, &code)) {
        f->root = NULL;
        return;
    }
    read_version(r, f->root);
    read_singles(r);
    read_items(r, &environment_kind, &r->cfg->environments);
    read_items(r, &test_kind, &r->cfg->tests);
}

/* A key that is misspelt has been told; so has a file that is no YAML. */
static void check_there(br_config_reader *r, const item_kind *kind)
{
    r->file = &r->cfg->files[0];
    for (size_t i = 0; i < r->cfg->file_count; i++) {
        const br_yaml_node *root = r->cfg->files[i].root;
        if (!root || br_yaml_get(root, kind->what)) return;
        for (const br_yaml_entry *e = root->first; e; e = e->next) {
            if (!has_key(&br_shape_root, e->key->text)) return;
        }
    }
    (void) br_config_fail(r, r->file->root, BR_EINVAL, "%s are missing; add %s: with at least one name below",
        kind->what, kind->what);
}

static int by_place(const void *a, const void *b)
{
    const br_config_problem *x = a, *y = b;
    if (x->path.p != y->path.p) return 0; /* files are read one after the other; their order is kept below */
    if (x->line != y->line) return x->line < y->line ? -1 : 1;
    return (x->column > y->column) - (x->column < y->column);
}

/* Insertion: stable, and files keep their order. */
static void sort_problems(br_config *cfg)
{
    for (size_t i = 1; i < cfg->problem_count; i++) {
        br_config_problem one = cfg->problems[i];
        size_t k = i;
        for (; k > 0 && by_place(&cfg->problems[k - 1], &one) > 0; k--)
            cfg->problems[k] = cfg->problems[k - 1];
        cfg->problems[k] = one;
    }
}

void br_config_read(br_config *cfg)
{
    br_config_reader r = {.cfg = cfg, .arena = &cfg->arena};
    cfg->environments.list = br_arena_zalloc(r.arena, BR_CONFIG_ITEMS_MAX * sizeof(br_config_item));
    cfg->tests.list = br_arena_zalloc(r.arena, BR_CONFIG_ITEMS_MAX * sizeof(br_config_item));
    for (size_t i = 0; i < cfg->file_count; i++)
        read_file(&r, &cfg->files[i]);
    check_there(&r, &environment_kind);
    check_there(&r, &test_kind);
    sort_problems(cfg);
}
