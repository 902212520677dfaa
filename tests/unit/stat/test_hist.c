#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <math.h>
#include <stdlib.h>

#include "base/mem.h"
#include "base/random.h"
#include "stat/hist.h"

#define SAMPLES 20000

static int compare(const void *a, const void *b)
{
    int64_t x = *(const int64_t *) a, y = *(const int64_t *) b;
    return (x > y) - (x < y);
}

/* k6's percentile over sorted values. */
static double model_quantile(const int64_t *sorted, size_t n, double q)
{
    double at = q * (double) (n - 1);
    size_t i = (size_t) at;
    if (i + 1 >= n) return (double) sorted[n - 1];
    return (double) sorted[i] + (double) (sorted[i + 1] - sorted[i]) * (at - (double) i);
}

typedef int64_t draw_fn(br_random *r);

static int64_t draw_uniform(br_random *r)
{
    return (int64_t) br_random_below(r, 5000000);
}

static int64_t draw_exponential(br_random *r)
{
    return (int64_t) (-log(1 - br_random_f64(r)) * 3e6);
}

static int64_t draw_bimodal(br_random *r)
{
    return br_random_below(r, 20) ? 800000 + (int64_t) br_random_below(r, 100000)
                                  : (int64_t) 10000000000 + (int64_t) br_random_below(r, 1000000000);
}

static int64_t draw_any_magnitude(br_random *r)
{
    return (int64_t) (br_random_u64(r) >> (1 + br_random_below(r, 63)));
}

static int64_t draw_small(br_random *r)
{
    return (int64_t) br_random_below(r, 50);
}

static draw_fn *const draws[] = {
    draw_uniform, draw_exponential, draw_bimodal, draw_any_magnitude, draw_small};

static void check_against_model(const br_hist *h, const int64_t *sorted, size_t n)
{
    static const double qs[] = {0, 0.001, 0.01, 0.25, 0.5, 0.75, 0.9, 0.95, 0.99, 0.999, 0.99999, 1};
    for (size_t i = 0; i < BR_COUNT_OF(qs); i++) {
        double want = model_quantile(sorted, n, qs[i]), got = br_hist_quantile(h, qs[i]);
        if (fabs(got - want) > 0.001 * want) fail_msg("q %g: want %.17g, got %.17g", qs[i], want, got);
    }
    assert_int_equal(h->total, n);
    assert_int_equal(h->min, sorted[0]);
    assert_int_equal(h->max, sorted[n - 1]);
}

static void test_quantiles_within_a_thousandth(void **state)
{
    (void) state;
    br_random r;
    br_random_seed(&r, 11);
    int64_t *v = BR_NEW_ARRAY(int64_t, SAMPLES);
    for (size_t d = 0; d < BR_COUNT_OF(draws); d++) {
        br_hist h;
        br_hist_init(&h);
        for (size_t i = 0; i < SAMPLES; i++) {
            v[i] = draws[d](&r);
            br_hist_record(&h, v[i]);
        }
        qsort(v, SAMPLES, sizeof(v[0]), compare);
        check_against_model(&h, v, SAMPLES);
        br_hist_deinit(&h);
    }
    br_free(v);
}

static void test_empty_and_single(void **state)
{
    (void) state;
    br_hist h;
    br_hist_init(&h);
    assert_true(br_hist_quantile(&h, 0.5) == 0);
    assert_int_equal(br_hist_count_at_or_below(&h, 10), 0);
    assert_true(h.min > h.max);
    br_hist_record(&h, 123456789);
    for (int i = 0; i <= 10; i++) {
        assert_true(br_hist_quantile(&h, i / 10.0) == 123456789); /* the clamp makes it exact */
    }
    br_hist_deinit(&h);
    br_hist_record(&h, -5); /* usable again; negative counts as 0 */
    br_hist_record_n(&h, 7, 0);
    assert_int_equal(h.total, 1);
    assert_int_equal(h.max, 0);
    br_hist_deinit(&h);
}

static void test_interpolates_like_k6(void **state)
{
    (void) state;
    br_hist h;
    br_hist_init(&h);
    br_hist_record(&h, 10);
    br_hist_record(&h, 20);
    br_hist_record(&h, 40);
    assert_true(br_hist_quantile(&h, 0.5) == 20);
    assert_true(br_hist_quantile(&h, 0.25) == 15);
    assert_true(fabs(br_hist_quantile(&h, 0.95) - 38) < 1e-9);
    assert_true(br_hist_quantile(&h, -1) == 10);
    assert_true(br_hist_quantile(&h, 2) == 40);
    assert_true(br_hist_quantile(&h, NAN) == 10);
    br_hist_deinit(&h);
}

