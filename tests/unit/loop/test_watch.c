/* Watches over socket pairs and pipes, and timers on a kernel without epoll_pwait2. */
#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>
#include "base/mem.h"
#include "loop/loop.h"
#include "support/real_loop.h"

static int setup(void **state)
{
    *state = real_loop_new();
    return 0;
}

static int teardown(void **state)
{
    br_loop_free(*state);
    return 0;
}

static void make_pair(int fd[2])
{
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, fd), 0);
}

static void close_pair(int fd[2])
{
    close(fd[0]);
    close(fd[1]);
}

typedef struct seen {
    br_loop *loop;
    unsigned events;
    int count, stop_after;
} seen;

static void see(br_watch *w, unsigned events, void *ctx)
{
    seen *s = ctx;
    assert_true(w->_fd >= 0);
    s->events = events;
    if (++s->count >= s->stop_after) br_loop_stop(s->loop);
}

static void start(br_loop *loop, br_watch *w, int fd, unsigned events, br_watch_fn *fn, void *ctx)
{
    assert_int_equal(br_watch_start(loop, w, fd, events, fn, ctx), BR_OK);
}

static void readable_is_reported_until_it_is_read(void **state)
{
    int fd[2];
    make_pair(fd);
    seen s = {.loop = *state, .stop_after = 3};
    br_watch w = BR_WATCH_INIT;
    start(s.loop, &w, fd[0], BR_READABLE, see, &s);
    assert_int_equal(write(fd[1], "x", 1), 1);
    assert_int_equal(s.count, 0);
    br_loop_run(s.loop);
    assert_int_equal(s.count, 3);
    assert_int_equal(s.events, BR_READABLE);
    br_watch_stop(s.loop, &w);
    br_watch_stop(s.loop, &w);
    close_pair(fd);
}

static void interest_can_be_changed(void **state)
{
    int fd[2];
    make_pair(fd);
    seen s = {.loop = *state, .stop_after = 1};
    br_watch w = BR_WATCH_INIT;
    start(s.loop, &w, fd[0], BR_READABLE, see, &s);
    assert_int_equal(br_watch_change(s.loop, &w, BR_WRITABLE), BR_OK);
    assert_int_equal(write(fd[1], "x", 1), 1);
    br_loop_run(s.loop);
    assert_int_equal(s.events, BR_WRITABLE);
    assert_int_equal(br_watch_change(s.loop, &w, BR_WRITABLE | BR_READABLE), BR_OK);
    br_loop_run(s.loop);
    assert_int_equal(s.events, BR_WRITABLE | BR_READABLE);
    br_watch_stop(s.loop, &w);
    close_pair(fd);
}

static void a_hang_up_is_reported_unasked(void **state)
{
    int fd[2];
    make_pair(fd);
    seen s = {.loop = *state, .stop_after = 1};
    br_watch w = BR_WATCH_INIT;
    start(s.loop, &w, fd[0], 0, see, &s);
    close(fd[1]);
    br_loop_run(s.loop);
    assert_int_equal(s.events, BR_HANGUP);
    br_watch_stop(s.loop, &w);
    close(fd[0]);
}

static void the_end_of_a_pipe_is_readable(void **state)
{
    int fd[2];
    assert_int_equal(pipe2(fd, O_CLOEXEC | O_NONBLOCK), 0);
    seen s = {.loop = *state, .stop_after = 1};
    br_watch r = BR_WATCH_INIT, w = BR_WATCH_INIT;
    start(s.loop, &w, fd[1], BR_WRITABLE, see, &s);
    br_loop_run(s.loop);
    assert_int_equal(s.events, BR_WRITABLE);
    br_watch_stop(s.loop, &w);
    close(fd[1]);
    start(s.loop, &r, fd[0], BR_READABLE, see, &s);
    br_loop_run(s.loop);
    assert_true(s.events & BR_HANGUP);
    br_watch_stop(s.loop, &r);
    close(fd[0]);
}

/* Two watches ready in one batch: whichever runs first stops the other and frees its memory. */
typedef struct rivals {
    br_loop *loop;
    br_watch *watch[2];
    int fd[2];
    int count;
} rivals;

static void stop_the_other(br_watch *w, unsigned events, void *ctx)
{
    rivals *r = ctx;
    int other = w == r->watch[0] ? 1 : 0;
    (void) events;
    r->count++;
    br_watch_stop(r->loop, r->watch[other]);
    br_free(r->watch[other]);
    br_loop_stop(r->loop);
    br_watch_stop(r->loop, w);
    br_free(w); /* itself too */
}

static void a_watch_stopped_in_the_batch_does_not_fire(void **state)
{
    rivals r = {.loop = *state};
    for (int i = 0; i < 2; i++) {
        r.fd[i] = eventfd(1, EFD_CLOEXEC | EFD_NONBLOCK);
        r.watch[i] = BR_NEW(br_watch);
        *r.watch[i] = BR_WATCH_INIT;
        start(r.loop, r.watch[i], r.fd[i], BR_READABLE, stop_the_other, &r);
    }
    br_loop_run(r.loop);
    assert_int_equal(r.count, 1);
    close_pair(r.fd);
}

