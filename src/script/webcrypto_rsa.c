/* WebCrypto: RSASSA-PKCS1-v1_5, RSA-PSS, RSA-OAEP (RFC 8017). */
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/param_build.h>
#include <openssl/rsa.h>
#include "script/webcrypto_int.h"

#define GENERATE_MIN 1024
#define GENERATE_MAX 8192  /* bits; more takes minutes, in which nothing else of the worker runs */
#define IMPORT_MAX   16384 /* bits; OpenSSL computes with no more */

static int modulus_bits(const EVP_PKEY *pkey)
{
    return EVP_PKEY_get_bits(pkey);
}

/* Generation ------------------------------------------------------------------------------------------ */

static EVP_PKEY *generate(int64_t bits, br_str exponent)
{
    EVP_PKEY *pkey = NULL;
    BIGNUM *e = BN_bin2bn((const unsigned char *) exponent.p, (int) exponent.n, NULL);
    EVP_PKEY_CTX *x = EVP_PKEY_CTX_new_from_name(NULL, "RSA", NULL);
    if (x && e && EVP_PKEY_keygen_init(x) == 1 && EVP_PKEY_CTX_set_rsa_keygen_bits(x, (int) bits) == 1 &&
        EVP_PKEY_CTX_set1_rsa_keygen_pubexp(x, e) == 1)
        (void) EVP_PKEY_generate(x, &pkey);
    EVP_PKEY_CTX_free(x);
    BN_free(e);
    return pkey;
}

static bool read_exponent(br_wc_call *c, JSValueConst params, br_str *ret)
{
    if (!br_wc_get_bytes(c, params, "publicExponent", ret)) return false;
    if (!ret->p) return br_wc_fail(c, "SyntaxError", "could not get publicExponent from algorithm parameter");
    while (ret->n && !ret->p[0])
        *ret = br_str_sub(*ret, 1, ret->n);
    if (ret->n == 0 || !(ret->p[ret->n - 1] & 1))
        return br_wc_fail(c, "OperationError", "invalid public exponent: public exponent is even");
    if (ret->n == 1 && ret->p[0] == 1)
        return br_wc_fail(c, "OperationError", "invalid public exponent: public exponent too small");
    if (ret->n > 4 || (ret->n == 4 && (unsigned char) ret->p[0] > 0x7F))
        return br_wc_fail(c, "OperationError", "invalid public exponent: public exponent too large");
    return true;
}

static unsigned private_usages(br_wc_alg alg)
{
    return alg == BR_WC_RSA_OAEP ? BR_WC_CAN_DECRYPT | BR_WC_CAN_UNWRAP : BR_WC_CAN_SIGN;
}
static unsigned public_usages(br_wc_alg alg)
{
    return alg == BR_WC_RSA_OAEP ? BR_WC_CAN_ENCRYPT | BR_WC_CAN_WRAP : BR_WC_CAN_VERIFY;
}

bool br_wc_rsa_generate(br_wc_call *c, JSValueConst params, br_wc_key *key, br_wc_key *pub)
{
    br_str exponent;
    bool given;
    if (!br_wc_get_int(c, params, "modulusLength", &key->bits, &given)) return false;
    if (!given) return br_wc_fail(c, "SyntaxError", "could not get modulusLength from algorithm parameter");
    if (!read_exponent(c, params, &exponent) || !br_wc_read_hash(c, params, &key->hash)) return false;
    unsigned for_private = private_usages(key->alg), for_public = public_usages(key->alg);
    if (key->usages.count == 0) return br_wc_fail(c, "SyntaxError", "key usages cannot be empty");
    if (!br_wc_check_usages(c, &key->usages, for_private | for_public)) return false;
    if (key->bits < GENERATE_MIN || key->bits > GENERATE_MAX)
        return br_wc_fail(
            c, "OperationError", "modulusLength must be between %d and %d", GENERATE_MIN, GENERATE_MAX);
    key->pkey = generate(key->bits, exponent);
    if (!key->pkey) return br_wc_fail(c, "OperationError", "could not generate RSA key pair");
    br_wc_split_pair(key, pub, for_private, for_public);
    return true;
}

/* Import ---------------------------------------------------------------------------------------------- */

