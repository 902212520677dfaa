/*
 * api/app.h - what all requests share.
 * Threads: set up before the server starts; afterwards only atomics and the thread-safe pool are used.
 */
#pragma once
#include <stdatomic.h>
#include "base/clock.h"
#include "empire/api/answer_cache.h"
#include "empire/api/connections.h"
#include "empire/api/keys.h"
#include "empire/api/metrics.h"
#include "empire/api/rate_limit.h"
#include "empire/db/pool.h"
#include "empire/faults/burden.h"
#include "empire/scale/board.h"

/* Answers that are kept, by what they are; of each there is one a period and platform (or all). */
typedef enum emp_kept { EMP_KEPT_OVERVIEW, EMP_KEPT_TOP_PRODUCTS, EMP_KEPT_COUNT } emp_kept;
#define EMP_KEPT_PERIODS   4
#define EMP_KEPT_PLATFORMS 5
#define EMP_KEPT_SLOTS     ((size_t) EMP_KEPT_COUNT * EMP_KEPT_PERIODS * EMP_KEPT_PLATFORMS)

typedef struct emp_app {
    emp_pool *pool;
    emp_metrics metrics;
    emp_connections *connections; /* the server's, while it runs */
    br_ns started;                /* br_clock_now() */
    atomic_bool draining;
    bool access_log;
    atomic_size_t held; /* bytes of bodies and answers in requests that are there */
    size_t held_max;
    uint32_t instance;             /* random: tells request ids of processes apart */
    atomic_uint_fast64_t requests; /* numbers them */
    emp_rate_limit *rate_limit;    /* NULL: none */
    const emp_faults *faults;      /* on demand */
    emp_rate_limit *tight_limit;   /* in its place while that fault is on */
    emp_burden *burden;            /* leaks and burns; NULL: not started */
    bool trust_forwarded;          /* clients are told apart by X-Forwarded-For */
    emp_keys *keys;                /* NULL: writes are open */
    emp_answer_cache *answers;     /* EMP_KEPT_SLOTS of them */
    br_ns answers_keep;
    const emp_scale_board *board; /* the autoscaler's; NULL: there is none */
} emp_app;
