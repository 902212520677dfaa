#include "empire/provider/provider.h"

#include <jansson.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "base/assert.h"

#define CHAT_TOKENS_MAX 600
#define SCRIPT_MAX      ((size_t) 8 * 1024)

static const char *const names[EMP_SERVICE_COUNT] = {
    "ai", "feed", "analytics", "tiktok", "youtube", "instagram", "facebook"};

void emp_provider_init(emp_provider *p, const emp_provider_config *config)
{
    memset(p, 0, sizeof(*p));
    p->config = *config;
    for (size_t i = 0; i < EMP_SERVICE_COUNT; i++) {
        emp_breaker_init(&p->services[i].breaker, config->breaker_failures, config->breaker_pause);
    }
}

void emp_provider_deinit(emp_provider *p)
{
    for (size_t i = 0; i < EMP_SERVICE_COUNT; i++) {
        emp_breaker_deinit(&p->services[i].breaker);
    }
}

bool emp_provider_has(const emp_provider *p, emp_service service)
{
    return p->config.urls[service] != NULL;
}

const char *emp_service_name(emp_service service)
{
    return names[service];
}

void emp_call_result_init(emp_call_result *r)
{
    memset(r, 0, sizeof(*r));
    br_buf_init(&r->body, EMP_ANSWER_MAX);
}

void emp_call_result_deinit(emp_call_result *r)
{
    br_buf_deinit(&r->body);
}

BR_PRINTF(3, 4) static void say(emp_call_result *r, emp_call_outcome outcome, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    vsnprintf(r->message, sizeof(r->message), fmt, args);
    va_end(args);
    r->outcome = outcome;
}

/* What an answer means for the caller. True: the service is well, whatever it thinks of the request. */
static bool judge(emp_service service, const emp_http_answer *a, emp_call_result *r)
{
    if (a->status >= 200 && a->status < 300) {
        r->outcome = EMP_CALL_OK;
        return true;
    }
    r->retry_after = a->retry_after;
    if (a->status == 429) {
        say(r, EMP_CALL_RETRY, "%s: over its rate limit (429)", names[service]);
        return true;
    }
    if (a->status >= 500 || a->status == 408) {
        say(r, EMP_CALL_RETRY, "%s: status %d", names[service], a->status);
        return false;
    }
    say(r, EMP_CALL_REFUSED, "%s: status %d", names[service], a->status);
    return true;
}

/* Waits; false: for all of the request's time, so it gets no answer. */
static bool be_slow(const emp_provider *p, br_ns timeout)
{
    br_ns delay = emp_fault_get(p->config.faults, EMP_FAULT_SLOW_PROVIDER);
    br_ns wait = delay < timeout ? delay : timeout;
    const struct timespec t = {.tv_sec = wait / BR_SEC, .tv_nsec = wait % BR_SEC};
    if (wait > 0) nanosleep(&t, NULL);
    return delay < timeout;
}

/* So many calls of a hundred fail, spread evenly: 61 and 100 have no divisor in common. */
static bool must_fail(emp_provider *p)
{
    int64_t percent = emp_fault_get(p->config.faults, EMP_FAULT_FAILING_PROVIDER);
    return percent > 0 && (int64_t) (atomic_fetch_add(&p->calls, 1) * 61 % 100) < percent;
}

/* The request, through the faults on demand: a slow service takes its time from the request's. */
static br_code send_request(emp_provider *p, emp_http *http, const emp_http_request *request,
    emp_http_answer *ret_answer, br_buf *body, br_err *err)
{
    emp_http_request rest = *request;
    br_ns start = br_clock_now();
    if (!be_slow(p, request->timeout)) return br_fail(err, BR_ETIMEOUT, "no answer in time");
    if (must_fail(p)) {
        *ret_answer = (emp_http_answer){.status = 503};
        return BR_OK;
    }
    rest.timeout -= br_clock_now() - start;
    if (rest.timeout < BR_MS) rest.timeout = BR_MS;
    return emp_http_send(http, &rest, ret_answer, body, err);
}

