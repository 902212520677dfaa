/* What all loops promise: one suite, run against the simulated one and a real one; then what is special to
 * one of them. */
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/time.h>
#include <cmocka.h>
#include "base/mem.h"
#include "loop/loop.h"
#include "support/real_loop.h"

/* A log of what ran: letters in the order of the callbacks. */
typedef struct fixture {
    br_loop *loop;
    char log[256];
    size_t len;
} fixture;

typedef struct probe {
    fixture *f;
    br_timer timer;
    br_task task;
    br_ns fired_at;
    char letter;
    bool last; /* stops the loop */
} probe;

static void note(probe *p)
{
    assert_true(p->f->len < sizeof(p->f->log) - 1);
    p->f->log[p->f->len++] = p->letter;
    p->fired_at = br_loop_now(p->f->loop);
    if (p->last) br_loop_stop(p->f->loop);
}

static void on_timer(br_timer *timer, void *ctx)
{
    assert_false(br_timer_running(timer));
    note(ctx);
}

static void on_task(void *ctx)
{
    note(ctx);
}

static void start(probe *p, br_ns at)
{
    br_timer_start(p->f->loop, &p->timer, at, on_timer, p);
}
static void defer(probe *p)
{
    br_loop_defer(p->f->loop, &p->task, on_task, p);
}

static int setup_real(void **state)
{
    fixture *f = BR_NEW(fixture);
    f->loop = real_loop_new();
    *state = f;
    return 0;
}

static int setup_simulated(void **state)
{
    fixture *f = BR_NEW(fixture);
    f->loop = br_loop_new_simulated(1000 * BR_SEC);
    *state = f;
    return 0;
}

static int teardown(void **state)
{
    fixture *f = *state;
    br_loop_free(f->loop);
    br_free(f);
    return 0;
}

/* Timers ---------------------------------------------------------------------------------------- */

static void timers_fire_in_order(void **state)
{
    fixture *f = *state;
    probe a = {f, .letter = 'a'}, b = {f, .letter = 'b'}, c = {f, .letter = 'c'}, d = {f, .letter = 'd'},
          z = {f, .letter = 'z', .last = true};
    br_ns now = br_loop_now(f->loop);
    start(&z, now + 3 * BR_MS);
    start(&b, now + BR_MS);
    start(&c, now + BR_MS); /* equal: order of starting */
    start(&d, now + 2 * BR_MS);
    start(&a, now - BR_SEC);
    assert_int_equal(f->len, 0);
    br_loop_run(f->loop);
    assert_string_equal(f->log, "abcdz");
    assert_true(b.fired_at >= now + BR_MS);
    assert_true(d.fired_at >= now + 2 * BR_MS);
    assert_true(z.fired_at >= now + 3 * BR_MS);
}

static void a_restart_moves_a_timer(void **state)
{
    fixture *f = *state;
    probe a = {f, .letter = 'a'}, b = {f, .letter = 'b'}, z = {f, .letter = 'z', .last = true};
    br_ns now = br_loop_now(f->loop);
    start(&a, now + BR_MS);
    start(&b, now + 2 * BR_MS);
    start(&z, now + 60 * BR_SEC);
    start(&a, now + 3 * BR_MS); /* later */
    start(&z, now + 4 * BR_MS); /* earlier */
    assert_true(br_timer_running(&a.timer));
    br_loop_run(f->loop);
    assert_string_equal(f->log, "baz");
}

typedef struct stopper {
    probe p;
    probe *victim;
} stopper;

static void stop_victim(br_timer *timer, void *ctx)
{
    stopper *s = ctx;
    (void) timer;
    note(&s->p);
    br_timer_stop(s->p.f->loop, &s->victim->timer);
    memset(&s->victim->timer, 0, sizeof(s->victim->timer)); /* its memory may go */
}

static void a_callback_may_stop_a_timer_that_is_due(void **state)
{
    fixture *f = *state;
    probe victim = {f, .letter = 'v'}, z = {f, .letter = 'z', .last = true};
    stopper s = {{f, .letter = 's'}, &victim};
    br_ns now = br_loop_now(f->loop);
    br_timer_start(f->loop, &s.p.timer, now + BR_MS, stop_victim, &s);
    start(&victim, now + BR_MS);
    start(&z, now + 2 * BR_MS);
    br_loop_run(f->loop);
    assert_string_equal(f->log, "sz");
    br_timer_stop(f->loop, &victim.timer); /* not running: fine */
}

static void again(br_timer *timer, void *ctx)
{
    probe *p = ctx;
    p->last = p->f->len >= 4;
    note(p);
    defer(&p[1]);
    br_timer_start(p->f->loop, timer, br_loop_now(p->f->loop), again, p);
}

