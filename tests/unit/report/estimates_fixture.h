/*
 * tests/unit/report/estimates_fixture.h - what only some runs have, made by hand.
 *
 * What: a ramp's capacity, a spike's recovery, a leak with its series, a comparison with earlier runs.
 * Memory: in the arena that is given; a comparison is freed with fixture_comparison_free().
 */
#pragma once
#include "judge/compare.h"
#include "judge/verdict.h"

/* Eight levels of 25 to 200 users: knee at 75, break at 130, then collapse. */
const br_capacity_report *fixture_capacity(br_arena *arena);
/* 410 starts per second held, 420 did not. */
const br_search_report *fixture_search(br_arena *arena);
/* Back after 42 s, to within 1 s. */
const br_recovery_report *fixture_recovery(br_arena *arena);
/* Memory that grows by 84 MB/h with teeth, and a constant number of connections; into the result. */
const br_leak_report *fixture_leak(br_run_result *r, size_t samples);

/* `endpoints` endpoints in p95 and error rate, the first worse by 43 %, and throughput of all. */
br_comparison *fixture_comparison(size_t endpoints);
void fixture_comparison_free(br_comparison *c);
