/* WebCrypto: digests, HMAC (RFC 2104), PBKDF2 (RFC 8018), and how secret keys are exported. */
#include <openssl/hmac.h>
#include <openssl/rand.h>
#include <stdio.h>
#include "script/webcrypto_int.h"

#define HMAC_MAX_BITS  ((int64_t) 1 << 20)
#define DERIVE_MAX     ((int64_t) 1 << 23) /* bits */
#define ITERATIONS_MAX 10000000 /* seconds of a processor, in which nothing else of the worker runs */

static br_str keep(br_wc_call *c, const unsigned char *bytes, size_t n)
{
    return br_arena_str(&c->arena, (br_str){(const char *) bytes, n});
}

bool br_wc_digest(br_wc_call *c, br_wc_alg hash, br_str data, br_str *ret)
{
    unsigned char out[EVP_MAX_MD_SIZE];
    unsigned n = 0;
    if (EVP_Digest(data.p, data.n, out, &n, br_wc_md(hash), NULL) != 1)
        return br_wc_fail(c, "OperationError", "the digest cannot be computed");
    *ret = keep(c, out, n);
    return true;
}

/* HMAC ------------------------------------------------------------------------------------------------ */

static bool check_hmac_usages(br_wc_call *c, const br_wc_key *key)
{
    return br_wc_check_usages(c, &key->usages, BR_WC_CAN_SIGN | BR_WC_CAN_VERIFY);
}

bool br_wc_hmac_generate(br_wc_call *c, JSValueConst params, br_wc_key *key)
{
    if (!br_wc_read_hash(c, params, &key->hash)) return false;
    key->bits = (int64_t) EVP_MD_get_block_size(br_wc_md(key->hash)) * 8;
    if (!br_wc_get_int(c, params, "length", &key->bits, NULL) || !check_hmac_usages(c, key)) return false;
    if (key->bits == 0) return br_wc_fail(c, "OperationError", "algorithm's length cannot be 0");
    if (key->bits < 0 || key->bits > HMAC_MAX_BITS)
        return br_wc_fail(c, "OperationError", "algorithm's length must be between 1 and 1048576 bits");
    size_t n = (size_t) (key->bits + 7) / 8;
    unsigned char *bytes = br_arena_alloc(&c->arena, n);
    if (RAND_priv_bytes(bytes, (int) n) != 1)
        return br_wc_fail(c, "OperationError", "failed to generate random key");
    br_wc_key_set_secret(key, (br_str){(const char *) bytes, n});
    OPENSSL_cleanse(bytes, n);
    return true;
}

bool br_wc_hmac_import(br_wc_call *c, const br_wc_import *in, br_wc_key *key)
{
    br_str bytes = in->bytes;
    int64_t length = 0;
    bool given;
    if (!br_wc_read_hash(c, in->params, &key->hash) ||
        !br_wc_get_int(c, in->params, "length", &length, &given) || !check_hmac_usages(c, key))
        return false;
    if (in->format == BR_WC_JWK) {
        if (!br_wc_jwk_check(c, in->jwk, "oct") || !br_wc_jwk_bytes(c, in->jwk, "k", &bytes)) return false;
        if (!bytes.p) return br_wc_fail(c, "DataError", "invalid symmetric JWK: key (k) is required");
    } else if (in->format != BR_WC_RAW) {
        return br_wc_fail(c, "NotSupportedError", "unsupported key format for HMAC");
    }
    if (bytes.n == 0) return br_wc_fail(c, "DataError", "key length cannot be 0");
    key->bits = (int64_t) bytes.n * 8;
    if (given && length != key->bits)
        return br_wc_fail(
            c, "DataError", "key length cannot be different from the length of the imported data");
    br_wc_key_set_secret(key, bytes);
    return true;
}

bool br_wc_hmac_sign(br_wc_call *c, const br_wc_key *key, br_str data, br_str *ret)
{
    unsigned char out[EVP_MAX_MD_SIZE];
    unsigned n = 0;
    if (!HMAC(br_wc_md(key->hash), key->secret, (int) key->secret_bytes, (const unsigned char *) data.p,
            data.n, out, &n))
        return br_wc_fail(c, "OperationError", "the signature cannot be computed");
    *ret = keep(c, out, n);
    return true;
}

