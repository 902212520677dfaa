#include "codec/ws.h"
#include <stdio.h>
#include "base/assert.h"

#define FIN  0x80
#define RSV1 0x40
#define RSV2 0x20
#define RSV3 0x10
#define MASK 0x80

#define KEPT_BYTES ((size_t) 64 << 10) /* a larger buffer is not kept for the next message */

void br_ws_reader_init(
    br_ws_reader *r, const br_ws_events *events, void *ctx, size_t max_message_bytes, bool deflate)
{
    *r = (br_ws_reader){._events = events, ._ctx = ctx, ._deflate = deflate};
    br_buf_init(&r->_message, max_message_bytes);
    br_buf_init(&r->_control, BR_WS_CONTROL_MAX);
}

void br_ws_reader_deinit(br_ws_reader *r)
{
    br_buf_deinit(&r->_message);
    br_buf_deinit(&r->_control);
}

/* Checks ------------------------------------------------------------------------------------------ */

bool br_ws_utf8_valid(br_str s)
{
    uint32_t rune;
    for (size_t i = 0, n; i < s.n; i += n) {
        uint64_t eight = ~(uint64_t) 0;
        if (s.n - i >= sizeof(eight)) {
            memcpy(&eight, s.p + i, sizeof(eight));
        }
        n = sizeof(eight);
        if ((eight & 0x8080808080808080U) == 0) {
            continue;
        }
        n = br_utf8_decode(s.p + i, s.n - i, &rune);
        if (n == 0) {
            return false;
        }
    }
    return true;
}

bool br_ws_close_code_valid(int code)
{
    return (code >= 1000 && code <= 1003) || (code >= 1007 && code <= 1014) || (code >= 3000 && code <= 4999);
}

static br_code refuse(br_ws_reader *r, br_code code, int close_code, const char *why)
{
    r->close_code = close_code;
    snprintf(r->error, sizeof(r->error), "%s", why);
    return code;
}

static br_code too_long(br_ws_reader *r)
{
    char text[sizeof(r->error)];
    snprintf(text, sizeof(text), "message is longer than the limit of %zu bytes", r->_message.max_bytes);
    return refuse(r, BR_ELIMIT, BR_WS_TOO_BIG, text);
}

static bool is_control(uint8_t first)
{
    return (first & 8) != 0;
}

/* What is wrong with the first two bytes of a frame, in the order of k6's library; NULL: nothing. */
static const char *fault(const br_ws_reader *r, uint8_t first, uint8_t second, char *text, size_t size)
{
    int opcode = first & 15;
    bool data = opcode == BR_WS_TEXT || opcode == BR_WS_BINARY;
    if ((first & RSV1) && !(r->_deflate && data)) {
        return "RSV1 set";
    }
    if (first & (RSV2 | RSV3)) {
        return first & RSV2 ? "RSV2 set" : "RSV3 set";
    }
    if (opcode > BR_WS_PONG || (opcode > BR_WS_BINARY && opcode < BR_WS_CLOSE)) {
        snprintf(text, size, "bad opcode %d", opcode);
        return text;
    }
    if (is_control(first) && (second & 127) > BR_WS_CONTROL_MAX) {
        return "len > 125 for control";
    }
    if (is_control(first) && !(first & FIN)) {
        return "FIN not set on control";
    }
    if (data && r->_opcode != 0) {
        return "data before FIN";
    }
    if (opcode == BR_WS_CONTINUATION && r->_opcode == 0) {
        return "continuation after FIN";
    }
    return second & MASK ? "bad MASK" : NULL;
}

/* Heads ------------------------------------------------------------------------------------------- */

static size_t head_bytes(uint8_t second)
{
    int length = second & 127;
    return length == 127 ? 10 : length == 126 ? 4 : 2;
}

static uint64_t length_in(const uint8_t *head)
{
    size_t n = head_bytes(head[1]) - 2;
    uint64_t length = n == 0 ? head[1] & 127 : 0;
    for (size_t i = 0; i < n; i++) {
        length = length << 8 | head[2 + i];
    }
    return length;
}

/* The head is complete. */
static br_code begin_payload(br_ws_reader *r)
{
    uint64_t length = length_in(r->_head);
    r->_first = r->_head[0];
    r->_head_len = 0;
    if (!is_control(r->_first)) {
        if (r->_opcode == 0) {
            r->_opcode = r->_first & 15;
            r->_compressed = (r->_first & RSV1) != 0;
            br_buf_reset(&r->_message);
        }
        if (length > r->_message.max_bytes - r->_message.len) {
            return too_long(r);
        }
    }
    r->_left = length;
    r->_in_payload = true;
    return BR_OK;
}

/* Takes bytes of the head. BR_AGAIN: more needed. */
static br_code read_head(br_ws_reader *r, br_str *bytes)
{
    char text[32];
    while (bytes->n > 0) {
        r->_head[r->_head_len++] = (uint8_t) bytes->p[0];
        *bytes = br_str_sub(*bytes, 1, bytes->n);
        if (r->_head_len == 2) {
            const char *why = fault(r, r->_head[0], r->_head[1], text, sizeof(text));
            if (why != NULL) {
                return refuse(r, BR_EPROTO, BR_WS_PROTOCOL_ERROR, why);
            }
        }
        if (r->_head_len >= 2 && r->_head_len == head_bytes(r->_head[1])) {
            return begin_payload(r);
        }
    }
    return BR_AGAIN;
}

/* Frames ------------------------------------------------------------------------------------------ */

