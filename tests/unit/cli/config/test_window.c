/* Windows of time in UTC: how they are written, across midnight, weeks, and where they touch. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include "cli/config/window.h"

static br_arena arena;

static int setup(void **state)
{
    (void) state;
    br_arena_init(&arena, 1024);
    return 0;
}

static int teardown(void **state)
{
    (void) state;
    br_arena_deinit(&arena);
    return 0;
}

static br_ns at(const char *text)
{
    br_ns t = 0;
    br_err err = {0};
    if (br_utc_parse(br_str_of(text), &t, &err) != BR_OK) fail_msg("%s", err.msg);
    return t;
}

static br_window window(const char *text)
{
    br_window w = {0};
    br_err err = {0};
    if (br_window_parse(br_str_of(text), &w, &err) != BR_OK) fail_msg("%s", err.msg);
    return w;
}

static void texts_are_read_and_written(void **state)
{
    (void) state;
    static const char *const list[][2] = {
        {"02:00-04:00 UTC", "02:00-04:00 UTC"},
        {" 22:30 - 04:15 UTC ", "22:30-04:15 UTC"},
        {"00:00-24:00 UTC", "00:00-24:00 UTC"},
        {"Mon-Fri 02:00-04:00 UTC", "Mon-Fri 02:00-04:00 UTC"},
        {"sat,SUN 00:00-06:00 UTC", "Sat-Sun 00:00-06:00 UTC"},
        {"Fri-Mon 01:00-02:00 UTC", "Fri-Mon 01:00-02:00 UTC"},
        {"Mon,Wed,Fri 01:00-02:00 UTC", "Mon,Wed,Fri 01:00-02:00 UTC"},
        {"Sun-Sat 01:00-02:00 UTC", "01:00-02:00 UTC"},
        {"Wed 01:00-02:00 UTC", "Wed 01:00-02:00 UTC"},
    };
    for (size_t i = 0; i < BR_COUNT_OF(list); i++) {
        br_window w = window(list[i][0]);
        assert_string_equal(br_window_text(&w, &arena).p, list[i][1]);
    }
}

static void wrong_texts_say_what_is_wrong(void **state)
{
    (void) state;
    static const char *const list[][2] = {
        {"", "has no begin"},
        {"02:00-04:00", "must end with the zone UTC"},
        {"02:00-04:00 CET", "must end with the zone UTC"},
        {"02:00-02:00 UTC", "is empty"},
        {"24:00-02:00 UTC", "has no begin"},
        {"2:00-04:00 UTC", "has no begin"},
        {"02:60-04:00 UTC", "has no begin"},
        {"02:00-24:01 UTC", "has no end"},
        {"02:00 UTC", "has no begin"},
        {"Mo 02:00-04:00 UTC", "does not begin with days"},
        {"Mon- 02:00-04:00 UTC", "does not begin with days"},
        {"daily 02:00-04:00 UTC", "does not begin with days"},
    };
    for (size_t i = 0; i < BR_COUNT_OF(list); i++) {
        br_window w = {.days = 99};
        br_err err = {0};
        assert_int_equal(br_window_parse(br_str_of(list[i][0]), &w, &err), BR_ESYNTAX);
        if (!strstr(err.msg, list[i][1])) fail_msg("%s: %s", list[i][0], err.msg);
        assert_int_equal(w.days, 99);
    }
}

/* 2026-11-26 is a Thursday. */
static void instants_in_and_out(void **state)
{
    (void) state;
    static const struct {
        const char *windows[2], *now;
        const char *end;  /* NULL: not inside */
        const char *next; /* where it is not inside */
    } list[] = {
        {{"02:00-04:00 UTC"}, "2026-11-26T02:00Z", "2026-11-26 04:00 UTC", NULL},
        {{"02:00-04:00 UTC"}, "2026-11-26T03:59:59Z", "2026-11-26 04:00 UTC", NULL},
        {{"02:00-04:00 UTC"}, "2026-11-26T04:00Z", NULL, "2026-11-27 02:00 UTC"},
        {{"02:00-04:00 UTC"}, "2026-11-26T01:59:59Z", NULL, "2026-11-26 02:00 UTC"},
        {{"02:00-04:00 UTC"}, "2026-12-31T10:00Z", NULL, "2027-01-01 02:00 UTC"},
        {{"02:00-04:00 UTC"}, "2028-02-28T10:00Z", NULL, "2028-02-29 02:00 UTC"},
        /* across midnight, also from Saturday to Sunday, where the week of the arithmetic ends */
        {{"22:00-04:00 UTC"}, "2026-11-26T23:00Z", "2026-11-27 04:00 UTC", NULL},
        {{"22:00-04:00 UTC"}, "2026-11-26T03:00Z", "2026-11-26 04:00 UTC", NULL},
        {{"Sat 22:00-04:00 UTC"}, "2026-11-29T03:00Z", "2026-11-29 04:00 UTC", NULL},
        {{"Sat 22:00-04:00 UTC"}, "2026-11-28T03:00Z", NULL, "2026-11-28 22:00 UTC"},
        {{"Sun 22:00-04:00 UTC"}, "2026-11-29T03:00Z", NULL, "2026-11-29 22:00 UTC"},
        {{"Sun 22:00-04:00 UTC"}, "2026-11-30T03:59Z", "2026-11-30 04:00 UTC", NULL},
        /* days */
        {{"Mon-Fri 02:00-04:00 UTC"}, "2026-11-27T04:00Z", NULL, "2026-11-30 02:00 UTC"},
        {{"Thu 02:00-04:00 UTC"}, "2026-11-26T05:00Z", NULL, "2026-12-03 02:00 UTC"},
        {{"Thu 02:00-04:00 UTC"}, "2026-11-25T02:30Z", NULL, "2026-11-26 02:00 UTC"},
        /* two windows: apart, overlapping, touching, round the clock */
        {{"Sat 02:00-04:00 UTC", "Sun 03:00-04:00 UTC"}, "2026-11-28T04:00Z", NULL, "2026-11-29 03:00 UTC"},
        {{"02:00-04:00 UTC", "03:00-05:00 UTC"}, "2026-11-26T02:30Z", "2026-11-26 05:00 UTC", NULL},
        {{"22:00-24:00 UTC", "00:00-02:00 UTC"}, "2026-11-26T23:00Z", "2026-11-27 02:00 UTC", NULL},
        {{"00:00-12:00 UTC", "12:00-24:00 UTC"}, "2026-11-26T23:00Z", "always", NULL},
        {{"00:00-24:00 UTC"}, "2026-11-26T23:00Z", "always", NULL},
        {{"Thu-Fri 00:00-24:00 UTC"}, "2026-11-26T23:00Z", "2026-11-28 00:00 UTC", NULL},
        /* before 1970 */
        {{"Wed 02:00-04:00 UTC"}, "1970-01-01T00:00Z", NULL, "1970-01-07 02:00 UTC"},
    };
    for (size_t i = 0; i < BR_COUNT_OF(list); i++) {
        br_window w[2];
        size_t count = list[i].windows[1] ? 2 : 1;
        for (size_t k = 0; k < count; k++)
            w[k] = window(list[i].windows[k]);
        br_ns now = at(list[i].now), end = 0;
        bool in = br_windows_contain(w, count, now, &end);
        if (in != (list[i].end != NULL)) fail_msg("%s at %s: inside %d", list[i].windows[0], list[i].now, in);
        const char *got = !in                ? br_utc_text(br_windows_next(w, count, now), &arena).p
                          : end == BR_NS_MAX ? "always"
                                             : br_utc_text(end, &arena).p;
        assert_string_equal(got, in ? list[i].end : list[i].next);
        if (in) assert_true(br_windows_next(w, count, now) == now);
    }
    assert_true(br_windows_contain(NULL, 0, 0, NULL)); /* no window: always */
}

