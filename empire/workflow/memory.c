#include "empire/workflow/memory.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/assert.h"
#include "base/map.h"
#include "base/mem.h"

typedef struct run {
    char id[EMP_UUID_SIZE];
    char *workflow_id, *type, *queue;
    emp_run_status status;
    br_ns deadline, started_at, closed_at;
    emp_history history;
} run;

typedef struct task {
    bool is_decision, is_gone, is_leased;
    run *of;
    int64_t id;
    int ref, attempt;
    char lease[EMP_UUID_SIZE];
    br_ns visible_at, scheduled_at, began; /* leased: visible_at is the end of the lease */
    emp_activity_options options;
    emp_history seen; /* of a claimed decision: the events of then; their texts are the run's */
} task;

typedef struct timer {
    run *of;
    int ref;
    br_ns fire_at;
    bool is_gone;
} timer;

typedef struct engine {
    emp_engine base;
    br_ns now;
    int64_t last_number; /* of tasks, leases and runs */
    BR_VEC(run *) runs;
    BR_VEC(task *) tasks;
    BR_VEC(timer) timers;
    br_map requests;             /* request id -> run */
    emp_schedule_list schedules; /* by id */
} engine;

static engine *mine(emp_engine *e)
{
    return (engine *) (void *) e;
}

static void put_id(engine *e, char to[EMP_UUID_SIZE])
{
    snprintf(to, EMP_UUID_SIZE, "00000000-0000-4000-8000-%012" PRId64, ++e->last_number);
}

static int add_event(engine *e, run *r, const emp_event *event)
{
    emp_event stamped = *event;
    stamped.at = e->now;
    return emp_history_add(&r->history, &stamped);
}

static run *find_run(const engine *e, const char *id)
{
    for (size_t i = 0; i < e->runs.len; i++) {
        if (br_str_is(br_str_of(e->runs.data[i]->id), id)) return e->runs.data[i];
    }
    return NULL;
}

/* Tasks -------------------------------------------------------------------------------------------- */

static task *add_task(engine *e, run *r, bool is_decision)
{
    task *t = BR_NEW(task);
    *t = (task){.is_decision = is_decision,
        .of = r,
        .id = ++e->last_number,
        .visible_at = e->now,
        .scheduled_at = e->now,
        .options.retry.max_attempts = INT32_MAX};
    *br_vec_push(&e->tasks) = t;
    return t;
}

static void wake(engine *e, run *r)
{
    for (size_t i = 0; i < e->tasks.len; i++) {
        const task *t = e->tasks.data[i];
        if (t->is_decision && !t->is_gone && t->of == r) return;
    }
    (void) add_task(e, r, true);
}

/* The task whose lease this is; NULL: it belongs to another, or is gone. */
static task *find_leased(const engine *e, int64_t id, const char *lease)
{
    for (size_t i = 0; i < e->tasks.len; i++) {
        task *t = e->tasks.data[i];
        if (t->id == id && !t->is_gone && t->is_leased && br_str_is(br_str_of(t->lease), lease)) return t;
    }
    return NULL;
}

static void close_run(engine *e, run *r, emp_run_status status)
{
    r->status = status;
    r->closed_at = e->now;
    for (size_t i = 0; i < e->tasks.len; i++) {
        if (e->tasks.data[i]->of == r) e->tasks.data[i]->is_gone = true;
    }
    for (size_t i = 0; i < e->timers.len; i++) {
        if (e->timers.data[i].of == r) e->timers.data[i].is_gone = true;
    }
}

/* Claims the next task of that kind; NULL: none is ready. */
static task *claim(engine *e, const char *queue, bool is_decision, br_ns lease)
{
    for (size_t i = 0; i < e->tasks.len; i++) {
        task *t = e->tasks.data[i];
        if (t->is_gone || t->is_decision != is_decision || t->visible_at > e->now) continue;
        if (t->attempt >= t->options.retry.max_attempts) continue;
        if (!br_str_is(br_str_of(t->of->queue), queue)) continue;
        t->is_leased = true;
        t->attempt++;
        t->began = e->now;
        t->visible_at = e->now + (is_decision ? lease : t->options.heartbeat);
        put_id(e, t->lease);
        return t;
    }
    return NULL;
}

