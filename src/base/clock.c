#include "base/clock.h"

#include <fcntl.h>
#include <time.h>
#include <unistd.h>

#include "base/assert.h"
#include "base/num.h"

static br_ns read_clock(clockid_t id)
{
    struct timespec ts;
    BR_ASSERT(clock_gettime(id, &ts) == 0);
    return (br_ns) ts.tv_sec * BR_SEC + (br_ns) ts.tv_nsec;
}

br_ns br_clock_now(void)
{
    return read_clock(CLOCK_MONOTONIC);
}

br_ns br_clock_wall(void)
{
    return read_clock(CLOCK_REALTIME);
}

br_ns br_clock_thread_cpu(void)
{
    return read_clock(CLOCK_THREAD_CPUTIME_ID);
}

br_ns br_clock_thread_starved(void)
{
    char text[128];
    int fd = open("/proc/thread-self/schedstat", O_RDONLY | O_CLOEXEC);
    if (fd < 0) return 0;
    ssize_t n = read(fd, text, sizeof(text));
    close(fd);
    br_str rest = {text, n > 0 ? (size_t) n : 0}, ran, starved;
    int64_t ns = 0;
    bool read = br_str_cut(&rest, ' ', &ran) && br_str_cut(&rest, ' ', &starved) &&
                br_parse_i64(starved, &ns) == BR_OK;
    return read ? ns : 0;
}
