#include "empire/autoscale.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/assert.h"
#include "base/log.h"
#include "empire/api/listen.h"
#include "empire/faults/control.h"
#include "empire/scale/probe.h"
#include "empire/scale/rule.h"
#include "empire/service.h"

#define TICK            (20 * BR_MS)
#define LEAD            (100 * BR_MS) /* from no new connections to SIGTERM: what waits is taken */
#define DRAIN_BOUND     (12 * BR_SEC) /* longer than an instance takes at most */
#define START_BOUND     (30 * BR_SEC)
#define RESTART_LEAST   (1 * BR_SEC)
#define RESTART_MOST    (30 * BR_SEC)
#define LIVED_WELL      (60 * BR_SEC)
#define HEALTH_FAILURES 2
#define MB              (1024.0 * 1024.0)

typedef enum place_state { EMPTY, STARTING, READY, DRAINING } place_state;

typedef struct place {
    place_state state;
    pid_t pid;
    br_ns started, start_at, pause; /* start_at: not before, after an end */
    br_ns drain_at;                 /* DRAINING: SIGTERM is due then; 0: sent */
    br_ns kill_at;
    emp_probe probe;
    br_ns check_at;
    int failures; /* of checks, in a row */
    double cpu_seconds;
} place;

typedef struct scaler {
    const emp_options *o;
    emp_scale_config rule;
    emp_scale_state state;
    emp_faults *faults;
    emp_scale_board *board;
    emp_control *control;
    emp_listener listeners[EMP_LISTEN_MAX];
    place places[EMP_LISTEN_MAX];
    int wanted; /* places 0 .. wanted-1 are to be there */
    br_ns looked_at;
    sigset_t set, before;
} scaler;

static int max_places(const scaler *s)
{
    return s->rule.max;
}

static void count_event(scaler *s, emp_scale_event event)
{
    atomic_fetch_add(&s->board->events[event], 1);
}

/* Places ------------------------------------------------------------------------------------------- */

/* New connections go to instances that serve. When none does, the sockets of those that will: they wait
 * there. */
static void choose_places(scaler *s)
{
    br_err err;
    int list[EMP_LISTEN_MAX];
    size_t count = 0;
    for (int i = 0; i < max_places(s); i++) {
        if (s->places[i].state == READY) list[count++] = i;
    }
    atomic_store(&s->board->ready, (int) count);
    for (int i = 0; i < s->wanted && atomic_load(&s->board->ready) == 0; i++) {
        list[count++] = i;
    }
    if (count == 0) return; /* the end */
    if (emp_listen_choose(s->listeners, list, count, &err) != BR_OK) br_error("%s", err.msg);
}

static void enter(scaler *s, int i, place_state state)
{
    place *p = &s->places[i];
    place_state before = p->state;
    p->state = state;
    if (state == READY || before == READY) choose_places(s);
    int draining = 0;
    for (int k = 0; k < max_places(s); k++) {
        if (s->places[k].state == DRAINING) draining++;
    }
    atomic_store(&s->board->draining, draining);
}

/* In the child; does not return. */
static void be_instance(const scaler *s, int i, pid_t parent)
{
    br_err err;
    const emp_service service = {
        .listener = s->listeners[i], .faults = s->faults, .board = s->board, .place = &s->board->places[i]};
    prctl(PR_SET_PDEATHSIG, SIGTERM); /* instances do not outlive the autoscaler */
    if (getppid() != parent) _exit(EXIT_FAILURE);
    sigprocmask(SIG_SETMASK, &s->before, NULL);
    br_code rc = emp_service_instance(s->o, &service, &err);
    if (rc != BR_OK) br_error("instance %d: %s", i, err.msg);
    fflush(NULL);
    _exit(rc == BR_OK ? EXIT_SUCCESS : EXIT_FAILURE);
}

static void start(scaler *s, int i, br_ns now)
{
    place *p = &s->places[i];
    pid_t parent = getpid();
    atomic_store(&s->board->places[i].port, 0);
    pid_t pid = fork();
    if (pid == 0) be_instance(s, i, parent);
    if (pid < 0) {
        br_error("cannot start an instance: the system has no room for processes");
        p->start_at = now + RESTART_MOST;
        return;
    }
    *p = (place){.state = EMPTY, .pid = pid, .started = now, .pause = p->pause, .probe = {.fd = -1}};
    p->check_at = now + s->o->health_grace;
    atomic_store(&s->board->places[i].pid, (int) pid);
    enter(s, i, STARTING);
}

/* It leaves the kernel's choice at once and gets SIGTERM when it has taken what waits. */
static void begin_drain(scaler *s, int i, br_ns now)
{
    place *p = &s->places[i];
    emp_probe_reset(&p->probe);
    p->drain_at = now + LEAD;
    p->kill_at = now + LEAD + DRAIN_BOUND;
    enter(s, i, DRAINING);
}

