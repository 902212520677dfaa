#include "loop/loop.h"
#include <sys/prctl.h>
#include "loop/loop_int.h"
#include "base/assert.h"
#include "base/mem.h"

struct br_post {
    br_post *next;
    br_task_fn *fn;
    void *ctx;
};

/* Life cycle */

static void ring_init(br_task *head)
{
    head->_next = head->_prev = head;
}
static bool ring_empty(const br_task *head)
{
    return head->_next == head;
}

br_code br_loop_new(br_loop **ret_loop, br_err *err)
{
    return br_loop_new_as(BR_LOOP_AUTO, ret_loop, err);
}

br_code br_loop_new_as(br_loop_kind kind, br_loop **ret_loop, br_err *err)
{
    return kind == BR_LOOP_URING ? br_loop_new_uring(ret_loop, err) : br_loop_new_epoll(ret_loop, err);
}

#ifdef BR_NO_URING
br_code br_loop_new_uring(br_loop **ret_loop, br_err *err)
{
    (void) ret_loop;
    return br_fail(err, BR_EUNSUPPORTED,
        "this brunt was built without io_uring: build it where liburing is installed, or use the epoll loop "
        "(--loop epoll)");
}
#endif

br_code br_loop_kind_parse(br_str text, br_loop_kind *ret_kind)
{
    static const struct {
        br_str name;
        br_loop_kind kind;
    } kinds[] = {{BR_STR("auto"), BR_LOOP_AUTO}, {BR_STR("epoll"), BR_LOOP_EPOLL},
        {BR_STR("io_uring"), BR_LOOP_URING}};
    for (size_t i = 0; i < BR_COUNT_OF(kinds); i++) {
        if (!br_str_eq(text, kinds[i].name)) continue;
        *ret_kind = kinds[i].kind;
        return BR_OK;
    }
    return BR_EINVAL;
}

int br_loop_slack_remove(void)
{
    int old = prctl(PR_GET_TIMERSLACK, 0, 0, 0, 0);
    (void) prctl(PR_SET_TIMERSLACK, 1, 0, 0, 0); /* without it timers are late, nothing worse */
    return old;
}

void br_loop_slack_restore(int old_ns)
{
    if (old_ns > 0) (void) prctl(PR_SET_TIMERSLACK, old_ns, 0, 0, 0);
}

void br_loop_init_base(br_loop *loop, const br_loop_ops *ops)
{
    loop->ops = ops;
    atomic_init(&loop->stop, false);
    atomic_init(&loop->posts, NULL);
    ring_init(&loop->deferred);
    ring_init(&loop->current);
    loop->scratch = br_malloc(BR_LOOP_SCRATCH_BYTES);
    loop->now = ops->clock(loop);
}

static void drop_posts(br_loop *loop)
{
    br_post *p = atomic_exchange(&loop->posts, NULL);
    while (p != NULL) {
        br_post *next = p->next;
        br_free(p);
        p = next;
    }
}

void br_loop_free(br_loop *loop)
{
    if (loop == NULL) return;
    BR_ASSERT(!loop->running);
    drop_posts(loop);
    br_timers_deinit(&loop->timers);
    br_free(loop->scratch);
    loop->ops->free(loop);
}

/* Tasks */

static void unlink_task(br_task *task)
{
    task->_prev->_next = task->_next;
    task->_next->_prev = task->_prev;
    task->_next = task->_prev = NULL;
}

void br_loop_defer(br_loop *loop, br_task *task, br_task_fn *fn, void *ctx)
{
    if (br_task_queued(task)) return;
    br_task *head = &loop->deferred;
    *task = (br_task){._next = head, ._prev = head->_prev, ._fn = fn, ._ctx = ctx};
    head->_prev->_next = task;
    head->_prev = task;
}

void br_loop_undefer(br_loop *loop, br_task *task)
{
    (void) loop; /* a ring needs no head for this */
    if (br_task_queued(task)) unlink_task(task);
}

/* Runs what is queued now; what these queue in turn stays for the next turn. */
static bool run_deferred(br_loop *loop)
{
    br_task *from = &loop->deferred, *to = &loop->current;
    if (ring_empty(from)) return false;
    *to = (br_task){._next = from->_next, ._prev = from->_prev};
    to->_next->_prev = to->_prev->_next = to;
    ring_init(from);
    while (!ring_empty(to)) {
        br_task *task = to->_next;
        unlink_task(task);
        task->_fn(task->_ctx);
    }
    return true;
}

/* Calls from other threads: a stack that many push to and one takes whole, so a compare-and-swap is all it
 * needs. Only the push that finds it empty wakes the loop: whoever comes later is seen with it. */
void br_loop_post(br_loop *loop, br_task_fn *fn, void *ctx)
{
    br_post *p = br_malloc(sizeof(*p));
    br_post *top = atomic_load_explicit(&loop->posts, memory_order_relaxed);
    *p = (br_post){.fn = fn, .ctx = ctx};
    do {
        p->next = top;
    } while (!atomic_compare_exchange_weak(&loop->posts, &top, p));
    if (top == NULL) loop->ops->wake(loop);
}