/* The same place in memory and the same descriptor number, but another life: no event of the old one. */
typedef struct reborn {
    br_loop *loop;
    br_watch first, second;
    int fd[2];
    int old_events, new_events;
} reborn;

static void on_new(br_watch *w, unsigned events, void *ctx)
{
    reborn *r = ctx;
    (void) w, (void) events;
    r->new_events++;
}

static void replace_the_other(br_watch *w, unsigned events, void *ctx)
{
    reborn *r = ctx;
    br_watch *other = w == &r->first ? &r->second : &r->first;
    int *fd = w == &r->first ? &r->fd[1] : &r->fd[0], old = *fd;
    (void) events;
    r->old_events++;
    br_watch_stop(r->loop, other);
    close(old);
    *fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    assert_int_equal(*fd, old);
    start(r->loop, other, *fd, BR_READABLE, on_new, r);
    br_loop_stop(r->loop);
}

static void a_new_watch_gets_no_event_of_the_old_one(void **state)
{
    reborn r = {.loop = *state, .first = BR_WATCH_INIT, .second = BR_WATCH_INIT};
    for (int i = 0; i < 2; i++)
        r.fd[i] = eventfd(1, EFD_CLOEXEC | EFD_NONBLOCK);
    start(r.loop, &r.first, r.fd[0], BR_READABLE, replace_the_other, &r);
    start(r.loop, &r.second, r.fd[1], BR_READABLE, replace_the_other, &r);
    br_loop_run(r.loop);
    assert_int_equal(r.old_events, 1);
    assert_int_equal(r.new_events, 0);
    br_watch_stop(r.loop, &r.first);
    br_watch_stop(r.loop, &r.second);
    close_pair(r.fd);
}

static void unwant_the_other(br_watch *w, unsigned events, void *ctx)
{
    rivals *r = ctx;
    int other = w == r->watch[0] ? 1 : 0;
    (void) events;
    r->count++;
    assert_int_equal(br_watch_change(r->loop, r->watch[other], 0), BR_OK);
    assert_int_equal(br_watch_change(r->loop, w, 0), BR_OK);
    br_loop_stop(r->loop);
}

static void an_event_no_longer_wanted_is_not_delivered(void **state)
{
    br_watch w[2] = {BR_WATCH_INIT, BR_WATCH_INIT};
    rivals r = {.loop = *state, .watch = {&w[0], &w[1]}};
    for (int i = 0; i < 2; i++) {
        r.fd[i] = eventfd(1, EFD_CLOEXEC | EFD_NONBLOCK);
        start(r.loop, &w[i], r.fd[i], BR_READABLE, unwant_the_other, &r);
    }
    br_loop_run(r.loop);
    assert_int_equal(r.count, 1);
    for (int i = 0; i < 2; i++)
        br_watch_stop(r.loop, &w[i]);
    close_pair(r.fd);
}

/* Many at once ---------------------------------------------------------------------------------- */

enum { MANY = 700 }; /* more than a batch */

typedef struct crowd {
    br_loop *loop;
    br_watch watch[MANY];
    int hits[MANY];
    int total, at_timer;
    br_timer timer;
} crowd;

static void on_crowd_timer(br_timer *timer, void *ctx)
{
    crowd *c = ctx;
    (void) timer;
    c->at_timer = c->total;
}

static void on_crowd(br_watch *w, unsigned events, void *ctx)
{
    crowd *c = ctx;
    uint64_t value;
    (void) events;
    c->hits[w - c->watch]++;
    assert_int_equal(read(w->_fd, &value, sizeof(value)), sizeof(value));
    if (c->total == 0) br_timer_start(c->loop, &c->timer, 0, on_crowd_timer, c);
    if (++c->total == MANY) br_loop_stop(c->loop);
}

static void many_events_all_arrive_and_timers_come_between(void **state)
{
    struct rlimit limit;
    getrlimit(RLIMIT_NOFILE, &limit);
    if (limit.rlim_cur < MANY + 50) {
        limit.rlim_cur = limit.rlim_max < 2 * MANY ? limit.rlim_max : 2 * MANY;
        setrlimit(RLIMIT_NOFILE, &limit);
    }
    crowd *c = BR_NEW(crowd);
    c->loop = *state;
    for (int i = 0; i < MANY; i++) {
        c->watch[i] = BR_WATCH_INIT;
        int fd = eventfd(1, EFD_CLOEXEC | EFD_NONBLOCK);
        assert_true(fd >= 0);
        start(c->loop, &c->watch[i], fd, BR_READABLE, on_crowd, c);
    }
    br_loop_run(c->loop);
    for (int i = 0; i < MANY; i++) {
        int fd = c->watch[i]._fd;
        assert_int_equal(c->hits[i], 1);
        br_watch_stop(c->loop, &c->watch[i]);
        close(fd);
    }
    assert_in_range(c->at_timer, 1, 16); /* the turn is short even when hundreds are ready */
    br_free(c);
}

/* Failures -------------------------------------------------------------------------------------- */