/* e * d is 1 modulo (prime - 1): RFC 8017, 3.2. */
static bool inverse_modulo(const BIGNUM *e, const BIGNUM *d, const BIGNUM *prime, BN_CTX *x)
{
    BIGNUM *less = BN_dup(prime), *product = BN_new();
    bool ok = less && product && BN_sub_word(less, 1) && !BN_is_zero(less) &&
              BN_mod_mul(product, e, d, less, x) && BN_is_one(product);
    BN_clear_free(less);
    BN_clear_free(product);
    return ok;
}

/* The parts of a private key belong together; without testing primes, which takes long. */
static bool is_consistent(const EVP_PKEY *pkey)
{
    static const char *const names[] = {OSSL_PKEY_PARAM_RSA_N, OSSL_PKEY_PARAM_RSA_E, OSSL_PKEY_PARAM_RSA_D,
        OSSL_PKEY_PARAM_RSA_FACTOR1, OSSL_PKEY_PARAM_RSA_FACTOR2};
    BIGNUM *v[5] = {0};
    BN_CTX *x = BN_CTX_new();
    BIGNUM *product = BN_new();
    bool ok = x && product;
    for (int i = 0; i < 5; i++)
        ok = ok && EVP_PKEY_get_bn_param(pkey, names[i], &v[i]) == 1;
    ok = ok && BN_mul(product, v[3], v[4], x) && BN_cmp(product, v[0]) == 0 &&
         inverse_modulo(v[1], v[2], v[3], x) && inverse_modulo(v[1], v[2], v[4], x);
    for (int i = 0; i < 5; i++)
        BN_clear_free(v[i]);
    BN_clear_free(product);
    BN_CTX_free(x);
    return ok;
}

#define JWK_PARTS 8
static const struct {
    const char *jwk, *openssl;
} parts[JWK_PARTS] = {{"n", OSSL_PKEY_PARAM_RSA_N}, {"e", OSSL_PKEY_PARAM_RSA_E},
    {"d", OSSL_PKEY_PARAM_RSA_D}, {"p", OSSL_PKEY_PARAM_RSA_FACTOR1}, {"q", OSSL_PKEY_PARAM_RSA_FACTOR2},
    {"dp", OSSL_PKEY_PARAM_RSA_EXPONENT1}, {"dq", OSSL_PKEY_PARAM_RSA_EXPONENT2},
    {"qi", OSSL_PKEY_PARAM_RSA_COEFFICIENT1}};

static EVP_PKEY *build(const br_str *values, size_t count)
{
    EVP_PKEY *pkey = NULL;
    BIGNUM *numbers[JWK_PARTS] = {0};
    EVP_PKEY_CTX *x = EVP_PKEY_CTX_new_from_name(NULL, "RSA", NULL);
    OSSL_PARAM_BLD *bld = OSSL_PARAM_BLD_new();
    bool ok = x && bld;
    for (size_t i = 0; i < count && ok; i++) {
        numbers[i] = BN_bin2bn((const unsigned char *) values[i].p, (int) values[i].n, NULL);
        ok = numbers[i] && OSSL_PARAM_BLD_push_BN(bld, parts[i].openssl, numbers[i]);
    }
    OSSL_PARAM *params = ok ? OSSL_PARAM_BLD_to_param(bld) : NULL;
    if (params && EVP_PKEY_fromdata_init(x) == 1)
        (void) EVP_PKEY_fromdata(x, &pkey, count > 2 ? EVP_PKEY_KEYPAIR : EVP_PKEY_PUBLIC_KEY, params);
    OSSL_PARAM_free(params);
    OSSL_PARAM_BLD_free(bld);
    EVP_PKEY_CTX_free(x);
    for (size_t i = 0; i < JWK_PARTS; i++)
        BN_clear_free(numbers[i]);
    return pkey;
}