static void a_timer_restarted_in_the_past_fires_once_a_turn(void **state)
{
    fixture *f = *state;
    probe p[2] = {{f, .letter = 't'}, {f, .letter = 'd'}};
    br_timer_start(f->loop, &p[0].timer, 0, again, &p[0]);
    br_loop_run(f->loop);
    assert_string_equal(f->log, "tdtdtd");
    br_timer_stop(f->loop, &p[0].timer);
}

static void start_others(br_timer *timer, void *ctx)
{
    probe *p = ctx;
    (void) timer;
    note(&p[0]);
    start(&p[1], 30);
    start(&p[2], 20);
    start(&p[3], 10);
    start(&p[4], 10);
    br_timer_stop(p->f->loop, &p[3].timer);
}

static void timers_started_due_wait_for_the_next_turn_in_order(void **state)
{
    fixture *f = *state;
    probe p[] = {{f, .letter = '0'}, {f, .letter = '1'}, {f, .letter = '2'}, {f, .letter = '3'},
        {f, .letter = '4'}, {f, .letter = 'n'}, {f, .letter = 'z', .last = true}};
    br_timer_start(f->loop, &p[0].timer, 5, start_others, p);
    start(&p[5], 100); /* due in the same turn, before the new ones though they are earlier */
    start(&p[6], br_loop_now(f->loop) + BR_MS);
    br_loop_run(f->loop);
    assert_string_equal(f->log, "0n421z");
}

static void now_stands_still_in_a_callback(br_timer *timer, void *ctx)
{
    probe *p = ctx;
    br_ns now = br_loop_now(p->f->loop);
    assert_true(now >= timer->_at);
    assert_true(br_loop_clock(p->f->loop) >= now);
    assert_int_equal(br_loop_now(p->f->loop), now);
    note(p);
}

static void now_is_read_once_a_turn(void **state)
{
    fixture *f = *state;
    probe p = {f, .letter = 'a', .last = true};
    br_ns at = br_loop_now(f->loop) + 2 * BR_MS;
    br_timer_start(f->loop, &p.timer, at, now_stands_still_in_a_callback, &p);
    br_loop_run(f->loop);
    assert_string_equal(f->log, "a");
    assert_true(br_loop_now(f->loop) >= at);
}

/* Tasks ----------------------------------------------------------------------------------------- */

static void tasks_run_in_order_and_once(void **state)
{
    fixture *f = *state;
    probe a = {f, .letter = 'a'}, b = {f, .letter = 'b'}, c = {f, .letter = 'c', .last = true};
    defer(&a);
    defer(&b);
    defer(&a); /* queued already */
    defer(&c);
    assert_true(br_task_queued(&a.task));
    assert_int_equal(f->len, 0);
    br_loop_run(f->loop);
    assert_string_equal(f->log, "abc");
    assert_false(br_task_queued(&a.task));
}

static void undefer_victim(void *ctx)
{
    stopper *s = ctx;
    note(&s->p);
    br_loop_undefer(s->p.f->loop, &s->victim->task);
    br_loop_undefer(s->p.f->loop, &s->victim->task);
    memset(&s->victim->task, 0, sizeof(s->victim->task));
}

static void an_undeferred_task_does_not_run(void **state)
{
    fixture *f = *state;
    probe first = {f, .letter = 'f'}, victim = {f, .letter = 'v'}, z = {f, .letter = 'z', .last = true};
    stopper s = {{f, .letter = 's'}, &victim};
    defer(&first);
    br_loop_defer(f->loop, &s.p.task, undefer_victim, &s);
    defer(&victim); /* the last of its ring when it goes */
    br_loop_undefer(f->loop, &first.task);
    start(&z, br_loop_now(f->loop) + BR_MS);
    br_loop_run(f->loop);
    assert_string_equal(f->log, "sz");
}

static void defer_itself(void *ctx)
{
    probe *p = ctx;
    note(p);
    if (p->f->len < 6) br_loop_defer(p->f->loop, &p->task, defer_itself, p);
}

static void what_a_task_defers_runs_in_the_next_turn(void **state)
{
    fixture *f = *state;
    probe p = {f, .letter = 'p'}, t = {f, .letter = 't'}, z = {f, .letter = 'z', .last = true};
    br_loop_defer(f->loop, &p.task, defer_itself, &p);
    defer(&t);
    start(&z, br_loop_now(f->loop) + 5 * BR_MS);
    br_loop_run(f->loop);
    assert_string_equal(f->log, "ptppppz");
}

