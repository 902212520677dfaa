/*
 * codec/json_fault.h - where a text stops being JSON, and why, in the words that k6 has for it.
 *
 * What: the first mistake of a text: how many bytes were read until it, and a sentence.
 * Why here: text to text. Apart from br_json_valid(), which is on the way of requests and says only yes or
 * no. Threads: values. Memory: none. Invariants: a text has no fault exactly if br_json_valid(). No
 * recursion.
 */
#pragma once
#include <stdio.h>
#include "codec/json_text.h"

typedef struct br_json_fault {
    size_t offset; /* bytes read, with the one that is wrong; the text's length if it ends too early */
    char
        text[80]; /* "invalid character '<' looking for beginning of value", "unexpected end of JSON input" */
} br_json_fault;

/* Is there one? Else *ret is untouched. */
bool br_json_fault_find(br_str text, br_json_fault *ret);

/*
 * Line and character of a fault as k6 counts them, which is not as editors do: characters are runes, and the
 * one behind the wrong one is named, or the last of the text if that is none; behind the first line, a line
 * begins with the newline before it. 1 and 0 for the empty text.
 */
void br_json_fault_place(br_str text, const br_json_fault *fault, size_t *ret_line, size_t *ret_character);
