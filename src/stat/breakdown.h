/*
 * stat/breakdown.h - figures of each group and each scenario, for the full summary.
 *
 * What: every sample with a `scenario` tag also counts in that scenario (not the one called default), and
 * with a `group` tag in that group of its scenario. As in k6 a group has the samples made directly in it, not
 *     those of the groups within, and sub-metrics are not broken down.
 * Why here: sinks by part of a run, beside the recorder's sinks of the whole run; a br_sample_fn, so that
 *     runs that do not ask for it pay nothing.
 * Threads: br_breakdown_tap() from any thread (a lock); the rest when the workers have ended.
 * Memory: owns everything; at most BR_PARTS_MAX groups and scenarios, later ones are left out and counted.
 */
#pragma once
#include "stat/recorder.h"

#define BR_PARTS_MAX 1000

typedef struct br_part {
    br_str name;
    br_shard *shard;                 /* by metric id */
    BR_VEC(br_check *) checks;       /* first-seen order */
    BR_VEC(struct br_part *) groups; /* first-seen order */
} br_part;

typedef struct br_breakdown br_breakdown;
br_breakdown *br_breakdown_new(br_metrics *metrics);
void br_breakdown_free(br_breakdown *b);                                        /* NULL is fine */
void br_breakdown_tap(void *breakdown, const br_sample *samples, size_t count); /* a br_sample_fn */

/* Its groups are those of the scenario called default, of setup() and of teardown(). */
const br_part *br_breakdown_root(const br_breakdown *b);
/* The other scenarios, in the order in which they began to count; *ret_count of them. */
const br_part *const *br_breakdown_scenarios(const br_breakdown *b, size_t *ret_count);
const br_metric *br_breakdown_metric(const br_breakdown *b, size_t id);
uint64_t br_breakdown_left_out(const br_breakdown *b); /* samples of parts beyond BR_PARTS_MAX */
