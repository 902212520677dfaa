/*
 * A VU's own event loop: timers, and operations that run beside JavaScript. It turns only while no JavaScript
 * of this VU runs, at the end of a call: the call lasts until nothing is left. Made when a script first asks
 * for it.
 */
#include <math.h>
#include <time.h>
#include "base/log.h"
#include "script/js.h"

#define TIMERS_MAX 100000
#define INIT_NAP   (50 * BR_MS)

typedef struct vu_timer {
    br_ns at;
    br_ns interval; /* -1: fires once */
    br_ns lag;      /* of the JavaScript that set it */
    uint32_t id;
    int argc;
    JSValue function;
    JSValue *argv;
} vu_timer;

struct br_vu_events {
    BR_VEC(vu_timer) timers;   /* latest first: the next one is the last */
    uint32_t last_id, running; /* running: asynchronous operations */
    br_vu_async *done;         /* finished, in order; their functions have not run yet */
    br_vu_async **done_tail;
    br_vu_async *all; /* running or done */
    br_timer wake;
    bool waiting; /* the fiber waits here */
    bool fired;   /* the last event was a timer */
};

static br_vu_events *events_of(br_vu *vu)
{
    if (vu->events) return vu->events;
    vu->events = BR_NEW(br_vu_events);
    vu->events->done_tail = &vu->events->done;
    return vu->events;
}

/* Init code runs before the loop does. */
static br_ns now_of(const br_vu *vu)
{
    return vu->fiber ? br_loop_clock(vu->config.loop) : br_clock_now();
}

/* Timers ---------------------------------------------------------------------------------------------- */

static void insert(br_vu_events *e, vu_timer t)
{
    (void) br_vec_push(&e->timers);
    size_t i = e->timers.len - 1;
    /* Ids grow, so of two timers for the same instant the one that was set first fires first. */
    for (; i > 0 && (e->timers.data[i - 1].at < t.at ||
                        (e->timers.data[i - 1].at == t.at && e->timers.data[i - 1].id < t.id));
         i--) {
        e->timers.data[i] = e->timers.data[i - 1];
    }
    e->timers.data[i] = t;
}

static void drop_timer(JSContext *ctx, vu_timer *t)
{
    JS_FreeValue(ctx, t->function);
    for (int i = 0; i < t->argc; i++)
        JS_FreeValue(ctx, t->argv[i]);
    br_free(t->argv);
}

static JSValue set_timer(JSContext *ctx, JSValueConst this_val, int argc, JSValueConst *argv, int repeat)
{
    (void) this_val;
    br_vu_events *e = events_of(br_vu_of(ctx));
    double ms = 0;
    if (argc < 1 || !JS_IsFunction(ctx, argv[0]))
        return JS_ThrowTypeError(
            ctx, "%s's callback isn't a callable function", repeat ? "setInterval" : "setTimeout");
    if (argc > 1 && JS_ToFloat64(ctx, &ms, argv[1]) < 0) return JS_EXCEPTION;
    if (e->timers.len >= TIMERS_MAX)
        return br_js_throw(ctx, "more than %d timers at the same time", TIMERS_MAX);
    ms = ms > 0 ? fmin(ms, 1e12) : 0; /* also NaN */
    br_ns delay = (br_ns) (ms * (double) BR_MS);
    vu_timer t = {.at = now_of(br_vu_of(ctx)) + delay,
        .interval = repeat ? (delay > 0 ? delay : BR_MS) : -1,
        .lag = br_vu_of(ctx)->lag,
        .id = ++e->last_id,
        .function = JS_DupValue(ctx, argv[0]),
        .argc = argc > 2 ? argc - 2 : 0};
    if (t.argc) t.argv = br_calloc((size_t) t.argc, sizeof(*t.argv));
    for (int i = 0; i < t.argc; i++)
        t.argv[i] = JS_DupValue(ctx, argv[i + 2]);
    insert(e, t);
    return JS_NewUint32(ctx, t.id);
}

