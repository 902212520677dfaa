#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <math.h>
#include <stdlib.h>

#include "base/random.h"
#include "judge/compare.h"
#include "judge/figures_fixture.h"
#include "statistics/simulate_compare.h"

#define RUNS_MAX 20
#define WEEK     (7 * 24 * 3600 * BR_SEC)
#define HOUR     (3600 * BR_SEC)

/* Runs of two versions, one a week unless said otherwise. */
typedef struct runs {
    br_run_figures *old_runs[RUNS_MAX], *new_runs[RUNS_MAX];
    size_t old_count, new_count;
    br_ns now;
} runs;

static br_run_figures *add_old(runs *r)
{
    r->now += WEEK;
    br_run_figures *f = figures_new((int64_t) r->old_count + 1, r->now);
    return r->old_runs[r->old_count++] = f;
}

static br_run_figures *add_new(runs *r, br_ns later)
{
    r->now += later;
    br_run_figures *f = figures_new((int64_t) r->new_count + 101, r->now);
    return r->new_runs[r->new_count++] = f;
}

/* Noise that averages out: the runs' medians are 1 + noise * (-1.5 .. 1.5). */
static double wobble(size_t i, double noise)
{
    static const double steps[] = {0, -1, 1.5, 0.5, -1.5, 1, -0.5, 0.3, -0.3, 0};
    return 1 + noise * steps[i % BR_COUNT_OF(steps)];
}

static void add_ten_old(runs *r, double noise)
{
    for (size_t i = 0; i < 10; i++) {
        br_run_figures *f = add_old(r);
        figures_endpoint(f, "GET /a", 2000, 20 * wobble(i, noise), 2);
        figures_endpoint(f, "GET /b", 2000, 50 * wobble(i + 3, noise), 3);
    }
}

static br_comparison *compare(const runs *r)
{
    br_comparison *c = br_compare((const br_run_figures *const *) r->old_runs, r->old_count,
        (const br_run_figures *const *) r->new_runs, r->new_count, NULL);
    for (size_t i = 0; i < c->row_count; i++) {
        const br_comparison_row *row = &c->rows[i];
        assert_false(isnan(row->ratio) || isnan(row->low) || isnan(row->high) || isnan(row->p_value) ||
                     isnan(row->q_value) || isnan(row->detectable) || isnan(row->old_value) ||
                     isnan(row->new_value));
        assert_true(row->low <= row->ratio && row->ratio <= row->high);
        assert_true(row->sentence.n > 0);
    }
    assert_true(c->headline.n > 0);
    return c;
}

static void free_runs(runs *r)
{
    for (size_t i = 0; i < r->old_count; i++) {
        figures_free(r->old_runs[i]);
    }
    for (size_t i = 0; i < r->new_count; i++) {
        figures_free(r->new_runs[i]);
    }
}

static const br_comparison_row *row_of(const br_comparison *c, const char *endpoint, const char *measure)
{
    for (size_t i = 0; i < c->row_count; i++) {
        if (br_str_is(c->rows[i].endpoint, endpoint) && br_str_is(c->rows[i].measure, measure))
            return &c->rows[i];
    }
    fail_msg("no row %s of %s", measure, endpoint);
    return NULL;
}

static bool says(br_str text, const char *part)
{
    return strstr(text.p, part) != NULL;
}

static bool notes_say(const br_comparison *c, const char *part)
{
    for (size_t i = 0; i < c->notes.len; i++) {
        if (says(c->notes.data[i], part)) return true;
    }
    return false;
}

/* Answers ---------------------------------------------------------------------------------------- */