/* PBKDF2 ---------------------------------------------------------------------------------------------- */

bool br_wc_pbkdf2_import(br_wc_call *c, const br_wc_import *in, br_wc_key *key)
{
    if (in->format != BR_WC_RAW)
        return br_wc_fail(c, "NotSupportedError", "invalid format: PBKDF2 takes raw");
    if (!br_wc_check_usages(c, &key->usages, BR_WC_CAN_DERIVE_BITS | BR_WC_CAN_DERIVE_KEY)) return false;
    if (key->extractable) return br_wc_fail(c, "SyntaxError", "invalid value for param extractable");
    br_wc_key_set_secret(key, in->bytes);
    return true;
}

bool br_wc_pbkdf2_derive(br_wc_call *c, JSValueConst params, const br_wc_key *key, int64_t bits, br_str *ret)
{
    br_wc_alg hash;
    br_str salt;
    int64_t iterations = 0;
    if (!br_wc_read_hash(c, params, &hash) || !br_wc_get_int(c, params, "iterations", &iterations, NULL) ||
        !br_wc_get_bytes(c, params, "salt", &salt))
        return false;
    if (iterations == 0) return br_wc_fail(c, "OperationError", "number of iterations can't be 0");
    if (iterations < 0 || iterations > ITERATIONS_MAX)
        return br_wc_fail(c, "OperationError", "number of iterations must be at most %d", ITERATIONS_MAX);
    if (!salt.p) return br_wc_fail(c, "SyntaxError", "could not get salt from algorithm parameter");
    if (bits <= 0 || bits % 8 || bits > DERIVE_MAX)
        return br_wc_fail(
            c, "OperationError", "length must be a multiple of 8 between 8 and %d", (int) DERIVE_MAX);
    size_t n = (size_t) bits / 8;
    unsigned char *out = br_arena_alloc(&c->arena, n);
    if (PKCS5_PBKDF2_HMAC((const char *) key->secret, (int) key->secret_bytes, (const unsigned char *) salt.p,
            (int) salt.n, (int) iterations, br_wc_md(hash), (int) n, out) != 1)
        return br_wc_fail(c, "OperationError", "the bits cannot be derived");
    *ret = (br_str){(const char *) out, n};
    return true;
}

/* Export ---------------------------------------------------------------------------------------------- */

/* RFC 7518: "A128CBC", "HS256". */
static void jwk_algorithm(const br_wc_key *key, char *out, size_t size)
{
    if (key->alg == BR_WC_HMAC)
        snprintf(out, size, "HS%s", br_wc_alg_name(key->hash) + 4);
    else
        snprintf(out, size, "A%zu%s", key->secret_bytes * 8, br_wc_alg_name(key->alg) + 4);
}

JSValue br_wc_secret_export(br_wc_call *c, const br_wc_key *key, br_wc_format format)
{
    JSContext *ctx = c->ctx;
    if (format == BR_WC_RAW) return JS_NewArrayBufferCopy(ctx, key->secret, key->secret_bytes);
    if (format != BR_WC_JWK)
        return br_wc_throw(
            ctx, "NotSupportedError", "unsupported key format for %s", br_wc_alg_name(key->alg));
    char alg[32];
    jwk_algorithm(key, alg, sizeof(alg));
    JSValue jwk = br_wc_jwk_new(ctx, "oct");
    if (JS_IsException(jwk)) return jwk;
    br_wc_jwk_put(ctx, jwk, "k", (br_str){(const char *) key->secret, key->secret_bytes});
    JS_DefinePropertyValueStr(ctx, jwk, "alg", JS_NewString(ctx, alg), JS_PROP_C_W_E);
    JS_DefinePropertyValueStr(ctx, jwk, "ext", JS_NewBool(ctx, key->extractable), JS_PROP_C_W_E);
    JS_DefinePropertyValueStr(ctx, jwk, "key_ops", br_wc_key_usages(ctx, key), JS_PROP_C_W_E);
    return jwk;
}
