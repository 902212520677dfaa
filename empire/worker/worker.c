#include "empire/worker/worker.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "base/log.h"
#include "base/mem.h"
#include "base/random.h"
#include "empire/worker/slots.h"
#include "empire/worker/stats.h"
#include "empire/workflow/postgres.h"
#include "empire/workflow/registry.h"

#define BEAT_EVERY     (10 * BR_SEC) /* a third of the shortest heartbeat time-out */
#define ROW_EVERY      (1 * BR_SEC)
#define SWEEP_EVERY    (500 * BR_MS)
#define PURGE_EVERY    (600 * BR_SEC)
#define PURGE_AGAIN    (1 * BR_SEC) /* while there is more */
#define POLL_LEAST     (500 * BR_MS)
#define POLL_SPREAD    (500 * BR_MS)
#define AWAY_PAUSE     (500 * BR_MS) /* between tries while the database is away */
#define STORE_SESSIONS 3
#define ARENA_BYTES    ((size_t) 64 * 1024)

typedef struct worker {
    const emp_worker_config *config;
    char id[128], host[64];
    emp_engine *engine;
    emp_store *store, *own; /* the activities'; the loop's */
    emp_provider provider;
    emp_activity_world world;
    emp_slots *slots;
    emp_worker_stats stats;
    br_random random;
    int signals;
    bool stopping, is_away;
    br_ns beat_at, row_at, sweep_at, purge_at;
    emp_slot_job *done[EMP_POLL_MAX]; /* handed out by the slots, not yet accepted by the engine */
    size_t done_count;
    size_t decided_most; /* in one claim, since the last row */
} worker;

/* The database is away, or refuses: said once, tried again. True: fine. */
static bool fine(worker *w, br_code rc, const br_err *err)
{
    if (rc == BR_OK) {
        if (w->is_away) br_info("database: available");
        w->is_away = false;
        return true;
    }
    if (!w->is_away) br_warn("trying again: %s", err->msg);
    w->is_away = true;
    return false;
}

/* Activities --------------------------------------------------------------------------------------- */

static void count_activity(worker *w, const emp_slot_job *job, const emp_activity_answer *answer)
{
    emp_stats_activity(&w->stats, job->task.kind, answer->outcome, job->ended - job->began);
    if (!answer->accepted) w->stats.stale++;
    if (answer->outcome == EMP_ACTIVITY_FAILED) {
        br_warn("activity %s of run %s failed: %s", job->task.name, job->task.run_id, answer->payload);
    } else if (answer->outcome == EMP_ACTIVITY_RETRY) {
        br_debug("activity %s of run %s, attempt %d: %s", job->task.name, job->task.run_id, job->task.attempt,
            answer->payload);
    }
}

/* Hands in what is done. Kept, and handed in again, while the database is away. True: there was something. */
static bool hand_in(worker *w)
{
    br_err err;
    emp_activity_answer answers[EMP_POLL_MAX];
    w->done_count += emp_slots_done(w->slots, w->done + w->done_count, EMP_POLL_MAX - w->done_count);
    if (w->done_count == 0) return false;
    for (size_t i = 0; i < w->done_count; i++) {
        const emp_slot_job *job = w->done[i];
        answers[i] = (emp_activity_answer){.task = &job->task,
            .outcome = job->result.outcome,
            .payload = job->result.payload,
            .retry_after = job->result.retry_after};
    }
    br_code rc = w->engine->answer_activities(w->engine, w->id, answers, w->done_count, &err);
    if (!fine(w, rc, &err)) return false;
    for (size_t i = 0; i < w->done_count; i++) {
        count_activity(w, w->done[i], &answers[i]);
        emp_slots_release(w->slots, w->done[i]);
    }
    w->done_count = 0;
    return true;
}

static void release_tasks(worker *w, emp_activity_task *tasks, size_t count)
{
    br_err err;
    for (size_t i = 0; i < count; i++) {
        emp_activity_answer a = {.task = &tasks[i], .outcome = EMP_ACTIVITY_RELEASED};
        br_code rc = w->engine->answer_activities(w->engine, w->id, &a, 1, &err);
        if (rc != BR_OK) br_debug("not released, the lease will end: %s", err.msg);
        emp_activity_task_deinit(&tasks[i]);
    }
}