static void a_clear_regression_of_one_endpoint_is_named(void **state)
{
    (void) state;
    runs r = {0};
    add_ten_old(&r, 0.03);
    br_run_figures *f = add_new(&r, WEEK);
    figures_endpoint(f, "GET /a", 2000, 20, 2);
    figures_endpoint(f, "GET /b", 2000, 80, 3);
    br_comparison *c = compare(&r);
    assert_int_equal(c->answer, BR_COMPARISON_REGRESSED);
    const br_comparison_row *b = row_of(c, "GET /b", "p95"), *a = row_of(c, "GET /a", "p95");
    assert_int_equal(b->change, BR_CHANGE_REGRESSED);
    assert_true(b->ratio > 1.55 && b->ratio < 1.65 && b->low > 1.3 && b->high < 2);
    assert_true(b->detectable > 1.05 && b->detectable < 1.4);
    assert_true(fabs(b->new_value / b->old_value - 1.6) < 0.05);
    assert_true(b->q_value <= 0.01 && b->q_value >= b->p_value);
    assert_int_equal(a->change, BR_CHANGE_OK);
    assert_true(says(c->headline, "REGRESSED") && says(c->headline, "GET /b"));
    assert_true(says(b->sentence, "p95 of GET /b is 1.6"));
    assert_int_equal(c->rows[0].change, BR_CHANGE_REGRESSED); /* worst first */
    assert_int_equal(c->runs_wanted, 0);
    assert_int_equal(c->old_count, 10);
    assert_int_equal(c->new_ids[0], 101);
    br_comparison_free(c);
    free_runs(&r);
}

static void unchanged_quiet_runs_are_ok(void **state)
{
    (void) state;
    runs r = {0};
    add_ten_old(&r, 0.01);
    for (size_t i = 0; i < 3; i++) {
        br_run_figures *f = add_new(&r, WEEK);
        figures_endpoint(f, "GET /a", 2000, 20 * wobble(i + 1, 0.01), 2);
        figures_endpoint(f, "GET /b", 2000, 50 * wobble(i + 5, 0.01), 3);
    }
    br_comparison *c = compare(&r);
    assert_int_equal(c->answer, BR_COMPARISON_OK);
    assert_true(says(c->headline, "OK: none of"));
    br_comparison_free(c);
    free_runs(&r);
}

static void an_improvement_is_no_alarm(void **state)
{
    (void) state;
    runs r = {0};
    add_ten_old(&r, 0.02);
    for (size_t i = 0; i < 4; i++) {
        br_run_figures *f = add_new(&r, WEEK);
        figures_endpoint(f, "GET /a", 2000, 10 * wobble(i, 0.02), 0);
        figures_endpoint(f, "GET /b", 2000, 25 * wobble(i, 0.02), 0);
    }
    br_comparison *c = compare(&r);
    assert_int_equal(c->answer, BR_COMPARISON_OK);
    assert_int_equal(row_of(c, "GET /a", "p50")->change, BR_CHANGE_IMPROVED);
    assert_true(says(c->headline, "Improved: p"));
    br_comparison_free(c);
    free_runs(&r);
}

static void noisy_runs_are_inconclusive_and_want_other_days(void **state)
{
    (void) state;
    runs r = {0};
    add_ten_old(&r, 0.12);
    br_run_figures *f = add_new(&r, WEEK);
    figures_endpoint(f, "GET /a", 2000, 22.5, 2);
    figures_endpoint(f, "GET /b", 2000, 50, 3);
    br_comparison *c = compare(&r);
    assert_int_equal(c->answer, BR_COMPARISON_INCONCLUSIVE);
    assert_true(c->runs_wanted >= 5 && c->runs_wanted <= 14);
    assert_true(c->sessions_wanted > 0 && c->sessions_wanted <= c->runs_wanted);
    assert_true(says(c->headline, "INCONCLUSIVE") && says(c->headline, "other days"));
    assert_true(notes_say(c, "both versions in turn"));
    assert_true(row_of(c, "GET /a", "p95")->detectable > 1.3);
    br_comparison_free(c);
    free_runs(&r);
}

