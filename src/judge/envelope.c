#include "judge/envelope.h"
#include <math.h>
#include <stdlib.h>
#include "base/mem.h"

#define SAMPLES_MIN       12
#define GRID_MAX          1440 /* cells in which periods are looked for */
#define BLOCKS            60   /* without a period */
#define BLOCK_SAMPLES_MIN 3
#define UNEVEN_PERIODS    1.5 /* in a block, so that each has a trough */
#define ALIKE             0.3 /* two estimates of the period that differ by no more mean the same */
#define PEAK_MIN          0.3 /* autocorrelation that counts as a period */
#define PERIODS_MIN       6   /* that a series must have to show it */
#define SMOOTHED_SHARE    8   /* 1 / share of the series over which the slow course is averaged */

static double hours(br_ns t)
{
    return (double) t / (double) BR_SEC / 3600;
}

/* Periods ---------------------------------------------------------------------------------------- */

/* Means of equal cells of time; empty cells repeat the one before. */
static size_t to_grid(const br_target_series *s, double *ret)
{
    size_t m = s->count < GRID_MAX ? s->count : GRID_MAX;
    br_ns first = s->samples[0].at, span = s->samples[s->count - 1].at - first;
    double sum = 0, n = 0;
    size_t cell = 0;
    for (size_t i = 0; i < s->count; i++) {
        double place = (double) (s->samples[i].at - first) / (double) span * (double) m;
        size_t at = place < (double) m ? (size_t) fmax(0, place) : m - 1;
        if (at > cell) {
            for (; cell < at; cell++)
                ret[cell] = n > 0 ? sum / n : ret[cell - 1];
            sum = n = 0;
        }
        sum += s->samples[i].value / 1e6;
        n++;
    }
    for (; cell < m; cell++)
        ret[cell] = sum / n;
    return m;
}

/* Takes away the slow course: the mean over a window around each cell. */
static void take_course_away(const double *x, size_t m, double *ret)
{
    size_t half = m / SMOOTHED_SHARE / 2 + 1;
    for (size_t i = 0; i < m; i++) {
        size_t reach = i < half ? i : half; /* symmetric, so that a slope stays none */
        if (m - 1 - i < reach) reach = m - 1 - i;
        double sum = 0;
        for (size_t k = i - reach; k <= i + reach; k++)
            sum += x[k];
        ret[i] = x[i] - sum / (double) (2 * reach + 1);
    }
}

static int by_value(const void *a, const void *b)
{
    double x = *(const double *) a, y = *(const double *) b;
    return (x > y) - (x < y);
}

/* Steps and transients stand out of ups and downs that go on and on: they are cut to the size of those.
 * `sorted` gets the values in order. */
static void clip(double *x, size_t m, double *sorted)
{
    for (size_t i = 0; i < m; i++)
        sorted[i] = x[i];
    qsort(sorted, m, sizeof *sorted, by_value);
    double low = sorted[m / 4], high = sorted[m - 1 - m / 4], range = high - low;
    for (size_t i = 0; i < m; i++)
        x[i] = fmin(fmax(x[i], low - range), high + range);
}

static double correlation(const double *x, size_t m, size_t lag)
{
    double sum = 0;
    for (size_t i = 0; i + lag < m; i++)
        sum += x[i] * x[i + lag];
    return sum;
}

/* The highest correlation near the lag; a beat is not exact. */
static double correlation_near(const double *x, size_t m, size_t lag)
{
    double best = -INFINITY;
    for (size_t k = lag - lag / 8; k <= lag + lag / 8; k++)
        best = fmax(best, correlation(x, m, k));
    return best;
}

/* The first high peak of the autocorrelation behind its first crossing of 0, in cells, if it has an echo at
 * twice the lag: two steps look alike, too, but not three times. 0: none. */
