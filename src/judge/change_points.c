/*
 * Where the level of a series changed for good.
 *
 * E-divisive means (Matteson and James 2014, with exponent 1): of all ways to cut a span in two, the one with
 * the largest Q = mn/(m+n) (2 E|X-Y| - E|X-X'| - E|Y-Y'|) is a candidate if no more than one in a hundred
 * random orders of the span reaches as much; its halves are cut in turn. Long series are searched in windows
 * that overlap. Of neighbouring candidates the least certain are dropped until the segments of all that are
 * left differ by Welch's t at p < 0.001 and by at least 2 %; each is then placed anew between its neighbours.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "base/mem.h"
#include "base/random.h"
#include "base/vec.h"
#include "judge/compare.h"
#include "stat/distributions.h"

#define SEGMENT_MIN    3 /* values; two have no use of their own */
#define ORDERS         199
#define ORDERS_BEATING 1 /* (1 + 1) / 200 = 0.01 */
#define WELCH_P        0.001
#define MAGNITUDE      0.02
#define WINDOW         100
#define SEED           20130607

typedef BR_VEC(size_t) cuts;

/* The best cut of values[0..n): its index, and Q there. Sums of distances are kept up as the cut moves. */
static size_t best_cut(const double *values, size_t n, double *ret_q)
{
    double left = 0, right = 0, between = 0, best = -1;
    size_t at = 0;
    for (size_t i = 0; i < n; i++) {
        for (size_t k = i + 1; k < n; k++) {
            right += fabs(values[i] - values[k]);
        }
    }
    for (size_t cut = 1; cut + SEGMENT_MIN <= n; cut++) {
        double to_left = 0, to_right = 0;
        for (size_t k = 0; k < n; k++) {
            double d = fabs(values[cut - 1] - values[k]);
            if (k < cut - 1)
                to_left += d;
            else
                to_right += d;
        }
        right -= to_right;
        left += to_left;
        between += to_right - to_left;
        if (cut < SEGMENT_MIN) continue;
        double a = (double) cut, b = (double) (n - cut);
        double q = a * b / (a + b) *
                   (2 * between / (a * b) - 2 * left / (a * (a - 1)) - 2 * right / (b * (b - 1)));
        if (q > best) {
            best = q;
            at = cut;
        }
    }
    *ret_q = best;
    return at;
}

static bool beats_chance(const double *values, size_t n, double q, br_random *random)
{
    double *shuffled = br_malloc(n * sizeof(double));
    memcpy(shuffled, values, n * sizeof(double));
    int beaten = 0;
    for (int i = 0; i < ORDERS && beaten <= ORDERS_BEATING; i++) {
        for (size_t k = n - 1; k > 0; k--) {
            size_t other = (size_t) br_random_below(random, k + 1);
            double keep = shuffled[k];
            shuffled[k] = shuffled[other];
            shuffled[other] = keep;
        }
        double chance;
        (void) best_cut(shuffled, n, &chance);
        beaten += chance >= q;
    }
    br_free(shuffled);
    return beaten <= ORDERS_BEATING;
}

/* Candidates of values[from..to), not in order. Spans wait in a list instead of a recursion. */
static void divide(const double *values, size_t from, size_t to, br_random *random, cuts *found)
{
    cuts spans = {0};
    *br_vec_push(&spans) = from;
    *br_vec_push(&spans) = to;
    while (spans.len > 0) {
        size_t end = spans.data[spans.len - 1], start = spans.data[spans.len - 2];
        spans.len -= 2;
        if (end - start < 2 * SEGMENT_MIN) continue;
        double q;
        size_t cut = best_cut(values + start, end - start, &q);
        if (!(q > 0) || !beats_chance(values + start, end - start, q, random)) continue;
        *br_vec_push(found) = start + cut;
        *br_vec_push(&spans) = start;
        *br_vec_push(&spans) = start + cut;
        *br_vec_push(&spans) = start + cut;
        *br_vec_push(&spans) = end;
    }
    br_vec_deinit(&spans);
}

typedef struct segment {
    double n, mean, variance;
} segment;

