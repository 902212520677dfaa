/*
 * cli/terminal/screen.h - a block of lines at the end of the terminal that is drawn over.
 *
 * What: draws a text on standard output, in place of the one before; lines are cut at the terminal's width,
 *     which may change; log lines appear above it. Elsewhere than on a terminal the text is just written.
 * Why here: run and quick show what goes on in the same way.
 * Threads: begin, end, keep and clear on the main thread; log lines from any thread (a lock).
 */
#pragma once
#include <pthread.h>
#include "base/buf.h"

typedef struct br_screen {
    pthread_mutex_t lock;
    bool terminal, colour;
    size_t columns, rows; /* of the terminal, when `block` was built */
    br_buf block;         /* the text, lines that end in "\n"; those beyond `rows` are not drawn */
    br_buf output;        /* on its way to the terminal */
    unsigned lines;       /* of it on the screen; 0: nothing drawn */
} br_screen;

void br_screen_init(br_screen *s, bool terminal, bool colour); /* stays where it is: log lines know it */
void br_screen_deinit(br_screen *s);
void br_screen_begin(br_screen *s); /* takes the lock and the old block away: append to s->block */
void br_screen_end(br_screen *s);   /* draws it */
void br_screen_keep(br_screen *s);  /* what stands on the screen stays */
void br_screen_clear(br_screen *s); /* takes it away */
