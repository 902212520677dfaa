/*
 * codec/tar.h - tar files: POSIX ustar with pax headers, as Go's archive/tar and GNU tar write and read them.
 *
 * What: walks the regular files of a tar in memory; appends files to one. Why here: bytes to values without
 *     I/O; the archives of scripts are made of it.
 * Threads: any. Memory: names and contents of a walk point into the tar or, long names, into the caller's
 * arena. Source: POSIX.1-2017, pax, "ustar Interchange Format" and "pax Header Block"; GNU's long names
 * ('L').
 */
#pragma once
#include "base/arena.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/err.h"

#define BR_TAR_FILES_MAX 100000
#define BR_TAR_NAME_MAX  4096

/* One regular file; false ends the walk with BR_ECANCEL. */
typedef bool br_tar_file_fn(void *ctx, br_str name, br_str content);

bool br_tar_is(br_str bytes); /* begins with a ustar header whose checksum is right */
/*
 * Calls `fn` for each regular file; folders, links and devices are passed over. BR_ESYNTAX: cut, or a header
 * that is none; BR_ELIMIT: more files or longer names than the limits. The message has the offset.
 */
BR_NODISCARD br_code br_tar_walk(br_arena *arena, br_str bytes, br_tar_file_fn *fn, void *ctx, br_err *err);

/* Appends a file of mode 0644. BR_ELIMIT: out's limit. */
BR_NODISCARD br_code br_tar_put(br_buf *out, br_str name, br_str content, br_ns modified_wall);
BR_NODISCARD br_code br_tar_finish(br_buf *out); /* the two blocks of zeros */
