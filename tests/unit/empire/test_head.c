/* empire/api/head.h: what is decided about the fields once they are read. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include "empire/api/head.h"

static void finds_framing_that_can_be_read_twice(void **state)
{
    (void) state;
    assert_null(emp_head_fault(&(emp_head){.hosts = 1}));
    assert_null(emp_head_fault(&(emp_head){.hosts = 1, .encodings = 1, .encoding = "Chunked"}));
    assert_non_null(
        emp_head_fault(&(emp_head){.encodings = 1, .encoding = "chunked", .lengths = 1, .length = "1"}));
    assert_non_null(emp_head_fault(&(emp_head){.lengths = 2, .length = "1"}));
    assert_non_null(emp_head_fault(&(emp_head){.hosts = 2}));
    assert_non_null(emp_head_fault(&(emp_head){.encodings = 1, .encoding = "gzip, chunked"}));
    assert_non_null(emp_head_fault(&(emp_head){.repeated = true}));
    assert_non_null(emp_head_fault(&(emp_head){.malformed = true}));
    assert_null(emp_head_fault(&(emp_head){.is_old = true, .lengths = 1, .length = "1"}));
    assert_non_null(emp_head_fault(&(emp_head){.is_old = true, .encodings = 1, .encoding = "chunked"}));
}

static void checks_the_idempotency_key(void **state)
{
    (void) state;
    char text[65];
    for (size_t i = 0; i < sizeof(text); i++)
        text[i] = 'k';
    assert_null(emp_head_fault(&(emp_head){.idempotency_key = {text, 64}}));
    assert_non_null(emp_head_fault(&(emp_head){.idempotency_key = {text, 65}}));
    assert_non_null(emp_head_fault(&(emp_head){.idempotency_key = BR_STR("")}));
    assert_non_null(emp_head_fault(&(emp_head){.idempotency_key = BR_STR("a b")}));
    assert_non_null(emp_head_fault(&(emp_head){.idempotency_key = BR_STR("\xc3\xa9")}));
}

static void sees_bodies_that_are_too_long(void **state)
{
    (void) state;
    assert_false(emp_head_announces_more(&(emp_head){.lengths = 0}, 10));
    assert_false(emp_head_announces_more(&(emp_head){.length = "10"}, 10));
    assert_true(emp_head_announces_more(&(emp_head){.length = "11"}, 10));
    assert_true(emp_head_announces_more(&(emp_head){.length = "99999999999999999999"}, 10));
    assert_true(emp_head_announces_more(&(emp_head){.length = "-1"}, 10));
}

static void compares_entity_tags(void **state)
{
    (void) state;
    static const struct {
        const char *field;
        bool matches;
    } cases[] = {{"\"a1\"", true}, {"W/\"a1\"", true}, {"\"b\", \"a1\"", true}, {"*", true}, {"\"a\"", false},
        {"a1", false}, {"", false}, {",,", false}};
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        emp_head head = {.if_none_match = br_str_of(cases[i].field)};
        if (emp_head_matches(&head, "\"a1\"") != cases[i].matches) fail_msg("%s", cases[i].field);
    }
    assert_false(emp_head_matches(&(emp_head){.hosts = 1}, "\"a1\""));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(finds_framing_that_can_be_read_twice),
        cmocka_unit_test(checks_the_idempotency_key),
        cmocka_unit_test(sees_bodies_that_are_too_long),
        cmocka_unit_test(compares_entity_tags),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
