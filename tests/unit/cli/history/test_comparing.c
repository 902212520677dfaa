/* Which runs are held against which: the arithmetic has its own tests. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include "base/mem.h"
#include "cli/history/comparing.h"
#include "cli/history/history_changes.h"

typedef struct given {
    char folder[64], path[96];
    br_store *store;
    double ms;
    uint64_t requests; /* of each latency, of which there are a thousand; 0: ten in all */
    br_stored_run run; /* the next one */
} given;

static int begin(void **state)
{
    given *g = BR_NEW(given);
    snprintf(g->folder, sizeof(g->folder), "/tmp/brunt-test-comparing-XXXXXX");
    if (!mkdtemp(g->folder)) return -1;
    snprintf(g->path, sizeof(g->path), "%s/h.db", g->folder);
    if (br_store_open(g->path, BR_STORE_CREATE, &g->store, NULL) != BR_OK) return -1;
    g->ms = 10;
    g->requests = 30;
    g->run = (br_stored_run){.started_wall = 1700000000 * BR_SEC,
        .duration = 300 * BR_SEC,
        .test = BR_STR("baseline"),
        .environment = BR_STR("local"),
        .outcome = BR_STR("passed"),
        .complete = true,
        .valid = true,
        .fingerprint = BR_STR("same"),
        .script_hash = BR_STR("s1"),
        .load_hash = BR_STR("l1"),
        .machine = BR_STR("m1"),
        .tool_version = BR_STR("0.1.0")};
    *state = g;
    return 0;
}

static int end(void **state)
{
    given *g = *state;
    br_store_close(g->store);
    (void) unlink(g->path);
    int rc = rmdir(g->folder);
    br_free(g);
    return rc;
}

/* A day after the one before, with 2 % of noise that is the same in each test. */
static int64_t add(given *g, const char *version)
{
    br_run_figures f = {0};
    br_arena_init(&f.arena, 1024);
    f.endpoints = BR_ARENA_NEW(&f.arena, br_figures_endpoint);
    f.endpoint_count = 1;
    br_figures_endpoint *all = f.endpoints;
    *all = (br_figures_endpoint){.name = BR_STR(""), .requests = g->requests ? 1000 * g->requests : 10};
    br_hist_init(&all->latency_us);
    f.values = BR_ARENA_NEW(&f.arena, br_figures_value);
    f.value_count = 1;
    f.values[0] = (br_figures_value){BR_STR("received per request"), BR_STR("bytes"), 120};
    double noise = 1 + 0.02 * (double) (g->run.started_wall / BR_SEC / 86400 % 3 - 1);
    for (int i = 0; i < 1000; i += g->requests ? 1 : 100)
        br_hist_record_n(
            &all->latency_us, (int64_t) (g->ms * noise * (500 + i)), g->requests ? g->requests : 1);
    g->run.started_wall += 86400 * BR_SEC;
    g->run.target_version = br_str_of(version);
    int64_t id = 0;
    br_err err = {0};
    if (br_store_add(g->store, &g->run, &f, BR_STR(""), &id, &err) != BR_OK) fail_msg("%s", err.msg);
    br_hist_deinit(&all->latency_us);
    br_arena_deinit(&f.arena);
    return id;
}

static br_comparing newest(given *g)
{
    br_comparing c;
    br_err err = {0};
    br_compare_config config = {0};
    if (br_comparing_newest(g->store, NULL, NULL, &config, &c, &err) != BR_OK) fail_msg("%s", err.msg);
    return c;
}

static void expect_ids(const int64_t *ids, size_t count, int64_t first, int64_t last)
{
    assert_int_equal(count, last - first + 1);
    bool seen[64] = {false};
    for (size_t i = 0; i < count; i++)
        seen[ids[i]] = true;
    for (int64_t id = first; id <= last; id++)
        assert_true(seen[id]);
}

static void test_nothing(void **state)
{
    given *g = *state;
    br_comparing c;
    br_err err = {0};
    br_compare_config config = {0};
    assert_int_equal(br_comparing_newest(g->store, NULL, NULL, &config, &c, &err), BR_ENOTFOUND);
    (void) add(g, "");
    c = newest(g);
    assert_int_equal(c.answer, BR_COMPARISON_NO_BASELINE);
    assert_null(c.rolling);
    br_comparing_deinit(&c);
}

