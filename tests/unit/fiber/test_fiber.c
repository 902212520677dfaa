/* Fibers over the simulated loop; deaths (overflow, misuse) in children. */
#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>
#include "base/compiler.h"
#include "base/mem.h"
#include "fiber/fiber.h"
#if defined(BR_ASAN)
#include <sanitizer/asan_interface.h>
#endif
#if defined(BR_TSAN)
#include <sanitizer/tsan_interface.h>
#endif

#define START       BR_SEC
#define STACK_BYTES ((size_t) 128 * 1024)
#if defined(BR_TSAN)
enum { CROWD = 500, SANITIZED = 1 }; /* TSan keeps a thread's worth of memory for each */
#elif defined(BR_ASAN)
enum { CROWD = 5000, SANITIZED = 1 };
#else
enum { CROWD = 5000, SANITIZED = 0 };
#endif

typedef struct fixture {
    br_loop *loop;
    br_fiber_pool *pool;
    char log[256];
} fixture;

/* What a test's fiber is given. */
typedef struct job {
    fixture *f;
    br_ns at; /* to sleep until */
    br_fiber *fiber;
    br_fiber *other; /* somebody to wake or cancel */
    size_t bytes;    /* to use of the stack */
    size_t high_water;
    br_ns done_at;
    br_code code; /* what came back */
    char name;
} job;

static void note(job *j, char what)
{
    char text[] = {j->name, what, ' ', '\0'};
    size_t len = strlen(j->f->log);
    assert_true(len + sizeof(text) < sizeof(j->f->log));
    memcpy(j->f->log + len, text, sizeof(text));
}

static void start(job *j, br_fiber_fn *fn)
{
    br_err err;
    assert_int_equal(br_fiber_start(j->f->pool, fn, j, &j->fiber, &err), BR_OK);
}

static int setup(void **state)
{
    fixture *f = BR_NEW(fixture);
    f->loop = br_loop_new_simulated(START);
    f->pool = br_fiber_pool_new(f->loop, STACK_BYTES);
    *state = f;
    return 0;
}

static int teardown(void **state)
{
    fixture *f = *state;
    br_fiber_pool_free(f->pool);
    br_loop_free(f->loop);
    br_free(f);
    return 0;
}

static void sleeper(br_fiber *self, void *arg)
{
    job *j = arg;
    assert_ptr_equal(self, br_fiber_current());
    note(j, '(');
    j->code = br_fiber_sleep_until(self, j->at);
    note(j, ')');
    j->done_at = br_loop_now(br_fiber_loop(self));
}

static void waiter(br_fiber *self, void *arg)
{
    job *j = arg;
    note(j, '(');
    j->code = br_fiber_await(self);
    note(j, ')');
}

/* Running and sleeping -------------------------------------------------------------------------- */

static void first_part_only(br_fiber *self, void *arg)
{
    job *j = arg;
    assert_ptr_equal(j->fiber, self); /* set before the first part */
    note(j, '!');
}

static void the_first_part_runs_at_once(void **state)
{
    job a = {*state, .name = 'a'}, b = {*state, .name = 'b', .at = START + 1};
    br_err err;
    start(&a, first_part_only);
    assert_string_equal(a.f->log, "a! ");
    assert_null(a.fiber); /* it is gone */
    start(&b, sleeper);
    assert_non_null(b.fiber);
    assert_string_equal(a.f->log, "a! b( ");
    assert_null(br_fiber_current());
    a.at = START + 2;
    assert_int_equal(br_fiber_start(a.f->pool, sleeper, &a, /* ret_fiber= */ NULL, &err), BR_OK);
    br_loop_run(a.f->loop);
    assert_string_equal(a.f->log, "a! b( a( b) a) ");
}

static void sleeps_end_in_order_of_time(void **state)
{
    fixture *f = *state;
    job a = {f, .name = 'a', .at = START + 30}, b = {f, .name = 'b', .at = START + 10},
        c = {f, .name = 'c', .at = START + 20}, past = {f, .name = 'p', .at = 0};
    start(&a, sleeper);
    start(&b, sleeper);
    start(&c, sleeper);
    start(&past, sleeper);
    assert_string_equal(f->log, "a( b( c( p( ");
    br_loop_run(f->loop);
    assert_string_equal(f->log, "a( b( c( p( p) b) c) a) ");
    assert_int_equal(a.done_at, START + 30);
    assert_int_equal(b.done_at, START + 10);
    assert_int_equal(c.code, BR_OK);
}

