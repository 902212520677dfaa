/* quick/quick_int.h - what the files of quick/ share. */
#pragma once
#include <pthread.h>
#include <stdatomic.h>
#include "quick/quick.h"

typedef struct br_quick br_quick;
typedef struct br_quick_worker br_quick_worker;

/* A place for one request in flight. */
typedef struct br_quick_place {
    br_quick_worker *worker;
    br_http_client *client; /* of its connection; places of one HTTP/2 connection share it */
    br_http_exchange exchange;
    br_http_response response;
    br_ns meant;
    struct br_quick_place *next_free;
    bool busy;
} br_quick_place;

struct br_quick_worker {
    br_quick *quick;
    uint32_t index;
    pthread_t thread;
    bool thread_started;
    br_loop *loop;
    br_dns *dns;
    br_tls_context *tls;
    br_http_client **clients;
    uint32_t client_count;
    br_quick_place *places;
    size_t place_count;
    size_t begun;            /* places that had their first start */
    size_t busy;             /* places with a request in flight */
    br_quick_place *free;    /* open model: waiting for a start */
    uint64_t started, limit; /* starts: so many were made, so many are to be made (UINT64_MAX: no limit) */
    size_t target;           /* next one */
    br_ns stop_at;           /* no start after this */
    br_ns last_end;
    br_timer timer; /* next start, or end of the drain */
    br_task more;   /* first starts go on */
    br_quick_tally *tally;
    bool stopping; /* the user wants the end */
    uint64_t cancelled;
    br_worker_health health;
    br_code code;
    br_err err;
};

struct br_quick {
    const br_quick_config *config;
    br_loop *loop;
    br_quick_worker *workers;
    uint32_t worker_count, ready, done;
    uint32_t awaited; /* tallies that were asked for and are not here yet */
    br_ns begin;      /* loop clock */
    br_quick_tally total, recent;
    br_timer status_timer;
    int signal_fd;
    br_watch signal_watch;
    bool interrupted;
};

/* worker.c */
void br_quick_worker_plan(br_quick_worker *w); /* its share of connections and requests */
void *br_quick_worker_main(void *worker);      /* the thread */
void br_quick_worker_begin(void *worker);      /* on its loop: starts the load */
void br_quick_worker_interrupt(void *worker);  /* on its loop: ends it now */
/* quick.c, on the control loop */
void br_quick_worker_ready(void *worker);
void br_quick_worker_done(void *worker);
