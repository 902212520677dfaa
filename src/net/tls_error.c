#include <openssl/err.h>
#include <openssl/sslerr.h>
#include "net/tls_int.h"

/* Go's words for what a server sends as an alert. */
static const struct {
    int number;
    const char *text;
} alerts[] = {
    {10, "unexpected message"},
    {20, "bad record MAC"},
    {21, "decryption failed"},
    {22, "record overflow"},
    {30, "decompression failure"},
    {40, "handshake failure"},
    {42, "bad certificate"},
    {43, "unsupported certificate"},
    {44, "revoked certificate"},
    {45, "expired certificate"},
    {46, "unknown certificate"},
    {47, "illegal parameter"},
    {48, "unknown certificate authority"},
    {49, "access denied"},
    {50, "error decoding message"},
    {51, "error decrypting message"},
    {60, "export restriction"},
    {70, "protocol version not supported"},
    {71, "insufficient security level"},
    {80, "internal error"},
    {86, "inappropriate fallback"},
    {90, "user canceled"},
    {100, "no renegotiation"},
    {109, "missing extension"},
    {110, "unsupported extension"},
    {112, "unrecognized name"},
    {113, "bad certificate status response"},
    {115, "unknown PSK identity"},
    {116, "certificate required"},
    {120, "no application protocol"},
};

static const char *alert_text(int number)
{
    for (size_t i = 0; i < BR_COUNT_OF(alerts); i++) {
        if (alerts[i].number == number) {
            return alerts[i].text;
        }
    }
    return NULL;
}

/*
 * What OpenSSL finds wrong with the server, in Go's words. Where Go sends an alert and says so, the code is
 * the one of alerts.
 */
static const struct {
    int reason;
    br_code code;
    const char *text;
} faults[] = {
    {SSL_R_WRONG_VERSION_NUMBER, BR_ENOTTLS, BR_TLS_NOT_TLS},
    {SSL_R_PACKET_LENGTH_TOO_LONG, BR_ENOTTLS, "tls: oversized record received"},
    {SSL_R_ENCRYPTED_LENGTH_TOO_LONG, BR_ENOTTLS, "tls: oversized record received"},
    {SSL_R_DATA_LENGTH_TOO_LONG, BR_ETLSALERT, "local error: tls: record overflow"},
    {SSL_R_DECRYPTION_FAILED_OR_BAD_RECORD_MAC, BR_ETLSALERT, "local error: tls: bad record MAC"},
    {SSL_R_UNEXPECTED_MESSAGE, BR_ETLSALERT, "local error: tls: unexpected message"},
    {SSL_R_UNEXPECTED_RECORD, BR_ETLSALERT, "local error: tls: unexpected message"},
    {SSL_R_UNSUPPORTED_PROTOCOL, BR_ETLS, "tls: server selected unsupported protocol version"},
    {SSL_R_NO_PROTOCOLS_AVAILABLE, BR_ETLS, "tls: no supported versions satisfy MinVersion and MaxVersion"},
    {SSL_R_WRONG_CIPHER_RETURNED, BR_ETLS, "tls: server chose an unconfigured cipher suite"},
    {SSL_R_UNKNOWN_CIPHER_RETURNED, BR_ETLS, "tls: server chose an unconfigured cipher suite"},
    {SSL_R_BAD_SIGNATURE, BR_ETLS, "tls: invalid signature by the server certificate"},
    {SSL_R_DIGEST_CHECK_FAILED, BR_ETLS, "tls: server's Finished message was incorrect"},
};

static br_code say_fault(unsigned long e, char *out, size_t size)
{
    for (size_t i = 0; i < BR_COUNT_OF(faults); i++) {
        if (ERR_GET_LIB(e) == ERR_LIB_SSL && ERR_GET_REASON(e) == faults[i].reason) {
            snprintf(out, size, "%s", faults[i].text);
            return faults[i].code;
        }
    }
    const char *text = ERR_reason_error_string(e);
    snprintf(out, size, "tls: %s", text != NULL ? text : "the connection is broken");
    return BR_ETLS;
}

br_code br_tls_take_error(br_tls *t)
{
    br_tls_context *c = t->_context;
    unsigned long e = ERR_peek_last_error();
    int alert = ERR_GET_LIB(e) == ERR_LIB_SSL ? ERR_GET_REASON(e) - SSL_AD_REASON_OFFSET : -1;
    br_code code = BR_ETLSALERT;
    if (c->verdict.code != BR_OK) {
        code = c->verdict.code;
        snprintf(c->error, sizeof(c->error), "%s", c->verdict.text);
    } else if (alert_text(alert) != NULL) {
        snprintf(c->error, sizeof(c->error), "remote error: tls: %s", alert_text(alert));
    } else {
        code = say_fault(e, c->error, sizeof(c->error));
    }
    c->verdict.code = BR_OK;
    ERR_clear_error();
    return code;
}
