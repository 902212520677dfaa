#include "tls_peer.h"
#include "support/real_loop.h"
#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

static void on_open(void *owner)
{
    peer *p = owner;
    p->opened++;
    if (p->send != NULL || p->fill > 0) {
        p->body = p->fill > 0 ? calloc(1, p->fill) : NULL;
        struct iovec iov[2] = {{NULL, p->send != NULL ? strlen(p->send) : 0}, {p->body, p->fill}};
        memcpy(&iov[0].iov_base, &p->send, sizeof(p->send));
        p->write_code = br_stream_write(&p->tls.stream, iov, p->fill > 0 ? 2 : 1);
    }
    if (p->stop_on_open) br_loop_stop(p->loop);
}

static void on_data(void *owner, br_str bytes)
{
    peer *p = owner;
    size_t n = bytes.n < sizeof(p->last) - 1 ? bytes.n : sizeof(p->last) - 1;
    assert_true(bytes.n > 0);
    p->received += bytes.n;
    memcpy(p->last, bytes.p + bytes.n - n, n);
    p->last[n] = 0;
    if (p->close_on_data) {
        br_stream_close(&p->tls.stream);
        br_loop_stop(p->loop);
    } else if (p->stop_at > 0 && p->received >= p->stop_at) {
        br_loop_stop(p->loop);
    }
}

static void on_sent(void *owner)
{
    peer *p = owner;
    p->sent++;
    if (p->stop_on_sent) br_loop_stop(p->loop);
}

static void on_closed(void *owner, br_code code)
{
    peer *p = owner;
    const char *error = br_tls_error(&p->tls);
    p->closed++;
    p->code = code;
    snprintf(p->error, sizeof(p->error), "%s", error != NULL ? error : "");
    br_loop_stop(p->loop);
}

static const br_stream_events events = {
    .on_open = on_open, .on_data = on_data, .on_sent = on_sent, .on_closed = on_closed};

void peer_init(peer *p)
{
    *p = (peer){.host = "localhost", .time_limit = 5 * BR_SEC};
    p->server_options.cert = &pki.good;
    p->options.ca_file = pki.ca_path;
}

void peer_serve(peer *p, const tls_script *scripts, size_t count)
{
    p->server = tls_server_start(&p->server_options, scripts, count);
    p->loop = real_loop_new();
    p->context = br_tls_context_new(&p->options);
}

static void on_timer(br_timer *timer, void *ctx)
{
    (void) timer;
    peer *p = ctx;
    p->timed_out = true;
    br_loop_stop(p->loop);
}

void peer_again(peer *p)
{
    p->timed_out = false;
    br_timer_start(p->loop, &p->timer, br_loop_now(p->loop) + p->time_limit, on_timer, p);
    br_loop_run(p->loop);
    br_timer_stop(p->loop, &p->timer);
}

void peer_run(peer *p)
{
    br_address a = {.v4 = {.sin_family = AF_INET,
                        .sin_port = htons(tls_server_port(p->server)),
                        .sin_addr.s_addr = htonl(INADDR_LOOPBACK)}};
    p->opened = p->sent = p->closed = 0;
    p->code = BR_OK;
    p->error[0] = p->last[0] = 0;
    p->received = 0;
    br_tcp_init(&p->tcp, p->loop, &br_tls_lower_events, &p->tls);
    br_tls_init(&p->tls, p->context, &p->tcp.stream, br_str_of(p->host), &events, p);
    br_tcp_connect(&p->tcp, &a, 1, BR_SEC);
    peer_again(p);
}

void peer_write(peer *p, const char *text)
{
    struct iovec iov = {NULL, strlen(text)};
    memcpy(&iov.iov_base, &text, sizeof(text));
    p->write_code = br_stream_write(&p->tls.stream, &iov, 1);
}

void peer_close(peer *p)
{
    br_stream_close(&p->tls.stream);
    br_stream_close(&p->tls.stream); /* twice is fine */
}

void peer_deinit(peer *p)
{
    peer_close(p);
    br_tls_context_free(p->context);
    br_loop_free(p->loop);
    tls_server_stop(p->server);
    free(p->body);
}

void assert_closed(const peer *p, br_code code, br_stream_op op, const char *error)
{
    if (p->timed_out) fail_msg("the time is over");
    if (p->code != code || p->tls.stream.failed_op != op || strcmp(p->error, error) != 0) {
        fail_msg("%s at %d \"%s\", want %s at %d \"%s\"", br_code_name(p->code), p->tls.stream.failed_op,
            p->error, br_code_name(code), op, error);
    }
    assert_int_equal(p->closed, 1);
}
