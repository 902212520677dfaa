/*
 * script/secrets.h - the sources of `k6/secrets`: `--secret-source`.
 *
 * What: sources by name, each with values by key: given in the flag (mock) or in a file; or, for the kind
 *     url, how they are to be asked for. What a script gets is hidden from all logs (base/log.h).
 * Why here: only the module k6/secrets asks; the command line hands the flags over as they are.
 * Threads: made on one; afterwards any may ask.
 * Memory: owns everything; values live as long as it.
 */
#pragma once
#include "base/clock.h"
#include "base/err.h"
#include "base/str.h"

#define BR_SECRET_DEFAULT "default"

typedef struct br_secrets br_secrets;

/*
 * Each line is TYPE=CONFIGURATION in k6's form: mock=key=value,..., file=path or file=filename=path,
 * url=urlTemplate=https://host/{key},... (what else: docs/k6-compat.md); with the items name=NAME and
 * `default` among them. A single source is the default one. BR_EINVAL, BR_EUNSUPPORTED, or an error of the
 * file: the message names the line.
 */
BR_NODISCARD br_code br_secrets_new(const char *const *lines, size_t count, br_secrets **ret, br_err *err);
void br_secrets_free(br_secrets *s); /* NULL is fine */

/*
 * BR_ENOTFOUND: no such source (or s is NULL: none at all), no such key; the message is k6's. BR_AGAIN: it
 * has not been fetched yet.
 */
BR_NODISCARD br_code br_secrets_get(br_secrets *s, br_str source, br_str key, br_str *ret, br_err *err);
