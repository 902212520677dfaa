#include "stat/hist.h"

#include "base/assert.h"
#include "base/mem.h"

/*
 * Page 0 holds the values 0..2047, one bucket each. Page k > 0 holds the octave [2^(10+k), 2^(11+k)) in 1024
 * buckets of width 2^k. All buckets in ascending order have a flat index: page 0 first, then page 1, ...
 */
#define OCTAVE_BUCKETS ((size_t) 1 << BR_HIST_SUB_BITS)
#define LINEAR_BUCKETS (2 * OCTAVE_BUCKETS)
#define FLAT_BUCKETS   (LINEAR_BUCKETS + (BR_HIST_OCTAVES - 1) * OCTAVE_BUCKETS)
#define COUNTS_MAX     ((uint64_t) 1 << 53) /* what may be decoded: ranks are exact as doubles */
#define ENCODING       1                    /* version byte */

void br_hist_init(br_hist *h)
{
    *h = (br_hist){.min = INT64_MAX, .max = -1};
}

void br_hist_deinit(br_hist *h)
{
    for (size_t i = 0; i < BR_HIST_OCTAVES; i++) {
        br_free(h->_pages[i]);
    }
    br_hist_init(h);
}

static size_t page_buckets(size_t page)
{
    return page == 0 ? LINEAR_BUCKETS : OCTAVE_BUCKETS;
}

void br_hist_reset(br_hist *h)
{
    for (size_t i = 0; i < BR_HIST_OCTAVES; i++) {
        if (h->_pages[i]) memset(h->_pages[i], 0, page_buckets(i) * sizeof(uint64_t));
    }
    h->total = 0;
    h->min = INT64_MAX;
    h->max = -1;
}

/* Where a value >= 0 is counted. */
static inline size_t page_of(int64_t value)
{
    if (value < (int64_t) LINEAR_BUCKETS) return 0;
    return (size_t) (63 - BR_HIST_SUB_BITS - __builtin_clzll((unsigned long long) value));
}

static inline size_t bucket_of(int64_t value, size_t page)
{
    return page == 0 ? (size_t) value : (size_t) (value >> page) - OCTAVE_BUCKETS;
}

static int64_t bucket_low(size_t page, size_t bucket)
{
    return page == 0 ? (int64_t) bucket : (int64_t) ((uint64_t) (bucket + OCTAVE_BUCKETS) << page);
}

static int64_t bucket_high(size_t page, size_t bucket)
{
    return bucket_low(page, bucket) + (int64_t) (((uint64_t) 1 << page) - 1);
}

static BR_NOINLINE uint64_t *page_new(br_hist *h, size_t page)
{
    h->_pages[page] = BR_NEW_ARRAY(uint64_t, page_buckets(page));
    return h->_pages[page];
}

void br_hist_record_n(br_hist *h, int64_t value, uint64_t n)
{
    if (n == 0) return;
    if (value < 0) value = 0;
    size_t page = page_of(value);
    uint64_t *counts = h->_pages[page];
    if (BR_UNLIKELY(!counts)) counts = page_new(h, page);
    counts[bucket_of(value, page)] += n;
    h->total += n;
    if (value < h->min) h->min = value;
    if (value > h->max) h->max = value;
}

void br_hist_record(br_hist *h, int64_t value)
{
    br_hist_record_n(h, value, 1);
}

void br_hist_merge(br_hist *into, const br_hist *from)
{
    if (from->total == 0) return;
    for (size_t page = 0; page < BR_HIST_OCTAVES; page++) {
        const uint64_t *counts = from->_pages[page];
        if (!counts) continue;
        uint64_t *sums = into->_pages[page] ? into->_pages[page] : page_new(into, page);
        for (size_t i = 0; i < page_buckets(page); i++) {
            sums[i] += counts[i];
        }
    }
    into->total += from->total;
    if (from->min < into->min) into->min = from->min;
    if (from->max > into->max) into->max = from->max;
}

/* The middle of a bucket, not outside of what was recorded. */
static double bucket_middle(const br_hist *h, size_t page, size_t bucket)
{
    double middle = (double) bucket_low(page, bucket) / 2 + (double) bucket_high(page, bucket) / 2;
    if (middle < (double) h->min) return (double) h->min;
    if (middle > (double) h->max) return (double) h->max;
    return middle;
}

double br_hist_value_at(const br_hist *h, uint64_t rank)
{
    BR_ASSERT(rank < h->total);
    if (rank == 0) return (double) h->min;
    if (rank == h->total - 1) return (double) h->max;
    uint64_t below = 0;
    for (size_t page = 0; page < BR_HIST_OCTAVES; page++) {
        const uint64_t *counts = h->_pages[page];
        for (size_t i = 0; counts && i < page_buckets(page); i++) {
            below += counts[i];
            if (below > rank) return bucket_middle(h, page, i);
        }
    }
    BR_UNREACHABLE("sum of counts differs from total");
}

double br_hist_quantile(const br_hist *h, double q)
{
    if (h->total == 0) return 0;
    double at = (q > 0 ? q < 1 ? q : 1 : 0) * (double) (h->total - 1);
    uint64_t rank = (uint64_t) at;
    if (rank >= h->total - 1) return (double) h->max;
    double low = br_hist_value_at(h, rank);
    double part = at - (double) rank;
    return part > 0 ? low + (br_hist_value_at(h, rank + 1) - low) * part : low;
}

uint64_t br_hist_count_at_or_below(const br_hist *h, int64_t value)
{
    if (value < h->min) return 0;
    if (value >= h->max) return h->total;
    size_t last_page = page_of(value);
    uint64_t sum = 0;
    for (size_t page = 0; page <= last_page; page++) {
        const uint64_t *counts = h->_pages[page];
        size_t end = page == last_page ? bucket_of(value, page) + 1 : page_buckets(page);
        for (size_t i = 0; counts && i < end; i++) {
            sum += counts[i];
        }
    }
    return sum;
}

