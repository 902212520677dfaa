#include "empire/workflow/replay.h"

#include <stdarg.h>
#include <stdio.h>

#include "base/buf.h"
#include "base/map.h"

struct emp_wf {
    const emp_history *history;
    br_arena *arena;
    br_map asked;              /* id of a recorded activity or timer -> its event */
    const emp_event **closing; /* [events.len + 1] by id of the event that they close */
    bool *touched;             /* [events.len + 1] the code has asked for it */
    BR_VEC(emp_wf_command) commands;
    br_map fresh; /* ids asked for now, to refuse the same twice */
    bool closed;
    br_code fault;
    br_err *err;
};

BR_PRINTF(2, 3) static void mismatch(emp_wf *wf, const char *fmt, ...)
{
    if (wf->fault != BR_OK) return; /* the first one is the cause */
    char text[512];
    va_list args;
    va_start(args, fmt);
    vsnprintf(text, sizeof(text), fmt, args);
    va_end(args);
    wf->fault = br_fail(wf->err, BR_EPROTO, "NON_DETERMINISTIC: %s", text);
}

/* Index of the history ----------------------------------------------------------------------------- */

static void index_history(emp_wf *wf)
{
    size_t n = wf->history->events.len;
    wf->closing = br_arena_zalloc(wf->arena, (n + 1) * sizeof(const emp_event *));
    wf->touched = br_arena_zalloc(wf->arena, n + 1);
    for (size_t i = 0; i < n; i++) {
        emp_event *e = &wf->history->events.data[i];
        switch (e->type) {
            case EMP_EV_ACTIVITY:
            case EMP_EV_TIMER: br_map_set(&wf->asked, e->name, e); break;
            case EMP_EV_ACTIVITY_DONE:
            case EMP_EV_ACTIVITY_FAILED:
            case EMP_EV_ACTIVITY_TIMED_OUT:
            case EMP_EV_TIMER_FIRED:
                if (e->ref > 0 && (size_t) e->ref <= n) wf->closing[e->ref] = e;
                break;
            default: break;
        }
    }
}

static const emp_event *find_event(const emp_history *h, emp_event_type type, br_str name)
{
    for (size_t i = 0; i < h->events.len; i++) {
        const emp_event *e = &h->events.data[i];
        if (e->type == type && (!name.p || br_str_eq(e->name, name))) return e;
    }
    return NULL;
}

/* For workflow code -------------------------------------------------------------------------------- */

br_str emp_wf_input(const emp_wf *wf)
{
    return wf->history->events.data[0].payload;
}

br_ns emp_wf_started_at(const emp_wf *wf)
{
    return wf->history->events.data[0].at;
}

br_arena *emp_wf_arena(emp_wf *wf)
{
    return wf->arena;
}

static void push(emp_wf *wf, const emp_wf_command *command)
{
    if (wf->commands.len >= EMP_COMMANDS_MAX) {
        if (wf->fault == BR_OK)
            wf->fault = br_fail(wf->err, BR_ELIMIT, "more than %d commands at once", EMP_COMMANDS_MAX);
        return;
    }
    *br_vec_push(&wf->commands) = *command;
}

/* The recorded request with this id, checked and marked; NULL: a new one, or a mismatch. */
static const emp_event *recorded(emp_wf *wf, const char *name, emp_event_type type)
{
    if (wf->closed) mismatch(wf, "'%s' is asked for after the end", name);
    const emp_event *e = br_map_get(&wf->asked, br_str_of(name));
    if (!e) return NULL;
    if (e->type != type) mismatch(wf, "'%s' is another kind of request in the history", name);
    wf->touched[e->id] = true;
    return e;
}

static bool is_fresh(emp_wf *wf, const char *name)
{
    return !br_map_set(&wf->fresh, br_str_of(name), wf);
}

emp_wf_state emp_wf_activity(emp_wf *wf, const emp_wf_activity_call *call, br_str *ret_payload)
{
    const emp_event *e = recorded(wf, call->name, EMP_EV_ACTIVITY);
    if (!e) {
        if (wf->fault == BR_OK && is_fresh(wf, call->name)) {
            const emp_wf_command command = {.type = EMP_EV_ACTIVITY,
                .name = br_arena_cstr(wf->arena, br_str_of(call->name)),
                .kind = br_arena_cstr(wf->arena, br_str_of(call->kind)),
                .payload = br_arena_cstr(wf->arena, br_str_of(call->input)),
                .options = *call->options};
            push(wf, &command);
        }
        return EMP_WF_WAITING;
    }
    if (!br_str_is(e->kind, call->kind)) {
        mismatch(wf, "activity '%s' is of type " BR_FMT " in the history, the code asks for %s", call->name,
            BR_ARG(e->kind), call->kind);
    } else if (!br_str_is(e->payload, call->input)) {
        mismatch(wf, "activity '%s' has another input in the history", call->name);
    }
    const emp_event *end = wf->closing[e->id];
    if (!end || wf->fault != BR_OK) return EMP_WF_WAITING;
    if (ret_payload) *ret_payload = end->payload;
    return end->type == EMP_EV_ACTIVITY_DONE ? EMP_WF_DONE : EMP_WF_FAILED;
}