static br_post *take_posts(br_loop *loop)
{
    br_post *newest = atomic_exchange(&loop->posts, NULL), *oldest = NULL;
    while (newest != NULL) {
        br_post *next = newest->next;
        newest->next = oldest;
        oldest = newest;
        newest = next;
    }
    return oldest;
}

static bool has_posts(br_loop *loop)
{
    return atomic_load_explicit(&loop->posts, memory_order_relaxed) != NULL;
}

static bool run_posts(br_loop *loop)
{
    if (!has_posts(loop)) return false;
    br_post *p = take_posts(loop);
    while (p != NULL) {
        br_post post = *p;
        br_free(p);
        post.fn(post.ctx);
        p = post.next;
    }
    return true;
}

/* Turns */

static bool stopping(br_loop *loop)
{
    return atomic_load_explicit(&loop->stop, memory_order_relaxed);
}

/* `worked`: callbacks ran since loop->now was read. Returns the time spent waiting. */
static br_ns wait_for_events(br_loop *loop, bool worked)
{
    br_ns next = br_timers_next(&loop->timers), timeout = 0, before = loop->now;
    if (ring_empty(&loop->deferred) && !has_posts(loop) && !stopping(loop)) {
        if (worked) before = loop->ops->clock(loop);
        timeout = next == BR_NS_MAX ? -1 : next > before ? next - before : 0;
    }
    loop->ops->wait(loop, timeout);
    if (timeout == 0) return 0;
    loop->now = loop->ops->clock(loop);
    return loop->now - before;
}

/* Returns the time spent waiting. */
static br_ns run_turn(br_loop *loop)
{
    br_ns waited = 0;
    bool worked = false;
    if (br_timers_next(&loop->timers) <= loop->now) {
        worked = br_timers_run(&loop->timers, loop->now, &loop->health) > 0;
    }
    worked |= run_deferred(loop);
    worked |= run_posts(loop);
    if (loop->ready == 0) waited = wait_for_events(loop, worked);
    if (loop->ready > 0) loop->ops->dispatch(loop);
    return waited;
}

static void account(br_loop_health *h, br_ns busy_ns, br_ns waited_ns)
{
    br_delays_add(&h->held, busy_ns, (uint64_t) busy_ns);
    br_delays_add(&h->held, 0, (uint64_t) waited_ns);
    h->turns++;
    h->busy_ns += busy_ns;
    if (busy_ns > h->turn_ns_max) h->turn_ns_max = busy_ns;
}

void br_loop_run(br_loop *loop)
{
    BR_ASSERT(!loop->running);
    loop->running = true;
    loop->ops->enter(loop);
    loop->now = loop->ops->clock(loop);
    while (!stopping(loop)) {
        br_ns start = loop->now;
        br_ns waited = run_turn(loop);
        loop->now = loop->ops->clock(loop); /* the end of this turn is the start of the next */
        account(&loop->health, loop->now - start - waited, waited);
    }
    atomic_store(&loop->stop, false);
    loop->ops->leave(loop);
    loop->running = false;
}

void br_loop_stop(br_loop *loop)
{
    atomic_store(&loop->stop, true);
    loop->ops->wake(loop);
}

/* Time and timers */

br_ns br_loop_now(const br_loop *loop)
{
    return loop->running ? loop->now : loop->ops->clock(loop);
}
br_ns br_loop_clock(const br_loop *loop)
{
    return loop->ops->clock(loop);
}

void br_timer_start(br_loop *loop, br_timer *timer, br_ns at_ns, br_timer_fn *fn, void *ctx)
{
    timer->_fn = fn;
    timer->_ctx = ctx;
    br_timers_start(&loop->timers, timer, at_ns);
}

void br_timer_stop(br_loop *loop, br_timer *timer)
{
    br_timers_stop(&loop->timers, timer);
}

/* File descriptors */

br_code br_watch_start(br_loop *loop, br_watch *w, int fd, unsigned events, br_watch_fn *fn, void *ctx)
{
    BR_ASSERT(w->_fd == -1 && fd >= 0);
    br_watch started = {._fn = fn, ._ctx = ctx, ._fd = fd, ._events = events & (BR_READABLE | BR_WRITABLE)};
    br_watch stopped = *w;
    *w = started;
    br_code code = loop->ops->watch_start(loop, w);
    if (code != BR_OK) *w = stopped;
    return code;
}

br_code br_watch_change(br_loop *loop, br_watch *w, unsigned events)
{
    BR_ASSERT(w->_fd >= 0);
    events &= BR_READABLE | BR_WRITABLE;
    if (events == w->_events) return BR_OK;
    br_code code = loop->ops->watch_change(loop, w, events);
    if (code == BR_OK) w->_events = events;
    return code;
}

void br_watch_stop(br_loop *loop, br_watch *w)
{
    if (w->_fd < 0) return;
    loop->ops->watch_stop(loop, w);
    w->_fd = -1;
}

/* Health */

void br_loop_take_health(br_loop *loop, br_loop_health *ret_health)
{
    *ret_health = loop->health;
    loop->health = (br_loop_health){0};
}

char *br_loop_scratch(br_loop *loop)
{
    return loop->scratch;
}
