/* Execution segments: texts, and that shares are whole, even and disjoint. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "base/random.h"
#include "engine/segment.h"

static br_arena arena;

static int set_up(void **state)
{
    (void) state;
    br_arena_init(&arena, 4096);
    return 0;
}

static int tear_down(void **state)
{
    (void) state;
    br_arena_deinit(&arena);
    return 0;
}

static br_segments parsed(const char *segment, const char *sequence)
{
    br_err err;
    br_segments s;
    br_str all = sequence ? br_str_of(sequence) : BR_STR_NONE;
    if (br_segments_parse(br_str_of(segment), all, &arena, &s, &err) != BR_OK) fail_msg("%s", err.msg);
    return s;
}

static void assert_refused(const char *segment, const char *sequence, br_code want, const char *part)
{
    br_err err;
    br_segments s;
    br_str all = sequence ? br_str_of(sequence) : BR_STR_NONE;
    assert_int_equal(br_segments_parse(br_str_of(segment), all, &arena, &s, &err), want);
    if (!strstr(err.msg, part)) fail_msg("no \"%s\" in: %s", part, err.msg);
}

static void assert_parts(br_segments s, int64_t whole, size_t own, size_t count, const int *parts)
{
    assert_int_equal(s.whole, whole);
    assert_int_equal(s.own, own);
    assert_int_equal(s.count, count);
    for (size_t i = 0; i < count; i++)
        assert_int_equal(s.parts[i], parts[i]);
}

static void reads_segments(void **state)
{
    (void) state;
    assert_parts(parsed("0:1/2", NULL), 2, 0, 2, (int[]){1, 1});
    assert_parts(parsed("1/3", NULL), 3, 0, 2, (int[]){1, 2});
    assert_parts(parsed("10%", NULL), 10, 0, 2, (int[]){1, 9});
    assert_parts(parsed("2.5%:50%", NULL), 40, 1, 3, (int[]){1, 19, 20});
    assert_parts(parsed("0.2", NULL), 5, 0, 2, (int[]){1, 4});
    assert_parts(parsed("1/3:0.5", NULL), 6, 1, 3, (int[]){2, 1, 3});
    assert_parts(parsed("0:1", NULL), 1, 0, 1, (int[]){1});
    assert_parts(parsed("1/4:1", "0,1/4,1"), 4, 1, 2, (int[]){1, 3});
    assert_parts(parsed("0.5:3/4", "0, 1/4, 2/4, 75%, 1"), 4, 2, 4, (int[]){1, 1, 1, 1});
}

static void refuses_nonsense(void **state)
{
    (void) state;
    static const char *const texts[] = {"", ":", "a", "1/0", "1/", "/2", "-1/2", "0:", ":1", "0:1:2", "0..1",
        ".", "%", "0.1234567891", "1e-1", "0.-5"};
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
        assert_refused(texts[i], NULL, BR_EINVAL, "invalid execution segment");
    assert_refused("1/2:1/3", NULL, BR_EINVAL, "must go up");
    assert_refused("1/2:1/2", NULL, BR_EINVAL, "must go up");
    assert_refused("0:2", NULL, BR_EINVAL, "must go up");
    assert_refused("0:1/3", "0,1/2,1", BR_EINVAL,
        "couldn't find segment 0:1/3 in the execution segment sequence 0,1/2,1");
    assert_refused("0:1/2", "1/2,1", BR_EINVAL, "must go from 0 to 1");
    assert_refused("0:1/2", "0,1/2", BR_EINVAL, "must go from 0 to 1");
    assert_refused("0:1/2", "0,1/2,1/2,1", BR_EINVAL, "must go up");
    assert_refused("0:1/1000001", NULL, BR_ELIMIT, "more than 1000000 parts");
    assert_refused("1/999983:1/999979", NULL, BR_ELIMIT, "more than 1000000 parts");
}

static const br_stripe *stripe_of(br_segments s, size_t own)
{
    s.own = own;
    return br_segments_stripe(&s, &arena);
}

static void shares_are_spread_evenly(void **state)
{
    (void) state;
    const br_stripe *half = stripe_of(parsed("0:1/2", NULL), 0), *other = stripe_of(parsed("0:1/2", NULL), 1);
    assert_int_equal(br_stripe_scale(half, 10), 5);
    assert_int_equal(br_stripe_scale(half, 3), 2);
    assert_int_equal(br_stripe_scale(other, 3), 1);
    assert_int_equal(br_stripe_global(half, 7), 14);
    assert_int_equal(br_stripe_global(other, 7), 15);
    /* The largest segment takes the first place, the others stand between its own. */
    br_segments s = parsed("0:1/4", "0,1/4,1");
    const br_stripe *small = stripe_of(s, 0), *large = stripe_of(s, 1);
    assert_int_equal(br_stripe_global(large, 0), 0);
    assert_int_equal(br_stripe_global(small, 0), 1);
    assert_int_equal(br_stripe_scale(small, 1), 0);
    assert_int_equal(br_stripe_scale(small, 100), 25);
    assert_true(br_stripe_share(small) == 0.25);
}

