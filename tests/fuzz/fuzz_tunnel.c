/*
 * What proxies answer. The first byte chooses HTTP or SOCKS5 and a password, the second how the rest is cut
 * into pieces. Besides not crashing: the tunnel opens or fails once, and not both.
 */
#include "base/assert.h"
#include "net/tunnel.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

typedef struct owner {
    int opened, closed;
} owner;

static br_code lower_write(br_stream *s, const struct iovec *iov, int count)
{
    (void) s, (void) iov, (void) count;
    return BR_OK;
}

static void lower_close(br_stream *s)
{
    (void) s;
}

static void on_open(void *ctx)
{
    ((owner *) ctx)->opened++;
}

static void on_data(void *ctx, br_str bytes)
{
    BR_ASSERT(((owner *) ctx)->opened == 1 && bytes.n > 0);
}

static void on_sent(void *ctx)
{
    (void) ctx;
}

static void on_closed(void *ctx, br_code code)
{
    BR_ASSERT(code != BR_OK);
    ((owner *) ctx)->closed++;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const br_stream_ops ops = {.write = lower_write, .close = lower_close};
    static const br_stream_events events = {
        .on_open = on_open, .on_data = on_data, .on_sent = on_sent, .on_closed = on_closed};
    if (size < 2) return 0;
    br_proxy proxy = {.kind = data[0] & 1 ? BR_PROXY_SOCKS5 : BR_PROXY_HTTP};
    if (data[0] & 2) proxy.user = proxy.password = BR_STR("secret");
    size_t piece = data[1] ? data[1] : size;
    owner o = {0};
    br_stream lower = {.ops = &ops};
    br_tunnel t;
    br_tunnel_init(&t, &lower, &proxy, BR_STR("host.test"), 443, &events, &o);
    br_tunnel_lower_events.on_open(&t);
    for (size_t at = 2; at < size && o.closed == 0; at += piece) {
        size_t n = size - at < piece ? size - at : piece;
        lower.received_bytes += n;
        br_tunnel_lower_events.on_data(&t, (br_str){(const char *) data + at, n});
    }
    if (o.closed == 0) br_tunnel_lower_events.on_closed(&t, BR_EOF);
    BR_ASSERT(o.opened <= 1 && o.closed == 1);
    br_stream_close(&t.stream);
    return 0;
}
