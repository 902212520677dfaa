#include "empire/api/head.h"

#include <microhttpd.h>

#include "base/num.h"
#include "empire/domain/workflows.h"

static void take_once(emp_head *h, br_str *to, br_str value)
{
    if (to->p) h->repeated = true;
    *to = value;
}

static void take_authorization(emp_head *h, br_str value)
{
    br_str scheme = br_str_sub(value, 0, 7);
    if (br_str_eq_nocase(scheme, BR_STR("Bearer "))) take_once(h, &h->api_key, br_str_sub(value, 7, value.n));
}

static bool take_framing(emp_head *h, br_str name, const char *value)
{
    if (br_str_eq_nocase(name, BR_STR("Host"))) {
        h->hosts++;
    } else if (br_str_eq_nocase(name, BR_STR("Content-Length"))) {
        h->lengths++;
        h->length = value;
    } else if (br_str_eq_nocase(name, BR_STR("Transfer-Encoding"))) {
        h->encodings++;
        h->encoding = value;
    } else {
        return false;
    }
    return true;
}

/* RFC 9110, 5.6.2. */
static bool is_token(br_str s)
{
    static const char marks[] = "!#$%&'*+-.^_`|~";
    for (size_t i = 0; i < s.n; i++) {
        char c = s.p[i];
        bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
        if (!plain && (c == '\0' || !strchr(marks, c))) return false;
    }
    return s.n > 0;
}

/* RFC 9110, 5.5: no CR or other control character. What follows a NUL the library does not show. */
static bool is_field_value(br_str s)
{
    for (size_t i = 0; i < s.n; i++) {
        unsigned char c = (unsigned char) s.p[i];
        if ((c < 0x20 && c != '\t') || c == 0x7f) return false;
    }
    return true;
}

/*
 * The library (0.9.75) puts a field's second line behind its name: "Transfer-Encoding:\r\n chunked" comes as
 * "Transfer-Encodingchunked", a field that nobody knows, while a proxy in front has seen an encoding.
 */
static bool is_folded(br_str name)
{
    static const char *const ours[] = {
        "Transfer-Encoding", "Content-Length", "Idempotency-Key", "X-API-Key", "Authorization"};
    for (size_t i = 0; i < BR_COUNT_OF(ours); i++) {
        br_str own = br_str_of(ours[i]);
        if (name.n > own.n && br_str_eq_nocase(br_str_sub(name, 0, own.n), own)) return true;
    }
    return false;
}

static enum MHD_Result look(
    void *ctx, enum MHD_ValueKind kind, const char *key, size_t key_n, const char *text, size_t text_n)
{
    (void) kind;
    emp_head *h = ctx;
    br_str name = {key, key_n}, value = {text ? text : "", text ? text_n : 0};
    if (!is_token(name) || is_folded(name) || !is_field_value(value)) h->malformed = true;
    if (take_framing(h, name, value.p)) return MHD_YES;
    if (br_str_eq_nocase(name, BR_STR("Authorization"))) {
        take_authorization(h, value);
    } else if (br_str_eq_nocase(name, BR_STR("X-API-Key"))) {
        take_once(h, &h->api_key, value);
    } else if (br_str_eq_nocase(name, BR_STR("Idempotency-Key"))) {
        take_once(h, &h->idempotency_key, value);
    } else if (br_str_eq_nocase(name, BR_STR("If-None-Match"))) {
        h->if_none_match = value;
    } else if (br_str_eq_nocase(name, BR_STR("X-Forwarded-For"))) {
        h->forwarded_for = value; /* the last one is the nearest proxy's */
    } else if (br_str_eq_nocase(name, BR_STR("X-Request-Id"))) {
        h->request_id = value;
    }
    return MHD_YES;
}

void emp_head_read(struct MHD_Connection *connection, const char *version, emp_head *ret_head)
{
    *ret_head = (emp_head){.is_old = strcmp(version, "HTTP/1.1") < 0};
    MHD_get_connection_values_n(connection, MHD_HEADER_KIND, look, ret_head);
}

static bool is_plain(br_str s)
{
    for (size_t i = 0; i < s.n; i++) {
        if (s.p[i] < 0x21 || s.p[i] > 0x7e) return false;
    }
    return s.n > 0;
}

const char *emp_head_fault(const emp_head *h)
{
    if (h->malformed) return "a header field has characters that none may have, or a second line";
    if (h->is_old && h->encodings) return "HTTP/1.0 knows no Transfer-Encoding";
    if (h->encodings && h->lengths) return "Transfer-Encoding and Content-Length do not go together";
    if (h->lengths > 1) return "Content-Length is given twice";
    if (h->hosts > 1) return "Host is given twice";
    if (h->encodings > 1 || (h->encoding && !br_str_eq_nocase(br_str_of(h->encoding), BR_STR("chunked"))))
        return "the only transfer encoding known here is chunked";
    if (h->repeated) return "the API key and Idempotency-Key may be given once";
    if (h->idempotency_key.p && (h->idempotency_key.n > EMP_REQUEST_KEY_MAX || !is_plain(h->idempotency_key)))
        return "Idempotency-Key must be 1 to 64 visible ASCII characters";
    return NULL;
}

bool emp_head_announces_more(const emp_head *h, size_t max)
{
    uint64_t n = 0;
    return h->length && (br_parse_u64(br_str_of(h->length), &n) != BR_OK || n > max);
}

bool emp_head_matches(const emp_head *h, const char *etag)
{
    br_str rest = h->if_none_match, one;
    if (!rest.p) return false;
    while (rest.n && br_str_cut(&rest, ',', &one)) {
        one = br_str_trim(one);
        if (br_str_is(one, "*")) return true;
        if (br_str_starts(one, BR_STR("W/"))) one = br_str_sub(one, 2, one.n);
        if (br_str_is(one, etag)) return true;
    }
    return false;
}
