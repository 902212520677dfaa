#include "stat/run_result.h"

/*
 * Each slice holds its latencies in a small log-linear table of fixed size: 128 linear buckets, then 64 per
 * octave up to 2^28 us (268 s; what is longer counts in the last bucket). A br_hist per slice would be six
 * times as large and would grow through a run. br_timeline_finish() turns them into br_hist.
 */
#define SUB_BITS       6
#define SUB_BUCKETS    (1u << SUB_BITS)
#define LINEAR_BUCKETS (2 * SUB_BUCKETS)
#define TOP_BITS       28
#define BUCKETS        (LINEAR_BUCKETS + (TOP_BITS - SUB_BITS - 1) * SUB_BUCKETS)
#define FIRST_CELLS    16 /* enough for short runs; the next step is all of BR_SLICES_MAX */

typedef struct cell {
    br_slice slice; /* latency_us is not used in here, nor are start and length */
    int64_t min_us, max_us;
    uint32_t counts[BUCKETS];
} cell;

struct br_timeline {
    br_ns slice_ns, end; /* end: the latest `at` */
    size_t len, cap;
    cell *cells;
    br_timeline_sinks sinks;
    uint64_t starts; /* so far */
};

br_timeline *br_timeline_new_of(br_ns slice_ns, const br_timeline_sinks *sinks)
{
    BR_ASSERT(slice_ns > 0);
    br_timeline *t = BR_NEW(br_timeline);
    t->slice_ns = slice_ns;
    t->sinks = *sinks;
    return t;
}

br_timeline *br_timeline_new(br_ns slice_ns)
{
    return br_timeline_new_of(slice_ns, &(br_timeline_sinks){.requests = BR_M_HTTP_REQS,
                                            .failed = BR_M_HTTP_REQ_FAILED,
                                            .iterations = BR_M_ITERATIONS,
                                            .checks = BR_M_CHECKS,
                                            .dropped = BR_M_DROPPED_ITERATIONS,
                                            .received = BR_M_DATA_RECEIVED,
                                            .sent = BR_M_DATA_SENT,
                                            .latency = BR_M_HTTP_REQ_DURATION});
}

void br_timeline_free(br_timeline *t)
{
    if (!t) return;
    br_free(t->cells);
    br_free(t);
}

/* Buckets --------------------------------------------------------------------------------------- */

static size_t bucket_of(int64_t us)
{
    if (us < (int64_t) LINEAR_BUCKETS) return us > 0 ? (size_t) us : 0;
    if (us >> TOP_BITS) return BUCKETS - 1;
    unsigned shift = 63u - SUB_BITS - (unsigned) __builtin_clzll((unsigned long long) us); /* >= 1 */
    return LINEAR_BUCKETS + (shift - 1) * SUB_BUCKETS + (size_t) (us >> shift) - SUB_BUCKETS;
}

static int64_t bucket_middle(size_t bucket)
{
    if (bucket < LINEAR_BUCKETS) return (int64_t) bucket;
    size_t shift = 1 + (bucket - LINEAR_BUCKETS) / SUB_BUCKETS;
    size_t place = SUB_BUCKETS + (bucket - LINEAR_BUCKETS) % SUB_BUCKETS;
    return (int64_t) ((place << shift) + ((size_t) 1 << (shift - 1)));
}

static void count_us(cell *c, int64_t us, uint64_t n)
{
    uint32_t *count = &c->counts[bucket_of(us)];
    *count = n > UINT32_MAX - *count ? UINT32_MAX : *count + (uint32_t) n;
    if (us < c->min_us) c->min_us = us;
    if (us > c->max_us) c->max_us = us;
}

static int64_t us_of_ms(double ms)
{
    double us = ms * 1000 + 0.5;
    if (!(us > 0)) return 0;
    return us < 0x1p53 ? (int64_t) us : INT64_C(1) << 53;
}