/* Free slots, of which the fault worker-slots leaves a few. */
static size_t free_slots(const worker *w)
{
    size_t idle = emp_slots_idle(w->slots), used = emp_slots_used(w->slots);
    size_t most = (size_t) emp_fault_get(w->config->faults, EMP_FAULT_WORKER_SLOTS);
    if (most == 0 || most >= idle + used) return idle;
    return most > used ? most - used : 0;
}

/* Slots as the figures have them: what is still in use is not fewer than what there is. */
static int slots_now(const worker *w)
{
    return (int) (emp_slots_used(w->slots) + free_slots(w));
}

static bool claim_activities(worker *w)
{
    br_err err;
    emp_activity_task tasks[EMP_POLL_MAX];
    size_t count = 0, max = free_slots(w);
    if (max > EMP_POLL_MAX) max = EMP_POLL_MAX;
    if (max == 0) return false;
    br_code rc = w->engine->poll_activities(w->engine, w->config->queue, w->id, tasks, max, &count, &err);
    if (!fine(w, rc, &err)) return false;
    for (size_t i = 0; i < count; i++) {
        emp_stats_wait(&w->stats.activity_wait, tasks[i].waited);
        if (emp_slots_run(w->slots, &tasks[i]) == BR_OK) continue;
        br_error("no thread can be started: activities go back");
        release_tasks(w, tasks + i, count - i);
        break;
    }
    return count > 0;
}

/* Leases of what is being executed. The result of a lost one is refused by the engine. */
static void beat(worker *w)
{
    br_err err;
    emp_slot_job *jobs[EMP_POLL_MAX];
    emp_beat beats[EMP_POLL_MAX];
    size_t count = emp_slots_running(w->slots, jobs, EMP_POLL_MAX);
    for (size_t i = 0; i < count; i++) {
        beats[i] = (emp_beat){.task = &jobs[i]->task};
    }
    if (!fine(w, w->engine->beat(w->engine, beats, count, &err), &err)) return;
    for (size_t i = 0; i < count; i++) {
        if (beats[i].alive || jobs[i]->is_lost) continue;
        jobs[i]->is_lost = true;
        br_warn("activity %s of run %s is another worker's now, or over its time", beats[i].task->name,
            beats[i].task->run_id);
    }
}

/* Decisions ---------------------------------------------------------------------------------------- */

static const char *failure_of(br_arena *arena, const char *message)
{
    br_buf text;
    br_buf_init(&text, BR_BUF_NO_LIMIT);
    br_buf_puts(&text, "{\"message\":");
    br_buf_put_json_str(&text, br_str_of(message));
    br_buf_putc(&text, '}');
    const char *copy = br_arena_cstr(arena, br_buf_view(&text));
    br_buf_deinit(&text);
    return copy;
}

static emp_decision_answer decide(worker *w, const emp_decision_task *task, br_arena *arena)
{
    br_err err;
    emp_decision decision = {0};
    emp_decision_answer answer = {.task = task};
    emp_workflow_fn code = emp_workflow_find(task->type);
    br_code rc = code ? emp_decide(task->history, code, arena, &decision, &err)
                      : br_fail(&err, BR_EUNSUPPORTED, "this worker has no workflow '%s'", task->type);
    emp_stats_wait(&w->stats.decision_wait, task->waited);
    w->stats.decisions++;
    if (rc == BR_OK) {
        answer.commands = decision.commands;
        answer.count = decision.count;
        return answer;
    }
    w->stats.decisions_failed++;
    br_error("run %s: %s", task->run_id, err.msg);
    answer.failure = failure_of(arena, err.msg);
    return answer;
}

