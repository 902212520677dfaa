/* WebCrypto: the methods of crypto.subtle. Each answers with a promise that is settled already. */
#include <openssl/crypto.h>
#include <openssl/err.h>
#include "script/webcrypto_int.h"

#define ARGUMENTS_MAX 5

/* The arguments as the script gave them, undefined where it gave none. */
typedef JSValue method_fn(br_wc_call *c, JSValueConst *argv);

/* Encryption and signatures --------------------------------------------------------------------------- */

static JSValue buffer_of(br_wc_call *c, br_str bytes)
{
    return JS_NewArrayBufferCopy(c->ctx, (const uint8_t *) bytes.p, bytes.n);
}

/* The key of a call with (algorithm, key, ...). NULL: exception. */
static const br_wc_key *key_for(
    br_wc_call *c, JSValueConst algorithm, JSValueConst v, br_wc_op op, unsigned usage)
{
    static const char *const names[] = {[BR_WC_ENCRYPT] = "encrypt",
        [BR_WC_DECRYPT] = "decrypt",
        [BR_WC_SIGN] = "sign",
        [BR_WC_VERIFY] = "verify"};
    br_wc_alg alg;
    if (!br_wc_read_alg(c, algorithm, op, &alg)) return NULL;
    const br_wc_key *key = br_wc_key_of(v);
    if (!key)
        br_wc_throw(c->ctx, "InvalidAccessError", "%s's key argument does not hold a valid CryptoKey object",
            names[op]);
    else if (key->alg != alg)
        br_wc_throw(
            c->ctx, "InvalidAccessError", "%s's algorithm name does not match key algorithm name", names[op]);
    else if (!(key->usages.set & usage))
        br_wc_throw(
            c->ctx, "InvalidAccessError", "%s's key does not contain the '%s' usage", names[op], names[op]);
    else
        return key;
    return NULL;
}

static JSValue crypt(br_wc_call *c, JSValueConst *argv, bool encrypt)
{
    br_str data, out;
    if (!br_wc_read_bytes(c, argv[2], "data", &data)) return JS_EXCEPTION;
    const br_wc_key *key = key_for(c, argv[0], argv[1], encrypt ? BR_WC_ENCRYPT : BR_WC_DECRYPT,
        encrypt ? BR_WC_CAN_ENCRYPT : BR_WC_CAN_DECRYPT);
    if (!key) return JS_EXCEPTION;
    bool ok = key->alg == BR_WC_RSA_OAEP ? br_wc_rsa_crypt(c, argv[0], key, encrypt, data, &out)
                                         : br_wc_aes_crypt(c, argv[0], key, encrypt, data, &out);
    return ok ? buffer_of(c, out) : JS_EXCEPTION;
}

static JSValue encrypt(br_wc_call *c, JSValueConst *argv)
{
    return crypt(c, argv, true);
}

static JSValue decrypt(br_wc_call *c, JSValueConst *argv)
{
    return crypt(c, argv, false);
}

static JSValue sign(br_wc_call *c, JSValueConst *argv)
{
    br_str data, out;
    if (!br_wc_read_bytes(c, argv[2], "data", &data)) return JS_EXCEPTION;
    const br_wc_key *key = key_for(c, argv[0], argv[1], BR_WC_SIGN, BR_WC_CAN_SIGN);
    if (!key) return JS_EXCEPTION;
    bool ok = key->alg == BR_WC_HMAC    ? br_wc_hmac_sign(c, key, data, &out)
              : key->alg == BR_WC_ECDSA ? br_wc_ecdsa_sign(c, argv[0], key, data, &out)
                                        : br_wc_rsa_sign(c, argv[0], key, data, &out);
    return ok ? buffer_of(c, out) : JS_EXCEPTION;
}