static void repeats_of_one_hour_are_not_as_good_as_days(void **state)
{
    (void) state;
    double reach[2];
    for (int hours = 0; hours < 2; hours++) {
        runs r = {0};
        add_ten_old(&r, 0.05);
        for (size_t i = 0; i < 5; i++) {
            br_run_figures *f = add_new(&r, hours && i > 0 ? HOUR / 4 : WEEK);
            figures_endpoint(f, "GET /a", 2000, 23 * wobble(i, 0.002), 2);
        }
        br_comparison *c = compare(&r);
        const br_comparison_row *row = row_of(c, "GET /a", "p95");
        reach[hours] = log(row->high / row->ratio);
        br_comparison_free(c);
        free_runs(&r);
    }
    assert_true(reach[1] > 1.3 * reach[0]);
}

static void both_versions_in_turn_decide_within_the_hour(void **state)
{
    (void) state;
    for (int slower = 0; slower < 2; slower++) {
        runs r = {.now = WEEK};
        for (size_t i = 0; i < 5; i++) {
            r.now += HOUR / 6 - WEEK;
            figures_endpoint(add_old(&r), "GET /a", 2000, 20 * wobble(i, 0.03), 2);
            figures_endpoint(
                add_new(&r, HOUR / 6), "GET /a", 2000, 20 * wobble(i + 5, 0.03) * (1 + 0.2 * slower), 2);
        }
        br_comparison *c = compare(&r);
        assert_int_equal(c->answer, slower ? BR_COMPARISON_REGRESSED : BR_COMPARISON_OK);
        br_comparison_free(c);
        free_runs(&r);
    }
}

static void within_one_hour_repeats_are_asked_for(void **state)
{
    (void) state;
    runs r = {.now = WEEK};
    for (size_t i = 0; i < 4; i++) {
        r.now += HOUR / 6 - WEEK;
        figures_endpoint(add_old(&r), "GET /a", 2000, 20 * wobble(i, 0.03), 2);
    }
    figures_endpoint(add_new(&r, HOUR / 6), "GET /a", 2000, 22, 2);
    br_comparison *c = compare(&r);
    assert_int_equal(c->answer, BR_COMPARISON_INCONCLUSIVE);
    assert_true(c->runs_wanted >= 1 && c->runs_wanted <= 4);
    assert_int_equal(c->sessions_wanted, 0);
    assert_false(says(c->headline, "other days"));
    br_comparison_free(c);
    free_runs(&r);
}

/* Degenerate input ------------------------------------------------------------------------------- */

static void one_old_and_one_new_run_say_what_they_can(void **state)
{
    (void) state;
    static const struct {
        double factor;
        br_comparison_answer answer;
    } cases[] = {
        {1, BR_COMPARISON_INCONCLUSIVE}, {1.1, BR_COMPARISON_INCONCLUSIVE}, {3, BR_COMPARISON_REGRESSED}};
    for (size_t i = 0; i < BR_COUNT_OF(cases); i++) {
        runs r = {0};
        figures_endpoint(add_old(&r), "GET /a", 1000, 20, 0);
        figures_endpoint(add_new(&r, WEEK), "GET /a", 1000, 20 * cases[i].factor, 0);
        br_comparison *c = compare(&r);
        assert_int_equal(c->answer, cases[i].answer);
        assert_true(notes_say(c, "one old run"));
        assert_true(c->answer == BR_COMPARISON_REGRESSED ? c->runs_wanted == 0 : c->runs_wanted > 0);
        br_comparison_free(c);
        free_runs(&r);
    }
}

/* Eight endpoints that differ by a third to either side, as on a busy machine: no alarm; one by eight: it is.
 */