static void test_last_ten(void **state)
{
    given *g = *state;
    for (int i = 0; i < 14; i++)
        (void) add(g, "");
    br_comparing c = newest(g);
    expect_ids(c.rolling->new_ids, c.rolling->new_count, 14, 14);
    expect_ids(c.rolling->old_ids, c.rolling->old_count, 4, 13);
    assert_int_equal(c.answer, BR_COMPARISON_OK);
    br_comparing_deinit(&c);
}

static void test_versions(void **state)
{
    given *g = *state;
    for (int i = 0; i < 6; i++)
        (void) add(g, "v1");
    br_comparing c = newest(g); /* there is one version only: the newest run against the others */
    expect_ids(c.rolling->new_ids, c.rolling->new_count, 6, 6);
    expect_ids(c.rolling->old_ids, c.rolling->old_count, 1, 5);
    br_comparing_deinit(&c);
    g->ms = 16;
    for (int i = 0; i < 3; i++)
        (void) add(g, "v2");
    c = newest(g);
    expect_ids(c.rolling->new_ids, c.rolling->new_count, 7, 9);
    expect_ids(c.rolling->old_ids, c.rolling->old_count, 1, 6);
    assert_int_equal(c.answer, BR_COMPARISON_REGRESSED);
    assert_string_equal(c.rolling_name.p, "the last 6 runs");
    br_comparing_deinit(&c);
}

/* Three percent a time: the last runs are always near, the pinned ones are not. */
static void test_drift(void **state)
{
    given *g = *state;
    br_err err = {0};
    for (int i = 0; i < 4; i++)
        (void) add(g, "v1");
    assert_int_equal(br_store_pin_run(g->store, 2, BR_STR("golden"), 1, &(int64_t){0}, &err), BR_OK);
    for (int i = 0; i < 16; i++) {
        g->ms *= 1.03;
        (void) add(g, "");
    }
    br_comparing c = newest(g);
    assert_non_null(c.pinned);
    expect_ids(c.pinned->old_ids, c.pinned->old_count, 1, 4); /* with the others of its version */
    assert_int_equal(c.pinned->answer, BR_COMPARISON_REGRESSED);
    assert_int_not_equal(c.rolling->answer, BR_COMPARISON_INVALID);
    assert_int_equal(c.answer, BR_COMPARISON_REGRESSED);
    br_comparing_deinit(&c);
}

/* Slower, but by another script: no regression, whatever is pinned. */
static void test_pinned_of_another_kind(void **state)
{
    given *g = *state;
    br_err err = {0};
    br_buf out;
    (void) add(g, "");
    assert_int_equal(br_store_pin_run(g->store, 1, BR_STR(""), 1, &(int64_t){0}, &err), BR_OK);
    g->run.fingerprint = BR_STR("other");
    g->run.script_hash = BR_STR("s2");
    g->ms = 40;
    (void) add(g, "");
    br_comparing c = newest(g);
    assert_null(c.pinned);
    assert_null(br_comparing_shown(&c));
    assert_int_equal(c.answer, BR_COMPARISON_NO_BASELINE);
    br_buf_init(&out, 10000);
    br_comparing_text(&c, &(br_comparing_style){0}, &out);
    assert_non_null(strstr(out.data, "NO BASELINE"));
    assert_non_null(strstr(out.data,
        "The pinned run 1 is not comparable and was left out: script differs. `brunt baseline pin RUN` pins "
        "one that was made as run 2."));
    br_buf_deinit(&out);
    br_comparing_deinit(&c);
    /* With runs of its own kind the answer is theirs, and the note goes where the comparison goes. */
    for (int i = 0; i < 6; i++)
        (void) add(g, "");
    c = newest(g);
    assert_null(c.pinned);
    assert_int_equal(c.answer, BR_COMPARISON_OK);
    expect_ids(c.rolling->old_ids, c.rolling->old_count, 2, 7);
    assert_true(br_str_starts(c.rolling->notes.data[c.rolling->notes.len - 1],
        BR_STR("The pinned run 1 is not comparable and was left out: script differs.")));
    br_buf_init(&out, 20000);
    br_comparing_text(&c, &(br_comparing_style){0}, &out);
    const char *note = strstr(out.data, "is not comparable");
    assert_true(note && !strstr(note + 1, "is not comparable"));
    br_buf_deinit(&out);
    br_comparing_deinit(&c);
}

static void test_pinned_is_new(void **state)
{
    given *g = *state;
    br_err err = {0};
    for (int i = 0; i < 3; i++)
        (void) add(g, "");
    assert_int_equal(br_store_pin_run(g->store, 3, BR_STR(""), 1, &(int64_t){0}, &err), BR_OK);
    br_comparing c = newest(g);
    assert_null(c.pinned);
    assert_non_null(c.rolling);
    br_comparing_deinit(&c);
}