static double regular_period(const double *x, size_t m)
{
    double all = correlation(x, m, 0), best = PEAK_MIN;
    bool crossed = false;
    size_t period = 0;
    if (all <= 0) return 0;
    for (size_t lag = 1; lag <= m / PERIODS_MIN; lag++) {
        double r = correlation(x, m, lag) / all;
        crossed = crossed || r < 0;
        if (crossed && r > best) {
            best = r;
            period = lag;
        }
        if (period && r < best / 2) break;
    }
    return period && correlation_near(x, m, 2 * period) / all > best / 2 ? (double) period : 0;
}

/* Mean distance of falls by the range of the middle half (half of a saw-tooth), in cells, for saw-teeth
 * without a beat; 0: too few. */
static double irregular_period(const double *x, size_t m, const double *sorted)
{
    double fall = sorted[m - 1 - m / 4] - sorted[m / 4], highest = x[0], lowest = x[0];
    size_t falls = 0;
    bool falling = false;
    for (size_t i = 0; i < m; i++) {
        if (!falling && x[i] < highest - fall) {
            falls++;
            falling = true;
            lowest = x[i];
        } else if (falling && x[i] > lowest + fall) {
            falling = false;
            highest = x[i];
        }
        highest = fmax(highest, x[i]);
        lowest = fmin(lowest, x[i]);
    }
    return falls >= PERIODS_MIN && fall > 0 ? (double) m / (double) falls : 0;
}

/*
 * How long a block has to be for a trough in each, in cells. With a beat it is one period: a block that
 * begins just behind a trough begins low.
 */
static double trough_cells(const double *x, size_t m, const double *sorted, double *ret_period)
{
    double even = regular_period(x, m), uneven = irregular_period(x, m, sorted);
    *ret_period = even > 0 ? even : uneven;
    if (even > 0 && (uneven <= 0 || fabs(even - uneven) < ALIKE * even)) return even;
    return UNEVEN_PERIODS * fmax(even, uneven);
}

/* The same in hours. */
static double trough_hours(const br_target_series *s, double length_h, double *ret_period_h)
{
    double *grid = br_malloc(3 * GRID_MAX * sizeof *grid), *x = grid + GRID_MAX, *sorted = x + GRID_MAX,
           period;
    size_t m = to_grid(s, grid);
    take_course_away(grid, m, x);
    clip(x, m, sorted);
    double cells = trough_cells(x, m, sorted, &period);
    br_free(grid);
    *ret_period_h = period / (double) m * length_h;
    return cells / (double) m * length_h;
}

/* Blocks ----------------------------------------------------------------------------------------- */

static void take_minima(const br_target_series *s, double block_h, br_envelope *e)
{
    double first = hours(s->samples[0].at);
    size_t block = SIZE_MAX;
    br_ns before = INT64_MIN;
    for (size_t i = 0; i < s->count; i++) {
        if (s->samples[i].at <= before) continue;
        before = s->samples[i].at;
        double t = hours(before), y = s->samples[i].value / 1e6;
        size_t at = (size_t) ((t - first) / block_h);
        if (at != block) {
            if (e->n == BR_ENVELOPE_MAX) return;
            block = at;
            e->t[e->n] = t;
            e->y[e->n++] = y;
        } else if (y < e->y[e->n - 1]) {
            e->t[e->n - 1] = t;
            e->y[e->n - 1] = y;
        }
    }
}

void br_envelope_of(const br_target_series *s, br_envelope *ret)
{
    *ret = (br_envelope){0};
    if (s->count < SAMPLES_MIN || s->samples[s->count - 1].at <= s->samples[0].at) return;
    ret->length_h = hours(s->samples[s->count - 1].at - s->samples[0].at);
    double trough_h = trough_hours(s, ret->length_h, &ret->period_h);
    double interval_h = ret->length_h / (double) (s->count - 1);
    double block_h = fmax(ret->length_h / BLOCKS, trough_h);
    block_h = fmax(block_h, BLOCK_SAMPLES_MIN * interval_h);
    double blocks = fmax(floor(ret->length_h / block_h), BR_ENVELOPE_MIN); /* of equal length */
    take_minima(s, ret->length_h / blocks * (1 + 1e-9), ret);
}