/* Where the buckets of a delta's histogram go; the delta's extremes are known exactly. */
typedef struct bucket_target {
    cell *cell;
    int64_t min_us, max_us;
} bucket_target;

static void count_hist_bucket(void *ctx, int64_t low, int64_t high, uint64_t n)
{
    const bucket_target *t = ctx;
    double middle = (double) low / 2 + (double) high / 2;
    int64_t us = us_of_ms(middle / BR_SINK_STEPS_PER_UNIT);
    if (us < t->min_us) us = t->min_us;
    if (us > t->max_us) us = t->max_us;
    count_us(t->cell, us, n);
}

static void add_latency(cell *c, const br_sink *s)
{
    for (uint32_t i = 0; i < s->exact_len; i++) {
        count_us(c, us_of_ms(s->exact[i]), 1);
    }
    if (!s->hist || s->count == 0) return;
    bucket_target t = {c, us_of_ms(s->min), us_of_ms(s->max)};
    br_hist_each(s->hist, count_hist_bucket, &t);
    if (t.min_us < c->min_us) c->min_us = t.min_us;
    if (t.max_us > c->max_us) c->max_us = t.max_us;
}

/* Slices ---------------------------------------------------------------------------------------- */

/* Memory is written at once, not when it is first used: a run that has its 17th slice does not grow any more.
 */
static void grow_cells(br_timeline *t)
{
    size_t cap = t->cap ? BR_SLICES_MAX : FIRST_CELLS;
    t->cells = br_realloc(t->cells, cap * sizeof(t->cells[0]));
    memset(t->cells + t->cap, 0, (cap - t->cap) * sizeof(t->cells[0]));
    t->cap = cap;
}

static void add_counts(br_slice *into, const br_slice *from)
{
    into->requests += from->requests;
    into->failed += from->failed;
    into->iterations += from->iterations;
    into->checks += from->checks;
    into->checks_failed += from->checks_failed;
    into->dropped += from->dropped;
    into->starts += from->starts;
    into->received_bytes += from->received_bytes;
    into->sent_bytes += from->sent_bytes;
    into->vus = from->vus;
}

static void merge_cell(cell *into, const cell *from)
{
    add_counts(&into->slice, &from->slice);
    for (size_t i = 0; i < BUCKETS; i++) {
        uint32_t room = UINT32_MAX - into->counts[i];
        into->counts[i] += from->counts[i] < room ? from->counts[i] : room;
    }
    if (from->min_us < into->min_us) into->min_us = from->min_us;
    if (from->max_us > into->max_us) into->max_us = from->max_us;
}

static void double_length(br_timeline *t)
{
    for (size_t i = 0; i < t->len; i += 2) {
        cell *into = &t->cells[i / 2];
        if (i > 0) *into = t->cells[i];
        if (i + 1 < t->len) merge_cell(into, &t->cells[i + 1]);
    }
    t->len = (t->len + 1) / 2;
    t->slice_ns *= 2;
}

static void append_cell(br_timeline *t)
{
    if (t->len == t->cap) grow_cells(t);
    cell *c = &t->cells[t->len];
    memset(c, 0, sizeof(*c));
    c->min_us = INT64_MAX;
    c->max_us = -1;
    if (t->len) c->slice.vus = t->cells[t->len - 1].slice.vus;
    t->len++;
}

/* The slice that ends at or contains `at`: what was handed over on a boundary happened before it. */
static cell *cell_at(br_timeline *t, br_ns at)
{
    br_ns moment = at > 0 ? at - 1 : 0;
    while (moment / t->slice_ns >= BR_SLICES_MAX) {
        double_length(t);
    }
    size_t index = (size_t) (moment / t->slice_ns);
    while (t->len <= index) {
        append_cell(t);
    }
    return &t->cells[index];
}

/* A shard lacks the sinks of metrics that are younger than it is. */
static const br_sink *sink_of(const br_shard *shard, uint32_t id)
{
    static const br_sink none = {.type = BR_COUNTER};
    return id < shard->sink_count ? &shard->sinks[id] : &none;
}