static void starts_another(br_fiber *self, void *arg)
{
    job *j = arg;
    note(j, '(');
    start(&j[1], sleeper);
    assert_ptr_equal(br_fiber_current(), self);
    note(j, '+');
    start(&j[2], first_part_only);
    assert_ptr_equal(br_fiber_current(), self);
    j->code = br_fiber_sleep_until(self, j->at);
    note(j, ')');
}

static void a_fiber_may_start_fibers(void **state)
{
    fixture *f = *state;
    job j[] = {{f, .name = 'a', .at = START + 5}, {f, .name = 'b', .at = START + 9}, {f, .name = 'c'}};
    start(&j[0], starts_another);
    assert_string_equal(f->log, "a( b( a+ c! ");
    br_loop_run(f->loop);
    assert_string_equal(f->log, "a( b( a+ c! a) b) ");
}

/* Waking ---------------------------------------------------------------------------------------- */

static void a_wake_from_the_loop_switches_at_once(void **state)
{
    job a = {*state, .name = 'a'};
    start(&a, waiter);
    br_fiber_wake(a.fiber, BR_ERESET);
    assert_string_equal(a.f->log, "a( a) ");
    assert_int_equal(a.code, BR_ERESET);
}

static void wakes_other(br_fiber *self, void *arg)
{
    job *j = arg;
    (void) self;
    note(j, '(');
    br_fiber_wake(j->other, BR_EOF);
    note(j, ')');
}

static void a_wake_from_a_fiber_is_deferred(void **state)
{
    job a = {*state, .name = 'a'}, b = {*state, .name = 'b'};
    start(&a, waiter);
    b.other = a.fiber;
    start(&b, wakes_other);
    assert_string_equal(a.f->log, "a( b( b) ");
    br_loop_run(a.f->loop);
    assert_string_equal(a.f->log, "a( b( b) a) ");
    assert_int_equal(a.code, BR_EOF);
}

static void on_event(br_watch *watch, unsigned events, void *ctx)
{
    job *j = ctx;
    (void) watch;
    assert_int_equal(events, BR_READABLE);
    br_fiber_wake(j->fiber, BR_OK);
}

static void waits_for_descriptor(br_fiber *self, void *arg)
{
    job *j = arg;
    br_watch w = BR_WATCH_INIT;
    int fd = eventfd(0, EFD_CLOEXEC);
    br_loop *loop = br_fiber_loop(self);
    assert_int_equal(br_watch_start(loop, &w, fd, BR_READABLE, on_event, j), BR_OK);
    for (uint64_t i = 1; i <= 3; i++) {
        assert_int_equal(write(fd, &i, sizeof(i)), sizeof(i));
        assert_int_equal(br_fiber_await(self), BR_OK);
        assert_int_equal(read(fd, &i, sizeof(i)), sizeof(i));
    }
    br_watch_stop(loop, &w);
    close(fd);
    j->code = br_fiber_sleep_until(self, br_loop_now(loop) + BR_MS);
    br_loop_stop(loop);
}

static void a_fiber_runs_over_the_epoll_loop(void **state)
{
    (void) state;
    fixture f = {0};
    job j = {&f, .code = BR_EINVAL};
    br_err err;
    assert_int_equal(br_loop_new(&f.loop, &err), BR_OK);
    f.pool = br_fiber_pool_new(f.loop, STACK_BYTES);
    start(&j, waits_for_descriptor);
    br_loop_run(f.loop);
    assert_int_equal(j.code, BR_OK);
    br_fiber_pool_free(f.pool);
    br_loop_free(f.loop);
}

/* Cancelling ------------------------------------------------------------------------------------ */

static void cancel_from_timer(br_timer *timer, void *ctx)
{
    job *j = ctx;
    (void) timer;
    br_fiber_cancel(j->fiber);
    note(j, 'x'); /* after it ran */
}

static void a_cancelled_sleep_ends_early(void **state)
{
    job a = {*state, .name = 'a', .at = START + 3600 * BR_SEC};
    br_timer timer = {0};
    start(&a, sleeper);
    br_timer_start(a.f->loop, &timer, START + 7, cancel_from_timer, &a);
    br_loop_run(a.f->loop);
    assert_string_equal(a.f->log, "a( a) ax ");
    assert_int_equal(a.code, BR_ECANCEL);
    assert_int_equal(a.done_at, START + 7);
    assert_int_equal(br_loop_now(a.f->loop), START + 7); /* its timer is gone too */
}