typedef struct bucket_walk {
    int64_t last_high;
    uint64_t count;
} bucket_walk;

static void walk_bucket(void *ctx, int64_t low, int64_t high, uint64_t count)
{
    bucket_walk *w = ctx;
    assert_true(low > w->last_high);
    assert_true(high >= low);
    assert_true((double) (high - low) <= 0.001 * (double) low);
    w->last_high = high;
    w->count += count;
}

static void test_buckets_are_narrow_and_ascending(void **state)
{
    (void) state;
    br_hist h;
    br_hist_init(&h);
    br_hist_record(&h, 0);
    for (int bit = 0; bit < 63; bit++) {
        int64_t v = INT64_C(1) << bit;
        br_hist_record(&h, v);
        br_hist_record(&h, v - 1);
        br_hist_record(&h, v + v / 2);
    }
    br_hist_record(&h, INT64_MAX);
    bucket_walk w = {.last_high = -1};
    br_hist_each(&h, walk_bucket, &w);
    assert_int_equal(w.count, h.total);
    assert_int_equal(w.last_high, INT64_MAX);
    assert_true(br_hist_quantile(&h, 1) == (double) INT64_MAX);
    br_hist_deinit(&h);
}

static void test_count_at_or_below(void **state)
{
    (void) state;
    br_hist h;
    br_hist_init(&h);
    for (int64_t v = 1; v <= 10000; v++) {
        br_hist_record(&h, v);
    }
    assert_int_equal(br_hist_count_at_or_below(&h, -1), 0);
    assert_int_equal(br_hist_count_at_or_below(&h, 0), 0);
    assert_int_equal(br_hist_count_at_or_below(&h, 1), 1);
    assert_int_equal(br_hist_count_at_or_below(&h, 2047), 2047);
    assert_in_range(br_hist_count_at_or_below(&h, 5000), 5000, 5005);
    assert_int_equal(br_hist_count_at_or_below(&h, 10000), 10000);
    assert_int_equal(br_hist_count_at_or_below(&h, INT64_MAX), 10000);
    br_hist_deinit(&h);
}

static bool same_bytes(const br_hist *a, const br_hist *b)
{
    br_buf x, y;
    br_buf_init(&x, BR_BUF_NO_LIMIT);
    br_buf_init(&y, BR_BUF_NO_LIMIT);
    assert_int_equal(br_hist_encode(a, &x), BR_OK);
    assert_int_equal(br_hist_encode(b, &y), BR_OK);
    bool same = br_str_eq(br_buf_view(&x), br_buf_view(&y));
    br_buf_deinit(&x);
    br_buf_deinit(&y);
    return same;
}

static void test_merge_equals_recording(void **state)
{
    (void) state;
    br_random r;
    br_random_seed(&r, 12);
    for (int round = 0; round < 20; round++) {
        br_hist all, merged, parts[4];
        br_hist_init(&all);
        br_hist_init(&merged);
        for (size_t i = 0; i < BR_COUNT_OF(parts); i++) {
            br_hist_init(&parts[i]);
        }
        for (uint64_t n = br_random_below(&r, 500); n > 0; n--) {
            int64_t v = draw_any_magnitude(&r);
            br_hist_record(&all, v);
            br_hist_record(&parts[br_random_below(&r, BR_COUNT_OF(parts))], v);
        }
        for (size_t i = 0; i < BR_COUNT_OF(parts); i++) {
            br_hist_merge(&merged, &parts[i]);
            br_hist_deinit(&parts[i]);
        }
        assert_true(same_bytes(&all, &merged));
        br_hist_deinit(&all);
        br_hist_deinit(&merged);
    }
}

static void test_encode_decode(void **state)
{
    (void) state;
    br_random r;
    br_random_seed(&r, 13);
    for (int round = 0; round < 30; round++) {
        br_hist h, back;
        br_hist_init(&h);
        br_hist_init(&back);
        for (uint64_t n = br_random_below(&r, 300) * (uint64_t) (round > 0); n > 0; n--) {
            br_hist_record_n(&h, draws[round % 5](&r), 1 + br_random_below(&r, 1000));
        }
        br_buf bytes;
        br_buf_init(&bytes, BR_BUF_NO_LIMIT);
        br_buf_puts(&bytes, "before");
        assert_int_equal(br_hist_encode(&h, &bytes), BR_OK);
        assert_int_equal(br_hist_decode(&back, br_str_sub(br_buf_view(&bytes), 6, bytes.len)), BR_OK);
        assert_int_equal(back.total, h.total);
        assert_true(back.min == h.min && back.max == h.max);
        assert_true(same_bytes(&h, &back));
        br_buf_deinit(&bytes);
        br_hist_deinit(&h);
        br_hist_deinit(&back);
    }
}

