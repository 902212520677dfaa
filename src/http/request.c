#include "http/conn_int.h"
#include <stdio.h>
#include "base/assert.h"

#define PLAIN 1 /* may stand in a token: RFC 9110 section 5.6.2 */
#define VALUE 2 /* may stand in a field value: no control characters but the tab */
#define BOTH  (PLAIN | VALUE)

static const uint8_t classes[256] = {
    ['\t'] = VALUE,
    [' '] = VALUE,
    ['!'] = BOTH,
    ['"'] = VALUE,
    ['#' ... '\''] = BOTH,
    ['('] = VALUE,
    [')'] = VALUE,
    ['*'] = BOTH,
    ['+'] = BOTH,
    [','] = VALUE,
    ['-'] = BOTH,
    ['.'] = BOTH,
    ['/'] = VALUE,
    ['0' ... '9'] = BOTH,
    [':' ... '@'] = VALUE,
    ['A' ... 'Z'] = BOTH,
    ['[' ... ']'] = VALUE,
    ['^' ... 'z'] = BOTH,
    ['{'] = VALUE,
    ['|'] = BOTH,
    ['}'] = VALUE,
    ['~'] = BOTH,
    [0x80 ... 0xff] = VALUE,
};

static bool all_of(br_str s, uint8_t class)
{
    uint8_t common = class;
    for (size_t i = 0; i < s.n; i++) {
        common &= classes[(unsigned char) s.p[i]];
    }
    return common != 0;
}

static bool is_token(br_str s)
{
    return s.n > 0 && all_of(s, PLAIN);
}

/* `<what> "<name>"`, the name cut and with its odd bytes escaped. */
static br_code invalid(const char *what, br_str name, char *text)
{
    size_t len = (size_t) snprintf(text, 200, "%s \"", what);
    for (size_t i = 0; i < name.n && len < 190; i++) {
        unsigned char c = (unsigned char) name.p[i];
        const char *named = c == '\n'   ? "\\n"
                            : c == '\r' ? "\\r"
                            : c == '\t' ? "\\t"
                            : c == '"'  ? "\\\""
                                        : NULL;
        if (named != NULL) {
            len += (size_t) snprintf(text + len, 200 - len, "%s", named);
        } else if (c < 0x20 || c == 0x7f) {
            len += (size_t) snprintf(text + len, 200 - len, "\\x%02x", c);
        } else {
            text[len++] = (char) c;
        }
    }
    snprintf(text + len, 200 - len, "\"");
    return BR_EINVAL;
}

static char *put(char *at, br_str s)
{
    if (s.n > 0) {
        memcpy(at, s.p, s.n);
    }
    return at + s.n;
}

/* The zone of an address is ours alone: it is not told. */
static char *put_host(char *at, br_str host)
{
    ptrdiff_t mark = br_str_starts(host, BR_STR("[")) ? br_str_find_char(host, '%') : -1;
    ptrdiff_t end = mark >= 0 ? br_str_find_char(host, ']') : -1;
    if (BR_LIKELY(end < mark || mark < 0)) {
        return put(at, host);
    }
    return put(put(at, br_str_sub(host, 0, (size_t) mark)), br_str_sub(host, (size_t) end, host.n));
}

br_str br_http_request_host(const br_http_request *q)
{
    return q->host.p != NULL ? q->host : q->url.authority;
}

br_code br_http_request_check(const br_http_request *q, char *text)
{
    if (!is_token(q->method)) {
        return invalid("net/http: invalid method", q->method, text);
    }
    br_str host = br_http_request_host(q);
    if (host.n == 0 || !all_of(host, VALUE) || memchr(host.p, ' ', host.n) != NULL) {
        snprintf(text, 200, "http: invalid Host header");
        return BR_EINVAL;
    }
    for (size_t i = 0; i < q->header_count; i++) {
        if (!is_token(q->headers[i].name)) {
            return invalid("net/http: invalid header field name", q->headers[i].name, text);
        }
        if (!all_of(q->headers[i].value, VALUE)) {
            return invalid("net/http: invalid header field value for", q->headers[i].name, text);
        }
    }
    return BR_OK;
}

static char *put_field(char *at, const br_http_header *h)
{
    at = put(at, h->name);
    at = put(at, BR_STR(": "));
    at = put(at, h->value);
    return put(at, BR_STR("\r\n"));
}

