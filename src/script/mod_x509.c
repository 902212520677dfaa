/* Module "k6/crypto/x509": fields of certificates in PEM (RFC 5280), named as k6 does. */
#include <arpa/inet.h>
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include "script/js.h"

#define PEM_MAX_BYTES   ((size_t) 16 << 20)
#define NUMBER_MAX_BITS 65536 /* of a key; larger ones are shown as 0 */

static void put(JSContext *ctx, JSValueConst object, const char *name, JSValue value)
{
    JS_DefinePropertyValueStr(ctx, object, name, value, JS_PROP_C_W_E);
}

static void append(JSContext *ctx, JSValueConst list, JSValue value)
{
    int64_t n = 0;
    if (JS_GetLength(ctx, list, &n) < 0)
        JS_FreeValue(ctx, value);
    else
        JS_SetPropertyInt64(ctx, list, n, value);
}

/* Reading --------------------------------------------------------------------------------------------- */

/* The first block of the text, whatever its kind, as in Go. NULL: exception. */
static X509 *decode(JSContext *ctx, br_str text)
{
    char *name = NULL, *header = NULL;
    unsigned char *der = NULL;
    long n = 0;
    BIO *bio = BIO_new_mem_buf(text.n ? text.p : "", (int) text.n);
    int found = bio ? PEM_read_bio(bio, &name, &header, &der, &n) : 0;
    const unsigned char *at = der;
    X509 *certificate = found ? d2i_X509(NULL, &at, n) : NULL;
    if (certificate && at != der + n) {
        X509_free(certificate);
        certificate = NULL;
    }
    OPENSSL_free(name);
    OPENSSL_free(header);
    OPENSSL_free(der);
    BIO_free(bio);
    ERR_clear_error();
    if (!found)
        br_js_throw(ctx, "failed to decode certificate PEM file");
    else if (!certificate)
        br_js_throw(ctx, "failed to parse certificate: x509: malformed certificate");
    return certificate;
}

static X509 *read_certificate(JSContext *ctx, int argc, JSValueConst *argv)
{
    br_str text;
    bool binary = argc > 0 && br_js_bytes(ctx, argv[0], &text);
    if (!binary) text = br_js_str(ctx, argc > 0 ? argv[0] : JS_UNDEFINED);
    if (!text.p && text.n == 0 && !binary) return NULL;
    X509 *certificate = NULL;
    if (text.n > PEM_MAX_BYTES)
        br_js_throw(ctx, "the certificate is larger than %zu MiB", PEM_MAX_BYTES >> 20);
    else
        certificate = decode(ctx, text);
    if (!binary) JS_FreeCString(ctx, text.p);
    return certificate;
}

/* Names ----------------------------------------------------------------------------------------------- */

static JSValue text_of(JSContext *ctx, const ASN1_STRING *s)
{
    unsigned char *utf8 = NULL;
    int n = ASN1_STRING_to_UTF8(&utf8, s);
    JSValue text = br_js_new_str(ctx, n > 0 ? (br_str){(const char *) utf8, (size_t) n} : BR_STR(""));
    OPENSSL_free(utf8);
    return text;
}

static JSValue entry_text(JSContext *ctx, const X509_NAME *name, int i)
{
    return text_of(ctx, X509_NAME_ENTRY_get_data(X509_NAME_get_entry(name, i)));
}

/* The first value of that kind, "" without; of common names the last one, as in Go. */
static JSValue value_of(JSContext *ctx, const X509_NAME *name, int nid)
{
    int found = -1;
    for (int i = X509_NAME_get_index_by_NID(name, nid, -1); i >= 0;
         i = X509_NAME_get_index_by_NID(name, nid, i)) {
        if (found < 0 || nid == NID_commonName) found = i;
    }
    return found < 0 ? JS_NewString(ctx, "") : entry_text(ctx, name, found);
}

static JSValue all_values_of(JSContext *ctx, const X509_NAME *name, int nid)
{
    JSValue list = JS_NewArray(ctx);
    for (int i = X509_NAME_get_index_by_NID(name, nid, -1); i >= 0;
         i = X509_NAME_get_index_by_NID(name, nid, i))
        append(ctx, list, entry_text(ctx, name, i));
    return list;
}

