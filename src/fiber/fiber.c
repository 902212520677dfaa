/*
 * A fiber is resumed by enter() on the stack of the loop (or of the fiber that starts it) and gives control
 * back to exactly that stack by leave().
 *
 *                 start            await             wake/cancel inside a fiber
 *           NEW ---------> RUNNING ------> SUSPENDED -------------------------> WOKEN
 *                             |  ^            |                                   |
 *                   fn returns|  '------------+-----------------------------------'
 *                             v      resume: wake/cancel on the loop's stack, or the deferred task
 *                           DONE
 *
 * The br_fiber itself lies at the top of its stack: that page is touched anyhow, and one mapping is all that
 * a fiber costs.
 */
#include <errno.h>
#include <stdint.h>
#include "fiber/fiber.h"
#include "fiber/sanitize.h"
#include "fiber/stack.h"
#include "base/assert.h"
#include "base/mem.h"

enum { WARM_STACKS = 128 };                  /* idle ones that keep their pages */
#define TRIM_SPARES     ((size_t) 16 * 1024) /* more than the call that gives the pages back takes */
#define STACK_BYTES_MIN ((size_t) 32 * 1024)
/* Who sleeps for so long gives back what its stack has grown to in between: a system call and the first touch
 * of a page or two, some 2 us, for 8 KB of a virtual user that has made a request. */
#define LONG_SLEEP      BR_SEC
#define STACK_BYTES_MAX ((size_t) 1024 * 1024 * 1024)

/* Boost.Context's C interface (boost/context/detail/fcontext.hpp is C++). */
typedef void *fcontext_t;
typedef struct transfer_t {
    fcontext_t fctx; /* where the jump came from */
    void *data;
} transfer_t;
extern transfer_t jump_fcontext(fcontext_t to, void *data);
extern fcontext_t make_fcontext(void *stack_top, size_t stack_bytes, void (*fn)(transfer_t));

typedef enum fiber_state { NEW, RUNNING, SUSPENDED, WOKEN, DONE } fiber_state;

struct br_fiber {
    br_fiber_pool *pool;
    br_fiber_fn *fn;
    void *arg;
    fcontext_t context; /* of the fiber while it does not run */
    fcontext_t resumer; /* of whoever resumed it while it runs */
    br_fiber *outer;    /* the fiber that resumed it; NULL = the loop */
    br_fiber **handle;  /* the starter's pointer, during the first part */
    fiber_state state;
    br_code code; /* what await returns */
    bool cancelled;
    bool woken_by_cancel;
    bool rests; /* the wait that begins is a long one */
    br_task wake;
    br_stack stack;
    br_fiber *next_idle;
    br_sanitize_stack here, there; /* the fiber's stack and its resumer's */
};

struct br_fiber_pool {
    br_loop *loop;
    size_t stack_bytes;
    size_t live, warm_count;
    br_fiber *warm, *cold; /* idle stacks by the dead fiber at their top; cold ones gave their pages back */
};

static _Thread_local br_fiber *current;

static bool may_follow(fiber_state from, fiber_state to)
{
    switch (from) {
        case NEW: return to == RUNNING;
        case RUNNING: return to == SUSPENDED || to == DONE;
        case SUSPENDED: return to == RUNNING || to == WOKEN;
        case WOKEN: return to == RUNNING;
        case DONE: return false;
    }
    return false;
}

static void set_state(br_fiber *f, fiber_state state)
{
    BR_ASSERT(may_follow(f->state, state));
    f->state = state;
}

/* Pool */

br_fiber_pool *br_fiber_pool_new(br_loop *loop, size_t stack_bytes)
{
    BR_ASSERT(stack_bytes <= STACK_BYTES_MAX);
    br_fiber_pool *pool = BR_NEW(br_fiber_pool);
    pool->loop = loop;
    pool->stack_bytes = br_stack_round(stack_bytes > STACK_BYTES_MIN ? stack_bytes : STACK_BYTES_MIN);
    return pool;
}

static void unmap_all(br_fiber *f)
{
    while (f != NULL) {
        br_fiber *next = f->next_idle; /* *f goes with its stack */
        br_stack_unmap(f->stack);
        f = next;
    }
}

void br_fiber_pool_free(br_fiber_pool *pool)
{
    if (pool == NULL) return;
    BR_ASSERT(pool->live == 0);
    unmap_all(pool->warm);
    unmap_all(pool->cold);
    br_free(pool);
}

size_t br_fiber_pool_stack_bytes(const br_fiber_pool *pool)
{
    return pool->stack_bytes;
}

static br_fiber *fiber_of(br_stack stack)
{
    uintptr_t top = (uintptr_t) (stack.low + stack.bytes) - sizeof(br_fiber);
    return (br_fiber *) (stack.low + ((top & ~(uintptr_t) 63) - (uintptr_t) stack.low));
}

static bool take_stack(br_fiber_pool *pool, br_stack *ret_stack)
{
    br_fiber **list = pool->warm != NULL ? &pool->warm : &pool->cold;
    br_fiber *dead = *list;
    if (dead == NULL) return br_stack_map(pool->stack_bytes, ret_stack);
    *list = dead->next_idle;
    if (list == &pool->warm) pool->warm_count--;
    *ret_stack = dead->stack;
    return true;
}