static JSValue clear_timer(JSContext *ctx, JSValueConst this_val, int argc, JSValueConst *argv)
{
    (void) this_val;
    br_vu_events *e = br_vu_of(ctx)->events;
    double id;
    if (!e || argc < 1 || !JS_IsNumber(argv[0]) || JS_ToFloat64(ctx, &id, argv[0]) < 0) return JS_UNDEFINED;
    for (size_t i = 0; i < e->timers.len; i++) {
        if ((double) e->timers.data[i].id != id) continue;
        vu_timer t = e->timers.data[i];
        memmove(&e->timers.data[i], &e->timers.data[i + 1], (e->timers.len - i - 1) * sizeof(t));
        e->timers.len--;
        drop_timer(ctx, &t);
        break;
    }
    return JS_UNDEFINED;
}

const JSCFunctionListEntry br_js_timer_entries[] = {
    JS_CFUNC_MAGIC_DEF("setTimeout", 2, set_timer, false),
    JS_CFUNC_DEF("clearTimeout", 1, clear_timer),
    JS_CFUNC_MAGIC_DEF("setInterval", 2, set_timer, true),
    JS_CFUNC_DEF("clearInterval", 1, clear_timer),
};
const int br_js_timer_entry_count = BR_COUNT_OF(br_js_timer_entries);

/* "k6/timers" exports the very globals. */
static int export_globals(JSContext *ctx, JSValueConst object)
{
    JSValue global = JS_GetGlobalObject(ctx);
    int rc = 0;
    for (int i = 0; i < br_js_timer_entry_count && rc >= 0; i++) {
        const char *name = br_js_timer_entries[i].name;
        rc = JS_DefinePropertyValueStr(
            ctx, object, name, JS_GetPropertyStr(ctx, global, name), JS_PROP_C_W_E);
    }
    JS_FreeValue(ctx, global);
    return rc < 0 ? -1 : 0;
}

static const char *const timer_names[] = {"setTimeout", "clearTimeout", "setInterval", "clearInterval", NULL};
const br_js_module br_js_module_timers = {
    .name = "k6/timers", .extend = export_globals, .extra_names = timer_names};

static vu_timer copy_of(JSContext *ctx, const vu_timer *t)
{
    vu_timer copy = *t;
    copy.function = JS_DupValue(ctx, t->function);
    copy.argv = t->argc ? br_calloc((size_t) t->argc, sizeof(*copy.argv)) : NULL;
    for (int i = 0; i < t->argc; i++)
        copy.argv[i] = JS_DupValue(ctx, t->argv[i]);
    return copy;
}

static bool fire(br_vu *vu)
{
    br_vu_events *e = vu->events;
    JSContext *ctx = vu->ctx;
    vu_timer t = e->timers.data[--e->timers.len];
    if (t.interval >= 0) { /* set anew before the call, which may clear it */
        vu_timer next = copy_of(ctx, &t);
        next.at += t.interval;
        insert(e, next);
    }
    JSValue global = JS_GetGlobalObject(ctx);
    JSValue result = JS_Call(ctx, t.function, global, t.argc, (JSValueConst *) t.argv);
    JS_FreeValue(ctx, global);
    drop_timer(ctx, &t);
    JS_FreeValue(ctx, result);
    return !JS_IsException(result);
}

/* Asynchronous operations ----------------------------------------------------------------------------- */

void br_vu_async_start(br_vu *vu, br_vu_async *op)
{
    br_vu_events *e = events_of(vu);
    e->running++;
    op->next_done = NULL;
    op->prev = NULL;
    op->next = e->all;
    if (e->all) e->all->prev = op;
    e->all = op;
}

void br_vu_async_done(br_vu *vu, br_vu_async *op)
{
    br_vu_events *e = vu->events;
    e->running--;
    *e->done_tail = op;
    e->done_tail = &op->next_done;
    if (e->waiting) br_fiber_wake(vu->fiber, BR_OK);
}

static void unlink_async(br_vu_events *e, br_vu_async *op)
{
    if (op->prev)
        op->prev->next = op->next;
    else
        e->all = op->next;
    if (op->next) op->next->prev = op->prev;
}

static bool finish_first(br_vu *vu)
{
    br_vu_events *e = vu->events;
    br_vu_async *op = e->done;
    e->done = op->next_done;
    if (!e->done) e->done_tail = &e->done;
    unlink_async(e, op);
    return op->finish(vu, op);
}

