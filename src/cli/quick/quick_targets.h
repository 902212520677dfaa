/*
 * cli/quick/quick_targets.h - the lines of a file of targets.
 *
 * What: splits the text into targets, header lines and bodies; checks nothing else.
 * Why here: pure text, so that it can be fuzzed; quick_request.h makes requests of it.
 * Threads: any.
 * Memory: slices of the text.
 *
 *     # a comment; empty lines are passed over, too
 *     http://localhost:3000/products            a target: URL, or METHOD URL
 *     POST http://localhost:3000/orders
 *     Content-Type: application/json            a header of the target above: a blank follows the colon
 *     @order.json                               its body: a file beside this one
 */
#pragma once
#include "base/str.h"

typedef enum br_target_line_kind { BR_TARGET_URL, BR_TARGET_HEADER, BR_TARGET_BODY } br_target_line_kind;

typedef struct br_target_line {
    br_target_line_kind kind;
    size_t number; /* from 1 */
    br_str method; /* BR_TARGET_URL; p == NULL: none given */
    br_str text;   /* URL, "Name: value", or path */
} br_target_line;

/* Takes the next line that says something off *rest; *number counts lines (0 at first). false: the end. */
bool br_target_line_next(br_str *rest, size_t *number, br_target_line *ret);
