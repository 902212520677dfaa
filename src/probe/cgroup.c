#include "probe/cgroup.h"

#include <stdio.h>
#include <unistd.h>
#include "base/buf.h"
#include "base/file.h"
#include "base/num.h"

#define ROOT           "/sys/fs/cgroup"
#define FILE_BYTES_MAX 65536

/* Parsers ------------------------------------------------------------------------------------------- */

bool br_cgroup_parse_flat(br_str text, br_str key, double *ret)
{
    br_str line, word;
    uint64_t n;
    while (br_str_cut(&text, '\n', &line)) {
        if (!br_str_cut(&line, ' ', &word) || !br_str_eq(word, key)) continue;
        if (br_parse_u64(br_str_trim(line), &n) != BR_OK) return false;
        *ret = (double) n;
        return true;
    }
    return false;
}

double br_cgroup_parse_cpu_max(br_str text)
{
    br_str quota;
    uint64_t a, b;
    text = br_str_trim(text);
    if (!br_str_cut(&text, ' ', &quota) || br_parse_u64(quota, &a) != BR_OK) return 0;
    if (br_parse_u64(br_str_trim(text), &b) != BR_OK || b == 0) return 0;
    return (double) a / (double) b;
}

/* Reading ------------------------------------------------------------------------------------------- */

static br_code read_file(br_str folder, const char *name, br_buf *out, br_err *err)
{
    char path[4200];
    snprintf(path, sizeof(path), BR_FMT "/%s", BR_ARG(br_str_sub(folder, 0, 4096)), name);
    br_buf_reset(out);
    return br_file_read(path, out, err);
}

/* A file with one number; "max" or no such file: 0. */
static double number_in(br_str folder, const char *name, br_buf *text)
{
    uint64_t n;
    if (read_file(folder, name, text, NULL) != BR_OK) return 0;
    return br_parse_u64(br_str_trim(br_buf_view(text)), &n) == BR_OK ? (double) n : 0;
}

br_code br_cgroup_read(br_str folder, br_cgroup_view *ret, br_err *err)
{
    br_cgroup_view v = {0};
    br_buf text;
    br_buf_init(&text, FILE_BYTES_MAX);
    br_code code = read_file(folder, "memory.stat", &text, err);
    if (code == BR_OK && !br_cgroup_parse_flat(br_buf_view(&text), BR_STR("anon"), &v.memory_bytes))
        code = br_fail(err, BR_ESYNTAX, BR_FMT "/memory.stat does not tell anonymous memory", BR_ARG(folder));
    if (code == BR_OK) code = read_file(folder, "cpu.stat", &text, err);
    if (code == BR_OK && !br_cgroup_parse_flat(br_buf_view(&text), BR_STR("usage_usec"), &v.cpu_s))
        code = br_fail(err, BR_ESYNTAX, BR_FMT "/cpu.stat does not tell processor time", BR_ARG(folder));
    if (code == BR_OK) {
        (void) br_cgroup_parse_flat(br_buf_view(&text), BR_STR("throttled_usec"), &v.throttled_s);
        v.cpu_s /= 1e6;
        v.throttled_s /= 1e6;
        v.charged_bytes = number_in(folder, "memory.current", &text);
        v.memory_limit = number_in(folder, "memory.max", &text);
        if (read_file(folder, "cpu.max", &text, NULL) == BR_OK)
            v.cpu_limit_cores = br_cgroup_parse_cpu_max(br_buf_view(&text));
        *ret = v;
    }
    br_buf_deinit(&text);
    return code;
}

br_code br_cgroup_find(br_str path, br_arena *arena, br_str *ret, br_err *err)
{
    bool whole = br_str_starts(path, BR_STR("/sys/"));
    bool slash = path.n && path.p[0] == '/';
    const char *folder = br_arena_printf(
        arena, "%s%s" BR_FMT, whole ? "" : ROOT, slash ? "" : "/", BR_ARG(path));
    if (br_str_find(path, BR_STR("..")) >= 0)
        return br_fail(
            err, BR_EINVAL, "'" BR_FMT "' is no path of a cgroup: it must not hold ..", BR_ARG(path));
    const char *file = br_arena_printf(arena, "%s/memory.stat", folder);
    if (access(file, F_OK) != 0)
        return br_fail(err, BR_ENOTFOUND,
            "there is no cgroup %s with memory.stat: give its path below " ROOT
            " (version 2), such as /system.slice/NAME.service",
            folder);
    *ret = br_str_of(folder);
    return BR_OK;
}
