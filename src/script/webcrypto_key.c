/* WebCrypto: names of algorithms and usages, reading of parameters, the class CryptoKey, errors. */
#include <openssl/crypto.h>
#include "script/webcrypto_int.h"

#define ON(op) (1u << BR_WC_##op)
#define KEYS   (ON(GENERATE) | ON(IMPORT) | ON(EXPORT))
#define CRYPTS (ON(ENCRYPT) | ON(DECRYPT))
#define SIGNS  (ON(SIGN) | ON(VERIFY))

static const struct {
    const char *name;
    unsigned ops;
} algorithms[BR_WC_ALG_COUNT] = {
    [BR_WC_AES_CBC] = {"AES-CBC", KEYS | CRYPTS},
    [BR_WC_AES_CTR] = {"AES-CTR", KEYS | CRYPTS},
    [BR_WC_AES_GCM] = {"AES-GCM", KEYS | CRYPTS},
    [BR_WC_AES_KW] = {"AES-KW", KEYS},
    [BR_WC_HMAC] = {"HMAC", KEYS | SIGNS},
    [BR_WC_ECDSA] = {"ECDSA", KEYS | SIGNS},
    [BR_WC_ECDH] = {"ECDH", KEYS | ON(DERIVE_BITS)},
    [BR_WC_RSASSA] = {"RSASSA-PKCS1-v1_5", KEYS | SIGNS},
    [BR_WC_RSA_PSS] = {"RSA-PSS", KEYS | SIGNS},
    [BR_WC_RSA_OAEP] = {"RSA-OAEP", KEYS | CRYPTS},
    [BR_WC_PBKDF2] = {"PBKDF2", ON(IMPORT) | ON(DERIVE_BITS) | ON(DERIVE_KEY)},
    [BR_WC_SHA1] = {"SHA-1", ON(DIGEST)},
    [BR_WC_SHA256] = {"SHA-256", ON(DIGEST)},
    [BR_WC_SHA384] = {"SHA-384", ON(DIGEST)},
    [BR_WC_SHA512] = {"SHA-512", ON(DIGEST)},
};

static const char *const op_names[BR_WC_OP_COUNT] = {"digest", "generateKey", "importKey", "exportKey",
    "encrypt", "decrypt", "sign", "verify", "deriveBits", "deriveKey"};
static const char *const usage_names[BR_WC_USAGE_COUNT] = {
    "encrypt", "decrypt", "sign", "verify", "deriveKey", "deriveBits", "wrapKey", "unwrapKey"};
static const char *const type_names[] = {"secret", "private", "public"};

const br_wc_curve br_wc_curves[BR_WC_CURVES] = {
    {"P-256", "prime256v1", 32}, {"P-384", "secp384r1", 48}, {"P-521", "secp521r1", 66}};

/* Errors ---------------------------------------------------------------------------------------------- */

JSValue br_wc_name_error(JSContext *ctx, const char *name, JSValue thrown)
{
    const br_vu *vu = br_vu_of(ctx);
    if (!JS_IsException(thrown)) return thrown;
    JSValue go_error = JS_GetException(ctx);
    JSValue message = JS_GetProperty(ctx, go_error, vu->atoms[BR_ATOM_message]);
    JS_FreeValue(ctx, go_error);
    JSValue error = JS_NewPlainError(ctx, "%s", "");
    if (JS_IsException(error) || JS_IsException(message)) {
        JS_FreeValue(ctx, error);
        JS_FreeValue(ctx, message);
        return JS_EXCEPTION;
    }
    JS_DeleteProperty(ctx, error, vu->atoms[BR_ATOM_message], 0); /* it comes second */
    /* Enumerable, as the fields of k6's error objects are. */
    JS_DefinePropertyValue(ctx, error, vu->atoms[BR_ATOM_name], JS_NewString(ctx, name), JS_PROP_C_W_E);
    JS_DefinePropertyValue(ctx, error, vu->atoms[BR_ATOM_message], message, JS_PROP_C_W_E);
    return JS_Throw(ctx, error);
}

/* Names ----------------------------------------------------------------------------------------------- */

const char *br_wc_alg_name(br_wc_alg alg)
{
    return algorithms[alg].name;
}

const EVP_MD *br_wc_md(br_wc_alg hash)
{
    switch (hash) {
        case BR_WC_SHA1: return EVP_sha1();
        case BR_WC_SHA256: return EVP_sha256();
        case BR_WC_SHA384: return EVP_sha384();
        default: return EVP_sha512();
    }
}

