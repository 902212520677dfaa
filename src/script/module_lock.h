/*
 * script/module_lock.h - the hashes of modules from the network, in a file beside the script.
 *
 * What: {"version": 1, "modules": {"https://...": "SHA-256 in hex"}}: a module whose content is another one
 * than when the file was written is an error, not a surprise. Threads: one.
 */
#pragma once
#include "base/err.h"
#include "base/str.h"

#define BR_MODULE_LOCK_NAME "brunt.lock.json"

typedef struct br_module_lock br_module_lock;

/*
 * Reads the file. `write`: it need not exist, and takes new hashes (br_module_lock_save()). BR_ENOTFOUND,
 * BR_EIO, BR_ESYNTAX, BR_EINVAL with the remedy.
 */
BR_NODISCARD br_code br_module_lock_open(const char *path, bool write, br_module_lock **ret, br_err *err);
void br_module_lock_free(br_module_lock *l); /* NULL is fine */
/* Does the content of `url` have the hash of the file? BR_EINVAL: another one, or the file does not know the
 * URL. */
BR_NODISCARD br_code br_module_lock_check(br_module_lock *l, br_str url, br_str content, br_err *err);
/* The same as yes or no, for content that may be old. */
bool br_module_lock_fits(const br_module_lock *l, br_str url, br_str content);
BR_NODISCARD br_code br_module_lock_save(br_module_lock *l, br_err *err); /* if it changed */

/* SHA-256 in hex; `out` has 65 bytes. */
void br_module_hash(br_str content, char *out);
