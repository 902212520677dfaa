/* What is stored comes back; queries, pins, deleting; what a foreign file may hold. */
#include "unit/store/fixture.h"
#include <stdio.h>
#include <string.h>

static void check_text(br_str got, const char *want)
{
    if (!br_str_is(got, want)) fail_msg("'" BR_FMT "' instead of '%s'", BR_ARG(got), want);
}

static void test_facts(void **state)
{
    (void) state;
    br_store *s = open_store("h.db", BR_STORE_CREATE);
    int64_t id = add(s, "baseline", "local", 20);
    br_store_close(s);
    s = open_store("h.db", BR_STORE_READ);
    br_arena arena;
    br_arena_init(&arena, 1024);
    br_stored_run r = {0};
    assert_int_equal(br_store_get(s, id, &arena, &r, NULL), BR_OK);
    assert_int_equal(r.id, id);
    assert_int_equal(r.started_wall, 1700000000 * BR_SEC);
    assert_int_equal(r.duration, 300 * BR_SEC);
    check_text(r.test, "baseline");
    check_text(r.environment, "local");
    check_text(r.script, "loadtest/baseline.js");
    check_text(r.target, "http://127.0.0.1:3000");
    check_text(r.outcome, "passed");
    check_text(r.level, "excellent");
    check_text(r.headline, "EXCELLENT: all 3 criteria passed.");
    check_text(r.fingerprint, "f00d");
    check_text(r.script_hash, "5c");
    check_text(r.load_hash, "10ad");
    check_text(r.machine, "a processor, 2 cores, 8 GB");
    check_text(r.tool_version, "0.1.0");
    check_text(r.target_version, "v7");
    check_text(r.commit, "c0ffee");
    assert_true(r.dirty && r.complete && r.valid && !r.open && !r.pinned);
    assert_int_equal(r.requests, 1000);
    assert_int_equal(r.failed, 2);
    assert_float_equal(r.p50_ms, 20, 0.05);
    assert_float_equal(r.p95_ms, 29, 0.05);
    assert_float_equal(r.p99_ms, 29.8, 0.05);
    br_arena_deinit(&arena);
    br_store_close(s);
}

static void test_figures(void **state)
{
    (void) state;
    br_store *s = open_store("h.db", BR_STORE_CREATE);
    int64_t id = add(s, "baseline", "local", 20);
    br_run_figures *f = NULL, *want = some_figures(20);
    assert_int_equal(br_store_figures(s, id, &f, NULL), BR_OK);
    assert_int_equal(f->id, id);
    check_text(f->fingerprint, "f00d");
    check_text(f->version, "v7");
    assert_true(f->duration_s == 300);
    assert_true(f->valid);
    assert_int_equal(f->endpoint_count, 3);
    for (size_t i = 0; i < 3; i++) {
        assert_true(br_str_eq(f->endpoints[i].name, want->endpoints[i].name));
        assert_int_equal(f->endpoints[i].requests, want->endpoints[i].requests);
        assert_int_equal(f->endpoints[i].failed, want->endpoints[i].failed);
        for (double q = 0; q <= 1; q += 0.05)
            assert_true(br_hist_quantile(&f->endpoints[i].latency_us, q) ==
                        br_hist_quantile(&want->endpoints[i].latency_us, q));
    }
    assert_int_equal(f->value_count, 2);
    check_text(f->values[0].name, "received per request");
    assert_true(f->values[0].value == 1234.5);
    check_text(f->values[1].unit, "ms");
    br_run_figures_free(f);
    br_run_figures_free(want);
    br_store_close(s);
}

