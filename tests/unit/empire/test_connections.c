/* empire/api/connections.h: how long a connection may take, and what happens to one that takes longer. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>
#include "empire/api/connections.h"

static void knows_the_times(void **state)
{
    (void) state;
    const emp_connection_limits l = {60 * BR_SEC, 30 * BR_SEC, 100};
    assert_int_equal(emp_connection_time(&l, EMP_PHASE_HEAD, 74), 60 * BR_SEC);
    assert_int_equal(emp_connection_time(&l, EMP_PHASE_HEAD, 75), 6 * BR_SEC);
    assert_int_equal(emp_connection_time(&l, EMP_PHASE_BODY, 100), 30 * BR_SEC);
    assert_int_equal(emp_connection_time(&l, EMP_PHASE_SEND, 1), 30 * BR_SEC);
    assert_int_equal(emp_connection_time(&l, EMP_PHASE_SERVED, 100), 0);
    const emp_connection_limits shorter = {3 * BR_SEC, BR_SEC, 4};
    assert_int_equal(emp_connection_time(&shorter, EMP_PHASE_HEAD, 3), BR_SEC);
    const emp_connection_limits least = {BR_SEC / 2, BR_SEC, 4};
    assert_int_equal(emp_connection_time(&least, EMP_PHASE_HEAD, 4), BR_SEC / 2);
}

/* True when the other end of `fd` was shut down within `ms`. */
static bool ends_within(int fd, int ms)
{
    struct pollfd p = {.fd = fd, .events = POLLIN};
    return poll(&p, 1, ms) == 1 && (p.revents & POLLHUP);
}

static void ends_what_takes_too_long(void **state)
{
    (void) state;
    const emp_connection_limits limits = {10 * BR_SEC, 100 * BR_MS, 100};
    emp_connections *c = NULL;
    br_err err;
    int pairs[3][2];
    emp_connection *at[3];
    assert_int_equal(emp_connections_new(&limits, &c, &err), BR_OK);
    for (size_t i = 0; i < 3; i++) {
        assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, pairs[i]), 0);
        at[i] = emp_connections_add(c, pairs[i][0]);
    }
    emp_connection_enter(at[1], EMP_PHASE_SERVED);
    emp_connection_enter(at[2], EMP_PHASE_BODY);
    assert_true(ends_within(pairs[2][1], 5000));
    assert_false(ends_within(pairs[0][1], 0));
    assert_false(ends_within(pairs[1][1], 0));
    assert_int_equal(emp_connections_ended(c), 1);
    emp_connection_enter(at[1], EMP_PHASE_SEND);
    assert_true(ends_within(pairs[1][1], 5000));
    assert_int_equal(emp_connections_ended(c), 2);
    for (size_t i = 0; i < 3; i++) {
        emp_connections_remove(c, at[(i + 1) % 3]);
        close(pairs[i][0]);
        close(pairs[i][1]);
    }
    emp_connections_free(c);
    emp_connections_free(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(knows_the_times),
        cmocka_unit_test(ends_what_takes_too_long),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
