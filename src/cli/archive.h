/*
 * cli/archive.h - a script with all it needs in one tar: what k6's archive writes and its run reads.
 *
 * What: metadata.json (options, environment, the main script's URL), the main script as `data`, and every
 * module and opened file under file/ and https/. Why here: it joins the program, its options and codec/tar.
 * Threads: main thread. Memory: an archive that was read owns all in it.
 */
#pragma once
#include <jansson.h>
#include "base/map.h"
#include "cli/job.h"

#define BR_ARCHIVE_BYTES_MAX ((size_t) 1 << 30)

typedef struct br_archive {
    br_arena arena;
    json_t *metadata;
    br_map files; /* URL -> br_buf */
    br_str data;  /* the main script's text; while reading */
    const char *main_url;
    br_env_var *env;
    size_t env_count;
} br_archive;

/* Is the file a tar? Files that cannot be read are none. */
bool br_archive_is(const char *path);
/* BR_ESYNTAX: a damaged tar, or one that is no archive of a script; BR_ELIMIT; others: the file. */
BR_NODISCARD br_code br_archive_read(const char *path, br_archive **ret, br_err *err);
void br_archive_free(br_archive *a); /* NULL is fine */

/* Appends the archive of a prepared job whose program kept its sources. `env` is stored as it is. */
BR_NODISCARD br_code br_archive_write(
    const br_job *job, const br_env_var *env, size_t env_count, br_buf *out, br_err *err);
