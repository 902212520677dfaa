#include "cli/load/headroom.h"
#include <stdlib.h>
#include "base/cores.h"
#include "base/file.h"
#include "base/num.h"

int64_t br_headroom_parse_memory(br_str meminfo)
{
    const br_str key = BR_STR("MemAvailable:"), unit = BR_STR(" kB");
    br_str line;
    int64_t kb;
    while (br_str_cut(&meminfo, '\n', &line)) {
        if (!br_str_starts(line, key) || !br_str_ends(line, unit)) continue;
        line = br_str_trim(br_str_sub(line, key.n, line.n - unit.n));
        return br_parse_i64(line, &kb) == BR_OK && kb > 0 ? kb : 0;
    }
    return 0;
}

int64_t br_headroom_memory_kb(void)
{
    br_buf text;
    br_buf_init(&text, 1 << 16);
    bool there = br_file_read("/proc/meminfo", &text, NULL) == BR_OK;
    int64_t kb = there ? br_headroom_parse_memory(br_buf_view(&text)) : 0;
    br_buf_deinit(&text);
    return kb;
}

void br_headroom_look(br_headroom *ret)
{
    br_headroom m = {.cores = br_usable_cores(), .memory_kb = br_headroom_memory_kb()};
    if (getloadavg(&m.load, 1) != 1) m.load = 0;
    br_resources_sample(&m.resources);
    *ret = m;
}
