/*
 * script/webcrypto_int.h - what the files of the global `crypto` (WebCrypto) share.
 *
 * What: keys, names of algorithms, reading of parameter objects; and per family of algorithms the operations.
 * Why here: W3C Web Cryptography API, in the part that k6 has; the mathematics are OpenSSL's.
 * Threads: of the VU.
 * Memory: a key belongs to its CryptoKey object; parameters live in the call's arena.
 * Errors: functions that return false or JS_EXCEPTION leave an exception pending; its `name` is the API's.
 *     OpenSSL's own queue of errors is emptied at the end of each call: TLS reads it, too.
 */
#pragma once
#include <openssl/evp.h>
#include "script/js.h"

/* In the order of the table in webcrypto_key.c. */
typedef enum br_wc_alg {
    BR_WC_AES_CBC,
    BR_WC_AES_CTR,
    BR_WC_AES_GCM,
    BR_WC_AES_KW,
    BR_WC_HMAC,
    BR_WC_ECDSA,
    BR_WC_ECDH,
    BR_WC_RSASSA,
    BR_WC_RSA_PSS,
    BR_WC_RSA_OAEP,
    BR_WC_PBKDF2,
    BR_WC_SHA1,
    BR_WC_SHA256,
    BR_WC_SHA384,
    BR_WC_SHA512,
    BR_WC_ALG_COUNT
} br_wc_alg;

typedef enum br_wc_op {
    BR_WC_DIGEST,
    BR_WC_GENERATE,
    BR_WC_IMPORT,
    BR_WC_EXPORT,
    BR_WC_ENCRYPT,
    BR_WC_DECRYPT,
    BR_WC_SIGN,
    BR_WC_VERIFY,
    BR_WC_DERIVE_BITS,
    BR_WC_DERIVE_KEY,
    BR_WC_OP_COUNT
} br_wc_op;

typedef enum br_wc_type { BR_WC_SECRET, BR_WC_PRIVATE, BR_WC_PUBLIC } br_wc_type;
typedef enum br_wc_format { BR_WC_RAW, BR_WC_PKCS8, BR_WC_SPKI, BR_WC_JWK } br_wc_format;

/* In the order of the table in webcrypto_key.c. */
enum br_wc_usage {
    BR_WC_CAN_ENCRYPT = 1,
    BR_WC_CAN_DECRYPT = 2,
    BR_WC_CAN_SIGN = 4,
    BR_WC_CAN_VERIFY = 8,
    BR_WC_CAN_DERIVE_KEY = 16,
    BR_WC_CAN_DERIVE_BITS = 32,
    BR_WC_CAN_WRAP = 64,
    BR_WC_CAN_UNWRAP = 128
};
#define BR_WC_USAGE_COUNT 8

typedef struct br_wc_usages {
    unsigned set;
    unsigned count;
    uint8_t order[BR_WC_USAGE_COUNT]; /* bit numbers as the script gave them */
} br_wc_usages;

typedef struct br_wc_key {
    br_wc_alg alg;
    br_wc_type type;
    bool extractable;
    br_wc_usages usages;
    br_wc_alg hash;  /* HMAC, RSA */
    int curve;       /* ECDSA, ECDH: index of br_wc_curves */
    int64_t bits;    /* AES, HMAC: length; RSA: of the modulus */
    uint8_t *secret; /* AES, HMAC, PBKDF2 */
    size_t secret_bytes;
    EVP_PKEY *pkey; /* EC, RSA */
} br_wc_key;

typedef struct br_wc_call {
    JSContext *ctx;
    br_arena arena;
} br_wc_call;

typedef struct br_wc_curve {
    const char *name, *openssl;
    size_t bytes; /* of a coordinate */
} br_wc_curve;
#define BR_WC_CURVES 3
extern const br_wc_curve br_wc_curves[BR_WC_CURVES];

#define BR_WC_DATA_MAX ((size_t) 1 << 30) /* OpenSSL counts in int */