JSValue br_js_settled(JSContext *ctx, JSValue v)
{
    bool failed = JS_IsException(v);
    if (failed) v = JS_GetException(ctx);
    JSValue promise = failed && JS_IsUncatchableError(v) ? JS_Throw(ctx, JS_DupValue(ctx, v))
                                                         : JS_NewSettledPromise(ctx, failed, v);
    JS_FreeValue(ctx, v);
    return promise;
}

/* The loop -------------------------------------------------------------------------------------------- */

static void on_wake(br_timer *timer, void *ctx)
{
    (void) timer;
    br_vu *vu = ctx;
    if (vu->events->waiting) br_fiber_wake(vu->fiber, BR_OK);
}

/* Init code, which nothing wakes early: it looks itself whether it is to end. */
static br_code pause_init(br_vu *vu, br_ns until)
{
    br_fiber *fiber = br_vu_init_fiber(vu);
    for (br_ns now; (now = br_clock_now()) < until;) {
        br_ns left = until - now, nap = left < INIT_NAP ? left : INIT_NAP;
        struct timespec t = {.tv_nsec = nap};
        if (br_vu_init_stopped(vu)) return BR_ECANCEL;
        if (fiber)
            (void) br_fiber_sleep_until(fiber, br_loop_clock(vu->config.loop) + nap); /* seen above */
        else
            nanosleep(&t, NULL);
    }
    vu->busy_since = vu->slice_start = br_clock_now();
    return BR_OK;
}

static br_code wait_for_event(br_vu *vu, br_ns until)
{
    br_vu_events *e = vu->events;
    if (!vu->fiber) return pause_init(vu, until);
    br_code code;
    if (!e->running) {
        code = br_fiber_sleep_until(vu->fiber, until);
    } else {
        if (until != BR_NS_MAX) br_timer_start(vu->config.loop, &e->wake, until, on_wake, vu);
        e->waiting = true;
        code = br_fiber_await(vu->fiber);
        e->waiting = false;
        br_timer_stop(vu->config.loop, &e->wake);
    }
    br_vu_woken(vu);
    return code;
}

br_code br_vu_events_turn(br_vu *vu)
{
    br_vu_events *e = vu->events;
    if (!e) return BR_EOF;
    if (vu->fiber && now_of(vu) - vu->slice_start > BR_VU_SLICE &&
        wait_for_event(vu, br_loop_now(vu->config.loop)) != BR_OK) {
        vu->cancelled = true;
        return BR_ECANCEL;
    }
    for (;;) {
        br_ns next = e->timers.len ? br_vec_last(&e->timers)->at : BR_NS_MAX;
        /* In turns, so that neither keeps the other from its turn. */
        if (e->done && (e->fired || next > now_of(vu))) {
            e->fired = false;
            vu->lag = 0;
            return finish_first(vu) ? BR_OK : BR_EEXCEPTION;
        }
        if (next <= now_of(vu)) {
            e->fired = true;
            vu->lag = br_vec_last(&e->timers)->lag;
            if (vu->fiber) br_vu_resumed(vu, next);
            return fire(vu) ? BR_OK : BR_EEXCEPTION;
        }
        if (next == BR_NS_MAX && !e->running) return BR_EOF;
        if (wait_for_event(vu, next) == BR_OK) continue;
        vu->cancelled = true;
        return BR_ECANCEL;
    }
}

void br_vu_events_clear(br_vu *vu)
{
    br_vu_events *e = vu->events;
    if (!e) return;
    bool told = vu->cancelled && vu->phase == BR_VU_RUNNING && !vu->abort_text[0];
    while (e->timers.len) {
        vu_timer t = e->timers.data[--e->timers.len];
        if (told)
            br_warn("%s %u was stopped because the VU iteration was interrupted",
                t.interval < 0 ? "setTimeout" : "setInterval", t.id);
        drop_timer(vu->ctx, &t);
    }
    while (e->all) {
        br_vu_async *op = e->all;
        unlink_async(e, op);
        op->cancel(vu, op);
    }
    e->done = NULL;
    e->done_tail = &e->done;
    e->running = 0;
}

void br_vu_events_free(br_vu *vu)
{
    if (!vu->events) return;
    br_vu_events_clear(vu);
    br_vec_deinit(&vu->events->timers);
    br_free(vu->events);
    vu->events = NULL;
}