static void two_noisy_runs_tell_their_noise_by_their_endpoints(void **state)
{
    (void) state;
    static const char *const names[] = {
        "GET /a", "GET /b", "GET /c", "GET /d", "GET /e", "GET /f", "GET /g", "GET /h"};
    static const double noise[] = {1.3, 0.75, 1.1, 0.9, 1.35, 0.7, 1.2, 1};
    for (int changed = 0; changed < 2; changed++) {
        runs r = {0};
        br_run_figures *before = add_old(&r), *after = add_new(&r, HOUR / 2);
        for (size_t i = 0; i < 8; i++) {
            double factor = noise[i] * (changed && i == 4 ? 8 : 1);
            figures_endpoint(before, names[i], 1000, 20, 0);
            figures_endpoint(after, names[i], 1000, 20 * factor, 0);
        }
        br_comparison *c = compare(&r);
        assert_int_equal(c->answer, changed ? BR_COMPARISON_REGRESSED : BR_COMPARISON_INCONCLUSIVE);
        if (changed) assert_true(says(c->headline, "GET /e"));
        br_comparison_free(c);
        free_runs(&r);
    }
}

static void without_runs_there_is_no_answer(void **state)
{
    (void) state;
    runs r = {0};
    br_comparison *c = compare(&r);
    assert_int_equal(c->answer, BR_COMPARISON_INVALID);
    br_comparison_free(c);
    figures_endpoint(add_new(&r, WEEK), "GET /a", 1000, 20, 0);
    c = compare(&r);
    assert_int_equal(c->answer, BR_COMPARISON_NO_BASELINE);
    br_comparison_free(c);
    figures_endpoint(add_old(&r), "GET /a", 1000, 20, 0);
    r.new_runs[0]->valid = false;
    c = compare(&r);
    assert_int_equal(c->answer, BR_COMPARISON_INVALID);
    assert_true(notes_say(c, "1 of 1 new run was left out"));
    br_comparison_free(c);
    free_runs(&r);
}

static void runs_without_requests_compare_as_nothing(void **state)
{
    (void) state;
    runs r = {0};
    (void) add_old(&r);
    (void) add_new(&r, WEEK);
    br_comparison *c = compare(&r);
    assert_int_equal(c->answer, BR_COMPARISON_INCONCLUSIVE);
    assert_int_equal(c->row_count, 0);
    br_comparison_free(c);
    free_runs(&r);
}

static void equal_runs_are_equal(void **state)
{
    (void) state;
    runs r = {0};
    for (size_t i = 0; i < 10; i++) {
        figures_endpoint(add_old(&r), "GET /a", 2000, 20, 0);
    }
    for (size_t i = 0; i < 3; i++) {
        figures_endpoint(add_new(&r, WEEK), "GET /a", 2000, 20, 0);
    }
    br_comparison *c = compare(&r);
    assert_int_equal(c->answer, BR_COMPARISON_OK);
    assert_true(fabs(row_of(c, "GET /a", "p95")->ratio - 1) < 1e-12);
    br_comparison_free(c);
    free_runs(&r);
}

static void latencies_of_zero_are_compared(void **state)
{
    (void) state;
    runs r = {0};
    for (size_t i = 0; i < 4; i++) {
        figures_endpoint(i < 2 ? add_old(&r) : add_new(&r, WEEK), "GET /a", 100, 0, 0);
    }
    br_comparison *c = compare(&r);
    assert_true(row_of(c, "GET /a", "p50")->ratio == 1);
    br_comparison_free(c);
    free_runs(&r);
}

static void an_endpoint_of_one_side_is_a_note(void **state)
{
    (void) state;
    runs r = {0};
    br_run_figures *f = add_old(&r);
    figures_endpoint(f, "GET /a", 500, 20, 0);
    figures_endpoint(f, "GET /gone", 500, 20, 0);
    f = add_new(&r, WEEK);
    figures_endpoint(f, "GET /a", 500, 20, 0);
    figures_endpoint(f, "GET /new", 500, 20, 0);
    br_comparison *c = compare(&r);
    assert_true(notes_say(c, "GET /gone was not requested by the new runs"));
    assert_true(notes_say(c, "GET /new was not requested by the old runs"));
    for (size_t i = 0; i < c->row_count; i++) {
        assert_false(
            br_str_is(c->rows[i].endpoint, "GET /gone") || br_str_is(c->rows[i].endpoint, "GET /new"));
    }
    br_comparison_free(c);
    free_runs(&r);
}

