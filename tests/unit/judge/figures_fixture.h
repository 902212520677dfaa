/*
 * tests/unit/judge/figures_fixture.h - figures of runs made by hand.
 *
 * What: builds br_run_figures step by step, for tests of what compares and keeps them.
 * Memory: everything belongs to the figures; free with figures_free().
 */
#pragma once
#include "stat/run_figures.h"

#define FIGURES_ENDPOINTS_MAX 8
#define FIGURES_VALUES_MAX    8

/* A valid run in the closed model that took 300 s, with the row of all requests. */
br_run_figures *figures_new(int64_t id, br_ns started);
/* n requests around median_ms (p95 is about 1.93 times that), of which `failed` failed. Names ascend. */
void figures_endpoint(br_run_figures *f, const char *name, uint64_t n, double median_ms, uint64_t failed);
void figures_value(br_run_figures *f, const char *name, const char *unit, double value);
void figures_free(br_run_figures *f);