static JSValue verify(br_wc_call *c, JSValueConst *argv)
{
    br_str signature, data, expected;
    bool ok, valid = false;
    if (!br_wc_read_bytes(c, argv[2], "signature", &signature) ||
        !br_wc_read_bytes(c, argv[3], "data", &data))
        return JS_EXCEPTION;
    const br_wc_key *key = key_for(c, argv[0], argv[1], BR_WC_VERIFY, BR_WC_CAN_VERIFY);
    if (!key) return JS_EXCEPTION;
    if (key->alg == BR_WC_HMAC) {
        ok = br_wc_hmac_sign(c, key, data, &expected);
        valid = ok && signature.n == expected.n && CRYPTO_memcmp(signature.p, expected.p, expected.n) == 0;
    } else if (key->alg == BR_WC_ECDSA) {
        ok = br_wc_ecdsa_verify(c, argv[0], key, signature, data, &valid);
    } else {
        ok = br_wc_rsa_verify(c, argv[0], key, signature, data, &valid);
    }
    return ok ? JS_NewBool(c->ctx, valid) : JS_EXCEPTION;
}

static JSValue digest(br_wc_call *c, JSValueConst *argv)
{
    br_wc_alg hash;
    br_str data, out;
    if (!br_wc_read_bytes(c, argv[1], "data", &data) || !br_wc_read_alg(c, argv[0], BR_WC_DIGEST, &hash) ||
        !br_wc_digest(c, hash, data, &out))
        return JS_EXCEPTION;
    return buffer_of(c, out);
}

/* Keys ------------------------------------------------------------------------------------------------ */

static JSValue pair_of(br_wc_call *c, br_wc_key *key, br_wc_key *pub)
{
    JSValue pair = JS_NewObject(c->ctx);
    JSValue private_key = br_wc_key_object(c->ctx, key);
    JSValue public_key = br_wc_key_object(c->ctx, pub);
    if (JS_IsException(pair) || JS_IsException(private_key) || JS_IsException(public_key)) {
        JS_FreeValue(c->ctx, pair);
        JS_FreeValue(c->ctx, private_key);
        JS_FreeValue(c->ctx, public_key);
        return JS_EXCEPTION;
    }
    JS_DefinePropertyValueStr(c->ctx, pair, "privateKey", private_key, JS_PROP_C_W_E);
    JS_DefinePropertyValueStr(c->ctx, pair, "publicKey", public_key, JS_PROP_C_W_E);
    return pair;
}

static JSValue generate_key(br_wc_call *c, JSValueConst *argv)
{
    br_wc_key key = {.type = BR_WC_SECRET, .extractable = JS_ToBool(c->ctx, argv[1]) == 1}, pub = {0};
    if (!br_wc_read_alg(c, argv[0], BR_WC_GENERATE, &key.alg) || !br_wc_read_usages(c, argv[2], &key.usages))
        return JS_EXCEPTION;
    bool ok;
    if (key.alg == BR_WC_ECDSA || key.alg == BR_WC_ECDH)
        ok = br_wc_ec_generate(c, argv[0], &key, &pub);
    else if (key.alg == BR_WC_HMAC)
        ok = br_wc_hmac_generate(c, argv[0], &key);
    else if (key.alg <= BR_WC_AES_KW)
        ok = br_wc_aes_generate(c, argv[0], &key);
    else
        ok = br_wc_rsa_generate(c, argv[0], &key, &pub);
    if (ok && pub.pkey) return pair_of(c, &key, &pub);
    if (ok && key.usages.count == 0)
        ok = br_wc_fail(c, "SyntaxError", "usages cannot not be empty for a secret or private CryptoKey");
    if (ok) return br_wc_key_object(c->ctx, &key);
    br_wc_key_deinit(&key);
    return JS_EXCEPTION;
}

static bool read_format(br_wc_call *c, JSValueConst v, br_wc_format *ret)
{
    static const char *const names[] = {"raw", "pkcs8", "spki", "jwk"};
    br_str name = br_js_str_dup(c->ctx, v, &c->arena);
    if (!name.p) return false;
    for (size_t i = 0; i < BR_COUNT_OF(names); i++) {
        if (!br_str_is(name, names[i])) continue;
        *ret = (br_wc_format) i;
        return true;
    }
    return br_wc_fail(c, "NotSupportedError", "unsupported key format %.60s", name.p);
}

