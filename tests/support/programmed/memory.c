#include "support/programmed/memory.h"
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#define PAGE 4096

static char *reserve(void)
{
    void *p = mmap(
        NULL, MEMORY_MOST_BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (p == MAP_FAILED) {
        perror("programmed_server: cannot reserve memory");
        exit(1);
    }
    (void) madvise(p, MEMORY_MOST_BYTES, MADV_NOHUGEPAGE); /* growth by pages, not by 2 MiB */
    return p;
}

void memory_init(memory *m)
{
    *m = (memory){.grown = reserve(), .saw = reserve()};
}

/* Touches what lies between what was touched and `bytes`; returns what is touched then. */
static size_t touch(char *region, size_t touched, double bytes)
{
    size_t want = bytes < (double) MEMORY_MOST_BYTES ? (size_t) bytes : MEMORY_MOST_BYTES;
    for (; touched + PAGE <= want; touched += PAGE) {
        region[touched] = 1;
    }
    return touched;
}

static void saw(memory *m, const settings *s, double elapsed_s)
{
    double bytes = s->saw_mb * 1e6 * fmod(elapsed_s, s->saw_s) / s->saw_s;
    if (bytes < (double) m->saw_bytes) {
        (void) madvise(m->saw, MEMORY_MOST_BYTES, MADV_DONTNEED);
        m->saw_bytes = 0;
    }
    m->saw_bytes = touch(m->saw, m->saw_bytes, bytes);
}

void memory_update(memory *m, const settings *s, double elapsed_s, uint64_t requests)
{
    m->leaked_mb += s->leak_mb_per_h * (elapsed_s - m->at_s) / 3600;
    m->at_s = elapsed_s;
    double cache_mb = s->cache_mb * (1 - exp(-elapsed_s / s->cache_tau_s));
    double grown = (s->base_mb + m->leaked_mb + cache_mb) * 1e6 + s->leak_request_bytes * (double) requests;
    m->grown_bytes = touch(m->grown, m->grown_bytes, grown);
    saw(m, s, elapsed_s);
}

size_t memory_resident_bytes(void)
{
    unsigned long long all, resident = 0;
    FILE *f = fopen("/proc/self/statm", "re");
    if (f && fscanf(f, "%llu %llu", &all, &resident) != 2) resident = 0;
    if (f) (void) fclose(f);
    return (size_t) resident * (size_t) sysconf(_SC_PAGESIZE);
}
