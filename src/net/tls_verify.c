/*
 * Verification of the server's certificate in Go's order and words: validity of the leaf, its names, then the
 * chain. OpenSSL looks for all faults in one pass and lets us choose.
 */
#include <arpa/inet.h>
#include <openssl/x509v3.h>
#include "base/clock.h"
#include "net/tls_int.h"

#define PREFIX "tls: failed to verify certificate: x509: "

bool br_tls_is_address(const char *host)
{
    struct in6_addr a;
    char text[64];
    size_t n = strcspn(host, "%"); /* without its zone */
    if (n >= sizeof(text)) {
        return false;
    }
    memcpy(text, host, n);
    text[n] = 0;
    return inet_pton(AF_INET, text, &a) == 1 || inet_pton(AF_INET6, text, &a) == 1;
}

/* Every fault of the chain is passed over here; the first one of it is kept. */
static int pass_over(int ok, X509_STORE_CTX *store)
{
    if (!ok) {
        int *first = X509_STORE_CTX_get_app_data(store);
        *first = *first != 0 ? *first : X509_STORE_CTX_get_error(store);
    }
    return 1;
}

static void say_time(const ASN1_TIME *t, char *out, size_t size)
{
    struct tm tm;
    out[0] = 0;
    if (ASN1_TIME_to_tm(t, &tm) == 1) {
        strftime(out, size, "%Y-%m-%dT%H:%M:%SZ", &tm);
    }
}

static bool check_validity(X509 *leaf, struct br_tls_verdict *v)
{
    time_t now = (time_t) (br_clock_wall() / BR_SEC);
    bool late = X509_cmp_time(X509_get0_notAfter(leaf), &now) < 0;
    bool early = X509_cmp_time(X509_get0_notBefore(leaf), &now) > 0;
    if (!late && !early) {
        return true;
    }
    char current[32], limit[32];
    struct tm tm;
    gmtime_r(&now, &tm);
    strftime(current, sizeof(current), "%Y-%m-%dT%H:%M:%SZ", &tm);
    say_time(late ? X509_get0_notAfter(leaf) : X509_get0_notBefore(leaf), limit, sizeof(limit));
    v->code = BR_ETLS;
    snprintf(v->text, sizeof(v->text),
        PREFIX "certificate has expired or is not yet valid: current time %s is %s %s", current,
        late ? "after" : "before", limit);
    return false;
}

/* Appends the names of one kind that the certificate is for: "a.example, b.example". */
static void list_names(X509 *leaf, bool addresses, char *out, size_t size)
{
    GENERAL_NAMES *names = X509_get_ext_d2i(leaf, NID_subject_alt_name, NULL, NULL);
    size_t len = 0;
    out[0] = 0;
    for (int i = 0; names != NULL && i < sk_GENERAL_NAME_num(names); i++) {
        const GENERAL_NAME *name = sk_GENERAL_NAME_value(names, i);
        char text[256] = "";
        if (!addresses && name->type == GEN_DNS) {
            snprintf(text, sizeof(text), "%.*s", ASN1_STRING_length(name->d.dNSName),
                (const char *) ASN1_STRING_get0_data(name->d.dNSName));
        } else if (addresses && name->type == GEN_IPADD) {
            int family = ASN1_STRING_length(name->d.iPAddress) == 4 ? AF_INET : AF_INET6;
            (void) inet_ntop(family, ASN1_STRING_get0_data(name->d.iPAddress), text, sizeof(text));
        }
        if (text[0] != 0 && len + strlen(text) + 3 < size) {
            len += (size_t) snprintf(out + len, size - len, "%s%s", len > 0 ? ", " : "", text);
        }
    }
    GENERAL_NAMES_free(names);
}

static bool check_name(X509 *leaf, const char *host, struct br_tls_verdict *v)
{
    bool address = br_tls_is_address(host);
    int fits = address
                   ? X509_check_ip_asc(leaf, host, 0)
                   : X509_check_host(leaf, host, 0,
                         X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS | X509_CHECK_FLAG_NEVER_CHECK_SUBJECT, NULL);
    if (fits == 1) {
        return true;
    }
    char names[256];
    list_names(leaf, address, names, sizeof(names));
    v->code = BR_EWRONGHOST;
    if (address && names[0] == 0) {
        snprintf(v->text, sizeof(v->text),
            PREFIX "cannot validate certificate for %s because it doesn't contain any IP SANs", host);
    } else if (names[0] == 0) {
        snprintf(v->text, sizeof(v->text),
            PREFIX "certificate is not valid for any names, but wanted to match %s", host);
    } else {
        snprintf(v->text, sizeof(v->text), PREFIX "certificate is valid for %s, not %s", names, host);
    }
    return false;
}

static bool unknown_authority(int error)
{
    return error == X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT ||
           error == X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY ||
           error == X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT || error == X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN ||
           error == X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE ||
           error == X509_V_ERR_CERT_SIGNATURE_FAILURE || error == X509_V_ERR_CERT_UNTRUSTED;
}

int br_tls_verify(X509_STORE_CTX *store, void *ctx)
{
    br_tls_context *c = ctx;
    struct br_tls_verdict *v = &c->verdict;
    const SSL *ssl = X509_STORE_CTX_get_ex_data(store, SSL_get_ex_data_X509_STORE_CTX_idx());
    const br_tls *t = SSL_get_app_data(ssl);
    X509 *leaf = X509_STORE_CTX_get0_cert(store);
    int first = 0;
    v->code = BR_OK;
    X509_STORE_CTX_set_app_data(store, &first);
    X509_STORE_CTX_set_verify_cb(store, pass_over);
    int rc = X509_verify_cert(store);
    if (!check_validity(leaf, v) || !check_name(leaf, t->_host, v)) {
        X509_STORE_CTX_set_error(store, X509_V_ERR_APPLICATION_VERIFICATION);
        return 0;
    }
    if (first == 0 && rc == 1) {
        return 1;
    }
    v->code = unknown_authority(first) ? BR_EUNKNOWNCA : BR_ETLS;
    snprintf(v->text, sizeof(v->text), PREFIX "%s",
        v->code == BR_EUNKNOWNCA ? "certificate signed by unknown authority"
                                 : X509_verify_cert_error_string(first));
    X509_STORE_CTX_set_error(store, first != 0 ? first : X509_V_ERR_UNSPECIFIED);
    return 0;
}
