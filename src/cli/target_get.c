#include "cli/target_get.h"
#include "http/client.h"

typedef struct get {
    br_loop *loop;
    br_dns *dns;
    br_arena arena; /* of proxies and headers */
    br_proxies proxies;
    br_http_exchange exchange;
    br_http_request request;
    br_http_response response;
} get;

static void on_done(br_http_exchange *x, void *ctx)
{
    (void) x;
    br_loop_stop(((get *) ctx)->loop);
}

static bool is_below(br_str url, br_str base)
{
    return br_str_starts(url, base) && (url.n == base.n || strchr("/?", url.p[base.n]));
}

static void take_headers(get *g, const br_environment *e, br_str url)
{
    if (!is_below(url, e->base_url)) return;
    br_http_header *list = br_arena_zalloc(&g->arena, (e->header_count + 1) * sizeof(*list));
    for (size_t i = 0; i < e->header_count; i++)
        list[i] = (br_http_header){e->headers[i].name, e->headers[i].value};
    g->request.headers = list;
    g->request.header_count = e->header_count;
}

static void send_get(get *g)
{
    static const br_tls_options tls = {.http2 = true, .insecure = true};
    br_http_client_config config;
    br_http_client_config_defaults(&config);
    config.proxies = &g->proxies;
    config.max_body_bytes = BR_TARGET_BODY_MAX;
    config.tls = br_tls_context_new(&tls);
    br_http_client *client = br_http_client_new(g->loop, g->dns, &config);
    br_http_start(client, &g->exchange, &g->request, &g->response, on_done, g);
    br_loop_run(g->loop);
    br_http_client_free(client);
    br_tls_context_free(config.tls);
}

static br_code take_answer(const get *g, const char *url, br_arena *arena, br_target_answer *ret, br_err *err)
{
    const br_http_error *e = &g->response.error;
    if (e->code != BR_OK) return br_fail(err, e->code, "GET %.1000s: %s", url, e->raw[0] ? e->raw : e->text);
    const br_http_times *t = &g->response.times;
    *ret = (br_target_answer){.status = g->response.status,
        .body = br_arena_str(arena, br_buf_view(&g->response.body)),
        .duration = t->end - t->start};
    return BR_OK;
}

br_code br_target_get(const br_environment *e, const char *url, br_ns timeout, br_arena *arena,
    br_target_answer *ret, br_err *err)
{
    get g = {.request = {.method = BR_STR("GET"), .timeout_ns = timeout}};
    br_code code = br_url_parse(br_str_of(url), &g.request.url, err);
    if (code != BR_OK) return br_wrap(err, code, "%.1000s", url);
    code = br_loop_new(&g.loop, err);
    if (code != BR_OK) return code;
    br_arena_init(&g.arena, 1024);
    br_http_response_init(&g.response);
    take_headers(&g, e, br_str_of(url));
    code = br_dns_new(g.loop, BR_SEC, &g.dns, err);
    if (code == BR_OK) code = br_proxies_from_env(&g.arena, &g.proxies, err);
    if (code == BR_OK) {
        send_get(&g);
        code = take_answer(&g, url, arena, ret, err);
    }
    br_http_response_deinit(&g.response);
    br_arena_deinit(&g.arena);
    if (g.dns) br_dns_free(g.dns);
    br_loop_free(g.loop);
    return code;
}
