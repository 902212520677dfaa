#include "http/response.h"

#define KEEP_HEAD_BYTES ((size_t) 16 * 1024)
#define KEEP_BODY_BYTES ((size_t) 64 * 1024)

void br_http_response_init(br_http_response *r)
{
    memset(r, 0, sizeof(*r));
    br_buf_init(&r->head, BR_BUF_NO_LIMIT);
    br_buf_init(&r->body, BR_BUF_NO_LIMIT);
}

void br_http_response_deinit(br_http_response *r)
{
    br_buf_deinit(&r->head);
    br_buf_deinit(&r->body);
    br_vec_deinit(&r->fields);
    br_vec_deinit(&r->trailers);
}

static void empty(br_buf *b, size_t keep_bytes)
{
    if (b->cap > keep_bytes) {
        size_t max_bytes = b->max_bytes;
        br_buf_deinit(b);
        br_buf_init(b, max_bytes);
    } else {
        br_buf_reset(b);
    }
}

void br_http_response_reset(br_http_response *r)
{
    empty(&r->head, KEEP_HEAD_BYTES);
    empty(&r->body, KEEP_BODY_BYTES);
    br_vec_reset(&r->fields);
    br_vec_reset(&r->trailers);
    r->status = r->http_major = r->http_minor = 0;
    r->reason_at = r->reason_len = 0;
    r->body_bytes = r->sent_bytes = r->received_bytes = 0;
    r->times = (br_http_times){0};
    r->error.code = BR_OK; /* the texts are long, and looked at only with a code */
    r->error.step = BR_STEP_NONE;
    r->error.k6_code = 0;
    r->error.text[0] = r->error.raw[0] = 0;
    r->remote_ip[0] = 0;
    r->remote_port = 0;
    r->reused = r->tls = false;
}

static br_str slice(const br_http_response *r, uint32_t at, uint32_t n)
{
    return br_str_sub(br_buf_view(&r->head), at, (size_t) at + n);
}

/* Source: the registry of RFC 9110 section 16.2, in Go's spelling. */
static br_str usual_reason(int status)
{
    static const struct {
        int status;
        const char *text;
    } reasons[] = {{200, "OK"}, {201, "Created"}, {202, "Accepted"}, {203, "Non-Authoritative Information"},
        {204, "No Content"}, {205, "Reset Content"}, {206, "Partial Content"}, {207, "Multi-Status"},
        {208, "Already Reported"}, {226, "IM Used"}, {300, "Multiple Choices"}, {301, "Moved Permanently"},
        {302, "Found"}, {303, "See Other"}, {304, "Not Modified"}, {305, "Use Proxy"},
        {307, "Temporary Redirect"}, {308, "Permanent Redirect"}, {400, "Bad Request"}, {401, "Unauthorized"},
        {402, "Payment Required"}, {403, "Forbidden"}, {404, "Not Found"}, {405, "Method Not Allowed"},
        {406, "Not Acceptable"}, {407, "Proxy Authentication Required"}, {408, "Request Timeout"},
        {409, "Conflict"}, {410, "Gone"}, {411, "Length Required"}, {412, "Precondition Failed"},
        {413, "Request Entity Too Large"}, {414, "Request URI Too Long"}, {415, "Unsupported Media Type"},
        {416, "Requested Range Not Satisfiable"}, {417, "Expectation Failed"}, {418, "I'm a teapot"},
        {421, "Misdirected Request"}, {422, "Unprocessable Entity"}, {423, "Locked"},
        {424, "Failed Dependency"}, {425, "Too Early"}, {426, "Upgrade Required"},
        {428, "Precondition Required"}, {429, "Too Many Requests"}, {431, "Request Header Fields Too Large"},
        {451, "Unavailable For Legal Reasons"}, {500, "Internal Server Error"}, {501, "Not Implemented"},
        {502, "Bad Gateway"}, {503, "Service Unavailable"}, {504, "Gateway Timeout"},
        {505, "HTTP Version Not Supported"}, {506, "Variant Also Negotiates"}, {507, "Insufficient Storage"},
        {508, "Loop Detected"}, {510, "Not Extended"}, {511, "Network Authentication Required"}};
    for (size_t i = 0; i < BR_COUNT_OF(reasons); i++) {
        if (reasons[i].status == status) {
            return br_str_of(reasons[i].text);
        }
    }
    return BR_STR("");
}

br_str br_http_response_reason(const br_http_response *r)
{
    if (r->http_major == 2) {
        return usual_reason(r->status);
    }
    return br_str_trim(slice(r, r->reason_at, r->reason_len));
}

br_str br_http_response_proto(const br_http_response *r)
{
    if (r->http_major == 2) {
        return BR_STR("HTTP/2.0");
    }
    return r->http_minor > 0 ? BR_STR("HTTP/1.1") : BR_STR("HTTP/1.0");
}

br_str br_http_field_name(const br_http_response *r, size_t i)
{
    return slice(r, r->fields.data[i].name_at, r->fields.data[i].name_len);
}

br_str br_http_field_value(const br_http_response *r, size_t i)
{
    return br_str_trim(slice(r, r->fields.data[i].value_at, r->fields.data[i].value_len));
}

br_str br_http_trailer_name(const br_http_response *r, size_t i)
{
    return slice(r, r->trailers.data[i].name_at, r->trailers.data[i].name_len);
}

br_str br_http_trailer_value(const br_http_response *r, size_t i)
{
    return br_str_trim(slice(r, r->trailers.data[i].value_at, r->trailers.data[i].value_len));
}

br_str br_http_response_header(const br_http_response *r, br_str name)
{
    for (size_t i = 0; i < r->fields.len; i++) {
        if (r->fields.data[i].name_len == name.n && br_str_eq_nocase(br_http_field_name(r, i), name)) {
            return br_http_field_value(r, i);
        }
    }
    return BR_STR_NONE;
}

/* From `a` to `b`, 0 if one of them was never reached or they are the wrong way round. */
static br_ns between(br_ns a, br_ns b)
{
    return a != 0 && b > a ? b - a : 0;
}

/*
 * Source: the phases as k6 documents them. An answer that never came was waited for until the end; an answer
 * that came while the request was still being sent was not waited for.
 */
br_http_phases br_http_response_phases(const br_http_response *r)
{
    const br_http_times *t = &r->times;
    br_http_phases p = {
        .blocked = between(t->start, t->ready),
        .connecting = between(t->connect_start, t->connect_end),
        .tls_handshaking = between(t->tls_start, t->tls_end),
        .sending = between(t->ready, t->sent),
        .waiting = between(t->sent, t->first_byte != 0 ? t->first_byte : t->end),
        .receiving = between(t->first_byte, t->end),
    };
    p.duration = p.sending + p.waiting + p.receiving;
    return p;
}