/* True: there was something. What cannot be handed in is decided again when the lease is over. */
static bool make_decisions(worker *w)
{
    br_err err;
    emp_decision_task tasks[EMP_POLL_MAX];
    emp_decision_answer answers[EMP_POLL_MAX];
    size_t count = 0, max = (size_t) w->config->max_workflow_tasks;
    if (max > EMP_POLL_MAX) max = EMP_POLL_MAX;
    br_code rc = w->engine->poll_decisions(w->engine, w->config->queue, w->id, tasks, max, &count, &err);
    if (!fine(w, rc, &err) || count == 0) return false;
    if (count > w->decided_most) w->decided_most = count;
    br_arena arena;
    br_arena_init(&arena, ARENA_BYTES);
    for (size_t i = 0; i < count; i++) {
        answers[i] = decide(w, &tasks[i], &arena);
    }
    rc = w->engine->answer_decisions(w->engine, w->id, answers, count, &err);
    for (size_t i = 0; fine(w, rc, &err) && i < count; i++) {
        if (!answers[i].accepted) w->stats.stale++;
    }
    br_arena_deinit(&arena);
    return true;
}

/* Time --------------------------------------------------------------------------------------------- */

static void write_row(worker *w)
{
    br_err err;
    br_buf samples;
    br_buf_init(&samples, BR_BUF_NO_LIMIT);
    emp_stats_put(&samples, &w->stats, &w->provider, w->config->faults);
    const emp_worker_row row = {.worker_id = w->id,
        .host = w->host,
        .queue = w->config->queue,
        .samples = samples.data,
        .pid = (int) getpid(),
        .max_workflow_tasks = w->config->max_workflow_tasks,
        .max_activities = slots_now(w),
        .used_workflow_tasks = (int) w->decided_most,
        .used_activities = (int) emp_slots_used(w->slots)};
    w->decided_most = 0;
    (void) fine(w, emp_store_worker(w->own, &row, &err), &err);
    br_buf_deinit(&samples);
}

static void purge(worker *w, br_ns now)
{
    br_err err;
    int64_t deleted = 0;
    bool ok = fine(w, emp_store_purge(w->own, w->config->keep_days, &deleted, &err), &err);
    w->purge_at = now + (!ok || deleted == EMP_PURGE_MAX ? PURGE_AGAIN : PURGE_EVERY);
    if (deleted > 0)
        br_info("forgot %lld runs closed over %d days ago", (long long) deleted, w->config->keep_days);
}

static void keep_time(worker *w)
{
    br_err err;
    br_ns now = br_clock_now();
    if (now >= w->beat_at) {
        w->beat_at = now + BEAT_EVERY;
        beat(w);
    }
    if (now >= w->row_at) {
        w->row_at = now + ROW_EVERY;
        write_row(w);
    }
    if (now >= w->sweep_at && !w->stopping) {
        w->sweep_at = now + SWEEP_EVERY + (br_ns) br_random_below(&w->random, (uint64_t) SWEEP_EVERY / 4);
        (void) fine(w, w->engine->sweep(w->engine, &err), &err);
    }
    if (now >= w->purge_at && !w->stopping) purge(w, now);
}

/* Until something may have happened, at most `most`. */
static void wait_for_work(worker *w, br_ns most)
{
    struct pollfd fds[] = {{.fd = w->signals, .events = POLLIN},
        {.fd = emp_slots_fd(w->slots), .events = POLLIN},
        {.fd = emp_engine_postgres_fd(w->engine), .events = POLLIN}};
    nfds_t count = w->is_away ? 1 : 3; /* while it is away the slots' results stay where they are */
    if (poll(fds, count, (int) (most / BR_MS)) > 0) {
        if (fds[0].revents) w->stopping = true;
        if (count == 3 && fds[2].revents) (void) emp_engine_postgres_notified(w->engine);
    }
}

static void work(worker *w)
{
    while (!w->stopping) {
        bool did = hand_in(w);
        if (make_decisions(w)) did = true;
        if (!w->is_away && claim_activities(w)) did = true;
        keep_time(w);
        br_ns pause = POLL_LEAST + (br_ns) br_random_below(&w->random, (uint64_t) POLL_SPREAD);
        wait_for_work(w, did && !w->is_away ? 0 : w->is_away ? AWAY_PAUSE : pause);
    }
}

/* The end ------------------------------------------------------------------------------------------ */

