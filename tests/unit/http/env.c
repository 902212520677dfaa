#include "env.h"
#include <stdio.h>
#include "support/real_loop.h"

void env_init(env *e, const mini_script *scripts, size_t count)
{
    *e = (env){0};
    e->loop = real_loop_new();
    assert_int_equal(br_dns_new(e->loop, BR_SEC, &e->dns, NULL), BR_OK);
    br_http_client_config_defaults(&e->config);
    e->config.heads = e->heads = br_h1_memo_new();
    if (count > 0) {
        e->server = mini_server_start(scripts, count);
        snprintf(e->base, sizeof(e->base), "http://127.0.0.1:%u", mini_server_port(e->server));
    }
}

void env_deinit(env *e)
{
    br_http_client_free(e->client);
    br_h1_memo_free(e->heads);
    br_dns_free(e->dns);
    br_loop_free(e->loop);
    if (e->server != NULL) mini_server_stop(e->server);
}

br_http_client *env_client(env *e)
{
    if (e->client == NULL) e->client = br_http_client_new(e->loop, e->dns, &e->config);
    return e->client;
}

void env_restart_client(env *e)
{
    br_http_client_free(e->client);
    e->client = NULL;
    (void) env_client(e);
}

void call_to(call *c, env *e, const char *method, const char *url)
{
    br_err err = {0};
    memset(c, 0, sizeof(*c));
    c->env = e;
    snprintf(c->url, sizeof(c->url), "%s", url);
    c->request.method = br_str_of(method);
    c->request.timeout_ns = 10 * BR_SEC;
    br_http_response_init(&c->response);
    if (br_url_parse(br_str_of(c->url), &c->request.url, &err) != BR_OK) fail_msg("%s", err.msg);
}

void call_init(call *c, env *e, const char *method, const char *path)
{
    char url[256];
    snprintf(url, sizeof(url), "%s%s", e->base, path);
    call_to(c, e, method, url);
}

void call_deinit(call *c)
{
    br_http_response_deinit(&c->response);
}

static void on_done(br_http_exchange *x, void *ctx)
{
    call *c = ctx;
    assert_ptr_equal(x, &c->exchange);
    c->done++;
    if (--c->env->open == 0) br_loop_stop(c->env->loop);
}

void call_start(call *c)
{
    int before = c->done;
    c->env->open++;
    br_http_start(env_client(c->env), &c->exchange, &c->request, &c->response, on_done, c);
    assert_int_equal(c->done, before); /* never inside the call */
}

void call_run(call *c)
{
    int before = c->done;
    call_start(c);
    br_loop_run(c->env->loop);
    assert_int_equal(c->done, before + 1);
}

void call_get(call *c, env *e, const char *path)
{
    call_init(c, e, "GET", path);
    call_run(c);
}

void assert_body(const call *c, const char *want)
{
    br_str body = br_buf_view(&c->response.body);
    if (!br_str_is(body, want)) fail_msg("body \"" BR_FMT "\", want \"%s\"", BR_ARG(body), want);
    assert_int_equal(c->response.body_bytes, strlen(want));
}

void assert_failed(const call *c, br_code code, int k6_code, const char *text)
{
    const br_http_error *e = &c->response.error;
    if (e->code != code || e->k6_code != k6_code || strcmp(e->text, text) != 0) {
        fail_msg("%s %d \"%s\", want %s %d \"%s\"", br_code_name(e->code), e->k6_code, e->text,
            br_code_name(code), k6_code, text);
    }
}

void assert_ok(const call *c, int status)
{
    assert_failed(c, BR_OK, 0, "");
    assert_int_equal(c->response.status, status);
}
