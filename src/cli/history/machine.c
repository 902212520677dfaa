#include "cli/history/machine.h"
#include <sys/utsname.h>
#include "base/cores.h"
#include "base/file.h"
#include "base/num.h"

#define PROC_BYTES_MAX ((size_t) 16 << 20) /* cpuinfo of a thousand cores is 2 MB */

/* The value of the first line `key : value` of a file in /proc; empty if there is none. */
static br_str proc_value(const char *path, const char *key, br_arena *arena)
{
    br_buf text;
    br_buf_init(&text, PROC_BYTES_MAX);
    br_str rest = {0}, line, name, found = BR_STR("");
    if (br_file_read(path, &text, NULL) == BR_OK) rest = br_buf_view(&text);
    while (br_str_cut(&rest, '\n', &line)) {
        if (!br_str_cut(&line, ':', &name) || !line.p || !br_str_is(br_str_trim(name), key)) continue;
        found = br_arena_str(arena, br_str_trim(line));
        break;
    }
    br_buf_deinit(&text);
    return found;
}

static uint64_t memory_gib(br_arena *arena)
{
    br_str text = proc_value("/proc/meminfo", "MemTotal", arena), kb;
    uint64_t n = 0;
    if (!br_str_cut(&text, ' ', &kb) || br_parse_u64(kb, &n) != BR_OK) return 0;
    return (n + (1 << 19)) >> 20;
}

br_str br_machine_text(br_arena *arena)
{
    struct utsname names = {0};
    br_str model = proc_value("/proc/cpuinfo", "model name", arena); /* ARM has none */
    if (model.n == 0 && uname(&names) == 0) model = br_str_of(names.machine);
    uint32_t cores = br_usable_cores();
    return br_str_of(br_arena_printf(arena, BR_FMT ", %u core%s, %llu GB", BR_ARG(model), cores,
        cores == 1 ? "" : "s", (unsigned long long) memory_gib(arena)));
}
