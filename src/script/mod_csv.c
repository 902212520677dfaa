/*
 * Module "k6/experimental/csv": parse() makes a SharedArray of a file, once for all virtual users; a Parser
 * reads it record by record, each virtual user its own.
 */
#include "codec/csv.h"
#include "script/js.h"

typedef struct csv_options {
    br_str delimiter; /* in the VU's scratch arena */
    int64_t from, to; /* numbers of records; to is included */
    bool objects;
} csv_options;

typedef struct csv_source { /* a file being read by these options */
    br_csv csv;
    csv_options options;
    int64_t line;  /* number of the next record */
    br_str *names; /* of columns, in the arena; NULL: records are arrays */
    size_t name_count;
} csv_source;

/* Options --------------------------------------------------------------------------------------------- */

/* An integer of the object; `otherwise` without one. -1: exception. */
static int take_line(JSContext *ctx, JSValueConst object, const char *name, int64_t otherwise, int64_t *ret)
{
    JSValue v = JS_GetPropertyStr(ctx, object, name);
    *ret = otherwise;
    int rc = 0;
    if (!br_js_nullish(v)) rc = JS_ToInt64(ctx, ret, v);
    JS_FreeValue(ctx, v);
    if (rc == 0 && *ret < 0) {
        br_js_throw(ctx, "csv: the option %s must not be negative", name);
        rc = -1;
    }
    return rc;
}

static bool take_flag(JSContext *ctx, JSValueConst object, const char *name)
{
    JSValue v = JS_GetPropertyStr(ctx, object, name);
    bool on = JS_ToBool(ctx, v) == 1;
    JS_FreeValue(ctx, v);
    return on;
}

static int take_delimiter(JSContext *ctx, JSValueConst object, csv_options *ret)
{
    JSValue v = JS_GetPropertyStr(ctx, object, "delimiter");
    ret->delimiter = BR_STR(",");
    if (!br_js_nullish(v)) ret->delimiter = br_js_str_dup(ctx, v, &br_vu_of(ctx)->scratch);
    JS_FreeValue(ctx, v);
    return ret->delimiter.p ? 0 : -1;
}

static int take_options(JSContext *ctx, JSValueConst object, csv_options *ret)
{
    *ret = (csv_options){.delimiter = BR_STR(","), .to = INT64_MAX};
    if (br_js_nullish(object)) return 0;
    if (!JS_IsObject(object)) {
        br_js_throw(ctx, "csv: the options must be an object");
        return -1;
    }
    if (take_delimiter(ctx, object, ret) < 0 || take_line(ctx, object, "fromLine", 0, &ret->from) < 0 ||
        take_line(ctx, object, "toLine", INT64_MAX, &ret->to) < 0)
        return -1;
    bool skip = take_flag(ctx, object, "skipFirstLine");
    ret->objects = take_flag(ctx, object, "asObjects");
    const char *wrong = NULL;
    if (ret->from > ret->to) wrong = "fromLine must not be greater than toLine";
    if (ret->objects && skip)
        wrong = "asObjects takes the first line for names: it cannot be used with skipFirstLine";
    if (ret->objects && ret->from > 0)
        wrong = "asObjects takes the first line for names: it cannot be used with fromLine";
    if (skip && ret->from == 0) ret->from = 1;
    if (!wrong) return 0;
    br_js_throw(ctx, "csv: the option %s", wrong);
    return -1;
}

static const br_js_open_file *take_file(JSContext *ctx, int argc, JSValueConst *argv)
{
    if (!br_vu_in_init(br_vu_of(ctx))) {
        br_js_throw(ctx, "csv: files can be read in the init context only");
        return NULL;
    }
    const br_js_open_file *f = argc ? br_js_open_file_of(argv[0]) : NULL;
    if (!f)
        br_js_throw(ctx, "csv: the first argument must be a file that fs.open() of k6/experimental/fs gave");
    return f;
}

/* Records --------------------------------------------------------------------------------------------- */

static int fail(JSContext *ctx, const br_err *err)
{
    br_js_throw(ctx, "csv: %s", err->msg);
    return -1;
}

/* One record, also an unwanted one. 1: there is none; -1: exception. */
static int read_any(JSContext *ctx, csv_source *s, br_arena *arena, br_str **ret, size_t *ret_count)
{
    br_err err = {0};
    br_code code = br_csv_next(&s->csv, arena, ret, ret_count, &err);
    s->line++;
    if (code == BR_EOF) return 1;
    return code == BR_OK ? 0 : fail(ctx, &err);
}

