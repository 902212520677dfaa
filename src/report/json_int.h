/*
 * report/json_int.h - writes JSON as it goes.
 *
 * What: objects, arrays and values into a buffer, compact or indented; numbers in their shortest form.
 * Why here: reports are written once from front to back, so a tree in memory would only cost; and numbers
 *     appear as k6 writes them ("2", not "2.0").
 * Threads: one writer, one thread.
 * Invariants: calls are balanced and every member of an object follows its key (asserted).
 */
#pragma once
#include "base/buf.h"

#define BR_JSON_DEPTH_MAX 200

typedef struct br_json {
    br_buf *out;
    int indent; /* blanks a level; 0: all on one line */
    int depth;
    bool has_member[BR_JSON_DEPTH_MAX + 1];
    bool after_key;
} br_json;

void br_json_init(br_json *j, br_buf *out, int indent);
void br_json_open(br_json *j, char bracket);  /* '{' or '[' */
void br_json_close(br_json *j, char bracket); /* '}' or ']' */
void br_json_key(br_json *j, br_str key);
void br_json_str(br_json *j, br_str value);
void br_json_f64(br_json *j, double value); /* null if not finite */
void br_json_u64(br_json *j, uint64_t value);
void br_json_bool(br_json *j, bool value);
/* `value` is valid JSON; it is laid out anew if `indent` is set and it is not nested too deeply for that. */
void br_json_raw(br_json *j, br_str value);

/* Key and value in one. Rounded: to that many decimals. */
void br_json_put_str(br_json *j, const char *key, br_str value);
void br_json_put_f64(br_json *j, const char *key, double value);
void br_json_put_u64(br_json *j, const char *key, uint64_t value);
void br_json_put_bool(br_json *j, const char *key, bool value);
double br_json_rounded(double value, int decimals);
