/*
 * Histograms from bytes. What is accepted is written as the same bytes again, and its figures agree with each
 * other.
 */
#include "base/assert.h"
#include "stat/hist.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void add_count(void *ctx, int64_t low, int64_t high, uint64_t count)
{
    BR_ASSERT(low >= 0 && low <= high && count > 0);
    *(uint64_t *) ctx += count;
}

static void check_figures(const br_hist *h)
{
    uint64_t sum = 0;
    br_hist_each(h, add_count, &sum);
    BR_ASSERT(sum == h->total);
    double last = 0;
    for (int i = 0; i <= 20; i++) {
        double v = br_hist_quantile(h, i / 20.0);
        BR_ASSERT(v >= last);
        last = v;
    }
    if (h->total == 0) return;
    BR_ASSERT(last == (double) h->max);
    BR_ASSERT(br_hist_count_at_or_below(h, h->max) == h->total);
    BR_ASSERT(br_hist_count_at_or_below(h, h->min) > 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    br_hist h;
    br_hist_init(&h);
    if (br_hist_decode(&h, (br_str){(const char *) data, size}) != BR_OK) {
        BR_ASSERT(h.total == 0);
        br_hist_deinit(&h);
        return 0;
    }
    check_figures(&h);
    br_buf bytes;
    br_buf_init(&bytes, BR_BUF_NO_LIMIT);
    BR_ASSERT(br_hist_encode(&h, &bytes) == BR_OK);
    BR_ASSERT(bytes.len == size && memcmp(bytes.data, data, size) == 0);
    br_buf_deinit(&bytes);
    br_hist_deinit(&h);
    return 0;
}
