/*
 * engine/segment.h - one machine's part of a test that several share.
 *
 * What: k6's execution segments: a test is a line from 0 to 1, cut into segments; each instance knows all
 * cuts and which segment is its own, and works out its share of every count by itself, without talking. Why
 * here: numbers of VUs, iterations and starts are all dealt by the same rule. Threads: values; read-only once
 * made. Memory: in the caller's arena. Invariants: of any number n of things, the shares of all segments add
 * up to n, and every thing belongs to exactly one segment.
 *
 * The rule. With all lengths as multiples of 1/whole, things are dealt in rounds of `whole`. The j-th thing
 * of a segment of p parts is due at j * whole / p of the round, which spreads it evenly; each place of the
 * round goes to the largest segment that has one due (of equal ones, to the first). There always is one:
 * shares that are due up to a place are never fewer than the places up to it.
 */
#pragma once
#include "base/arena.h"
#include "base/err.h"
#include "base/str.h"

#define BR_SEGMENTS_MAX      1000
#define BR_SEGMENT_WHOLE_MAX 1000000

typedef struct br_segments {
    int64_t whole;
    int64_t *parts; /* [count], their sum is `whole` */
    size_t count, own;
} br_segments;

/* What a stripe takes of each round of `whole` things: those at these places. */
typedef struct br_stripe {
    int64_t whole, count;
    const int32_t *places; /* [count], ascending */
} br_stripe;

/*
 * segment: "a:b", or "b" for "0:b"; numbers are fractions (1/3), decimals (0.25) or percentages (10%).
 * sequence: all cuts, "0,1/4,1"; p == NULL: only those of the segment. BR_EINVAL: not such texts, or the
 * segment is not one of the sequence; BR_ELIMIT: too many parts.
 */
BR_NODISCARD br_code br_segments_parse(
    br_str segment, br_str sequence, br_arena *arena, br_segments *ret, br_err *err);

const br_stripe *br_segments_stripe(const br_segments *s, br_arena *arena);
/*
 * The segments as n things are dealt to them: those that got none have no length any more. Starts of
 * iterations are dealt so, by the number of VUs: an instance without VUs could make none.
 */
br_segments br_segments_by(const br_segments *s, int64_t n, br_arena *arena);

/* A NULL stripe takes everything. */
int64_t br_stripe_scale(const br_stripe *s, int64_t n);  /* how many of n things */
int64_t br_stripe_global(const br_stripe *s, int64_t k); /* number (from 0), in the whole test, of its k-th */
double br_stripe_share(const br_stripe *s);              /* 0..1 */