/* Clients ------------------------------------------------------------------------------------------ */

static run *find_open(const engine *e, const char *workflow_id)
{
    for (size_t i = 0; i < e->runs.len; i++) {
        run *r = e->runs.data[i];
        if (r->status == EMP_RUN_RUNNING && br_str_is(br_str_of(r->workflow_id), workflow_id)) return r;
    }
    return NULL;
}

static br_code mem_start(emp_engine *base, const emp_run_start *start, char ret_run_id[EMP_UUID_SIZE],
    bool *ret_is_new, br_err *err)
{
    (void) err;
    engine *e = mine(base);
    run *r = start->request_id ? br_map_get(&e->requests, br_str_of(start->request_id)) : NULL;
    if (!r) r = find_open(e, start->workflow_id);
    *ret_is_new = !r;
    if (!r) {
        r = BR_NEW(run);
        put_id(e, r->id);
        r->workflow_id = br_strdup(start->workflow_id);
        r->type = br_strdup(start->type);
        r->queue = br_strdup(start->queue);
        r->started_at = e->now;
        r->deadline = e->now + start->timeout;
        emp_history_init(&r->history);
        *br_vec_push(&e->runs) = r;
        const emp_event first = {
            .type = EMP_EV_STARTED, .kind = br_str_of(start->type), .payload = br_str_of(start->input)};
        (void) add_event(e, r, &first);
        if (start->request_id) br_map_set(&e->requests, br_str_of(start->request_id), r);
        wake(e, r);
    }
    memcpy(ret_run_id, r->id, EMP_UUID_SIZE);
    return BR_OK;
}

static br_code mem_describe(emp_engine *base, const char *run_id, emp_run_status *ret_status, br_err *err)
{
    const run *r = find_run(mine(base), run_id);
    if (!r) return br_fail(err, BR_ENOTFOUND, "there is no run %s", run_id);
    *ret_status = r->status;
    return BR_OK;
}

static br_code mem_history(emp_engine *base, const char *run_id, emp_history *to, br_err *err)
{
    const run *r = find_run(mine(base), run_id);
    if (!r) return br_fail(err, BR_ENOTFOUND, "there is no run %s", run_id);
    for (size_t i = 0; i < r->history.events.len; i++) {
        (void) emp_history_add(to, &r->history.events.data[i]);
    }
    return BR_OK;
}

static br_code mem_tell(emp_engine *base, const char *run_id, emp_event_type what, const char *name,
    const char *payload, br_err *err)
{
    engine *e = mine(base);
    run *r = find_run(e, run_id);
    if (!r || r->status != EMP_RUN_RUNNING)
        return br_fail(err, BR_ENOTFOUND, "there is no open run %s", run_id);
    const emp_event event = {.type = what, .name = br_str_of(name), .payload = br_str_of(payload)};
    (void) add_event(e, r, &event);
    if (what == EMP_EV_TERMINATED) {
        close_run(e, r, EMP_RUN_TERMINATED);
    } else {
        wake(e, r);
    }
    return BR_OK;
}

static bool fits(const run *r, const emp_run_filter *f)
{
    return (!f->workflow_id || br_str_is(br_str_of(r->workflow_id), f->workflow_id)) &&
           (!f->type || br_str_is(br_str_of(r->type), f->type)) &&
           (f->status < 0 || r->status == (emp_run_status) f->status);
}

static br_code mem_list(emp_engine *base, const emp_run_filter *filter, emp_run_list *to, br_err *err)
{
    (void) err;
    const engine *e = mine(base);
    size_t count = 0;
    for (size_t i = e->runs.len; i-- > 0 && count < filter->max;) {
        const run *r = e->runs.data[i];
        if (!fits(r, filter)) continue;
        emp_run_info *info = br_vec_push(to);
        memcpy(info->run_id, r->id, EMP_UUID_SIZE);
        snprintf(info->workflow_id, sizeof(info->workflow_id), "%s", r->workflow_id);
        snprintf(info->type, sizeof(info->type), "%s", r->type);
        info->status = r->status;
        info->started_at = r->started_at;
        info->closed_at = r->closed_at;
        count++;
    }
    return BR_OK;
}

