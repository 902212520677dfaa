#include "h2_env.h"
#include <stdio.h>

void h2_env_init(h2_env *h, h2_play_fn *play)
{
    env_init(&h->e, NULL, 0);
    h->e.config.h2c = true;
    h->server = h2_server_start(play);
    snprintf(h->e.base, sizeof(h->e.base), "http://127.0.0.1:%u", h2_server_port(h->server));
}

void h2_env_deinit(h2_env *h)
{
    env_deinit(&h->e);
    h2_server_stop(h->server);
}

void calls_start(call *c, int count, h2_env *h)
{
    for (int i = 0; i < count; i++) {
        call_init(&c[i], &h->e, "GET", "/");
        call_start(&c[i]);
    }
}

void calls_run(call *c, int count, h2_env *h)
{
    calls_start(c, count, h);
    br_loop_run(h->e.loop);
    for (int i = 0; i < count; i++)
        assert_int_equal(c[i].done, 1);
}

void calls_deinit(call *c, int count)
{
    for (int i = 0; i < count; i++)
        call_deinit(&c[i]);
}

void assert_fails(h2_play_fn *play, br_code code, int k6_code, const char *text)
{
    h2_env h;
    call c;
    h2_env_init(&h, play);
    call_init(&c, &h.e, "GET", "/");
    c.request.timeout_ns = BR_SEC;
    call_run(&c);
    assert_failed(&c, code, k6_code, text);
    assert_true(c.response.error.raw[0] != 0);
    call_deinit(&c);
    h2_env_deinit(&h);
}

void assert_stream_error(const call *c, int k6_code, const char *name)
{
    char text[100];
    snprintf(text, sizeof(text), "http2: stream error with http2 ErrCode %s", name);
    assert_failed(c, BR_EPROTO, k6_code, text);
}

void play_hello(h2_peer *p, unsigned connection)
{
    (void) connection;
    uint32_t stream;
    if (!h2_begin(p)) return;
    while ((stream = h2_read_request(p)) != 0 && h2_answer(p, stream, "hello")) {
    }
}
