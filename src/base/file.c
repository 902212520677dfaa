#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/assert.h"
#include "base/mem.h"
#include "base/random.h"

#define READ_BYTES ((size_t) 64 * 1024)
#define TEMP_TRIES 16

static br_code fail_path(br_err *err, const char *what, const char *path)
{
    int e = errno;
    return br_fail_errno(err, br_code_from_errno(e), e, "%s %s", what, path);
}

/* Reading -------------------------------------------------------------------------------------- */

static ssize_t read_some(int fd, void *p, size_t n)
{
    ssize_t got;
    do {
        got = read(fd, p, n);
    } while (got < 0 && errno == EINTR);
    return got;
}

/* The buffer is full: fine if the file ends here, too. */
static br_code expect_end(int fd, const char *path, size_t max_bytes, br_err *err)
{
    char extra;
    ssize_t got = read_some(fd, &extra, 1);
    if (got < 0) return fail_path(err, "cannot read", path);
    if (got > 0) return br_fail(err, BR_ELIMIT, "%s is larger than %zu bytes", path, max_bytes);
    return BR_OK;
}

/* Sizes of files are hints only: pipes and /proc have none, and files grow while they are read. */
static br_code read_all(int fd, const char *path, br_buf *out, br_err *err)
{
    size_t limit = out->max_bytes - out->len;
    for (;;) {
        size_t room = out->max_bytes - out->len;
        if (room == 0) return expect_end(fd, path, limit, err);
        size_t want = room < READ_BYTES ? room : READ_BYTES;
        BR_ASSERT(br_buf_reserve(out, want) == BR_OK);
        ssize_t got = read_some(fd, out->data + out->len, want);
        if (got < 0) return fail_path(err, "cannot read", path);
        if (got == 0) return BR_OK;
        out->len += (size_t) got;
        out->data[out->len] = '\0';
    }
}

static br_code check_readable(int fd, const char *path, const br_buf *out, br_err *err)
{
    struct stat st;
    if (fstat(fd, &st) != 0) return fail_path(err, "cannot read", path);
    if (S_ISDIR(st.st_mode)) return br_fail(err, BR_EINVAL, "cannot read %s: it is a folder", path);
    size_t limit = out->max_bytes - out->len;
    if (S_ISREG(st.st_mode) && (uint64_t) st.st_size > limit) {
        return br_fail(err, BR_ELIMIT, "%s is larger than %zu bytes", path, limit);
    }
    return BR_OK;
}

br_code br_file_read(const char *path, br_buf *out, br_err *err)
{
    size_t start = out->len;
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
    if (fd < 0) return fail_path(err, "cannot open", path);
    br_code rc = check_readable(fd, path, out, err);
    if (rc == BR_OK) rc = br_buf_reserve(out, 0); /* an empty file gives "", not NULL */
    if (rc == BR_OK) rc = read_all(fd, path, out, err);
    close(fd);
    if (rc != BR_OK && out->data) {
        out->len = start;
        out->data[start] = '\0';
    }
    return rc;
}

/* Writing -------------------------------------------------------------------------------------- */

static br_code write_all(int fd, const char *path, br_str content, br_err *err)
{
    while (content.n) {
        ssize_t put = write(fd, content.p, content.n);
        if (put < 0 && errno == EINTR) continue;
        if (put < 0) return fail_path(err, "cannot write", path);
        content = br_str_sub(content, (size_t) put, content.n);
    }
    return BR_OK;
}

/*
 * The standard streams are written through the descriptor that is open already: opening the path
 * again would start at offset 0 of a file that the output was redirected to.
 */
static int open_direct(const char *path)
{
    fflush(NULL); /* keeps the order with what was printed before */
    if (strcmp(path, "/dev/stdout") == 0) return fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 0);
    if (strcmp(path, "/dev/stderr") == 0) return fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 0);
    return open(path, O_WRONLY | O_CLOEXEC | O_NOCTTY | O_APPEND);
}

static br_code write_direct(const char *path, br_str content, br_err *err)
{
    int fd = open_direct(path);
    if (fd < 0) return fail_path(err, "cannot open", path);
    br_code rc = write_all(fd, path, content, err);
    if (close(fd) != 0 && rc == BR_OK) rc = fail_path(err, "cannot write", path);
    return rc;
}

