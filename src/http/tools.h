/*
 * http/tools.h - what the HTTP clients of one thread share.
 *
 * What: the resolver, the TLS context, the decoders of codings, the heads of answers that are known.
 * Why here: each is costly to make or better for being shared; a client has them by reference.
 * Threads: one set, one loop's thread.
 * Memory: owned; outlives the clients.
 */
#pragma once
#include "codec/h1.h"
#include "http/coding.h"
#include "net/dns.h"
#include "net/tls.h"

typedef struct br_http_tools {
    br_dns *dns;
    br_tls_context *tls;
    br_coder *coder;
    br_h1_memo *heads;
} br_http_tools;

/* `dns_ttl`: of answers, BR_NS_MAX: for ever. `tls` outlives them. Fails as br_dns_new(); *t is zero then. */
BR_NODISCARD br_code br_http_tools_init(
    br_http_tools *t, br_loop *loop, br_ns dns_ttl, const br_tls_options *tls, br_err *err);
void br_http_tools_deinit(br_http_tools *t); /* fine if it is zero; it is afterwards */
