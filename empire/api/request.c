#include "empire/api/request.h"

#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>

#include "base/mem.h"
#include "empire/api/problem.h"

#define KEEP_BYTES    ((size_t) 32 * 1024) /* a larger buffer is not kept for the next request */
#define KEEP_REQUESTS 256

struct emp_request_store {
    pthread_mutex_t mutex;
    emp_request *free; /* under the mutex */
    size_t free_count;
};

emp_request_store *emp_request_store_new(void)
{
    emp_request_store *s = BR_NEW(emp_request_store);
    pthread_mutex_init(&s->mutex, NULL);
    return s;
}

static void request_free(emp_request *r)
{
    br_buf_deinit(&r->target);
    br_buf_deinit(&r->body);
    br_buf_deinit(&r->out);
    br_free(r);
}

void emp_request_store_free(emp_request_store *s)
{
    if (!s) return;
    while (s->free) {
        emp_request *r = s->free;
        s->free = r->_next;
        request_free(r);
    }
    pthread_mutex_destroy(&s->mutex);
    br_free(s);
}

static emp_request *request_new(void)
{
    emp_request *r = BR_NEW(emp_request);
    br_buf_init(&r->target, EMP_TARGET_MAX);
    br_buf_init(&r->body, EMP_BODY_MAX);
    br_buf_init(&r->out, BR_BUF_NO_LIMIT);
    return r;
}

static emp_request *take_kept(emp_request_store *s)
{
    pthread_mutex_lock(&s->mutex);
    emp_request *r = s->free;
    if (r) {
        s->free = r->_next;
        s->free_count--;
    }
    pthread_mutex_unlock(&s->mutex);
    return r;
}

emp_request *emp_request_take(emp_request_store *s)
{
    emp_request *r = take_kept(s);
    return r ? r : request_new();
}

/* Ready for the next request; buffers keep their memory unless they have grown large. */
static void request_reset(emp_request *r)
{
    emp_query_reset(&r->query, 0);
    emp_result_free(r->list);
    r->list = NULL;
    r->list_row = 0;
    if (r->out.cap > KEEP_BYTES) br_buf_deinit(&r->out);
    if (r->body.cap > KEEP_BYTES) br_buf_deinit(&r->body);
    if (r->held) atomic_fetch_sub(&r->app->held, r->held);
    r->held = 0;
    r->constant = BR_STR_NONE;
    br_buf_reset(&r->target);
    br_buf_reset(&r->body);
    br_buf_reset(&r->out);
    r->stage = EMP_STAGE_HEADERS;
    r->route = NULL;
    r->segment = BR_STR_NONE;
    r->body_bytes = 0;
    r->status = 0;
    r->content_type = NULL;
    r->allow[0] = r->location[0] = '\0';
    r->retry_after_s = 0;
    r->head = (emp_head){0};
    r->holder = NULL;
    r->etag[0] = r->id[0] = '\0';
    r->max_age_s = r->age_s = 0;
    r->allowance = (emp_allowance){0};
    r->close = false;
    r->connection = NULL;
    r->place = NULL;
}

bool emp_request_hold(emp_request *r, size_t bytes)
{
    if (atomic_fetch_add(&r->app->held, bytes) + bytes > r->app->held_max) {
        atomic_fetch_sub(&r->app->held, bytes);
        return false;
    }
    r->held += bytes;
    return true;
}

br_str emp_request_answer(const emp_request *r)
{
    return r->constant.p ? r->constant : br_buf_view(&r->out);
}

void emp_request_give(emp_request_store *s, emp_request *r)
{
    request_reset(r);
    pthread_mutex_lock(&s->mutex);
    bool keep = s->free_count < KEEP_REQUESTS;
    if (keep) {
        r->_next = s->free;
        s->free = r;
        s->free_count++;
    }
    pthread_mutex_unlock(&s->mutex);
    if (!keep) request_free(r);
}

emp_step emp_answer_json(emp_request *r)
{
    r->status = 200;
    r->content_type = "application/json";
    return EMP_STEP_ANSWERED;
}

void emp_answer_tag(emp_request *r)
{
    emp_etag_of(emp_request_answer(r), r->etag);
}

/* How old it is and how long it may still be used, for caches on the way. */
static void set_age(emp_request *r, br_ns age)
{
    r->max_age_s = (int) (r->app->answers_keep / BR_SEC);
    r->age_s = (int) (age / BR_SEC);
}

bool emp_answer_kept(emp_request *r, size_t slot)
{
    br_ns age = 0;
    if (!emp_answer_cache_get(r->app->answers, slot, br_clock_now(), &r->out, r->etag, &age)) return false;
    emp_answer_json(r);
    set_age(r, age);
    return true;
}

void emp_answer_keep(emp_request *r, size_t slot)
{
    emp_answer_cache_put(r->app->answers, slot, br_clock_now(), br_buf_view(&r->out));
    emp_answer_tag(r);
    set_age(r, 0);
}

emp_step emp_answer_problem(emp_request *r, int status, const char *fmt, ...)
{
    char detail[1200];
    va_list args;
    va_start(args, fmt);
    vsnprintf(detail, sizeof(detail), fmt, args);
    va_end(args);
    r->status = status;
    r->content_type = EMP_PROBLEM_TYPE;
    if (status == 503) r->retry_after_s = 1;
    r->constant = BR_STR_NONE;
    br_buf_reset(&r->out);
    emp_problem_put(&r->out, status, detail);
    return EMP_STEP_ANSWERED;
}
