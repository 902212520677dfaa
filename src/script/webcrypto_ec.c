/* WebCrypto: ECDSA and ECDH on P-256, P-384, P-521 (FIPS 186-4; SEC 1; signatures as IEEE P1363: r and s). */
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/param_build.h>
#include "script/webcrypto_int.h"

#define COORDINATE_MAX 66

static const br_wc_curve *curve_of(const br_wc_key *key)
{
    return &br_wc_curves[key->curve];
}

/* Generation ------------------------------------------------------------------------------------------ */

bool br_wc_ec_generate(br_wc_call *c, JSValueConst params, br_wc_key *key, br_wc_key *pub)
{
    bool dsa = key->alg == BR_WC_ECDSA;
    unsigned for_private = dsa ? BR_WC_CAN_SIGN : BR_WC_CAN_DERIVE_KEY | BR_WC_CAN_DERIVE_BITS;
    unsigned for_public = dsa ? BR_WC_CAN_VERIFY : 0;
    if (!br_wc_read_curve(c, params, &key->curve)) return false;
    if (key->usages.count == 0) return br_wc_fail(c, "SyntaxError", "key usages cannot be empty");
    if (!br_wc_check_usages(c, &key->usages, for_private | for_public)) return false;
    key->pkey = EVP_EC_gen(curve_of(key)->openssl);
    if (!key->pkey) return br_wc_fail(c, "OperationError", "unable to generate a key pair");
    br_wc_split_pair(key, pub, for_private, for_public);
    return true;
}

/* Import ---------------------------------------------------------------------------------------------- */

/* point: 04, x, y; d.p == NULL: a public key. NULL: not on the curve, or the halves do not fit. */
static EVP_PKEY *build(const br_wc_curve *curve, br_str point, br_str d)
{
    EVP_PKEY *pkey = NULL;
    EVP_PKEY_CTX *x = EVP_PKEY_CTX_new_from_name(NULL, "EC", NULL);
    OSSL_PARAM_BLD *bld = OSSL_PARAM_BLD_new();
    BIGNUM *number = d.p ? BN_bin2bn((const unsigned char *) d.p, (int) d.n, NULL) : NULL;
    bool ok = x && bld &&
              OSSL_PARAM_BLD_push_utf8_string(bld, OSSL_PKEY_PARAM_GROUP_NAME, curve->openssl, 0) &&
              OSSL_PARAM_BLD_push_octet_string(bld, OSSL_PKEY_PARAM_PUB_KEY, point.p, point.n) &&
              (!d.p || (number && OSSL_PARAM_BLD_push_BN(bld, OSSL_PKEY_PARAM_PRIV_KEY, number)));
    OSSL_PARAM *params = ok ? OSSL_PARAM_BLD_to_param(bld) : NULL;
    if (params && EVP_PKEY_fromdata_init(x) == 1)
        (void) EVP_PKEY_fromdata(x, &pkey, d.p ? EVP_PKEY_KEYPAIR : EVP_PKEY_PUBLIC_KEY, params);
    EVP_PKEY_CTX *check = pkey ? EVP_PKEY_CTX_new_from_pkey(NULL, pkey, NULL) : NULL;
    if (pkey && (!check || (d.p ? EVP_PKEY_check(check) : EVP_PKEY_public_check(check)) != 1)) {
        EVP_PKEY_free(pkey);
        pkey = NULL;
    }
    EVP_PKEY_CTX_free(check);
    OSSL_PARAM_free(params);
    BN_clear_free(number);
    OSSL_PARAM_BLD_free(bld);
    EVP_PKEY_CTX_free(x);
    return pkey;
}

static bool import_raw(br_wc_call *c, br_str point, br_wc_key *key)
{
    key->type = BR_WC_PUBLIC;
    if (point.n == 1 + 2 * curve_of(key)->bytes && point.p[0] == 4)
        key->pkey = build(curve_of(key), point, BR_STR_NONE);
    return key->pkey ||
           br_wc_fail(c, "DataError", "unable to import %s public key data", br_wc_alg_name(key->alg));
}