static void sleeps_after_cancel(br_fiber *self, void *arg)
{
    job *j = arg;
    br_loop *loop = br_fiber_loop(self);
    br_fiber_cancel(self);
    assert_true(br_fiber_cancelled(self));
    assert_int_equal(br_fiber_await(self), BR_ECANCEL);
    assert_int_equal(br_fiber_sleep_until(self, START + BR_SEC), BR_ECANCEL);
    assert_int_equal(br_loop_now(loop), START);
    note(j, '1');
    br_fiber_uncancel(self);
    assert_false(br_fiber_cancelled(self));
    assert_int_equal(br_fiber_sleep_until(self, START + 5), BR_OK);
    assert_int_equal(br_loop_now(loop), START + 5);
    note(j, '2');
}

static void a_cancel_before_the_await_counts(void **state)
{
    job a = {*state, .name = 'a'};
    start(&a, sleeps_after_cancel);
    assert_string_equal(a.f->log, "a1 ");
    br_loop_run(a.f->loop);
    assert_string_equal(a.f->log, "a1 a2 ");
}

static void cancels_other(br_fiber *self, void *arg)
{
    job *j = arg;
    (void) self;
    br_fiber_cancel(j->other);
    br_fiber_cancel(j->other);
    note(j, 'x');
}

static void a_cancel_from_a_fiber_is_deferred(void **state)
{
    job a = {*state, .name = 'a', .at = START + BR_SEC}, b = {*state, .name = 'b'};
    start(&a, sleeper);
    b.other = a.fiber;
    start(&b, cancels_other);
    assert_string_equal(a.f->log, "a( bx ");
    br_loop_run(a.f->loop);
    assert_string_equal(a.f->log, "a( bx a) ");
    assert_int_equal(a.code, BR_ECANCEL);
    assert_int_equal(a.done_at, START);
}

static void an_operation_that_ends_before_a_deferred_cancel_wins(void **state)
{
    job a = {*state, .name = 'a'}, b = {*state, .name = 'b'};
    start(&a, waiter);
    b.other = a.fiber;
    start(&b, cancels_other);
    br_fiber_wake(a.fiber, BR_EPIPE);
    assert_string_equal(a.f->log, "a( bx a) ");
    assert_int_equal(a.code, BR_EPIPE);
    br_loop_run(a.f->loop); /* the deferred resume is gone */
}

static void awaits_twice(br_fiber *self, void *arg)
{
    job *j = arg;
    note(j, br_fiber_await(self) == BR_EOF && br_fiber_cancelled(self) ? '+' : '-');
    j->code = br_fiber_await(self);
}

static void a_cancel_after_a_deferred_wake_keeps_its_code(void **state)
{
    job a = {*state, .name = 'a'}, b = {*state, .name = 'b'};
    start(&a, awaits_twice);
    b.other = a.fiber;
    start(&b, wakes_other); /* with BR_EOF */
    br_fiber_cancel(a.fiber);
    br_loop_run(a.f->loop);
    assert_string_equal(a.f->log, "b( b) a+ ");
    assert_int_equal(a.code, BR_ECANCEL);
}

/* Stacks ---------------------------------------------------------------------------------------- */

static void random_sleeper(br_fiber *self, void *arg)
{
    job *j = arg;
    for (int i = 0; i < 3; i++) {
        j->at += 1 + (br_ns) ((uintptr_t) self >> 12 & 1023);
        assert_int_equal(br_fiber_sleep_until(self, j->at), BR_OK);
        assert_int_equal(br_loop_now(br_fiber_loop(self)), j->at);
    }
    j->code = BR_EOF;
}

static void thousands_sleep_at_once(void **state)
{
    job *jobs = BR_NEW_ARRAY(job, CROWD);
    for (int round = 0; round < 2; round++) {
        for (int i = 0; i < CROWD; i++) {
            jobs[i] = (job){.f = *state, .at = br_loop_now(((fixture *) *state)->loop) + i % 97};
            start(&jobs[i], random_sleeper);
        }
        br_loop_run(jobs[0].f->loop);
        for (int i = 0; i < CROWD; i++)
            assert_int_equal(jobs[i].code, BR_EOF);
    }
    br_free(jobs);
}

