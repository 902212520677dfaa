/* WebCrypto: AES-CBC, AES-CTR, AES-GCM (NIST SP 800-38A and 38D); keys of AES-KW can be made, not used. */
#include <openssl/rand.h>
#include "script/webcrypto_int.h"

#define BLOCK 16

static bool check_usages(br_wc_call *c, const br_wc_key *key)
{
    unsigned allowed = BR_WC_CAN_WRAP | BR_WC_CAN_UNWRAP;
    if (key->alg != BR_WC_AES_KW) allowed |= BR_WC_CAN_ENCRYPT | BR_WC_CAN_DECRYPT;
    return br_wc_check_usages(c, &key->usages, allowed);
}

bool br_wc_aes_generate(br_wc_call *c, JSValueConst params, br_wc_key *key)
{
    bool given;
    if (!br_wc_get_int(c, params, "length", &key->bits, &given) || !check_usages(c, key)) return false;
    if (!given) return br_wc_fail(c, "SyntaxError", "could not get length from algorithm parameter");
    if (key->bits != 128 && key->bits != 192 && key->bits != 256)
        return br_wc_fail(c, "OperationError", "invalid key length");
    uint8_t bytes[32];
    size_t n = (size_t) key->bits / 8;
    if (RAND_priv_bytes(bytes, (int) n) != 1)
        return br_wc_fail(c, "OperationError", "could not generate random key");
    br_wc_key_set_secret(key, (br_str){(const char *) bytes, n});
    OPENSSL_cleanse(bytes, sizeof(bytes));
    return true;
}

bool br_wc_aes_import(br_wc_call *c, const br_wc_import *in, br_wc_key *key)
{
    br_str bytes = in->bytes;
    if (!check_usages(c, key)) return false;
    if (in->format == BR_WC_JWK) {
        if (!br_wc_jwk_check(c, in->jwk, "oct") || !br_wc_jwk_bytes(c, in->jwk, "k", &bytes)) return false;
        if (!bytes.p) return br_wc_fail(c, "DataError", "invalid symmetric JWK: key (k) is required");
    } else if (in->format != BR_WC_RAW) {
        return br_wc_fail(c, "NotSupportedError", "unsupported key format for %s", br_wc_alg_name(key->alg));
    }
    if (bytes.n != 16 && bytes.n != 24 && bytes.n != 32)
        return br_wc_fail(c, "DataError", "invalid key length %zu bytes", bytes.n);
    key->bits = (int64_t) bytes.n * 8;
    br_wc_key_set_secret(key, bytes);
    return true;
}

static const EVP_CIPHER *cipher_of(const br_wc_key *key)
{
    size_t size = key->secret_bytes / 8 - 2;
    const EVP_CIPHER *const cbc[] = {EVP_aes_128_cbc(), EVP_aes_192_cbc(), EVP_aes_256_cbc()};
    const EVP_CIPHER *const ctr[] = {EVP_aes_128_ctr(), EVP_aes_192_ctr(), EVP_aes_256_ctr()};
    const EVP_CIPHER *const gcm[] = {EVP_aes_128_gcm(), EVP_aes_192_gcm(), EVP_aes_256_gcm()};
    return key->alg == BR_WC_AES_CBC ? cbc[size] : key->alg == BR_WC_AES_CTR ? ctr[size] : gcm[size];
}

typedef struct aes_params {
    br_str iv, additional; /* additional.p == NULL: none */
    size_t tag_bytes;      /* GCM; 0 otherwise */
} aes_params;

static bool read_gcm(br_wc_call *c, JSValueConst params, bool encrypt, aes_params *ret)
{
    int64_t tag = 0;
    if (!br_wc_get_bytes(c, params, "iv", &ret->iv) ||
        !br_wc_get_bytes(c, params, "additionalData", &ret->additional) ||
        !br_wc_get_int(c, params, "tagLength", &tag, NULL))
        return false;
    if (tag == 0) tag = 128;
    if (encrypt && (tag == 32 || tag == 64))
        return br_wc_fail(c, "NotSupportedError", "tag length 32 and 64 are not supported");
    if (tag != 96 && tag != 104 && tag != 112 && tag != 120 && tag != 128)
        return br_wc_fail(c, "OperationError", "invalid tag length, should be one of 96, 104, 112, 120, 128");
    if (ret->iv.n != 12) return br_wc_fail(c, "NotSupportedError", "only 12 bytes long iv are supported");
    ret->tag_bytes = (size_t) tag / 8;
    return true;
}