/* Its place is free again; when it is wanted, later each time that it ended soon. */
static void ended(scaler *s, int i, int status, br_ns now)
{
    place *p = &s->places[i];
    bool was_told = p->state == DRAINING;
    if (!was_told) {
        count_event(s, EMP_SCALE_RESTART);
        if (WIFSIGNALED(status))
            br_warn("instance %d was killed by signal %d", i, WTERMSIG(status));
        else
            br_warn("instance %d ended with status %d", i, WEXITSTATUS(status));
    }
    p->pause = was_told || now - p->started > LIVED_WELL || p->pause == 0 ? RESTART_LEAST : p->pause * 2;
    if (p->pause > RESTART_MOST) p->pause = RESTART_MOST;
    p->start_at = was_told ? now : now + p->pause;
    emp_probe_reset(&p->probe);
    p->pid = 0;
    atomic_store(&s->board->places[i].pid, 0);
    atomic_store(&s->board->places[i].port, 0);
    enter(s, i, EMPTY);
}

static void reap(scaler *s, br_ns now)
{
    pid_t pid;
    int status;
    while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
        for (int i = 0; i < max_places(s); i++) {
            if (s->places[i].pid == pid) ended(s, i, status, now);
        }
    }
}

/* Health ------------------------------------------------------------------------------------------- */

static void kill_sick(scaler *s, int i, const char *why)
{
    br_warn("instance %d %s: it is replaced", i, why);
    count_event(s, EMP_SCALE_UNHEALTHY);
    kill(s->places[i].pid, SIGKILL); /* reap() sees its end */
    s->places[i].check_at = INT64_MAX;
}

static void check_health(scaler *s, int i, br_ns now)
{
    place *p = &s->places[i];
    emp_probe_state state = emp_probe_go_on(&p->probe, now);
    if (state == EMP_PROBE_WELL) p->failures = 0;
    if (state == EMP_PROBE_FAILED) {
        p->failures++;
        atomic_fetch_add(&s->board->health_failures, 1);
        br_warn("instance %d does not answer its health check (%d of %d)", i, p->failures, HEALTH_FAILURES);
    }
    if (state == EMP_PROBE_WELL || state == EMP_PROBE_FAILED) emp_probe_reset(&p->probe);
    if (p->failures >= HEALTH_FAILURES) {
        p->failures = 0;
        kill_sick(s, i, "does not answer");
    } else if (state != EMP_PROBE_ASKING && now >= p->check_at) {
        p->check_at = now + s->o->health_interval;
        emp_probe_begin(
            &p->probe, (uint16_t) atomic_load(&s->board->places[i].port), now, s->o->health_timeout);
    }
}

static void watch_start(scaler *s, int i, br_ns now)
{
    place *p = &s->places[i];
    br_ns bound = START_BOUND + emp_fault_get(s->faults, EMP_FAULT_SLOW_START);
    if (atomic_load(&s->board->places[i].port)) {
        br_ns grace = p->started + s->o->health_grace;
        p->check_at = now > grace ? now : grace;
        enter(s, i, READY);
    } else if (now - p->started > bound && p->check_at != INT64_MAX) {
        kill_sick(s, i, "does not become ready");
    }
}

/* What each place needs at this moment. */
static void tend(scaler *s, int i, br_ns now)
{
    place *p = &s->places[i];
    switch (p->state) {
        case EMPTY:
            if (i < s->wanted && now >= p->start_at) start(s, i, now);
            break;
        case STARTING: watch_start(s, i, now); break;
        case READY: check_health(s, i, now); break;
        case DRAINING:
            if (p->drain_at && now >= p->drain_at) {
                p->drain_at = 0;
                kill(p->pid, SIGTERM);
            } else if (now >= p->kill_at) {
                br_warn("instance %d does not end: killing it", i);
                p->kill_at = INT64_MAX;
                kill(p->pid, SIGKILL);
            }
            break;
    }
}

/* Scaling ------------------------------------------------------------------------------------------ */

/* What the instances that serve use; false: none could be looked at twice yet. */
static bool look(scaler *s, br_ns now, emp_scale_load *ret_load)
{
    double seconds = (double) (now - s->looked_at) / (double) BR_SEC;
    emp_scale_load sum = {0, 0};
    int count = 0;
    s->looked_at = now;
    for (int i = 0; i < max_places(s); i++) {
        place *p = &s->places[i];
        emp_scale_place *b = &s->board->places[i];
        double cpu = 0, memory = 0;
        if (p->state != READY || !emp_probe_usage(p->pid, &cpu, &memory)) continue;
        bool is_second = p->cpu_seconds > 0;
        atomic_store(&b->cpu, is_second ? (cpu - p->cpu_seconds) / seconds : 0);
        atomic_store(&b->memory, memory);
        p->cpu_seconds = cpu;
        if (!is_second) continue;
        sum.cpu += atomic_load(&b->cpu);
        sum.memory += memory;
        count++;
    }
    if (count == 0) return false;
    *ret_load = (emp_scale_load){sum.cpu / count, sum.memory / count};
    atomic_store(&s->board->cpu, ret_load->cpu);
    atomic_store(&s->board->memory, ret_load->memory);
    return true;
}

