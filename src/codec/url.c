#include "codec/url.h"
#include "base/assert.h"
#include <stdio.h>
#include "base/num.h"

/*
 * Source: RFC 3986 as Go's net/url reads it, which is what k6's scripts meet. The order of the checks is Go's
 * too, so that a URL with two mistakes gives the same message.
 */

enum {
    IS_UNRESERVED = 1, /* letters, digits and - _ . ~ */
    IN_HOST = 2,       /* may stand in a host as it is */
    IN_PATH = 4,       /* may stand in a path as it is */
    KEEP_PATH = 8,     /* stays as it is when a path is encoded anew */
    IN_USER = 16,
};

#define PLAIN (IS_UNRESERVED | IN_HOST | IN_PATH | KEEP_PATH | IN_USER)
static const uint8_t classes[256] = {
    ['0' ... '9'] = PLAIN,
    ['A' ... 'Z'] = PLAIN,
    ['a' ... 'z'] = PLAIN,
    ['-'] = PLAIN,
    ['_'] = PLAIN,
    ['.'] = PLAIN,
    ['~'] = PLAIN,
    ['!'] = IN_HOST | IN_PATH | IN_USER,
    ['\''] = IN_HOST | IN_PATH | IN_USER,
    ['('] = IN_HOST | IN_PATH | IN_USER,
    [')'] = IN_HOST | IN_PATH | IN_USER,
    ['*'] = IN_HOST | IN_PATH | IN_USER,
    ['$'] = IN_HOST | IN_PATH | KEEP_PATH | IN_USER,
    ['&'] = IN_HOST | IN_PATH | KEEP_PATH | IN_USER,
    ['+'] = IN_HOST | IN_PATH | KEEP_PATH | IN_USER,
    [','] = IN_HOST | IN_PATH | KEEP_PATH | IN_USER,
    [';'] = IN_HOST | IN_PATH | KEEP_PATH | IN_USER,
    ['='] = IN_HOST | IN_PATH | KEEP_PATH | IN_USER,
    [':'] = IN_HOST | IN_PATH | KEEP_PATH | IN_USER,
    ['['] = IN_HOST | IN_PATH,
    [']'] = IN_HOST | IN_PATH,
    ['<'] = IN_HOST,
    ['>'] = IN_HOST,
    ['"'] = IN_HOST,
    ['@'] = IN_PATH | KEEP_PATH | IN_USER,
    ['/'] = IN_PATH | KEEP_PATH,
    ['%'] = IN_PATH | IN_USER,
};

static unsigned class_of(unsigned char c)
{
    return classes[c];
}