static bool read_params(
    br_wc_call *c, JSValueConst params, const br_wc_key *key, bool encrypt, aes_params *ret)
{
    *ret = (aes_params){0};
    if (key->alg == BR_WC_AES_GCM) return read_gcm(c, params, encrypt, ret);
    if (key->alg == BR_WC_AES_CBC) {
        if (!br_wc_get_bytes(c, params, "iv", &ret->iv)) return false;
        return ret->iv.n == BLOCK || br_wc_fail(c, "OperationError", "iv length is not 16 bytes");
    }
    int64_t length = 0;
    if (!br_wc_get_bytes(c, params, "counter", &ret->iv) ||
        !br_wc_get_int(c, params, "length", &length, NULL))
        return false;
    if (ret->iv.n != BLOCK) return br_wc_fail(c, "OperationError", "counter length is not 16 bytes");
    if (length < 1 || length > 128)
        return br_wc_fail(c, "OperationError", "invalid length, should be within 1 <= length <= 128 bounds");
    return true;
}

static bool begin(EVP_CIPHER_CTX *x, const br_wc_key *key, const aes_params *p, bool encrypt, br_str tag)
{
    int n = 0;
    const unsigned char *additional = (const unsigned char *) p->additional.p;
    return EVP_CipherInit_ex(
               x, cipher_of(key), NULL, key->secret, (const unsigned char *) p->iv.p, encrypt) == 1 &&
           (!tag.p ||
               EVP_CIPHER_CTX_ctrl(x, EVP_CTRL_AEAD_SET_TAG, (int) tag.n, (char *) (uintptr_t) tag.p) == 1) &&
           (p->additional.n == 0 || EVP_CipherUpdate(x, NULL, &n, additional, (int) p->additional.n) == 1);
}

/* out has room for a block more than `data` and for the tag. Its length, or -1. */
static int64_t run(EVP_CIPHER_CTX *x, const aes_params *p, bool encrypt, br_str data, unsigned char *out)
{
    int n = 0, rest = 0;
    if (data.n && EVP_CipherUpdate(x, out, &n, (const unsigned char *) data.p, (int) data.n) != 1) return -1;
    if (EVP_CipherFinal_ex(x, out + n, &rest) != 1) return -1;
    int64_t total = (int64_t) n + rest;
    if (!p->tag_bytes || !encrypt) return total;
    if (EVP_CIPHER_CTX_ctrl(x, EVP_CTRL_AEAD_GET_TAG, (int) p->tag_bytes, out + total) != 1) return -1;
    return total + (int64_t) p->tag_bytes;
}

bool br_wc_aes_crypt(
    br_wc_call *c, JSValueConst params, const br_wc_key *key, bool encrypt, br_str data, br_str *ret)
{
    aes_params p;
    br_str tag = BR_STR_NONE;
    if (!read_params(c, params, key, encrypt, &p)) return false;
    if (p.tag_bytes && !encrypt) {
        if (data.n < p.tag_bytes) return br_wc_fail(c, "OperationError", "ciphertext is too short");
        tag = br_str_sub(data, data.n - p.tag_bytes, data.n);
        data.n -= p.tag_bytes;
    }
    unsigned char *out = br_arena_alloc(&c->arena, data.n + 2 * BLOCK);
    EVP_CIPHER_CTX *x = EVP_CIPHER_CTX_new();
    int64_t n = x && begin(x, key, &p, encrypt, tag) ? run(x, &p, encrypt, data, out) : -1;
    EVP_CIPHER_CTX_free(x);
    if (n < 0)
        return br_wc_fail(
            c, "OperationError", encrypt ? "could not encrypt plaintext" : "could not decrypt ciphertext");
    *ret = (br_str){(const char *) out, (size_t) n};
    return true;
}