/* Schedules ---------------------------------------------------------------------------------------- */

static br_code find_schedule(engine *e, const char *id, emp_schedule **ret_schedule, br_err *err)
{
    for (size_t i = 0; i < e->schedules.len; i++) {
        if (!br_str_is(br_str_of(e->schedules.data[i].id), id)) continue;
        *ret_schedule = &e->schedules.data[i];
        return BR_OK;
    }
    return br_fail(err, BR_ENOTFOUND, "there is no schedule '%s'", id);
}

static int by_id(const void *a, const void *b)
{
    const emp_schedule *x = a, *y = b;
    return strcmp(x->id, y->id);
}

static br_ns next_of(const engine *e, const emp_schedule *s)
{
    emp_cron cron;
    BR_ASSERT(emp_cron_parse(br_str_of(s->cron), &cron, NULL) == BR_OK); /* as schedule_set has seen */
    return emp_cron_next(&cron, e->now);
}

static br_code mem_schedule_set(emp_engine *base, const emp_schedule *schedule, br_err *err)
{
    engine *e = mine(base);
    emp_cron cron;
    emp_schedule *s = NULL, kept;
    br_code rc = emp_cron_parse(br_str_of(schedule->cron), &cron, err);
    if (rc != BR_OK) return rc;
    if (find_schedule(e, schedule->id, &s, NULL) != BR_OK) {
        s = br_vec_push(&e->schedules);
        s->is_paused = true;
    }
    kept = *s;
    *s = *schedule;
    s->is_paused = kept.is_paused;
    s->last_at = kept.last_at;
    s->started = kept.started, s->skipped = kept.skipped, s->missed = kept.missed;
    memcpy(s->last_run, kept.last_run, EMP_UUID_SIZE);
    s->next_at = s->is_paused ? 0 : next_of(e, s);
    qsort(e->schedules.data, e->schedules.len, sizeof(*e->schedules.data), by_id);
    return BR_OK;
}

static br_code mem_schedule_pause(emp_engine *base, const char *id, bool is_paused, br_err *err)
{
    engine *e = mine(base);
    emp_schedule *s = NULL;
    br_code rc = find_schedule(e, id, &s, err);
    if (rc != BR_OK) return rc;
    if (is_paused == s->is_paused) return BR_OK;
    s->is_paused = is_paused;
    s->next_at = is_paused ? 0 : next_of(e, s);
    return BR_OK;
}

/* One action; true: it started a run. */
static bool act(engine *e, emp_schedule *s, br_ns at)
{
    char workflow_id[EMP_WORKFLOW_ID_MAX];
    bool is_new = false;
    const run *last = find_run(e, s->last_run);
    if (last && last->status == EMP_RUN_RUNNING) {
        s->skipped++;
        return false;
    }
    emp_schedule_workflow_id(s->id, at, workflow_id);
    const emp_run_start start = {workflow_id, s->type, EMP_TASK_QUEUE, s->input, NULL, EMP_RUN_TIMEOUT};
    BR_ASSERT(mem_start(&e->base, &start, s->last_run, &is_new, NULL) == BR_OK);
    s->last_at = at;
    is_new ? s->started++ : s->skipped++;
    return is_new;
}

static br_code mem_schedule_trigger(
    emp_engine *base, const char *id, char ret_run_id[EMP_UUID_SIZE], bool *ret_is_new, br_err *err)
{
    engine *e = mine(base);
    emp_schedule *s = NULL;
    br_code rc = find_schedule(e, id, &s, err);
    if (rc != BR_OK) return rc;
    *ret_is_new = act(e, s, e->now);
    memcpy(ret_run_id, s->last_run, EMP_UUID_SIZE);
    return BR_OK;
}