static JSValue rdns_of(JSContext *ctx, const X509_NAME *name)
{
    JSValue list = JS_NewArray(ctx);
    for (int i = 0; i < X509_NAME_entry_count(name); i++) {
        char oid[128];
        JSValue rdn = JS_NewObject(ctx);
        OBJ_obj2txt(oid, sizeof(oid), X509_NAME_ENTRY_get_object(X509_NAME_get_entry(name, i)), 1);
        put(ctx, rdn, "type", JS_NewString(ctx, oid));
        put(ctx, rdn, "value", entry_text(ctx, name, i));
        append(ctx, list, rdn);
    }
    return list;
}

static JSValue name_of(JSContext *ctx, const X509_NAME *name, bool subject)
{
    JSValue o = JS_NewObject(ctx);
    if (JS_IsException(o)) return o;
    put(ctx, o, "commonName", value_of(ctx, name, NID_commonName));
    put(ctx, o, "country", value_of(ctx, name, NID_countryName));
    if (subject) put(ctx, o, "postalCode", value_of(ctx, name, NID_postalCode));
    put(ctx, o, "stateOrProvinceName", value_of(ctx, name, NID_stateOrProvinceName));
    put(ctx, o, "localityName", value_of(ctx, name, NID_localityName));
    if (subject) put(ctx, o, "streetAddress", value_of(ctx, name, NID_streetAddress));
    put(ctx, o, "organizationName", value_of(ctx, name, NID_organizationName));
    if (subject) put(ctx, o, "organizationalUnitName", all_values_of(ctx, name, NID_organizationalUnitName));
    put(ctx, o, "names", rdns_of(ctx, name));
    return o;
}

/* Alternative names ----------------------------------------------------------------------------------- */

static JSValue address_text(JSContext *ctx, const ASN1_OCTET_STRING *ip)
{
    static const unsigned char mapped[12] = {[10] = 0xFF, [11] = 0xFF};
    const unsigned char *bytes = ASN1_STRING_get0_data(ip);
    int n = ASN1_STRING_length(ip);
    char text[INET6_ADDRSTRLEN] = "?";
    if (n == 16 && memcmp(bytes, mapped, sizeof(mapped)) == 0) { /* IPv4 in IPv6: Go shows the former */
        bytes += sizeof(mapped);
        n = 4;
    }
    if (n == 4 || n == 16) (void) inet_ntop(n == 4 ? AF_INET : AF_INET6, bytes, text, sizeof(text));
    return JS_NewString(ctx, text);
}

/* k6's order: DNS names, e-mail addresses, IP addresses, URIs. */
static JSValue alt_names_of(JSContext *ctx, const X509 *certificate)
{
    static const int kinds[] = {GEN_DNS, GEN_EMAIL, GEN_IPADD, GEN_URI};
    JSValue list = JS_NewArray(ctx);
    GENERAL_NAMES *names = X509_get_ext_d2i(certificate, NID_subject_alt_name, NULL, NULL);
    for (size_t k = 0; k < BR_COUNT_OF(kinds); k++) {
        for (int i = 0; i < sk_GENERAL_NAME_num(names); i++) {
            int kind;
            const void *value = GENERAL_NAME_get0_value(sk_GENERAL_NAME_value(names, i), &kind);
            if (kind != kinds[k]) continue;
            append(ctx, list, kind == GEN_IPADD ? address_text(ctx, value) : text_of(ctx, value));
        }
    }
    GENERAL_NAMES_free(names);
    return list;
}

/* The rest of a certificate --------------------------------------------------------------------------- */

static JSValue time_text(JSContext *ctx, const ASN1_TIME *at)
{
    struct tm tm = {0};
    char text[64] = "";
    if (ASN1_TIME_to_tm(at, &tm) == 1)
        snprintf(text, sizeof(text), "%04d-%02d-%02dT%02d:%02d:%02dZ", tm.tm_year + 1900, tm.tm_mon + 1,
            tm.tm_mday, tm.tm_hour, tm.tm_min, tm.tm_sec);
    return JS_NewString(ctx, text);
}