static bool import_jwk(br_wc_call *c, JSValueConst jwk, br_wc_key *key)
{
    br_str values[JWK_PARTS];
    if (!br_wc_jwk_check(c, jwk, "RSA")) return false;
    for (size_t i = 0; i < JWK_PARTS; i++) {
        if (!br_wc_jwk_bytes(c, jwk, parts[i].jwk, &values[i])) return false;
        if (values[i].n > IMPORT_MAX / 8 + 1)
            return br_wc_fail(c, "DataError", "invalid RSA JWK key: %s is too long", parts[i].jwk);
    }
    if (!values[0].p) return br_wc_fail(c, "DataError", "invalid RSA JWK key: modulus (n) is required");
    if (!values[1].p) return br_wc_fail(c, "DataError", "invalid RSA JWK key: exponent (e) is required");
    key->type = values[2].p ? BR_WC_PRIVATE : BR_WC_PUBLIC;
    for (size_t i = 3; i < JWK_PARTS && key->type == BR_WC_PRIVATE; i++) {
        if (!values[i].p)
            return br_wc_fail(c, "DataError", "invalid RSA JWK key: %s is required", parts[i].jwk);
    }
    key->pkey = build(values, key->type == BR_WC_PRIVATE ? JWK_PARTS : 2);
    return key->pkey || br_wc_fail(c, "DataError", "invalid RSA JWK key");
}

bool br_wc_rsa_import(br_wc_call *c, const br_wc_import *in, br_wc_key *key)
{
    if (!br_wc_read_hash(c, in->params, &key->hash)) return false;
    if (in->format == BR_WC_RAW)
        return br_wc_fail(
            c, "NotSupportedError", "unsupported key format raw for algorithm %s", br_wc_alg_name(key->alg));
    if (in->format == BR_WC_JWK) {
        if (!import_jwk(c, in->jwk, key)) return false;
    } else {
        key->type = in->format == BR_WC_PKCS8 ? BR_WC_PRIVATE : BR_WC_PUBLIC;
        key->pkey = in->format == BR_WC_PKCS8 ? br_wc_pkcs8_read(c, in->bytes, EVP_PKEY_RSA)
                                              : br_wc_spki_read(c, in->bytes, EVP_PKEY_RSA);
        if (!key->pkey) return false;
    }
    key->bits = modulus_bits(key->pkey);
    if (key->bits > IMPORT_MAX)
        return br_wc_fail(c, "DataError", "the modulus is longer than %d bits", IMPORT_MAX);
    return key->type == BR_WC_PUBLIC || is_consistent(key->pkey) ||
           br_wc_fail(c, "DataError", "the parts of the private key do not belong together");
}

JSValue br_wc_rsa_export(br_wc_call *c, const br_wc_key *key, br_wc_format format)
{
    if (format == BR_WC_PKCS8) return br_wc_pkcs8_write(c, key);
    if (format == BR_WC_SPKI) return br_wc_spki_write(c, key);
    if (format == BR_WC_RAW) return br_wc_throw(c->ctx, "NotSupportedError", "unsupported key format raw");
    JSValue jwk = br_wc_jwk_new(c->ctx, "RSA");
    for (size_t i = 0; i < (key->type == BR_WC_PRIVATE ? JWK_PARTS : 2) && !JS_IsException(jwk); i++)
        br_wc_jwk_put_number(c->ctx, jwk, parts[i].jwk, key->pkey, parts[i].openssl, 1);
    return jwk;
}

/* Signatures ------------------------------------------------------------------------------------------ */

/* -1: PKCS #1 v1.5. */
static bool read_salt_length(br_wc_call *c, JSValueConst params, const br_wc_key *key, int *ret)
{
    *ret = -1;
    if (key->alg == BR_WC_RSASSA) return true;
    int64_t length = 0;
    bool given;
    if (!br_wc_get_int(c, params, "saltLength", &length, &given)) return false;
    if (!given) return br_wc_fail(c, "SyntaxError", "could not get saltLength from algorithm parameter");
    if (length < 0 || length > IMPORT_MAX / 8) return br_wc_fail(c, "OperationError", "invalid saltLength");
    *ret = (int) length;
    return true;
}

static bool set_padding(EVP_PKEY_CTX *x, int salt_length)
{
    if (salt_length < 0) return EVP_PKEY_CTX_set_rsa_padding(x, RSA_PKCS1_PADDING) == 1;
    return EVP_PKEY_CTX_set_rsa_padding(x, RSA_PKCS1_PSS_PADDING) == 1 &&
           EVP_PKEY_CTX_set_rsa_pss_saltlen(x, salt_length) == 1;
}

