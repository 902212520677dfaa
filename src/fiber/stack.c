#include <errno.h>
#include <stdint.h>
#include <sys/mman.h>
#include <unistd.h>
#include "fiber/stack.h"
#include "fiber/sanitize.h"
#include "base/assert.h"

#define GUARD_BYTES ((size_t) 64 * 1024) /* a multiple of every page size */
#ifndef MADV_GUARD_INSTALL
#define MADV_GUARD_INSTALL 102 /* Linux 6.13 */
#endif

static size_t page_bytes(void)
{
    static size_t cached; /* every thread writes the same */
    size_t page = __atomic_load_n(&cached, __ATOMIC_RELAXED);
    if (page == 0) {
        page = (size_t) sysconf(_SC_PAGESIZE);
        __atomic_store_n(&cached, page, __ATOMIC_RELAXED);
    }
    return page;
}

size_t br_stack_round(size_t bytes)
{
    size_t page = page_bytes();
    BR_ASSERT(bytes <= SIZE_MAX - page);
    return (bytes + page - 1) / page * page;
}

/* The newer way leaves stacks side by side in one kernel mapping; with mprotect each stack takes two of the
 * 65,530 that a process has (vm.max_map_count). Both end in SIGSEGV. */
static bool install_guard(char *base)
{
    if (madvise(base, GUARD_BYTES, MADV_GUARD_INSTALL) == 0) return true;
    return mprotect(base, GUARD_BYTES, PROT_NONE) == 0;
}

bool br_stack_map(size_t bytes, br_stack *ret_stack)
{
    int flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_STACK | MAP_NORESERVE;
    char *base = mmap(NULL, GUARD_BYTES + bytes, PROT_READ | PROT_WRITE, flags, -1, 0);
    if (base == MAP_FAILED) return false;
    (void) madvise(base, GUARD_BYTES + bytes, MADV_NOHUGEPAGE); /* 2 MiB for the first page that is touched */
    if (!install_guard(base)) {
        int saved = errno;
        munmap(base, GUARD_BYTES + bytes);
        errno = saved;
        return false;
    }
    *ret_stack = (br_stack){base + GUARD_BYTES, bytes};
    return true;
}

void br_stack_unmap(br_stack stack)
{
    br_sanitize_forget(stack.low, stack.bytes);
    int rc = munmap(stack.low - GUARD_BYTES, GUARD_BYTES + stack.bytes);
    BR_ASSERT(rc == 0);
}

void br_stack_drop(br_stack stack)
{
    (void) madvise(stack.low, stack.bytes - page_bytes(), MADV_DONTNEED); /* else it stays warm */
}

void br_stack_drop_below(br_stack stack, const void *used)
{
    size_t depth = (size_t) ((const char *) used - stack.low), page = page_bytes();
    (void) madvise(stack.low, depth / page * page, MADV_DONTNEED); /* else it stays warm */
}

size_t br_stack_high_water(br_stack stack)
{
    unsigned char resident[64];
    size_t page = page_bytes(), chunk = sizeof(resident) * page;
    for (size_t at = 0; at < stack.bytes; at += chunk) {
        size_t bytes = stack.bytes - at < chunk ? stack.bytes - at : chunk;
        int rc = mincore(stack.low + at, bytes, resident);
        BR_ASSERT(rc == 0);
        for (size_t i = 0; i < bytes / page; i++) {
            if (resident[i] & 1) return stack.bytes - at - i * page;
        }
    }
    return 0;
}