/* Errors and names (webcrypto_key.c) ----------------------------------------------------------------- */

/* Gives the pending exception of br_js_throw() that `name`. Always JS_EXCEPTION. */
JSValue br_wc_name_error(JSContext *ctx, const char *name, JSValue thrown);
/* Throws an error object: name, format, arguments. Always JS_EXCEPTION. */
#define br_wc_throw(ctx, name, ...) br_wc_name_error((ctx), (name), br_js_throw((ctx), __VA_ARGS__))
/* The same for functions that answer false. */
#define br_wc_fail(call, ...) (br_wc_throw((call)->ctx, __VA_ARGS__), false)

const char *br_wc_alg_name(br_wc_alg alg);
const EVP_MD *br_wc_md(br_wc_alg hash);
/* A string or an object with `name` -> one of the algorithms that have `op`; NotSupportedError. */
bool br_wc_read_alg(br_wc_call *c, JSValueConst v, br_wc_op op, br_wc_alg *ret);
/* params.hash; SyntaxError when it is missing. */
bool br_wc_read_hash(br_wc_call *c, JSValueConst params, br_wc_alg *ret);
/* params.namedCurve */
bool br_wc_read_curve(br_wc_call *c, JSValueConst params, int *ret);
/* A copy of binary data in the arena. TypeError. */
bool br_wc_read_bytes(br_wc_call *c, JSValueConst v, const char *what, br_str *ret);
/* The same of params[name]; p == NULL: not there. */
bool br_wc_get_bytes(br_wc_call *c, JSValueConst params, const char *name, br_str *ret);
bool br_wc_get_text(br_wc_call *c, JSValueConst params, const char *name, br_str *ret);
/* params[name] cut to an integer; *ret_given (may be NULL): it is there. Otherwise *ret is untouched. */
bool br_wc_get_int(br_wc_call *c, JSValueConst params, const char *name, int64_t *ret, bool *ret_given);
bool br_wc_read_usages(br_wc_call *c, JSValueConst v, br_wc_usages *ret);
/* SyntaxError unless all are among `allowed`. */
bool br_wc_check_usages(br_wc_call *c, const br_wc_usages *usages, unsigned allowed);

/* Keys (webcrypto_key.c) ------------------------------------------------------------------------------ */

const br_wc_key *br_wc_key_of(JSValueConst v);                  /* NULL: no CryptoKey */
JSValue br_wc_key_object(JSContext *ctx, const br_wc_key *key); /* takes what it owns, in any case */
JSValue br_wc_key_usages(JSContext *ctx, const br_wc_key *key); /* as an array of names */
void br_wc_key_deinit(br_wc_key *key);
void br_wc_key_set_secret(br_wc_key *key, br_str bytes);
/* Of a key with a fresh pair in pkey makes the private and the public one; each gets its part of the usages.
 */
void br_wc_split_pair(br_wc_key *key, br_wc_key *ret_public, unsigned for_private, unsigned for_public);
/* crypto.CryptoKey: of keys, by `instanceof`; it makes none. */
JSValue br_wc_key_constructor(JSContext *ctx);

/* The families ---------------------------------------------------------------------------------------- */

/* What importKey() was given. */
typedef struct br_wc_import {
    br_wc_format format;
    br_str bytes;        /* raw, pkcs8, spki */
    JSValueConst jwk;    /* jwk */
    JSValueConst params; /* the algorithm as the script gave it */
} br_wc_import;

/* generate, import fill *key, whose alg and usages are set; on false it may hold something to release. */
bool br_wc_aes_generate(br_wc_call *c, JSValueConst params, br_wc_key *key);
bool br_wc_aes_import(br_wc_call *c, const br_wc_import *in, br_wc_key *key);
bool br_wc_aes_crypt(
    br_wc_call *c, JSValueConst params, const br_wc_key *key, bool encrypt, br_str data, br_str *ret);

