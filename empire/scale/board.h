/*
 * scale/board.h - what the autoscaler has to say, for /metrics.
 *
 * What: figures and counts of events in memory that it shares with its instances, so that each of them, and
 *     its own control port, can show them. Why here: a request reaches one instance, by chance.
 * Threads: any; atomics, written by the autoscaler, except `port`: by the instance, once it serves.
 */
#pragma once
#include <stdatomic.h>
#include <stdint.h>
#include "base/buf.h"
#include "base/err.h"

#define EMP_SCALE_MAX 64

typedef enum emp_scale_event {
    EMP_SCALE_UP,
    EMP_SCALE_DOWN,
    EMP_SCALE_RESTART,   /* an instance ended by itself */
    EMP_SCALE_UNHEALTHY, /* one was killed, because it did not answer */
    EMP_SCALE_EVENTS
} emp_scale_event;

typedef struct emp_scale_place {
    atomic_int pid;        /* 0: nobody */
    atomic_int port;       /* on 127.0.0.1, of this instance alone; 0: it does not serve yet */
    _Atomic double cpu;    /* cores, over the last interval */
    _Atomic double memory; /* resident bytes */
} emp_scale_place;

typedef struct emp_scale_board {
    atomic_int instances, ready, draining;
    _Atomic double cpu, memory; /* means */
    atomic_uint_fast64_t events[EMP_SCALE_EVENTS], health_failures;
    emp_scale_place places[EMP_SCALE_MAX];
} emp_scale_board;

/* Shared with children of fork(), for the program's life. BR_ELIMIT. */
BR_NODISCARD br_code emp_scale_board_open(emp_scale_board **ret_board, br_err *err);

void emp_scale_board_put(br_buf *out, const emp_scale_board *board);