/* A number of a JWK into exactly `size` bytes; leading zeros may be missing. */
static bool put_padded(br_str number, char *out, size_t size)
{
    if (number.n > size) return false;
    memset(out, 0, size - number.n);
    memcpy(out + size - number.n, number.p, number.n);
    return true;
}

static bool import_jwk(br_wc_call *c, JSValueConst jwk, br_wc_key *key)
{
    br_str crv, x, y, d;
    const br_wc_curve *curve = curve_of(key);
    if (!br_wc_jwk_check(c, jwk, "EC") || !br_wc_get_text(c, jwk, "crv", &crv) ||
        !br_wc_jwk_bytes(c, jwk, "x", &x) || !br_wc_jwk_bytes(c, jwk, "y", &y) ||
        !br_wc_jwk_bytes(c, jwk, "d", &d))
        return false;
    if (!crv.p || !br_str_is(crv, curve->name))
        return br_wc_fail(c, "DataError", "invalid EC JWK key: crv is not %s", curve->name);
    if (!x.p || !y.p)
        return br_wc_fail(c, "DataError", "invalid EC JWK key: coordinate %s is required", x.p ? "Y" : "X");
    char point[1 + 2 * COORDINATE_MAX] = {4};
    key->type = d.p ? BR_WC_PRIVATE : BR_WC_PUBLIC;
    if (put_padded(x, point + 1, curve->bytes) && put_padded(y, point + 1 + curve->bytes, curve->bytes) &&
        d.n <= curve->bytes)
        key->pkey = build(curve, (br_str){point, 1 + 2 * curve->bytes}, d);
    return key->pkey || br_wc_fail(c, "DataError", "invalid EC JWK key: no key of the curve %s", curve->name);
}

static bool on_curve(const EVP_PKEY *pkey, const br_wc_curve *curve)
{
    char name[64];
    return EVP_PKEY_get_group_name(pkey, name, sizeof(name), NULL) == 1 && strcmp(name, curve->openssl) == 0;
}

bool br_wc_ec_import(br_wc_call *c, const br_wc_import *in, br_wc_key *key)
{
    if (!br_wc_read_curve(c, in->params, &key->curve)) return false;
    if (in->format == BR_WC_RAW) return import_raw(c, in->bytes, key);
    if (in->format == BR_WC_JWK) return import_jwk(c, in->jwk, key);
    key->type = in->format == BR_WC_PKCS8 ? BR_WC_PRIVATE : BR_WC_PUBLIC;
    key->pkey = in->format == BR_WC_PKCS8 ? br_wc_pkcs8_read(c, in->bytes, EVP_PKEY_EC)
                                          : br_wc_spki_read(c, in->bytes, EVP_PKEY_EC);
    if (!key->pkey) return false;
    return on_curve(key->pkey, curve_of(key)) ||
           br_wc_fail(c, "DataError", "the key is not of the curve %s", curve_of(key)->name);
}

/* Export ---------------------------------------------------------------------------------------------- */

static JSValue export_raw(br_wc_call *c, const br_wc_key *key)
{
    if (key->type != BR_WC_PUBLIC)
        return br_wc_throw(c->ctx, "InvalidAccessError", "key is not a valid elliptic curve public key");
    size_t size = curve_of(key)->bytes;
    unsigned char point[1 + 2 * COORDINATE_MAX] = {4};
    BIGNUM *x = NULL, *y = NULL;
    bool ok = EVP_PKEY_get_bn_param(key->pkey, OSSL_PKEY_PARAM_EC_PUB_X, &x) == 1 &&
              EVP_PKEY_get_bn_param(key->pkey, OSSL_PKEY_PARAM_EC_PUB_Y, &y) == 1 &&
              BN_bn2binpad(x, point + 1, (int) size) >= 0 &&
              BN_bn2binpad(y, point + 1 + size, (int) size) >= 0;
    BN_free(x);
    BN_free(y);
    return ok ? JS_NewArrayBufferCopy(c->ctx, point, 1 + 2 * size)
              : br_wc_throw(c->ctx, "OperationError", "unable to extract public key data");
}

