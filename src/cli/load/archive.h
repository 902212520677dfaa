/*
 * cli/load/archive.h - a script with all it needs in one tar: what k6's archive writes and its run reads.
 *
 * What: metadata.json (options, environment, the main script's URL), the main script as `data`, and every
 * module and opened file under file/ and https/. Why here: it joins the program, its options and codec/tar.
 * Threads: main thread. Memory: an archive that was read owns all in it.
 */
#pragma once
#include <jansson.h>
#include "base/map.h"
#include "cli/load/job.h"

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

/* What is to be run: an archive, a text that came from standard input, or neither: a script on disk. */
typedef struct br_source {
    br_archive *archive;
    br_buf text;
} br_source;
typedef enum br_source_kind { BR_SOURCE_AUTO, BR_SOURCE_SCRIPT, BR_SOURCE_ARCHIVE } br_source_kind;
/*
 * Reads an archive, or whatever standard input ("-") has, into the zeroed *ret; AUTO: the content tells. A
 * script on disk is left to br_program_load(). BR_ESYNTAX: a damaged tar, or one that is no archive of a
 * script; BR_ELIMIT; others: the file.
 */
BR_NODISCARD br_code br_source_read(const char *path, br_source_kind kind, br_source *ret, br_err *err);
void br_source_deinit(br_source *s); /* fine if it is zero */
void br_archive_free(br_archive *a); /* NULL is fine */

/* Appends the archive of a prepared job whose program kept its sources. `env` is stored as it is. */
BR_NODISCARD br_code br_archive_write(
    const br_job *job, const br_env_var *env, size_t env_count, br_buf *out, br_err *err);