static void a_plain_file_is_not_supported(void **state)
{
    seen s = {.loop = *state};
    br_watch w = BR_WATCH_INIT;
    int fd = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
    assert_true(fd >= 0);
    assert_int_equal(br_watch_start(s.loop, &w, fd, BR_READABLE, see, &s), BR_EUNSUPPORTED);
    assert_int_equal(w._fd, -1);
    close(fd);
    assert_int_equal(br_watch_start(s.loop, &w, fd, BR_READABLE, see, &s), BR_EIO); /* not open */
}

static void no_descriptor_left_is_an_error(void **state)
{
    (void) state;
    struct rlimit old, none;
    br_loop *loop = NULL;
    br_err err;
    getrlimit(RLIMIT_NOFILE, &old);
    none = (struct rlimit){.rlim_cur = 0, .rlim_max = old.rlim_max};
    setrlimit(RLIMIT_NOFILE, &none);
    br_code code = br_loop_new_as(real_loop_kind(), &loop, &err);
    setrlimit(RLIMIT_NOFILE, &old);
    assert_int_equal(code, BR_ENOFDS);
    assert_int_equal(err.sys_errno, EMFILE);
    assert_null(loop);
}

#define SKIPPED 77

static void stop_loop(br_timer *timer, void *ctx)
{
    (void) timer;
    br_loop_stop(ctx);
}

/* From now on a call of this process fails; false: there are no filters here. */
static bool forbid(unsigned call, unsigned sys_errno)
{
    struct sock_filter code[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, call, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | sys_errno),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    struct sock_fprog program = {.len = sizeof(code) / sizeof(code[0]), .filter = code};
    return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
           prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0;
}

/* In a child that has no epoll_pwait2: a timer comes, and not before its time. */
static int run_without_pwait2(void)
{
    br_loop *loop;
    br_timer timer = {0};
    br_err err;
    if (!forbid(SYS_epoll_pwait2, ENOSYS)) return SKIPPED;
    if (br_loop_new_as(BR_LOOP_EPOLL, &loop, &err) != BR_OK) return 2;
    br_ns at = br_loop_now(loop) + 12 * BR_MS + 300 * BR_US;
    br_timer_start(loop, &timer, at, stop_loop, loop);
    br_loop_run(loop);
    bool early = br_clock_now() < at;
    br_loop_health h;
    br_loop_take_health(loop, &h);
    br_loop_free(loop);
    return early ? 3 : h.turns > 6 ? 4 : 0;
}

static void assert_child(int (*fn)(void))
{
    int status;
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) _exit(fn());
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    if (WEXITSTATUS(status) == SKIPPED) skip();
    assert_int_equal(WEXITSTATUS(status), 0);
}

static void timers_work_without_epoll_pwait2(void **state)
{
    (void) state;
    assert_child(run_without_pwait2);
}

/* io_uring refused: told when it was asked for, passed over when it was not. */
static int try_refused(unsigned sys_errno, br_code want, const char *reason)
{
    br_loop *loop = NULL;
    br_err err = {0};
    if (!forbid(SYS_io_uring_setup, sys_errno)) return SKIPPED;
    if (br_loop_new_as(BR_LOOP_URING, &loop, &err) != want) return 2;
    if (strstr(err.msg, reason) == NULL || strstr(err.msg, "--loop epoll") == NULL) return 3;
    if (br_loop_new_as(BR_LOOP_AUTO, &loop, &err) != BR_OK) return 4;
    br_loop_free(loop);
    return 0;
}

static int run_without_uring(void)
{
    return try_refused(ENOSYS, BR_EUNSUPPORTED, "no io_uring");
}
static int run_with_uring_forbidden(void)
{
    return try_refused(EPERM, BR_EUNSUPPORTED, "forbidden");
}
static int run_with_old_uring(void)
{
    return try_refused(EINVAL, BR_EUNSUPPORTED, "too old");
}
static int run_with_little_locked_memory(void)
{
    return try_refused(ENOMEM, BR_EIO, "ulimit -l");
}

static void a_refused_io_uring_is_explained(void **state)
{
    (void) state;
    if (real_loop_kind() != BR_LOOP_URING) skip(); /* a build without it has one answer for all */
    assert_child(run_without_uring);
    assert_child(run_with_uring_forbidden);
    assert_child(run_with_old_uring);
    assert_child(run_with_little_locked_memory);
}

#define TEST(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(readable_is_reported_until_it_is_read),
        TEST(interest_can_be_changed),
        TEST(a_hang_up_is_reported_unasked),
        TEST(the_end_of_a_pipe_is_readable),
        TEST(a_watch_stopped_in_the_batch_does_not_fire),
        TEST(a_new_watch_gets_no_event_of_the_old_one),
        TEST(an_event_no_longer_wanted_is_not_delivered),
        TEST(many_events_all_arrive_and_timers_come_between),
        TEST(a_plain_file_is_not_supported),
        TEST(no_descriptor_left_is_an_error),
        TEST(timers_work_without_epoll_pwait2),
        TEST(a_refused_io_uring_is_explained),
    };
    return cmocka_run_group_tests_name("watch", tests, NULL, NULL);
}