bool br_wc_hmac_generate(br_wc_call *c, JSValueConst params, br_wc_key *key);
bool br_wc_hmac_import(br_wc_call *c, const br_wc_import *in, br_wc_key *key);
bool br_wc_hmac_sign(br_wc_call *c, const br_wc_key *key, br_str data, br_str *ret);
bool br_wc_digest(br_wc_call *c, br_wc_alg hash, br_str data, br_str *ret);
bool br_wc_pbkdf2_import(br_wc_call *c, const br_wc_import *in, br_wc_key *key);
bool br_wc_pbkdf2_derive(br_wc_call *c, JSValueConst params, const br_wc_key *key, int64_t bits, br_str *ret);
/* raw and jwk of AES and HMAC: `raw` gives the bytes, jwk an object. */
JSValue br_wc_secret_export(br_wc_call *c, const br_wc_key *key, br_wc_format format);

/* Pairs: the private key is *key, the public one *pub. */
bool br_wc_ec_generate(br_wc_call *c, JSValueConst params, br_wc_key *key, br_wc_key *pub);
bool br_wc_ec_import(br_wc_call *c, const br_wc_import *in, br_wc_key *key);
JSValue br_wc_ec_export(br_wc_call *c, const br_wc_key *key, br_wc_format format);
bool br_wc_ecdsa_sign(br_wc_call *c, JSValueConst params, const br_wc_key *key, br_str data, br_str *ret);
bool br_wc_ecdsa_verify(
    br_wc_call *c, JSValueConst params, const br_wc_key *key, br_str signature, br_str data, bool *ret);
bool br_wc_ecdh_derive(br_wc_call *c, JSValueConst params, const br_wc_key *key, int64_t bits, br_str *ret);

bool br_wc_rsa_generate(br_wc_call *c, JSValueConst params, br_wc_key *key, br_wc_key *pub);
bool br_wc_rsa_import(br_wc_call *c, const br_wc_import *in, br_wc_key *key);
JSValue br_wc_rsa_export(br_wc_call *c, const br_wc_key *key, br_wc_format format);
bool br_wc_rsa_sign(br_wc_call *c, JSValueConst params, const br_wc_key *key, br_str data, br_str *ret);
bool br_wc_rsa_verify(
    br_wc_call *c, JSValueConst params, const br_wc_key *key, br_str signature, br_str data, bool *ret);
bool br_wc_rsa_crypt(
    br_wc_call *c, JSValueConst params, const br_wc_key *key, bool encrypt, br_str data, br_str *ret);

/* Forms of keys (webcrypto_pkey.c) -------------------------------------------------------------------- */

/* DER of a private or public key; `id` is EVP_PKEY_RSA or EVP_PKEY_EC. DataError. */
EVP_PKEY *br_wc_pkcs8_read(br_wc_call *c, br_str der, int id);
EVP_PKEY *br_wc_spki_read(br_wc_call *c, br_str der, int id);
JSValue br_wc_pkcs8_write(br_wc_call *c, const br_wc_key *key);
JSValue br_wc_spki_write(br_wc_call *c, const br_wc_key *key);
/* A member of a JSON Web Key: base64url without padding. p == NULL: not there. DataError. */
bool br_wc_jwk_bytes(br_wc_call *c, JSValueConst jwk, const char *name, br_str *ret);
/* DataError unless jwk.kty is that. */
bool br_wc_jwk_check(br_wc_call *c, JSValueConst jwk, const char *kty);
JSValue br_wc_jwk_new(JSContext *ctx, const char *kty);
void br_wc_jwk_put(JSContext *ctx, JSValueConst jwk, const char *name, br_str bytes);
/* A number of the key, in at least `min_bytes`. */
void br_wc_jwk_put_number(JSContext *ctx, JSValueConst jwk, const char *name, const EVP_PKEY *pkey,
    const char *param, size_t min_bytes);

/* The methods of crypto.subtle (webcrypto_subtle.c); `method` counts the names below. */
extern const JSCFunctionListEntry br_wc_subtle_entries[];
extern const int br_wc_subtle_entry_count;
