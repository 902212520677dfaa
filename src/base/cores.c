#include "base/cores.h"
#include <sched.h>

uint32_t br_usable_cores(void)
{
    cpu_set_t set;
    int n = sched_getaffinity(0, sizeof(set), &set) == 0 ? CPU_COUNT(&set) : 1;
    return n > 0 ? (uint32_t) n : 1;
}
