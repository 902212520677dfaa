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
    for (size_t i = 0; i < sizeof(alerts) / sizeof(alerts[0]); i++) {
        if (alerts[i].number == number) {
            return alerts[i].text;
        }
    }
    return NULL;
}

br_code br_tls_take_error(br_tls *t)
{
    br_tls_context *c = t->_context;
    unsigned long e = ERR_peek_last_error();
    int reason = ERR_GET_REASON(e);
    br_code code = BR_ETLS;
    if (c->verdict.code != BR_OK) {
        code = c->verdict.code;
        snprintf(c->error, sizeof(c->error), "%s", c->verdict.text);
    } else if (ERR_GET_LIB(e) == ERR_LIB_SSL && reason >= SSL_AD_REASON_OFFSET &&
               alert_text(reason - SSL_AD_REASON_OFFSET) != NULL) {
        code = BR_ETLSALERT;
        snprintf(
            c->error, sizeof(c->error), "remote error: tls: %s", alert_text(reason - SSL_AD_REASON_OFFSET));
    } else {
        const char *text = ERR_reason_error_string(e);
        snprintf(c->error, sizeof(c->error), "tls: %s", text != NULL ? text : "the connection is broken");
    }
    c->verdict.code = BR_OK;
    ERR_clear_error();
    return code;
}
