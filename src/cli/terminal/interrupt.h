/*
 * cli/terminal/interrupt.h - Ctrl-C between and around runs.
 *
 * What: notes SIGINT and SIGTERM instead of dying of them, so that what there is can still be reported; the
 *     second one ends the process at once, with the exit code that a run has for it.
 * Why here: a run takes signals over while it lasts (engine/run.h); a command of several steps is interrupted
 *     in between as well.
 * Threads: watch and unwatch on the main thread; the handler may run on any that does not block the signals.
 */
#pragma once
#include <stdbool.h>
#include "base/clock.h"
#include "loop/loop.h"

void br_interrupt_watch(void);
void br_interrupt_unwatch(void); /* signals do again what they did before */
bool br_interrupted(void);
const _Atomic bool *br_interrupt_flag(void); /* what it reads, for whoever looks often */
void br_interrupt_note(void);                /* a run has seen the signal */

/* Lets a signal stop the loop that runs now; NULL: none. */
void br_interrupt_stops(br_loop *loop);
/* Waits; false: a signal came before the time was over. */
bool br_interrupt_sleep(br_ns time);
