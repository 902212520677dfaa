/* codec/gjson_int.h - what the files of the selector share. */
#pragma once
#include "base/buf.h"
#include "codec/gjson.h"

typedef struct br_gjson { /* one selection with all that it holds */
    br_arena *arena;
    size_t made; /* bytes of texts */
    unsigned depth;
    const char *limit; /* which one was hit; NULL: none */
} br_gjson;

/* A text that becomes part of the result: begin, put, end, which frees the buffer. Puts of more than
 * BR_GJSON_MADE_MAX set g->limit. */
br_buf br_gjson_begin(const br_gjson *g);
void br_gjson_put(br_gjson *g, br_buf *text, br_str s);
br_str br_gjson_end(br_gjson *g, br_buf *text);

/* gjson.c: the value that the path selects; p == NULL: none. */
br_str br_gjson_select(br_gjson *g, br_str json, br_str path);

/* gjson_modify.c */
bool br_gjson_has_modifier(br_str name); /* without '@' */
br_str br_gjson_modify(br_gjson *g, br_str json, br_str name, br_str arg);

/* gjson_path.c: the first component of a path, and what is behind it. */
typedef struct br_gjson_step {
    br_str part; /* without escapes, unless wild */
    br_str rest; /* goes on in the value that `part` finds */
    br_str pipe; /* goes on in the result */
    bool more, piped, wild;
} br_gjson_step;
br_gjson_step br_gjson_key_step(br_gjson *g, br_str path);
br_gjson_step br_gjson_item_step(br_str path);

typedef struct br_gjson_query {
    br_str path, op, value; /* op: "", "=", "!=", "<", "<=", ">", ">=", "%", "!%" */
    bool all;
} br_gjson_query;
/* Of a step whose part begins with "#(". False: it is none. */
bool br_gjson_query_parse(br_gjson *g, br_str part, br_gjson_query *ret);
bool br_gjson_query_matches(br_gjson *g, const br_gjson_query *q, br_str value);

static inline bool br_gjson_is_one(char c, br_str of)
{
    return br_str_find_char(of, c) >= 0;
}
/* `*`: any bytes, `?`: one character, `\`: the next one as it is. */
bool br_gjson_match(br_str text, br_str pattern);
/* "a.#(b|c).d|e" -> "a.#(b|c).d" and "e". False: no pipe outside of brackets. */
bool br_gjson_split_pipe(br_str path, br_str *ret_left, br_str *ret_right);
/* Length of the brackets or the string in quotes that `s` begins with. */
size_t br_gjson_balanced(br_str s);
