#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <math.h>
#include <stdlib.h>

#include "base/random.h"
#include "stat/run_result.h"

typedef struct fixture {
    br_metrics *metrics;
    br_shard *delta;
    br_timeline *timeline;
    br_run_result *result;
} fixture;

static fixture open_fixture(br_ns slice_ns)
{
    fixture f = {
        .metrics = br_metrics_new(), .timeline = br_timeline_new(slice_ns), .result = br_run_result_new()};
    f.delta = br_shard_new(f.metrics);
    return f;
}

static void finish(fixture *f)
{
    br_timeline_finish(f->timeline, f->result);
    uint64_t latencies = 0, requests = 0;
    for (size_t i = 0; i < f->result->slice_count; i++) {
        const br_slice *s = &f->result->slices[i];
        assert_true(s->length > 0);
        if (i > 0) assert_int_equal(s->start, s[-1].start + s[-1].length);
        latencies += s->latency_us.total;
        requests += s->requests;
    }
    assert_int_equal(latencies, requests);
}

static void close_fixture(fixture *f)
{
    br_run_result_free(f->result);
    br_timeline_free(f->timeline);
    br_shard_free(f->delta);
    br_metrics_free(f->metrics);
}

/* Hands over `count` requests of `ms` each at `at`. */
static void hand_over(fixture *f, br_ns at, int count, double ms, double vus)
{
    br_sink *s = f->delta->sinks;
    for (int i = 0; i < count; i++) {
        br_sink_add(&s[BR_M_HTTP_REQS], 1, at);
        br_sink_add(&s[BR_M_HTTP_REQ_DURATION], ms, at);
        br_sink_add(&s[BR_M_HTTP_REQ_FAILED], i % 4 == 0, at);
        br_sink_add(&s[BR_M_CHECKS], i % 2, at);
        br_sink_add(&s[BR_M_ITERATIONS], 1, at);
        br_sink_add(&s[BR_M_DROPPED_ITERATIONS], 2, at);
        br_sink_add(&s[BR_M_DATA_SENT], 10, at);
        br_sink_add(&s[BR_M_DATA_RECEIVED], 1000, at);
    }
    br_timeline_add(f->timeline, at, f->delta, vus);
    br_shard_reset(f->delta);
}

static void test_slices(void **state)
{
    (void) state;
    fixture f = open_fixture(BR_SEC);
    hand_over(&f, 500 * BR_MS, 4, 2, 1);
    hand_over(&f, 1000 * BR_MS, 4, 8, 2); /* on the boundary: belongs to the slice before */
    hand_over(&f, 1000 * BR_MS + 1, 8, 3, 3);
    hand_over(&f, 4500 * BR_MS, 1, 3, 7); /* nothing came for two slices */
    finish(&f);
    const br_slice *s = f.result->slices;
    assert_int_equal(f.result->slice_count, 5);
    assert_int_equal(s[0].requests, 8);
    assert_int_equal(s[0].failed, 2);
    assert_int_equal(s[0].checks, 8);
    assert_int_equal(s[0].checks_failed, 4);
    assert_int_equal(s[0].iterations, 8);
    assert_int_equal(s[0].dropped, 16);
    assert_int_equal(s[0].sent_bytes, 80);
    assert_int_equal(s[0].received_bytes, 8000);
    assert_true(s[0].vus == 2);
    assert_int_equal(s[0].latency_us.min, 2000);
    assert_int_equal(s[0].latency_us.max, 8000);
    assert_int_equal(s[1].requests, 8);
    assert_true(s[2].requests == 0 && s[2].vus == 3 && s[3].vus == 3 && s[4].vus == 7);
    assert_int_equal(s[1].length, BR_SEC);
    assert_int_equal(s[4].start, 4 * BR_SEC);
    assert_int_equal(s[4].length, 500 * BR_MS); /* the run ended there */
    close_fixture(&f);
}

static void test_empty_and_at_zero(void **state)
{
    (void) state;
    fixture f = open_fixture(BR_SEC);
    finish(&f);
    assert_int_equal(f.result->slice_count, 0);
    close_fixture(&f);
    f = open_fixture(BR_SEC);
    hand_over(&f, 0, 1, 1, 1);
    hand_over(&f, -5, 1, 1, 1);
    finish(&f);
    assert_int_equal(f.result->slice_count, 1);
    assert_int_equal(f.result->slices[0].requests, 2);
    close_fixture(&f);
}

