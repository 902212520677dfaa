/*
 * base/file.h - whole files in, whole files out.
 *
 * What: reads a file up to a limit; writes a file so that it appears complete or not at all.
 * Why here: reports, summaries and stores must never be seen half-written.
 * Threads: any.
 */
#pragma once
#include "base/buf.h"
#include "base/err.h"

/*
 * Appends the file's content to *out. BR_ENOTFOUND, BR_EACCESS, BR_EIO, BR_ELIMIT (larger than out's
 * limit), BR_EINVAL (a directory); the message names the path.
 */
BR_NODISCARD br_code br_file_read(const char *path, br_buf *out, br_err *err);

/*
 * Writes `content` to a temporary file beside `path`, then renames it over `path`. A path that
 * exists and is no regular file (/dev/stdout, a pipe) is written directly.
 */
BR_NODISCARD br_code br_file_write(const char *path, br_str content, br_err *err);

/* Makes the folder and its parents. Existing folders are fine. */
BR_NODISCARD br_code br_file_mkdirs(const char *path, br_err *err);