static void a_stack_is_used_again(void **state)
{
    job a = {*state, .name = 'a'}, b = {*state, .name = 'b'};
    start(&a, waiter);
    br_fiber *first = a.fiber;
    br_fiber_wake(a.fiber, BR_OK);
    start(&b, waiter);
    assert_ptr_equal(b.fiber, first);
    br_fiber_wake(b.fiber, BR_OK);
}

/* Touches `bytes` of the stack, downwards as frames do. Not by recursion, which compilers turn into loops. */
BR_NOINLINE static void dig(size_t bytes)
{
    volatile char *frame = __builtin_alloca(bytes);
    for (size_t i = bytes; i > 0; i -= 64)
        frame[i - 1] = 1;
}

static void digger(br_fiber *self, void *arg)
{
    job *j = arg;
    size_t before = br_fiber_stack_high_water(self);
    dig(j->bytes);
    j->high_water = br_fiber_stack_high_water(self);
    assert_true(j->high_water >= before);
    j->code = br_fiber_await(self);
}

static void the_high_water_mark_is_plausible(void **state)
{
    fixture *f = *state;
    job small = {f, .bytes = 1024}, big = {f, .bytes = 60 * 1024};
    start(&small, digger);
    start(&big, digger);
    size_t page = (size_t) sysconf(_SC_PAGESIZE);
    assert_int_equal(small.high_water % page, 0);
    assert_true(small.high_water >= 1024);
    assert_true(small.high_water <= 24 * 1024 || SANITIZED);
    assert_true(big.high_water >= 60 * 1024);
    assert_true(big.high_water <= 84 * 1024 || SANITIZED);
    assert_true(big.high_water <= br_fiber_pool_stack_bytes(f->pool));
    br_fiber_wake(small.fiber, BR_OK);
    br_fiber_wake(big.fiber, BR_OK);
}

static void digger_that_sleeps(br_fiber *self, void *arg)
{
    job *j = arg;
    volatile unsigned char kept[3000];
    for (size_t i = 0; i < sizeof(kept); i++)
        kept[i] = (unsigned char) i;
    for (int i = 0; i < 2; i++) {
        dig(j->bytes);
        assert_int_equal(br_fiber_sleep_until(self, br_loop_now(j->f->loop) + j->at), BR_OK);
    }
    for (size_t i = 0; i < sizeof(kept); i++)
        assert_int_equal(kept[i], (unsigned char) i);
    j->done_at = br_loop_now(j->f->loop);
}

/* What the stack grew to before the sleep; what lies above it stays. */
static void long_sleeps_give_memory_back(void **state)
{
    fixture *f = *state;
    job shortly = {f, .bytes = 60 * 1024, .at = BR_SEC - 1}, longer = {f, .bytes = 60 * 1024, .at = BR_SEC};
    start(&shortly, digger_that_sleeps);
    start(&longer, digger_that_sleeps);
    assert_true(br_fiber_stack_high_water(shortly.fiber) >= 60 * 1024);
    assert_true(br_fiber_stack_high_water(longer.fiber) <= 40 * 1024);
    br_loop_run(f->loop);
    assert_int_equal(longer.done_at, START + 2 * BR_SEC);
    assert_true(shortly.done_at > 0);
}

static void digger_that_trims(br_fiber *self, void *arg)
{
    job *j = arg;
    dig(j->bytes);
    br_fiber_trim(self);
    j->high_water = br_fiber_stack_high_water(self);
}

static void trimming_gives_memory_back(void **state)
{
    fixture *f = *state;
    job j = {f, .bytes = 90 * 1024};
    start(&j, digger_that_trims);
    assert_true(j.high_water >= 16 * 1024 && j.high_water <= 60 * 1024);
}