static void test_others_are_no_baseline(void **state)
{
    given *g = *state;
    (void) add(g, "");
    g->run.environment = BR_STR("staging");
    (void) add(g, "");
    g->run.environment = BR_STR("local");
    g->run.valid = false;
    (void) add(g, "");
    g->run.valid = true;
    g->run.fingerprint = BR_STR("other");
    g->run.load_hash = BR_STR("l2");
    g->run.machine = BR_STR("m2");
    (void) add(g, "");
    br_comparing c = newest(g);
    assert_null(c.rolling);
    assert_int_equal(c.answer, BR_COMPARISON_NO_BASELINE);
    assert_string_equal(c.differs.p, "Run 1 was made in another way: load, machine differ.");
    br_buf out;
    br_buf_init(&out, 10000);
    br_comparing_text(&c, &(br_comparing_style){0}, &out);
    assert_non_null(
        strstr(out.data, "NO BASELINE: there is no earlier valid run of this kind to compare run 4 with"));
    br_buf_deinit(&out);
    br_comparing_deinit(&c);
    /* Named, they are compared all the same, and it is said. */
    br_compare_config config = {0};
    br_comparing_ids base = {(int64_t[]){1}, 1}, fresh = {(int64_t[]){4}, 1};
    assert_int_equal(br_comparing_named(g->store, base, fresh, &config, &c, NULL), BR_OK);
    assert_non_null(c.rolling);
    assert_true(c.differs.n > 0);
    br_comparing_deinit(&c);
}

static void test_invalid(void **state)
{
    given *g = *state;
    (void) add(g, "");
    g->run.valid = false;
    (void) add(g, "");
    br_comparing c = newest(g);
    assert_int_equal(c.answer, BR_COMPARISON_INVALID);
    br_comparing_deinit(&c);
    br_compare_config config = {0};
    br_err err = {0};
    br_comparing_ids gone = {(int64_t[]){77}, 1};
    assert_int_equal(br_comparing_new(g->store, gone, &config, &c, &err), BR_ENOTFOUND);
}

/* What cannot be judged is not green: not even if something else could be. */
static void test_too_few_requests(void **state)
{
    given *g = *state;
    g->requests = 0;
    for (int i = 0; i < 5; i++)
        (void) add(g, "v1");
    g->ms = 30;
    for (int i = 0; i < 3; i++)
        (void) add(g, "v2");
    br_comparing c = newest(g);
    assert_int_equal(c.answer, BR_COMPARISON_INCONCLUSIVE);
    br_comparing_deinit(&c);
}

static void test_changes(void **state)
{
    given *g = *state;
    for (int i = 0; i < 8; i++)
        (void) add(g, "");
    g->ms = 15;
    for (int i = 0; i < 8; i++)
        (void) add(g, "");
    g->run.fingerprint = BR_STR("other"); /* a new script: a series of its own, no change of the service */
    g->ms = 40;
    for (int i = 0; i < 8; i++)
        (void) add(g, "");
    br_arena arena;
    br_arena_init(&arena, 4096);
    br_stored_run *runs;
    size_t count;
    br_history_changes changes = {0};
    assert_int_equal(br_store_list(g->store, &(br_store_query){0}, &arena, &runs, &count, NULL), BR_OK);
    br_history_find_changes(runs, count, &changes);
    assert_int_equal(changes.len, 1);
    assert_int_equal(changes.data[0].run, 9);
    assert_int_equal(changes.data[0].previous, 8);
    assert_true(changes.data[0].worse);
    br_str text = br_history_change_text(&changes.data[0], &arena);
    assert_non_null(strstr(text.p, "p95 of baseline on local rose from 14."));
    assert_non_null(strstr(text.p, "with run 9 (p = "));
    br_vec_deinit(&changes);
    br_arena_deinit(&arena);
}

int main(void)
{
#define WITH_STORE(f) cmocka_unit_test_setup_teardown(f, begin, end)
    const struct CMUnitTest tests[] = {
        WITH_STORE(test_nothing),
        WITH_STORE(test_last_ten),
        WITH_STORE(test_versions),
        WITH_STORE(test_drift),
        WITH_STORE(test_pinned_of_another_kind),
        WITH_STORE(test_pinned_is_new),
        WITH_STORE(test_others_are_no_baseline),
        WITH_STORE(test_invalid),
        WITH_STORE(test_too_few_requests),
        WITH_STORE(test_changes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