static bool find_alg(br_str name, br_wc_op op, br_wc_alg *ret)
{
    for (int i = 0; i < BR_WC_ALG_COUNT; i++) {
        if (!br_str_eq_nocase(name, br_str_of(algorithms[i].name)) || !(algorithms[i].ops & 1u << op))
            continue;
        *ret = (br_wc_alg) i;
        return true;
    }
    return false;
}

bool br_wc_read_alg(br_wc_call *c, JSValueConst v, br_wc_op op, br_wc_alg *ret)
{
    br_str name = BR_STR_NONE;
    if (JS_IsString(v)) {
        name = br_js_str_dup(c->ctx, v, &c->arena);
        if (!name.p) return false;
    } else if (JS_IsObject(v)) {
        if (!br_wc_get_text(c, v, "name", &name)) return false;
    } else {
        return br_wc_fail(c, "SyntaxError", "algorithm cannot be interpreted as a string or an object");
    }
    if (!name.p) name = BR_STR("");
    if (find_alg(name, op, ret)) return true;
    return br_wc_fail(c, "NotSupportedError",
        "algorithm \"%.60s\" doesn't support (in implementation) operation \"%s\"", name.p, op_names[op]);
}

bool br_wc_read_hash(br_wc_call *c, JSValueConst params, br_wc_alg *ret)
{
    JSValue v = JS_IsObject(params) ? JS_GetPropertyStr(c->ctx, params, "hash") : JS_UNDEFINED;
    if (JS_IsException(v)) return false;
    if (br_js_nullish(v)) return br_wc_fail(c, "SyntaxError", "could not get hash from algorithm parameter");
    bool ok = br_wc_read_alg(c, v, BR_WC_DIGEST, ret);
    JS_FreeValue(c->ctx, v);
    return ok;
}

bool br_wc_read_curve(br_wc_call *c, JSValueConst params, int *ret)
{
    br_str name;
    if (!br_wc_get_text(c, params, "namedCurve", &name)) return false;
    if (!name.p) return br_wc_fail(c, "SyntaxError", "could not get namedCurve from algorithm parameter");
    for (int i = 0; i < BR_WC_CURVES; i++) {
        if (!br_str_is(name, br_wc_curves[i].name)) continue;
        *ret = i;
        return true;
    }
    return br_wc_fail(c, "NotSupportedError", "elliptic curve %.60s is not supported", name.p);
}

/* Parameters ------------------------------------------------------------------------------------------ */

/* The window of a DataView: its fields are accessors, which a script may have replaced. */
static bool read_view(br_wc_call *c, JSValueConst v, br_str *ret)
{
    int64_t offset = 0, length = 0;
    if (!br_wc_get_int(c, v, "byteOffset", &offset, NULL) ||
        !br_wc_get_int(c, v, "byteLength", &length, NULL))
        return false;
    JSValue buffer = JS_GetPropertyStr(c->ctx, v, "buffer");
    br_str bytes;
    bool fits = br_js_bytes(c->ctx, buffer, &bytes) && offset >= 0 && length >= 0 &&
                (uint64_t) offset <= bytes.n && (uint64_t) length <= bytes.n - (uint64_t) offset;
    if (fits) *ret = br_arena_str(&c->arena, br_str_sub(bytes, (size_t) offset, (size_t) (offset + length)));
    JS_FreeValue(c->ctx, buffer);
    return fits || JS_IsException(buffer) ? fits
                                          : br_wc_fail(c, "TypeError", "the DataView is out of bounds");
}

bool br_wc_read_bytes(br_wc_call *c, JSValueConst v, const char *what, br_str *ret)
{
    br_str bytes;
    if (JS_IsDataView(v)) return read_view(c, v, ret);
    if (!br_js_bytes(c->ctx, v, &bytes))
        return br_wc_fail(c, "TypeError", "%s must be an ArrayBuffer, TypedArray, or DataView", what);
    if (bytes.n > BR_WC_DATA_MAX)
        return br_wc_fail(c, "OperationError", "%s is longer than %zu bytes", what, BR_WC_DATA_MAX);
    *ret = br_arena_str(&c->arena, bytes);
    return true;
}

bool br_wc_get_bytes(br_wc_call *c, JSValueConst params, const char *name, br_str *ret)
{
    *ret = BR_STR_NONE;
    JSValue v = JS_IsObject(params) ? JS_GetPropertyStr(c->ctx, params, name) : JS_UNDEFINED;
    bool ok = !JS_IsException(v) && (br_js_nullish(v) || br_wc_read_bytes(c, v, name, ret));
    JS_FreeValue(c->ctx, v);
    return ok;
}