static JSValue export_jwk(JSContext *ctx, const br_wc_key *key)
{
    size_t size = curve_of(key)->bytes;
    JSValue jwk = br_wc_jwk_new(ctx, "EC");
    if (JS_IsException(jwk)) return jwk;
    JS_DefinePropertyValueStr(ctx, jwk, "crv", JS_NewString(ctx, curve_of(key)->name), JS_PROP_C_W_E);
    br_wc_jwk_put_number(ctx, jwk, "x", key->pkey, OSSL_PKEY_PARAM_EC_PUB_X, size);
    br_wc_jwk_put_number(ctx, jwk, "y", key->pkey, OSSL_PKEY_PARAM_EC_PUB_Y, size);
    if (key->type == BR_WC_PRIVATE)
        br_wc_jwk_put_number(ctx, jwk, "d", key->pkey, OSSL_PKEY_PARAM_PRIV_KEY, size);
    return jwk;
}

JSValue br_wc_ec_export(br_wc_call *c, const br_wc_key *key, br_wc_format format)
{
    switch (format) {
        case BR_WC_RAW: return export_raw(c, key);
        case BR_WC_PKCS8: return br_wc_pkcs8_write(c, key);
        case BR_WC_SPKI: return br_wc_spki_write(c, key);
        default: return export_jwk(c->ctx, key);
    }
}

/* Signatures ------------------------------------------------------------------------------------------ */

/* DER -> r and s of `size` bytes each. */
static bool unpack(const unsigned char *der, size_t n, unsigned char *out, size_t size)
{
    ECDSA_SIG *sig = d2i_ECDSA_SIG(NULL, &der, (long) n);
    bool ok = sig && BN_bn2binpad(ECDSA_SIG_get0_r(sig), out, (int) size) >= 0 &&
              BN_bn2binpad(ECDSA_SIG_get0_s(sig), out + size, (int) size) >= 0;
    ECDSA_SIG_free(sig);
    return ok;
}

/* And back; OPENSSL_free(*ret). Its length, or -1. */
static int pack(const unsigned char *raw, size_t size, unsigned char **ret)
{
    ECDSA_SIG *sig = ECDSA_SIG_new();
    BIGNUM *r = BN_bin2bn(raw, (int) size, NULL), *s = BN_bin2bn(raw + size, (int) size, NULL);
    int n = -1;
    if (sig && r && s && ECDSA_SIG_set0(sig, r, s) == 1) {
        n = i2d_ECDSA_SIG(sig, ret);
    } else {
        BN_free(r);
        BN_free(s);
    }
    ECDSA_SIG_free(sig);
    return n;
}

bool br_wc_ecdsa_sign(br_wc_call *c, JSValueConst params, const br_wc_key *key, br_str data, br_str *ret)
{
    br_wc_alg hash;
    if (!br_wc_read_hash(c, params, &hash)) return false;
    if (key->type != BR_WC_PRIVATE)
        return br_wc_fail(c, "InvalidAccessError", "key is not a valid ECDSA private key");
    unsigned char der[256];
    size_t n = sizeof(der), size = curve_of(key)->bytes;
    unsigned char *out = br_arena_alloc(&c->arena, 2 * size);
    EVP_MD_CTX *x = EVP_MD_CTX_new();
    bool ok = x && EVP_DigestSignInit(x, NULL, br_wc_md(hash), NULL, key->pkey) == 1 &&
              EVP_DigestSign(x, der, &n, (const unsigned char *) data.p, data.n) == 1 &&
              unpack(der, n, out, size);
    EVP_MD_CTX_free(x);
    if (!ok) return br_wc_fail(c, "OperationError", "unable to sign data");
    *ret = (br_str){(const char *) out, 2 * size};
    return true;
}

