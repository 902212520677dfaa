/*
 * api/target.h - request targets: path, query, percent-encoding.
 *
 * What: splits a target as it came over the wire and decodes its parts, strictly.
 * Why here: the HTTP library's own decoding lets wrong escapes through; every part of a target that we
 *     cannot read is the client's error and is said so.
 * Threads: any.
 * Source: RFC 9112 §3.2 (origin-form, absolute-form), RFC 3986 §2.1; `+` for a blank in queries as in the
 *     WHATWG URL standard's form encoding.
 */
#pragma once
#include "base/err.h"
#include "base/str.h"

/*
 * Path (with its leading slash) and query (without `?`; p == NULL when there is none) of a target, both still
 * encoded and borrowed from it. BR_EINVAL: neither "/..." nor "http://host/...", or bytes that no target may
 * have.
 */
BR_NODISCARD br_code emp_target_split(br_str target, br_str *ret_path, br_str *ret_query, br_err *err);

typedef enum emp_escapes { EMP_ESCAPES_PATH, EMP_ESCAPES_QUERY /* also + for a blank */ } emp_escapes;

/*
 * Decodes `s` into out[0..size) with a NUL behind it and gives the length without it. BR_ESYNTAX: `%` without
 * two hexadecimal digits; BR_EINVAL: a control character, or a slash that a path hides as %2F; BR_ELIMIT: too
 * long.
 */
BR_NODISCARD br_code emp_percent_decode(br_str s, emp_escapes kind, char *out, size_t size, size_t *ret_len);
