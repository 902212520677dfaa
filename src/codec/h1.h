/*
 * codec/h1.h - HTTP/1 answers, parsed as their bytes arrive.
 *
 * What: a thin layer over llhttp for the client's side: bytes in, head fields, body pieces and the end out.
 * Why here: no I/O, so that it can be fuzzed and replayed; nobody else sees llhttp.
 * Threads: one parser, one thread.
 * Memory: one small allocation for the life of a connection. The raw head is appended to the caller's buffer;
 *     fields are offsets into it, so a head is copied once and no field by itself. Body pieces are borrowed.
 *     Heads that parsers of a thread have met may be kept in a br_h1_memo, which is bounded: a server's
 * answers have the same head for as long as its date is the same, and bytes that are known need no parsing.
 * Invariants: informational answers (100, 103, ...) are reported by on_head and then forgotten; after BR_OK
 * or an error nothing may be fed before the next br_h1_start(). Trailer fields follow the head in its buffer.
 * Leniencies, all of them Go's: lines may end in a bare LF, blanks may follow a chunk's size, and with both
 *     Transfer-Encoding and Content-Length the former counts.
 */
#pragma once
#include "base/buf.h"
#include "base/err.h"
#include "base/vec.h"

#define BR_H1_FIELDS_MAX 1000

typedef struct br_h1 br_h1;
typedef struct br_h1_memo br_h1_memo;

/* A field as offsets into the head buffer; valid once on_head was called. The value may end in blanks. */
typedef struct br_h1_field {
    uint32_t name_at, name_len, value_at, value_len;
} br_h1_field;
typedef BR_VEC(br_h1_field) br_h1_fields;

typedef struct br_h1_head {
    int status;
    int http_minor;                 /* HTTP/1.<minor>, 0 or 1 */
    uint32_t reason_at, reason_len; /* in the head buffer */
    bool has_length;
    uint64_t length; /* Content-Length; 0 if there is none */
} br_h1_head;

/* A callback that returns anything but BR_OK ends the parsing; br_h1_feed() returns that code. */
typedef struct br_h1_events {
    br_code (*on_head)(void *ctx, const br_h1_head *head); /* also for 1xx, whose fields are forgotten then */
    br_code (*on_body)(void *ctx, br_str bytes);           /* at least one byte */
    br_code (*on_trailer)(void *ctx, const br_h1_field *field); /* NULL: they are read and dropped */
} br_h1_events;

br_h1_memo *br_h1_memo_new(void); /* of one thread */
void br_h1_memo_free(br_h1_memo *m);
uint64_t br_h1_memo_recalled(const br_h1_memo *m); /* answers whose head was known */

/* `memo` outlives the parser; NULL: every head is parsed. */
br_h1 *br_h1_new(const br_h1_events *events, br_h1_memo *memo, void *ctx);
void br_h1_free(br_h1 *p); /* NULL is fine */

/*
 * Begins a new answer. `head` and `fields` are borrowed until the answer ends and must be empty; max_bytes of
 * `head` also limits all head bytes of the exchange. `to_head` says that the request was HEAD: no body
 * whatever the fields say.
 */
void br_h1_start(br_h1 *p, br_buf *head, br_h1_fields *fields, bool to_head);
/* After br_h1_start(): the request asks for another protocol. An answer 101 is complete with its head then,
 * and what follows it is not the parser's. */
void br_h1_expect_upgrade(br_h1 *p);

/*
 * Parses bytes. BR_AGAIN: all used, more needed. BR_OK: the answer is complete; *ret_used bytes belong to it.
 * BR_EPROTO: malformed, br_h1_error() says why. BR_ELIMIT: head too long, or more than BR_H1_FIELDS_MAX
 * fields. Or a callback's code.
 */
BR_NODISCARD br_code br_h1_feed(br_h1 *p, br_str bytes, size_t *ret_used);

/* The connection ended. BR_OK: that was the end of the body. BR_EOF: cut off. */
BR_NODISCARD br_code br_h1_finish(br_h1 *p);

bool br_h1_has_head(const br_h1 *p);     /* the final head is complete */
bool br_h1_keep_alive(const br_h1 *p);   /* after BR_OK: the connection may be used again */
const char *br_h1_error(const br_h1 *p); /* after BR_EPROTO: Go's words, e.g. `malformed HTTP response "x"` */
