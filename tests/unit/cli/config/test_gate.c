/* The gate in front of an environment: approval, window, notice, and when a refusal would be none. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include "cli/config/gate.h"

#define HOUR (3600 * BR_SEC)

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
    assert_int_equal(br_utc_parse(br_str_of(text), &t, NULL), BR_OK);
    return t;
}

static br_environment production(br_window *window)
{
    assert_int_equal(br_window_parse(BR_STR("Mon-Fri 02:00-04:00 UTC"), window, NULL), BR_OK);
    return (br_environment){.name = BR_STR("production"),
        .approval = true,
        .windows = window,
        .window_count = 1,
        .notice = 24 * HOUR};
}

/* 2026-11-26 is a Thursday. */
static void refusals_say_what_is_missing_and_when(void **state)
{
    (void) state;
    static const struct {
        br_gate_claim claim;
        const char *now, *message;
    } list[] = {
        {{NULL, NULL}, "2026-11-26T12:00:30Z",
            "environment production may not be tested now: approval is missing: give --approve \"who, why\"; "
            "stakeholders must be told 24h ahead: tell them, then give --told-at INSTANT; 2026-11-26 12:00 UTC is "
            "outside of the window (Mon-Fri 02:00-04:00 UTC); allowed from 2026-11-30 02:00 UTC on if they "
            "are told now"},
        {{"Ada, release", "2026-11-26T01:00Z"}, "2026-11-26T12:00Z",
            "environment production may not be tested now: stakeholders were told at 2026-11-26 01:00 UTC, which is "
            "less than 24h ago; 2026-11-26 12:00 UTC is outside of the window (Mon-Fri 02:00-04:00 UTC); allowed "
            "from 2026-11-27 02:00 UTC on"},
        /* the notice ends in the window */
        {{"Ada, release", "2026-11-26T03:00:30Z"}, "2026-11-27T02:30Z",
            "environment production may not be tested now: stakeholders were told at 2026-11-26 03:00 UTC, which is "
            "less than 24h ago; allowed from 2026-11-27 03:01 UTC on"},
        {{NULL, "2026-11-20T02:00Z"}, "2026-11-26T02:00Z",
            "environment production may not be tested now: approval is missing: give --approve \"who, why\"; allowed "
            "now, once that is given"},
        {{"Ada, release", "2026-11-20T02:00Z"}, "2026-11-26T04:00Z",
            "environment production may not be tested now: 2026-11-26 04:00 UTC is outside of the window (Mon-Fri "
            "02:00-04:00 UTC); allowed from 2026-11-27 02:00 UTC on"},
    };
    br_window w;
    br_environment e = production(&w);
    for (size_t i = 0; i < BR_COUNT_OF(list); i++) {
        br_gate_pass p = {.told_at = -1};
        br_err err = {0};
        assert_int_equal(br_gate_check(&e, &list[i].claim, at(list[i].now), 0, &arena, &p, &err), BR_EACCESS);
        assert_string_equal(err.msg, list[i].message);
        assert_true(p.told_at == -1);
    }
}

static void what_is_claimed_is_on_record(void **state)
{
    (void) state;
    br_window w;
    br_environment e = production(&w);
    br_gate_claim claim = {" Ada Lovelace , release 2.1, again ", "2026-11-25T02:30Z"};
    br_gate_pass p;
    br_err err = {0};
    br_ns now = at("2026-11-26T02:30Z");
    if (br_gate_check(&e, &claim, now, HOUR, &arena, &p, &err) != BR_OK) fail_msg("%s", err.msg);
    assert_true(br_str_is(p.approver, "Ada Lovelace") && br_str_is(p.reason, "release 2.1, again"));
    assert_true(p.window_end == at("2026-11-26T04:00Z") && p.warning.n == 0);
    assert_string_equal(br_gate_text(&p, &arena).p,
        "approved by Ada Lovelace (release 2.1, again), stakeholders told at 2026-11-25 02:30 UTC");
    assert_int_equal(br_gate_check(&e, &claim, now, 2 * HOUR, &arena, &p, &err), BR_OK);
    assert_string_equal(p.warning.p,
        "the test takes 2h and goes on beyond the window of environment production, "
        "which ends at 2026-11-26 04:00 UTC");
}

static void malformed_claims_are_no_refusals(void **state)
{
    (void) state;
    static const struct {
        br_gate_claim claim;
        br_code code;
        const char *message;
    } list[] = {
        {{"Ada", NULL}, BR_EINVAL, "for --approve: name who approved and why"},
        {{"Ada,", NULL}, BR_EINVAL, "for --approve"},
        {{" , because", NULL}, BR_EINVAL, "for --approve"},
        {{NULL, "yesterday"}, BR_ESYNTAX, "--told-at: \"yesterday\" is no instant"},
        {{NULL, "2026-11-26T02:31Z"}, BR_EINVAL, "is in the future"},
    };
    br_environment open = {.name = BR_STR("local")};
    for (size_t i = 0; i < BR_COUNT_OF(list); i++) {
        br_gate_pass p;
        br_err err = {0};
        assert_int_equal(
            br_gate_check(&open, &list[i].claim, at("2026-11-26T02:30Z"), 0, &arena, &p, &err), list[i].code);
        if (!strstr(err.msg, list[i].message)) fail_msg("%s", err.msg);
    }
}

static void an_open_environment_asks_for_nothing(void **state)
{
    (void) state;
    br_environment open = {.name = BR_STR("local")};
    br_gate_claim nothing = {NULL, NULL};
    br_gate_pass p;
    br_err err = {0};
    assert_int_equal(br_gate_check(&open, &nothing, 0, 100 * HOUR, &arena, &p, &err), BR_OK);
    assert_true(br_gate_text(&p, &arena).n == 0 && p.warning.n == 0 && p.window_end == BR_NS_MAX);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(refusals_say_what_is_missing_and_when),
        cmocka_unit_test(what_is_claimed_is_on_record),
        cmocka_unit_test(malformed_claims_are_no_refusals),
        cmocka_unit_test(an_open_environment_asks_for_nothing),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
