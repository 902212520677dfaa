/*
 * script/js.h - small helpers over the QuickJS API.
 *
 * What: strings in and out, errors of k6's class GoError, exceptions as text, uncatchable interruption.
 * Threads: of the VU.
 */
#pragma once
#include <quickjs.h>
#include "base/buf.h"
#include "base/err.h"
#include "base/str.h"
#include "script/quickjs_extra.h"
#include "script/vu_int.h"

/* Surrogates without partner, which QuickJS writes as the three bytes they would have, become U+FFFD. */
void br_js_replace_surrogates(char *bytes, size_t n);

/*
 * A JS string as a slice of valid UTF-8; n is set, p == NULL on exception. Free with
 * JS_FreeCString(ctx, s.p).
 */
static inline br_str br_js_str(JSContext *ctx, JSValueConst v)
{
    size_t n = 0;
    const char *p = JS_ToCStringLen(ctx, &n, v);
    /* Only a text that is all ASCII is the string's own memory. */
    if (p && memchr(p, 0xED, n)) br_js_replace_surrogates((char *) (uintptr_t) p, n);
    return (br_str){p, p ? n : 0};
}

/* The text of a value copied into the arena; p == NULL on exception. */
br_str br_js_str_dup(JSContext *ctx, JSValueConst v, br_arena *arena);

/* New JS string; invalid UTF-8 becomes U+FFFD. */
JSValue br_js_new_str(JSContext *ctx, br_str s);

/* Throws GoError: message. Always JS_EXCEPTION. */
BR_PRINTF(2, 3) JSValue br_js_throw(JSContext *ctx, const char *fmt, ...); /* cut at 1199 bytes */
JSValue br_js_throw_str(JSContext *ctx, br_str text);                      /* of any length */

/* Ends the running call with an exception that JavaScript cannot catch. Always JS_EXCEPTION. */
JSValue br_js_interrupt(JSContext *ctx);

/*
 * Takes the pending exception and writes "Error: text\n\tat fn (file:///x.js:1:2)\n" to out.
 * Returns BR_ECANCEL if it was an interruption, else BR_EEXCEPTION.
 */
br_code br_js_take_exception(JSContext *ctx, br_buf *out);
/* The same for something that could not be loaded: "file:///x.js: Line 1:2 text", without stack or kind of
 * error. */
void br_js_take_load_error(JSContext *ctx, br_buf *out);
/* "JavaScript ran for 1.5 s without a pause\n\tat fn (file:///x.js:1:2)\n" of the call that was interrupted;
 * takes the place from the runtime. */
void br_js_put_interruption(br_vu *vu, br_buf *out);
/* Text of any thrown value in that form. */
void br_js_exception_text(JSContext *ctx, JSValueConst value, br_buf *out);

/* Own enumerable string keys of an object; free with JS_FreePropertyEnum. -1 on exception. */
static inline int br_js_keys(JSContext *ctx, JSValueConst object, JSPropertyEnum **ret, uint32_t *ret_count)
{
    return JS_GetOwnPropertyNames(ctx, ret, ret_count, object, JS_GPN_STRING_MASK | JS_GPN_ENUM_ONLY);
}

/* Bytes of an ArrayBuffer or typed array; false if `v` is none. The view dies when JS runs. */
bool br_js_bytes(JSContext *ctx, JSValueConst v, br_str *ret);
/* The same, also of a DataView. If true, free *ret_buffer when the bytes are used. */
bool br_js_buffer_bytes(JSContext *ctx, JSValueConst v, JSValue *ret_buffer, br_str *ret);
/* Of what becomes bytes in k6's language: an ArrayBuffer or an array of unsigned bytes. Others are
 * lists of numbers there. */
bool br_js_octets(JSContext *ctx, JSValueConst v, br_str *ret);

/* Object -> tags: values must be string, number or boolean. Appends to *tags in the arena. -1 on exception.
 */
int br_js_tags(JSContext *ctx, JSValueConst object, br_arena *arena, br_tag **ret_tags, size_t *ret_count);

/* What messages call the type of `v`: "null" for undefined, too. */
const char *br_js_type_name(JSContext *ctx, JSValueConst v);

/* A promise that is settled: with `value` (taken), or rejected with the pending exception if that is
 * JS_EXCEPTION. */
JSValue br_js_settled_promise(JSContext *ctx, JSValue value);

/* Registers the class in the runtime, with the methods of its prototype, unless that was done. -1: exception.
 */
int br_js_class_define(JSContext *ctx, JSClassID id, const JSClassDef *def,
    const JSCFunctionListEntry *methods, int method_count);

/* As Array.isArray() has it: an array, or a Proxy of one, such as a SharedArray. */
bool br_js_is_array(JSContext *ctx, JSValueConst v);

static inline bool br_js_nullish(JSValueConst v)
{
    return JS_IsUndefined(v) || JS_IsNull(v);
}
