/*
 * probe/target_watch.h - how the target is while a test runs.
 *
 * What: samples processes, cgroups and metrics pages on a thread of its own, every so often; hands out what
 * it has as series, at any time. Why here: the generator must not wait for a slow metrics page; judge/ and
 * report/ get plain values. Threads: start, copy and free on one thread (the main one); sampling on its own,
 * with all signals blocked. Memory: bounded: BR_MEASURES_MAX series a source, BR_SAMPLES_MAX samples a
 * series. Invariants: a page that does not answer in time is missed, and so is one that is still being
 * fetched when the next round comes; the figures of a round have the instant at which the round was answered.
 */
#pragma once
#include "http/client.h"
#include "stat/target_series.h"

#define BR_TARGET_SOURCES_MAX  20
#define BR_TARGET_FETCH_MAX    (2 * BR_SEC) /* a page has so long, and no longer than a round */
#define BR_TARGET_INTERVAL_MIN (100 * BR_MS)
#define BR_TARGET_INTERVAL_MAX (5 * BR_SEC)

typedef enum br_target_kind {
    BR_TARGET_PID,
    BR_TARGET_NAME, /* of a process, as in /proc/PID/comm */
    BR_TARGET_CGROUP,
    BR_TARGET_PAGE, /* of Prometheus metrics */
} br_target_kind;

/* Everything borrowed: it must live until br_target_watch_free(). */
typedef struct br_target_source {
    br_target_kind kind;
    int64_t pid;  /* BR_TARGET_PID */
    br_str place; /* name, path of the cgroup, URL */
    const br_str *names;
    size_t name_count;             /* wanted series, see probe/page.h; 0: those that the kind has by itself */
    const br_http_header *headers; /* of requests for a page */
    size_t header_count;
} br_target_source;

typedef struct br_target_watch br_target_watch;

/*
 * Takes the first sample of each source, then goes on in a thread. Fails if a source cannot be sampled: the
 * message names it, and says what is wrong. `interval`: between rounds, kept within the limits above.
 */
BR_NODISCARD br_code br_target_watch_start(
    const br_target_source *sources, size_t count, br_ns interval, br_target_watch **ret, br_err *err);
/* Everything so far, in `arena`, instants relative to `origin` (br_clock_now()). */
void br_target_watch_copy(
    br_target_watch *w, br_ns origin, br_arena *arena, br_target_series **ret, size_t *ret_count);
void br_target_watch_free(br_target_watch *w); /* stops first; NULL is fine */

/* What the watched thing is called in reports: "process 4711 (empire)". In `arena`. */
br_str br_target_source_text(const br_target_source *s, br_arena *arena);
/* From 1/300 of the length of what is watched, within 200 ms and 5 s: enough samples, and little work. */
br_ns br_target_watch_interval(br_ns length);