/* Waits for the slots; true when all are done and handed in. */
static bool drain(worker *w)
{
    br_ns end = br_clock_now() + w->config->grace;
    while (emp_slots_used(w->slots) > 0 && br_clock_now() < end) {
        struct pollfd p = {.fd = emp_slots_fd(w->slots), .events = POLLIN};
        if (!hand_in(w)) poll(&p, 1, 100);
        keep_time(w);
    }
    return emp_slots_used(w->slots) == 0;
}

/* What is still being executed goes to others: its threads end with the process. */
static void abandon(worker *w)
{
    br_err err;
    emp_slot_job *jobs[EMP_POLL_MAX];
    emp_activity_answer answers[EMP_POLL_MAX];
    size_t count = emp_slots_running(w->slots, jobs, EMP_POLL_MAX);
    br_warn("stopping with %zu activities unfinished: others take them", count);
    for (size_t i = 0; i < count; i++) {
        answers[i] = (emp_activity_answer){.task = &jobs[i]->task, .outcome = EMP_ACTIVITY_RELEASED};
    }
    br_code rc = w->engine->answer_activities(w->engine, w->id, answers, count, &err);
    if (rc != BR_OK) br_debug("not released, the leases will end: %s", err.msg);
    rc = emp_store_worker_gone(w->own, w->id, &err);
    if (rc != BR_OK) br_debug("%s", err.msg);
}

/*
 * Behind the API for the processor, with all threads and children (ffmpeg), which inherit it: a step that
 * comes some milliseconds later hurts nobody, an answer does. Who started us with less already, keeps it.
 */
static void step_back(int niceness)
{
    errno = 0;
    int now = getpriority(PRIO_PROCESS, 0);
    if ((now == -1 && errno) || now >= niceness) return;
    if (setpriority(PRIO_PROCESS, 0, niceness) != 0) br_warn("no lower priority than that of the API");
}

static void open_worker(worker *w, const emp_worker_config *config, int signals)
{
    *w = (worker){.config = config, .signals = signals};
    if (gethostname(w->host, sizeof(w->host) - 1) != 0) snprintf(w->host, sizeof(w->host), "unknown");
    snprintf(
        w->id, sizeof(w->id), "%s:%d:%lld", w->host, (int) getpid(), (long long) (br_clock_wall() / BR_MS));
    br_random_seed_os(&w->random);
    emp_provider_init(&w->provider, &config->provider);
    w->engine = emp_engine_postgres(config->database_url, config->query_timeout);
    w->store = emp_store_new(config->database_url, STORE_SESSIONS, config->query_timeout);
    w->own = emp_store_new(config->database_url, 1, config->query_timeout);
    w->world = (emp_activity_world){w->store, &w->provider, config->video};
    w->slots = emp_slots_new(&w->world, (size_t) config->max_activities);
}

static void close_worker(worker *w)
{
    br_err err;
    br_code rc = emp_store_worker_gone(w->own, w->id, &err);
    if (rc != BR_OK) br_debug("%s", err.msg);
    emp_slots_free(w->slots);
    emp_store_free(w->own);
    emp_store_free(w->store);
    w->engine->free(w->engine);
    emp_provider_deinit(&w->provider);
}

br_code emp_worker_run(const emp_worker_config *config, br_err *err)
{
    static worker w; /* large, and one per process */
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGINT);
    pthread_sigmask(SIG_BLOCK, &set, NULL);
    signal(SIGPIPE, SIG_IGN);
    int signals = signalfd(-1, &set, SFD_CLOEXEC);
    if (signals < 0) return br_fail_errno(err, BR_ENOFDS, errno, "signals");
    br_code rc = emp_http_setup(err);
    if (rc != BR_OK) return rc;
    step_back(config->niceness); /* before there are threads: it is each thread's own */
    open_worker(&w, config, signals);
    br_info("worker %s: queue %s, %d workflow tasks, %d activities", w.id, config->queue,
        config->max_workflow_tasks, config->max_activities);
    work(&w);
    br_info("worker %s: stopping", w.id);
    if (drain(&w)) {
        close_worker(&w);
        close(signals);
        return BR_OK;
    }
    abandon(&w);
    fflush(NULL);
    _exit(0); /* threads are still in their activities: nothing may be freed under them */
}
