/*
 * base/assert.h - assertions that stay on in release builds.
 *
 * What: BR_ASSERT for programmer mistakes, BR_DASSERT for checks too slow for release builds.
 * Why here: a mistake ends the process at the place where it is seen, never later by corruption.
 *     Operating errors (input, network, disk) are returned as br_code, never asserted.
 * Threads: any.
 */
#pragma once
#include "base/compiler.h"

/* Prints "file:line: text" to stderr and aborts. */
BR_NORETURN BR_COLD void br_assert_fail(const char *file, int line, const char *text);

#define BR_ASSERT(x)         (BR_LIKELY(x) ? (void) 0 : br_assert_fail(__FILE__, __LINE__, #x))
#define BR_UNREACHABLE(text) br_assert_fail(__FILE__, __LINE__, "unreachable: " text)
#ifdef NDEBUG
#define BR_DASSERT(x) ((void) 0)
#else
#define BR_DASSERT(x) BR_ASSERT(x)
#endif
