/*
 * api/keys.h - API keys, of which only hashes are known.
 *
 * What: reads `name:sha256` pairs, makes new keys, tells whose key a request has.
 * Why here: a key is 32 random bytes, so a plain SHA-256 is enough to keep it (there is nothing to guess,
 *     unlike with a password), and looking one up costs no query.
 * Threads: constant once read.
 * Memory: owns everything in it.
 */
#pragma once
#include "base/buf.h"
#include "base/err.h"

#define EMP_KEYS_MAX     64
#define EMP_KEY_NAME_MAX 32
#define EMP_KEY_TEXT_MAX 128 /* of what a client presents; longer is no key */
#define EMP_KEY_HASH_HEX 64

typedef struct emp_keys emp_keys;

/* "name:hash,name:hash"; BR_EINVAL with a message that names the entry, never its hash. */
BR_NODISCARD br_code emp_keys_parse(const char *text, emp_keys **ret_keys, br_err *err);
void emp_keys_free(emp_keys *k); /* NULL is fine */

/* Whose key it is, NULL if nobody's. Compares in constant time. */
const char *emp_keys_find(const emp_keys *k, br_str presented);

/* A new key, "emp_" and 43 characters, and the hexadecimal hash to configure. */
void emp_key_make(br_buf *ret_key, char ret_hash[EMP_KEY_HASH_HEX + 1]);
