/*
 * cli/quick/quick_view.h - what is shown while a load without a script goes on.
 *
 * What: on a terminal a block with rate, times, statuses and a histogram, drawn over several times a second
 *     and as large as the terminal; elsewhere one line a second on standard error.
 * Threads: main thread.
 */
#pragma once
#include "cli/terminal/screen.h"
#include "quick/quick.h"

#define BR_QUICK_VIEW_TICKS 5 /* drawings a second, on a terminal */

typedef struct br_quick_view {
    br_screen screen;
    const br_quick_config *config;
    br_ns last; /* when it was drawn */
    /* Of the last second, a ring: rates of a fifth of a second jump too much to be read. */
    uint64_t requests[BR_QUICK_VIEW_TICKS];
    br_ns lengths[BR_QUICK_VIEW_TICKS];
    unsigned tick;
} br_quick_view;

/* `terminal`: draws a block on standard output. */
void br_quick_view_init(br_quick_view *v, const br_quick_config *config, bool terminal, bool colour);
void br_quick_view_deinit(br_quick_view *v); /* takes the block away */
br_ns br_quick_view_interval(const br_quick_view *v);
void br_quick_view_status(
    void *view, br_ns elapsed, const br_quick_tally *total, const br_quick_tally *recent);
