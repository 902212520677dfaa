/* After which answers another run is made, and what is said about it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "cli/history/record.h"
#include "cli/history/repeat.h"

static const br_arg_section sections[] = {{NULL, br_repeat_args}, {NULL, br_record_test_args}, {NULL, NULL}};

static br_code read_flags(const char *one, const char *two, br_repeat *ret, br_err *err)
{
    char *argv[] = {br_strdup(one), br_strdup(two)};
    br_args a = {0};
    assert_int_equal(br_args_parse(two[0] ? 2 : 1, argv, sections, &a, err), BR_OK);
    br_code code = br_repeat_read(&a, ret, err);
    br_args_deinit(&a);
    br_free(argv[0]);
    br_free(argv[1]);
    return code;
}

static void test_flags(void **state)
{
    (void) state;
    br_repeat r = {0};
    br_err err = {0};
    assert_int_equal(read_flags("--compare", "", &r, &err), BR_OK);
    assert_true(r.compare && !r.automatic && r.max == 1);
    assert_int_equal(read_flags("--repeat=auto", "--limit=10%", &r, &err), BR_OK);
    assert_true(r.compare && r.automatic && r.max == 5);
    assert_float_equal(r.config.limit, 1.1, 1e-9);
    assert_int_equal(read_flags("--repeat=3", "", &r, &err), BR_OK);
    assert_true(r.compare && !r.automatic && r.max == 3);
    static const char *const wrong[] = {
        "--repeat=0", "--repeat=6", "--repeat=often", "--limit=20", "--limit=0%"};
    for (size_t i = 0; i < BR_COUNT_OF(wrong); i++)
        assert_int_equal(read_flags(wrong[i], "", &r, &err), BR_EINVAL);
    assert_int_equal(read_flags("--compare", "--no-store", &r, &err), BR_EINVAL);
    assert_non_null(strstr(err.msg, "--compare needs the history"));
}

static void test_again(void **state)
{
    (void) state;
    static const struct {
        bool automatic;
        size_t count, max;
        br_comparison_answer answer;
        uint32_t runs, sessions;
        bool again;
        const char *words;
    } cases[] = {
        {true, 1, 5, BR_COMPARISON_INCONCLUSIVE, 2, 0, true,
            "2 more runs would probably decide it: run 2 of at most 5"},
        {true, 4, 5, BR_COMPARISON_INCONCLUSIVE, 1, 0, true, "1 more run would probably decide it: run 5 of"},
        {true, 5, 5, BR_COMPARISON_INCONCLUSIVE, 3, 0, false,
            "inconclusive after 5 runs; 3 more runs would probably decide it."},
        {true, 1, 5, BR_COMPARISON_INCONCLUSIVE, 14, 14, true,
            "14 more runs of other days would probably decide it; runs of this hour may, too: run 2 of"},
        {true, 4, 5, BR_COMPARISON_INCONCLUSIVE, 1, 1, true, "1 more run of other days would probably"},
        {true, 5, 5, BR_COMPARISON_INCONCLUSIVE, 9, 9, false,
            "inconclusive after 5 runs; 9 more runs of other days would probably decide it."},
        {true, 2, 5, BR_COMPARISON_INCONCLUSIVE, 0, 0, false, "more runs like these would not decide it"},
        {true, 1, 5, BR_COMPARISON_REGRESSED, 0, 0, true, "another one confirms it or not: run 2"},
        {true, 2, 5, BR_COMPARISON_REGRESSED, 0, 0, false, ""},
        {true, 1, 5, BR_COMPARISON_OK, 0, 0, false, ""},
        {true, 1, 5, BR_COMPARISON_NO_BASELINE, 0, 0, false, ""},
        {true, 1, 5, BR_COMPARISON_INVALID, 0, 0, true, "no evidence: run 2 of at most 5"},
        {true, 5, 5, BR_COMPARISON_INVALID, 0, 0, false, ""},
        {false, 1, 3, BR_COMPARISON_OK, 0, 0, true, "Run 2 of 3"},
        {false, 3, 3, BR_COMPARISON_INCONCLUSIVE, 2, 0, false, ""},
        {false, 1, 1, BR_COMPARISON_INCONCLUSIVE, 2, 0, false, ""},
    };
    for (size_t i = 0; i < BR_COUNT_OF(cases); i++) {
        br_repeat r = {.compare = true,
            .automatic = cases[i].automatic,
            .max = cases[i].max,
            .count = cases[i].count,
            .answer = cases[i].answer,
            .runs_wanted = cases[i].runs,
            .sessions_wanted = cases[i].sessions};
        br_buf why;
        br_buf_init(&why, 1000);
        (void) br_buf_puts(&why, "");
        bool again = br_repeat_again(&r, &why);
        if (again != cases[i].again || !strstr(why.data, cases[i].words) ||
            (!cases[i].words[0] && why.len > 0))
            fail_msg("case %zu: %d, '%s'", i, again, why.data);
        br_buf_deinit(&why);
    }
    br_repeat none = {.max = 5, .automatic = true, .answer = BR_COMPARISON_INCONCLUSIVE};
    br_buf why;
    br_buf_init(&why, 1000);
    assert_false(br_repeat_again(&none, &why)); /* nothing was stored */
    br_buf_deinit(&why);
}

static void test_shown(void **state)
{
    (void) state;
    br_comparison ok = {.answer = BR_COMPARISON_OK}, worse = {.answer = BR_COMPARISON_REGRESSED};
    assert_ptr_equal(br_comparing_shown(&(br_comparing){.rolling = &ok, .pinned = &worse}), &worse);
    assert_ptr_equal(br_comparing_shown(&(br_comparing){.rolling = &worse, .pinned = &worse}), &worse);
    assert_ptr_equal(br_comparing_shown(&(br_comparing){.rolling = &worse, .pinned = &ok}), &worse);
    assert_ptr_equal(br_comparing_shown(&(br_comparing){.rolling = &ok}), &ok);
    assert_ptr_equal(br_comparing_shown(&(br_comparing){.pinned = &ok}), &ok);
    assert_null(br_comparing_shown(&(br_comparing){0}));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_flags),
        cmocka_unit_test(test_again),
        cmocka_unit_test(test_shown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
