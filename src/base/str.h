/*
 * base/str.h - string slices.
 *
 * What: pointer and length by value; borrowed, may hold NULs, not NUL-terminated.
 * Why here: no strlen in loops, no copies to cut a field out, bounds always known.
 * Threads: values.
 */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include "base/compiler.h"

typedef struct br_str {
    const char *p;
    size_t n;
} br_str;

#define BR_STR(literal) ((br_str){"" literal, sizeof(literal) - 1})
#define BR_STR_INIT(literal)                                                                                 \
    {                                                                                                        \
        "" literal, sizeof(literal) - 1                                                                      \
    }
#define BR_STR_NONE ((br_str){NULL, 0})
/* For printf: BR_FMT in the format, BR_ARG(s) among the arguments. */
#define BR_FMT    "%.*s"
#define BR_ARG(s) (int) (s).n, (s).p

static inline br_str br_str_of(const char *cstr) /* NULL gives the empty slice */
{
    return (br_str){cstr, cstr ? strlen(cstr) : 0};
}

static inline bool br_str_eq(br_str a, br_str b)
{
    return a.n == b.n && (a.n == 0 || memcmp(a.p, b.p, a.n) == 0);
}

static inline bool br_str_is(br_str a, const char *cstr)
{
    return br_str_eq(a, br_str_of(cstr));
}

bool br_str_eq_nocase(br_str a, br_str b); /* ASCII letters only */
int br_str_cmp(br_str a, br_str b);        /* byte order, shorter first on a tie */
bool br_str_starts(br_str s, br_str prefix);
bool br_str_ends(br_str s, br_str suffix);
br_str br_str_trim(br_str s);                        /* without leading and trailing blanks, tabs, CR, LF */
br_str br_str_sub(br_str s, size_t from, size_t to); /* [from, to), clamped to s */

/* Index of the first `c` or `needle`, or -1. */
ptrdiff_t br_str_find_char(br_str s, char c);
ptrdiff_t br_str_find(br_str s, br_str needle);

/*
 * Takes the part of *rest before the first `sep` into *ret_field and moves *rest behind it.
 * Returns false, and touches nothing, when *rest is used up (p == NULL). "a,,b" gives a, "", b.
 */
bool br_str_cut(br_str *rest, char sep, br_str *ret_field);

/* FNV-1a with a final mix; for tables that hold our own strings. */
uint64_t br_str_hash(br_str s);

/*
 * Decodes the code point at p[0..n), n > 0, strictly: JSON strings, logs and codecs agree on what is valid.
 * Returns its length of 1 to 4 bytes; 0, and *ret_rune is untouched, for a cut sequence, an overlong form, a
 * surrogate or a value over U+10FFFF.
 */
size_t br_utf8_decode(const char *p, size_t n, uint32_t *ret_rune);
