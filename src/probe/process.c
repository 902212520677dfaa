#include "probe/process.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include "base/buf.h"
#include "base/file.h"
#include "base/num.h"

#define FILE_BYTES_MAX 65536

/* Parsers ------------------------------------------------------------------------------------------- */

/* "VmRSS:     1234 kB" */
static bool take_kb(br_str line, br_str key, double *ret_bytes)
{
    uint64_t kb;
    if (!br_str_starts(line, key) || !br_str_ends(line, BR_STR(" kB"))) return false;
    if (br_parse_u64(br_str_trim(br_str_sub(line, key.n, line.n - 3)), &kb) != BR_OK) return false;
    *ret_bytes += (double) kb * 1024;
    return true;
}

br_code br_process_parse_status(br_str text, br_process_view *ret)
{
    br_str line;
    const br_str threads = BR_STR("Threads:");
    double bytes = 0;
    bool resident = false;
    uint64_t n = 0;
    while (br_str_cut(&text, '\n', &line)) {
        resident = take_kb(line, BR_STR("VmRSS:"), &bytes) || resident;
        (void) take_kb(line, BR_STR("VmSwap:"), &bytes);
        if (!br_str_starts(line, threads)) continue;
        if (br_parse_u64(br_str_trim(br_str_sub(line, threads.n, line.n)), &n) != BR_OK) return BR_ESYNTAX;
    }
    if (!resident || n == 0) return BR_ESYNTAX; /* a kernel thread or a zombie has no memory */
    ret->memory_bytes = bytes;
    ret->threads = n;
    return BR_OK;
}

/* Fields are counted from behind the name, which may hold blanks and parentheses: the first is number 3. */
br_code br_process_parse_stat(br_str text, double ticks_per_s, br_process_view *ret)
{
    enum { FIRST = 3, UTIME = 14, STIME = 15, START = 22 };
    size_t end = text.n;
    while (end > 0 && text.p[end - 1] != ')')
        end--;
    br_str rest = br_str_trim(br_str_sub(text, end, text.n)), field;
    uint64_t values[START + 1] = {0};
    int i = FIRST;
    for (; i <= START && br_str_cut(&rest, ' ', &field); i++) {
        bool wanted = i == UTIME || i == STIME || i == START;
        if (wanted && br_parse_u64(field, &values[i]) != BR_OK) return BR_ESYNTAX;
    }
    if (end == 0 || i <= START) return BR_ESYNTAX;
    ret->cpu_s = ((double) values[UTIME] + (double) values[STIME]) / ticks_per_s;
    ret->started = values[START];
    return BR_OK;
}

/* Reading ------------------------------------------------------------------------------------------- */

static br_code read_file(pid_t pid, const char *name, br_buf *out, br_err *err)
{
    char path[64];
    snprintf(path, sizeof(path), "/proc/%d/%s", (int) pid, name);
    br_buf_reset(out);
    return br_file_read(path, out, err);
}

static uint64_t count_descriptors(pid_t pid)
{
    char path[64];
    snprintf(path, sizeof(path), "/proc/%d/fd", (int) pid);
    DIR *dir = opendir(path);
    if (!dir) return 0;
    uint64_t n = 0;
    for (const struct dirent *e = readdir(dir); e; e = readdir(dir))
        n += e->d_name[0] != '.';
    closedir(dir);
    return n;
}

br_code br_process_read(pid_t pid, br_process_view *ret, br_err *err)
{
    br_process_view v = {0};
    br_buf text;
    br_buf_init(&text, FILE_BYTES_MAX);
    br_code code = read_file(pid, "status", &text, err);
    if (code == BR_OK && br_process_parse_status(br_buf_view(&text), &v) != BR_OK)
        code = br_fail(err, BR_ESYNTAX,
            "process %d has no memory of its own: it has ended, or is of the kernel", (int) pid);
    if (code == BR_OK) code = read_file(pid, "stat", &text, err);
    if (code == BR_OK &&
        br_process_parse_stat(br_buf_view(&text), (double) sysconf(_SC_CLK_TCK), &v) != BR_OK)
        code = br_fail(err, BR_ESYNTAX, "/proc/%d/stat cannot be read", (int) pid);
    br_buf_deinit(&text);
    if (code != BR_OK) return code == BR_EIO ? BR_ENOTFOUND : code; /* ESRCH: it ended meanwhile */
    v.descriptors = count_descriptors(pid);
    *ret = v;
    return BR_OK;
}

uint64_t br_process_descriptor_limit(pid_t pid)
{
    const br_str key = BR_STR("Max open files");
    br_buf text;
    br_str rest = {0}, line;
    uint64_t limit = 0;
    br_buf_init(&text, FILE_BYTES_MAX);
    if (read_file(pid, "limits", &text, NULL) == BR_OK) rest = br_buf_view(&text);
    while (br_str_cut(&rest, '\n', &line)) {
        if (!br_str_starts(line, key)) continue;
        br_str value;
        line = br_str_trim(br_str_sub(line, key.n, line.n));
        if (br_str_cut(&line, ' ', &value) && br_parse_u64(value, &limit) != BR_OK) limit = 0; /* unlimited */
    }
    br_buf_deinit(&text);
    return limit;
}

br_str br_process_name(pid_t pid, br_arena *arena)
{
    br_buf text;
    br_buf_init(&text, 256);
    br_str name = BR_STR("");
    if (read_file(pid, "comm", &text, NULL) == BR_OK)
        name = br_arena_str(arena, br_str_trim(br_buf_view(&text)));
    br_buf_deinit(&text);
    return name;
}

/* The kernel keeps 15 bytes of a name. */
static bool is_called(pid_t pid, br_str name, br_arena *arena)
{
    br_str comm = br_process_name(pid, arena);
    return comm.n && (br_str_eq(comm, name) || (comm.n == 15 && br_str_starts(name, comm)));
}

br_code br_process_find(br_str name, pid_t *ret, br_err *err)
{
    DIR *dir = opendir("/proc");
    if (!dir) return br_fail_errno(err, br_code_from_errno(errno), errno, "cannot list processes in /proc");
    br_arena arena;
    br_buf list;
    br_arena_init(&arena, 1024);
    br_buf_init(&list, 256);
    size_t found = 0;
    pid_t pid = 0;
    for (const struct dirent *e = readdir(dir); e; e = readdir(dir)) {
        int64_t n;
        if (!isdigit((unsigned char) e->d_name[0]) || br_parse_i64(br_str_of(e->d_name), &n) != BR_OK)
            continue;
        br_arena_reset(&arena);
        if (!is_called((pid_t) n, name, &arena)) continue;
        pid = (pid_t) n;
        if (found++ < 5) (void) br_buf_printf(&list, "%s%d", list.len ? ", " : "", (int) n);
    }
    closedir(dir);
    br_code code = BR_OK;
    if (found == 0)
        code = br_fail(err, BR_ENOTFOUND, "no process is called '" BR_FMT "': start it, or give its number",
            BR_ARG(name));
    if (found > 1)
        code = br_fail(err, BR_EINVAL,
            "%zu processes are called '" BR_FMT "' (%s%s): give the number of one, or their cgroup", found,
            BR_ARG(name), list.data, found > 5 ? ", ..." : "");
    br_buf_deinit(&list);
    br_arena_deinit(&arena);
    if (code == BR_OK) *ret = pid;
    return code;
}
