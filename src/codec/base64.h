/*
 * codec/base64.h - base64 of RFC 4648.
 *
 * What: bytes to text and back, with the letters of URLs or without, padded or not: Go's four variants.
 * Why here: credentials, handshakes and scripts all need it.
 * Threads: values.
 */
#pragma once
#include "base/arena.h"
#include "base/buf.h"

/* Appends; `out` has room or no limit. */
void br_base64_put(br_str bytes, bool url, bool padded, br_buf *out);
/* `prefix` and behind it the text of the usual variant, in the arena and with a NUL behind its end. */
br_str br_base64_text(br_arena *arena, const char *prefix, br_str bytes);

/*
 * Appends the bytes of `text`; line ends are skipped, as Go does. False: a letter that is none, wrong padding
 * or length; what came before it may have been appended, and *ret_fault (may be NULL) is the byte that Go's
 * message names.
 */
bool br_base64_decode(br_str text, bool url, bool padded, br_buf *out, size_t *ret_fault);