static void test_length_doubles(void **state)
{
    (void) state;
    fixture f = open_fixture(BR_SEC);
    for (int second = 1; second <= BR_SLICES_MAX; second++) {
        hand_over(&f, second * BR_SEC, 1, second, second);
    }
    hand_over(&f, (BR_SLICES_MAX + 1) * BR_SEC, 3, 1.5, 42);
    finish(&f);
    assert_int_equal(f.result->slice_count, BR_SLICES_MAX / 2 + 1);
    const br_slice *s = f.result->slices;
    for (int i = 0; i < BR_SLICES_MAX / 2; i++) {
        assert_int_equal(s[i].length, 2 * BR_SEC);
        assert_int_equal(s[i].requests, 2);
        assert_int_equal(s[i].latency_us.min, (2 * i + 1) * 1000);
        assert_int_equal(s[i].latency_us.max, (2 * i + 2) * 1000);
        assert_true(s[i].vus == 2 * i + 2);
    }
    assert_int_equal(s[BR_SLICES_MAX / 2].requests, 3);
    assert_int_equal(s[BR_SLICES_MAX / 2].length, BR_SEC);
    close_fixture(&f);
}

/* Totals come again and again, from several workers in one second; each start is counted once. */
static void test_starts(void **state)
{
    (void) state;
    fixture f = open_fixture(BR_SEC);
    static const uint64_t totals[] = {10, 10, 25, 25, 20, 40};
    for (int i = 0; i < 6; i++) {
        br_ns at = (i / 2 + 1) * BR_SEC;
        hand_over(&f, at, 1, 1, 1);
        br_timeline_count_starts(f.timeline, at, totals[i]);
    }
    finish(&f);
    assert_int_equal(f.result->slice_count, 3);
    assert_int_equal(f.result->slices[0].starts, 10);
    assert_int_equal(f.result->slices[1].starts, 15);
    assert_int_equal(f.result->slices[2].starts, 15);
    close_fixture(&f);
}

static void test_jump_ahead(void **state)
{
    (void) state;
    fixture f = open_fixture(BR_SEC);
    hand_over(&f, BR_SEC, 1, 1, 1);
    hand_over(&f, 24 * 3600 * BR_SEC, 1, 1, 1);
    hand_over(&f, 3 * BR_SEC, 1, 1, 1); /* late, but not lost */
    finish(&f);
    assert_in_range(f.result->slice_count, BR_SLICES_MAX / 2, BR_SLICES_MAX);
    assert_int_equal(f.result->slices[0].requests, 2);
    close_fixture(&f);
}

static int compare(const void *a, const void *b)
{
    double x = *(const double *) a, y = *(const double *) b;
    return (x > y) - (x < y);
}

static void test_latencies(void **state)
{
    (void) state;
    enum { N = 8000 };
    static double ms[N];
    br_random r;
    br_random_seed(&r, 31);
    fixture f = open_fixture(10 * BR_SEC);
    for (int i = 0; i < N; i++) {
        ms[i] = -log(1 - br_random_f64(&r)) * 20;
        br_sink_add(&f.delta->sinks[BR_M_HTTP_REQS], 1, 1);
        br_sink_add(&f.delta->sinks[BR_M_HTTP_REQ_DURATION], ms[i], 1);
        if (i != 500 && i != 5000) continue; /* a delta with exact values and one with histograms */
        br_timeline_add(f.timeline, BR_SEC, f.delta, 1);
        br_shard_reset(f.delta);
    }
    br_timeline_add(f.timeline, 2 * BR_SEC, f.delta, 1);
    finish(&f);
    qsort(ms, N, sizeof(ms[0]), compare);
    const br_hist *h = &f.result->slices[0].latency_us;
    assert_int_equal(h->total, N);
    assert_int_equal(h->max, (int64_t) (ms[N - 1] * 1000 + 0.5));
    for (int percent = 1; percent < 100; percent++) {
        double q = percent / 100.0;
        double at = q * (N - 1);
        size_t rank = (size_t) at;
        double want = (ms[rank] + (ms[rank + 1] - ms[rank]) * (at - (double) rank)) * 1000;
        double got = br_hist_quantile(h, q);
        if (fabs(got - want) > 0.01 * want + 1) fail_msg("q %g: want %g, got %g", q, want, got);
    }
    close_fixture(&f);
}