static segment segment_of(const double *values, size_t from, size_t to)
{
    segment s = {.n = (double) (to - from)};
    for (size_t i = from; i < to; i++) {
        s.mean += values[i] / s.n;
    }
    for (size_t i = from; i < to; i++) {
        s.variance += (values[i] - s.mean) * (values[i] - s.mean) / (s.n - 1);
    }
    return s;
}

/* Two-sided p of Welch's test (Welch 1947). Segments without variance differ for certain, or not at all. */
static double welch_p(const segment *a, const segment *b)
{
    double x = a->variance / a->n, y = b->variance / b->n;
    if (x + y <= 0) return a->mean == b->mean ? 1 : 0;
    double t = fabs(a->mean - b->mean) / sqrt(x + y);
    double df = (x + y) * (x + y) / (x * x / (a->n - 1) + y * y / (b->n - 1));
    return 2 * br_student_cdf(-t, df);
}

static br_change_point point_of(const double *values, size_t from, size_t at, size_t to)
{
    segment a = segment_of(values, from, at), b = segment_of(values, at, to);
    return (br_change_point){at, a.mean, b.mean, welch_p(&a, &b)};
}

static bool is_large(const br_change_point *p)
{
    return fabs(p->after - p->before) >= MAGNITUDE * fabs(p->before);
}

static int by_index(const void *a, const void *b)
{
    size_t x = *(const size_t *) a, y = *(const size_t *) b;
    return (x > y) - (x < y);
}

/* In order, once each, and with enough values between them. */
static void tidy(cuts *found, size_t count)
{
    if (found->len > 0) qsort(found->data, found->len, sizeof(size_t), by_index);
    size_t kept = 0, last = 0;
    for (size_t i = 0; i < found->len; i++) {
        size_t at = found->data[i];
        if (at - last < SEGMENT_MIN || count - at < SEGMENT_MIN) continue;
        found->data[kept++] = last = at;
    }
    found->len = kept;
}

static br_change_point point_at(const double *values, size_t count, const cuts *found, size_t i)
{
    size_t from = i > 0 ? found->data[i - 1] : 0, to = i + 1 < found->len ? found->data[i + 1] : count;
    return point_of(values, from, found->data[i], to);
}

/* Drops the least certain one until all hold. */
static void prune(const double *values, size_t count, cuts *found)
{
    while (found->len > 0) {
        size_t worst = found->len;
        double worst_p = -1;
        for (size_t i = 0; i < found->len; i++) {
            br_change_point p = point_at(values, count, found, i);
            double weight = is_large(&p) ? p.p_value : 2;
            if (weight < WELCH_P || weight <= worst_p) continue;
            worst_p = weight;
            worst = i;
        }
        if (worst == found->len) return;
        memmove(found->data + worst, found->data + worst + 1, (found->len - worst - 1) * sizeof(size_t));
        found->len--;
    }
}

/* A cut was found while its span still held other changes; its place is sought again between its neighbours.
 */
static void refine(const double *values, size_t count, cuts *found)
{
    for (size_t i = 0; i < found->len; i++) {
        size_t from = i > 0 ? found->data[i - 1] : 0, to = i + 1 < found->len ? found->data[i + 1] : count;
        double q;
        found->data[i] = from + best_cut(values + from, to - from, &q);
    }
}

size_t br_change_points(const double *values, size_t count, br_change_point *ret, size_t max)
{
    br_random random;
    br_random_seed(&random, SEED);
    cuts found = {0};
    for (size_t from = 0; from < count; from += WINDOW / 2) {
        size_t to = count - from <= WINDOW ? count : from + WINDOW;
        divide(values, from, to, &random, &found);
        if (to == count) break;
    }
    tidy(&found, count);
    prune(values, count, &found);
    refine(values, count, &found);
    prune(values, count, &found);
    size_t n = found.len < max ? found.len : max;
    for (size_t i = 0; i < n; i++) {
        ret[i] = point_at(values, count, &found, i);
    }
    br_vec_deinit(&found);
    return n;
}