static void test_document(void **state)
{
    (void) state;
    br_store *s = open_store("h.db", BR_STORE_CREATE);
    char bytes[70000];
    for (size_t i = 0; i < sizeof(bytes); i++)
        bytes[i] = (char) (i * 31);
    br_stored_run run = some_run("t", "e");
    br_run_figures *f = some_figures(1);
    int64_t id, none;
    assert_int_equal(br_store_add(s, &run, f, (br_str){bytes, sizeof(bytes)}, &id, NULL), BR_OK);
    assert_int_equal(br_store_add(s, &run, f, BR_STR_NONE, &none, NULL), BR_OK);
    br_buf out;
    br_buf_init(&out, sizeof(bytes));
    assert_int_equal(br_store_document(s, id, &out, NULL), BR_OK);
    assert_int_equal(out.len, sizeof(bytes));
    assert_memory_equal(out.data, bytes, sizeof(bytes));
    br_err err = {0};
    assert_int_equal(br_store_document(s, id, &out, &err), BR_ELIMIT); /* no room for it again */
    br_buf_reset(&out);
    assert_int_equal(br_store_document(s, none, &out, NULL), BR_OK);
    assert_int_equal(out.len, 0);
    assert_int_equal(br_store_document(s, 77, &out, &err), BR_ENOTFOUND);
    assert_non_null(strstr(err.msg, "there is no run 77"));
    br_buf_deinit(&out);
    br_run_figures_free(f);
    br_store_close(s);
}

static size_t query(br_store *s, br_store_query q, int64_t *first)
{
    br_arena arena;
    br_arena_init(&arena, 1024);
    br_stored_run *list;
    size_t n = 99;
    assert_int_equal(br_store_list(s, &q, &arena, &list, &n, NULL), BR_OK);
    for (size_t i = 1; i < n; i++)
        assert_true(list[i - 1].id > list[i].id);
    *first = n ? list[0].id : 0;
    br_arena_deinit(&arena);
    return n;
}

static void test_queries(void **state)
{
    (void) state;
    br_store *s = open_store("h.db", BR_STORE_CREATE);
    int64_t first;
    assert_int_equal(query(s, (br_store_query){0}, &first), 0);
    for (int i = 0; i < 5; i++)
        (void) add(s, i % 2 ? "spike" : "baseline", i < 3 ? "local" : "staging", 10);
    br_stored_run other = some_run("baseline", "local");
    other.valid = false;
    other.fingerprint = BR_STR("other");
    other.started_wall += 1000 * BR_SEC;
    br_run_figures *f = some_figures(1);
    int64_t id;
    assert_int_equal(br_store_add(s, &other, f, BR_STR(""), &id, NULL), BR_OK);
    br_run_figures_free(f);
    assert_int_equal(query(s, (br_store_query){0}, &first), 6);
    assert_int_equal(first, id);
    assert_int_equal(query(s, (br_store_query){.limit = 2}, &first), 2);
    assert_int_equal(query(s, (br_store_query){.test = "baseline"}, &first), 4);
    assert_int_equal(query(s, (br_store_query){.test = "baseline", .environment = "local"}, &first), 3);
    assert_int_equal(query(s, (br_store_query){.valid_only = true}, &first), 5);
    assert_int_equal(first, id - 1);
    assert_int_equal(query(s, (br_store_query){.fingerprint = "other"}, &first), 1);
    assert_int_equal(query(s, (br_store_query){.before = 3}, &first), 2);
    assert_int_equal(query(s, (br_store_query){.since = other.started_wall}, &first), 1);
    assert_int_equal(query(s, (br_store_query){.test = "x' OR '1'='1"}, &first), 0);
    br_store_close(s);
}