static int hex_of(char c)
{
    if (c >= '0' && c <= '9') {
        return c - '0';
    }
    if (c >= 'a' && c <= 'f') {
        return c - 'a' + 10;
    }
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* Appends `s` in quotes; control characters as Go's %q writes them. Cut when `out` is full. */
static const char *quoted(br_str s, char *out, size_t out_bytes)
{
    static const char named[] = "\aa\bb\ff\nn\rr\tt\vv\"\"\\\\";
    size_t len = 0;
    out[len++] = '"';
    for (size_t i = 0; i < s.n && len + 8 < out_bytes; i++) {
        unsigned char c = (unsigned char) s.p[i];
        const char *name = NULL;
        for (size_t k = 0; k + 1 < sizeof(named); k += 2) {
            name = (unsigned char) named[k] == c ? &named[k + 1] : name;
        }
        if (name != NULL) {
            out[len++] = '\\';
            out[len++] = *name;
        } else if (c < 0x20 || c == 0x7f) {
            len += (size_t) snprintf(out + len, out_bytes - len, "\\x%02x", c);
        } else {
            out[len++] = (char) c;
        }
    }
    out[len++] = '"';
    out[len] = 0;
    return out;
}

/* BR_ESYNTAX: `parse "<url>": <what>`; `piece` is added in quotes if it is given. */
static br_code bad_url(br_str text, const char *what, br_str piece, const char *after, br_err *err)
{
    char url[600], part[200] = "";
    quoted(text, url, sizeof(url));
    if (piece.p != NULL) {
        quoted(piece, part, sizeof(part));
    }
    return br_fail(err, BR_ESYNTAX, "parse %s: %s%s%s", url, what, part, after);
}

/* The first percent sequence that is none, or p == NULL. In a host only bytes over 0x7f may be encoded, and
 * %25. */
static br_str bad_escape(br_str s, bool host)
{
    for (size_t i = 0; i < s.n; i++) {
        if (s.p[i] != '%') {
            continue;
        }
        br_str seq = br_str_sub(s, i, i + 3);
        if (seq.n < 3 || hex_of(seq.p[1]) < 0 || hex_of(seq.p[2]) < 0) {
            return seq;
        }
        if (host && hex_of(seq.p[1]) < 8 && !br_str_is(seq, "%25")) {
            return seq;
        }
        i += 2;
    }
    return BR_STR_NONE;
}

static br_code check_escapes(br_str text, br_str part, bool host, br_err *err)
{
    br_str bad = bad_escape(part, host);
    return bad.p == NULL ? BR_OK : bad_url(text, "invalid URL escape ", bad, "", err);
}

static bool has_control(br_str s)
{
    for (size_t i = 0; i < s.n; i++) {
        unsigned char c = (unsigned char) s.p[i];
        if (c < 0x20 || c == 0x7f) {
            return true;
        }
    }
    return false;
}

/* Cuts "scheme:" off *rest. No scheme leaves ret_scheme empty; ":" alone is a mistake. */
static br_code cut_scheme(br_str text, br_str *rest, br_str *ret_scheme, br_err *err)
{
    *ret_scheme = BR_STR_NONE;
    for (size_t i = 0; i < rest->n; i++) {
        char c = rest->p[i];
        bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
        if (letter || (i > 0 && ((c >= '0' && c <= '9') || c == '+' || c == '-' || c == '.'))) {
            continue;
        }
        if (c != ':') {
            return BR_OK;
        }
        if (i == 0) {
            return bad_url(text, "missing protocol scheme", BR_STR_NONE, "", err);
        }
        *ret_scheme = br_str_sub(*rest, 0, i);
        *rest = br_str_sub(*rest, i + 1, rest->n);
        return BR_OK;
    }
    return BR_OK;
}

/* `colon_port` is empty or ":" with digits; an empty port is the scheme's. */
static br_code parse_port(br_str text, br_str colon_port, br_url *u, br_err *err)
{
    br_str digits = br_str_sub(colon_port, 1, colon_port.n);
    bool ok = colon_port.n == 0 || colon_port.p[0] == ':';
    for (size_t i = 0; i < digits.n; i++) {
        ok = ok && digits.p[i] >= '0' && digits.p[i] <= '9';
    }
    if (!ok) {
        return bad_url(text, "invalid port ", colon_port, " after host", err);
    }
    u->port = u->tls ? 443 : 80;
    if (digits.n == 0) {
        return BR_OK;
    }
    uint64_t port = 0;
    if (br_parse_u64(digits, &port) != BR_OK || port > 65535) {
        return br_fail(
            err, BR_EINVAL, "dial tcp: address " BR_FMT ": invalid port", BR_ARG(br_str_sub(digits, 0, 40)));
    }
    u->port = (uint16_t) port;
    return BR_OK;
}

static br_code check_host(br_str text, br_str host, br_err *err)
{
    br_str bad = bad_escape(host, true);
    for (size_t i = 0; i < host.n; i++) {
        unsigned char c = (unsigned char) host.p[i];
        if (bad.p == &host.p[i]) {
            return bad_url(text, "invalid URL escape ", bad, "", err);
        }
        if (c < 0x80 && c != '%' && !(class_of(c) & IN_HOST)) {
            return bad_url(text, "invalid character ", br_str_sub(host, i, i + 1), " in host name", err);
        }
    }
    return BR_OK;
}

/* host[:port], the host in brackets if it is an IPv6 address. */
static br_code parse_host(br_str text, br_str host_port, br_url *u, br_err *err)
{
    br_str host;
    size_t port_at = host_port.n;
    if (br_str_starts(host_port, BR_STR("["))) {
        size_t end = host_port.n;
        while (end > 0 && host_port.p[end - 1] != ']') {
            end--;
        }
        if (end == 0) {
            return bad_url(text, "missing ']' in host", BR_STR_NONE, "", err);
        }
        u->ipv6 = true;
        port_at = end;
        host = br_str_sub(host_port, 1, end - 1);
    } else {
        for (size_t i = host_port.n; i > 0; i--) {
            if (host_port.p[i - 1] == ':') {
                port_at = i - 1;
                break;
            }
        }
        host = br_str_sub(host_port, 0, port_at);
    }
    br_str colon_port = br_str_sub(host_port, port_at, host_port.n);
    br_code code = parse_port(text, colon_port, u, err);
    u->host = host;
    u->authority = colon_port.n == 1 ? br_str_sub(host_port, 0, port_at) : host_port;
    return code == BR_OK ? check_host(text, host, err) : code;
}

static br_code parse_authority(br_str text, br_str authority, br_url *u, br_err *err)
{
    size_t at = authority.n;
    while (at > 0 && authority.p[at - 1] != '@') {
        at--;
    }
    br_code code = parse_host(text, br_str_sub(authority, at, authority.n), u, err);
    if (code != BR_OK || at == 0) {
        return code;
    }
    u->userinfo = br_str_sub(authority, 0, at - 1);
    for (size_t i = 0; i < u->userinfo.n; i++) {
        if (!(class_of((unsigned char) u->userinfo.p[i]) & IN_USER)) {
            return bad_url(text, "net/url: invalid userinfo", BR_STR_NONE, "", err);
        }
    }
    return check_escapes(text, u->userinfo, false, err);
}

static br_code check_scheme(br_url *u, br_err *err)
{
    char part[200];
    u->tls = br_str_eq_nocase(u->scheme, BR_STR("https"));
    if (u->tls || br_str_eq_nocase(u->scheme, BR_STR("http"))) {
        return BR_OK;
    }
    char lower[64];
    size_t n = u->scheme.n < sizeof(lower) ? u->scheme.n : sizeof(lower);
    for (size_t i = 0; i < n; i++) {
        char c = u->scheme.p[i];
        lower[i] = (c >= 'A' && c <= 'Z') ? (char) (c + 'a' - 'A') : c;
    }
    return br_fail(err, BR_EUNSUPPORTED, "unsupported protocol scheme %s",
        quoted((br_str){lower, n}, part, sizeof(part)));
}

static size_t index_of(br_str s, const char *stops)
{
    size_t i = 0;
    while (i < s.n && (s.p[i] == 0 || strchr(stops, s.p[i]) == NULL)) {
        i++;
    }
    return i;
}

/* Text without a scheme: what is a mistake in a reference, too. */
static br_code check_relative(br_str text, br_str rest, br_err *err)
{
    br_str path = br_str_sub(rest, 0, index_of(rest, "?"));
    br_str segment = br_str_sub(path, 0, index_of(path, "/"));
    if (!br_str_starts(path, BR_STR("/")) && br_str_find_char(segment, ':') >= 0) {
        return bad_url(text, "first path segment in URL cannot contain colon", BR_STR_NONE, "", err);
    }
    return check_escapes(text, path, false, err);
}

/* A URL without a scheme never gets further than an error: the one that Go gives for it. */
static br_code no_scheme(br_str text, br_str rest, br_url *u, br_err *err)
{
    br_code code = check_relative(text, rest, err);
    return code == BR_OK ? check_scheme(u, err) : code;
}

static br_code parse_rest(br_str text, br_str rest, br_url *u, br_err *err)
{
    bool unknown = check_scheme(u, NULL) != BR_OK;
    if (!br_str_starts(rest, BR_STR("//"))) { /* http:/path, http:opaque */
        return unknown ? check_scheme(u, err) : br_fail(err, BR_EINVAL, "http: no Host in request URL");
    }
    rest = br_str_sub(rest, 2, rest.n);
    size_t end = index_of(rest, "/?");
    br_code code = parse_authority(text, br_str_sub(rest, 0, end), u, err);
    if (code != BR_OK) {
        return code;
    }
    u->target = br_str_sub(rest, end, rest.n);
    code = check_escapes(text, br_str_sub(u->target, 0, index_of(u->target, "?")), false, err);
    if (code != BR_OK) {
        return code;
    }
    if (unknown) {
        return check_scheme(u, err);
    }
    return u->host.n == 0 ? br_fail(err, BR_EINVAL, "http: no Host in request URL") : BR_OK;
}

br_code br_url_parse(br_str text, br_url *ret_url, br_err *err)
{
    br_url u = {.text = text};
    if (text.n > BR_URL_MAX_BYTES) {
        return br_fail(err, BR_ELIMIT, "URL of %zu bytes is over the limit of %d", text.n, BR_URL_MAX_BYTES);
    }
    size_t hash = index_of(text, "#");
    br_str rest = br_str_sub(text, 0, hash), before = rest;
    if (hash < text.n) {
        u.fragment = br_str_sub(text, hash + 1, text.n);
    }
    if (has_control(rest)) {
        return bad_url(before, "net/url: invalid control character in URL", BR_STR_NONE, "", err);
    }
    br_code code = cut_scheme(before, &rest, &u.scheme, err);
    if (code == BR_OK) {
        code = u.scheme.n == 0 ? no_scheme(before, rest, &u, err) : parse_rest(before, rest, &u, err);
    }
    if (code == BR_OK) {
        code = check_escapes(text, u.fragment, false, err);
    }
    if (code == BR_OK) {
        *ret_url = u;
    }
    return code;
}

static bool path_is_clean(br_str path)
{
    for (size_t i = 0; i < path.n; i++) {
        if (!(class_of((unsigned char) path.p[i]) & IN_PATH)) {
            return false;
        }
    }
    return true;
}

static br_code put_encoded(br_str path, br_buf *out)
{
    static const char digits[] = "0123456789ABCDEF";
    br_code code = br_buf_reserve(out, path.n * 3);
    for (size_t i = 0; i < path.n && code == BR_OK; i++) {
        unsigned char c = (unsigned char) path.p[i];
        bool was_encoded = c == '%';
        if (was_encoded) { /* the parser has checked the sequence */
            c = (unsigned char) (16 * hex_of(path.p[i + 1]) + hex_of(path.p[i + 2]));
            i += 2;
        }
        if (class_of(c) & KEEP_PATH) {
            code = br_buf_putc(out, (char) c);
        } else {
            const char seq[3] = {'%', digits[c >> 4], digits[c & 15]};
            code = br_buf_append(out, seq, 3);
        }
    }
    return code;
}

br_code br_url_put_target(const br_url *url, br_buf *out)
{
    br_str target = url->target;
    br_code code = BR_OK;
    if (target.n == 0 || target.p[0] == '?') {
        code = br_buf_putc(out, '/');
    }
    br_str path = br_str_sub(target, 0, index_of(target, "?"));
    if (code != BR_OK) {
        return code;
    }
    if (path_is_clean(path)) {
        return br_buf_put(out, target);
    }
    code = put_encoded(path, out);
    return code == BR_OK ? br_buf_put(out, br_str_sub(target, path.n, target.n)) : code;
}

br_url br_url_rebase(const br_url *parsed, br_str text)
{
    br_url u = *parsed;
    br_str *const parts[] = {&u.text, &u.scheme, &u.userinfo, &u.host, &u.authority, &u.target, &u.fragment};
    BR_DASSERT(br_str_eq(parsed->text, text));
    for (size_t i = 0; i < BR_COUNT_OF(parts); i++) {
        if (parts[i]->p != NULL) parts[i]->p = text.p + (parts[i]->p - parsed->text.p);
    }
    return u;
}

/* References ------------------------------------------------------------------------------------- */

/* Drops the last segment of the path that begins at `start` in out: "/a/b" -> "/a". */
static void drop_segment(br_buf *out, size_t start)
{
    while (out->len > start && out->data[out->len - 1] != '/') {
        out->len--;
    }
    out->len -= out->len > start ? 1 : 0;
}

/* Appends a path without its dot segments: section 5.2.4. Nothing stays nothing. */
static br_code put_without_dots(br_str path, br_buf *out)
{
    size_t start = out->len;
    br_code code = BR_OK;
    br_str rest = path, segment;
    if (rest.n == 0) {
        return BR_OK;
    }
    if (rest.p[0] == '/') {
        rest = br_str_sub(rest, 1, rest.n);
    }
    while (code == BR_OK && br_str_cut(&rest, '/', &segment)) {
        bool last = rest.p == NULL, up = br_str_is(segment, ".."), stay = br_str_is(segment, ".");
        if (up) {
            drop_segment(out, start);
        }
        if (!up && !stay) {
            code = br_buf_putc(out, '/');
            code = code == BR_OK ? br_buf_put(out, segment) : code;
        } else if (last) {
            code = br_buf_putc(out, '/');
        }
    }
    return code == BR_OK && out->len == start ? br_buf_putc(out, '/') : code;
}

/* The path that `path`, perhaps empty, means at a document with base_path; encoded as Go shows it. */
static br_code put_path(br_str base_path, br_str path, br_buf *out)
{
    br_buf joined, plain;
    size_t n = path.n > 0 && path.p[0] == '/' ? 0 : base_path.n;
    br_buf_init(&joined, 2 * BR_URL_MAX_BYTES);
    br_buf_init(&plain, 2 * BR_URL_MAX_BYTES);
    while (path.n > 0 && n > 0 && base_path.p[n - 1] != '/') { /* it takes the place of the last segment */
        n--;
    }
    br_code code = br_buf_put(&joined, br_str_sub(base_path, 0, n));
    code = code == BR_OK ? br_buf_put(&joined, path) : code;
    code = code == BR_OK ? put_without_dots(br_buf_view(&joined), &plain) : code;
    br_str result = br_buf_view(&plain);
    if (code == BR_OK) {
        code = path_is_clean(result) ? br_buf_put(out, result) : put_encoded(result, out);
    }
    br_buf_deinit(&joined);
    br_buf_deinit(&plain);
    return code;
}

/* "//user:pw@host:port" as it stands in the text. */
static br_str authority_of(const br_url *u)
{
    size_t from = u->scheme.n + 1;
    return br_str_sub(u->text, from, (size_t) (u->authority.p + u->authority.n - u->text.p));
}

static br_code put_scheme(bool tls, br_buf *out)
{
    return br_buf_puts(out, tls ? "https:" : "http:");
}

/* The query and the fragment; what may not stand in a fragment is encoded. */
static br_code put_end(br_str query, br_str fragment, br_buf *out)
{
    static const char digits[] = "0123456789ABCDEF";
    br_code code = br_buf_put(out, query);
    for (size_t i = 0; i < fragment.n && code == BR_OK; i++) {
        unsigned char c = (unsigned char) fragment.p[i];
        if (c > 0x20 && c < 0x7f) {
            code = br_buf_putc(out, (char) c);
        } else {
            const char seq[3] = {'%', digits[c >> 4], digits[c & 15]};
            code = br_buf_append(out, seq, 3);
        }
    }
    return code;
}

/* `ref` names a host; `u` is what it was parsed to. Only its path is made anew. */
static br_code put_absolute(const br_url *u, br_str authority, br_str fragment, br_buf *out)
{
    size_t path = index_of(u->target, "?");
    br_code code = put_scheme(u->tls, out);
    code = code == BR_OK ? br_buf_put(out, authority) : code;
    code = code == BR_OK ? put_path(BR_STR(""), br_str_sub(u->target, 0, path), out) : code;
    return code == BR_OK ? put_end(br_str_sub(u->target, path, u->target.n), fragment, out) : code;
}

static br_code put_relative(const br_url *base, br_str ref, br_str fragment, br_buf *out)
{
    size_t base_path = index_of(base->target, "?"), path = index_of(ref, "?");
    br_str query = br_str_sub(ref, path, ref.n);
    if (ref.n == 0) { /* the same document */
        query = br_str_sub(base->target, base_path, base->target.n);
        if (fragment.n < 2 && base->fragment.p != NULL) {
            fragment = (br_str){base->fragment.p - 1, base->fragment.n + 1};
        }
    }
    br_code code = put_scheme(base->tls, out);
    code = code == BR_OK ? br_buf_put(out, authority_of(base)) : code;
    code = code == BR_OK ? put_path(br_str_sub(base->target, 0, base_path), br_str_sub(ref, 0, path), out)
                         : code;
    return code == BR_OK ? put_end(query, fragment, out) : code;
}

br_code br_url_resolve(const br_url *base, br_str ref, br_buf *out, bool *ret_relative, br_err *err)
{
    size_t hash = index_of(ref, "#");
    br_str before = br_str_sub(ref, 0, hash), rest = before, fragment = br_str_sub(ref, hash, ref.n);
    br_url u = {.text = before};
    br_code code = has_control(before)
                       ? bad_url(before, "net/url: invalid control character in URL", BR_STR_NONE, "", err)
                       : cut_scheme(before, &rest, &u.scheme, err);
    *ret_relative = u.scheme.n == 0;
    if (code == BR_OK && fragment.n > 0) {
        code = check_escapes(ref, br_str_sub(fragment, 1, fragment.n), false, err);
    }
    if (code != BR_OK) {
        return code;
    }
    bool names_host = br_str_starts(rest, BR_STR("//")) &&
                      (u.scheme.n > 0 || !br_str_starts(rest, BR_STR("///")));
    if (names_host || u.scheme.n > 0) {
        br_str authority = br_str_sub(rest, 0, 2 + index_of(br_str_sub(rest, 2, rest.n), "/?"));
        u.scheme = u.scheme.n > 0 ? u.scheme : base->scheme;
        code = parse_rest(before, rest, &u, err);
        if (code == BR_EUNSUPPORTED || code == BR_EINVAL) { /* a URL, but none that can be asked for */
            code = br_buf_put(out, *ret_relative ? base->scheme : BR_STR(""));
            code = code == BR_OK ? br_buf_puts(out, *ret_relative ? ":" : "") : code;
            code = code == BR_OK ? br_buf_put(out, ref) : code;
        } else if (code == BR_OK) {
            code = put_absolute(&u, authority, fragment, out);
        }
    } else {
        code = check_relative(before, rest, err);
        code = code == BR_OK ? put_relative(base, rest, fragment, out) : code;
    }
    return code == BR_ELIMIT ? br_fail(err, BR_ELIMIT, "URL is over the limit of %d bytes", BR_URL_MAX_BYTES)
                             : code;
}