static br_code on_close(br_ws_reader *r, br_str payload)
{
    char text[40];
    if (payload.n < 2) { /* k6's library takes a single byte for none */
        return r->_events->on_close(r->_ctx, BR_WS_NO_STATUS, BR_STR(""));
    }
    int code = (unsigned char) payload.p[0] << 8 | (unsigned char) payload.p[1];
    br_str reason = br_str_sub(payload, 2, payload.n);
    if (!br_ws_close_code_valid(code)) {
        snprintf(text, sizeof(text), "bad close code %d", code);
        return refuse(r, BR_EPROTO, BR_WS_PROTOCOL_ERROR, text);
    }
    if (!br_ws_utf8_valid(reason)) {
        return refuse(r, BR_EPROTO, BR_WS_PROTOCOL_ERROR, "invalid utf8 payload in close frame");
    }
    return r->_events->on_close(r->_ctx, code, reason);
}

static br_code on_control(br_ws_reader *r, br_str payload)
{
    switch (r->_first & 15) {
        case BR_WS_PING: return r->_events->on_ping(r->_ctx, payload);
        case BR_WS_PONG: return r->_events->on_pong(r->_ctx, payload);
        default: return on_close(r, payload);
    }
}

static br_code on_message(br_ws_reader *r, br_str payload)
{
    bool text = r->_opcode == BR_WS_TEXT;
    r->_opcode = 0;
    if (text && !r->_compressed && !br_ws_utf8_valid(payload)) {
        return refuse(r, BR_EPROTO, BR_WS_INVALID_DATA, "invalid UTF-8 in a text message");
    }
    br_code code = r->_events->on_message(r->_ctx, text, r->_compressed, payload);
    if (code != BR_OK) {
        return code;
    }
    br_buf_reset(&r->_message);
    if (r->_message.cap > KEPT_BYTES) {
        br_buf_deinit(&r->_message);
    }
    return BR_OK;
}

/* The frame is complete, with `piece` as the end of its payload. */
static br_code end_frame(br_ws_reader *r, br_str piece)
{
    r->_in_payload = false;
    br_buf *kept = is_control(r->_first) ? &r->_control : &r->_message;
    bool in_one = kept->len == 0 && (r->_first & FIN);
    br_code code = in_one ? BR_OK : br_buf_put(kept, piece);
    BR_ASSERT(code == BR_OK); /* the head was checked */
    br_str whole = in_one ? piece : br_buf_view(kept);
    if (!is_control(r->_first)) {
        return r->_first & FIN ? on_message(r, whole) : BR_OK;
    }
    code = on_control(r, whole);
    if (code == BR_OK) {
        br_buf_reset(&r->_control);
    }
    return code;
}

static br_code read_payload(br_ws_reader *r, br_str *bytes)
{
    size_t n = r->_left < bytes->n ? (size_t) r->_left : bytes->n;
    br_str piece = br_str_sub(*bytes, 0, n);
    *bytes = br_str_sub(*bytes, n, bytes->n);
    r->_left -= n;
    if (r->_left == 0) {
        return end_frame(r, piece);
    }
    br_code code = br_buf_put(is_control(r->_first) ? &r->_control : &r->_message, piece);
    BR_ASSERT(code == BR_OK);
    return BR_AGAIN;
}

br_code br_ws_read(br_ws_reader *r, br_str bytes)
{
    for (;;) {
        br_code code = r->_in_payload ? read_payload(r, &bytes) : read_head(r, &bytes);
        if (code != BR_OK) {
            return code;
        }
        if (bytes.n == 0 && !(r->_in_payload && r->_left == 0)) {
            return BR_AGAIN;
        }
    }
}

/* Writing ----------------------------------------------------------------------------------------- */

static void put_masked(char *to, br_str from, const uint8_t mask[4])
{
    uint64_t eight, twice;
    size_t i = 0;
    memcpy(&twice, mask, 4);
    memcpy((char *) &twice + 4, mask, 4);
    for (; from.n - i >= sizeof(eight); i += sizeof(eight)) {
        memcpy(&eight, from.p + i, sizeof(eight));
        eight ^= twice;
        memcpy(to + i, &eight, sizeof(eight));
    }
    for (; i < from.n; i++) {
        to[i] = (char) (from.p[i] ^ (char) mask[i & 3]);
    }
}

br_code br_ws_put_frame(
    br_buf *out, br_ws_opcode opcode, bool compressed, const uint8_t mask[4], br_str payload)
{
    uint8_t head[14] = {(uint8_t) (FIN | (compressed ? RSV1 : 0) | (int) opcode)};
    size_t n = 2, digits = payload.n < 126 ? 0 : payload.n < 65536 ? 2 : 8;
    head[1] = (uint8_t) (MASK | (digits == 0 ? payload.n : digits == 2 ? 126 : 127));
    for (size_t i = digits; i > 0; i--) {
        head[n++] = (uint8_t) ((uint64_t) payload.n >> (8 * (i - 1)));
    }
    memcpy(head + n, mask, 4);
    n += 4;
    if (br_buf_reserve(out, n + payload.n) != BR_OK) {
        return BR_ELIMIT;
    }
    memcpy(out->data + out->len, head, n);
    put_masked(out->data + out->len + n, payload, mask);
    out->len += n + payload.n;
    out->data[out->len] = 0;
    return BR_OK;
}

br_str br_ws_close_payload(int code, br_str reason, char *out)
{
    if (code == BR_WS_NO_STATUS) {
        return BR_STR("");
    }
    size_t n = reason.n < BR_WS_REASON_MAX ? reason.n : BR_WS_REASON_MAX;
    out[0] = (char) (code >> 8);
    out[1] = (char) code;
    if (n > 0) {
        memcpy(out + 2, reason.p, n);
    }
    return (br_str){out, n + 2};
}