/* Go's names. */
static const char *signature_name(const X509 *certificate)
{
    static const struct {
        int nid;
        const char *name;
    } names[] = {{NID_md2WithRSAEncryption, "MD2-RSA"}, {NID_md5WithRSAEncryption, "MD5-RSA"},
        {NID_sha1WithRSAEncryption, "SHA1-RSA"}, {NID_sha256WithRSAEncryption, "SHA256-RSA"},
        {NID_sha384WithRSAEncryption, "SHA384-RSA"}, {NID_sha512WithRSAEncryption, "SHA512-RSA"},
        {NID_dsaWithSHA1, "DSA-SHA1"}, {NID_dsa_with_SHA256, "DSA-SHA256"},
        {NID_ecdsa_with_SHA1, "ECDSA-SHA1"}, {NID_ecdsa_with_SHA256, "ECDSA-SHA256"},
        {NID_ecdsa_with_SHA384, "ECDSA-SHA384"}, {NID_ecdsa_with_SHA512, "ECDSA-SHA512"},
        {NID_ED25519, "Ed25519"}};
    int nid = X509_get_signature_nid(certificate), md = NID_undef;
    if (nid == NID_rsassaPss &&
        X509_get_signature_info((X509 *) (uintptr_t) certificate, &md, NULL, NULL, NULL) == 1)
        return md == NID_sha256   ? "SHA256-RSAPSS"
               : md == NID_sha384 ? "SHA384-RSAPSS"
               : md == NID_sha512 ? "SHA512-RSAPSS"
                                  : "UnknownSignatureAlgorithm";
    for (size_t i = 0; i < BR_COUNT_OF(names); i++) {
        if (names[i].nid == nid) return names[i].name;
    }
    return "UnknownSignatureAlgorithm";
}

static JSValue finger_print(JSContext *ctx, const X509 *certificate)
{
    unsigned char digest[EVP_MAX_MD_SIZE];
    unsigned n = 0;
    JSValue list = JS_NewArray(ctx);
    if (X509_digest(certificate, EVP_sha1(), digest, &n) != 1) n = 0;
    for (unsigned i = 0; i < n; i++)
        append(ctx, list, JS_NewInt32(ctx, digest[i]));
    return list;
}

/* A number of the key as a BigInt. */
static JSValue number_of(JSContext *ctx, const EVP_PKEY *pkey, const char *param)
{
    BIGNUM *number = NULL;
    if (EVP_PKEY_get_bn_param(pkey, param, &number) != 1) return JS_UNDEFINED;
    char *hex = BN_num_bits(number) <= NUMBER_MAX_BITS ? BN_bn2hex(number) : NULL;
    BN_free(number);
    br_buf text;
    br_buf_init(&text, BR_BUF_NO_LIMIT);
    (void) br_buf_printf(&text, "0x%s", hex ? hex : "0");
    OPENSSL_free(hex);
    JSValue digits = br_js_new_str(ctx, br_buf_view(&text)), global = JS_GetGlobalObject(ctx);
    br_buf_deinit(&text);
    JSValue constructor = JS_GetPropertyStr(ctx, global, "BigInt");
    JSValue big = JS_Call(ctx, constructor, JS_UNDEFINED, 1, (JSValueConst *) &digits);
    JS_FreeValue(ctx, constructor);
    JS_FreeValue(ctx, global);
    JS_FreeValue(ctx, digits);
    return big;
}

static JSValue rsa_key(JSContext *ctx, const EVP_PKEY *pkey)
{
    JSValue key = JS_NewObject(ctx);
    BIGNUM *e = NULL;
    put(ctx, key, "n", number_of(ctx, pkey, OSSL_PKEY_PARAM_RSA_N));
    if (EVP_PKEY_get_bn_param(pkey, OSSL_PKEY_PARAM_RSA_E, &e) == 1)
        put(ctx, key, "e", JS_NewInt64(ctx, (int64_t) BN_get_word(e)));
    BN_free(e);
    return key;
}

