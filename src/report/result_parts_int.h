/*
 * report/result_parts_int.h - parts of the result file in files of their own.
 *
 * What: the course of a run; what a ramp, a spike and a soak found out, what the target said of itself, the
 * comparison with earlier runs; docs/result-json.md documents the members. Why here: result_json.c would be
 * too long. Threads: any; inputs are only read. Invariants: a part that is NULL writes nothing, a figure that
 * is unknown is absent.
 */
#pragma once
#include "judge/capacity.h"
#include "judge/compare.h"
#include "judge/leak.h"
#include "judge/recovery.h"
#include "judge/search.h"
#include "report/json_int.h"
#include "report/preparation.h"
#include "stat/run_result.h"

/* Each writes one member of the object that is open. */
void br_json_put_slices(br_json *j, const char *key, const br_slice *slices, size_t count);
void br_json_put_capacity(br_json *j, const br_capacity_report *c);
/* `searched`: the curve through its levels; may be NULL. */
void br_json_put_search(br_json *j, const br_search_report *s, const br_capacity_report *searched);
void br_json_put_recovery(br_json *j, const br_recovery_report *r);
void br_json_put_leak(br_json *j, const br_leak_report *l);
/* Nothing if there was no preparation. */
void br_json_put_preparation(br_json *j, const br_preparation *p);
/* At most rows_max rows (0: all), the worst first; `rows_total` counts all. */
void br_json_put_comparison(br_json *j, const br_comparison *c, size_t rows_max);
/* The object alone. */
void br_json_comparison(br_json *j, const br_comparison *c, size_t rows_max);
/*
 * At most series_max series of about samples_max samples (0: all): of longer ones the smallest and the
 * largest of equal spans of time stay, so that teeth are seen.
 */
void br_json_put_target(
    br_json *j, const br_target_series *series, size_t count, size_t series_max, size_t samples_max);
