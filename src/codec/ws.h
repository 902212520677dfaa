/*
 * codec/ws.h - frames of WebSocket connections (RFC 6455), for the client's side.
 *
 * What: bytes from the server to messages and control frames, as they arrive; and frames for the server.
 * Why here: no I/O, so that it can be fuzzed and replayed. Handshake and closing are http/websocket.h's.
 * Threads: one reader, one thread.
 * Memory: a message that arrives in one piece is handed on where it lies; others are gathered in a buffer
 * that grows with what has really come, up to the limit, and that goes when it has become large. Invariants:
 * after anything but BR_AGAIN nothing may be read any more. A callback that returns BR_ECANCEL instead of
 * BR_OK ends the reading: br_ws_read() returns that code and does not touch the reader, which the callback
 * may have freed. Leniency: lengths may be written longer than they have to be, as in k6's library.
 */
#pragma once
#include "base/buf.h"
#include "base/err.h"

typedef enum br_ws_opcode {
    BR_WS_CONTINUATION = 0,
    BR_WS_TEXT = 1,
    BR_WS_BINARY = 2,
    BR_WS_CLOSE = 8,
    BR_WS_PING = 9,
    BR_WS_PONG = 10
} br_ws_opcode;

/* Codes of RFC 6455 section 7.4 that we use. The two last never travel. */
enum {
    BR_WS_NORMAL = 1000,
    BR_WS_GOING_AWAY = 1001,
    BR_WS_PROTOCOL_ERROR = 1002,
    BR_WS_INVALID_DATA = 1007,
    BR_WS_TOO_BIG = 1009,
    BR_WS_NO_STATUS = 1005,
    BR_WS_ABNORMAL = 1006
};

#define BR_WS_CONTROL_MAX 125 /* bytes of a control frame's payload */
#define BR_WS_REASON_MAX  123 /* bytes of a reason: the code takes two */

typedef struct br_ws_events {
    /* A whole message. `compressed`: its payload is deflated (RFC 7692); a text that is not is valid UTF-8.
     */
    br_code (*on_message)(void *ctx, bool text, bool compressed, br_str payload);
    br_code (*on_ping)(void *ctx, br_str payload);
    br_code (*on_pong)(void *ctx, br_str payload);
    br_code (*on_close)(void *ctx, int code, br_str reason); /* BR_WS_NO_STATUS: it had no code */
} br_ws_events;

typedef struct br_ws_reader {
    const br_ws_events *_events;
    void *_ctx;
    bool _deflate;
    uint8_t _head[10], _head_len; /* of the frame being read */
    bool _in_payload;
    uint8_t _first;   /* first byte of its head */
    uint64_t _left;   /* of its payload */
    uint8_t _opcode;  /* of the message being read; 0: none */
    bool _compressed; /* that message */
    br_buf _message;  /* its payload so far */
    br_buf _control;  /* payload so far of a control frame, which may come in between */
    int close_code;   /* after BR_EPROTO and BR_ELIMIT: to be sent to the server */
    char error[80];   /* and why, in the words of k6's library: "bad opcode 3" */
} br_ws_reader;

/* `deflate`: compressed messages were agreed on. `max_message_bytes` counts what is received. */
void br_ws_reader_init(
    br_ws_reader *r, const br_ws_events *events, void *ctx, size_t max_message_bytes, bool deflate);
void br_ws_reader_deinit(br_ws_reader *r);
/*
 * Reads bytes. BR_AGAIN: all used. BR_EPROTO: the server breaks the protocol; BR_ELIMIT: message too long;
 * r->error and r->close_code tell more. Or a callback's code.
 */
BR_NODISCARD br_code br_ws_read(br_ws_reader *r, br_str bytes);

/*
 * Appends a whole frame, masked with `mask` (RFC 6455 section 5.3: four unpredictable bytes). BR_ELIMIT of
 * `out`.
 */
BR_NODISCARD br_code br_ws_put_frame(
    br_buf *out, br_ws_opcode opcode, bool compressed, const uint8_t mask[4], br_str payload);
/* Payload of a close frame into out[BR_WS_CONTROL_MAX]: empty for BR_WS_NO_STATUS. `reason` is cut at
 * BR_WS_REASON_MAX bytes. */
br_str br_ws_close_payload(int code, br_str reason, char *out);

bool br_ws_close_code_valid(int code); /* may a server send it? */
bool br_ws_utf8_valid(br_str s);
