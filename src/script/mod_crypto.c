/*
 * Module "k6/crypto": hashes, HMAC, random bytes, over OpenSSL. A library context of its own holds the legacy
 * algorithms (MD4), so that the rest of the process does not get them.
 */
#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/provider.h>
#include <openssl/rand.h>
#include "codec/base64.h"
#include "script/js.h"

#define RANDOM_MAX ((int64_t) 1 << 28)

/* Algorithms ------------------------------------------------------------------------------------------ */

static const struct {
    const char *name, *openssl;
} algorithms[] = {{"md4", "MD4"}, {"md5", "MD5"}, {"sha1", "SHA1"}, {"sha256", "SHA256"},
    {"sha384", "SHA384"}, {"sha512", "SHA512"}, {"sha512_224", "SHA512-224"}, {"sha512_256", "SHA512-256"},
    {"ripemd160", "RIPEMD160"}};
#define ALGORITHMS BR_COUNT_OF(algorithms)

static pthread_once_t once = PTHREAD_ONCE_INIT;
static OSSL_LIB_CTX *library;
static OSSL_PROVIDER *providers[2];
static EVP_MD *digests[ALGORITHMS]; /* NULL: this OpenSSL lacks it */
static EVP_MAC *hmac_algorithm;

static void drop_library(void)
{
    for (size_t i = 0; i < ALGORITHMS; i++)
        EVP_MD_free(digests[i]);
    EVP_MAC_free(hmac_algorithm);
    for (size_t i = BR_COUNT_OF(providers); i-- > 0;) {
        if (providers[i]) (void) OSSL_PROVIDER_unload(providers[i]);
    }
    OSSL_LIB_CTX_free(library); /* alone it keeps what the legacy provider has made for itself */
}

/* OpenSSL's own cleanup is made to register first, so that it runs after drop_library: whoever uses OpenSSL
 * later (crypto.subtle) would register it after, and it would run first. */
static void load_library(void)
{
    (void) OPENSSL_init_crypto(0, NULL);
    library = OSSL_LIB_CTX_new();
    providers[0] = OSSL_PROVIDER_load(library, "default");
    providers[1] = OSSL_PROVIDER_load(library, "legacy");
    for (size_t i = 0; i < ALGORITHMS; i++)
        digests[i] = EVP_MD_fetch(library, algorithms[i].openssl, NULL);
    hmac_algorithm = EVP_MAC_fetch(library, "HMAC", NULL);
    (void) atexit(drop_library);
}

/* Index of the algorithm, or -1 with an exception pending. */
static int algorithm_of(JSContext *ctx, JSValueConst v)
{
    br_str name = br_js_str(ctx, v);
    if (!name.p) return -1;
    int found = -1;
    pthread_once(&once, load_library);
    for (size_t i = 0; i < ALGORITHMS; i++) {
        if (br_str_is(name, algorithms[i].name) && digests[i]) found = (int) i;
    }
    if (found < 0) br_js_throw(ctx, "invalid algorithm: " BR_FMT, BR_ARG(name));
    JS_FreeCString(ctx, name.p);
    return found;
}

/* Hashers --------------------------------------------------------------------------------------------- */

/* One of the two is set. */
typedef struct hasher {
    EVP_MD_CTX *md;
    EVP_MAC_CTX *mac;
} hasher;

static void hasher_deinit(hasher *h)
{
    EVP_MD_CTX_free(h->md);
    EVP_MAC_CTX_free(h->mac);
    *h = (hasher){0};
}

static bool hasher_init(hasher *h, int algorithm)
{
    *h = (hasher){.md = EVP_MD_CTX_new()};
    if (h->md && EVP_DigestInit_ex2(h->md, digests[algorithm], NULL)) return true;
    hasher_deinit(h);
    return false;
}

static bool hasher_init_hmac(hasher *h, int algorithm, br_str key)
{
    *h = (hasher){.mac = EVP_MAC_CTX_new(hmac_algorithm)};
    char *name = (char *) (uintptr_t) algorithms[algorithm].openssl;
    OSSL_PARAM params[] = {
        OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, name, 0), OSSL_PARAM_construct_end()};
    static const unsigned char empty[1];
    const unsigned char *bytes = key.n ? (const unsigned char *) key.p : empty;
    if (h->mac && EVP_MAC_init(h->mac, bytes, key.n, params)) return true;
    hasher_deinit(h);
    return false;
}

