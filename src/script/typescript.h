/*
 * script/typescript.h - TypeScript to JavaScript, without checking types.
 *
 * What: a runtime of its own with the bundled sucrase (web/src/modules/typescript.mjs), which removes types
 * and turns enums, namespaces and parameter properties into code. Lines stay where they are. Threads: one at
 * a time. Memory: some tens of megabytes while it lives; the first br_typescript_strip() reads the bundle.
 */
#pragma once
#include "base/buf.h"
#include "base/err.h"
#include "base/str.h"

typedef struct br_typescript br_typescript;

br_typescript *br_typescript_new(void);
void br_typescript_free(br_typescript *t); /* NULL is fine */

/*
 * Appends the JavaScript of `source`. BR_ESYNTAX: "Line 3:14 Unexpected ..." (columns count from 0, as k6
 * prints them for TypeScript); BR_ELIMIT: it takes too much memory; BR_EINVAL: it cannot be translated.
 */
BR_NODISCARD br_code br_typescript_strip(br_typescript *t, br_str source, br_buf *ret, br_err *err);