static bool run_import(br_wc_call *c, const br_wc_import *in, br_wc_key *key)
{
    if (key->alg <= BR_WC_AES_KW) return br_wc_aes_import(c, in, key);
    if (key->alg == BR_WC_HMAC) return br_wc_hmac_import(c, in, key);
    if (key->alg == BR_WC_PBKDF2) return br_wc_pbkdf2_import(c, in, key);
    if (key->alg == BR_WC_ECDSA || key->alg == BR_WC_ECDH) return br_wc_ec_import(c, in, key);
    return br_wc_rsa_import(c, in, key);
}

static JSValue make_imported(br_wc_call *c, const br_wc_import *in, br_wc_key *key)
{
    bool ok = run_import(c, in, key);
    if (ok && key->type != BR_WC_PUBLIC && key->usages.count == 0)
        ok = br_wc_fail(c, "SyntaxError", "usages cannot not be empty for a secret or private CryptoKey");
    if (ok) return br_wc_key_object(c->ctx, key);
    br_wc_key_deinit(key);
    return JS_EXCEPTION;
}

static JSValue import_key(br_wc_call *c, JSValueConst *argv)
{
    br_wc_key key = {.type = BR_WC_SECRET, .extractable = JS_ToBool(c->ctx, argv[3]) == 1};
    br_wc_import in = {.jwk = argv[1], .params = argv[2]};
    if (!read_format(c, argv[0], &in.format)) return JS_EXCEPTION;
    if (in.format != BR_WC_JWK && !br_wc_read_bytes(c, argv[1], "keyData", &in.bytes)) return JS_EXCEPTION;
    if (in.format == BR_WC_JWK && !JS_IsObject(argv[1]))
        return br_wc_throw(c->ctx, "DataError", "keyData must be an object for the format jwk");
    if (!br_wc_read_alg(c, argv[2], BR_WC_IMPORT, &key.alg) || !br_wc_read_usages(c, argv[4], &key.usages))
        return JS_EXCEPTION;
    return make_imported(c, &in, &key);
}

static JSValue export_key(br_wc_call *c, JSValueConst *argv)
{
    br_wc_format format;
    if (!read_format(c, argv[0], &format)) return JS_EXCEPTION;
    const br_wc_key *key = br_wc_key_of(argv[1]);
    if (!key) return br_wc_throw(c->ctx, "InvalidAccessError", "the key is no CryptoKey");
    if (!key->extractable) return br_wc_throw(c->ctx, "InvalidAccessError", "the key is not extractable");
    if (key->secret) return br_wc_secret_export(c, key, format);
    bool ec = key->alg == BR_WC_ECDSA || key->alg == BR_WC_ECDH;
    return ec ? br_wc_ec_export(c, key, format) : br_wc_rsa_export(c, key, format);
}

/* Derivation ------------------------------------------------------------------------------------------ */

static const br_wc_key *base_key(
    br_wc_call *c, JSValueConst algorithm, JSValueConst v, br_wc_op op, unsigned usage)
{
    br_wc_alg alg;
    const char *name = op == BR_WC_DERIVE_BITS ? "deriveBits" : "deriveKey";
    if (!br_wc_read_alg(c, algorithm, op, &alg)) return NULL;
    const br_wc_key *key = br_wc_key_of(v);
    if (!key)
        br_wc_throw(c->ctx, "InvalidAccessError", "provided baseKey is not a valid CryptoKey");
    else if (key->alg != alg)
        br_wc_throw(c->ctx, "InvalidAccessError", "%s's algorithm name does not match baseKey's", name);
    else if (!(key->usages.set & usage))
        br_wc_throw(c->ctx, "InvalidAccessError", "provided baseKey does not contain the '%s' usage", name);
    else
        return key;
    return NULL;
}

static JSValue derive_bits(br_wc_call *c, JSValueConst *argv)
{
    int64_t bits = 0;
    br_str out;
    const br_wc_key *key = base_key(c, argv[0], argv[1], BR_WC_DERIVE_BITS, BR_WC_CAN_DERIVE_BITS);
    if (!key || (!br_js_nullish(argv[2]) && JS_ToInt64(c->ctx, &bits, argv[2]) < 0)) return JS_EXCEPTION;
    bool ok = key->alg == BR_WC_ECDH ? br_wc_ecdh_derive(c, argv[0], key, bits, &out)
                                     : br_wc_pbkdf2_derive(c, argv[0], key, bits, &out);
    return ok ? buffer_of(c, out) : JS_EXCEPTION;
}