static void few_requests_are_shown_but_not_judged(void **state)
{
    (void) state;
    runs r = {0};
    for (size_t i = 0; i < 6; i++) {
        br_run_figures *f = i < 5 ? add_old(&r) : add_new(&r, WEEK);
        figures_endpoint(f, "GET /a", 2000, 20, 0);
        figures_endpoint(f, "GET /rare", 30, i < 5 ? 20 : 90, 0);
    }
    br_comparison *c = compare(&r);
    const br_comparison_row *row = row_of(c, "GET /rare", "p95");
    assert_false(row->gates);
    assert_true(row->ratio > 4);
    assert_true(says(row->sentence, "too few requests"));
    assert_true(c->answer != BR_COMPARISON_REGRESSED);
    br_comparison_free(c);
    free_runs(&r);
}

static void different_fingerprints_are_noted(void **state)
{
    (void) state;
    runs r = {0};
    figures_endpoint(add_old(&r), "GET /a", 500, 20, 0);
    figures_endpoint(add_new(&r, WEEK), "GET /a", 500, 20, 0);
    r.new_runs[0]->fingerprint = BR_STR("other");
    br_comparison *c = compare(&r);
    assert_true(notes_say(c, "fingerprints"));
    br_comparison_free(c);
    free_runs(&r);
}

/* Errors, throughput, values --------------------------------------------------------------------- */

static br_change error_change(uint64_t old_failed, uint64_t new_failed)
{
    runs r = {0};
    for (size_t i = 0; i < 13; i++) {
        br_run_figures *f = i < 10 ? add_old(&r) : add_new(&r, WEEK);
        figures_endpoint(f, "GET /a", 2000, 20, i < 10 ? old_failed : new_failed);
    }
    br_comparison *c = compare(&r);
    br_change change = row_of(c, "GET /a", "error_rate")->change;
    br_comparison_free(c);
    free_runs(&r);
    return change;
}

static void error_rates_have_a_floor(void **state)
{
    (void) state;
    assert_int_equal(error_change(0, 0), BR_CHANGE_OK);
    assert_int_equal(error_change(1, 4), BR_CHANGE_OK); /* four times as many, 0.15 points more */
    assert_int_equal(error_change(0, 100), BR_CHANGE_REGRESSED);
    assert_int_equal(error_change(20, 200), BR_CHANGE_REGRESSED);
    assert_int_equal(error_change(200, 10), BR_CHANGE_IMPROVED);
    assert_int_equal(error_change(2000, 2000), BR_CHANGE_OK); /* everything fails, as before */
}

/* No error on either side: how many requests say so decides, and the bound is told. */
static void no_errors_have_a_bound(void **state)
{
    (void) state;
    static const struct {
        uint64_t requests;
        br_change change;
        const char *bound;
    } cases[] = {{3000, BR_CHANGE_OK, "below 0.09%"}, {200, BR_CHANGE_INCONCLUSIVE, "below 1.33%"}};
    for (size_t i = 0; i < BR_COUNT_OF(cases); i++) {
        runs r = {0};
        figures_endpoint(add_old(&r), "GET /a", cases[i].requests, 20, 0);
        figures_endpoint(add_new(&r, WEEK), "GET /a", cases[i].requests, 20, 0);
        br_comparison *c = compare(&r);
        const br_comparison_row *row = row_of(c, "GET /a", "error_rate");
        if (row->change != cases[i].change || !says(row->sentence, cases[i].bound))
            fail_msg("%s: %s", br_change_name(row->change), row->sentence.p);
        assert_true(row->bound > 2.7 / (double) (cases[i].requests + 3) * 0.99 && row->bound < 0.014);
        br_comparison_free(c);
        free_runs(&r);
    }
}

