#include "net/proxy.h"
#include <arpa/inet.h>
#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include "base/num.h"
#include "codec/credentials.h"
#include "codec/url.h"

/* Proxies ------------------------------------------------------------------------------------------ */

/* "socks5://host:1080" as a URL that br_url_parse() takes. */
static br_code parse_proxy(
    br_arena *arena, const char *variable, const char *value, const br_proxy **ret, br_err *err)
{
    br_str text = br_str_of(value), scheme = BR_STR("http");
    br_url url;
    br_err why;
    ptrdiff_t mark = br_str_find(text, BR_STR("://"));
    if (mark >= 0) {
        scheme = br_str_sub(text, 0, (size_t) mark);
        text = br_str_sub(text, (size_t) mark + 3, text.n);
    }
    bool socks = br_str_eq_nocase(scheme, BR_STR("socks5")) || br_str_eq_nocase(scheme, BR_STR("socks5h"));
    bool tls = br_str_eq_nocase(scheme, BR_STR("https"));
    if (!socks && !tls && !br_str_eq_nocase(scheme, BR_STR("http"))) {
        return br_fail(err, BR_EUNSUPPORTED,
            "%s: proxies of the kind '" BR_FMT "' are not supported: use http, https, socks5 or socks5h",
            variable, BR_ARG(scheme));
    }
    br_str plain = br_str_of(br_arena_printf(arena, "%s://" BR_FMT, tls ? "https" : "http", BR_ARG(text)));
    if (br_url_parse(plain, &url, &why) != BR_OK) {
        return br_fail(err, BR_EINVAL, "%s: '%s' is no proxy address: use http://host:port", variable, value);
    }
    br_proxy *p = BR_ARENA_NEW(arena, br_proxy);
    p->tls = tls;
    p->kind = socks ? BR_PROXY_SOCKS5 : BR_PROXY_HTTP;
    p->host = url.host;
    p->port = socks && br_str_find_char(url.authority, ':') < 0 ? 1080 : url.port;
    if (url.userinfo.p != NULL) {
        br_credentials_split(arena, url.userinfo, &p->user, &p->password);
        p->authorization = br_credentials_basic_of(arena, url.userinfo);
    }
    *ret = p;
    return BR_OK;
}

/* Exceptions --------------------------------------------------------------------------------------- */

static bool take_range(br_str item, br_no_proxy *e)
{
    br_address a;
    if (br_ip_range_parse(item, &e->range) == BR_OK) {
        return true;
    }
    if (br_address_parse(item, &a) != BR_OK) {
        return false;
    }
    bool v6 = a.any.sa_family == AF_INET6;
    e->port = ntohs(v6 ? a.v6.sin6_port : a.v4.sin_port);
    e->range = (br_ip_range){.text = item, .family = a.any.sa_family, .bits = v6 ? 128 : 32};
    memcpy(e->range.bytes, v6 ? a.v6.sin6_addr.s6_addr : (const uint8_t *) &a.v4.sin_addr, v6 ? 16 : 4);
    return true;
}

static void take_name(br_arena *arena, br_str item, br_no_proxy *e)
{
    uint64_t port;
    ptrdiff_t colon = br_str_find_char(item, ':');
    if (colon >= 0 && br_parse_u64(br_str_sub(item, (size_t) colon + 1, item.n), &port) == BR_OK &&
        port < 65536) {
        e->port = (uint16_t) port;
        item = br_str_sub(item, 0, (size_t) colon);
    }
    if (br_str_starts(item, BR_STR("*."))) {
        item = br_str_sub(item, 1, item.n);
    }
    e->only_below = item.n > 0 && item.p[0] == '.';
    e->name = br_arena_str(arena, e->only_below ? br_str_sub(item, 1, item.n) : item);
}

static void parse_exceptions(br_arena *arena, br_str text, br_proxies *p)
{
    br_str rest = text, item;
    size_t most = 1;
    for (size_t i = 0; i < text.n; i++) {
        most += text.p[i] == ',' ? 1 : 0;
    }
    p->exceptions = br_arena_zalloc(arena, most * sizeof(*p->exceptions));
    while (br_str_cut(&rest, ',', &item)) {
        br_no_proxy *e = &p->exceptions[p->exception_count];
        item = br_str_trim(item);
        if (item.n == 0) {
            continue;
        }
        p->never = p->never || br_str_is(item, "*");
        if (!take_range(item, e)) {
            take_name(arena, item, e);
        }
        p->exception_count++;
    }
}

br_code br_proxies_parse(
    br_arena *arena, const char *http, const char *https, const char *no_proxy, br_proxies *ret, br_err *err)
{
    br_proxies p = {0};
    br_code code = http != NULL && http[0] != 0 ? parse_proxy(arena, "HTTP_PROXY", http, &p.http, err)
                                                : BR_OK;
    if (code == BR_OK && https != NULL && https[0] != 0) {
        code = parse_proxy(arena, "HTTPS_PROXY", https, &p.https, err);
    }
    if (code == BR_OK && no_proxy != NULL) {
        parse_exceptions(arena, br_arena_str(arena, br_str_of(no_proxy)), &p);
    }
    if (code == BR_OK) {
        *ret = p;
    }
    return code;
}

static const char *variable(const char *capitals, const char *small)
{
    const char *value = getenv(capitals);
    return value != NULL && value[0] != 0 ? value : getenv(small);
}

br_code br_proxies_from_env(br_arena *arena, br_proxies *ret, br_err *err)
{
    return br_proxies_parse(arena, variable("HTTP_PROXY", "http_proxy"),
        variable("HTTPS_PROXY", "https_proxy"), variable("NO_PROXY", "no_proxy"), ret, err);
}

/* Asking ------------------------------------------------------------------------------------------- */

static bool is_loopback(br_str host, br_address *ret_literal, bool *ret_is_literal)
{
    *ret_is_literal = br_address_parse(host, ret_literal) == BR_OK;
    if (!*ret_is_literal) {
        return br_str_eq_nocase(host, BR_STR("localhost"));
    }
    return ret_literal->any.sa_family == AF_INET ? ntohl(ret_literal->v4.sin_addr.s_addr) >> 24 == 127
                                                 : IN6_IS_ADDR_LOOPBACK(&ret_literal->v6.sin6_addr) != 0;
}

static bool excepts(const br_no_proxy *e, br_str host, uint16_t port, const br_address *literal)
{
    if (e->port != 0 && e->port != port) {
        return false;
    }
    if (e->name.p == NULL) {
        return literal != NULL && br_ip_range_has(&e->range, literal);
    }
    if (!e->only_below && br_str_eq_nocase(host, e->name)) {
        return true;
    }
    return host.n > e->name.n && host.p[host.n - e->name.n - 1] == '.' &&
           br_str_eq_nocase(br_str_sub(host, host.n - e->name.n, host.n), e->name);
}

const br_proxy *br_proxies_for(const br_proxies *p, br_str host, uint16_t port, bool tls)
{
    br_address literal;
    bool is_literal;
    const br_proxy *proxy = p == NULL || p->never ? NULL : tls ? p->https : p->http;
    if (proxy == NULL || is_loopback(host, &literal, &is_literal)) {
        return NULL;
    }
    for (size_t i = 0; i < p->exception_count; i++) {
        if (excepts(&p->exceptions[i], host, port, is_literal ? &literal : NULL)) {
            return NULL;
        }
    }
    return proxy;
}