static void send(
    emp_provider *p, emp_http *http, emp_service service, const emp_http_request *request, emp_call_result *r)
{
    emp_service_stats *s = &p->services[service];
    br_err err;
    emp_http_answer answer = {0};
    br_ns start = br_clock_now(), wait = 0;
    bool has_breaker = !emp_fault_get(p->config.faults, EMP_FAULT_BREAKER_OFF);
    if (has_breaker && !emp_breaker_allow(&s->breaker, start, &wait)) {
        atomic_fetch_add(&s->short_circuited, 1);
        r->retry_after = wait;
        say(r, EMP_CALL_RETRY, "%s: its circuit breaker is open", names[service]);
        return;
    }
    br_code rc = send_request(p, http, request, &answer, &r->body, &err);
    bool is_well = false;
    if (rc == BR_OK) {
        is_well = judge(service, &answer, r);
    } else if (rc == BR_ELIMIT) {
        is_well = true;
        say(r, EMP_CALL_REFUSED, "%s: the answer is longer than %zu bytes", names[service],
            r->body.max_bytes);
    } else {
        say(r, EMP_CALL_RETRY, "%s: %s", names[service], err.msg);
    }
    br_ns end = br_clock_now();
    if (has_breaker) emp_breaker_note(&s->breaker, is_well, end);
    atomic_fetch_add(&s->calls[r->outcome], 1);
    atomic_fetch_add(&s->ns_total, end - start);
}

void emp_provider_call(emp_provider *p, emp_http *http, emp_service service, const char *body,
    const char *idempotency_key, emp_call_result *r)
{
    BR_ASSERT(emp_provider_has(p, service));
    const emp_http_request request = {.url = p->config.urls[service],
        .body = body,
        .idempotency_key = idempotency_key,
        .timeout = p->config.timeout};
    send(p, http, service, &request, r);
}

/* Chat --------------------------------------------------------------------------------------------- */

static char *chat_body(const emp_provider *p, const char *system, const char *user)
{
    json_t *root = json_pack("{s:s, s:i, s:[{s:s, s:s}, {s:s, s:s}]}", "model", p->config.ai_model,
        "max_tokens", CHAT_TOKENS_MAX, "messages", "role", "system", "content", system, "role", "user",
        "content", user);
    BR_ASSERT(root); /* NULL: not UTF-8, which the database does not hold */
    char *text = json_dumps(root, JSON_COMPACT);
    json_decref(root);
    return text;
}

/* Leaves the model's text in the body. */
static void take_text(emp_call_result *r)
{
    json_t *root = json_loadb(r->body.data, r->body.len, 0, NULL);
    const json_t *choice = json_array_get(json_object_get(root, "choices"), 0);
    const json_t *content = json_object_get(json_object_get(choice, "message"), "content");
    size_t n = json_string_length(content);
    if (n == 0 || n > SCRIPT_MAX || strlen(json_string_value(content)) != n) {
        say(r, EMP_CALL_REFUSED, "ai: the answer has no usable choices[0].message.content");
    } else {
        br_buf_reset(&r->body);
        (void) br_buf_append(&r->body, json_string_value(content), n); /* shorter than what was there */
    }
    json_decref(root);
}

void emp_provider_chat(
    emp_provider *p, emp_http *http, const char *system, const char *user, emp_call_result *r)
{
    br_buf url;
    BR_ASSERT(emp_provider_has(p, EMP_SERVICE_AI));
    char *body = chat_body(p, system, user);
    br_buf_init(&url, BR_BUF_NO_LIMIT);
    br_str base = br_str_of(p->config.urls[EMP_SERVICE_AI]);
    while (br_str_ends(base, BR_STR("/"))) {
        base.n--;
    }
    br_buf_printf(&url, BR_FMT "/chat/completions", BR_ARG(base));
    const emp_http_request request = {
        .url = url.data, .body = body, .bearer = p->config.ai_key, .timeout = p->config.timeout};
    send(p, http, EMP_SERVICE_AI, &request, r);
    if (r->outcome == EMP_CALL_OK) take_text(r);
    br_buf_deinit(&url);
    free(body);
}
