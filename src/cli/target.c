#include "cli/target.h"

#include <stdio.h>
#include <string.h>
#include "cli/interrupt.h"
#include "http/client.h"

typedef struct probe {
    br_loop *loop;
    br_http_exchange exchange;
    br_http_request request;
    br_http_response response;
} probe;

static void on_done(br_http_exchange *x, void *ctx)
{
    (void) x;
    br_loop_stop(((probe *) ctx)->loop);
}

static br_code judge_answer(const probe *p, const char *url, br_err *err)
{
    const br_http_error *e = &p->response.error;
    if (e->code != BR_OK)
        return br_fail(
            err, e->code, "the target does not answer: GET %s: %s", url, e->raw[0] ? e->raw : e->text);
    if (p->response.status >= 500)
        return br_fail(err, BR_EPROTO, "the target is not well: GET %s answered with status %d", url,
            p->response.status);
    return BR_OK;
}

static br_code send_probe(probe *p, br_dns *dns, const br_proxies *proxies, const char *url, br_err *err)
{
    static const br_tls_options tls = {.http2 = true, .insecure = true}; /* the test itself verifies */
    br_http_client_config config;
    br_http_client_config_defaults(&config);
    config.proxies = proxies;
    config.tls = br_tls_context_new(&tls);
    br_http_client *client = br_http_client_new(p->loop, dns, &config);
    br_http_start(client, &p->exchange, &p->request, &p->response, on_done, p);
    br_interrupt_stops(p->loop);
    br_loop_run(p->loop);
    br_interrupt_stops(NULL);
    br_http_cancel(&p->exchange); /* if a signal came before the answer */
    br_code code = judge_answer(p, url, err);
    br_http_client_free(client);
    br_tls_context_free(config.tls);
    return code;
}

br_code br_target_check(const char *base_url, const char *path, br_ns timeout_ns, br_err *err)
{
    char url[2048];
    size_t n = strlen(base_url);
    bool slash = n && base_url[n - 1] == '/';
    snprintf(url, sizeof(url), "%.*s%s", (int) (slash ? n - 1 : n), base_url, path);
    probe p = {.request = {.method = BR_STR("GET"), .timeout_ns = timeout_ns, .drop_body = true}};
    br_code code = br_url_parse(br_str_of(url), &p.request.url, err);
    if (code != BR_OK) return br_wrap(err, code, "target %s", url);
    code = br_loop_new(&p.loop, err);
    if (code != BR_OK) return code;
    br_dns *dns = NULL;
    code = br_dns_new(p.loop, BR_SEC, &dns, err);
    br_http_response_init(&p.response);
    br_arena arena;
    br_proxies proxies;
    br_arena_init(&arena, 1024);
    if (code == BR_OK) code = br_proxies_from_env(&arena, &proxies, err);
    if (code == BR_OK) code = send_probe(&p, dns, &proxies, url, err);
    br_arena_deinit(&arena);
    br_http_response_deinit(&p.response);
    if (dns) br_dns_free(dns);
    br_loop_free(p.loop);
    return code;
}