/* Goes to the first record that is wanted. `names` are made in the arena, which the source lives in. */
static int begin(JSContext *ctx, csv_source *s, const br_js_open_file *f, br_arena *arena)
{
    br_err err = {0};
    br_str *skipped;
    size_t n;
    int rc = 0;
    if (br_csv_init(&s->csv, f->content, s->options.delimiter, &err) != BR_OK) return fail(ctx, &err);
    s->csv.delimiter = br_arena_str(arena, s->options.delimiter);
    if (s->options.objects) {
        rc = read_any(ctx, s, arena, &s->names, &s->name_count);
        if (rc > 0) {
            br_js_throw(
                ctx, "csv: the option asObjects needs a first line with names, and the file is empty");
            rc = -1;
        }
    }
    while (rc == 0 && s->line < s->options.from) {
        br_arena own;
        br_arena_init(&own, 1024);
        rc = read_any(ctx, s, &own, &skipped, &n);
        br_arena_deinit(&own);
    }
    return rc < 0 ? -1 : 0;
}

static int read_wanted(JSContext *ctx, csv_source *s, br_arena *arena, br_str **ret, size_t *ret_count)
{
    return s->line > s->options.to ? 1 : read_any(ctx, s, arena, ret, ret_count);
}

/* parse() --------------------------------------------------------------------------------------------- */

static br_str record_json(const csv_source *s, const br_str *fields, size_t n, br_buf *text)
{
    br_buf_reset(text);
    (void) br_buf_puts(text, s->names ? "{" : "[");
    for (size_t i = 0; i < n; i++) {
        if (i) (void) br_buf_puts(text, ",");
        if (s->names) {
            (void) br_buf_put_json_str(text, s->names[i]);
            (void) br_buf_puts(text, ":");
        }
        (void) br_buf_put_json_str(text, fields[i]);
    }
    (void) br_buf_puts(text, s->names ? "}" : "]");
    return br_buf_view(text);
}

/* All records as JSON texts; NULL: exception. */
static br_shared_array *read_all(JSContext *ctx, const br_js_open_file *f, const csv_options *options)
{
    br_arena arena;
    BR_VEC(br_str) items = {0};
    csv_source s = {.options = *options};
    br_str *fields;
    br_buf text;
    size_t n;
    br_shared_array *a = BR_NEW(br_shared_array);
    br_arena_init(&a->arena, 65536);
    br_arena_init(&arena, 1024);
    br_buf_init(&text, BR_BUF_NO_LIMIT);
    int rc = begin(ctx, &s, f, &a->arena);
    while (rc == 0 && (rc = read_wanted(ctx, &s, &arena, &fields, &n)) == 0) {
        *br_vec_push(&items) = br_arena_str(&a->arena, record_json(&s, fields, n, &text));
        br_arena_reset(&arena);
    }
    a->count = items.len;
    a->items = br_arena_alloc(&a->arena, (items.len + 1) * sizeof(*a->items));
    if (items.len) memcpy(a->items, items.data, items.len * sizeof(*a->items));
    br_buf_deinit(&text);
    br_arena_deinit(&arena);
    br_vec_deinit(&items);
    if (rc > 0) return a;
    br_shared_array_free(a);
    return NULL;
}

static JSValue try_parse(JSContext *ctx, int argc, JSValueConst *argv)
{
    br_vu *vu = br_vu_of(ctx);
    csv_options o;
    br_arena_reset(&vu->scratch);
    const br_js_open_file *f = take_file(ctx, argc, argv);
    if (!f || take_options(ctx, argc > 1 ? argv[1] : JS_UNDEFINED, &o) < 0) return JS_EXCEPTION;
    /* Guarded by its own lock, unlike the rest of the program. No script can give a SharedArray such a name:
     * the content of a file has one address in a program. */
    br_program *p = (br_program *) (uintptr_t) vu->config.program;
    br_str name = br_str_of(br_arena_printf(&vu->scratch,
        "\x01"
        "csv %p %lld %lld %d %d " BR_FMT,
        (const void *) f->content.p, (long long) o.from, (long long) o.to, o.objects, (int) o.delimiter.n,
        BR_ARG(o.delimiter)));
    br_shared_array *a = br_shared_array_find(p, name);
    if (!a && (a = read_all(ctx, f, &o))) a = br_shared_array_publish(p, name, a);
    return a ? br_js_shared_view(ctx, a) : JS_EXCEPTION;
}

