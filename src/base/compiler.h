/*
 * base/compiler.h - the compiler features that the project uses, spelled once.
 *
 * What: attributes, branch hints and checked arithmetic of gcc and clang in gnu17.
 * Why here: when C23 is the floor, these become the standard spellings in one commit.
 */
#pragma once

#define BR_NODISCARD                    __attribute__((warn_unused_result))
#define BR_PRINTF(fmt_index, arg_index) __attribute__((format(printf, fmt_index, arg_index)))
#define BR_COLD                         __attribute__((cold))
#define BR_HOT                          __attribute__((hot))
#define BR_UNUSED                       __attribute__((unused))
#define BR_NORETURN                     __attribute__((noreturn))
#define BR_NOINLINE                     __attribute__((noinline))
#define BR_CLEANUP(fn)                  __attribute__((cleanup(fn)))
#define BR_LIKELY(x)                    __builtin_expect(!!(x), 1)
#define BR_UNLIKELY(x)                  __builtin_expect(!!(x), 0)
/* True on overflow; *out is the wrapped result then. */
#define BR_ADD_OVERFLOW(a, b, out)         __builtin_add_overflow((a), (b), (out))
#define BR_MUL_OVERFLOW(a, b, out)         __builtin_mul_overflow((a), (b), (out))
#define BR_STATIC_ASSERT(cond, text)       _Static_assert(cond, text)
#define BR_COUNT_OF(array)                 (sizeof(array) / sizeof((array)[0]))
#define BR_CONTAINER_OF(ptr, type, member) ((type *) ((char *) (ptr) - __builtin_offsetof(type, member)))

/* Set when the build carries a sanitizer; the fiber layer and the allocators need to know. */
#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define BR_ASAN 1
#endif
#if __has_feature(thread_sanitizer)
#define BR_TSAN 1
#endif
#endif
#if defined(__SANITIZE_ADDRESS__)
#define BR_ASAN 1
#endif
#if defined(__SANITIZE_THREAD__)
#define BR_TSAN 1
#endif