static void many_idle_stacks_give_their_memory_back(void **state)
{
    enum { MANY = 300, WARM = 128 };
    fixture *f = *state;
    job jobs[MANY];
    int fresh = 0;
    for (int i = 0; i < MANY; i++) {
        jobs[i] = (job){.f = f, .bytes = 60 * 1024};
        start(&jobs[i], digger);
    }
    for (int i = 0; i < MANY; i++)
        br_fiber_wake(jobs[i].fiber, BR_OK);
    for (int i = 0; i < MANY; i++) {
        jobs[i] = (job){.f = f};
        start(&jobs[i], waiter);
        fresh += br_fiber_stack_high_water(jobs[i].fiber) < 60 * 1024;
        f->log[0] = '\0';
    }
    assert_int_equal(fresh, MANY - WARM);
    for (int i = 0; i < MANY; i++) {
        br_fiber_wake(jobs[i].fiber, BR_OK);
        f->log[0] = '\0';
    }
}

static void looks_at_bounds(br_fiber *self, void *arg)
{
    job *j = arg;
    const char *low, *high, *here = __builtin_frame_address(0);
    br_fiber_stack_bounds(self, &low, &high);
    assert_true(low < here && here < high);
    j->bytes = (size_t) (high - low);
}

static void bounds_hold_the_frames(void **state)
{
    job a = {.f = *state};
    start(&a, looks_at_bounds);
    size_t bytes = br_fiber_pool_stack_bytes(a.f->pool);
    assert_true(bytes >= STACK_BYTES);
    assert_true(a.bytes <= bytes && a.bytes > bytes - 1024);
    br_fiber_pool *tiny = br_fiber_pool_new(a.f->loop, 1);
    assert_true(br_fiber_pool_stack_bytes(tiny) >= 32 * 1024);
    br_fiber_pool_free(tiny);
}

/* Whether the sanitizer takes the stack that runs for what it is; yes when there is none. */
BR_NOINLINE static bool is_known_stack(const void *frame, void *loops_fiber, bool on_fiber)
{
    bool known = true;
#if defined(BR_ASAN)
    char name[8];
    void *low;
    size_t bytes;
    known = strcmp(__asan_locate_address((void *) (uintptr_t) frame, name, sizeof(name), &low, &bytes),
                "stack") == 0;
#endif
#if defined(BR_TSAN)
    known = (__tsan_get_current_fiber() != loops_fiber) == on_fiber;
#endif
    (void) frame, (void) loops_fiber, (void) on_fiber;
    return known;
}

static void *sanitizers_fiber(void)
{
#if defined(BR_TSAN)
    return __tsan_get_current_fiber();
#else
    return NULL;
#endif
}

typedef struct known {
    fixture *f;
    void *loops;
    int steps;
} known;

static void checks_twice(br_fiber *self, void *arg)
{
    known *k = arg;
    assert_true(is_known_stack(__builtin_frame_address(0), k->loops, true));
    k->steps++;
    assert_int_equal(br_fiber_await(self), BR_OK);
    assert_true(is_known_stack(__builtin_frame_address(0), k->loops, true));
    k->steps++;
}

static void sanitizers_know_the_stacks(void **state)
{
    known k = {.f = *state, .loops = sanitizers_fiber()};
    br_fiber *fiber;
    br_err err;
    assert_int_equal(br_fiber_start(k.f->pool, checks_twice, &k, &fiber, &err), BR_OK);
    assert_true(is_known_stack(__builtin_frame_address(0), k.loops, false));
    br_fiber_wake(fiber, BR_OK);
    assert_true(is_known_stack(__builtin_frame_address(0), k.loops, false));
    assert_int_equal(k.steps, 2);
}

/* Deaths and failures, each in a child ---------------------------------------------------------- */

static int in_child(int (*fn)(fixture *f), fixture *f)
{
    int status;
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        setrlimit(RLIMIT_CORE, &(struct rlimit){0});
        signal(SIGSEGV, SIG_DFL); /* cmocka's handlers jump */
        signal(SIGABRT, SIG_DFL);
        (void) (freopen("/dev/null", "w", stderr) == NULL);
        _exit(fn(f));
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    return status;
}

static void overflows(br_fiber *self, void *arg)
{
    (void) self;
    (void) arg;
    dig(2 * STACK_BYTES);
}

/* With stacks of others right below: without a guard it would run into them. */
static int overflow(fixture *f)
{
    br_err err;
    job top = {f, .name = 't'}, below[4];
    start(&top, waiter);
    for (int i = 0; i < 4; i++) {
        below[i] = (job){f, .name = 'b'};
        start(&below[i], waiter);
    }
    br_fiber_wake(top.fiber, BR_OK); /* its stack is the next one to be used */
    return br_fiber_start(f->pool, overflows, NULL, NULL, &err) == BR_OK ? 0 : 1;
}