bool br_wc_rsa_sign(br_wc_call *c, JSValueConst params, const br_wc_key *key, br_str data, br_str *ret)
{
    int salt;
    if (!read_salt_length(c, params, key, &salt)) return false;
    if (key->type != BR_WC_PRIVATE)
        return br_wc_fail(c, "InvalidAccessError", "given CryptoKey is not a private RSA key");
    size_t n = (size_t) EVP_PKEY_get_size(key->pkey);
    unsigned char *out = br_arena_alloc(&c->arena, n);
    EVP_PKEY_CTX *x;
    EVP_MD_CTX *md = EVP_MD_CTX_new();
    bool ok = md && EVP_DigestSignInit(md, &x, br_wc_md(key->hash), NULL, key->pkey) == 1 &&
              set_padding(x, salt) &&
              EVP_DigestSign(md, out, &n, (const unsigned char *) data.p, data.n) == 1;
    EVP_MD_CTX_free(md);
    if (!ok)
        return br_wc_fail(c, "OperationError", "could not sign data: the key is too short for hash and salt");
    *ret = (br_str){(const char *) out, n};
    return true;
}

bool br_wc_rsa_verify(
    br_wc_call *c, JSValueConst params, const br_wc_key *key, br_str signature, br_str data, bool *ret)
{
    int salt;
    if (!read_salt_length(c, params, key, &salt)) return false;
    if (key->type != BR_WC_PUBLIC)
        return br_wc_fail(c, "InvalidAccessError", "given CryptoKey is not a public RSA key");
    EVP_PKEY_CTX *x;
    EVP_MD_CTX *md = EVP_MD_CTX_new();
    *ret = md && EVP_DigestVerifyInit(md, &x, br_wc_md(key->hash), NULL, key->pkey) == 1 &&
           set_padding(x, salt) &&
           EVP_DigestVerify(md, (const unsigned char *) signature.p, signature.n,
               (const unsigned char *) data.p, data.n) == 1;
    EVP_MD_CTX_free(md);
    return true;
}

/* RSA-OAEP -------------------------------------------------------------------------------------------- */

static bool set_oaep(EVP_PKEY_CTX *x, const br_wc_key *key, br_str label)
{
    if (EVP_PKEY_CTX_set_rsa_padding(x, RSA_PKCS1_OAEP_PADDING) != 1 ||
        EVP_PKEY_CTX_set_rsa_oaep_md(x, br_wc_md(key->hash)) != 1 ||
        EVP_PKEY_CTX_set_rsa_mgf1_md(x, br_wc_md(key->hash)) != 1)
        return false;
    if (label.n == 0) return true;
    unsigned char *copy = OPENSSL_memdup(label.p, label.n); /* the context takes it */
    if (copy && EVP_PKEY_CTX_set0_rsa_oaep_label(x, copy, (int) label.n) == 1) return true;
    OPENSSL_free(copy);
    return false;
}

bool br_wc_rsa_crypt(
    br_wc_call *c, JSValueConst params, const br_wc_key *key, bool encrypt, br_str data, br_str *ret)
{
    br_str label;
    if (!br_wc_get_bytes(c, params, "label", &label)) return false;
    if (key->type != (encrypt ? BR_WC_PUBLIC : BR_WC_PRIVATE))
        return br_wc_fail(
            c, "InvalidAccessError", "given CryptoKey is not a %s RSA key", encrypt ? "public" : "private");
    size_t n = (size_t) EVP_PKEY_get_size(key->pkey);
    unsigned char *out = br_arena_alloc(&c->arena, n);
    EVP_PKEY_CTX *x = EVP_PKEY_CTX_new_from_pkey(NULL, key->pkey, NULL);
    const unsigned char *in = (const unsigned char *) data.p;
    bool ok = x && (encrypt ? EVP_PKEY_encrypt_init(x) : EVP_PKEY_decrypt_init(x)) == 1 &&
              set_oaep(x, key, label) &&
              (encrypt ? EVP_PKEY_encrypt(x, out, &n, in, data.n)
                       : EVP_PKEY_decrypt(x, out, &n, in, data.n)) == 1;
    EVP_PKEY_CTX_free(x);
    if (!ok)
        return br_wc_fail(c, "OperationError",
            encrypt ? "could not encrypt data: is it too long for the key?" : "could not decrypt data");
    *ret = (br_str){(const char *) out, n};
    return true;
}
