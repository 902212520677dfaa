/*
 * The global `crypto` (W3C Web Cryptography API): made when it is first read, since most scripts do not and
 * every virtual user has its own. The methods of `crypto.subtle` are in webcrypto_subtle.c.
 */
#include <openssl/rand.h>
#include <stdio.h>
#include "script/webcrypto_int.h"

#define RANDOM_MAX 65536

/* Arrays of integers that fit in a number. */
static bool takes_random(JSValueConst v)
{
    int type = JS_GetTypedArrayType(v);
    return type >= JS_TYPED_ARRAY_UINT8C && type <= JS_TYPED_ARRAY_UINT32;
}

/* As in k6, each element gets a number of 0 to 255, whatever its size. */
static JSValue get_random_values(JSContext *ctx, JSValueConst this_val, int argc, JSValueConst *argv)
{
    (void) this_val;
    int64_t n = 0;
    if (argc < 1 || !takes_random(argv[0]))
        return br_js_throw(ctx, "TypeMismatchError: typedArray parameter isn't a TypedArray instance");
    if (JS_GetLength(ctx, argv[0], &n) < 0) return JS_EXCEPTION;
    if (n > RANDOM_MAX)
        return br_js_throw(
            ctx, "QuotaExceededError: typedArray parameter is too big; maximum length is %d", RANDOM_MAX);
    uint8_t *bytes = br_malloc(n > 0 ? (size_t) n : 1);
    bool ok = RAND_bytes(bytes, (int) n) == 1;
    if (!ok) br_js_throw(ctx, "no random bytes available");
    for (int64_t i = 0; i < n && ok; i++)
        ok = JS_SetPropertyInt64(ctx, argv[0], i, JS_NewInt32(ctx, bytes[i])) >= 0;
    br_free(bytes);
    return ok ? JS_DupValue(ctx, argv[0]) : JS_EXCEPTION;
}

/* RFC 9562, version 4. */
static JSValue random_uuid(JSContext *ctx, JSValueConst this_val, int argc, JSValueConst *argv)
{
    (void) this_val, (void) argc, (void) argv;
    uint8_t b[16];
    char text[37];
    if (RAND_bytes(b, sizeof(b)) != 1) return br_js_throw(ctx, "no random bytes available");
    b[6] = (uint8_t) (0x40 | (b[6] & 0x0F));
    b[8] = (uint8_t) (0x80 | (b[8] & 0x3F));
    snprintf(text, sizeof(text), "%02x%02x%02x%02x-%02x%02x-%02x%02x-%02x%02x-%02x%02x%02x%02x%02x%02x", b[0],
        b[1], b[2], b[3], b[4], b[5], b[6], b[7], b[8], b[9], b[10], b[11], b[12], b[13], b[14], b[15]);
    return JS_NewStringLen(ctx, text, sizeof(text) - 1);
}

static void put(JSContext *ctx, JSValueConst object, const char *name, JSValue value)
{
    JS_DefinePropertyValueStr(ctx, object, name, value, JS_PROP_ENUMERABLE);
}

static JSValue make_crypto(JSContext *ctx)
{
    JSValue crypto = JS_NewObject(ctx), subtle = JS_NewObject(ctx);
    JSValue key = br_wc_key_constructor(ctx);
    if (JS_IsException(crypto) || JS_IsException(subtle) || JS_IsException(key) ||
        JS_SetPropertyFunctionList(ctx, subtle, br_wc_subtle_entries, br_wc_subtle_entry_count) < 0) {
        JS_FreeValue(ctx, crypto);
        JS_FreeValue(ctx, subtle);
        JS_FreeValue(ctx, key);
        return JS_EXCEPTION;
    }
    put(ctx, crypto, "subtle", subtle);
    put(ctx, crypto, "CryptoKey", key);
    put(ctx, crypto, "getRandomValues", JS_NewCFunction(ctx, get_random_values, "getRandomValues", 1));
    put(ctx, crypto, "randomUUID", JS_NewCFunction(ctx, random_uuid, "randomUUID", 0));
    return crypto;
}

static JSValue define_global(JSContext *ctx, JSValue value)
{
    JSValue global = JS_GetGlobalObject(ctx);
    int rc = JS_DefinePropertyValueStr(ctx, global, "crypto", JS_DupValue(ctx, value), JS_PROP_C_W_E);
    JS_FreeValue(ctx, global);
    if (rc >= 0) return value;
    JS_FreeValue(ctx, value);
    return JS_EXCEPTION;
}

static JSValue get_crypto(JSContext *ctx, JSValueConst this_val)
{
    (void) this_val;
    JSValue crypto = make_crypto(ctx);
    return JS_IsException(crypto) ? crypto : define_global(ctx, crypto);
}

static JSValue set_crypto(JSContext *ctx, JSValueConst this_val, JSValueConst value)
{
    (void) this_val;
    JSValue kept = define_global(ctx, JS_DupValue(ctx, value));
    if (JS_IsException(kept)) return kept;
    JS_FreeValue(ctx, kept);
    return JS_UNDEFINED;
}

const JSCFunctionListEntry br_js_webcrypto_entries[] = {
    JS_CGETSET_DEF2("crypto", get_crypto, set_crypto, JS_PROP_CONFIGURABLE | JS_PROP_ENUMERABLE)};
const int br_js_webcrypto_entry_count = BR_COUNT_OF(br_js_webcrypto_entries);