static bool hasher_update(hasher *h, br_str data)
{
    if (h->md) return EVP_DigestUpdate(h->md, data.p, data.n) == 1;
    return EVP_MAC_update(h->mac, (const unsigned char *) data.p, data.n) == 1;
}

/* The digest so far, of a copy: more may follow. Its length, or 0. */
static size_t hasher_digest(const hasher *h, unsigned char out[EVP_MAX_MD_SIZE])
{
    size_t n = 0;
    unsigned length = 0;
    if (h->md) {
        EVP_MD_CTX *copy = EVP_MD_CTX_new();
        if (copy && EVP_MD_CTX_copy_ex(copy, h->md) && EVP_DigestFinal_ex(copy, out, &length)) n = length;
        EVP_MD_CTX_free(copy);
        return n;
    }
    EVP_MAC_CTX *copy = EVP_MAC_CTX_dup(h->mac);
    if (!copy || !EVP_MAC_final(copy, out, &n, EVP_MAX_MD_SIZE)) n = 0;
    EVP_MAC_CTX_free(copy);
    return n;
}

/* Arguments and results ------------------------------------------------------------------------------- */

/* Bytes of a string or of binary data; *ret_text is to be freed with JS_FreeCString(). False: exception,
 * whose text begins with `what`: one-shot functions say "md5 failed: ", the others nothing. */
static bool input_bytes(JSContext *ctx, const char *what, JSValueConst v, br_str *ret, const char **ret_text)
{
    *ret_text = NULL;
    if (br_js_octets(ctx, v, ret)) return true;
    if (!JS_IsString(v)) {
        br_js_throw(ctx, "%s%sinvalid type %s, expected string, []byte or ArrayBuffer", what,
            *what ? " failed: " : "", br_js_type_name(ctx, v));
        return false;
    }
    *ret = br_js_str(ctx, v);
    *ret_text = ret->p;
    return ret->p;
}

static void put_hex(br_str bytes, br_buf *out)
{
    for (size_t i = 0; i < bytes.n; i++)
        (void) br_buf_printf(out, "%02x", (unsigned char) bytes.p[i]);
}

static JSValue encode(JSContext *ctx, br_str digest, JSValueConst encoding)
{
    br_str name = br_js_nullish(encoding) ? BR_STR("") : br_js_str(ctx, encoding);
    if (!name.p) return JS_EXCEPTION;
    br_buf out;
    br_buf_init(&out, BR_BUF_NO_LIMIT);
    JSValue ret = JS_UNDEFINED;
    if (br_str_is(name, "hex"))
        put_hex(digest, &out);
    else if (br_str_is(name, "base64"))
        br_base64_put(digest, false, true, &out);
    else if (br_str_is(name, "base64url"))
        br_base64_put(digest, true, true, &out);
    else if (br_str_is(name, "base64rawurl"))
        br_base64_put(digest, true, false, &out);
    else if (br_str_is(name, "binary"))
        ret = JS_NewArrayBufferCopy(ctx, (const uint8_t *) digest.p, digest.n);
    else
        ret = br_js_throw(ctx, "invalid output encoding: " BR_FMT, BR_ARG(name));
    if (JS_IsUndefined(ret)) ret = br_js_new_str(ctx, br_buf_view(&out));
    br_buf_deinit(&out);
    if (!br_js_nullish(encoding)) JS_FreeCString(ctx, name.p);
    return ret;
}

static JSValue finish(JSContext *ctx, const hasher *h, JSValueConst encoding)
{
    unsigned char digest[EVP_MAX_MD_SIZE];
    size_t n = hasher_digest(h, digest);
    if (n == 0) return br_js_throw(ctx, "the digest cannot be computed");
    return encode(ctx, (br_str){(const char *) digest, n}, encoding);
}

