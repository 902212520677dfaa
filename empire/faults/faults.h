/*
 * faults/faults.h - faults on demand: what is broken on purpose, and how much.
 *
 * What: a value per fault, read from a text such as "n-plus-one=on,pool=2,slow-provider=3s", and written as a
 *     text, as JSON, and for /metrics. Why here: each fault is behaviour of the module it belongs to (pool,
 *     server, provider, worker); this says only which of them are on.
 * Threads: any; every value is atomic and read by itself. Memory: no pointers, so that it can lie in memory
 *     that processes share.
 */
#pragma once
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include "base/buf.h"
#include "base/clock.h"
#include "base/err.h"

typedef enum emp_fault {
    EMP_FAULT_N_PLUS_ONE,
    EMP_FAULT_MISSING_INDEXES,
    EMP_FAULT_POOL,             /* connections, one query at a time on each */
    EMP_FAULT_LEAK_CONNECTIONS, /* nanoseconds from one to the next */
    EMP_FAULT_LOCK_CONTENTION,  /* nanoseconds that each request holds the lock */
    EMP_FAULT_RATE_LIMIT,       /* requests a minute and client */
    EMP_FAULT_MEMORY_LEAK,      /* MB (2^20 bytes) an hour */
    EMP_FAULT_CPU_BURN,         /* thousandths of a core */
    EMP_FAULT_SLOW_START,       /* nanoseconds */
    EMP_FAULT_SLOW_PROVIDER,    /* nanoseconds */
    EMP_FAULT_FAILING_PROVIDER, /* per cent of the calls */
    EMP_FAULT_BREAKER_OFF,
    EMP_FAULT_WORKER_SLOTS, /* activities at once */
    EMP_FAULT_COUNT
} emp_fault;

#define EMP_FAULTS_TEXT_MAX ((size_t) 1024)

typedef struct emp_faults {
    _Atomic int64_t values[EMP_FAULT_COUNT]; /* 0: off */
} emp_faults;

/* The value, 0 when the fault is off; `faults` NULL: all are off. */
static inline int64_t emp_fault_get(const emp_faults *faults, emp_fault fault)
{
    return faults ? atomic_load_explicit(&faults->values[fault], memory_order_relaxed) : 0;
}

const char *emp_fault_name(emp_fault fault);

/*
 * Reads "name=value,name=value"; blanks around are allowed, "" is all off, and each is named once. Sets all
 * values: what is not named is off. BR_EINVAL with what is wrong and what would be right; then nothing is
 * set.
 */
BR_NODISCARD br_code emp_faults_parse(br_str text, emp_faults *faults, br_err *err);

/*
 * What the program begins with: `text` read (NULL: none), and said in the log. The memory is shared with
 * children of fork() and stays for the program's life. As emp_faults_parse(), and BR_ELIMIT without memory.
 */
BR_NODISCARD br_code emp_faults_open(const char *text, emp_faults **ret_faults, br_err *err);
/* Says in the log which are on. */
void emp_faults_log(const emp_faults *faults);

/* Those that are on, as emp_faults_parse() reads them; "" when none is. */
void emp_faults_put(br_buf *out, const emp_faults *faults);

/* A JSON object with all of them, {"n-plus-one":"on","pool":"off",...}. */
void emp_faults_put_json(br_buf *out, const emp_faults *faults);

/* In the unit of its metric: 1 for switches, seconds, a ratio, cores, MB/h, or the number. */
double emp_fault_metric(const emp_faults *faults, emp_fault fault);