static void an_overflow_hits_the_guard(void **state)
{
    if (SANITIZED) skip(); /* these catch SIGSEGV themselves */
    int status = in_child(overflow, *state);
    assert_true(WIFSIGNALED(status));
    assert_int_equal(WTERMSIG(status), SIGSEGV);
}

/* As on a kernel before 6.13, which has no guard regions: the guard is made by mprotect. */
static int overflow_of_protected_pages(fixture *f)
{
    enum { GUARD_INSTALL = 102 };
    struct sock_filter code[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_madvise, 0, 3),
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, args[2])), /* little-endian */
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, GUARD_INSTALL, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EINVAL),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    struct sock_fprog program = {.len = BR_COUNT_OF(code), .filter = code};
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 || prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program)) {
        return 77; /* no filters here */
    }
    return overflow(f);
}

static void an_overflow_hits_the_guard_of_older_kernels(void **state)
{
    if (SANITIZED) skip();
    int status = in_child(overflow_of_protected_pages, *state);
    if (WIFEXITED(status) && WEXITSTATUS(status) == 77) skip();
    assert_true(WIFSIGNALED(status));
    assert_int_equal(WTERMSIG(status), SIGSEGV);
}

static int wake_twice(fixture *f)
{
    job a = {f, .name = 'a'}, b = {f, .name = 'b'};
    start(&a, waiter);
    b.other = a.fiber;
    start(&b, wakes_other);
    start(&b, wakes_other); /* it is woken already */
    return 0;
}

static int free_a_pool_in_use(fixture *f)
{
    job a = {f, .name = 'a'};
    start(&a, waiter);
    br_fiber_pool_free(f->pool);
    return 0;
}

static void misuse_is_asserted(void **state)
{
    int (*const misuse[])(fixture * f) = {wake_twice, free_a_pool_in_use};
    for (size_t i = 0; i < BR_COUNT_OF(misuse); i++) {
        int status = in_child(misuse[i], *state);
        assert_true(WIFSIGNALED(status));
        assert_int_equal(WTERMSIG(status), SIGABRT);
    }
}

static int run_out_of_memory(fixture *f)
{
    br_err err;
    br_fiber *fiber = NULL;
    setrlimit(RLIMIT_AS, &(struct rlimit){256 << 20, 256 << 20});
    for (int i = 0; i < 4096; i++) {
        job j = {f, .name = 'j'};
        br_code code = br_fiber_start(f->pool, waiter, &j, &fiber, &err);
        f->log[0] = '\0';
        if (code == BR_OK) {
            fiber = NULL;
            continue;
        }
        return code == BR_ELIMIT && err.code == BR_ELIMIT && i > 100 && fiber == NULL ? 0 : 1;
    }
    return 2;
}

static void no_memory_is_an_error(void **state)
{
    if (SANITIZED) skip(); /* their shadow memory needs the address space */
    int status = in_child(run_out_of_memory, *state);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 0);
}

#define TEST(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(the_first_part_runs_at_once),
        TEST(sleeps_end_in_order_of_time),
        TEST(a_fiber_may_start_fibers),
        TEST(a_wake_from_the_loop_switches_at_once),
        TEST(a_wake_from_a_fiber_is_deferred),
        TEST(a_fiber_runs_over_the_epoll_loop),
        TEST(a_cancelled_sleep_ends_early),
        TEST(a_cancel_before_the_await_counts),
        TEST(a_cancel_from_a_fiber_is_deferred),
        TEST(an_operation_that_ends_before_a_deferred_cancel_wins),
        TEST(a_cancel_after_a_deferred_wake_keeps_its_code),
        TEST(thousands_sleep_at_once),
        TEST(a_stack_is_used_again),
        TEST(the_high_water_mark_is_plausible),
        TEST(long_sleeps_give_memory_back),
        TEST(trimming_gives_memory_back),
        TEST(many_idle_stacks_give_their_memory_back),
        TEST(bounds_hold_the_frames),
        TEST(sanitizers_know_the_stacks),
        TEST(an_overflow_hits_the_guard),
        TEST(an_overflow_hits_the_guard_of_older_kernels),
        TEST(misuse_is_asserted),
        TEST(no_memory_is_an_error),
    };
    return cmocka_run_group_tests_name("fiber", tests, NULL, NULL);
}
