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
    return inet_pton(AF_INET, host, &a) == 1 || inet_pton(AF_INET6, host, &a) == 1;
}

typedef struct fault {
    int error, depth; /* error 0: none */
    const X509 *cert;
} fault;

/* Every fault of the chain is passed over here; the first one of it is kept. */
static int pass_over(int ok, X509_STORE_CTX *store)
{
    fault *first = X509_STORE_CTX_get_app_data(store);
    if (!ok && first->error == 0) {
        *first = (fault){X509_STORE_CTX_get_error(store), X509_STORE_CTX_get_error_depth(store),
            X509_STORE_CTX_get_current_cert(store)};
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

/* False: the text says why not. */
static bool is_valid_now(const X509 *cert, char *text, size_t size)
{
    time_t now = (time_t) (br_clock_wall() / BR_SEC);
    bool late = X509_cmp_time(X509_get0_notAfter(cert), &now) < 0;
    bool early = X509_cmp_time(X509_get0_notBefore(cert), &now) > 0;
    if (!late && !early) {
        return true;
    }
    char current[32], limit[32];
    struct tm tm;
    gmtime_r(&now, &tm);
    strftime(current, sizeof(current), "%Y-%m-%dT%H:%M:%SZ", &tm);
    say_time(late ? X509_get0_notAfter(cert) : X509_get0_notBefore(cert), limit, sizeof(limit));
    snprintf(text, size, "certificate has expired or is not yet valid: current time %s is %s %s", current,
        late ? "after" : "before", limit);
    return false;
}

static bool check_validity(const X509 *leaf, struct br_tls_verdict *v)
{
    char text[160];
    if (is_valid_now(leaf, text, sizeof(text))) {
        return true;
    }
    v->code = BR_ETLS;
    snprintf(v->text, sizeof(v->text), PREFIX "%s", text);
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
    bool no_names = X509_get_ext_by_NID(leaf, NID_subject_alt_name, -1) < 0;
    if (!address && no_names && X509_check_host(leaf, host, 0, 0, NULL) == 1) {
        snprintf(v->text, sizeof(v->text),
            PREFIX "certificate relies on legacy Common Name field, use SANs instead");
    } else if (address && names[0] == 0) {
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

/* An authority that would do but for a fault of its own: to Go it is none, and this is the hint. */
static void say_hint(const fault *f, char *out, size_t size)
{
    char name[128] = "", why[160];
    X509_NAME_get_text_by_NID(X509_get_subject_name(f->cert), NID_commonName, name, sizeof(name));
    if (is_valid_now(f->cert, why, sizeof(why))) {
        snprintf(why, sizeof(why), "%s",
            f->error == X509_V_ERR_INVALID_CA
                ? "invalid signature: parent certificate cannot sign this kind of certificate"
                : X509_verify_cert_error_string(f->error));
    }
    snprintf(out, size,
        " (possibly because of \"x509: %s\" while trying to verify candidate authority certificate \"%s\")",
        why, name);
}

static void judge_chain(const fault *f, struct br_tls_verdict *v)
{
    char hint[350] = "";
    const char *text = "certificate signed by unknown authority";
    bool unknown = unknown_authority(f->error);
    v->code = unknown || f->depth > 0 ? BR_EUNKNOWNCA : BR_ETLS;
    if (v->code == BR_ETLS) {
        text = f->error == X509_V_ERR_INVALID_PURPOSE ? "certificate specifies an incompatible key usage"
                                                      : X509_verify_cert_error_string(f->error);
    } else if (!unknown && f->cert != NULL) {
        say_hint(f, hint, sizeof(hint));
    }
    snprintf(v->text, sizeof(v->text), PREFIX "%s%s", text, hint);
}

int br_tls_verify(X509_STORE_CTX *store, void *ctx)
{
    br_tls_context *c = ctx;
    struct br_tls_verdict *v = &c->verdict;
    const SSL *ssl = X509_STORE_CTX_get_ex_data(store, SSL_get_ex_data_X509_STORE_CTX_idx());
    const br_tls *t = SSL_get_app_data(ssl);
    X509 *leaf = X509_STORE_CTX_get0_cert(store);
    fault first = {0};
    v->code = BR_OK;
    X509_STORE_CTX_set_app_data(store, &first);
    X509_STORE_CTX_set_verify_cb(store, pass_over);
    int rc = X509_verify_cert(store);
    if (!check_validity(leaf, v) || !check_name(leaf, t->_host, v)) {
        X509_STORE_CTX_set_error(store, X509_V_ERR_APPLICATION_VERIFICATION);
        return 0;
    }
    if (first.error == 0 && rc == 1) {
        return 1;
    }
    first.error = first.error != 0 ? first.error : X509_V_ERR_UNSPECIFIED;
    judge_chain(&first, v);
    X509_STORE_CTX_set_error(store, first.error);
    return 0;
}
