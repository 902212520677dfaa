/* empire/api/rate_limit.h */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <cmocka.h>
#include "empire/api/rate_limit.h"

#define NOW (1000 * BR_SEC)

static emp_client client(const char *text)
{
    return emp_client_of_text(br_str_of(text));
}

static void takes_a_minutes_requests_at_once(void **state)
{
    (void) state;
    emp_rate_limit *l = emp_rate_limit_new(100);
    for (int i = 0; i < 100; i++) {
        emp_allowance a = emp_rate_limit_take(l, client("10.0.0.1"), NOW);
        assert_true(a.allowed);
        assert_int_equal(a.limit, 100);
        assert_int_equal(a.remaining, 99 - i);
        assert_int_equal(a.retry_after_s, 0);
    }
    emp_allowance over = emp_rate_limit_take(l, client("10.0.0.1"), NOW);
    assert_false(over.allowed);
    assert_int_equal(over.remaining, 0);
    assert_int_equal(over.reset_s, 60);
    assert_int_equal(over.retry_after_s, 1); /* one comes back every 0.6 s */
    assert_true(emp_rate_limit_take(l, client("10.0.0.2"), NOW).allowed);
    emp_rate_limit_free(l);
}

/* Over ten minutes of asking ten times as much, exactly the burst and what came back is allowed. */
static void lets_through_what_the_rate_says(void **state)
{
    (void) state;
    emp_rate_limit *l = emp_rate_limit_new(60);
    int allowed = 0;
    for (int i = 0; i < 6000; i++)
        allowed += emp_rate_limit_take(l, client("::1"), NOW + i * 100 * BR_MS).allowed;
    assert_in_range(allowed, 60 + 599, 60 + 600);
    assert_true(emp_rate_limit_take(l, client("::1"), NOW + 3600 * BR_SEC).remaining == 59);
    emp_rate_limit_free(l);
}

static void knows_clients_by_address(void **state)
{
    (void) state;
    emp_client a = client("192.0.2.7"), mapped = client("::ffff:192.0.2.7");
    assert_memory_equal(&a, &mapped, sizeof(a));
    emp_client one = client("2001:db8:1:2::1"), same = client("2001:db8:1:2:ffff::9"),
               other = client("2001:db8:1:3::1");
    assert_memory_equal(&one, &same, sizeof(one));
    assert_memory_not_equal(&one, &other, sizeof(one));
    emp_client name = client("not an address"), key = emp_client_of_name(BR_STR("ci"));
    assert_memory_not_equal(&name, &key, sizeof(name));
    assert_memory_not_equal(&a, &name, sizeof(a));
}

/* More clients than there are places: memory stays as it is, and nobody new is refused. */
static void forgets_rather_than_grows(void **state)
{
    (void) state;
    emp_rate_limit *l = emp_rate_limit_new(2);
    char text[32];
    for (int i = 0; i < 200000; i++) {
        snprintf(text, sizeof(text), "10.%d.%d.%d", i >> 16, i >> 8 & 255, i & 255);
        if (!emp_rate_limit_take(l, client(text), NOW).allowed) fail_msg("%s was refused", text);
    }
    emp_rate_limit_free(l);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(takes_a_minutes_requests_at_once),
        cmocka_unit_test(lets_through_what_the_rate_says),
        cmocka_unit_test(knows_clients_by_address),
        cmocka_unit_test(forgets_rather_than_grows),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