static void throughput_is_compared_in_the_closed_model_only(void **state)
{
    (void) state;
    for (int open = 0; open < 2; open++) {
        runs r = {0};
        for (size_t i = 0; i < 13; i++) {
            br_run_figures *f = i < 10 ? add_old(&r) : add_new(&r, WEEK);
            f->open = open;
            figures_endpoint(f, "GET /a", i < 10 ? 3000 : 1500, 20, 0);
        }
        br_comparison *c = compare(&r);
        if (open) {
            for (size_t i = 0; i < c->row_count; i++) {
                assert_false(br_str_is(c->rows[i].measure, "throughput"));
            }
        } else {
            const br_comparison_row *row = row_of(c, "", "throughput");
            assert_int_equal(row->change, BR_CHANGE_REGRESSED);
            assert_true(fabs(row->ratio - 2) < 0.01);
            assert_true(says(row->sentence, "throughput is 0.50 ("));
            assert_true(row->more_is_better);
            assert_true(fabs(br_comparison_now_by_before(row).ratio - 0.5) < 0.01);
            assert_true(says(c->headline, " is 0.50 ("));
        }
        br_comparison_free(c);
        free_runs(&r);
    }
}

static void exact_values_compare_exactly(void **state)
{
    (void) state;
    runs r = {0};
    for (size_t i = 0; i < 4; i++) {
        br_run_figures *f = i < 3 ? add_old(&r) : add_new(&r, WEEK);
        figures_endpoint(f, "GET /a", 2000, 20, 0);
        figures_value(f, "queries_per_request", "count", i < 3 ? 10 : 11);
        figures_value(f, "bytes_per_request", "bytes", i < 3 ? 1000 : 1010);
        figures_value(f, "retries", "count", 0);
        figures_value(f, "cpu", "s", i == 1 ? 0 : 0.5);
        figures_value(f, "gc_total per request", "count", i < 3 ? 0 : 0.001);
        figures_value(f, "hits_total per request", "count", 1 + 0.1 * (double) i * (double) i);
    }
    br_comparison *c = compare(&r);
    assert_int_equal(row_of(c, "", "queries_per_request")->change, BR_CHANGE_REGRESSED);
    assert_true(says(row_of(c, "", "queries_per_request")->sentence, "from exactly 10 to exactly 11"));
    assert_int_equal(row_of(c, "", "bytes_per_request")->change, BR_CHANGE_OK);
    assert_int_equal(row_of(c, "", "retries")->change, BR_CHANGE_OK);
    assert_int_equal(row_of(c, "", "cpu")->change, BR_CHANGE_INCONCLUSIVE);
    assert_false(row_of(c, "", "cpu")->gates);
    assert_false(row_of(c, "", "gc_total per request")->gates);   /* seen once */
    assert_false(row_of(c, "", "hits_total per request")->gates); /* more may be better */
    assert_int_equal(c->answer, BR_COMPARISON_REGRESSED);
    br_comparison_free(c);
    free_runs(&r);
}

static void the_same_input_gives_the_same_answer(void **state)
{
    (void) state;
    runs r = {0};
    add_ten_old(&r, 0.04);
    for (size_t i = 0; i < 5; i++) {
        br_run_figures *f = add_new(&r, WEEK);
        figures_endpoint(f, "GET /a", 2000, 22 * wobble(i, 0.04), 2);
        figures_endpoint(f, "GET /b", 2000, 50 * wobble(i, 0.04), 3);
    }
    br_comparison *first = compare(&r);
    br_run_figures *swap = r.old_runs[0];
    r.old_runs[0] = r.old_runs[7];
    r.old_runs[7] = swap;
    br_comparison *second = compare(&r);
    assert_int_equal(first->row_count, second->row_count);
    for (size_t i = 0; i < first->row_count; i++) {
        assert_true(first->rows[i].ratio == second->rows[i].ratio);
        assert_string_equal(first->rows[i].sentence.p, second->rows[i].sentence.p);
    }
    br_comparison_free(first);
    br_comparison_free(second);
    free_runs(&r);
}

