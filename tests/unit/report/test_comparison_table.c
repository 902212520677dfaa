#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <jansson.h>
#include <math.h>
#include <string.h>

#include "report/comparison_table.h"

static br_comparison_row rows[] = {
    {.endpoint = BR_STR_INIT("GET /a"),
        .measure = BR_STR_INIT("p95"),
        .unit = BR_STR_INIT("ms"),
        .old_value = 100,
        .new_value = 143,
        .ratio = 1.43,
        .low = 1.31,
        .high = 1.55,
        .detectable = 1.12,
        .change = BR_CHANGE_REGRESSED,
        .gates = true},
    {.endpoint = BR_STR_INIT(""),
        .measure = BR_STR_INIT("error_rate"),
        .unit = BR_STR_INIT("share"),
        .old_value = 0.01,
        .new_value = 0.0125,
        .ratio = 1.25,
        .low = 0,
        .high = INFINITY,
        .change = BR_CHANGE_INCONCLUSIVE,
        .gates = true},
    {.endpoint = BR_STR_INIT("GET /b"),
        .measure = BR_STR_INIT("p95"),
        .unit = BR_STR_INIT("ms"),
        .old_value = 10,
        .new_value = 10,
        .ratio = 1,
        .low = 0.9,
        .high = 1.1,
        .change = BR_CHANGE_OK,
        .gates = true},
    {.endpoint = BR_STR_INIT(""),
        .measure = BR_STR_INIT("received per request"),
        .unit = BR_STR_INIT("bytes"),
        .old_value = 2000,
        .new_value = 2900,
        .ratio = 1.45,
        .low = 1.45,
        .high = 1.45,
        .change = BR_CHANGE_REGRESSED,
        .gates = true},
};

static br_comparison *make(void)
{
    br_comparison *c = BR_NEW(br_comparison);
    br_arena_init(&c->arena, 1024);
    c->answer = BR_COMPARISON_REGRESSED;
    c->headline = BR_STR("REGRESSED: p95 of GET /a is 1.43 (1.31 to 1.55) times what it was.");
    c->rows = rows;
    c->row_count = BR_COUNT_OF(rows);
    c->old_ids = br_arena_alloc(&c->arena, 2 * sizeof(int64_t));
    c->old_ids[0] = 8;
    c->old_ids[1] = 7;
    c->old_count = 2;
    c->new_ids = br_arena_alloc(&c->arena, sizeof(int64_t));
    c->new_ids[0] = 9;
    c->new_count = 1;
    *br_vec_push(&c->notes) = BR_STR("There are few runs.");
    return c;
}

static void discard(br_comparison *c)
{
    br_vec_deinit(&c->notes);
    br_arena_deinit(&c->arena);
    br_free(c);
}

static void expect(const br_comparison_table_style *style, const char *want)
{
    br_comparison *c = make();
    br_buf out;
    br_buf_init(&out, 100000);
    br_report_comparison_table(c, style, &out);
    assert_string_equal(out.data, want);
    br_buf_deinit(&out);
    discard(c);
}

static void test_text(void **state)
{
    (void) state;
    expect(&(br_comparison_table_style){.against = "the last 2 runs"},
        "  █ REGRESSED: p95 of GET /a is 1.43 (1.31 to 1.55) times what it was.\n"
        "    run 9 against the last 2 runs: 7, 8\n"
        "\n"
        "                endpoint      figure                before     now  now/before  95 % interval  detects\n"
        "  regressed     GET /a        p95                    100ms   143ms        1.43  1.31 to 1.55      1.12\n"
        "  inconclusive  all requests  error_rate                1%   1.25%        1.25  unknown              -\n"
        "  regressed     all requests  received per request  2.0 kB  2.9 kB        1.45  1.45 to 1.45         -\n"
        "  1 more figure is not worse, or not counted for the answer\n"
        "\n"
        "  · There are few runs.\n");
}