bool br_wc_get_text(br_wc_call *c, JSValueConst params, const char *name, br_str *ret)
{
    *ret = BR_STR_NONE;
    JSValue v = JS_IsObject(params) ? JS_GetPropertyStr(c->ctx, params, name) : JS_UNDEFINED;
    bool ok = !JS_IsException(v);
    if (ok && !br_js_nullish(v)) {
        *ret = br_js_str_dup(c->ctx, v, &c->arena);
        ok = ret->p;
    }
    JS_FreeValue(c->ctx, v);
    return ok;
}

bool br_wc_get_int(br_wc_call *c, JSValueConst params, const char *name, int64_t *ret, bool *ret_given)
{
    JSValue v = JS_IsObject(params) ? JS_GetPropertyStr(c->ctx, params, name) : JS_UNDEFINED;
    bool given = !JS_IsException(v) && !br_js_nullish(v);
    bool ok = !JS_IsException(v) && (!given || JS_ToInt64(c->ctx, ret, v) >= 0);
    JS_FreeValue(c->ctx, v);
    if (ret_given) *ret_given = given;
    return ok;
}

static bool add_usage(br_wc_call *c, JSValueConst v, br_wc_usages *usages)
{
    br_str name = br_js_str_dup(c->ctx, v, &c->arena);
    if (!name.p) return false;
    for (unsigned i = 0; i < BR_WC_USAGE_COUNT; i++) {
        if (!br_str_is(name, usage_names[i])) continue;
        if (!(usages->set & 1u << i)) usages->order[usages->count++] = (uint8_t) i;
        usages->set |= 1u << i;
        return true;
    }
    return br_wc_fail(c, "SyntaxError", "invalid key usage: %.60s", name.p);
}

bool br_wc_read_usages(br_wc_call *c, JSValueConst v, br_wc_usages *ret)
{
    *ret = (br_wc_usages){0};
    int64_t n = 0;
    if (!JS_IsArray(v)) return br_wc_fail(c, "TypeError", "key usages must be an array of strings");
    if (JS_GetLength(c->ctx, v, &n) < 0) return false;
    if (n > 64) return br_wc_fail(c, "SyntaxError", "more than 64 key usages");
    for (int64_t i = 0; i < n; i++) {
        JSValue item = JS_GetPropertyInt64(c->ctx, v, i);
        bool ok = !JS_IsException(item) && add_usage(c, item, ret);
        JS_FreeValue(c->ctx, item);
        if (!ok) return false;
    }
    return true;
}

bool br_wc_check_usages(br_wc_call *c, const br_wc_usages *usages, unsigned allowed)
{
    for (unsigned i = 0; i < usages->count; i++) {
        if (!(allowed & 1u << usages->order[i]))
            return br_wc_fail(c, "SyntaxError", "invalid key usage: %s", usage_names[usages->order[i]]);
    }
    return true;
}

static br_wc_usages usages_among(const br_wc_usages *usages, unsigned allowed)
{
    br_wc_usages some = {.set = usages->set & allowed};
    for (unsigned i = 0; i < usages->count; i++) {
        if (allowed & 1u << usages->order[i]) some.order[some.count++] = usages->order[i];
    }
    return some;
}

/* Keys ------------------------------------------------------------------------------------------------ */

static JSClassID key_class;

void br_wc_split_pair(br_wc_key *key, br_wc_key *ret_public, unsigned for_private, unsigned for_public)
{
    *ret_public = *key;
    (void) EVP_PKEY_up_ref(ret_public->pkey);
    ret_public->type = BR_WC_PUBLIC;
    ret_public->extractable = true;
    ret_public->usages = usages_among(&key->usages, for_public);
    key->type = BR_WC_PRIVATE;
    key->usages = usages_among(&key->usages, for_private);
}

void br_wc_key_deinit(br_wc_key *key)
{
    if (key->secret) OPENSSL_cleanse(key->secret, key->secret_bytes);
    br_free(key->secret);
    EVP_PKEY_free(key->pkey);
    key->secret = NULL;
    key->pkey = NULL;
}

void br_wc_key_set_secret(br_wc_key *key, br_str bytes)
{
    key->secret = br_malloc(bytes.n ? bytes.n : 1);
    if (bytes.n) memcpy(key->secret, bytes.p, bytes.n);
    key->secret_bytes = bytes.n;
}

static void finalize(JSRuntime *rt, JSValueConst v)
{
    (void) rt;
    br_wc_key *key = JS_GetOpaque(v, key_class);
    if (!key) return;
    br_wc_key_deinit(key);
    br_free(key);
}

static const JSClassDef key_class_def = {.class_name = "CryptoKey", .finalizer = finalize};

void br_js_webcrypto_class_id(JSRuntime *rt)
{
    JS_NewClassID(rt, &key_class);
}

