/*
 * codec/url.h - absolute URLs of HTTP requests, split into slices.
 *
 * What: parses what Go's net/url accepts for http and https, as k6 does, without allocating.
 * Why here: script/ shows errors, http/ needs host, port and target; both must agree.
 * Threads: values.
 * Memory: every slice points into the text that was parsed, which must outlive the br_url.
 */
#pragma once
#include "base/buf.h"
#include "base/err.h"
#include "base/str.h"

#define BR_URL_MAX_BYTES 65536

typedef struct br_url {
    br_str text;      /* the whole, as given */
    br_str scheme;    /* "http", case as given */
    br_str userinfo;  /* "user:pw", percent-encoded; p == NULL if absent */
    br_str host;      /* name or address; IPv6 without brackets */
    br_str authority; /* host[:port] as sent in the Host header */
    br_str target;    /* path and query as sent; empty path means "/" must be sent before it */
    br_str fragment;  /* without '#' */
    uint16_t port;    /* given, or the scheme's (80, 443) */
    bool tls;         /* https */
    bool ipv6;
} br_url;

/*
 * BR_ESYNTAX (port that is no number, control character, bad percent sequence in host, path or fragment,
 * unmatched bracket, blank in the host), BR_EUNSUPPORTED (scheme other than http and https, none at all),
 * BR_EINVAL (no host, port over 65535), BR_ELIMIT (too long). The message is Go's wording where scripts may
 * see it: BR_ESYNTAX `parse "http://a b/": invalid character " " in host name`, BR_EUNSUPPORTED `unsupported
 * protocol scheme ""`, BR_EINVAL `http: no Host in request URL`.
 */
BR_NODISCARD br_code br_url_parse(br_str text, br_url *ret_url, br_err *err);

/*
 * Appends the target as it goes into the request line: with its "/", and with the path percent-encoded anew
 * if it holds bytes that may not stand there (Go's rule: "/a b" -> "/a%20b"). The query goes as it is.
 * BR_ELIMIT.
 */
br_code br_url_put_target(const br_url *url, br_buf *out);

/*
 * Appends the absolute URL that `ref` means in a document at `base`: RFC 3986 section 5.2 as Go does it, in
 * the form that Go shows: scheme in lower case, path without dot segments and encoded where it has to be.
 * Whether the result can be asked for (scheme, host, port) is for br_url_parse() to say. *ret_relative: `ref`
 * names no scheme. BR_ESYNTAX with Go's words about `ref`, BR_ELIMIT.
 */
br_code br_url_resolve(const br_url *base, br_str ref, br_buf *out, bool *ret_relative, br_err *err);

/* The parts of `text`, which has the same bytes as the text of `parsed`: for callers that ask for one URL
 * again and again. */
br_url br_url_rebase(const br_url *parsed, br_str text);