void br_hist_each(
    const br_hist *h, void (*fn)(void *ctx, int64_t low, int64_t high, uint64_t count), void *ctx)
{
    for (size_t page = 0; page < BR_HIST_OCTAVES; page++) {
        const uint64_t *counts = h->_pages[page];
        for (size_t i = 0; counts && i < page_buckets(page); i++) {
            if (counts[i]) fn(ctx, bucket_low(page, i), bucket_high(page, i), counts[i]);
        }
    }
}

static void add_to_mean(void *ctx, int64_t low, int64_t high, uint64_t count)
{
    *(double *) ctx += ((double) low + (double) high) / 2 * (double) count;
}

double br_hist_mean(const br_hist *h)
{
    double sum = 0;
    if (h->total == 0) return 0;
    br_hist_each(h, add_to_mean, &sum);
    return sum / (double) h->total;
}

/* Bytes ----------------------------------------------------------------------------------------- */

static br_code put_leb(br_buf *out, uint64_t v)
{
    char bytes[10];
    size_t n = 0;
    do {
        bytes[n++] = (char) ((v & 0x7f) | (v > 0x7f ? 0x80 : 0));
        v >>= 7;
    } while (v);
    return br_buf_append(out, bytes, n);
}

/* Only the shortest form is taken, so that the same content has the same bytes. */
static bool take_leb(br_str *rest, uint64_t *ret_value)
{
    uint64_t v = 0;
    for (size_t i = 0; i < rest->n && i < 10; i++) {
        uint8_t byte = (uint8_t) rest->p[i];
        if (i == 9 && byte > 1) return false; /* over 64 bits */
        v |= (uint64_t) (byte & 0x7f) << (7 * i);
        if (byte & 0x80) continue;
        if (byte == 0 && i > 0) return false;
        *ret_value = v;
        *rest = br_str_sub(*rest, i + 1, rest->n);
        return true;
    }
    return false;
}

typedef struct encoder {
    br_buf *out;
    size_t next; /* flat index behind the last bucket written */
    br_code rc;
} encoder;

static size_t flat_index(int64_t value)
{
    size_t page = page_of(value), bucket = bucket_of(value, page);
    return page == 0 ? bucket : LINEAR_BUCKETS + (page - 1) * OCTAVE_BUCKETS + bucket;
}

static int64_t flat_low(size_t index)
{
    if (index < LINEAR_BUCKETS) return bucket_low(0, index);
    index -= LINEAR_BUCKETS;
    return bucket_low(1 + index / OCTAVE_BUCKETS, index % OCTAVE_BUCKETS);
}

static void encode_bucket(void *ctx, int64_t low, int64_t high, uint64_t count)
{
    (void) high;
    encoder *e = ctx;
    size_t index = flat_index(low);
    if (e->rc == BR_OK) e->rc = put_leb(e->out, index - e->next);
    if (e->rc == BR_OK) e->rc = put_leb(e->out, count);
    e->next = index + 1;
}

br_code br_hist_encode(const br_hist *h, br_buf *out)
{
    size_t start = out->len;
    encoder e = {.out = out};
    e.rc = br_buf_putc(out, ENCODING);
    if (h->total) {
        if (e.rc == BR_OK) e.rc = put_leb(out, (uint64_t) h->min);
        if (e.rc == BR_OK) e.rc = put_leb(out, (uint64_t) h->max);
        br_hist_each(h, encode_bucket, &e);
    }
    if (e.rc != BR_OK && out->len > start) {
        out->len = start;
        out->data[start] = '\0';
    }
    return e.rc;
}

static br_code decode_buckets(br_hist *h, br_str rest)
{
    uint64_t gap, count;
    for (size_t next = 0; rest.n > 0;) {
        if (!take_leb(&rest, &gap) || !take_leb(&rest, &count)) return BR_ESYNTAX;
        if (gap >= FLAT_BUCKETS - next || count == 0) return BR_ESYNTAX;
        next += (size_t) gap;
        uint64_t total;
        if (BR_ADD_OVERFLOW(h->total, count, &total) || total > COUNTS_MAX) return BR_ELIMIT;
        br_hist_record_n(h, flat_low(next), count);
        next++;
    }
    return BR_OK;
}

static br_code decode(br_hist *h, br_str rest)
{
    if (rest.n == 0 || rest.p[0] != ENCODING) return BR_ESYNTAX;
    rest = br_str_sub(rest, 1, rest.n);
    if (rest.n == 0) return BR_OK;
    uint64_t min, max;
    if (!take_leb(&rest, &min) || !take_leb(&rest, &max) || max > BR_HIST_VALUE_MAX) return BR_ESYNTAX;
    br_code rc = decode_buckets(h, rest);
    if (rc != BR_OK) return rc;
    /* So far min and max are the lows of the outer buckets; the true ones are in the same buckets. */
    if (h->total == 0 || min > max || (h->total == 1 && min != max)) return BR_ESYNTAX;
    if (flat_index((int64_t) min) != flat_index(h->min)) return BR_ESYNTAX;
    if (flat_index((int64_t) max) != flat_index(h->max)) return BR_ESYNTAX;
    h->min = (int64_t) min;
    h->max = (int64_t) max;
    return BR_OK;
}

br_code br_hist_decode(br_hist *h, br_str bytes)
{
    BR_ASSERT(h->total == 0);
    br_hist read;
    br_hist_init(&read);
    br_code rc = decode(&read, bytes);
    if (rc == BR_OK) {
        br_hist_deinit(h);
        *h = read;
    } else {
        br_hist_deinit(&read);
    }
    return rc;
}