static void scale_to(scaler *s, int wanted, emp_scale_load load, br_ns now)
{
    br_info("autoscale: %d -> %d instances: %.0f %% of a core (aim %lld %%), %.0f MB (aim %.0f MB)",
        s->wanted, wanted, load.cpu * 100, (long long) s->o->scale_cpu, load.memory / MB,
        s->rule.memory_target / MB);
    for (int i = s->wanted; i < wanted; i++) {
        count_event(s, EMP_SCALE_UP);
        s->places[i].start_at = now;
    }
    for (int i = s->wanted - 1; i >= wanted; i--) {
        count_event(s, EMP_SCALE_DOWN);
        if (s->places[i].state == STARTING || s->places[i].state == READY) begin_drain(s, i, now);
    }
    s->wanted = wanted;
    atomic_store(&s->board->instances, wanted);
}

static void scale(scaler *s, br_ns now)
{
    emp_scale_load load;
    if (now - s->looked_at < s->o->scale_interval || !look(s, now, &load)) return;
    int wanted = emp_scale_decide(&s->rule, &s->state, s->wanted, load, now);
    if (wanted != s->wanted) scale_to(s, wanted, load, now);
}

/* The loop ----------------------------------------------------------------------------------------- */

/* True: a signal to stop came within a tick. */
static bool turn(scaler *s)
{
    const struct timespec tick = {.tv_nsec = TICK};
    int number = sigtimedwait(&s->set, NULL, &tick);
    br_ns now = br_clock_now();
    emp_control_poll(s->control);
    reap(s, now);
    for (int i = 0; i < max_places(s); i++) {
        tend(s, i, now);
    }
    return number == SIGTERM || number == SIGINT;
}

static bool is_any_left(const scaler *s)
{
    for (int i = 0; i < max_places(s); i++) {
        if (s->places[i].pid) return true;
    }
    return false;
}

/* First nobody can connect any more; then all at once finish their requests. */
static void stop(scaler *s)
{
    br_ns now = br_clock_now();
    s->wanted = 0;
    for (int i = 0; i < max_places(s); i++) {
        shutdown(s->listeners[i].fd, SHUT_RD);
    }
    for (int i = 0; i < max_places(s); i++) {
        place *p = &s->places[i];
        if (p->state != STARTING && p->state != READY) continue;
        begin_drain(s, i, now);
        p->drain_at = now;
        tend(s, i, now);
    }
    while (is_any_left(s)) {
        (void) turn(s);
    }
}

static void run(scaler *s)
{
    br_info("autoscale: %d to %d instances on http://%s", s->rule.min, s->rule.max, s->listeners[0].address);
    s->looked_at = br_clock_now();
    while (!turn(s)) {
        scale(s, br_clock_now());
    }
    br_info("autoscale: stopping");
    stop(s);
}

static void put_page(void *ctx, br_buf *out)
{
    const scaler *s = ctx;
    emp_scale_board_put(out, s->board);
}

static br_code prepare(scaler *s, const emp_options *o, br_err *err)
{
    const emp_control_config control = {
        .port = (uint16_t) o->admin_port, .is_polled = true, .faults = s->faults, .page = put_page, .ctx = s};
    br_code rc = emp_scale_board_open(&s->board, err);
    if (rc == BR_OK) rc = emp_service_check(o, &s->listeners[0], err);
    if (rc == BR_OK && o->admin_port != EMP_NO_ADMIN_PORT) rc = emp_control_start(&control, &s->control, err);
    if (rc != BR_OK) return rc;
    atomic_store(&s->board->instances, s->wanted);
    return BR_OK;
}

br_code emp_autoscale_run(const emp_options *o, br_err *err)
{
    static scaler s; /* large, and one per process */
    s = (scaler){.o = o, .wanted = (int) o->scale_min};
    s.rule = (emp_scale_config){.min = (int) o->scale_min,
        .max = (int) o->scale_max,
        .cpu_target = (double) o->scale_cpu / 100,
        .memory_target = (double) o->memory_limit * MB * (double) o->scale_memory / 100,
        .up_pause = o->up_pause,
        .down_pause = o->down_pause};
    sigemptyset(&s.set);
    sigaddset(&s.set, SIGTERM);
    sigaddset(&s.set, SIGINT);
    sigaddset(&s.set, SIGCHLD);
    sigprocmask(SIG_BLOCK, &s.set, &s.before);
    br_code rc = emp_faults_open(o->faults, &s.faults, err);
    if (rc == BR_OK) rc = emp_listen_many(o->host, (uint16_t) o->port, s.listeners, (size_t) s.rule.max, err);
    if (rc != BR_OK) return rc;
    rc = prepare(&s, o, err);
    if (rc == BR_OK) run(&s);
    emp_control_stop(s.control);
    for (int i = 0; i < s.rule.max; i++) {
        close(s.listeners[i].fd);
    }
    return rc;
}