static void test_pins(void **state)
{
    (void) state;
    br_store *s = open_store("h.db", BR_STORE_CREATE);
    int64_t a = add(s, "baseline", "local", 1), b = add(s, "baseline", "local", 2),
            c = add(s, "spike", "local", 3);
    br_arena arena;
    br_arena_init(&arena, 1024);
    br_store_pin *list;
    size_t n;
    br_err err = {0};
    int64_t former = -1;
    assert_int_equal(br_store_pin_run(s, a, BR_STR("first"), 5, &former, NULL), BR_OK);
    assert_int_equal(former, 0);
    assert_int_equal(br_store_pin_run(s, c, BR_STR_NONE, 6, &former, NULL), BR_OK);
    assert_int_equal(former, 0); /* of another environment */
    assert_int_equal(br_store_pin_run(s, b, BR_STR("release 6"), 7, &former, NULL), BR_OK);
    assert_int_equal(former, a);
    assert_int_equal(br_store_pin_run(s, b, BR_STR("release 7"), 7, &former, NULL), BR_OK);
    assert_int_equal(former, b);
    assert_int_equal(br_store_pin_run(s, 99, BR_STR_NONE, 7, &former, &err), BR_ENOTFOUND);
    assert_int_equal(former, b);
    assert_non_null(strstr(err.msg, "there is no run 99"));
    assert_int_equal(br_store_pins(s, NULL, NULL, &arena, &list, &n, NULL), BR_OK);
    assert_int_equal(n, 2);
    assert_int_equal(list[0].run, b);
    check_text(list[0].note, "release 7");
    assert_int_equal(list[0].pinned_wall, 7);
    check_text(list[1].test, "spike");
    assert_int_equal(br_store_pins(s, "spike", "elsewhere", &arena, &list, &n, NULL), BR_OK);
    assert_int_equal(n, 0);
    br_stored_run r;
    assert_int_equal(br_store_get(s, b, &arena, &r, NULL), BR_OK);
    assert_true(r.pinned);

    assert_int_equal(br_store_unpin_run(s, a, &err), BR_ENOTFOUND);
    assert_non_null(strstr(err.msg, "is not pinned"));
    assert_int_equal(br_store_unpin_run(s, b, NULL), BR_OK);
    assert_int_equal(br_store_pins(s, NULL, NULL, &arena, &list, &n, NULL), BR_OK);
    assert_int_equal(n, 1);
    br_arena_deinit(&arena);
    br_store_close(s);
}

static void test_delete(void **state)
{
    (void) state;
    br_store *s = open_store("h.db", BR_STORE_CREATE);
    int64_t a = add(s, "t", "e", 1), b = add(s, "t", "e", 2), c = add(s, "t", "e", 3);
    br_err err = {0};
    assert_int_equal(br_store_pin_run(s, b, BR_STR_NONE, 1, &(int64_t){0}, NULL), BR_OK);
    assert_int_equal(br_store_delete(s, (int64_t[]){a, b}, 2, &err), BR_EINVAL);
    assert_non_null(strstr(err.msg, "is pinned"));
    assert_int_equal(count_runs(s), 3); /* all or none */
    assert_int_equal(br_store_delete(s, (int64_t[]){a, 99}, 2, &err), BR_ENOTFOUND);
    assert_int_equal(count_runs(s), 3);
    assert_int_equal(br_store_delete(s, (int64_t[]){a, c}, 2, NULL), BR_OK);
    assert_int_equal(count_runs(s), 1);
    int64_t left = -1;
    assert_int_equal(br_store_number(s, "SELECT count(*) FROM run_endpoints", &left, NULL), BR_OK);
    assert_int_equal(left, 3); /* those of b */
    assert_int_equal(br_store_number(s, "SELECT count(*) FROM run_values", &left, NULL), BR_OK);
    assert_int_equal(left, 2);
    assert_true(add(s, "t", "e", 4) > c); /* an id is never used again */
    br_store_close(s);
}

static void test_shrinks(void **state)
{
    (void) state;
    static char large[1 << 20];
    br_store *s = open_store("h.db", BR_STORE_CREATE);
    br_stored_run run = some_run("t", "e");
    br_run_figures *f = some_figures(1);
    int64_t id, before, after;
    assert_int_equal(br_store_add(s, &run, f, (br_str){large, sizeof(large)}, &id, NULL), BR_OK);
    br_run_figures_free(f);
    assert_int_equal(br_store_number(s, "PRAGMA page_count", &before, NULL), BR_OK);
    assert_int_equal(br_store_delete(s, &id, 1, NULL), BR_OK);
    assert_int_equal(br_store_number(s, "PRAGMA page_count", &after, NULL), BR_OK);
    assert_true(after < before / 4);
    br_store_close(s);
}

