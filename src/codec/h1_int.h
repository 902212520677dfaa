/*
 * codec/h1_int.h - what the parser and its memory of heads share. Private to codec/.
 */
#pragma once
#include <llhttp.h>
#include "codec/h1.h"

/*
 * Offsets: the head buffer receives the bytes of the stream from the first span that llhttp reports (the
 * reason, or the first field's name) to the end of the last field, so an offset is the buffer's length plus
 * the distance from `chunk`, the first byte of the fed piece that is not in the buffer yet.
 */
struct br_h1 {
    llhttp_t machine; /* of the answer before while `fresh` */
    const br_h1_events *events;
    br_h1_memo *memo;
    void *ctx;
    br_buf *head;
    br_h1_fields *fields;
    const char *chunk; /* NULL: nothing of this head seen in this piece */
    const char *end;   /* behind the last span of this piece */
    size_t head_bytes; /* bytes of pieces that ended inside a head */
    br_h1_field field; /* that is being read */
    uint32_t reason_at, reason_len;
    bool fresh; /* nothing was fed yet */
    bool started, in_name, in_value, folded;
    bool to_head, upgrade, has_head, complete, keep_alive;
    br_h1_head final; /* if has_head */
    br_code code;     /* of a callback */
    char error[200];
};

/*
 * If `bytes`, the first of an answer, begin with a head that is known, puts the parser behind it, as if it
 * had been fed, and tells its length; else *ret_head_bytes is 0. BR_OK, or the code of on_head.
 */
BR_NODISCARD br_code br_h1_memo_recall(br_h1 *p, br_str bytes, size_t *ret_head_bytes);
/* The length of the head that `bytes` begin with, if it may be worth to be learnt; else 0. */
size_t br_h1_memo_measure(const br_h1 *p, br_str bytes);
/* The parser has been fed `head`, and nothing else. */
void br_h1_memo_learn(const br_h1 *p, br_str head);
