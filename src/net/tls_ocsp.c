#include <openssl/err.h>
#include <openssl/ocsp.h>
#include "net/tls_int.h"

/* RFC 5280 section 5.3.1 by number; k6's words. */
static const char *reason_name(int reason)
{
    static const char *const names[] = {"unspecified", "key_compromise", "ca_compromise",
        "affiliation_changed", "superseded", "cessation_of_operation", "certificate_hold", "",
        "remove_from_crl", "privilege_withdrawn", "aa_compromise"};
    return reason >= 0 && (size_t) reason < sizeof(names) / sizeof(names[0]) ? names[reason] : "unspecified";
}

static int64_t seconds_of(const ASN1_GENERALIZEDTIME *t)
{
    struct tm tm;
    return t != NULL && ASN1_TIME_to_tm(t, &tm) == 1 ? (int64_t) timegm(&tm) : 0;
}

static void read_single(OCSP_BASICRESP *basic, br_tls_ocsp *ret)
{
    ASN1_GENERALIZEDTIME *revoked = NULL, *this_update = NULL, *next_update = NULL;
    int reason = -1;
    OCSP_SINGLERESP *single = OCSP_resp_get0(basic, 0);
    if (single == NULL) {
        return;
    }
    int status = OCSP_single_get0_status(single, &reason, &revoked, &this_update, &next_update);
    ret->status = status == V_OCSP_CERTSTATUS_GOOD      ? "good"
                  : status == V_OCSP_CERTSTATUS_REVOKED ? "revoked"
                                                        : "unknown";
    ret->revocation_reason = status == V_OCSP_CERTSTATUS_REVOKED ? reason_name(reason) : "unspecified";
    ret->produced_at = seconds_of(OCSP_resp_get0_produced_at(basic));
    ret->this_update = seconds_of(this_update);
    ret->next_update = seconds_of(next_update);
    ret->revoked_at = seconds_of(revoked);
}

void br_tls_read_ocsp(SSL *ssl, br_tls_ocsp *ret)
{
    const unsigned char *bytes = NULL;
    long n = SSL_get_tlsext_status_ocsp_resp(ssl, &bytes);
    *ret = (br_tls_ocsp){.status = "unknown", .revocation_reason = ""};
    if (bytes == NULL || n <= 0) {
        return;
    }
    OCSP_RESPONSE *response = d2i_OCSP_RESPONSE(NULL, &bytes, n);
    OCSP_BASICRESP *basic = response != NULL ? OCSP_response_get1_basic(response) : NULL;
    if (basic != NULL) {
        read_single(basic, ret);
    } else if (response != NULL && OCSP_response_status(response) != OCSP_RESPONSE_STATUS_SUCCESSFUL) {
        ret->status = "server_failed";
    }
    OCSP_BASICRESP_free(basic);
    OCSP_RESPONSE_free(response);
    ERR_clear_error();
}
