#include "cli/target/single_request.h"

#include "base/mem.h"
#include "cli/terminal/interrupt.h"

struct br_single {
    br_loop *loop;
    br_dns *dns;
    br_arena arena;
    br_proxies proxies;
    br_tls_options tls;
    br_tls_context *context;
    br_http_client *client;
};

void br_single_free(br_single *s)
{
    if (!s) return;
    if (s->client) br_http_client_free(s->client);
    br_tls_context_free(s->context);
    if (s->dns) br_dns_free(s->dns);
    br_loop_free(s->loop);
    br_arena_deinit(&s->arena);
    br_free(s);
}

br_code br_single_new(bool verify, br_single **ret, br_err *err)
{
    br_single *s = BR_NEW(br_single);
    s->tls = (br_tls_options){.http2 = true, .insecure = !verify};
    br_arena_init(&s->arena, 1024);
    br_code code = br_loop_new(&s->loop, err);
    if (code == BR_OK) code = br_dns_new(s->loop, BR_SEC, &s->dns, err);
    if (code == BR_OK) code = br_proxies_from_env(&s->arena, &s->proxies, err);
    if (code != BR_OK) {
        br_single_free(s);
        return code;
    }
    br_http_client_config config;
    br_http_client_config_defaults(&config);
    config.max_body_bytes = BR_SINGLE_BODY_MAX;
    config.proxies = &s->proxies;
    config.tls = s->context = br_tls_context_new(&s->tls);
    s->client = br_http_client_new(s->loop, s->dns, &config);
    *ret = s;
    return BR_OK;
}

static void on_done(br_http_exchange *x, void *ctx)
{
    (void) x;
    br_loop_stop(((br_single *) ctx)->loop);
}

/* Until the loop is stopped, by an answer, a timer or a signal. */
static void run(br_single *s)
{
    br_interrupt_stops(s->loop);
    br_loop_run(s->loop);
    br_interrupt_stops(NULL);
}

void br_single_send(br_single *s, const br_http_request *request, br_http_response *response)
{
    br_http_exchange exchange = {0};
    br_http_start(s->client, &exchange, request, response, on_done, s);
    run(s);
    br_http_cancel(&exchange); /* if a signal came before the answer */
}

static void on_time(br_timer *timer, void *ctx)
{
    (void) timer;
    br_loop_stop(((br_single *) ctx)->loop);
}

void br_single_sleep(br_single *s, br_ns length)
{
    br_timer timer = {0};
    br_timer_start(s->loop, &timer, br_loop_now(s->loop) + length, on_time, s);
    run(s);
}