static br_code mem_schedule_delete(emp_engine *base, const char *id, br_err *err)
{
    engine *e = mine(base);
    emp_schedule *s = NULL;
    br_code rc = find_schedule(e, id, &s, err);
    if (rc != BR_OK) return rc;
    size_t at = (size_t) (s - e->schedules.data);
    e->schedules.data[at] = *br_vec_last(&e->schedules);
    e->schedules.len--;
    qsort(e->schedules.data, e->schedules.len, sizeof(*e->schedules.data), by_id);
    return BR_OK;
}

static br_code mem_schedule_list(emp_engine *base, emp_schedule_list *to, br_err *err)
{
    (void) err;
    br_vec_append(to, mine(base)->schedules.data, mine(base)->schedules.len);
    return BR_OK;
}

static void take_due_actions(engine *e)
{
    for (size_t i = 0; i < e->schedules.len; i++) {
        emp_schedule *s = &e->schedules.data[i];
        emp_cron cron;
        if (s->is_paused || s->next_at > e->now) continue;
        BR_ASSERT(emp_cron_parse(br_str_of(s->cron), &cron, NULL) == BR_OK);
        const emp_cron_turn turn = emp_cron_turn_of(&cron, s->next_at, e->now, s->catch_up);
        s->next_at = turn.next;
        s->missed += turn.missed;
        s->skipped += turn.skipped;
        if (turn.at >= 0) (void) act(e, s, turn.at);
    }
}

/* Decisions ---------------------------------------------------------------------------------------- */

static br_code mem_poll_decisions(emp_engine *base, const char *queue, const char *worker,
    emp_decision_task *tasks, size_t max, size_t *ret_count, br_err *err)
{
    (void) worker;
    (void) err;
    engine *e = mine(base);
    size_t n = 0;
    task *t;
    while (n < max && (t = claim(e, queue, true, EMP_DECISION_LEASE)) != NULL) {
        br_vec_reset(&t->seen.events);
        br_vec_append(&t->seen.events, t->of->history.events.data, t->of->history.events.len);
        emp_decision_task *to = &tasks[n++];
        *to = (emp_decision_task){
            .task_id = t->id, .attempt = t->attempt, .waited = e->now - t->scheduled_at, .history = &t->seen};
        memcpy(to->lease, t->lease, EMP_UUID_SIZE);
        memcpy(to->run_id, t->of->id, EMP_UUID_SIZE);
        snprintf(to->type, sizeof(to->type), "%s", t->of->type);
    }
    *ret_count = n;
    return BR_OK;
}

static void execute(engine *e, run *r, const emp_wf_command *c)
{
    const emp_event event = {.type = c->type,
        .name = br_str_of(c->name),
        .kind = br_str_of(c->kind),
        .payload = br_str_of(c->payload)};
    int ref = add_event(e, r, &event);
    switch (c->type) {
        case EMP_EV_ACTIVITY: {
            task *t = add_task(e, r, false);
            t->ref = ref;
            t->options = c->options;
            break;
        }
        case EMP_EV_TIMER: *br_vec_push(&e->timers) = (timer){r, ref, e->now + c->delay, false}; break;
        case EMP_EV_COMPLETED: close_run(e, r, EMP_RUN_COMPLETED); break;
        case EMP_EV_FAILED: close_run(e, r, EMP_RUN_FAILED); break;
        case EMP_EV_CANCELLED: close_run(e, r, EMP_RUN_CANCELLED); break;
        default: BR_UNREACHABLE("not a command");
    }
}

static void fail_decision(engine *e, task *t, const emp_decision_answer *a)
{
    const emp_retry_policy pause = {1, BR_SEC, 2, EMP_DECISION_RETRY_MAX};
    t->is_leased = false;
    t->visible_at = t->scheduled_at = e->now + emp_retry_delay(&pause, t->attempt);
    if (t->attempt > 1) return;
    const emp_event event = {.type = EMP_EV_DECISION_FAILED, .payload = br_str_of(a->failure)};
    (void) add_event(e, t->of, &event);
}

