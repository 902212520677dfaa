#include "base/clock.h"

#include <time.h>

#include "base/assert.h"

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