const br_wc_key *br_wc_key_of(JSValueConst v)
{
    return JS_GetOpaque(v, key_class);
}

static void put(JSContext *ctx, JSValueConst object, const char *name, JSValue value)
{
    JS_DefinePropertyValueStr(ctx, object, name, value, JS_PROP_ENUMERABLE);
}

static JSValue algorithm_of(JSContext *ctx, const br_wc_key *key)
{
    JSValue object = JS_NewObject(ctx);
    if (JS_IsException(object)) return object;
    bool rsa = key->alg == BR_WC_RSASSA || key->alg == BR_WC_RSA_PSS || key->alg == BR_WC_RSA_OAEP;
    put(ctx, object, "name", JS_NewString(ctx, br_wc_alg_name(key->alg)));
    if (rsa) put(ctx, object, "modulusLength", JS_NewInt64(ctx, key->bits));
    if (rsa || key->alg == BR_WC_HMAC) {
        JSValue hash = JS_NewObject(ctx);
        put(ctx, hash, "name", JS_NewString(ctx, br_wc_alg_name(key->hash)));
        put(ctx, object, "hash", hash);
    }
    if (key->alg <= BR_WC_HMAC) put(ctx, object, "length", JS_NewInt64(ctx, key->bits));
    if (key->alg == BR_WC_ECDSA || key->alg == BR_WC_ECDH)
        put(ctx, object, "namedCurve", JS_NewString(ctx, br_wc_curves[key->curve].name));
    return object;
}

JSValue br_wc_key_usages(JSContext *ctx, const br_wc_key *key)
{
    JSValue list = JS_NewArray(ctx);
    for (uint32_t i = 0; i < key->usages.count && !JS_IsException(list); i++)
        JS_SetPropertyUint32(ctx, list, i, JS_NewString(ctx, usage_names[key->usages.order[i]]));
    return list;
}

/* The constructor is on the prototype, which the class keeps: made with the first of both. */
static int ensure_class(JSContext *ctx);

JSValue br_wc_key_object(JSContext *ctx, const br_wc_key *key)
{
    br_wc_key *kept = BR_NEW(br_wc_key);
    *kept = *key;
    JSValue object = ensure_class(ctx) < 0 ? JS_EXCEPTION : JS_NewObjectClass(ctx, key_class);
    if (JS_IsException(object)) {
        br_wc_key_deinit(kept);
        br_free(kept);
        return object;
    }
    JS_SetOpaque(object, kept);
    put(ctx, object, "type", JS_NewString(ctx, type_names[key->type]));
    put(ctx, object, "extractable", JS_NewBool(ctx, key->extractable));
    put(ctx, object, "algorithm", algorithm_of(ctx, key));
    put(ctx, object, "usages", br_wc_key_usages(ctx, key));
    return object;
}

static JSValue refuse_new(JSContext *ctx, JSValueConst this_val, int argc, JSValueConst *argv)
{
    (void) this_val, (void) argc, (void) argv;
    return JS_ThrowTypeError(ctx, "Illegal constructor: generateKey() and importKey() make a CryptoKey");
}

/* Libraries that take keys recognise them by it, because not every platform has CryptoKey as a global. */
static const JSCFunctionListEntry key_tag = JS_PROP_STRING_DEF(
    "[Symbol.toStringTag]", "CryptoKey", JS_PROP_CONFIGURABLE);

static int ensure_class(JSContext *ctx)
{
    JSRuntime *rt = JS_GetRuntime(ctx);
    if (JS_IsRegisteredClass(rt, key_class)) return 0;
    if (JS_NewClass(rt, key_class, &key_class_def) < 0) return -1;
    JSValue proto = JS_NewObject(ctx);
    JSValue ctor = JS_NewCFunction2(ctx, refuse_new, "CryptoKey", 0, JS_CFUNC_constructor_or_func, 0);
    if (JS_IsException(proto) || JS_IsException(ctor) ||
        JS_SetPropertyFunctionList(ctx, proto, &key_tag, 1) < 0) {
        JS_FreeValue(ctx, proto);
        JS_FreeValue(ctx, ctor);
        return -1;
    }
    JS_SetConstructor(ctx, ctor, proto);
    JS_FreeValue(ctx, ctor);
    JS_SetClassProto(ctx, key_class, proto);
    return 0;
}

JSValue br_wc_key_constructor(JSContext *ctx)
{
    if (ensure_class(ctx) < 0) return JS_EXCEPTION;
    JSValue proto = JS_GetClassProto(ctx, key_class);
    JSValue ctor = JS_GetPropertyStr(ctx, proto, "constructor");
    JS_FreeValue(ctx, proto);
    return ctor;
}