static JSValue derive_key(br_wc_call *c, JSValueConst *argv)
{
    br_wc_key derived = {.type = BR_WC_SECRET, .extractable = JS_ToBool(c->ctx, argv[3]) == 1};
    br_wc_import in = {.format = BR_WC_RAW, .jwk = JS_UNDEFINED, .params = argv[2]};
    int64_t bits = 0;
    const br_wc_key *key = base_key(c, argv[0], argv[1], BR_WC_DERIVE_KEY, BR_WC_CAN_DERIVE_KEY);
    if (!key || !br_wc_read_alg(c, argv[2], BR_WC_GENERATE, &derived.alg) ||
        !br_wc_read_usages(c, argv[4], &derived.usages))
        return JS_EXCEPTION;
    if (derived.alg > BR_WC_AES_KW)
        return br_wc_throw(c->ctx, "NotSupportedError", "deriveKey makes AES keys only, not %s",
            br_wc_alg_name(derived.alg));
    if (!br_wc_get_int(c, argv[2], "length", &bits, NULL)) return JS_EXCEPTION;
    if (bits != 128 && bits != 192 && bits != 256)
        return br_wc_throw(c->ctx, "OperationError", "invalid key length");
    if (!br_wc_pbkdf2_derive(c, argv[0], key, bits, &in.bytes)) return JS_EXCEPTION;
    return make_imported(c, &in, &derived);
}

/* The table ------------------------------------------------------------------------------------------- */

static method_fn *const methods[] = {
    encrypt, decrypt, sign, verify, digest, generate_key, import_key, export_key, derive_bits, derive_key};

static JSValue call_method(JSContext *ctx, JSValueConst this_val, int argc, JSValueConst *argv, int method)
{
    (void) this_val;
    br_wc_call c = {.ctx = ctx};
    JSValueConst all[ARGUMENTS_MAX];
    for (int i = 0; i < ARGUMENTS_MAX; i++)
        all[i] = i < argc ? argv[i] : JS_UNDEFINED;
    br_arena_init(&c.arena, 1024);
    JSValue v = methods[method](&c, all);
    br_arena_deinit(&c.arena);
    ERR_clear_error();
    return br_js_settled(ctx, v);
}

/* k6 has the names, and this answer. */
static JSValue not_implemented(
    JSContext *ctx, JSValueConst this_val, int argc, JSValueConst *argv, int method)
{
    (void) this_val, (void) argc, (void) argv, (void) method;
    return br_js_throw(ctx, "not implemented");
}

/* Read-only, as in k6. */
#define METHOD(name, length, fn, number)                                                                     \
    {                                                                                                        \
        name, JS_PROP_ENUMERABLE, JS_DEF_CFUNC, number,                                                      \
        {                                                                                                    \
            .func = { length, JS_CFUNC_generic_magic, {.generic_magic = fn} }                                \
        }                                                                                                    \
    }

const JSCFunctionListEntry br_wc_subtle_entries[] = {
    METHOD("encrypt", 3, call_method, 0),
    METHOD("decrypt", 3, call_method, 1),
    METHOD("sign", 3, call_method, 2),
    METHOD("verify", 4, call_method, 3),
    METHOD("digest", 2, call_method, 4),
    METHOD("generateKey", 3, call_method, 5),
    METHOD("importKey", 5, call_method, 6),
    METHOD("exportKey", 2, call_method, 7),
    METHOD("deriveBits", 3, call_method, 8),
    METHOD("deriveKey", 5, call_method, 9),
    METHOD("wrapKey", 4, not_implemented, 0),
    METHOD("unwrapKey", 7, not_implemented, 0),
};
const int br_wc_subtle_entry_count = BR_COUNT_OF(br_wc_subtle_entries);