static bool update_with(JSContext *ctx, hasher *h, const char *what, JSValueConst data)
{
    br_str bytes;
    const char *text;
    if (!input_bytes(ctx, what, data, &bytes, &text)) return false;
    bool ok = hasher_update(h, bytes);
    JS_FreeCString(ctx, text);
    if (!ok) br_js_throw(ctx, "the digest cannot be computed");
    return ok;
}

static JSValueConst arg(int argc, JSValueConst *argv, int i)
{
    return i < argc ? argv[i] : JS_UNDEFINED;
}

/* md5(data, encoding) and the like; `index` is the algorithm's. */
static JSValue one_shot(JSContext *ctx, JSValueConst this_val, int argc, JSValueConst *argv, int index)
{
    (void) this_val;
    pthread_once(&once, load_library);
    hasher h;
    if (!digests[index] || !hasher_init(&h, index))
        return br_js_throw(ctx, "this OpenSSL has no %s", algorithms[index].name);
    JSValue ret = JS_EXCEPTION;
    if (update_with(ctx, &h, algorithms[index].name, arg(argc, argv, 0)))
        ret = finish(ctx, &h, arg(argc, argv, 1));
    hasher_deinit(&h);
    return ret;
}

/* Algorithm and key -> hasher; false: exception. */
static bool open_hmac(JSContext *ctx, hasher *h, int argc, JSValueConst *argv)
{
    int algorithm = algorithm_of(ctx, arg(argc, argv, 0));
    br_str key;
    const char *text;
    if (algorithm < 0 || !input_bytes(ctx, "", arg(argc, argv, 1), &key, &text)) return false;
    bool ok = hasher_init_hmac(h, algorithm, key);
    JS_FreeCString(ctx, text);
    if (!ok) br_js_throw(ctx, "hmac failed");
    return ok;
}

static JSValue hmac_one_shot(JSContext *ctx, JSValueConst this_val, int argc, JSValueConst *argv)
{
    (void) this_val;
    hasher h;
    if (!open_hmac(ctx, &h, argc, argv)) return JS_EXCEPTION;
    JSValue ret = JS_EXCEPTION;
    if (update_with(ctx, &h, "hmac", arg(argc, argv, 2))) ret = finish(ctx, &h, arg(argc, argv, 3));
    hasher_deinit(&h);
    return ret;
}

/* Hasher objects -------------------------------------------------------------------------------------- */

static JSClassID hasher_class;

static void finalize(JSRuntime *rt, JSValueConst v)
{
    (void) rt;
    hasher *h = JS_GetOpaque(v, hasher_class);
    if (!h) return;
    hasher_deinit(h);
    br_free(h);
}

static const JSClassDef hasher_class_def = {.class_name = "Hasher", .finalizer = finalize};

void br_js_crypto_class_id(JSRuntime *rt)
{
    JS_NewClassID(rt, &hasher_class);
}

enum { DIGEST, UPDATE };

/* digest(encoding) and update(data), of the hasher that they are bound to. */
static JSValue hasher_call(
    JSContext *ctx, JSValueConst this_val, int argc, JSValueConst *argv, int what, JSValue *bound)
{
    (void) this_val;
    hasher *h = JS_GetOpaque(*bound, hasher_class);
    if (what == DIGEST) return finish(ctx, h, arg(argc, argv, 0));
    return update_with(ctx, h, "", arg(argc, argv, 0)) ? JS_UNDEFINED : JS_EXCEPTION;
}

/* Scripts never see the hasher itself: as in k6 they get an object whose functions work without it, too. */
static JSValue hasher_functions(JSContext *ctx, JSValueConst bound)
{
    static const char *const names[] = {[DIGEST] = "digest", [UPDATE] = "update"};
    JSValue object = JS_NewObject(ctx);
    for (int i = 0; i < 2 && !JS_IsException(object); i++) {
        JSValue f = JS_NewCFunctionData2(ctx, hasher_call, names[i], 1, i, 1, (JSValue *) &bound);
        if (!JS_IsException(f) && JS_DefinePropertyValueStr(ctx, object, names[i], f, JS_PROP_C_W_E) >= 0)
            continue;
        JS_FreeValue(ctx, object);
        object = JS_EXCEPTION;
    }
    return object;
}

