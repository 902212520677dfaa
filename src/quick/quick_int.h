/*
 * quick/quick_int.h - what the files of quick/ share.
 *
 *     control (quick.c)       worker (worker.c, load.c), one thread each
 *     start threads      -->  make tools
 *     count            <--    ready
 *     begin              -->  load: places start requests until nothing is to be started any more
 *     status, signals  <-->   hand over the tally; interrupt
 *     count            <--    done
 *
 * Messages are calls posted to the other side's loop.
 */
#pragma once
#include <pthread.h>
#include "http/fetch.h"
#include "http/tools.h"
#include "net/resources.h"
#include "quick/quick.h"

typedef struct br_quick br_quick;
typedef struct br_quick_worker br_quick_worker;

/* A place for one request in flight. */
typedef struct br_quick_place {
    br_quick_worker *worker;
    br_http_client *client; /* of its connection; places of one HTTP/2 connection share it */
    br_http_fetch fetch;
    br_http_response response;
    br_ns meant; /* to start */
    br_ns due;   /* when it could have been started: meant, or later, when a place was free */
    br_ns ready; /* had a connection, at its first hop; 0: see response */
    struct br_quick_place *next_free;
    bool busy;
} br_quick_place;

struct br_quick_worker {
    br_quick *quick;
    uint32_t index;
    pthread_t thread;
    bool thread_started;
    br_loop *loop;
    br_http_tools tools;
    br_http_client **clients;
    uint32_t client_count;
    br_quick_place *places;
    size_t place_count;
    bool open; /* model */
    br_http_fetch_options fetch_options;
    size_t begun;            /* places that had their first start */
    size_t busy;             /* places with a request in flight */
    br_quick_place *free;    /* open model: waiting for a start */
    uint64_t started, limit; /* starts: so many were made, so many are to be made (UINT64_MAX: no limit) */
    size_t target;           /* next one */
    br_ns planned_end;       /* BR_NS_MAX: none */
    br_ns stop_at;           /* no start after this */
    br_ns last_end;
    br_timer timer;        /* next start, or end of the drain */
    br_task more;          /* first starts go on */
    br_quick_tally *tally; /* the worker's */
    br_quick_tally *full;  /* control's: empty, or on its way there */
    bool asked, done;      /* control's: for its tally; it has ended */
    bool stopping;         /* the user wants the end */
    uint64_t cancelled, connections_opened;
    uint64_t counted_sent, counted_received; /* bytes that are in a tally */
    br_ns watched_since, cpu_before, starved_before;
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
    uint32_t origins; /* of the targets, at most BR_QUICK_ORIGINS_MAX */
    br_ns begin;      /* loop clock */
    br_ns begin_wall;
    br_quick_tally total, recent;
    br_timer status_timer, resources_timer;
    br_resources resources;
    int signal_fd;
    br_watch signal_watch;
    bool interrupted;
};

/* worker.c */
void br_quick_worker_plan(br_quick_worker *w); /* its share of connections and requests */
void *br_quick_worker_main(void *worker);      /* the thread */
/* What went over the sockets since the last time, into the tally: streams of HTTP/2 share them. */
void br_quick_worker_count_bytes(br_quick_worker *w);

/* load.c, on the worker's loop */
void br_quick_load_begin(void *worker);     /* starts the load */
void br_quick_load_interrupt(void *worker); /* ends it now */
/* When start number `start` of the worker is due by the timetable. */
br_ns br_quick_load_due(const br_quick_worker *w, uint64_t start);

/* quick.c, on the control loop */
void br_quick_worker_ready(void *worker);
void br_quick_worker_done(void *worker);