/* Makes "<path>.<random>.tmp". open() rather than mkstemp(): the umask then decides on the mode. */
static int open_temp(const char *path, char temp[PATH_MAX])
{
    br_random random;
    br_random_seed_os(&random);
    for (int i = 0; i < TEMP_TRIES; i++) {
        int n = snprintf(temp, PATH_MAX, "%s.%08x.tmp", path, (unsigned) (br_random_u64(&random) >> 32));
        if (n < 0 || n >= PATH_MAX) {
            errno = ENAMETOOLONG;
            return -1;
        }
        int fd = open(temp, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
        if (fd >= 0 || errno != EEXIST) return fd;
    }
    return -1;
}

/* `mode`: permission bits that a replaced file had, 0 for a new file. */
static br_code fill_temp(int fd, const char *path, mode_t mode, br_str content, br_err *err)
{
    br_code rc = write_all(fd, path, content, err);
    if (rc == BR_OK && mode && fchmod(fd, mode) != 0) rc = fail_path(err, "cannot set the mode of", path);
    /* Without fsync a crash after the rename may leave an empty file. */
    if (rc == BR_OK && fsync(fd) != 0 && errno != EINVAL) rc = fail_path(err, "cannot write", path);
    if (close(fd) != 0 && rc == BR_OK) rc = fail_path(err, "cannot write", path);
    return rc;
}

/* `path` is what messages name, `target` the same file without symbolic links. */
static br_code write_by_rename(const char *path, const char *target, mode_t mode, br_str content, br_err *err)
{
    char temp[PATH_MAX];
    int fd = open_temp(target, temp);
    if (fd < 0) return fail_path(err, "cannot create", path);
    br_code rc = fill_temp(fd, path, mode, content, err);
    if (rc == BR_OK && rename(temp, target) != 0) rc = fail_path(err, "cannot replace", path);
    if (rc != BR_OK) unlink(temp);
    return rc;
}

static bool is_descriptor_path(const char *path)
{
    br_str p = br_str_of(path);
    return br_str_starts(p, BR_STR("/dev/")) || br_str_starts(p, BR_STR("/proc/"));
}

br_code br_file_write(const char *path, br_str content, br_err *err)
{
    struct stat st;
    if (stat(path, &st) != 0) {
        if (errno != ENOENT) return fail_path(err, "cannot create", path);
        return write_by_rename(path, path, 0, content, err);
    }
    /* /dev/stdout and /dev/fd/N may lead to a regular file, but renaming over them would be wrong. */
    if (!S_ISREG(st.st_mode) || is_descriptor_path(path)) return write_direct(path, content, err);
    /* A symbolic link stays; the file that it names is replaced. */
    char real[PATH_MAX];
    if (!realpath(path, real)) return fail_path(err, "cannot create", path);
    return write_by_rename(path, real, st.st_mode & 07777, content, err);
}

/* Folders -------------------------------------------------------------------------------------- */

static br_code make_one(const char *path, br_err *err)
{
    struct stat st;
    if (mkdir(path, 0777) == 0) return BR_OK;
    int e = errno;
    /* Any errno may come for a folder that exists: EROFS, EACCES and others win over EEXIST. */
    if (stat(path, &st) == 0) {
        if (S_ISDIR(st.st_mode)) return BR_OK;
        return br_fail(err, BR_EINVAL, "cannot create the folder %s: a file is in the way", path);
    }
    errno = e;
    return fail_path(err, "cannot create the folder", path);
}

br_code br_file_mkdirs(const char *path, br_err *err)
{
    if (!path[0]) return br_fail(err, BR_EINVAL, "cannot create a folder without a name");
    char *part = br_strdup(path);
    br_code rc = BR_OK;
    for (char *at = part + 1; rc == BR_OK && *at; at++) {
        if (*at != '/') continue;
        *at = '\0';
        rc = make_one(part, err);
        *at = '/';
    }
    if (rc == BR_OK) rc = make_one(path, err);
    br_free(part);
    return rc;
}
