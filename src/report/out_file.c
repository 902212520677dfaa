#include <errno.h>
#include <stdio.h>
#include <zlib.h>
#include "base/mem.h"
#include "report/out_file_int.h"

#define PACK_PART ((size_t) 1 << 30) /* zlib counts in unsigned int */

struct br_out_file {
    char *path;
    FILE *file; /* plain */
    gzFile packed;
    int failed_errno;
};

br_code br_out_file_open(br_str path, br_out_file **ret, br_err *err)
{
    br_out_file *f = BR_NEW(br_out_file);
    bool to_stdout = path.n == 0 || br_str_is(path, "-");
    f->path = to_stdout ? br_strdup("the standard output") : br_strndup(path.p, path.n);
    if (br_str_ends(path, BR_STR(".gz")))
        f->packed = gzopen(f->path, "wbe");
    else
        f->file = to_stdout ? stdout : fopen(f->path, "we");
    if (f->file || f->packed) {
        *ret = f;
        return BR_OK;
    }
    br_code code = br_fail_errno(
        err, br_code_from_errno(errno), errno, "cannot write the output '%s'", f->path);
    br_free(f->path);
    br_free(f);
    return code;
}

static void note_failure(br_out_file *f)
{
    if (!f->failed_errno) f->failed_errno = errno ? errno : EIO;
}

void br_out_file_write(br_out_file *f, br_str bytes)
{
    if (bytes.n == 0) return;
    errno = 0;
    if (f->file) {
        if (fwrite(bytes.p, 1, bytes.n, f->file) != bytes.n || fflush(f->file) != 0) note_failure(f);
        return;
    }
    while (bytes.n > 0) {
        size_t part = bytes.n < PACK_PART ? bytes.n : PACK_PART;
        if (gzwrite(f->packed, bytes.p, (unsigned) part) != (int) part) {
            note_failure(f);
            return;
        }
        bytes = br_str_sub(bytes, part, bytes.n);
    }
}

br_code br_out_file_close(br_out_file *f, br_err *err)
{
    errno = 0;
    if (f->packed && gzclose(f->packed) != Z_OK) note_failure(f);
    if (f->file && (f->file == stdout ? fflush(f->file) : fclose(f->file)) != 0) note_failure(f);
    int failed = f->failed_errno;
    br_code code = failed ? br_fail_errno(err, BR_EIO, failed, "writing the output '%s' failed", f->path)
                          : BR_OK;
    br_free(f->path);
    br_free(f);
    return code;
}
