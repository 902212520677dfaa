/*
 * Frames from a server. The first byte says how the rest is cut into pieces and whether compression was
 * agreed on. Besides not crashing: limits hold, a failure has its reason and its close code, texts are UTF-8,
 * and what is read whole is read the same in pieces. Compressed messages are unpacked as well.
 */
#include "base/assert.h"
#include "base/mem.h"
#include "codec/ws.h"
#include "http/ws_deflate.h"

#define MESSAGE_MAX 20000

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

typedef struct result {
    br_buf log;
    br_code code;
    bool unpack;
    char error[80];
} result;

static void note(result *r, char kind, br_str payload)
{
    (void) br_buf_printf(&r->log, "%c%zu:", kind, payload.n);
    (void) br_buf_put(&r->log, payload);
}

static br_code on_message(void *ctx, bool text, bool compressed, br_str payload)
{
    result *r = ctx;
    BR_ASSERT(payload.n <= MESSAGE_MAX && (compressed || !text || br_ws_utf8_valid(payload)));
    note(r, text ? 't' : 'b', payload);
    if (compressed && r->unpack) {
        br_buf out;
        br_buf_init(&out, MESSAGE_MAX * 4);
        br_code code = br_ws_inflate(payload, &out);
        BR_ASSERT(code == BR_OK || code == BR_ESYNTAX || code == BR_ELIMIT);
        BR_ASSERT(out.len <= out.max_bytes);
        br_buf_deinit(&out);
    }
    return BR_OK;
}

static br_code on_ping(void *ctx, br_str payload)
{
    BR_ASSERT(payload.n <= BR_WS_CONTROL_MAX);
    note(ctx, 'i', payload);
    return BR_OK;
}

static br_code on_pong(void *ctx, br_str payload)
{
    BR_ASSERT(payload.n <= BR_WS_CONTROL_MAX);
    note(ctx, 'o', payload);
    return BR_OK;
}

static br_code on_close(void *ctx, int code, br_str reason)
{
    BR_ASSERT(code == BR_WS_NO_STATUS || br_ws_close_code_valid(code));
    BR_ASSERT(reason.n <= BR_WS_REASON_MAX && br_ws_utf8_valid(reason));
    note(ctx, 'c', reason);
    return BR_ECANCEL;
}

static const br_ws_events events = {
    .on_message = on_message, .on_ping = on_ping, .on_pong = on_pong, .on_close = on_close};

static void read_all(result *r, br_str bytes, size_t piece, bool deflate)
{
    br_ws_reader reader;
    br_buf_init(&r->log, BR_BUF_NO_LIMIT);
    br_ws_reader_init(&reader, &events, r, MESSAGE_MAX, deflate);
    r->code = BR_AGAIN;
    for (size_t i = 0; i < bytes.n && r->code == BR_AGAIN; i += piece) {
        br_str part = br_str_sub(bytes, i, i + piece);
        char *copy = br_malloc(part.n); /* so that reads past a piece are seen */
        memcpy(copy, part.p, part.n);
        r->code = br_ws_read(&reader, (br_str){copy, part.n});
        br_free(copy);
    }
    bool failed = r->code == BR_EPROTO || r->code == BR_ELIMIT;
    BR_ASSERT(failed || r->code == BR_AGAIN || r->code == BR_ECANCEL);
    BR_ASSERT(failed == (reader.error[0] != 0) && failed == (reader.close_code != 0));
    memcpy(r->error, reader.error, sizeof(r->error));
    br_ws_reader_deinit(&reader);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 2) return 0;
    br_str bytes = {(const char *) data + 1, size - 1};
    bool deflate = (data[0] & 0x80) != 0;
    result whole = {.unpack = true}, pieces = {.unpack = false};
    read_all(&whole, bytes, bytes.n, deflate);
    read_all(&pieces, bytes, (data[0] & 0x7fu) + 1u, deflate);
    BR_ASSERT(whole.code == pieces.code && strcmp(whole.error, pieces.error) == 0);
    BR_ASSERT(br_str_eq(br_buf_view(&whole.log), br_buf_view(&pieces.log)));
    br_buf_deinit(&whole.log);
    br_buf_deinit(&pieces.log);
    return 0;
}
