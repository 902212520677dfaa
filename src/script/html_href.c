/* Addresses in elements: resolved, and in parts as Go's net/url shows them. */
#include "codec/url.h"
#include "script/html_typed_int.h"

/* Appends the address of the attribute. False: it is none. */
static bool resolve(JSContext *ctx, JSValueConst base_value, br_str value, br_buf *out)
{
    br_str base_text = br_js_str(ctx, base_value);
    bool ok = base_text.p != NULL;
    if (base_text.n == 0) {
        ok = br_buf_put(out, value) == BR_OK;
    } else {
        br_url base;
        bool relative;
        br_err err;
        ok = br_url_parse(base_text, &base, &err) == BR_OK &&
             br_url_resolve(&base, value, out, &relative, &err) == BR_OK;
    }
    JS_FreeCString(ctx, base_text.p);
    return ok;
}

JSValue br_js_typed_resolve(JSContext *ctx, const br_js_element *e, br_str value)
{
    br_buf out;
    br_buf_init(&out, BR_URL_MAX_BYTES);
    if (!resolve(ctx, e->url, value, &out)) br_buf_reset(&out);
    JSValue v = br_js_new_str(ctx, br_buf_view(&out));
    br_buf_deinit(&out);
    return v;
}

typedef struct parts {
    br_str scheme, user, password, host, port, path, query, fragment; /* host with the brackets of IPv6 */
    bool has_port;
} parts;

static bool is_scheme(br_str s)
{
    for (size_t i = 0; i < s.n; i++) {
        char c = s.p[i];
        bool letter = (c | 0x20) >= 'a' && (c | 0x20) <= 'z';
        if (!letter && (i == 0 || !((c >= '0' && c <= '9') || c == '+' || c == '-' || c == '.')))
            return false;
    }
    return s.n > 0;
}

/* Cuts `*rest` at `c`; what is behind it is returned. */
static br_str cut_behind(br_str *rest, char c)
{
    ptrdiff_t i = br_str_find_char(*rest, c);
    if (i < 0) return BR_STR("");
    br_str behind = br_str_sub(*rest, (size_t) i + 1, rest->n);
    *rest = br_str_sub(*rest, 0, (size_t) i);
    return behind;
}

static void split_authority(br_str authority, parts *p)
{
    const char *at = authority.n ? memrchr(authority.p, '@', authority.n) : NULL;
    if (at) {
        p->user = br_str_sub(authority, 0, (size_t) (at - authority.p));
        p->password = cut_behind(&p->user, ':');
        authority = br_str_sub(authority, (size_t) (at - authority.p) + 1, authority.n);
    }
    const char *colon = authority.n ? memrchr(authority.p, ':', authority.n) : NULL;
    const char *bracket = authority.n ? memrchr(authority.p, ']', authority.n) : NULL;
    p->host = authority;
    p->has_port = colon && (!bracket || bracket < colon);
    if (!p->has_port) return;
    p->host = br_str_sub(authority, 0, (size_t) (colon - authority.p));
    p->port = br_str_sub(authority, p->host.n + 1, authority.n);
}

static parts split(br_str url)
{
    parts p = {.scheme = BR_STR(""),
        .user = BR_STR(""),
        .password = BR_STR(""),
        .host = BR_STR(""),
        .port = BR_STR("")};
    p.fragment = cut_behind(&url, '#');
    p.query = cut_behind(&url, '?');
    ptrdiff_t colon = br_str_find_char(url, ':');
    if (colon > 0 && is_scheme(br_str_sub(url, 0, (size_t) colon))) {
        p.scheme = br_str_sub(url, 0, (size_t) colon);
        url = br_str_sub(url, (size_t) colon + 1, url.n);
    }
    if (br_str_starts(url, BR_STR("//"))) {
        br_str authority = br_str_sub(url, 2, url.n);
        ptrdiff_t slash = br_str_find_char(authority, '/');
        url = slash < 0 ? BR_STR("") : br_str_sub(authority, (size_t) slash, authority.n);
        if (slash >= 0) authority.n = (size_t) slash;
        split_authority(authority, &p);
    } else if (p.scheme.n && !br_str_starts(url, BR_STR("/"))) {
        url = BR_STR(""); /* mailto:x has no path */
    }
    p.path = url;
    return p;
}

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9') return c - '0';
    c = (char) (c | 0x20);
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static void put_decoded(br_buf *out, br_str s)
{
    for (size_t i = 0; i < s.n; i++) {
        int high = s.p[i] == '%' && i + 2 < s.n ? hex_digit(s.p[i + 1]) : -1;
        int low = high >= 0 ? hex_digit(s.p[i + 2]) : -1;
        if (low >= 0) i += 2;
        (void) br_buf_putc(out, low >= 0 ? (char) (high * 16 + low) : s.p[i]);
    }
}