static size_t fields_bytes(const br_http_request *q)
{
    size_t n = 0;
    for (size_t i = 0; i < q->header_count; i++) {
        n += q->headers[i].name.n + q->headers[i].value.n + 4;
    }
    return n;
}

static char *put_fields(char *at, const br_http_request *q, bool close)
{
    static const br_http_header closing = {BR_STR_INIT("Connection"), BR_STR_INIT("close")};
    size_t i = 0;
    if (q->header_count > 0 && br_str_eq_nocase(q->headers[0].name, BR_STR("User-Agent"))) {
        at = put_field(at, &q->headers[i++]);
    }
    if (close && !br_http_request_wants_close(q)) {
        at = put_field(at, &closing);
    }
    for (; i < q->header_count; i++) {
        at = put_field(at, &q->headers[i]);
    }
    return put(at, BR_STR("\r\n"));
}

/* What comes before the path for a proxy that is asked for the whole URL. */
static size_t proxy_bytes(const br_http_request *q, const br_proxy *proxy)
{
    return q->url.scheme.n + q->url.authority.n + proxy->authorization.n + 32;
}

void br_http_request_put_head(const br_http_request *q, bool close, const br_proxy *proxy, br_buf *out)
{
    static const size_t fixed =
        64; /* the words of the request line, "Host: ", "Connection: close", the end */
    br_str host = br_http_request_host(q);
    size_t more = proxy != NULL ? proxy_bytes(q, proxy) : 0;
    br_code code = br_buf_reserve(
        out, q->method.n + 3 * q->url.target.n + host.n + fields_bytes(q) + fixed + more);
    BR_ASSERT(code == BR_OK);
    char *at = put(put(out->data + out->len, q->method), BR_STR(" "));
    if (BR_UNLIKELY(proxy != NULL)) {
        at = put_host(put(put(at, q->url.scheme), BR_STR("://")), q->url.authority);
    }
    out->len = (size_t) (at - out->data);
    code = br_url_put_target(&q->url, out);
    BR_ASSERT(code == BR_OK); /* there is room */
    at = put(out->data + out->len, BR_STR(" HTTP/1.1\r\nHost: "));
    at = put(put_host(at, host), BR_STR("\r\n"));
    if (BR_UNLIKELY(proxy != NULL && proxy->authorization.n > 0)) {
        at = put(put(put(at, BR_STR("Proxy-Authorization: ")), proxy->authorization), BR_STR("\r\n"));
    }
    at = put_fields(at, q, close);
    out->len = (size_t) (at - out->data);
    out->data[out->len] = 0;
}

br_code br_http_request_prepare(br_http_request *q, bool close, br_arena *arena, br_err *err)
{
    char text[200];
    br_buf wire;
    if (br_http_request_check(q, text) != BR_OK) {
        return br_fail(err, BR_EINVAL, "%s", text);
    }
    br_buf_init(&wire, BR_BUF_NO_LIMIT);
    br_http_request_put_head(q, close, NULL, &wire);
    if (q->body.n <= BR_HTTP_SMALL_BODY) {
        br_code code = br_buf_put(&wire, q->body);
        BR_ASSERT(code == BR_OK);
    }
    q->_wire = br_arena_str(arena, br_buf_view(&wire));
    q->_wire_closes = close || br_http_request_wants_close(q);
    br_buf_deinit(&wire);
    return BR_OK;
}

bool br_http_request_wants_close(const br_http_request *q)
{
    for (size_t i = 0; i < q->header_count; i++) {
        const br_http_header *h = &q->headers[i];
        if (h->name.n == 10 && br_str_eq_nocase(h->name, BR_STR("Connection"))) {
            return br_str_eq_nocase(br_str_trim(h->value), BR_STR("close"));
        }
    }
    return false;
}

/* Go's rule for what may be sent twice. */
bool br_http_request_repeatable(const br_http_request *q)
{
    static const char *const methods[] = {"GET", "HEAD", "OPTIONS", "TRACE"};
    for (size_t i = 0; i < BR_COUNT_OF(methods); i++) {
        if (br_str_is(q->method, methods[i])) {
            return true;
        }
    }
    for (size_t i = 0; i < q->header_count; i++) {
        br_str name = q->headers[i].name;
        if (br_str_eq_nocase(name, BR_STR("Idempotency-Key")) ||
            br_str_eq_nocase(name, BR_STR("X-Idempotency-Key"))) {
            return true;
        }
    }
    return false;
}