static void no_stripe_takes_everything(void **state)
{
    (void) state;
    assert_int_equal(br_stripe_scale(NULL, 17), 17);
    assert_int_equal(br_stripe_global(NULL, 17), 17);
    assert_true(br_stripe_share(NULL) == 1);
}

static br_segments random_segments(br_random *random)
{
    br_segments s = {.count = 1 + br_random_below(random, 12)};
    s.parts = br_arena_zalloc(&arena, s.count * sizeof(*s.parts));
    for (size_t i = 0; i < s.count; i++) {
        s.parts[i] = 1 + (int64_t) br_random_below(random, (uint64_t) 1 << br_random_below(random, 8));
        s.whole += s.parts[i];
    }
    return s;
}

/* Every number belongs to one segment; shares add up, and are never off by more than a few from exact. */
static void check_partition(br_segments s)
{
    enum { THINGS = 500 };
    int owners[THINGS] = {0};
    for (size_t i = 0; i < s.count; i++) {
        const br_stripe *stripe = stripe_of(s, i);
        assert_int_equal(stripe->count, s.parts[i]);
        for (int64_t k = 0, at; (at = br_stripe_global(stripe, k)) < THINGS; k++) {
            if (s.parts[i] == 0) break;
            owners[at]++;
            assert_int_equal(br_stripe_scale(stripe, at), k);
            assert_int_equal(br_stripe_scale(stripe, at + 1), k + 1);
        }
        double exact = 333.0 * (double) s.parts[i] / (double) s.whole;
        assert_true(fabs((double) br_stripe_scale(stripe, 333) - exact) <= (double) s.count);
    }
    for (int n = 0; n < THINGS; n++)
        assert_int_equal(owners[n], 1);
}

static void segments_part_everything_between_them(void **state)
{
    (void) state;
    br_random random;
    br_random_seed(&random, 3);
    for (int i = 0; i < 200; i++) {
        br_segments s = random_segments(&random);
        check_partition(s);
        br_segments by = br_segments_by(&s, 1 + (int64_t) br_random_below(&random, 40), &arena);
        check_partition(by);
    }
}

static void who_gets_no_vu_gets_no_iteration(void **state)
{
    (void) state;
    br_segments s = parsed("0:1/4", "0,1/4,1/2,3/4,1");
    br_segments by = br_segments_by(&s, 2, &arena);
    assert_parts(by, 2, 0, 4, (int[]){1, 1, 0, 0});
    assert_int_equal(br_stripe_scale(stripe_of(by, 0), 10), 5);
    assert_int_equal(br_stripe_scale(stripe_of(by, 2), 10), 0);
    by = br_segments_by(&s, 0, &arena);
    assert_int_equal(br_stripe_scale(stripe_of(by, 0), 10), 0);
}

int main(int argc, char **argv)
{
    if (argc > 1) cmocka_set_test_filter(argv[1]);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(reads_segments, set_up, tear_down),
        cmocka_unit_test_setup_teardown(refuses_nonsense, set_up, tear_down),
        cmocka_unit_test_setup_teardown(shares_are_spread_evenly, set_up, tear_down),
        cmocka_unit_test_setup_teardown(no_stripe_takes_everything, set_up, tear_down),
        cmocka_unit_test_setup_teardown(segments_part_everything_between_them, set_up, tear_down),
        cmocka_unit_test_setup_teardown(who_gets_no_vu_gets_no_iteration, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
