/*
 * script/remote.h - modules that scripts import by https:// URLs.
 *
 * What: a URL's text from a folder that stands for its prefix, from the network, or from the cache on disk;
 * checked against the lock file. Why here: loading is over before the first virtual user runs; this has a
 * loop and a client of its own. Threads: one, which waits while a module comes. Memory: the network's part is
 * made with the first request.
 */
#pragma once
#include "base/buf.h"
#include "base/err.h"

/* What begins with `prefix` is read from `folder` plus the rest of the URL's path. Both NUL-terminated. */
typedef struct br_module_map {
    const char *prefix, *folder;
} br_module_map;

typedef struct br_remote_config {
    const char *cache_dir; /* NULL: no cache */
    const char *lock_file; /* NULL: none */
    bool lock_write;       /* take new hashes into the lock file */
    bool offline;          /* the cache and folders only */
    const br_module_map *maps;
    size_t map_count;
    const char *user_agent;        /* "brunt/VERSION"; NULL: none is sent */
    const _Atomic bool *stop_flag; /* becomes true: a request is given up; may be NULL */
} br_remote_config;

typedef struct br_remote br_remote;

/* What `config` points to outlives it; NULL: everything from the network. */
br_remote *br_remote_new(const br_remote_config *config);
void br_remote_free(br_remote *r); /* NULL is fine */

/*
 * Appends the text of the module to *ret, whose limit is the module's. The message says what was asked, what
 * failed, and what can be done. BR_EUNSUPPORTED: no https:// URL; BR_ECANCEL: the stop flag.
 */
BR_NODISCARD br_code br_remote_read(br_remote *r, br_str url, br_buf *ret, br_err *err);
/* Writes the lock file, if it is to be written and changed. */
BR_NODISCARD br_code br_remote_save(br_remote *r, br_err *err);
