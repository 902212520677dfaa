/*
 * codec/gjson.h - selectors of Response.json(): GJSON's path syntax on the text of a document.
 *
 * What: dots, wildcards, escapes, `#`, queries, pipes, modifiers, literals, multipaths.
 * Why here: text to text; k6 takes the syntax of gjson 1.19.
 * Threads: values.
 * Memory: the result is a slice of the document, or made in the arena.
 * Invariants: the stack does not grow with the document; with the path only up to BR_GJSON_DEPTH_MAX
 * selections within selections. `document` should be valid (br_json_valid()); of one that is not, nothing
 * outside is read. Source of the syntax: https://github.com/tidwall/gjson/blob/master/SYNTAX.md
 */
#pragma once
#include "base/err.h"
#include "codec/json_text.h"

#define BR_GJSON_PATH_MAX  ((size_t) 64 << 10) /* bytes */
#define BR_GJSON_DEPTH_MAX 16
#define BR_GJSON_MADE_MAX  ((size_t) 256 << 20) /* bytes of text that one selection makes */

/*
 * *ret_value: the text of the value that `path` selects; p == NULL if there is none.
 * BR_ELIMIT: one of the limits above, err says which.
 */
BR_NODISCARD br_code br_gjson_get(
    br_str document, br_str path, br_arena *arena, br_str *ret_value, br_err *err);
