/*
 * fiber/sanitize.h - telling the sanitizers that the stack changes. Private to fiber/.
 *
 * What: the calls of ASan and TSan around a switch; nothing in other builds.
 * Why here: without them ASan takes the new stack for an overflow of the old one and TSan mixes the call
 *     stacks up. br_sanitize_leave() comes directly before the jump, br_sanitize_arrive() directly after it
 * on the other side, both in a function that is BR_UNINSTRUMENTED: TSan counts entries and exits of functions
 *     per stack, and one that enters on one stack and leaves on another would unbalance both.
 */
#pragma once
#include <stddef.h>
#include "base/compiler.h"

#if defined(__clang__)
#define BR_UNINSTRUMENTED __attribute__((disable_sanitizer_instrumentation))
#else
#define BR_UNINSTRUMENTED __attribute__((no_sanitize_thread, no_sanitize_address, no_sanitize_undefined))
#endif
#if defined(BR_ASAN) || defined(BR_TSAN)
#define BR_SWITCH BR_UNINSTRUMENTED BR_NOINLINE static
#else
#define BR_SWITCH static inline /* each return on another stack than its call is a mispredicted one */
#endif
#define BR_SANITIZE_STEP BR_UNINSTRUMENTED __attribute__((always_inline)) static inline

/* One end of a switch: a stack as the sanitizers know it. */
typedef struct br_sanitize_stack {
    const void *low;
    size_t bytes;
    void *fake; /* ASan's: where it keeps the locals of this stack while another one runs */
    void *tsan; /* TSan's name of it */
} br_sanitize_stack;

#if defined(BR_ASAN)
#include <sanitizer/asan_interface.h>
#include <sanitizer/common_interface_defs.h>
#endif
#if defined(BR_TSAN)
#include <sanitizer/tsan_interface.h>
#endif

/* A new fiber's stack; end with br_sanitize_destroy() from another one. */
static inline void br_sanitize_create(br_sanitize_stack *s, const void *low, size_t bytes)
{
    *s = (br_sanitize_stack){.low = low, .bytes = bytes};
#if defined(BR_TSAN)
    s->tsan = __tsan_create_fiber(0);
#endif
}

static inline void br_sanitize_destroy(br_sanitize_stack *s)
{
    (void) s;
#if defined(BR_TSAN)
    __tsan_destroy_fiber(s->tsan);
#endif
}

/* Stack memory that is reused or given back: marks of frames that were left for ever are wiped off. */
static inline void br_sanitize_forget(const void *low, size_t bytes)
{
    (void) low, (void) bytes;
#if defined(BR_ASAN)
    __asan_unpoison_memory_region(low, bytes);
#endif
}

/* Notes in *s which stack runs now, before it is left for a fiber's. */
BR_SANITIZE_STEP void br_sanitize_here(br_sanitize_stack *s)
{
    (void) s;
#if defined(BR_TSAN)
    s->tsan = __tsan_get_current_fiber();
#endif
}

/* `last`: the stack that runs is left for ever. */
BR_SANITIZE_STEP void br_sanitize_leave(br_sanitize_stack *from, const br_sanitize_stack *to, int last)
{
    (void) from, (void) to, (void) last;
#if defined(BR_ASAN)
    __sanitizer_start_switch_fiber(last ? NULL : &from->fake, to->low, to->bytes);
#endif
#if defined(BR_TSAN)
    __tsan_switch_to_fiber(to->tsan, 0);
#endif
}

/* `from` is the stack that was left; ASan tells its bounds, which nobody else knows of a thread's stack. */
BR_SANITIZE_STEP void br_sanitize_arrive(br_sanitize_stack *now, br_sanitize_stack *from)
{
    (void) now, (void) from;
#if defined(BR_ASAN)
    __sanitizer_finish_switch_fiber(now->fake, &from->low, &from->bytes);
#endif
}