static void test_markdown(void **state)
{
    (void) state;
    expect(&(br_comparison_table_style){.against = "the last 2 runs", .markdown = true, .all_rows = true},
        "**REGRESSED: p95 of GET /a is 1.43 (1.31 to 1.55) times what it was.**\n"
        "\n"
        "run 9 against the last 2 runs: 7, 8\n"
        "\n"
        "|  | endpoint | figure | before | now | now/before | 95 % interval | detects |\n"
        "|---|---|---|---:|---:|---:|---|---:|\n"
        "| regressed | GET /a | p95 | 100ms | 143ms | 1.43 | 1.31 to 1.55 | 1.12 |\n"
        "| inconclusive | all requests | error\\_rate | 1% | 1.25% | 1.25 | unknown | - |\n"
        "| ok | GET /b | p95 | 10ms | 10ms | 1.00 | 0.90 to 1.10 | - |\n"
        "| regressed | all requests | received per request | 2.0 kB | 2.9 kB | 1.45 | 1.45 to 1.45 | - |\n"
        "\n"
        "* There are few runs.\n");
}

/* Throughput in its own direction; no error on either side has a bound instead of a ratio. */
static void test_rows_of_their_own(void **state)
{
    (void) state;
    br_comparison_row own[] = {{.measure = BR_STR_INIT("throughput"),
                                   .unit = BR_STR_INIT("per_s"),
                                   .old_value = 400,
                                   .new_value = 320,
                                   .ratio = 1.25,
                                   .low = 1.0 / 0.9,
                                   .high = 2,
                                   .detectable = 1.25,
                                   .more_is_better = true,
                                   .gates = true},
        {.measure = BR_STR_INIT("error_rate"),
            .unit = BR_STR_INIT("share"),
            .ratio = 1,
            .high = INFINITY,
            .bound = 0.0014,
            .gates = true}};
    br_comparison c = {.headline = BR_STR("OK."), .rows = own, .row_count = BR_COUNT_OF(own)};
    br_comparison_table_style style = {.against = "", .all_rows = true, .has_flag = true};
    br_buf out;
    br_buf_init(&out, 100000);
    br_report_comparison_table(&c, &style, &out);
    assert_non_null(strstr(out.data, "throughput (more is better)"));
    assert_non_null(strstr(out.data, "  320/s        0.80  0.50 to 0.90        0.80\n"));
    assert_non_null(strstr(out.data, "  0%           -  now below 0.14%"));
    br_buf_reset(&out);
    br_report_comparison_legend(false, false, &out);
    assert_non_null(
        strstr(out.data, "now/before: 1 is as before; above 1 is more, which is worse but for throughput."));
    br_buf_deinit(&out);
}

static void test_colours(void **state)
{
    (void) state;
    br_comparison *c = make();
    br_buf out;
    br_buf_init(&out, 100000);
    br_report_comparison_table(c, &(br_comparison_table_style){.against = "x", .colour = true}, &out);
    assert_non_null(strstr(out.data, "\x1b[31mREGRESSED: "));
    assert_non_null(strstr(out.data, "\x1b[33minconclusive\x1b[0m"));
    br_buf_deinit(&out);
    discard(c);
}

static void test_json(void **state)
{
    (void) state;
    br_comparison *c = make();
    br_buf out;
    br_buf_init(&out, 100000);
    br_report_comparison_json(c, &out);
    json_error_t why;
    json_t *json = json_loadb(out.data, out.len, 0, &why);
    assert_non_null(json);
    assert_string_equal(json_string_value(json_object_get(json, "answer")), "regressed");
    assert_int_equal(json_array_size(json_object_get(json, "rows")), 4);
    json_decref(json);
    br_buf_deinit(&out);
    discard(c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_text),
        cmocka_unit_test(test_markdown),
        cmocka_unit_test(test_rows_of_their_own),
        cmocka_unit_test(test_colours),
        cmocka_unit_test(test_json),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