emp_wf_state emp_wf_timer(emp_wf *wf, const char *name, br_ns delay)
{
    const emp_event *e = recorded(wf, name, EMP_EV_TIMER);
    if (!e) {
        if (wf->fault == BR_OK && is_fresh(wf, name)) {
            const emp_wf_command command = {
                .type = EMP_EV_TIMER, .name = br_arena_cstr(wf->arena, br_str_of(name)), .delay = delay};
            push(wf, &command);
        }
        return EMP_WF_WAITING;
    }
    return wf->closing[e->id] ? EMP_WF_DONE : EMP_WF_WAITING;
}

emp_wf_state emp_wf_signal(emp_wf *wf, const char *name, br_str *ret_payload)
{
    const emp_event *e = find_event(wf->history, EMP_EV_SIGNALLED, br_str_of(name));
    if (!e) return EMP_WF_WAITING;
    if (ret_payload) *ret_payload = e->payload;
    return EMP_WF_DONE;
}

static void close_run(emp_wf *wf, emp_event_type type, const char *payload)
{
    if (wf->closed) mismatch(wf, "the end is decided twice");
    wf->closed = true;
    push(wf, &(emp_wf_command){.type = type, .payload = payload});
}

void emp_wf_complete(emp_wf *wf, const char *result)
{
    close_run(wf, EMP_EV_COMPLETED, result);
}

void emp_wf_fail(emp_wf *wf, const char *message)
{
    br_buf text;
    br_buf_init(&text, BR_BUF_NO_LIMIT);
    br_buf_puts(&text, "{\"message\":");
    br_buf_put_json_str(&text, br_str_of(message));
    br_buf_putc(&text, '}');
    close_run(wf, EMP_EV_FAILED, br_arena_cstr(wf->arena, br_buf_view(&text)));
    br_buf_deinit(&text);
}

/* Deciding ----------------------------------------------------------------------------------------- */

/* Everything that the history asks for must have been asked for again. */
static void check_all_touched(emp_wf *wf)
{
    for (size_t i = 0; i < wf->history->events.len && wf->fault == BR_OK; i++) {
        const emp_event *e = &wf->history->events.data[i];
        if ((e->type == EMP_EV_ACTIVITY || e->type == EMP_EV_TIMER) && !wf->touched[e->id]) {
            mismatch(wf, "the history has '" BR_FMT "' (event %d), the code does not ask for it",
                BR_ARG(e->name), e->id);
        }
    }
}

static void run_code(emp_wf *wf, emp_workflow_fn run)
{
    if (find_event(wf->history, EMP_EV_CANCEL_REQUESTED, BR_STR_NONE)) {
        close_run(wf, EMP_EV_CANCELLED, NULL);
        return;
    }
    index_history(wf);
    run(wf);
    check_all_touched(wf);
}

br_code emp_decide(
    const emp_history *history, emp_workflow_fn run, br_arena *arena, emp_decision *ret_decision, br_err *err)
{
    if (history->events.len == 0 || history->events.data[0].type != EMP_EV_STARTED)
        return br_fail(err, BR_EINVAL, "the history does not begin with a start");
    emp_wf wf = {.history = history, .arena = arena, .err = err};
    br_map_init(&wf.asked);
    br_map_init(&wf.fresh);
    run_code(&wf, run);
    if (wf.fault == BR_OK) {
        size_t bytes = wf.commands.len * sizeof(emp_wf_command);
        emp_wf_command *copy = br_arena_alloc(arena, bytes ? bytes : 1);
        if (bytes) memcpy(copy, wf.commands.data, bytes);
        *ret_decision = (emp_decision){copy, wf.commands.len};
    }
    br_vec_deinit(&wf.commands);
    br_map_deinit(&wf.asked);
    br_map_deinit(&wf.fresh);
    return wf.fault;
}
