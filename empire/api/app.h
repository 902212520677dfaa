/*
 * api/app.h - what all requests share.
 * Threads: set up before the server starts; afterwards only atomics and the thread-safe pool are used.
 */
#pragma once
#include <stdatomic.h>
#include "base/clock.h"
#include "empire/api/metrics.h"
#include "empire/db/pool.h"

typedef struct emp_app {
    emp_pool *pool;
    emp_metrics metrics;
    br_ns started; /* br_clock_now() */
    atomic_bool draining;
    bool access_log;
} emp_app;
