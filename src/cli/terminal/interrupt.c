#include "cli/terminal/interrupt.h"

#include <errno.h>
#include <signal.h>
#include <stdatomic.h>
#include <time.h>
#include <unistd.h>
#include "engine/exit_code.h"

#define NAP (50 * BR_MS) /* a signal may come just before a sleep begins */

static atomic_bool interrupted;
static br_loop *_Atomic running;
static struct sigaction old_int, old_term;

static void on_signal(int number)
{
    (void) number;
    int saved = errno;
    if (atomic_exchange(&interrupted, true)) _exit(BR_EXIT_INTERRUPTED);
    br_loop *loop = atomic_load(&running);
    if (loop) br_loop_stop(loop);
    errno = saved;
}

void br_interrupt_watch(void)
{
    struct sigaction action = {.sa_handler = on_signal};
    sigemptyset(&action.sa_mask);
    atomic_store(&interrupted, false);
    sigaction(SIGINT, &action, &old_int);
    sigaction(SIGTERM, &action, &old_term);
}

void br_interrupt_unwatch(void)
{
    sigaction(SIGINT, &old_int, NULL);
    sigaction(SIGTERM, &old_term, NULL);
}

bool br_interrupted(void)
{
    return atomic_load(&interrupted);
}

const _Atomic bool *br_interrupt_flag(void)
{
    return &interrupted;
}

void br_interrupt_note(void)
{
    atomic_store(&interrupted, true);
}

void br_interrupt_stops(br_loop *loop)
{
    atomic_store(&running, loop);
    if (loop && br_interrupted()) br_loop_stop(loop); /* it came before there was a loop */
}

bool br_interrupt_sleep(br_ns time)
{
    br_ns end = br_clock_now() + time;
    for (br_ns left = time; left > 0 && !br_interrupted(); left = end - br_clock_now()) {
        br_ns nap = left < NAP ? left : NAP;
        struct timespec t = {.tv_nsec = (long) nap};
        nanosleep(&t, NULL);
    }
    return !br_interrupted();
}
