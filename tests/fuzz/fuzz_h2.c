/*
 * What an HTTP/2 server sends, while three exchanges run. The first byte says how the rest is cut into pieces
 * and whether writes block. Besides not crashing: each exchange ends exactly once, with an answer or with a
 * reason, and limits hold.
 */
#include "base/assert.h"
#include "base/mem.h"
#include "http/h2_int.h"

#define HEAD_MAX  4096
#define BODY_MAX  65536
#define EXCHANGES 3

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A stream that goes nowhere. */
typedef struct fake {
    br_stream stream;
    bool blocks, pending, closed;
} fake;

typedef struct call {
    br_http_request request;
    br_http_response response;
    br_http_exchange exchange;
    int done;
} call;

static br_code fake_write(br_stream *s, const struct iovec *iov, int count)
{
    fake *f = (fake *) (void *) s;
    BR_ASSERT(!f->pending && !f->closed);
    for (int i = 0; i < count; i++)
        s->sent_bytes += iov[i].iov_len;
    f->pending = f->blocks;
    return f->blocks ? BR_AGAIN : BR_OK;
}

static void fake_close(br_stream *s)
{
    ((fake *) (void *) s)->closed = true;
}

static const br_stream_ops fake_ops = {.write = fake_write, .close = fake_close};
static const br_stream_events no_events = {0};

static void on_done(br_http_exchange *x, void *ctx)
{
    call *c = ctx;
    const br_http_response *r = &c->response;
    BR_ASSERT(x == &c->exchange && c->done++ == 0);
    BR_ASSERT(r->head.len <= HEAD_MAX && r->body.len <= BODY_MAX && r->fields.len <= BR_HTTP_FIELDS_MAX);
    BR_ASSERT(r->error.code != BR_OK ? r->error.text[0] != 0 && r->error.raw[0] != 0 : r->status >= 200);
    for (size_t i = 0; i < r->fields.len; i++) {
        BR_ASSERT(br_http_field_name(r, i).n > 0);
        (void) br_http_field_value(r, i);
    }
}

static br_http_conn *connect_fake(br_http_client *client, fake *f)
{
    br_http_conn *conn = br_calloc(1, sizeof(*conn) + 1);
    conn->client = client;
    conn->port = 1;
    conn->host_len = 1;
    conn->host[0] = 'h';
    br_buf_init(&conn->held, BR_BUF_NO_LIMIT);
    br_tcp_init(&conn->tcp, client->loop, &no_events, conn);
    f->stream = (br_stream){.ops = &fake_ops, .events = &no_events, .owner = conn};
    conn->stream = &f->stream;
    br_h2_open(conn);
    return conn;
}

/* A GET is in the pool's hands as soon as the connection is; the host "h" resolves to nothing. */
static void start(br_http_client *client, call *c, const char *method, br_str body)
{
    static const char url[] = "http://127.0.0.1:1/";
    br_http_response_init(&c->response);
    c->request.method = br_str_of(method);
    c->request.body = body;
    BR_ASSERT(br_url_parse(br_str_of(url), &c->request.url, NULL) == BR_OK);
    c->request.url.host = BR_STR("h"); /* the fake's; a literal address, should it be dialled */
    br_http_start(client, &c->exchange, &c->request, &c->response, on_done, c);
    c->request.url.host = BR_STR("127.0.0.1");
}

static void run(br_http_client *client, fake *f)
{
    br_loop_run(client->loop);
    if (f->pending && !f->closed) {
        f->pending = false;
        f->stream.events->on_sent(f->stream.owner);
        br_loop_run(client->loop);
    }
}

static void feed(br_http_client *client, fake *f, br_str bytes, size_t piece)
{
    while (bytes.n > 0 && !f->closed) {
        size_t n = piece < bytes.n ? piece : bytes.n;
        char *copy = br_malloc(n); /* so that reads past a piece are seen */
        memcpy(copy, bytes.p, n);
        f->stream.received_bytes += n;
        f->stream.events->on_data(f->stream.owner, (br_str){copy, n});
        br_free(copy);
        bytes = br_str_sub(bytes, n, bytes.n);
        run(client, f);
    }
}

static void play(br_http_client *client, const uint8_t *data, size_t size)
{
    static char body[100000];
    call calls[EXCHANGES] = {0};
    fake f = {.blocks = (data[0] & 0x80) != 0};
    br_http_pool_place(connect_fake(client, &f));
    start(client, &calls[0], "GET", BR_STR(""));
    start(client, &calls[1], "POST", (br_str){body, sizeof(body)});
    start(client, &calls[2], "HEAD", BR_STR(""));
    run(client, &f);
    feed(client, &f, (br_str){(const char *) data + 1, size - 1},
        (data[0] & 0x7f) == 0 ? size : data[0] & 0x7f);
    if (!f.closed) {
        f.stream.failed_op = BR_STREAM_READ;
        f.stream.events->on_closed(f.stream.owner, BR_EOF);
    }
    br_loop_run(client->loop);
    for (int i = 0; i < EXCHANGES; i++) {
        BR_ASSERT(calls[i].done == 1);
        br_http_response_deinit(&calls[i].response);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0) return 0;
    br_loop *loop = br_loop_new_simulated(BR_SEC);
    br_dns *dns = NULL;
    BR_ASSERT(br_dns_new(loop, BR_SEC, &dns, NULL) == BR_OK);
    br_http_client_config config;
    br_http_client_config_defaults(&config);
    config.h2c = true;
    config.max_head_bytes = HEAD_MAX;
    config.max_body_bytes = BODY_MAX;
    br_http_client *client = br_http_client_new(loop, dns, &config);
    play(client, data, size);
    br_http_client_free(client);
    br_dns_free(dns);
    br_loop_free(loop);
    return 0;
}