static br_code mem_answer_decisions(
    emp_engine *base, const char *worker, emp_decision_answer *answers, size_t count, br_err *err)
{
    (void) worker;
    (void) err;
    engine *e = mine(base);
    for (size_t i = 0; i < count; i++) {
        emp_decision_answer *a = &answers[i];
        task *t = find_leased(e, a->task->task_id, a->task->lease);
        a->accepted = t != NULL;
        if (!t) continue;
        if (a->failure) {
            fail_decision(e, t, a);
            continue;
        }
        run *r = t->of;
        t->is_gone = true;
        bool news = r->history.events.len > t->seen.events.len;
        const emp_event decided = {.type = EMP_EV_DECIDED, .ref = (int) t->seen.events.len};
        (void) add_event(e, r, &decided);
        for (size_t c = 0; c < a->count; c++) {
            execute(e, r, &a->commands[c]);
        }
        if (news && r->status == EMP_RUN_RUNNING) wake(e, r);
    }
    return BR_OK;
}

/* Activities --------------------------------------------------------------------------------------- */

static br_code mem_poll_activities(emp_engine *base, const char *queue, const char *worker,
    emp_activity_task *tasks, size_t max, size_t *ret_count, br_err *err)
{
    (void) worker;
    (void) err;
    engine *e = mine(base);
    size_t n = 0;
    task *t;
    while (n < max && (t = claim(e, queue, false, 0)) != NULL) {
        const emp_event *event = &t->of->history.events.data[t->ref - 1];
        emp_activity_task *to = &tasks[n++];
        *to = (emp_activity_task){.task_id = t->id,
            .attempt = t->attempt,
            .waited = e->now - t->scheduled_at,
            .options = t->options};
        memcpy(to->lease, t->lease, EMP_UUID_SIZE);
        memcpy(to->run_id, t->of->id, EMP_UUID_SIZE);
        snprintf(to->name, sizeof(to->name), BR_FMT, BR_ARG(event->name));
        snprintf(to->kind, sizeof(to->kind), BR_FMT, BR_ARG(event->kind));
        to->input = br_strndup(event->payload.p, event->payload.n);
    }
    *ret_count = n;
    return BR_OK;
}

static void close_activity(engine *e, task *t, emp_event_type type, br_str payload)
{
    emp_event event = t->of->history.events.data[t->ref - 1];
    event.type = type;
    event.ref = t->ref;
    event.attempt = t->attempt;
    event.payload = payload;
    t->is_gone = true;
    (void) add_event(e, t->of, &event);
    wake(e, t->of);
}

static void answer_activity(engine *e, task *t, const emp_activity_answer *a)
{
    t->is_leased = false;
    switch (a->outcome) {
        case EMP_ACTIVITY_RELEASED:
            t->attempt--;
            t->visible_at = e->now;
            return;
        case EMP_ACTIVITY_RETRY:
            if (t->attempt < t->options.retry.max_attempts) {
                br_ns delay = emp_retry_delay(&t->options.retry, t->attempt);
                t->visible_at = e->now + (delay < a->retry_after ? a->retry_after : delay);
                t->scheduled_at = t->visible_at;
                return;
            }
            break;
        case EMP_ACTIVITY_DONE:
        case EMP_ACTIVITY_FAILED: break;
    }
    close_activity(e, t, a->outcome == EMP_ACTIVITY_DONE ? EMP_EV_ACTIVITY_DONE : EMP_EV_ACTIVITY_FAILED,
        br_str_of(a->payload));
}

static br_code mem_answer_activities(
    emp_engine *base, const char *worker, emp_activity_answer *answers, size_t count, br_err *err)
{
    (void) worker;
    (void) err;
    for (size_t i = 0; i < count; i++) {
        task *t = find_leased(mine(base), answers[i].task->task_id, answers[i].task->lease);
        answers[i].accepted = t != NULL;
        if (t) answer_activity(mine(base), t, &answers[i]);
    }
    return BR_OK;
}