static JSValue hasher_object(JSContext *ctx, hasher h)
{
    if (br_js_class_define(ctx, hasher_class, &hasher_class_def, NULL, 0) < 0) {
        hasher_deinit(&h);
        return JS_EXCEPTION;
    }
    JSValue bound = JS_NewObjectClass(ctx, hasher_class);
    if (JS_IsException(bound)) {
        hasher_deinit(&h);
        return bound;
    }
    hasher *kept = BR_NEW(hasher);
    *kept = h;
    JS_SetOpaque(bound, kept);
    JSValue object = hasher_functions(ctx, bound);
    JS_FreeValue(ctx, bound);
    return object;
}

static JSValue create_hash(JSContext *ctx, JSValueConst this_val, int argc, JSValueConst *argv)
{
    (void) this_val;
    hasher h;
    int algorithm = algorithm_of(ctx, arg(argc, argv, 0));
    if (algorithm < 0) return JS_EXCEPTION;
    return hasher_init(&h, algorithm) ? hasher_object(ctx, h)
                                      : br_js_throw(ctx, "the hash cannot be computed");
}

static JSValue create_hmac(JSContext *ctx, JSValueConst this_val, int argc, JSValueConst *argv)
{
    (void) this_val;
    hasher h;
    return open_hmac(ctx, &h, argc, argv) ? hasher_object(ctx, h) : JS_EXCEPTION;
}

/* The rest -------------------------------------------------------------------------------------------- */

static JSValue hex_encode(JSContext *ctx, JSValueConst this_val, int argc, JSValueConst *argv)
{
    (void) this_val;
    br_str bytes;
    const char *text;
    if (!input_bytes(ctx, "", arg(argc, argv, 0), &bytes, &text)) return JS_EXCEPTION;
    br_buf out;
    br_buf_init(&out, BR_BUF_NO_LIMIT);
    put_hex(bytes, &out);
    JS_FreeCString(ctx, text);
    JSValue ret = br_js_new_str(ctx, br_buf_view(&out));
    br_buf_deinit(&out);
    return ret;
}

static JSValue random_bytes(JSContext *ctx, JSValueConst this_val, int argc, JSValueConst *argv)
{
    (void) this_val;
    int64_t n = 0;
    if (JS_ToInt64(ctx, &n, arg(argc, argv, 0)) < 0) return JS_EXCEPTION;
    if (n < 1 || n > RANDOM_MAX) return br_js_throw(ctx, "invalid size");
    uint8_t *bytes = br_malloc((size_t) n);
    bool ok = RAND_bytes(bytes, (int) n) == 1;
    JSValue ret = ok ? JS_NewArrayBufferCopy(ctx, bytes, (size_t) n)
                     : br_js_throw(ctx, "no random bytes available");
    br_free(bytes);
    return ret;
}

static const JSCFunctionListEntry entries[] = {
    JS_CFUNC_MAGIC_DEF("md4", 2, one_shot, 0),
    JS_CFUNC_MAGIC_DEF("md5", 2, one_shot, 1),
    JS_CFUNC_MAGIC_DEF("sha1", 2, one_shot, 2),
    JS_CFUNC_MAGIC_DEF("sha256", 2, one_shot, 3),
    JS_CFUNC_MAGIC_DEF("sha384", 2, one_shot, 4),
    JS_CFUNC_MAGIC_DEF("sha512", 2, one_shot, 5),
    JS_CFUNC_MAGIC_DEF("sha512_224", 2, one_shot, 6),
    JS_CFUNC_MAGIC_DEF("sha512_256", 2, one_shot, 7),
    JS_CFUNC_MAGIC_DEF("ripemd160", 2, one_shot, 8),
    JS_CFUNC_DEF("hmac", 4, hmac_one_shot),
    JS_CFUNC_DEF("createHash", 1, create_hash),
    JS_CFUNC_DEF("createHMAC", 2, create_hmac),
    JS_CFUNC_DEF("hexEncode", 1, hex_encode),
    JS_CFUNC_DEF("randomBytes", 1, random_bytes),
};

const br_js_module br_js_module_crypto = {
    .name = "k6/crypto", .entries = entries, .entry_count = BR_COUNT_OF(entries)};
