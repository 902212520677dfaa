/*
 * support/real_loop.h - the loop of a test that runs with each kind of loop (br_test's LOOPS).
 *
 * ctest runs the program once more with BRUNT_TEST_LOOP=io_uring. A kernel that refuses io_uring makes that a
 * skipped test with the reason.
 */
#pragma once
#include <stdio.h>
#include <stdlib.h>
#include "base/assert.h"
#include "loop/loop.h"

#define REAL_LOOP_SKIPPED 77 /* SKIP_RETURN_CODE */

static inline br_loop_kind real_loop_kind(void)
{
    const char *name = getenv("BRUNT_TEST_LOOP");
    br_loop_kind kind = BR_LOOP_EPOLL;
    BR_ASSERT(name == NULL || br_loop_kind_parse(br_str_of(name), &kind) == BR_OK);
    return kind;
}

static inline br_loop *real_loop_new(void)
{
    br_loop *loop;
    br_err err;
    br_code code = br_loop_new_as(real_loop_kind(), &loop, &err);
    if (code == BR_EUNSUPPORTED) {
        fprintf(stderr, "skipped: %s\n", err.msg);
        exit(REAL_LOOP_SKIPPED);
    }
    BR_ASSERT(code == BR_OK);
    return loop;
}
