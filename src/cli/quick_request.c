#include "cli/quick_request.h"
#include <ctype.h>
#include <string.h>
#include "base/mem.h"

#define MORE_HEADERS 8 /* that follow from other flags */

void br_request_set_init(br_request_set *s)
{
    *s = (br_request_set){0};
    br_arena_init(&s->arena, 8192);
}

void br_request_set_deinit(br_request_set *s)
{
    br_free(s->list);
    br_arena_deinit(&s->arena);
}

/* Headers ---------------------------------------------------------------------------------------- */

static bool is_token(br_str s)
{
    for (size_t i = 0; i < s.n; i++) {
        if (!isalnum((unsigned char) s.p[i]) && !strchr("!#$%&'*+-.^_`|~", s.p[i])) return false;
    }
    return s.n > 0;
}

static bool is_value(br_str s)
{
    for (size_t i = 0; i < s.n; i++) {
        unsigned char c = (unsigned char) s.p[i];
        if ((c < 0x20 && c != '\t') || c == 0x7f) return false;
    }
    return true;
}

static bool has_header(const br_http_request *q, const char *name)
{
    for (size_t i = 0; i < q->header_count; i++) {
        if (br_str_eq_nocase(q->headers[i].name, br_str_of(name))) return true;
    }
    return false;
}

static void put_header(br_http_request *q, br_str name, br_str value)
{
    ((br_http_header *) (uintptr_t) q->headers)[q->header_count++] = (br_http_header){name, value};
}

static br_code take_header(br_http_request *q, br_str line, br_err *err)
{
    br_str value = line, name;
    if (!br_str_cut(&value, ':', &name) || !value.p || !is_token(name) || !is_value(value))
        return br_fail(err, BR_EINVAL, "invalid header '" BR_FMT "': use 'Name: value'", BR_ARG(line));
    value = br_str_trim(value);
    if (br_str_eq_nocase(name, BR_STR("Host")))
        q->host = value;
    else
        put_header(q, name, value);
    return BR_OK;
}

/* "Basic dXNlcjpwdw==" of "user:pw". */
static br_str basic(br_arena *arena, br_str user)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    char *out = br_arena_alloc(arena, 6 + (user.n + 2) / 3 * 4 + 1), *at = out + 6;
    memcpy(out, "Basic ", 6);
    for (size_t i = 0; i < user.n; i += 3) {
        uint32_t v = 0;
        for (size_t k = 0; k < 3; k++)
            v = v << 8 | (i + k < user.n ? (unsigned char) user.p[i + k] : 0);
        for (size_t k = 0; k < 4; k++)
            *at++ = i + k > user.n ? '=' : digits[v >> (18 - 6 * k) & 63];
    }
    *at = 0;
    return (br_str){out, (size_t) (at - out)};
}

static void put_implied(br_request_set *s, const br_quick_flags *f, br_http_request *q)
{
    bool length = q->body.n > 0 || br_str_is(q->method, "POST") || br_str_is(q->method, "PUT") ||
                  br_str_is(q->method, "PATCH");
    if (!has_header(q, "User-Agent")) put_header(q, BR_STR("User-Agent"), BR_STR("brunt/" BRUNT_VERSION));
    if (length && !has_header(q, "Content-Length"))
        put_header(q, BR_STR("Content-Length"), br_str_of(br_arena_printf(&s->arena, "%zu", q->body.n)));
    if (f->content_type.p) put_header(q, BR_STR("Content-Type"), f->content_type);
    if (f->accept.p) put_header(q, BR_STR("Accept"), f->accept);
    if (f->close && !has_header(q, "Connection")) put_header(q, BR_STR("Connection"), BR_STR("close"));
    br_str user = f->user.p ? f->user : q->url.userinfo;
    if (user.p && !has_header(q, "Authorization"))
        put_header(q, BR_STR("Authorization"), basic(&s->arena, user));
}

/* Requests --------------------------------------------------------------------------------------- */

static br_code build(
    br_request_set *s, const br_quick_flags *f, br_str method, br_str url, br_http_request *q, br_err *err)
{
    br_err why;
    *q = (br_http_request){.method = br_arena_str(&s->arena, method),
        .body = f->body,
        .timeout_ns = f->timeout,
        .drop_body = true,
        .host = f->host,
        .headers = br_arena_zalloc(&s->arena, (f->header_count + MORE_HEADERS) * sizeof(br_http_header))};
    bool scheme = br_str_find(url, BR_STR("://")) >= 0;
    br_str text = scheme ? br_arena_str(&s->arena, url)
                         : br_str_of(br_arena_printf(&s->arena, "http://" BR_FMT, BR_ARG(url)));
    if (br_url_parse(text, &q->url, &why) != BR_OK)
        return br_fail(err, BR_EINVAL, "invalid URL '" BR_FMT "': %s", BR_ARG(url), why.msg);
    if (!is_token(method)) return br_fail(err, BR_EINVAL, "invalid method '" BR_FMT "'", BR_ARG(method));
    for (size_t i = 0; i < f->header_count; i++) {
        br_code code = take_header(q, f->headers[i], err);
        if (code != BR_OK) return code;
    }
    if (!is_value(f->content_type) || !is_value(f->accept) || !is_value(f->host) || !is_value(f->user))
        return br_fail(err, BR_EINVAL, "header values may not hold line ends or other control characters");
    put_implied(s, f, q);
    return BR_OK;
}

br_code br_request_set_add(
    br_request_set *s, const br_quick_flags *flags, br_str method, br_str url, br_err *err)
{
    br_http_request q;
    if (s->count == BR_TARGETS_MAX) return br_fail(err, BR_ELIMIT, "more than %d targets", BR_TARGETS_MAX);
    br_code code = build(s, flags, method, url, &q, err);
    if (code != BR_OK) return code;
    if ((s->count & (s->count - 1)) == 0)
        s->list = br_realloc(s->list, (s->count ? 2 * s->count : 1) * sizeof(*s->list));
    s->list[s->count++] = q;
    return BR_OK;
}

br_code br_request_set_add_file(
    br_request_set *s, const br_quick_flags *flags, br_str text, const char *name, br_err *err)
{
    br_str line;
    for (size_t number = 1; br_str_cut(&text, '\n', &line); number++) {
        line = br_str_trim(line);
        if (line.n == 0 || line.p[0] == '#') continue;
        br_str url = line, method = flags->method, first;
        if (br_str_find_char(line, ' ') >= 0 && br_str_cut(&url, ' ', &first)) {
            method = first;
            url = br_str_trim(url);
        }
        br_code code = br_request_set_add(s, flags, method, url, err);
        if (code != BR_OK) return br_wrap(err, code, "%s, line %zu", name, number);
    }
    return s->count ? BR_OK : br_fail(err, BR_EINVAL, "%s: there is no target in it", name);
}
