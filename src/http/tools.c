#include "http/tools.h"

br_code br_http_tools_init(
    br_http_tools *t, br_loop *loop, br_ns dns_ttl, const br_tls_options *tls, br_err *err)
{
    *t = (br_http_tools){0};
    br_code code = br_dns_new(loop, dns_ttl, &t->dns, err);
    if (code != BR_OK) return code;
    t->tls = br_tls_context_new(tls);
    t->coder = br_coder_new();
    t->heads = br_h1_memo_new();
    return BR_OK;
}

void br_http_tools_deinit(br_http_tools *t)
{
    br_h1_memo_free(t->heads);
    br_coder_free(t->coder);
    br_tls_context_free(t->tls);
    if (t->dns) br_dns_free(t->dns);
    *t = (br_http_tools){0};
}