static void posts_run_in_order(void **state)
{
    fixture *f = *state;
    probe a = {f, .letter = 'a'}, b = {f, .letter = 'b'}, c = {f, .letter = 'c', .last = true};
    br_loop_post(f->loop, on_task, &a);
    br_loop_post(f->loop, on_task, &b);
    br_loop_post(f->loop, on_task, &a);
    br_loop_post(f->loop, on_task, &c);
    assert_int_equal(f->len, 0);
    br_loop_run(f->loop);
    assert_string_equal(f->log, "abac");
}

static void posts_not_run_are_dropped(void **state)
{
    fixture *f = *state;
    probe a = {f, .letter = 'a'};
    br_loop_post(f->loop, on_task, &a); /* a leak would be seen by ASan */
    br_loop_post(f->loop, on_task, &a);
}

/* Stop, health ---------------------------------------------------------------------------------- */

static void a_stop_before_the_run_counts_once(void **state)
{
    fixture *f = *state;
    probe a = {f, .letter = 'a'}, z = {f, .letter = 'z', .last = true};
    defer(&a);
    br_loop_stop(f->loop);
    br_loop_run(f->loop);
    assert_int_equal(f->len, 0);
    defer(&z);
    br_loop_run(f->loop);
    assert_string_equal(f->log, "az");
}

static void a_stop_ends_after_the_turn(void **state)
{
    fixture *f = *state;
    probe t = {f, .letter = 't', .last = true}, d = {f, .letter = 'd'}, late = {f, .letter = 'l'};
    start(&t, 0);
    start(&late, br_loop_now(f->loop) + 3600 * BR_SEC);
    defer(&d);
    br_loop_run(f->loop);
    assert_string_equal(f->log, "td");
    br_timer_stop(f->loop, &late.timer);
}

static void health_is_reset_by_reading(void **state)
{
    fixture *f = *state;
    br_loop_health h;
    probe a = {f, .letter = 'a'}, z = {f, .letter = 'z', .last = true};
    start(&a, br_loop_now(f->loop) - 7 * BR_MS);
    start(&z, br_loop_now(f->loop) + BR_MS);
    br_loop_run(f->loop);
    br_loop_take_health(f->loop, &h);
    assert_true(h.turns >= 1);
    assert_int_equal(h.timers, 2);
    assert_true(h.timer_late_ns_max >= 7 * BR_MS);
    assert_true(h.timer_late_ns_sum >= h.timer_late_ns_max);
    assert_true(h.busy_ns >= h.turn_ns_max);
    br_loop_take_health(f->loop, &h);
    assert_int_equal(h.turns, 0);
    assert_int_equal(h.timers, 0);
}

/* Simulated only -------------------------------------------------------------------------------- */

static void virtual_time_jumps_and_the_run_ends(void **state)
{
    fixture *f = *state;
    br_loop_health h;
    probe a = {f, .letter = 'a'}, b = {f, .letter = 'b'};
    assert_int_equal(br_loop_now(f->loop), 1000 * BR_SEC);
    start(&b, 1000 * BR_SEC + 86400 * BR_SEC);
    start(&a, 1000 * BR_SEC + 1);
    br_loop_run(f->loop); /* returns by itself */
    assert_string_equal(f->log, "ab");
    assert_int_equal(a.fired_at, 1000 * BR_SEC + 1);
    assert_int_equal(b.fired_at, 1000 * BR_SEC + 86400 * BR_SEC);
    assert_int_equal(br_loop_clock(f->loop), b.fired_at);
    br_loop_take_health(f->loop, &h);
    assert_int_equal(h.busy_ns, 0);
    assert_int_equal(h.timer_late_ns_max, 0);
}

static void on_watch(br_watch *w, unsigned events, void *ctx)
{
    (void) w, (void) events, (void) ctx;
}

static void watches_are_not_supported(void **state)
{
    fixture *f = *state;
    br_watch w = BR_WATCH_INIT;
    assert_int_equal(br_watch_start(f->loop, &w, 0, BR_READABLE, on_watch, NULL), BR_EUNSUPPORTED);
    assert_int_equal(w._fd, -1);
    br_watch_stop(f->loop, &w);
}

/* Real only ------------------------------------------------------------------------------------- */

enum { POSTERS = 3, POSTS = 2000 };

typedef struct poster {
    br_loop *loop;
    unsigned *sum; /* touched on the loop's thread only */
} poster;

static void count_post(void *ctx)
{
    poster *p = ctx;
    if (++*p->sum == POSTERS * POSTS) br_loop_stop(p->loop);
}

static void *post_many(void *ctx)
{
    poster *p = ctx;
    for (int i = 0; i < POSTS; i++)
        br_loop_post(p->loop, count_post, p);
    return NULL;
}

