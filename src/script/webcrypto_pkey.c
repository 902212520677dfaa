/* WebCrypto: forms of keys: PKCS #8 (RFC 5208), SubjectPublicKeyInfo (RFC 5280), JSON Web Key (RFC 7517). */
#include <openssl/bn.h>
#include <openssl/x509.h>
#include "codec/base64.h"
#include "script/webcrypto_int.h"

#define NUMBER_MAX_BYTES 2100 /* of RSA with 16384 bits and some */

static EVP_PKEY *check_kind(br_wc_call *c, EVP_PKEY *pkey, int id, const char *what)
{
    const char *family = id == EVP_PKEY_RSA ? "RSA" : "EC";
    if (pkey && EVP_PKEY_get_base_id(pkey) == id) return pkey;
    if (pkey)
        br_wc_throw(c->ctx, "DataError", "the data are no %s %s key", family, what);
    else
        br_wc_throw(c->ctx, "DataError", "unable to import %s %s key data", family, what);
    EVP_PKEY_free(pkey);
    return NULL;
}

EVP_PKEY *br_wc_pkcs8_read(br_wc_call *c, br_str der, int id)
{
    const unsigned char *at = (const unsigned char *) der.p, *end = at + der.n;
    PKCS8_PRIV_KEY_INFO *info = d2i_PKCS8_PRIV_KEY_INFO(NULL, &at, (long) der.n);
    EVP_PKEY *pkey = info && at == end ? EVP_PKCS82PKEY(info) : NULL;
    PKCS8_PRIV_KEY_INFO_free(info);
    return check_kind(c, pkey, id, "private");
}

EVP_PKEY *br_wc_spki_read(br_wc_call *c, br_str der, int id)
{
    const unsigned char *at = (const unsigned char *) der.p, *end = at + der.n;
    EVP_PKEY *pkey = d2i_PUBKEY(NULL, &at, (long) der.n);
    if (pkey && at != end) {
        EVP_PKEY_free(pkey);
        pkey = NULL;
    }
    return check_kind(c, pkey, id, "public");
}

static JSValue buffer_of(br_wc_call *c, unsigned char *der, int n)
{
    JSValue ret = n > 0 ? JS_NewArrayBufferCopy(c->ctx, der, (size_t) n)
                        : br_wc_throw(c->ctx, "OperationError", "the key cannot be written in this format");
    OPENSSL_free(der);
    return ret;
}

JSValue br_wc_pkcs8_write(br_wc_call *c, const br_wc_key *key)
{
    if (key->type != BR_WC_PRIVATE)
        return br_wc_throw(c->ctx, "InvalidAccessError", "pkcs8 is for private keys, and this one is public");
    unsigned char *der = NULL;
    PKCS8_PRIV_KEY_INFO *info = EVP_PKEY2PKCS8(key->pkey);
    int n = info ? i2d_PKCS8_PRIV_KEY_INFO(info, &der) : -1;
    PKCS8_PRIV_KEY_INFO_free(info);
    return buffer_of(c, der, n);
}

JSValue br_wc_spki_write(br_wc_call *c, const br_wc_key *key)
{
    if (key->type != BR_WC_PUBLIC)
        return br_wc_throw(c->ctx, "InvalidAccessError", "spki is for public keys, and this one is private");
    unsigned char *der = NULL;
    int n = i2d_PUBKEY(key->pkey, &der);
    return buffer_of(c, der, n);
}

/* JSON Web Key ---------------------------------------------------------------------------------------- */

bool br_wc_jwk_bytes(br_wc_call *c, JSValueConst jwk, const char *name, br_str *ret)
{
    br_str text;
    *ret = BR_STR_NONE;
    if (!br_wc_get_text(c, jwk, name, &text)) return false;
    if (!text.p || text.n == 0) return true;
    br_buf bytes;
    br_buf_init(&bytes, BR_BUF_NO_LIMIT);
    bool ok = br_base64_decode(text, true, false, &bytes, NULL);
    if (ok) *ret = br_arena_str(&c->arena, br_buf_view(&bytes));
    br_buf_deinit(&bytes);
    return ok || br_wc_fail(c, "DataError", "invalid JWK: %s is no base64url", name);
}

bool br_wc_jwk_check(br_wc_call *c, JSValueConst jwk, const char *kty)
{
    br_str text;
    if (!br_wc_get_text(c, jwk, "kty", &text)) return false;
    if (!text.p) text = BR_STR("");
    return br_str_is(text, kty) || br_wc_fail(c, "DataError", "invalid JWK: invalid key type: %.60s", text.p);
}

JSValue br_wc_jwk_new(JSContext *ctx, const char *kty)
{
    JSValue jwk = JS_NewObject(ctx);
    if (!JS_IsException(jwk))
        JS_DefinePropertyValueStr(ctx, jwk, "kty", JS_NewString(ctx, kty), JS_PROP_C_W_E);
    return jwk;
}

void br_wc_jwk_put(JSContext *ctx, JSValueConst jwk, const char *name, br_str bytes)
{
    br_buf text;
    br_buf_init(&text, BR_BUF_NO_LIMIT);
    br_base64_put(bytes, true, false, &text);
    JS_DefinePropertyValueStr(ctx, jwk, name, br_js_new_str(ctx, br_buf_view(&text)), JS_PROP_C_W_E);
    br_buf_deinit(&text);
}

void br_wc_jwk_put_number(JSContext *ctx, JSValueConst jwk, const char *name, const EVP_PKEY *pkey,
    const char *param, size_t min_bytes)
{
    BIGNUM *number = NULL;
    unsigned char bytes[NUMBER_MAX_BYTES];
    if (EVP_PKEY_get_bn_param(pkey, param, &number) == 1) {
        size_t n = (size_t) BN_num_bytes(number);
        if (n < min_bytes) n = min_bytes;
        if (n <= sizeof(bytes) && BN_bn2binpad(number, bytes, (int) n) >= 0)
            br_wc_jwk_put(ctx, jwk, name, (br_str){(const char *) bytes, n});
        OPENSSL_cleanse(bytes, sizeof(bytes));
    }
    BN_clear_free(number);
}
