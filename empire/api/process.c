#include "empire/api/process.h"

#include <dirent.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/file.h"
#include "base/num.h"

/* The second field of statm: resident pages. */
static uint64_t resident_bytes(void)
{
    br_buf text;
    br_buf_init(&text, 4096);
    uint64_t pages = 0;
    if (br_file_read("/proc/self/statm", &text, NULL) == BR_OK) {
        br_str rest = br_buf_view(&text), field;
        for (int i = 0; i < 2 && br_str_cut(&rest, ' ', &field); i++) {
            if (br_parse_u64(field, &pages) != BR_OK) pages = 0;
        }
    }
    br_buf_deinit(&text);
    return pages * (uint64_t) sysconf(_SC_PAGESIZE);
}

static uint64_t open_fds(void)
{
    DIR *dir = opendir("/proc/self/fd");
    if (!dir) return 0;
    uint64_t n = 0;
    while (readdir(dir)) {
        n++;
    }
    closedir(dir);
    return n < 3 ? 0 : n - 3; /* ".", ".." and the folder's own */
}

static double seconds(struct timeval t)
{
    return (double) t.tv_sec + (double) t.tv_usec / 1e6;
}

void emp_process_look(emp_process *ret_process)
{
    struct rusage usage = {0};
    struct rlimit fds = {0};
    getrusage(RUSAGE_SELF, &usage);
    getrlimit(RLIMIT_NOFILE, &fds);
    *ret_process = (emp_process){
        .resident_bytes = resident_bytes(),
        .open_fds = open_fds(),
        .max_fds = (uint64_t) fds.rlim_cur,
        .cpu_seconds = seconds(usage.ru_utime) + seconds(usage.ru_stime),
    };
}