static void posts_from_other_threads_all_arrive(void **state)
{
    fixture *f = *state;
    unsigned sum = 0;
    poster p = {f->loop, &sum};
    pthread_t thread[POSTERS];
    for (int i = 0; i < POSTERS; i++)
        assert_int_equal(pthread_create(&thread[i], NULL, post_many, &p), 0);
    br_loop_run(f->loop); /* no timer: only the wake-ups keep it going */
    for (int i = 0; i < POSTERS; i++)
        pthread_join(thread[i], NULL);
    assert_int_equal(sum, POSTERS * POSTS);
}

static void *stop_later(void *ctx)
{
    nanosleep(&(struct timespec){.tv_nsec = 5 * BR_MS}, NULL);
    br_loop_stop(ctx);
    return NULL;
}

static void another_thread_may_stop_a_waiting_loop(void **state)
{
    fixture *f = *state;
    pthread_t thread;
    br_loop_health h;
    assert_int_equal(pthread_create(&thread, NULL, stop_later, f->loop), 0);
    br_loop_run(f->loop);
    pthread_join(thread, NULL);
    br_loop_take_health(f->loop, &h);
    assert_in_range(h.turns, 1, 3); /* it slept, it did not spin */
}

/* TSan runs a handler in the calls that it knows, and liburing's waits are none of them. */
static bool handlers_run(void)
{
#if defined(BR_TSAN)
    return real_loop_kind() != BR_LOOP_URING;
#else
    return true;
#endif
}

static br_loop *signalled;
static void on_alarm(int signo)
{
    (void) signo;
    br_loop_stop(signalled);
}

static void a_signal_handler_may_stop_the_loop(void **state)
{
    fixture *f = *state;
    if (!handlers_run()) skip();
    signalled = f->loop;
    struct sigaction old, now = {.sa_handler = on_alarm};
    sigaction(SIGALRM, &now, &old);
    setitimer(ITIMER_REAL, &(struct itimerval){.it_value = {.tv_usec = 5000}}, NULL);
    br_loop_run(f->loop);
    sigaction(SIGALRM, &old, NULL);
}

static void a_wait_is_not_busy(void **state)
{
    fixture *f = *state;
    br_loop_health h;
    probe z = {f, .letter = 'z', .last = true};
    br_ns begin = br_clock_now(), cpu = br_clock_thread_cpu();
    start(&z, begin + 50 * BR_MS);
    br_loop_run(f->loop);
    br_loop_take_health(f->loop, &h);
    assert_in_range(h.turns, 1, 4);
    assert_true(h.busy_ns < br_clock_now() - begin - 40 * BR_MS); /* the wait is not counted */
    assert_true(br_clock_thread_cpu() - cpu < 40 * BR_MS);
}

#define BOTH(fn)                                                                                             \
    {"real: " #fn, fn, setup_real, teardown, NULL},                                                          \
    {                                                                                                        \
        "simulated: " #fn, fn, setup_simulated, teardown, NULL                                               \
    }
#define REAL(fn)                                                                                             \
    {                                                                                                        \
        "real: " #fn, fn, setup_real, teardown, NULL                                                         \
    }
#define SIMULATED(fn)                                                                                        \
    {                                                                                                        \
        "simulated: " #fn, fn, setup_simulated, teardown, NULL                                               \
    }

int main(void)
{
    const struct CMUnitTest tests[] = {
        BOTH(timers_fire_in_order),
        BOTH(a_restart_moves_a_timer),
        BOTH(a_callback_may_stop_a_timer_that_is_due),
        BOTH(a_timer_restarted_in_the_past_fires_once_a_turn),
        BOTH(timers_started_due_wait_for_the_next_turn_in_order),
        BOTH(now_is_read_once_a_turn),
        BOTH(tasks_run_in_order_and_once),
        BOTH(an_undeferred_task_does_not_run),
        BOTH(what_a_task_defers_runs_in_the_next_turn),
        BOTH(posts_run_in_order),
        BOTH(posts_not_run_are_dropped),
        BOTH(a_stop_before_the_run_counts_once),
        BOTH(a_stop_ends_after_the_turn),
        BOTH(health_is_reset_by_reading),
        SIMULATED(virtual_time_jumps_and_the_run_ends),
        SIMULATED(watches_are_not_supported),
        REAL(posts_from_other_threads_all_arrive),
        REAL(another_thread_may_stop_a_waiting_loop),
        REAL(a_signal_handler_may_stop_the_loop),
        REAL(a_wait_is_not_busy),
    };
    return cmocka_run_group_tests_name("loop", tests, NULL, NULL);
}