static void release(br_fiber *f)
{
    br_fiber_pool *pool = f->pool;
    br_fiber **list = pool->warm_count < WARM_STACKS ? &pool->warm : &pool->cold;
    br_sanitize_destroy(&f->here);
    br_sanitize_forget(f->stack.low, f->stack.bytes);
    if (list == &pool->warm) {
        pool->warm_count++;
    } else {
        br_stack_drop(f->stack);
    }
    f->next_idle = *list;
    *list = f;
    pool->live--;
}

/* Switching */

BR_SWITCH void enter(br_fiber *f)
{
    br_sanitize_here(&f->there);
    br_sanitize_leave(&f->there, &f->here, 0);
    transfer_t t = jump_fcontext(f->context, f);
    f->context = t.fctx;
    br_sanitize_arrive(&f->there, &f->here);
}

BR_SWITCH void leave(br_fiber *f, int last)
{
    br_sanitize_leave(&f->here, &f->there, last);
    transfer_t t = jump_fcontext(f->resumer, NULL);
    f->resumer = t.fctx;
    br_sanitize_arrive(&f->here, &f->there);
}

/* The first frame on the fiber's stack; it is never returned from. */
BR_SWITCH void first_frame(transfer_t t)
{
    br_fiber *f = t.data;
    f->resumer = t.fctx;
    br_sanitize_arrive(&f->here, &f->there);
    f->fn(f, f->arg);
    set_state(f, DONE);
    leave(f, 1);
    BR_UNREACHABLE("a fiber that is done was resumed");
}

static void resume(br_fiber *f)
{
    set_state(f, RUNNING);
    f->outer = current;
    current = f;
    enter(f);
    current = f->outer;
    if (f->state == DONE) {
        if (f->handle != NULL) *f->handle = NULL;
        release(f);
    } else {
        f->handle = NULL; /* the first part is over */
        if (f->rests) br_stack_drop_below(f->stack, f->context);
        f->rests = false;
    }
}

br_code br_fiber_start(br_fiber_pool *pool, br_fiber_fn *fn, void *arg, br_fiber **ret_fiber, br_err *err)
{
    br_stack stack;
    if (!take_stack(pool, &stack)) {
        return br_fail_errno(err, BR_ELIMIT, errno,
            "no memory for the stack of another virtual user after %zu (see vm.max_map_count, "
            "vm.overcommit_memory and ulimit -v)",
            pool->live);
    }
    br_fiber *f = fiber_of(stack);
    *f = (br_fiber){.pool = pool, .fn = fn, .arg = arg, .stack = stack, .handle = ret_fiber, .state = NEW};
    f->context = make_fcontext(f, (size_t) ((char *) f - stack.low), first_frame);
    br_sanitize_create(&f->here, stack.low, (size_t) ((char *) f - stack.low));
    pool->live++;
    if (ret_fiber != NULL) *ret_fiber = f;
    resume(f);
    return BR_OK;
}

/* On a fiber */

br_fiber *br_fiber_current(void)
{
    return current;
}

br_code br_fiber_await(br_fiber *self)
{
    BR_ASSERT(self == current);
    if (self->cancelled) return BR_ECANCEL;
    set_state(self, SUSPENDED);
    leave(self, 0);
    return self->code;
}

static void wake_sleeper(br_timer *timer, void *ctx)
{
    (void) timer;
    br_fiber_wake(ctx, BR_OK);
}

br_code br_fiber_sleep_until(br_fiber *self, br_ns at_ns)
{
    if (self->cancelled) return BR_ECANCEL;
    br_timer timer = {0};
    br_timer_start(self->pool->loop, &timer, at_ns, wake_sleeper, self);
    self->rests = at_ns - br_loop_now(self->pool->loop) >= LONG_SLEEP;
    br_code code = br_fiber_await(self);
    br_timer_stop(self->pool->loop, &timer);
    return code;
}

void br_fiber_trim(br_fiber *self)
{
    BR_ASSERT(self == current);
    const char *used = (const char *) __builtin_frame_address(0) - TRIM_SPARES;
    if (used > self->stack.low) br_stack_drop_below(self->stack, used);
}

/* From outside */

static void resume_later(void *ctx)
{
    resume(ctx);
}

/* Resumes it now on the loop's stack, else by a task: a fiber is not to run inside another one's call. */
static void wake_up(br_fiber *f)
{
    if (current == NULL) {
        br_loop_undefer(f->pool->loop, &f->wake);
        resume(f);
    } else if (f->state != WOKEN) {
        set_state(f, WOKEN);
        br_loop_defer(f->pool->loop, &f->wake, resume_later, f);
    }
}

void br_fiber_wake(br_fiber *f, br_code code)
{
    BR_ASSERT(f->state == SUSPENDED || (f->state == WOKEN && f->woken_by_cancel));
    f->code = code;
    f->woken_by_cancel = false;
    wake_up(f);
}

void br_fiber_cancel(br_fiber *f)
{
    f->cancelled = true;
    if (f->state != SUSPENDED) return; /* its next await sees the mark */
    f->code = BR_ECANCEL;
    f->woken_by_cancel = true;
    wake_up(f);
}

void br_fiber_uncancel(br_fiber *f)
{
    f->cancelled = false;
}

bool br_fiber_cancelled(const br_fiber *f)
{
    return f->cancelled;
}

size_t br_fiber_stack_high_water(const br_fiber *f)
{
    return br_stack_high_water(f->stack);
}

br_loop *br_fiber_loop(const br_fiber *f)
{
    return f->pool->loop;
}

void br_fiber_stack_bounds(const br_fiber *f, const char **ret_low, const char **ret_high)
{
    *ret_low = f->stack.low;
    *ret_high = (const char *) f;
}
