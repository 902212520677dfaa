#include "empire/worker/slots.h"

#include <errno.h>
#include <pthread.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/assert.h"
#include "base/mem.h"

#define STACK_BYTES ((size_t) 512 * 1024)

struct emp_slots {
    const emp_activity_world *world;
    size_t max, threads, used;
    emp_slot_job *jobs; /* [max] */
    pthread_t *handles; /* [max] */
    int fd;
    pthread_mutex_t mutex;
    pthread_cond_t wanted;
    emp_slot_job *waiting, *waiting_last, *done; /* under the mutex */
    size_t idle_threads;                         /* under the mutex: waiting for `wanted` */
    bool stopping;                               /* under the mutex */
};

/* Slot threads ------------------------------------------------------------------------------------- */

static void hand_in(emp_slots *s, emp_slot_job *job)
{
    const uint64_t one = 1;
    pthread_mutex_lock(&s->mutex);
    job->_next = s->done;
    s->done = job;
    job->_done = true;
    pthread_mutex_unlock(&s->mutex);
    ssize_t n = write(s->fd, &one, sizeof(one));
    BR_ASSERT(n == (ssize_t) sizeof(one) || errno == EAGAIN); /* EAGAIN: it is readable already */
}

/* NULL: the end. */
static emp_slot_job *next_job(emp_slots *s)
{
    pthread_mutex_lock(&s->mutex);
    s->idle_threads++;
    while (!s->waiting && !s->stopping) {
        pthread_cond_wait(&s->wanted, &s->mutex);
    }
    s->idle_threads--;
    emp_slot_job *job = s->waiting;
    if (job) s->waiting = job->_next;
    pthread_mutex_unlock(&s->mutex);
    return job;
}

static void *run(void *ctx)
{
    emp_slots *s = ctx;
    emp_slot_job *job;
    emp_http *http = emp_http_new();
    while ((job = next_job(s)) != NULL) {
        job->began = br_clock_now();
        emp_activity_execute(s->world, http, &job->task, &job->result);
        job->ended = br_clock_now();
        hand_in(s, job);
    }
    emp_http_free(http);
    return NULL;
}

static bool start_thread(emp_slots *s)
{
    pthread_attr_t attr;
    pthread_attr_init(&attr);
    pthread_attr_setstacksize(&attr, STACK_BYTES);
    bool ok = pthread_create(&s->handles[s->threads], &attr, run, s) == 0;
    pthread_attr_destroy(&attr);
    if (ok) s->threads++;
    return ok;
}

/* The owner ---------------------------------------------------------------------------------------- */

emp_slots *emp_slots_new(const emp_activity_world *world, size_t max)
{
    emp_slots *s = BR_NEW(emp_slots);
    s->world = world;
    s->max = max;
    s->jobs = BR_NEW_ARRAY(emp_slot_job, max);
    s->handles = BR_NEW_ARRAY(pthread_t, max);
    s->fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    pthread_mutex_init(&s->mutex, NULL);
    pthread_cond_init(&s->wanted, NULL);
    return s;
}

void emp_slots_free(emp_slots *s)
{
    if (!s) return;
    BR_ASSERT(s->used == 0);
    pthread_mutex_lock(&s->mutex);
    s->stopping = true;
    pthread_cond_broadcast(&s->wanted);
    pthread_mutex_unlock(&s->mutex);
    for (size_t i = 0; i < s->threads; i++) {
        pthread_join(s->handles[i], NULL);
    }
    if (s->fd >= 0) close(s->fd);
    pthread_cond_destroy(&s->wanted);
    pthread_mutex_destroy(&s->mutex);
    br_free(s->jobs);
    br_free(s->handles);
    br_free(s);
}

size_t emp_slots_used(const emp_slots *s)
{
    return s->used;
}

size_t emp_slots_idle(const emp_slots *s)
{
    return s->max - s->used;
}

int emp_slots_fd(const emp_slots *s)
{
    return s->fd;
}

static emp_slot_job *free_job(emp_slots *s)
{
    for (size_t i = 0; i < s->max; i++) {
        if (!s->jobs[i]._used) return &s->jobs[i];
    }
    BR_UNREACHABLE("no free slot");
}

/* Are there threads enough for what waits and one more? */
static bool has_thread(emp_slots *s)
{
    size_t waiting = 1;
    pthread_mutex_lock(&s->mutex);
    for (const emp_slot_job *j = s->waiting; j; j = j->_next) {
        waiting++;
    }
    bool enough = s->idle_threads >= waiting;
    pthread_mutex_unlock(&s->mutex);
    return enough;
}

br_code emp_slots_run(emp_slots *s, const emp_activity_task *task)
{
    BR_ASSERT(s->used < s->max);
    if (!has_thread(s) && s->threads < s->max && !start_thread(s) && s->threads == 0) return BR_ELIMIT;
    emp_slot_job *job = free_job(s);
    *job = (emp_slot_job){.task = *task, ._used = true};
    s->used++;
    pthread_mutex_lock(&s->mutex);
    if (s->waiting) {
        s->waiting_last->_next = job;
    } else {
        s->waiting = job;
    }
    s->waiting_last = job;
    pthread_cond_signal(&s->wanted);
    pthread_mutex_unlock(&s->mutex);
    return BR_OK;
}

size_t emp_slots_done(emp_slots *s, emp_slot_job **jobs, size_t max)
{
    size_t n = 0;
    uint64_t count;
    ssize_t got = read(
        s->fd, &count, sizeof(count)); /* before the list: what comes later is signalled again */
    (void) got;
    pthread_mutex_lock(&s->mutex);
    while (s->done && n < max) {
        jobs[n++] = s->done;
        s->done = s->done->_next;
    }
    pthread_mutex_unlock(&s->mutex);
    return n;
}

void emp_slots_release(emp_slots *s, emp_slot_job *job)
{
    emp_activity_task_deinit(&job->task);
    br_free(job->result.payload);
    *job = (emp_slot_job){0};
    s->used--;
}

size_t emp_slots_running(emp_slots *s, emp_slot_job **jobs, size_t max)
{
    size_t n = 0;
    pthread_mutex_lock(&s->mutex);
    for (size_t i = 0; i < s->max && n < max; i++) {
        if (s->jobs[i]._used && !s->jobs[i]._done) jobs[n++] = &s->jobs[i];
    }
    pthread_mutex_unlock(&s->mutex);
    return n;
}