bool br_wc_ecdsa_verify(
    br_wc_call *c, JSValueConst params, const br_wc_key *key, br_str signature, br_str data, bool *ret)
{
    br_wc_alg hash;
    if (!br_wc_read_hash(c, params, &hash)) return false;
    if (key->type != BR_WC_PUBLIC)
        return br_wc_fail(c, "InvalidAccessError", "key is not a valid ECDSA public key");
    *ret = false;
    size_t size = curve_of(key)->bytes;
    if (signature.n != 2 * size) return true;
    unsigned char *der = NULL;
    int n = pack((const unsigned char *) signature.p, size, &der);
    EVP_MD_CTX *x = EVP_MD_CTX_new();
    *ret = n > 0 && x && EVP_DigestVerifyInit(x, NULL, br_wc_md(hash), NULL, key->pkey) == 1 &&
           EVP_DigestVerify(x, der, (size_t) n, (const unsigned char *) data.p, data.n) == 1;
    EVP_MD_CTX_free(x);
    OPENSSL_free(der);
    return true;
}

/* ECDH ------------------------------------------------------------------------------------------------ */

/* The other side's key of the parameters; NULL: exception. It lives as long as *ret_holder. */
static const br_wc_key *read_public(
    br_wc_call *c, JSValueConst params, const br_wc_key *key, JSValue *ret_holder)
{
    *ret_holder = JS_IsObject(params) ? JS_GetPropertyStr(c->ctx, params, "public") : JS_UNDEFINED;
    if (JS_IsException(*ret_holder)) return NULL;
    const br_wc_key *pub = br_wc_key_of(*ret_holder);
    if (!pub)
        br_wc_throw(c->ctx, "TypeError", "algorithm does not contain a public key");
    else if (pub->type != BR_WC_PUBLIC)
        br_wc_throw(c->ctx, "InvalidAccessError", "algorithm's public key is not a public key");
    else if (pub->alg != BR_WC_ECDH)
        br_wc_throw(
            c->ctx, "InvalidAccessError", "algorithm name does not match public key's algorithm name");
    else if (pub->curve != key->curve)
        br_wc_throw(c->ctx, "InvalidAccessError", "public and private keys have different curves");
    else
        return pub;
    return NULL;
}

bool br_wc_ecdh_derive(br_wc_call *c, JSValueConst params, const br_wc_key *key, int64_t bits, br_str *ret)
{
    if (key->type != BR_WC_PRIVATE)
        return br_wc_fail(c, "InvalidAccessError", "provided baseKey is not a private key");
    JSValue holder;
    const br_wc_key *pub = read_public(c, params, key, &holder);
    size_t n = COORDINATE_MAX;
    unsigned char *out = br_arena_alloc(&c->arena, n);
    EVP_PKEY_CTX *x = pub ? EVP_PKEY_CTX_new_from_pkey(NULL, key->pkey, NULL) : NULL;
    bool ok = x && EVP_PKEY_derive_init(x) == 1 && EVP_PKEY_derive_set_peer(x, pub->pkey) == 1 &&
              EVP_PKEY_derive(x, out, &n) == 1;
    EVP_PKEY_CTX_free(x);
    JS_FreeValue(c->ctx, holder);
    if (!pub) return false;
    if (!ok) return br_wc_fail(c, "OperationError", "the bits cannot be derived");
    if (bits % 8)
        return br_wc_fail(c, "NotSupportedError", "currently only multiples of 8 are supported for length");
    if (bits < 0 || (uint64_t) bits > n * 8) return br_wc_fail(c, "OperationError", "length is too large");
    *ret = (br_str){(const char *) out, bits ? (size_t) bits / 8 : n};
    return true;
}