/* Change points ---------------------------------------------------------------------------------- */

static void the_nile_changed_in_1898(void **state)
{
    (void) state;
    /* Annual flow at Aswan 1871-1970 (Cobb 1978). */
    static const double nile[] = {1120, 1160, 963, 1210, 1160, 1160, 813, 1230, 1370, 1140, 995, 935, 1110,
        994, 1020, 960, 1180, 799, 958, 1140, 1100, 1210, 1150, 1250, 1260, 1220, 1030, 1100, 774, 840, 874,
        694, 940, 833, 701, 916, 692, 1020, 1050, 969, 831, 726, 456, 824, 702, 1120, 1100, 832, 764, 821,
        768, 845, 864, 862, 698, 845, 744, 796, 1040, 759, 781, 865, 845, 944, 984, 897, 822, 1010, 771, 676,
        649, 846, 812, 742, 801, 1040, 860, 874, 848, 890, 744, 749, 838, 1050, 918, 986, 797, 923, 975, 815,
        1020, 906, 901, 1170, 912, 746, 919, 718, 714, 740};
    br_change_point points[4];
    assert_int_equal(br_change_points(nile, BR_COUNT_OF(nile), points, 4), 1);
    assert_int_equal(points[0].at, 1899 - 1871); /* 1898 is the last year of the high level */
    assert_true(fabs(points[0].before - 1097.75) < 0.01 && fabs(points[0].after - 849.97) < 0.01);
    assert_true(points[0].p_value < 1e-6);
}

static double shake(br_random *r)
{
    double sum = -6;
    for (int i = 0; i < 12; i++) {
        sum += br_random_f64(r);
    }
    return sum;
}

static void steps_are_found_and_noise_is_not(void **state)
{
    (void) state;
    br_random r;
    br_random_seed(&r, 4);
    unsigned false_points = 0, exact = 0;
    br_change_point points[8];
    for (int trial = 0; trial < 100; trial++) {
        double flat[60], steps[150];
        for (size_t i = 0; i < 60; i++) {
            flat[i] = 100 + 5 * shake(&r);
        }
        false_points += br_change_points(flat, 60, points, 8) > 0;
        for (size_t i = 0; i < 150; i++) {
            steps[i] = (i < 40 ? 100 : i < 110 ? 125 : 90) + 5 * shake(&r);
        }
        size_t n = br_change_points(steps, 150, points, 8);
        exact += n == 2 && labs((long) points[0].at - 40) <= 1 && labs((long) points[1].at - 110) <= 1;
    }
    assert_true(false_points <= 2);
    assert_true(exact >= 97);
}

static void short_and_flat_series_have_no_change(void **state)
{
    (void) state;
    static const double flat[20] = {0}, step[] = {1, 1, 1, 1, 1, 2, 2, 2, 2, 2};
    br_change_point points[2];
    assert_int_equal(br_change_points(NULL, 0, points, 2), 0);
    assert_int_equal(br_change_points(step, 5, points, 2), 0);
    assert_int_equal(br_change_points(flat, 20, points, 2), 0);
    assert_int_equal(br_change_points(step, 10, points, 2), 1);
    assert_int_equal(points[0].at, 5);
    assert_true(points[0].before == 1 && points[0].after == 2);
    assert_int_equal(br_change_points(step, 10, points, 0), 0);
}

/* Simulation: a short form of what docs/statistics-compare.md reports
 * ----------------------------------------- */

static void simulated_runs_are_judged_right(void **state)
{
    (void) state;
    simulated_tally unchanged[SIMULATED_BANDS + 1], slower[SIMULATED_BANDS + 1];
    simulation s = {.policy = SIMULATED_WANTED, .seed = 3, .change = 1, .old_runs = 10, .comparisons = 16};
    simulate_compare(&s, unchanged);
    s.change = 1.2;
    simulate_compare(&s, slower);
    assert_int_equal(unchanged[SIMULATED_BANDS].comparisons, 16);
    assert_int_equal(unchanged[SIMULATED_BANDS].regressed, 0);
    assert_true(unchanged[SIMULATED_BANDS].ok >= 13);
    assert_true(slower[SIMULATED_BANDS].regressed >= 15);
}

