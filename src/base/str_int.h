/*
 * base/str_int.h - UTF-8, for the modules of base/ only.
 *
 * What: decodes one code point at a time, strictly.
 * Why here: JSON strings (buf.c) and quoted log values (log.c) must agree on what is valid.
 * Threads: any.
 */
#pragma once
#include "base/str.h"

/*
 * Decodes the code point at p[0..n), n > 0. Returns its length of 1 to 4 bytes; 0, and *ret_rune is
 * untouched, for a cut sequence, an overlong form, a surrogate or a value over U+10FFFF.
 */
size_t br_utf8_decode(const char *p, size_t n, uint32_t *ret_rune);