static br_code mem_beat(emp_engine *base, emp_beat *beats, size_t count, br_err *err)
{
    (void) err;
    engine *e = mine(base);
    for (size_t i = 0; i < count; i++) {
        task *t = find_leased(e, beats[i].task->task_id, beats[i].task->lease);
        beats[i].alive = t && t->began + t->options.start_to_close > e->now;
        if (beats[i].alive) t->visible_at = e->now + t->options.heartbeat;
    }
    return BR_OK;
}

/* Time --------------------------------------------------------------------------------------------- */

static void sweep_runs(engine *e)
{
    for (size_t i = 0; i < e->runs.len; i++) {
        run *r = e->runs.data[i];
        if (r->status != EMP_RUN_RUNNING || r->deadline > e->now) continue;
        const emp_event timed_out = {.type = EMP_EV_TIMED_OUT};
        (void) add_event(e, r, &timed_out);
        close_run(e, r, EMP_RUN_TIMED_OUT);
    }
}

static br_code mem_sweep(emp_engine *base, br_err *err)
{
    (void) err;
    engine *e = mine(base);
    sweep_runs(e);
    take_due_actions(e);
    for (size_t i = 0; i < e->timers.len; i++) {
        timer *t = &e->timers.data[i];
        if (t->is_gone || t->fire_at > e->now) continue;
        t->is_gone = true;
        emp_event event = t->of->history.events.data[t->ref - 1];
        event.type = EMP_EV_TIMER_FIRED;
        event.ref = t->ref;
        (void) add_event(e, t->of, &event);
        wake(e, t->of);
    }
    for (size_t i = 0; i < e->tasks.len; i++) {
        task *t = e->tasks.data[i];
        if (t->is_gone || t->is_decision || t->visible_at > e->now) continue;
        if (t->attempt < t->options.retry.max_attempts) continue;
        close_activity(e, t, EMP_EV_ACTIVITY_TIMED_OUT,
            BR_STR("{\"message\":\"no sign of life from the worker before the lease ended\"}"));
    }
    return BR_OK;
}

/* Life --------------------------------------------------------------------------------------------- */

static void mem_free(emp_engine *base)
{
    engine *e = mine(base);
    for (size_t i = 0; i < e->runs.len; i++) {
        run *r = e->runs.data[i];
        br_free(r->workflow_id);
        br_free(r->type);
        br_free(r->queue);
        emp_history_deinit(&r->history);
        br_free(r);
    }
    for (size_t i = 0; i < e->tasks.len; i++) {
        br_vec_deinit(&e->tasks.data[i]->seen.events);
        br_free(e->tasks.data[i]);
    }
    br_vec_deinit(&e->runs);
    br_vec_deinit(&e->tasks);
    br_vec_deinit(&e->timers);
    br_vec_deinit(&e->schedules);
    br_map_deinit(&e->requests);
    br_free(e);
}

emp_engine *emp_engine_memory(void)
{
    engine *e = BR_NEW(engine);
    e->base = (emp_engine){
        .start = mem_start,
        .describe = mem_describe,
        .history = mem_history,
        .tell = mem_tell,
        .list = mem_list,
        .schedule_set = mem_schedule_set,
        .schedule_pause = mem_schedule_pause,
        .schedule_trigger = mem_schedule_trigger,
        .schedule_delete = mem_schedule_delete,
        .schedule_list = mem_schedule_list,
        .poll_decisions = mem_poll_decisions,
        .answer_decisions = mem_answer_decisions,
        .poll_activities = mem_poll_activities,
        .answer_activities = mem_answer_activities,
        .beat = mem_beat,
        .sweep = mem_sweep,
        .free = mem_free,
    };
    br_map_init(&e->requests);
    return &e->base;
}

br_ns emp_engine_memory_now(const emp_engine *e)
{
    return ((const engine *) (const void *) e)->now;
}

void emp_engine_memory_advance(emp_engine *e, br_ns by)
{
    mine(e)->now += by;
}