static void test_encode_without_room_appends_nothing(void **state)
{
    (void) state;
    br_hist h;
    br_hist_init(&h);
    br_hist_record(&h, 1);
    br_hist_record(&h, 1000000);
    br_buf out;
    br_buf_init(&out, 8);
    br_buf_puts(&out, "abc");
    assert_int_equal(br_hist_encode(&h, &out), BR_ELIMIT);
    assert_string_equal(out.data, "abc");
    assert_int_equal(out.len, 3);
    br_buf_deinit(&out);
    br_hist_deinit(&h);
}

static void test_decode_refuses(void **state)
{
    (void) state;
    static const br_str bad[] = {
        BR_STR_INIT(""),                                                         /* no version */
        BR_STR_INIT("\x02"),                                                     /* unknown version */
        BR_STR_INIT("\x01\x05"),                                                 /* ends after min */
        BR_STR_INIT("\x01\x05\x05"),                                             /* no bucket */
        BR_STR_INIT("\x01\x05\x05\x05"),                                         /* gap without count */
        BR_STR_INIT("\x01\x05\x05\x05\x00"),                                     /* count 0 */
        BR_STR_INIT("\x01\x05\x05\x06\x01"),                                     /* bucket 6, min and max 5 */
        BR_STR_INIT("\x01\x05\x06\x05\x01"),                                     /* max in no bucket */
        BR_STR_INIT("\x01\x06\x05\x05\x01\x00\x01"),                             /* min > max */
        BR_STR_INIT("\x01\x05\x05\x85\x00\x01"),                                 /* not the shortest form */
        BR_STR_INIT("\x01\x05\x05\xff\xff\x7f\x01"),                             /* beyond the last bucket */
        BR_STR_INIT("\x01\x05\x05\x05\x01\x80"),                                 /* cut in a number */
        BR_STR_INIT("\x01\x00\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01\x00\x01"), /* max over 2^63 */
        BR_STR_INIT("\x01\x05\x05\x05\xff\xff\xff\xff\xff\xff\xff\xff\xff\x03"), /* over 64 bits */
    };
    for (size_t i = 0; i < BR_COUNT_OF(bad); i++) {
        br_hist h;
        br_hist_init(&h);
        if (br_hist_decode(&h, bad[i]) != BR_ESYNTAX) fail_msg("case %zu was taken", i);
        assert_int_equal(h.total, 0);
        br_hist_deinit(&h);
    }
    br_hist h;
    br_hist_init(&h);
    br_str overflow = BR_STR("\x01\x05\x06\x05\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01\x00\x01");
    assert_int_equal(br_hist_decode(&h, overflow), BR_ELIMIT);
    assert_int_equal(br_hist_decode(&h, BR_STR("\x01\x05\x05\x05\x02")), BR_OK);
    assert_int_equal(h.total, 2);
    br_hist_deinit(&h);
}

static void test_reset_empties(void **state)
{
    (void) state;
    br_hist h, fresh;
    br_hist_init(&h);
    br_hist_init(&fresh);
    br_hist_record(&h, 99999);
    br_hist_reset(&h);
    assert_true(same_bytes(&h, &fresh));
    br_hist_record(&h, 3);
    br_hist_record(&fresh, 3);
    assert_true(same_bytes(&h, &fresh));
    br_hist_deinit(&h);
    br_hist_deinit(&fresh);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_quantiles_within_a_thousandth),
        cmocka_unit_test(test_empty_and_single),
        cmocka_unit_test(test_interpolates_like_k6),
        cmocka_unit_test(test_buckets_are_narrow_and_ascending),
        cmocka_unit_test(test_count_at_or_below),
        cmocka_unit_test(test_merge_equals_recording),
        cmocka_unit_test(test_encode_decode),
        cmocka_unit_test(test_encode_without_room_appends_nothing),
        cmocka_unit_test(test_decode_refuses),
        cmocka_unit_test(test_reset_empties),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
