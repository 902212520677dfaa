#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/log.h"
#include "empire/worker/worker.h"

#define PROCESSES_MAX 64
#define RESTART_LEAST (1 * BR_SEC) /* from one start of a place to its next */
#define RESTART_MOST  (30 * BR_SEC)
#define LIVED_WELL    (60 * BR_SEC)
#define TICK          (200 * BR_MS)
#define TICK_SHORT    (20 * BR_MS) /* when there is something to do at each */
#define KILL_AFTER    (2 * BR_SEC) /* behind the grace time */

typedef struct place {
    pid_t pid; /* 0: nobody */
    br_ns started, start_at, pause;
} place;

typedef struct supervisor {
    const emp_worker_config *config;
    place places[PROCESSES_MAX];
    int count;
    sigset_t set, before;
} supervisor;

static void start(supervisor *s, place *p)
{
    pid_t parent = getpid(), pid = fork();
    if (pid < 0) {
        br_error("cannot start a worker: the system has no room for processes");
        p->start_at = br_clock_now() + RESTART_MOST;
        return;
    }
    if (pid == 0) {
        br_err err;
        sigprocmask(SIG_SETMASK, &s->before, NULL);
        prctl(PR_SET_PDEATHSIG, SIGTERM); /* workers do not outlive their supervisor */
        if (getppid() != parent) _exit(EXIT_FAILURE);
        br_code rc = emp_worker_run(s->config, &err);
        if (rc != BR_OK) br_error("%s", err.msg);
        exit(rc == BR_OK ? EXIT_SUCCESS : EXIT_FAILURE);
    }
    p->pid = pid;
    p->started = br_clock_now();
}

static place *find_place(supervisor *s, pid_t pid)
{
    for (int i = 0; i < s->count; i++) {
        if (s->places[i].pid == pid) return &s->places[i];
    }
    return NULL;
}

/* Notes who has ended. Its place is taken again, later each time it ends soon. */
static void reap(supervisor *s)
{
    pid_t pid;
    int status;
    while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
        place *p = find_place(s, pid);
        if (!p) continue;
        br_ns now = br_clock_now();
        p->pid = 0;
        bool well = now - p->started > LIVED_WELL;
        p->pause = well || p->pause == 0 ? RESTART_LEAST : p->pause * 2;
        if (p->pause > RESTART_MOST) p->pause = RESTART_MOST;
        p->start_at = now + p->pause;
        if (WIFSIGNALED(status)) br_warn("worker %d was killed by signal %d", (int) pid, WTERMSIG(status));
        if (WIFEXITED(status) && WEXITSTATUS(status) != 0) br_warn("worker %d failed", (int) pid);
    }
}

static int alive(const supervisor *s)
{
    int n = 0;
    for (int i = 0; i < s->count; i++) {
        if (s->places[i].pid) n++;
    }
    return n;
}

static void tell_all(const supervisor *s, int signal_number)
{
    for (int i = 0; i < s->count; i++) {
        if (s->places[i].pid) kill(s->places[i].pid, signal_number);
    }
}

/* True: a signal to stop came within a tick. */
static bool told_to_stop(supervisor *s)
{
    const struct timespec tick = {.tv_nsec = s->config->tick ? TICK_SHORT : TICK};
    if (s->config->tick) s->config->tick(s->config->tick_ctx);
    int number = sigtimedwait(&s->set, NULL, &tick);
    return number == SIGTERM || number == SIGINT;
}

static void stop(supervisor *s)
{
    br_ns end = br_clock_now() + s->config->grace + KILL_AFTER;
    tell_all(s, SIGTERM);
    while (alive(s) > 0 && br_clock_now() < end) {
        (void) told_to_stop(s);
        reap(s);
    }
    if (alive(s) == 0) return;
    br_warn("%d workers do not end: killing them", alive(s));
    tell_all(s, SIGKILL);
    while (alive(s) > 0) {
        (void) told_to_stop(s);
        reap(s);
    }
}

br_code emp_supervisor_run(const emp_worker_config *config, int processes, br_err *err)
{
    if (processes < 1 || processes > PROCESSES_MAX)
        return br_fail(err, BR_EINVAL, "1 to %d worker processes", PROCESSES_MAX);
    supervisor s = {.config = config, .count = processes};
    sigemptyset(&s.set);
    sigaddset(&s.set, SIGTERM);
    sigaddset(&s.set, SIGINT);
    sigaddset(&s.set, SIGCHLD);
    sigprocmask(SIG_BLOCK, &s.set, &s.before);
    do {
        br_ns now = br_clock_now();
        for (int i = 0; i < s.count; i++) {
            if (!s.places[i].pid && now >= s.places[i].start_at) start(&s, &s.places[i]);
        }
        reap(&s);
    } while (!told_to_stop(&s));
    br_info("stopping %d workers", alive(&s));
    stop(&s);
    return BR_OK;
}