/* What --repeat auto does: no alarm without a change, and more found than by the first run alone. */
static void repeats_at_once_find_more_than_one_run(void **state)
{
    (void) state;
    simulated_tally unchanged[SIMULATED_BANDS + 1], slower[SIMULATED_BANDS + 1];
    simulation s = {.policy = SIMULATED_REPEAT, .seed = 3, .change = 1, .old_runs = 10, .comparisons = 24};
    simulate_compare(&s, unchanged);
    s.change = 1.2;
    simulate_compare(&s, slower);
    const simulated_tally *quiet = &unchanged[SIMULATED_BANDS], *found = &slower[SIMULATED_BANDS];
    assert_int_equal(quiet->regressed, 0);
    assert_true(quiet->ok >= 8);
    assert_true(found->regressed > found->alarms_first && found->regressed >= 12);
    assert_true(quiet->runs <= 5 * quiet->comparisons && found->runs > found->comparisons);
}

static void repeats_end_when_it_is_decided(void **state)
{
    (void) state;
    assert_true(br_comparison_wants_repeat(BR_COMPARISON_INCONCLUSIVE, 14, 1));
    assert_false(br_comparison_wants_repeat(BR_COMPARISON_INCONCLUSIVE, 0, 1));
    assert_true(br_comparison_wants_repeat(BR_COMPARISON_REGRESSED, 0, 1));
    assert_false(br_comparison_wants_repeat(BR_COMPARISON_REGRESSED, 0, 2));
    assert_true(br_comparison_wants_repeat(BR_COMPARISON_INVALID, 0, 3));
    assert_false(br_comparison_wants_repeat(BR_COMPARISON_OK, 0, 1));
    assert_false(br_comparison_wants_repeat(BR_COMPARISON_NO_BASELINE, 0, 1));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_clear_regression_of_one_endpoint_is_named),
        cmocka_unit_test(unchanged_quiet_runs_are_ok),
        cmocka_unit_test(an_improvement_is_no_alarm),
        cmocka_unit_test(noisy_runs_are_inconclusive_and_want_other_days),
        cmocka_unit_test(repeats_of_one_hour_are_not_as_good_as_days),
        cmocka_unit_test(both_versions_in_turn_decide_within_the_hour),
        cmocka_unit_test(within_one_hour_repeats_are_asked_for),
        cmocka_unit_test(one_old_and_one_new_run_say_what_they_can),
        cmocka_unit_test(two_noisy_runs_tell_their_noise_by_their_endpoints),
        cmocka_unit_test(without_runs_there_is_no_answer),
        cmocka_unit_test(runs_without_requests_compare_as_nothing),
        cmocka_unit_test(equal_runs_are_equal),
        cmocka_unit_test(latencies_of_zero_are_compared),
        cmocka_unit_test(an_endpoint_of_one_side_is_a_note),
        cmocka_unit_test(few_requests_are_shown_but_not_judged),
        cmocka_unit_test(different_fingerprints_are_noted),
        cmocka_unit_test(error_rates_have_a_floor),
        cmocka_unit_test(no_errors_have_a_bound),
        cmocka_unit_test(throughput_is_compared_in_the_closed_model_only),
        cmocka_unit_test(exact_values_compare_exactly),
        cmocka_unit_test(the_same_input_gives_the_same_answer),
        cmocka_unit_test(the_nile_changed_in_1898),
        cmocka_unit_test(steps_are_found_and_noise_is_not),
        cmocka_unit_test(short_and_flat_series_have_no_change),
        cmocka_unit_test(simulated_runs_are_judged_right),
        cmocka_unit_test(repeats_at_once_find_more_than_one_run),
        cmocka_unit_test(repeats_end_when_it_is_decided),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
