#include "report/quick_figures.h"
#include <math.h>
#include "base/assert.h"

br_bars br_bars_of(const br_hist *h, size_t rows)
{
    br_bars b = {0};
    BR_ASSERT(rows >= 2 && rows <= BR_BARS_MAX);
    if (h->total == 0) return b;
    double low = fmax((double) h->min, 1), high = fmax(br_hist_quantile(h, 0.999), low * 1.001);
    uint64_t before = 0;
    b.count = rows;
    for (size_t i = 0; i < rows; i++) {
        bool last = i + 1 == rows;
        double edge = low * pow(high / low, (double) (i + 1) / (double) (rows - 1));
        uint64_t below = last ? h->total : br_hist_count_at_or_below(h, (int64_t) edge);
        b.to_ns[i] = last ? (double) h->max : edge;
        b.counts[i] = below - before;
        b.most = b.counts[i] > b.most ? b.counts[i] : b.most;
        before = below;
    }
    if (b.count > 1 && b.to_ns[rows - 1] < b.to_ns[rows - 2]) b.to_ns[rows - 1] = b.to_ns[rows - 2];
    return b;
}

uint64_t br_percentile_needs(double percentile)
{
    if (percentile <= 0 || percentile >= 100) return 0;
    return (uint64_t) ceil(log(0.05) / log(percentile / 100));
}
