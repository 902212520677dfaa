/*
 * provider/provider.h - the services outside that the workflows use.
 *
 * What: AI text (OpenAI-compatible chat), product feed, analytics feed, a publishing webhook per platform;
 * each with its address, its circuit breaker and its counters. Why here: activities say what they want;
 * time-outs, breakers and what counts as worth another try are one place. Threads: any, with a client
 * (emp_http) per thread. Memory: configuration is borrowed for the provider's life.
 */
#pragma once
#include <stdatomic.h>
#include "empire/faults/faults.h"
#include "empire/provider/breaker.h"
#include "empire/provider/http.h"

#define EMP_ANSWER_MAX ((size_t) 1024 * 1024)

typedef enum emp_service {
    EMP_SERVICE_AI,
    EMP_SERVICE_FEED,
    EMP_SERVICE_ANALYTICS,
    EMP_SERVICE_TIKTOK,
    EMP_SERVICE_YOUTUBE,
    EMP_SERVICE_INSTAGRAM,
    EMP_SERVICE_FACEBOOK,
    EMP_SERVICE_COUNT
} emp_service;

typedef struct emp_provider_config {
    const char *urls[EMP_SERVICE_COUNT]; /* NULL: not configured. AI: the base, as in OPENAI_BASE_URL. */
    const char *ai_key;                  /* NULL: no Authorization */
    const char *ai_model;
    br_ns timeout; /* of a request; 10 s */
    int breaker_failures;
    br_ns breaker_pause;
    const emp_faults *faults; /* slow-provider, failing-provider, breaker-off; NULL: none */
} emp_provider_config;

typedef enum emp_call_outcome {
    EMP_CALL_OK,
    EMP_CALL_RETRY,   /* later: time-out, no connection, 5xx, 429, or the breaker is open */
    EMP_CALL_REFUSED, /* it will not get better: another 4xx, an answer that is none */
    EMP_CALL_OUTCOMES
} emp_call_outcome;

typedef struct emp_service_stats {
    emp_breaker breaker;
    atomic_uint_fast64_t calls[EMP_CALL_OUTCOMES], short_circuited;
    atomic_int_fast64_t ns_total; /* in requests that were made */
} emp_service_stats;

typedef struct emp_provider {
    emp_provider_config config;
    emp_service_stats services[EMP_SERVICE_COUNT];
    atomic_uint_fast64_t calls; /* numbers them */
} emp_provider;

typedef struct emp_call_result {
    emp_call_outcome outcome;
    br_ns retry_after; /* 0: no wish */
    char message[256]; /* why not EMP_CALL_OK */
    br_buf body;
} emp_call_result;

void emp_provider_init(emp_provider *p, const emp_provider_config *config);
void emp_provider_deinit(emp_provider *p);
bool emp_provider_has(const emp_provider *p, emp_service service);
const char *emp_service_name(emp_service service); /* "ai", "feed", ... or the platform */

void emp_call_result_init(emp_call_result *r);
void emp_call_result_deinit(emp_call_result *r);

/* One request; `body` NULL is GET. The result's body is what came. The service must be configured. */
void emp_provider_call(emp_provider *p, emp_http *http, emp_service service, const char *body,
    const char *idempotency_key, emp_call_result *r);

/* Asks the model; with EMP_CALL_OK the result's body is its text, never empty. */
void emp_provider_chat(
    emp_provider *p, emp_http *http, const char *system, const char *user, emp_call_result *r);