static JSValue csv_parse(JSContext *ctx, JSValueConst this_val, int argc, JSValueConst *argv)
{
    (void) this_val;
    return br_js_settled_promise(ctx, try_parse(ctx, argc, argv));
}

/* Parser ---------------------------------------------------------------------------------------------- */

static JSClassID parser_class;

typedef struct csv_parser {
    csv_source source;
    br_arena kept, record; /* names of columns; the fields of one record */
} csv_parser;

static void free_parser(csv_parser *p)
{
    if (!p) return;
    br_arena_deinit(&p->kept);
    br_arena_deinit(&p->record);
    br_free(p);
}

static void finalize(JSRuntime *rt, JSValueConst v)
{
    (void) rt;
    free_parser(JS_GetOpaque(v, parser_class));
}

static const JSClassDef parser_class_def = {.class_name = "Parser", .finalizer = finalize};

void br_js_csv_class_id(JSRuntime *rt)
{
    JS_NewClassID(rt, &parser_class);
}

static JSValue record_value(JSContext *ctx, const csv_source *s, const br_str *fields, size_t n)
{
    JSValue v = s->names ? JS_NewObject(ctx) : JS_NewArray(ctx);
    for (size_t i = 0; i < n; i++) {
        JSAtom key = s->names ? JS_NewAtomLen(ctx, s->names[i].n ? s->names[i].p : "", s->names[i].n)
                              : JS_NewAtomUInt32(ctx, (uint32_t) i);
        JS_DefinePropertyValue(ctx, v, key, br_js_new_str(ctx, fields[i]), JS_PROP_C_W_E);
        JS_FreeAtom(ctx, key);
    }
    return v;
}

static JSValue try_next(JSContext *ctx, JSValueConst this_val)
{
    csv_parser *p = JS_GetOpaque2(ctx, this_val, parser_class);
    br_str *fields;
    size_t n;
    if (!p) return JS_EXCEPTION;
    int rc = read_wanted(ctx, &p->source, &p->record, &fields, &n);
    if (rc < 0) return JS_EXCEPTION;
    JSValue step = JS_NewObject(ctx);
    JS_DefinePropertyValueStr(ctx, step, "done", JS_NewBool(ctx, rc == 1), JS_PROP_C_W_E);
    JS_DefinePropertyValueStr(ctx, step, "value",
        rc == 1 ? JS_NewArray(ctx) : record_value(ctx, &p->source, fields, n), JS_PROP_C_W_E);
    br_arena_reset(&p->record);
    return step;
}

static JSValue parser_next(JSContext *ctx, JSValueConst this_val, int argc, JSValueConst *argv)
{
    (void) argc, (void) argv;
    return br_js_settled_promise(ctx, try_next(ctx, this_val));
}

static const JSCFunctionListEntry parser_methods[] = {JS_CFUNC_DEF("next", 0, parser_next)};

static JSValue new_parser(JSContext *ctx, JSValueConst new_target, int argc, JSValueConst *argv)
{
    (void) new_target;
    csv_options o;
    br_arena_reset(&br_vu_of(ctx)->scratch);
    const br_js_open_file *f = take_file(ctx, argc, argv);
    if (!f || take_options(ctx, argc > 1 ? argv[1] : JS_UNDEFINED, &o) < 0) return JS_EXCEPTION;
    csv_parser *p = BR_NEW(csv_parser);
    p->source.options = o;
    br_arena_init(&p->kept, 256);
    br_arena_init(&p->record, 512);
    JSValue v = begin(ctx, &p->source, f, &p->kept) < 0 ? JS_EXCEPTION : JS_NewObjectClass(ctx, parser_class);
    p->source.options.delimiter = p->source.csv.delimiter;
    if (JS_IsException(v))
        free_parser(p);
    else
        JS_SetOpaque(v, p);
    return v;
}

static int make_class(JSContext *ctx, JSValueConst object)
{
    (void) object;
    return br_js_class_define(
        ctx, parser_class, &parser_class_def, parser_methods, BR_COUNT_OF(parser_methods));
}

static const JSCFunctionListEntry entries[] = {
    JS_CFUNC_DEF("parse", 2, csv_parse),
    JS_CFUNC_SPECIAL_DEF("Parser", 2, constructor_or_func, new_parser),
};

const br_js_module br_js_module_csv = {.name = "k6/experimental/csv",
    .entries = entries,
    .entry_count = BR_COUNT_OF(entries),
    .extend = make_class};
