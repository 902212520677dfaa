/*
 * stat/hist.h - log-linear histogram with 3 significant digits.
 *
 * What: counts of non-negative integers in the HDR layout: 2048 linear buckets, then 1024 per octave;
 *     a value is off by at most 0.1 % (half a bucket: 0.05 %).
 * Why here: percentiles that merge exactly over workers, machines and runs, in memory that is bounded
 *     however long a test lasts.
 * Threads: one writer.
 * Memory: octaves are allocated when first touched (8 KiB each), at most 53 of them.
 * Invariants: sum of counts == total; merging is adding counts, so order does not matter.
 * Source of the layout: HdrHistogram (public domain), significant digits 3, lowest discernible value 1.
 */
#pragma once
#include <stdint.h>
#include "base/buf.h"
#include "base/err.h"

#define BR_HIST_SUB_BITS  10 /* 1024 buckets an octave */
#define BR_HIST_OCTAVES   53 /* all of int64_t */
#define BR_HIST_VALUE_MAX INT64_MAX

typedef struct br_hist {
    uint64_t *_pages[BR_HIST_OCTAVES]; /* page 0 has 2048 counts, the others 1024 */
    uint64_t total;
    int64_t min, max; /* exact; min > max when empty */
} br_hist;

void br_hist_init(br_hist *h);
void br_hist_deinit(br_hist *h);
void br_hist_reset(br_hist *h); /* counts to zero, keeps pages */

void br_hist_record(br_hist *h, int64_t value); /* negative counts as 0 */
void br_hist_record_n(br_hist *h, int64_t value, uint64_t n);
void br_hist_merge(br_hist *into, const br_hist *from);

/*
 * The value at quantile q in [0, 1] over sorted values v[0..n-1]: linear interpolation at index q*(n-1) as k6
 * does, each v[i] taken as the middle of its bucket, clamped to [min, max]; the first and the last are exact.
 * 0 when empty.
 */
double br_hist_quantile(const br_hist *h, double q);
/* The mean, each value taken as the middle of its bucket; 0 when empty. */
double br_hist_mean(const br_hist *h);
/* v[rank] in that sense; rank < total. */
double br_hist_value_at(const br_hist *h, uint64_t rank);
/* How many recorded values are <= value; those in the bucket of `value` all count. */
uint64_t br_hist_count_at_or_below(const br_hist *h, int64_t value);

/* Calls fn for each non-empty bucket in ascending order: [low, high] inclusive. */
void br_hist_each(
    const br_hist *h, void (*fn)(void *ctx, int64_t low, int64_t high, uint64_t count), void *ctx);

/*
 * Compact form: version byte, min, max, then runs of (gap, count) as LEB128; same bytes for the same content.
 * br_hist_decode fills *h (init'ed, must be empty). BR_ESYNTAX: not such bytes; BR_ELIMIT: more than
 * 2^53 values.
 * br_hist_encode fails only with BR_ELIMIT, if `out` has no room; nothing is appended then.
 */
br_code br_hist_encode(const br_hist *h, br_buf *out);
BR_NODISCARD br_code br_hist_decode(br_hist *h, br_str bytes);
