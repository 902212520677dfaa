/*
 * codec/json_text.h - JSON as text: checking it and walking over it without building values.
 *
 * What: validation, skipping a value, walking over members and items, texts of strings.
 * Why here: a selector reads one field of a body of kilobytes; building all its values costs more than the
 * request. Threads: values. Memory: slices point into the text that was given. Invariants: nothing outside
 * the text is read, valid or not. What is found in a text that is not valid is unspecified. No recursion: the
 * depth of a document costs no stack. Source: RFC 8259.
 */
#pragma once
#include "base/arena.h"
#include "base/str.h"

#define BR_JSON_DEPTH_MAX 10000

/* One value with nothing but space around it, nested at most BR_JSON_DEPTH_MAX deep. */
bool br_json_valid(br_str text);

/* The value that `text` begins with, after space; p == NULL if there is none. */
br_str br_json_first(br_str text);

typedef enum br_json_kind {
    BR_JSON_NONE, /* p == NULL */
    BR_JSON_NULL,
    BR_JSON_FALSE,
    BR_JSON_TRUE,
    BR_JSON_NUMBER,
    BR_JSON_STRING,
    BR_JSON_ARRAY,
    BR_JSON_OBJECT
} br_json_kind;
br_json_kind br_json_kind_of(br_str value); /* of a value without space around it */

/* Members of an object or items of an array, in order. */
typedef struct br_json_iter {
    const char *at, *end;
    br_str key;   /* of a member, with its quotes; p == NULL in arrays */
    br_str value; /* without space around it */
    bool object;
} br_json_iter;
/* `text` begins with '[' or '{', and may go on behind the value's end. */
br_json_iter br_json_iterate(br_str text);
bool br_json_next(br_json_iter *it);
/* The same in two steps: first the key and where the value begins, then what follows it is found by skipping.
 */
bool br_json_next_head(br_json_iter *it); /* sets key, and value to what is left of the text */
void br_json_skip(br_json_iter *it);      /* cuts value to its length and goes behind it */

/* The text of a string in quotes: a slice of it if there is no escape, else made in the arena. Lone
 * surrogates are U+FFFD. */
br_str br_json_string(br_str quoted, br_arena *arena);
/* Does it hold an escape? */
static inline bool br_json_has_escape(br_str quoted)
{
    return memchr(quoted.p, '\\', quoted.n) != NULL;
}
