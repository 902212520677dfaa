#include "http/error.h"
#include <stdio.h>
#include <string.h>

static const char *op_of(br_http_step step)
{
    switch (step) {
        case BR_STEP_LOOKUP: return "lookup";
        case BR_STEP_DIAL: return "dial";
        case BR_STEP_WRITE: return "write";
        case BR_STEP_NONE:
        case BR_STEP_URL:
        case BR_STEP_TLS:
        case BR_STEP_READ:
        case BR_STEP_PARSE: break;
    }
    return "read";
}

static void set(br_http_error *e, int k6_code, const char *prefix, const char *text)
{
    e->k6_code = k6_code;
    snprintf(e->text, sizeof(e->text), "%s%s", prefix, text);
}

static void set_lookup(br_http_error *e, const char *detail)
{
    if (e->code == BR_EBLOCKED || e->code == BR_EFORBIDDEN) {
        set(e, e->code == BR_EBLOCKED ? 1111 : 1110, "",
            e->code == BR_EBLOCKED ? "hostname is blocked" : "ip is blacklisted");
        return;
    }
    if (e->code == BR_ENOHOST) {
        set(e, 1101, "lookup: ", "no such host");
    } else {
        set(e, 1100, "", detail);
    }
}

static void set_dial(br_http_error *e, const char *detail, bool has_detail)
{
    switch ((int) e->code) {
        case BR_EREFUSED: set(e, 1212, "dial: ", "connection refused"); break;
        case BR_EDIALTIMEOUT: set(e, 1211, "dial: ", "i/o timeout"); break;
        case BR_ERESET: set(e, 1220, "dial: ", "connection reset by peer"); break;
        case BR_ENOFDS:
            set(e, 1213, "dial: ", "too many open files: raise the limit of file descriptors (ulimit -n)");
            break;
        case BR_ENOPORTS:
            set(e, 1213, "dial: ",
                "cannot assign requested address: out of local ports, "
                "widen net.ipv4.ip_local_port_range or reuse connections");
            break;
        default: set(e, has_detail ? 1213 : 1210, "", detail); break;
    }
}

static void set_io(br_http_error *e, const char *detail, bool has_detail)
{
    char prefix[16];
    snprintf(prefix, sizeof(prefix), "%s: ", op_of(e->step));
    switch ((int) e->code) {
        case BR_ETIMEOUT: set(e, 1050, "", "request timeout"); break;
        case BR_ERESET: set(e, 1220, prefix, "connection reset by peer"); break;
        case BR_EPIPE: set(e, 1201, prefix, "broken pipe"); break;
        case BR_EIO: set(e, has_detail ? 1202 : 1200, "", detail); break;
        case BR_EOF: set(e, 1000, "", has_detail ? detail : "EOF"); break;
        case BR_ECANCEL: set(e, 1000, "", has_detail ? detail : "context canceled"); break;
        default: set(e, 1000, "", detail); break;
    }
}

/* Failures of TLS, wherever they are met. An alert comes to k6 as an error of an unknown network. */
static bool set_tls(br_http_error *e, const char *detail)
{
    switch ((int) e->code) {
        case BR_ETLS: set(e, 1300, "", detail); break;
        case BR_ETLSALERT: set(e, 1010, "", detail); break;
        case BR_ENOTTLS: set(e, 1301, "", detail); break;
        case BR_EUNKNOWNCA: set(e, 1310, "x509: ", "unknown authority"); break;
        case BR_EWRONGHOST: set(e, 1311, "x509: ", "certificate doesn't match hostname"); break;
        default: return false;
    }
    return true;
}

void br_http_error_set(br_http_error *ret, br_code code, br_http_step step, const char *detail)
{
    ret->code = code;
    ret->step = step;
    ret->k6_code = 0;
    ret->text[0] = ret->raw[0] = 0;
    if (code == BR_OK) {
        return;
    }
    const char *text = detail != NULL ? detail : br_code_text(code);
    if (step == BR_STEP_URL && code == BR_ESYNTAX) {
        set(ret, 1020, "invalid URL: ", text);
    } else if (step == BR_STEP_LOOKUP && code != BR_ECANCEL) {
        set_lookup(ret, text);
    } else if (step == BR_STEP_DIAL && code != BR_ETIMEOUT && code != BR_ECANCEL) {
        set_dial(ret, text, detail != NULL);
    } else if (set_tls(ret, text)) {
        snprintf(ret->raw, sizeof(ret->raw), "%s", text); /* the short text says less */
        return;
    } else {
        set_io(ret, text, detail != NULL);
    }
    memcpy(ret->raw, ret->text, sizeof(ret->text));
}

/* Source: RFC 9113 section 7, Go's words for the unknown. */
const char *br_http2_code_name(uint32_t http2_code, char *out)
{
    static const char *const names[] = {"NO_ERROR", "PROTOCOL_ERROR", "INTERNAL_ERROR", "FLOW_CONTROL_ERROR",
        "SETTINGS_TIMEOUT", "STREAM_CLOSED", "FRAME_SIZE_ERROR", "REFUSED_STREAM", "CANCEL",
        "COMPRESSION_ERROR", "CONNECT_ERROR", "ENHANCE_YOUR_CALM", "INADEQUATE_SECURITY",
        "HTTP_1_1_REQUIRED"};
    if (http2_code < BR_COUNT_OF(names)) {
        return names[http2_code];
    }
    snprintf(out, 32, "unknown error code 0x%x", http2_code);
    return out;
}

void br_http_error_set_http2(br_http_error *ret, br_http2_failure failure, uint32_t http2_code)
{
    static const struct {
        int k6_code;
        const char *text;
    } failures[] = {[BR_HTTP2_GOAWAY] = {1610, "received GoAway"},
        [BR_HTTP2_STREAM] = {1630, "stream error"},
        [BR_HTTP2_CONNECTION] = {1650, "connection error"}};
    char name[32];
    ret->code = BR_EPROTO;
    ret->step = BR_STEP_PARSE;
    ret->k6_code = failures[failure].k6_code + (http2_code <= 13 ? 1 + (int) http2_code : 0);
    snprintf(ret->text, sizeof(ret->text), "http2: %s with http2 ErrCode %s", failures[failure].text,
        br_http2_code_name(http2_code, name));
    memcpy(ret->raw, ret->text, sizeof(ret->text));
}
