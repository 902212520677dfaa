/*
 * codec/csv.h - records of comma-separated values.
 *
 * What: RFC 4180 by the rules and with the errors of Go's encoding/csv, which k6 uses: quotes only around
 * whole fields, "" in them for one, empty lines are skipped, all records have as many fields as the first.
 * Why here: text to slices, no I/O.
 * Threads: values.
 * Memory: fields are slices of the text, or made in the arena if they held quotes or lines.
 * Invariants: every call goes on behind the record that it gave or refused, so a loop ends.
 */
#pragma once
#include "base/arena.h"
#include "base/err.h"
#include "base/str.h"

typedef struct br_csv {
    br_str text;
    br_str delimiter; /* one character of UTF-8 */
    size_t at;        /* byte where the next line begins */
    size_t line;      /* number of lines before it */
    size_t columns;   /* of the first record; 0: not known yet */
} br_csv;

/* BR_EINVAL: the delimiter is not one character, or a quote or an end of line. */
BR_NODISCARD br_code br_csv_init(br_csv *c, br_str text, br_str delimiter, br_err *err);
/*
 * The next record: BR_OK; BR_EOF: there is none; BR_ESYNTAX: it breaks the rules, in Go's words with line and
 * column. *ret_fields: an array in the arena.
 */
BR_NODISCARD br_code br_csv_next(
    br_csv *c, br_arena *arena, br_str **ret_fields, size_t *ret_count, br_err *err);