/* What a program that is not brunt may have put there. */
static void test_foreign_content(void **state)
{
    (void) state;
    static const struct {
        const char *sql;
        bool listed; /* br_store_list() can do without it */
        br_code code;
        const char *words;
    } cases[] = {
        {"UPDATE run_endpoints SET latency_us = x'ff00'", false, BR_ESYNTAX, "a histogram is none"},
        {"UPDATE run_endpoints SET latency_us = x'ff00' WHERE name <> ''", true, BR_ESYNTAX,
            "a histogram is none"},
        {"UPDATE run_endpoints SET latency_us = zeroblob(2000000)", false, BR_ESYNTAX, "a histogram is none"},
        {"UPDATE run_endpoints SET failed = 5000", false, BR_ESYNTAX, "counts contradict"},
        {"UPDATE run_endpoints SET failed = -1 WHERE name = 'GET /a'", true, BR_ESYNTAX,
            "contradicts itself"},
        {"DELETE FROM run_endpoints WHERE name = ''", true, BR_ESYNTAX, "all requests are missing"},
        {"UPDATE runs SET headline = hex(zeroblob(100000))", false, BR_ESYNTAX, "a text is too long"},
        {"UPDATE run_values SET name = hex(zeroblob(100000)) || rowid", true, BR_ESYNTAX, ""},
        {"WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 600) "
         "INSERT INTO run_endpoints SELECT 1, 'x' || i, 0, 0, x'' FROM n",
            true, BR_ESYNTAX, "too many endpoints"},
        {"WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1200) "
         "INSERT INTO run_values SELECT 1, 'x' || i, '', 0 FROM n",
            true, BR_ESYNTAX, "too many values"},
        {"DROP TABLE run_values", true, BR_ESYNTAX, "no such table"},
        {"ALTER TABLE runs DROP COLUMN machine", false, BR_ESYNTAX, "no such column"},
    };
    for (size_t i = 0; i < BR_COUNT_OF(cases); i++) {
        br_store *s = open_store("h.db", BR_STORE_CREATE);
        int64_t id = add(s, "t", "e", 1);
        assert_int_equal(id, 1);
        br_store_close(s);
        run_sql("h.db", cases[i].sql);
        s = open_store("h.db", BR_STORE_READ);
        br_arena arena;
        br_arena_init(&arena, 1024);
        br_stored_run *list;
        size_t n;
        br_err err = {0};
        br_code code = br_store_list(s, &(br_store_query){0}, &arena, &list, &n, &err);
        assert_int_equal(code, cases[i].listed ? BR_OK : BR_ESYNTAX);
        br_run_figures *f = NULL;
        if (br_store_figures(s, id, &f, &err) != cases[i].code || !strstr(err.msg, cases[i].words))
            fail_msg("%s: %s", cases[i].sql, err.msg);
        assert_null(f);
        br_arena_deinit(&arena);
        br_store_close(s);
        remove("h.db");
    }
}

static void test_limits(void **state)
{
    (void) state;
    static char text[BR_STORE_TEXT_MAX + 1];
    memset(text, 'x', sizeof(text));
    br_store *s = open_store("h.db", BR_STORE_CREATE);
    br_stored_run run = some_run("t", "e");
    br_run_figures *f = some_figures(1);
    int64_t id = 7;
    br_err err = {0};
    run.headline = (br_str){text, sizeof(text)};
    assert_int_equal(br_store_add(s, &run, f, BR_STR(""), &id, &err), BR_ELIMIT);
    assert_int_equal(id, 7);
    assert_int_equal(count_runs(s), 0);
    run.headline.n--;
    assert_int_equal(br_store_add(s, &run, f, BR_STR(""), &id, &err), BR_OK);
    run.headline = BR_STR("");
    f->endpoints[2].name = f->endpoints[1].name; /* refused by the tables: nothing of the run stays */
    assert_int_equal(br_store_add(s, &run, f, BR_STR(""), &id, &err), BR_ESYNTAX);
    assert_int_equal(count_runs(s), 1);
    br_run_figures_free(f);
    br_store_close(s);
}

int main(void)
{
#define IN_FOLDER(f) cmocka_unit_test_setup_teardown(f, enter_folder, leave_folder)
    const struct CMUnitTest tests[] = {
        IN_FOLDER(test_facts),
        IN_FOLDER(test_figures),
        IN_FOLDER(test_document),
        IN_FOLDER(test_queries),
        IN_FOLDER(test_pins),
        IN_FOLDER(test_delete),
        IN_FOLDER(test_shrinks),
        IN_FOLDER(test_foreign_content),
        IN_FOLDER(test_limits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