static uint64_t total(const br_shard *shard, uint32_t id)
{
    double sum = sink_of(shard, id)->sum;
    return sum > 0 ? (uint64_t) (sum + 0.5) : 0;
}

void br_timeline_add(br_timeline *t, br_ns at, const br_shard *delta, double vus)
{
    const br_timeline_sinks *of = &t->sinks;
    const br_sink *checks = sink_of(delta, of->checks);
    cell *c = cell_at(t, at);
    add_counts(&c->slice, &(br_slice){
                              .requests = total(delta, of->requests),
                              .failed = sink_of(delta, of->failed)->nonzero,
                              .iterations = total(delta, of->iterations),
                              .checks = checks->count,
                              .checks_failed = checks->count - checks->nonzero,
                              .dropped = total(delta, of->dropped),
                              .received_bytes = total(delta, of->received),
                              .sent_bytes = total(delta, of->sent),
                              .vus = vus,
                          });
    add_latency(c, sink_of(delta, of->latency));
    if (at > t->end) t->end = at;
}

void br_timeline_count_starts(br_timeline *t, br_ns at, uint64_t total)
{
    if (total <= t->starts) return;
    cell_at(t, at)->slice.starts += total - t->starts;
    t->starts = total;
}

/* Finish ---------------------------------------------------------------------------------------- */

/* All values at the middle of their bucket, but one at the minimum and one at the maximum. */
static void fill_hist(br_hist *h, const cell *c)
{
    br_hist_init(h);
    size_t first = BUCKETS, last = 0;
    for (size_t i = 0; i < BUCKETS; i++) {
        if (!c->counts[i]) continue;
        if (first == BUCKETS) first = i;
        last = i;
    }
    for (size_t i = first; i <= last && first < BUCKETS; i++) {
        uint64_t n = c->counts[i];
        int64_t us = bucket_middle(i);
        if (us < c->min_us) us = c->min_us;
        if (us > c->max_us) us = c->max_us;
        if (i == first && n) {
            br_hist_record(h, c->min_us);
            n--;
        }
        if (i == last && n) {
            br_hist_record(h, c->max_us);
            n--;
        }
        br_hist_record_n(h, us, n);
    }
}

/* A last slice of less than half the length would show rates of almost no time: it joins the one before. */
static void absorb_stub(br_timeline *t)
{
    if (t->len < 2 || t->end - (br_ns) (t->len - 1) * t->slice_ns >= t->slice_ns / 2) return;
    cell *before = &t->cells[t->len - 2];
    double vus = before->slice.vus;
    merge_cell(before, &t->cells[t->len - 1]);
    before->slice.vus = vus;
    t->len--;
}

void br_timeline_copy(const br_timeline *t, br_arena *arena, br_slice **ret, size_t *ret_count)
{
    br_slice *slices = br_arena_zalloc(arena, t->len * sizeof(*slices));
    for (size_t i = 0; i < t->len; i++) {
        br_slice *s = &slices[i];
        *s = t->cells[i].slice;
        s->start = (br_ns) i * t->slice_ns;
        s->length = i + 1 < t->len || t->end <= s->start ? t->slice_ns : t->end - s->start;
        fill_hist(&s->latency_us, &t->cells[i]);
    }
    *ret = slices;
    *ret_count = t->len;
}

void br_timeline_detach(br_timeline *t, br_arena *arena, br_slice **ret, size_t *ret_count)
{
    absorb_stub(t);
    br_timeline_copy(t, arena, ret, ret_count);
    br_free(t->cells);
    t->cells = NULL;
    t->len = t->cap = 0;
}

void br_timeline_finish(br_timeline *t, br_run_result *r)
{
    BR_ASSERT(!r->slices);
    br_timeline_detach(t, &r->arena, &r->slices, &r->slice_count);
}