static void put_host_and_port(br_buf *out, const parts *p)
{
    (void) br_buf_put(out, p->host);
    if (p->has_port) (void) br_buf_printf(out, ":" BR_FMT, BR_ARG(p->port));
}

static bool default_port(const parts *p)
{
    return (br_str_is(p->scheme, "http") && br_str_is(p->port, "80")) ||
           (br_str_is(p->scheme, "https") && br_str_is(p->port, "443")) ||
           (br_str_is(p->scheme, "ftp") && br_str_is(p->port, "21"));
}

static br_str without_brackets(br_str host)
{
    bool some = host.n > 1 && host.p[0] == '[' && host.p[host.n - 1] == ']';
    return some ? br_str_sub(host, 1, host.n - 1) : host;
}

typedef enum part { HASH, HOST, HOSTNAME, PORT, USERNAME, PASSWORD, ORIGIN, PATHNAME, PROTOCOL, SEARCH } part;

static void put_part(br_buf *out, const parts *p, br_str whole, part which)
{
    switch (which) {
        case HASH:
            if (p->fragment.n) (void) br_buf_putc(out, '#');
            put_decoded(out, p->fragment);
            break;
        case HOST:
            if (default_port(p))
                (void) br_buf_put(out, without_brackets(p->host));
            else
                put_host_and_port(out, p);
            break;
        case HOSTNAME: (void) br_buf_put(out, p->has_port ? without_brackets(p->host) : p->host); break;
        case PORT: (void) br_buf_put(out, p->port); break;
        case USERNAME: put_decoded(out, p->user); break;
        case PASSWORD: put_decoded(out, p->password); break;
        case ORIGIN:
            if (br_str_is(p->scheme, "file")) {
                (void) br_buf_put(out, whole);
            } else if (p->scheme.n) {
                (void) br_buf_printf(out, BR_FMT "://", BR_ARG(p->scheme));
                put_host_and_port(out, p);
            }
            break;
        case PATHNAME: put_decoded(out, p->path); break;
        case PROTOCOL: (void) br_buf_put(out, p->scheme.n ? p->scheme : BR_STR(":")); break;
        case SEARCH:
            if (p->query.n) (void) br_buf_putc(out, '?');
            (void) br_buf_put(out, p->query);
            break;
    }
}

static JSValue part_of(JSContext *ctx, const br_js_element *e, part which)
{
    br_buf url, out;
    br_buf_init(&url, BR_URL_MAX_BYTES);
    br_buf_init(&out, BR_BUF_NO_LIMIT);
    const br_str *href = br_dom_attr_of(e->node, BR_STR("href"));
    if (!href || !resolve(ctx, e->url, *href, &url)) br_buf_reset(&url);
    br_str whole = {url.len ? url.data : "", url.len};
    parts p = split(whole);
    put_part(&out, &p, whole, which);
    JSValue v = br_js_new_str(ctx, br_buf_view(&out));
    br_buf_deinit(&url);
    br_buf_deinit(&out);
    return v;
}

#define PART(name, which)                                                                                    \
    JSValue br_js_href_##name(JSContext *ctx, const br_js_element *e)                                        \
    {                                                                                                        \
        return part_of(ctx, e, which);                                                                       \
    }
PART(hash, HASH)
PART(host, HOST)
PART(hostname, HOSTNAME)
PART(port, PORT)
PART(username, USERNAME)
PART(password, PASSWORD)
PART(origin, ORIGIN)
PART(pathname, PATHNAME)
PART(protocol, PROTOCOL)
PART(search, SEARCH)
