/* http.file(): data of a multipart form; and the form that holds some. */
#include "codec/multipart.h"
#include "script/js.h"

#define FORM_BYTES_MAX ((size_t) 256 << 20)

static JSClassID file_class;

void br_js_http_file_class_id(JSRuntime *rt)
{
    JS_NewClassID(rt, &file_class);
}

static const JSClassDef file_class_def = {.class_name = "FileData"};

bool br_js_is_file(JSValueConst v)
{
    return JS_GetClassID(v) == file_class;
}

static JSValue text_or(JSContext *ctx, int argc, JSValueConst *argv, int i, const char *fallback)
{
    if (i >= argc || JS_IsUndefined(argv[i])) return JS_NewString(ctx, fallback);
    return JS_ToString(ctx, argv[i]);
}

JSValue br_js_http_file(JSContext *ctx, JSValueConst this_val, int argc, JSValueConst *argv)
{
    (void) this_val;
    br_str bytes;
    JSRuntime *rt = JS_GetRuntime(ctx);
    if (argc < 1 || (!JS_IsString(argv[0]) && !br_js_octets(ctx, argv[0], &bytes)))
        return br_js_throw(ctx, "invalid type %s, expected string or ArrayBuffer",
            argc < 1 || JS_IsUndefined(argv[0]) ? "undefined" : "of the data");
    if (!JS_IsRegisteredClass(rt, file_class)) {
        if (JS_NewClass(rt, file_class, &file_class_def) < 0) return JS_EXCEPTION;
        JS_SetClassProto(ctx, file_class, JS_NewObject(ctx));
    }
    JSValue o = JS_NewObjectClass(ctx, file_class);
    if (JS_IsException(o)) return o;
    char now[32];
    snprintf(now, sizeof(now), "%lld", (long long) br_clock_wall());
    JSValue name = text_or(ctx, argc, argv, 1, now),
            type = text_or(ctx, argc, argv, 2, "application/octet-stream");
    JS_SetPropertyStr(ctx, o, "data", JS_DupValue(ctx, argv[0]));
    JS_SetPropertyStr(ctx, o, "filename", name);
    JS_SetPropertyStr(ctx, o, "content_type", type);
    return o;
}

/* A file's text property in the arena; p == NULL: exception. */
static br_str part_text(JSContext *ctx, JSValueConst file, const char *name, br_arena *arena)
{
    JSValue v = JS_GetPropertyStr(ctx, file, name);
    br_str text = JS_IsException(v) ? BR_STR_NONE : br_js_str_dup(ctx, v, arena);
    JS_FreeValue(ctx, v);
    return text;
}

static br_code put_file(JSContext *ctx, br_multipart *m, br_arena *arena, br_str name, JSValueConst file)
{
    br_str filename = part_text(ctx, file, "filename", arena),
           type = part_text(ctx, file, "content_type", arena), bytes;
    JSValue data = JS_GetPropertyStr(ctx, file, "data");
    br_code code = BR_EEXCEPTION;
    if (filename.p && type.p && br_js_octets(ctx, data, &bytes)) {
        code = br_multipart_put_file(m, name, filename, type, bytes);
    } else if (filename.p && type.p) {
        bytes = br_js_str(ctx, data);
        if (bytes.p) code = br_multipart_put_file(m, name, filename, type, bytes);
        JS_FreeCString(ctx, bytes.p);
    }
    JS_FreeValue(ctx, data);
    return code;
}

static br_code put_part(JSContext *ctx, br_multipart *m, br_arena *arena, br_str name, JSValueConst value)
{
    if (br_js_is_file(value)) return put_file(ctx, m, arena, name, value);
    br_str text = br_js_nullish(value) ? BR_STR("") : br_js_str(ctx, value);
    if (!text.p) return BR_EEXCEPTION;
    br_code code = br_multipart_put_field(m, name, text);
    if (!br_js_nullish(value)) JS_FreeCString(ctx, text.p);
    return code;
}

br_code br_js_multipart(
    JSContext *ctx, JSValueConst body, br_arena *arena, br_str *ret_body, br_str *ret_type)
{
    JSPropertyEnum *keys;
    uint32_t n;
    br_buf out;
    br_multipart m;
    br_code code = BR_OK;
    if (br_js_keys(ctx, body, &keys, &n) < 0) return BR_EEXCEPTION;
    br_buf_init(&out, FORM_BYTES_MAX);
    br_multipart_init(&m, &out);
    for (uint32_t i = 0; i < n && code == BR_OK; i++) {
        size_t len = 0;
        const char *name = JS_AtomToCStringLen(ctx, &len, keys[i].atom);
        JSValue value = JS_GetProperty(ctx, body, keys[i].atom);
        code = !name || JS_IsException(value) ? BR_EEXCEPTION
                                              : put_part(ctx, &m, arena, (br_str){name, len}, value);
        JS_FreeValue(ctx, value);
        JS_FreeCString(ctx, name);
    }
    JS_FreePropertyEnum(ctx, keys, n);
    if (code == BR_OK) code = br_multipart_end(&m);
    if (code == BR_OK) {
        *ret_body = br_arena_str(arena, br_buf_view(&out));
        *ret_type = br_str_of(br_arena_printf(arena, "multipart/form-data; boundary=%s", m.boundary));
    }
    br_buf_deinit(&out);
    return code;
}