/* The next begin is inside, the minute before it is not; and so it is with ends. */
static void next_is_the_first_instant_inside(void **state)
{
    (void) state;
    static const char *const list[] = {
        "02:00-04:00 UTC", "Mon,Thu 22:17-01:03 UTC", "Sat 23:59-00:01 UTC", "Sun-Tue 00:00-24:00 UTC"};
    const br_ns minute = 60 * BR_SEC, begin = at("2026-11-22T00:00Z");
    for (size_t i = 0; i < BR_COUNT_OF(list); i++) {
        br_window w = window(list[i]);
        bool before = br_windows_contain(&w, 1, begin - minute, NULL);
        br_ns told = 0;
        for (br_ns t = begin; t < begin + 15 * 1440 * minute; t += minute) {
            br_ns end = 0;
            bool in = br_windows_contain(&w, 1, t, &end);
            if (!in) told = br_windows_next(&w, 1, t);
            if (in && !before && told) assert_true(told == t);
            if (in) assert_true(end > t && !br_windows_contain(&w, 1, end, NULL));
            before = in;
        }
    }
}

static void instants_are_read(void **state)
{
    (void) state;
    assert_true(at("1970-01-01T00:00Z") == 0);
    assert_true(at("2026-11-26T02:00Z") == at("2026-11-26 02:00") &&
                at("2026-11-26T02:00") == at("2026-11-26 02:00 UTC"));
    assert_true(at("2026-11-26T03:00:00+01:00") == at("2026-11-26T02:00:00Z"));
    assert_true(at("2026-11-25T23:30-02:30") == at("2026-11-26T02:00Z"));
    assert_true(at("2026-11-26T02:00:01Z") - at("2026-11-26T02:00Z") == BR_SEC);
    static const char *const wrong[] = {"", "now", "2026-11-26", "2026-13-01T00:00Z", "2026-02-29T00:00Z",
        "2026-11-26T24:00Z", "2026-11-26T02:00:60Z", "2026-11-26T02:00 CET", "2026-11-26T02:00Zx",
        "2026-11-26T02:00+25:00", "26-11-2026 02:00", "1969-01-01T00:00Z"};
    for (size_t i = 0; i < BR_COUNT_OF(wrong); i++) {
        br_ns t = -1;
        br_err err = {0};
        if (br_utc_parse(br_str_of(wrong[i]), &t, &err) != BR_ESYNTAX) fail_msg("%s", wrong[i]);
        assert_true(t == -1 && strstr(err.msg, "is no instant"));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(texts_are_read_and_written),
        cmocka_unit_test(wrong_texts_say_what_is_wrong),
        cmocka_unit_test(instants_in_and_out),
        cmocka_unit_test(next_is_the_first_instant_inside),
        cmocka_unit_test(instants_are_read),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
