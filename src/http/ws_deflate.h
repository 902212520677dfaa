/*
 * http/ws_deflate.h - messages of permessage-deflate (RFC 7692) without context takeover.
 *
 * What: a whole message to its compressed payload and back.
 * Why here: the compression libraries' home; content codings, in http/coding.h, are another format.
 * Threads: values.
 * Memory: the library's state lives during a call (inflate 40 KB, deflate 32 KB), so that an open connection
 * costs nothing for it.
 */
#pragma once
#include "base/buf.h"
#include "base/err.h"

/* A message that unpacks to more than a mebibyte and more than so many times its size is refused. */
#define BR_WS_RATIO_MAX  1000
#define BR_WS_FREE_BYTES ((size_t) 1 << 20)

/* Appends the payload for `bytes`, at most 1 GiB; `out` has no limit. */
void br_ws_deflate(br_str bytes, br_buf *out);
/* Appends what `bytes` stand for. BR_ESYNTAX: no deflate; BR_ELIMIT: over out's limit or the ratio. */
BR_NODISCARD br_code br_ws_inflate(br_str bytes, br_buf *out);