static JSValue ec_key(JSContext *ctx, const EVP_PKEY *pkey)
{
    JSValue key = JS_NewObject(ctx);
    char group[64] = "";
    (void) EVP_PKEY_get_group_name(pkey, group, sizeof(group), NULL);
    const char *nist = EC_curve_nid2nist(OBJ_sn2nid(group));
    put(ctx, key, "curve", JS_NewString(ctx, nist ? nist : group));
    put(ctx, key, "x", number_of(ctx, pkey, OSSL_PKEY_PARAM_EC_PUB_X));
    put(ctx, key, "y", number_of(ctx, pkey, OSSL_PKEY_PARAM_EC_PUB_Y));
    return key;
}

/* JS_EXCEPTION: of a kind that k6 does not know either. */
static JSValue public_key_of(JSContext *ctx, const X509 *certificate)
{
    const EVP_PKEY *pkey = X509_get0_pubkey(certificate);
    int id = pkey ? EVP_PKEY_get_base_id(pkey) : NID_undef;
    const char *algorithm = id == EVP_PKEY_RSA   ? "RSA"
                            : id == EVP_PKEY_EC  ? "ECDSA"
                            : id == EVP_PKEY_DSA ? "DSA"
                                                 : NULL;
    if (!algorithm) return br_js_throw(ctx, "unsupported public key algorithm");
    JSValue o = JS_NewObject(ctx);
    put(ctx, o, "algorithm", JS_NewString(ctx, algorithm));
    put(ctx, o, "key",
        id == EVP_PKEY_RSA  ? rsa_key(ctx, pkey)
        : id == EVP_PKEY_EC ? ec_key(ctx, pkey)
                            : JS_NewObject(ctx));
    return o;
}

static JSValue certificate_of(JSContext *ctx, const X509 *certificate)
{
    JSValue key = public_key_of(ctx, certificate);
    if (JS_IsException(key)) return key;
    JSValue o = JS_NewObject(ctx);
    put(ctx, o, "subject", name_of(ctx, X509_get_subject_name(certificate), true));
    put(ctx, o, "issuer", name_of(ctx, X509_get_issuer_name(certificate), false));
    put(ctx, o, "notBefore", time_text(ctx, X509_get0_notBefore(certificate)));
    put(ctx, o, "notAfter", time_text(ctx, X509_get0_notAfter(certificate)));
    put(ctx, o, "altNames", alt_names_of(ctx, certificate));
    put(ctx, o, "signatureAlgorithm", JS_NewString(ctx, signature_name(certificate)));
    put(ctx, o, "fingerPrint", finger_print(ctx, certificate));
    put(ctx, o, "publicKey", key);
    return o;
}

/* Exports --------------------------------------------------------------------------------------------- */

enum { PARSE, ALT_NAMES, ISSUER, SUBJECT };

static JSValue ask(JSContext *ctx, JSValueConst this_val, int argc, JSValueConst *argv, int what)
{
    (void) this_val;
    X509 *certificate = read_certificate(ctx, argc, argv);
    if (!certificate) return JS_EXCEPTION;
    JSValue ret = what == PARSE       ? certificate_of(ctx, certificate)
                  : what == ALT_NAMES ? alt_names_of(ctx, certificate)
                  : what == ISSUER    ? name_of(ctx, X509_get_issuer_name(certificate), false)
                                      : name_of(ctx, X509_get_subject_name(certificate), true);
    X509_free(certificate);
    ERR_clear_error();
    return ret;
}

static const JSCFunctionListEntry entries[] = {
    JS_CFUNC_MAGIC_DEF("parse", 1, ask, PARSE),
    JS_CFUNC_MAGIC_DEF("getAltNames", 1, ask, ALT_NAMES),
    JS_CFUNC_MAGIC_DEF("getIssuer", 1, ask, ISSUER),
    JS_CFUNC_MAGIC_DEF("getSubject", 1, ask, SUBJECT),
};

const br_js_module br_js_module_x509 = {
    .name = "k6/crypto/x509", .entries = entries, .entry_count = BR_COUNT_OF(entries)};
