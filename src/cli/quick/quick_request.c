#include "cli/quick/quick_request.h"
#include <ctype.h>
#include <string.h>
#include "base/file.h"
#include "base/mem.h"
#include "cli/quick/quick_targets.h"
#include "codec/credentials.h"

#define MORE_HEADERS 8 /* that follow from other flags */

/* One target as it was written. */
typedef struct draft {
    size_t line; /* in the file; 0: from the command line */
    br_str method, url, body;
    BR_VEC(br_str) headers;
} draft;

void br_request_set_init(br_request_set *s)
{
    *s = (br_request_set){0};
    br_arena_init(&s->arena, 8192);
}

void br_request_set_deinit(br_request_set *s)
{
    for (size_t i = 0; i < s->bodies.len; i++)
        br_buf_deinit(&s->bodies.data[i].content);
    br_vec_deinit(&s->bodies);
    br_vec_deinit(&s->list);
    br_arena_deinit(&s->arena);
}

/* Headers ---------------------------------------------------------------------------------------- */

static bool is_token(br_str s)
{
    for (size_t i = 0; i < s.n; i++) {
        if (!isalnum((unsigned char) s.p[i]) && !(s.p[i] && strchr("!#$%&'*+-.^_`|~", s.p[i]))) return false;
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

static bool has_header(const br_http_header *list, size_t count, br_str name)
{
    for (size_t i = 0; i < count; i++) {
        if (br_str_eq_nocase(list[i].name, name)) return true;
    }
    return false;
}

static br_code split_header(br_str line, br_http_header *ret, br_err *err)
{
    br_str value = line, name;
    if (!br_str_cut(&value, ':', &name) || !value.p || !is_token(name) || !is_value(value))
        return br_fail(err, BR_EINVAL, "invalid header '" BR_FMT "': use 'Name: value'", BR_ARG(line));
    if (br_str_eq_nocase(name, BR_STR("Content-Length")) ||
        br_str_eq_nocase(name, BR_STR("Transfer-Encoding")))
        return br_fail(err, BR_EINVAL, "header '" BR_FMT "': it follows from the body", BR_ARG(line));
    *ret = (br_http_header){name, br_str_trim(value)};
    return BR_OK;
}

/* A request while it is made. */
typedef struct making {
    br_http_request *q;
    br_http_header *headers; /* q's */
    size_t room;
} making;

static void put_header(making *m, br_str name, br_str value)
{
    BR_ASSERT(m->q->header_count < m->room);
    m->headers[m->q->header_count++] = (br_http_header){name, value};
}

static void put_default(making *m, br_str name, br_str value)
{
    if (value.p && !has_header(m->headers, m->q->header_count, name)) put_header(m, name, value);
}

static br_code take_headers(
    making *m, const br_str *lines, size_t count, const br_http_header *replaced, size_t n, br_err *err)
{
    for (size_t i = 0; i < count; i++) {
        br_http_header h;
        br_code code = split_header(lines[i], &h, err);
        if (code != BR_OK) return code;
        if (has_header(replaced, n, h.name)) continue;
        if (br_str_eq_nocase(h.name, BR_STR("Host")))
            m->q->host = h.value;
        else
            put_header(m, h.name, h.value);
    }
    return BR_OK;
}

/* Those of the target, those of the flags that it does not replace, and what else follows. */
static br_code make_headers(
    br_request_set *s, const br_quick_flags *f, const draft *d, making *m, br_err *err)
{
    br_http_request *q = m->q;
    br_str userinfo = q->url.userinfo;
    q->host = f->host;
    br_code code = take_headers(m, d->headers.data, d->headers.len, NULL, 0, err);
    size_t own = q->header_count;
    br_str own_host = q->host;
    if (code == BR_OK) code = take_headers(m, f->headers, f->header_count, m->headers, own, err);
    if (code != BR_OK) return code;
    if (own_host.p != f->host.p) q->host = own_host;
    bool length = q->body.n > 0 || br_str_is(q->method, "POST") || br_str_is(q->method, "PUT") ||
                  br_str_is(q->method, "PATCH");
    put_default(m, BR_STR("User-Agent"), f->user_agent.p ? f->user_agent : BR_STR("brunt/" BRUNT_VERSION));
    if (length)
        put_default(m, BR_STR("Content-Length"), br_str_of(br_arena_printf(&s->arena, "%zu", q->body.n)));
    put_default(m, BR_STR("Content-Type"), f->content_type);
    put_default(m, BR_STR("Accept"), f->accept);
    if (f->close) put_default(m, BR_STR("Connection"), BR_STR("close"));
    if (f->user.p)
        put_default(m, BR_STR("Authorization"), br_credentials_basic(&s->arena, f->user));
    else if (userinfo.p)
        put_default(m, BR_STR("Authorization"), br_credentials_basic_of(&s->arena, userinfo));
    q->url.userinfo = BR_STR_NONE; /* it is in the headers now: nothing is left to be done per request */
    return BR_OK;
}

/* Requests --------------------------------------------------------------------------------------- */

static br_code parse_url(br_request_set *s, br_str url, br_url *ret, br_err *err)
{
    br_err why;
    bool scheme = br_str_find(url, BR_STR("://")) >= 0;
    br_str text = scheme ? br_arena_str(&s->arena, url)
                         : br_str_of(br_arena_printf(&s->arena, "http://" BR_FMT, BR_ARG(url)));
    if (!is_value(url) || br_url_parse(text, ret, &why) != BR_OK)
        return br_fail(err, BR_EINVAL, "invalid URL '" BR_FMT "': %s", BR_ARG(url),
            is_value(url) ? why.msg : "control characters");
    return BR_OK;
}

static br_code check_flags(const br_quick_flags *f, br_err *err)
{
    if (!is_value(f->content_type) || !is_value(f->accept) || !is_value(f->host) || !is_value(f->user_agent))
        return br_fail(err, BR_EINVAL, "header values may not hold line ends or other control characters");
    return BR_OK;
}

static br_code build(br_request_set *s, const br_quick_flags *f, const draft *d, br_err *err)
{
    if (s->list.len == BR_TARGETS_MAX) return br_fail(err, BR_ELIMIT, "more than %d targets", BR_TARGETS_MAX);
    size_t given = f->header_count + d->headers.len;
    if (given > BR_QUICK_HEADERS_MAX)
        return br_fail(err, BR_ELIMIT, "more than %d headers", BR_QUICK_HEADERS_MAX);
    br_str body = d->body.p ? d->body : f->body;
    br_str method = d->method.p   ? br_arena_str(&s->arena, d->method)
                    : f->method.p ? f->method
                    : body.p      ? BR_STR("POST")
                                  : BR_STR("GET");
    making m = {.room = given + MORE_HEADERS};
    m.headers = br_arena_zalloc(&s->arena, m.room * sizeof(br_http_header));
    br_http_request q = {
        .method = method, .body = body, .timeout_ns = f->timeout, .drop_body = true, .headers = m.headers};
    m.q = &q;
    if (!is_token(method)) return br_fail(err, BR_EINVAL, "invalid method '" BR_FMT "'", BR_ARG(method));
    br_code code = parse_url(s, d->url, &q.url, err);
    if (code == BR_OK) code = check_flags(f, err);
    if (code == BR_OK) code = make_headers(s, f, d, &m, err);
    if (code == BR_OK) code = br_http_request_prepare(&q, f->close, &s->arena, err);
    if (code == BR_OK) *br_vec_push(&s->list) = q;
    return code;
}

br_code br_request_set_add(br_request_set *s, const br_quick_flags *flags, br_str url, br_err *err)
{
    draft d = {.url = url};
    return build(s, flags, &d, err);
}

/* Files of targets ------------------------------------------------------------------------------- */

typedef struct reading {
    br_request_set *set;
    const br_quick_flags *flags;
    const char *path;
    draft draft;
} reading;

static br_str beside(reading *r, br_str path)
{
    const char *slash = strrchr(r->path, '/');
    if (path.n > 0 && path.p[0] == '/') slash = NULL;
    br_str folder = {r->path, slash ? (size_t) (slash + 1 - r->path) : 0};
    return br_str_of(br_arena_printf(&r->set->arena, BR_FMT BR_FMT, BR_ARG(folder), BR_ARG(path)));
}

/* Each file is read once. */
static br_code take_body(reading *r, br_str name, br_err *err)
{
    br_request_set *s = r->set;
    if (r->draft.body.p) return br_fail(err, BR_EINVAL, "a second body for the same target");
    if (name.n == 0) return br_fail(err, BR_EINVAL, "'@' without the name of a file");
    br_str path = beside(r, name);
    for (size_t i = 0; i < s->bodies.len; i++) {
        const br_quick_body *known = &s->bodies.data[i];
        if (!br_str_eq(known->path, path)) continue;
        r->draft.body = known->content.len ? br_buf_view(&known->content) : BR_STR("");
        return BR_OK;
    }
    if (s->bodies.len == BR_TARGETS_BODIES_MAX)
        return br_fail(err, BR_ELIMIT, "more than %d different files of bodies", BR_TARGETS_BODIES_MAX);
    br_quick_body body = {.path = path};
    br_buf_init(&body.content, BR_TARGETS_BODY_MAX);
    br_code code = br_file_read(path.p, &body.content, err);
    if (code == BR_OK && (s->body_bytes += body.content.len) > BR_TARGETS_ALL_BODIES)
        code = br_fail(err, BR_ELIMIT, "the bodies have more than %zu bytes in all", BR_TARGETS_ALL_BODIES);
    if (code != BR_OK) {
        br_buf_deinit(&body.content);
        return code;
    }
    r->draft.body = body.content.len ? br_buf_view(&body.content) : BR_STR("");
    *br_vec_push(&s->bodies) = body; /* moves the struct, not the bytes */
    return BR_OK;
}

/* The target that was being read is complete. */
static br_code end_target(reading *r, br_err *err)
{
    draft *d = &r->draft;
    br_code code = d->line ? build(r->set, r->flags, d, err) : BR_OK;
    if (code != BR_OK) code = br_wrap(err, code, "%s, line %zu", r->path, d->line);
    br_vec_reset(&d->headers);
    d->body = BR_STR_NONE;
    return code;
}

static br_code take_line(reading *r, const br_target_line *line, br_err *err)
{
    draft *d = &r->draft;
    if (line->kind == BR_TARGET_URL) {
        br_code code = end_target(r, err);
        d->line = line->number;
        d->method = line->method;
        d->url = line->text;
        return code;
    }
    bool header = line->kind == BR_TARGET_HEADER;
    br_code code = BR_OK;
    if (!d->line)
        code = br_fail(err, BR_EINVAL, "a %s before the first target", header ? "header" : "body");
    else if (header && d->headers.len == BR_QUICK_HEADERS_MAX)
        code = br_fail(err, BR_ELIMIT, "more than %d headers", BR_QUICK_HEADERS_MAX);
    else if (header)
        *br_vec_push(&d->headers) = br_arena_str(&r->set->arena, line->text);
    else
        code = take_body(r, line->text, err);
    return code == BR_OK ? BR_OK : br_wrap(err, code, "%s, line %zu", r->path, line->number);
}

br_code br_request_set_add_file(
    br_request_set *s, const br_quick_flags *flags, br_str text, const char *path, br_err *err)
{
    reading r = {.set = s, .flags = flags, .path = path};
    br_target_line line;
    size_t number = 0;
    br_code code = BR_OK;
    while (code == BR_OK && br_target_line_next(&text, &number, &line))
        code = take_line(&r, &line, err);
    if (code == BR_OK) code = end_target(&r, err);
    br_vec_deinit(&r.draft.headers);
    if (code == BR_OK && s->list.len == 0)
        code = br_fail(err, BR_EINVAL, "%s: there is no target in it", path);
    return code;
}