static void test_odd_latencies(void **state)
{
    (void) state;
    fixture f = open_fixture(BR_SEC);
    hand_over(&f, 1, 1, -5, 1);
    hand_over(&f, 1, 1, 0, 1);
    hand_over(&f, 1, 1, 1e15, 1);
    hand_over(&f, 1, 1, 3600e3, 1);
    finish(&f);
    const br_hist *h = &f.result->slices[0].latency_us;
    assert_int_equal(h->min, 0);
    assert_int_equal(h->max, INT64_C(1) << 53);
    close_fixture(&f);
}

/* What a slice holds can be stored: min and max lie in the outermost buckets. */
static void test_latencies_can_be_encoded(void **state)
{
    (void) state;
    fixture f = open_fixture(BR_SEC);
    for (int i = 1; i < 50; i++) {
        hand_over(&f, i * BR_SEC, i % 3 + 1, i * 7.3, 1);
        hand_over(&f, i * BR_SEC, i % 2, i * 1.1, 1);
    }
    finish(&f);
    for (size_t i = 0; i < f.result->slice_count; i++) {
        br_buf bytes;
        br_buf_init(&bytes, BR_BUF_NO_LIMIT);
        br_hist back;
        br_hist_init(&back);
        assert_int_equal(br_hist_encode(&f.result->slices[i].latency_us, &bytes), BR_OK);
        assert_int_equal(br_hist_decode(&back, br_buf_view(&bytes)), BR_OK);
        br_hist_deinit(&back);
        br_buf_deinit(&bytes);
    }
    close_fixture(&f);
}

/* What is copied stays as it is, whatever comes later; a timeline may look at other sinks. */
static void copies_and_other_sinks(void **state)
{
    (void) state;
    fixture f = open_fixture(BR_SEC);
    br_timeline_sinks sinks = {.requests = BR_M_CHECKS,
        .failed = BR_TIMELINE_NONE,
        .iterations = BR_TIMELINE_NONE,
        .checks = BR_TIMELINE_NONE,
        .dropped = BR_TIMELINE_NONE,
        .received = BR_TIMELINE_NONE,
        .sent = 100000, /* a metric that this shard does not know yet */
        .latency = BR_M_HTTP_REQ_WAITING};
    br_timeline *other = br_timeline_new_of(BR_SEC, &sinks);
    br_sink_add(&f.delta->sinks[BR_M_HTTP_REQ_WAITING], 7, 0);
    br_timeline_add(other, BR_SEC, f.delta, 1);
    br_slice *early, *late;
    size_t early_count, late_count;
    br_timeline_copy(other, &f.result->arena, &early, &early_count);
    br_timeline_add(other, 2 * BR_SEC, f.delta, 1);
    br_timeline_detach(other, &f.result->arena, &late, &late_count);
    assert_int_equal(early_count, 1);
    assert_int_equal(late_count, 2);
    for (size_t i = 0; i < 2; i++) {
        assert_int_equal(late[i].latency_us.total, 1);
        assert_int_equal(late[i].latency_us.max, 7000);
        assert_int_equal(late[i].requests + late[i].failed + late[i].sent_bytes, 0);
        br_hist_deinit(&late[i].latency_us);
    }
    assert_int_equal(early[0].latency_us.total, 1);
    br_hist_deinit(&early[0].latency_us);
    br_timeline_free(other);
    close_fixture(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_slices),
        cmocka_unit_test(test_empty_and_at_zero),
        cmocka_unit_test(test_length_doubles),
        cmocka_unit_test(test_starts),
        cmocka_unit_test(test_jump_ahead),
        cmocka_unit_test(test_latencies),
        cmocka_unit_test(test_odd_latencies),
        cmocka_unit_test(test_latencies_can_be_encoded),
        cmocka_unit_test(copies_and_other_sinks),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
