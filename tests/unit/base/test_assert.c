#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/assert.h"

/* Runs `fn` in a child; returns its wait status and what it printed to stderr. */
static int run_child(void (*fn)(void), char *text, size_t size)
{
    int fds[2];
    assert_int_equal(pipe(fds), 0);
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        dup2(fds[1], STDERR_FILENO);
        fn();
        _exit(0);
    }
    close(fds[1]);
    ssize_t n = read(fds[0], text, size - 1);
    text[n > 0 ? n : 0] = '\0';
    close(fds[0]);
    int status;
    assert_int_equal(waitpid(pid, &status, 0), pid);
    return status;
}

static void fail_assert(void)
{
    signal(SIGABRT, SIG_DFL);
    int two = 2;
    BR_ASSERT(two == 3);
}

static void pass_assert(void)
{
    int two = 2;
    BR_ASSERT(two == 2);
}

static void reach(void)
{
    signal(SIGABRT, SIG_DFL);
    BR_UNREACHABLE("state 7");
}

static void test_failing_assertion_names_its_place_and_aborts(void **state)
{
    (void) state;
    char text[256];
    int status = run_child(fail_assert, text, sizeof(text));
    assert_true(WIFSIGNALED(status));
    assert_int_equal(WTERMSIG(status), SIGABRT);
    assert_non_null(strstr(text, "test_assert.c:"));
    assert_non_null(strstr(text, "two == 3"));
}

static void test_true_assertion_is_silent(void **state)
{
    (void) state;
    char text[256];
    assert_int_equal(run_child(pass_assert, text, sizeof(text)), 0);
    assert_string_equal(text, "");
}

static void test_unreachable_says_why(void **state)
{
    (void) state;
    char text[256];
    int status = run_child(reach, text, sizeof(text));
    assert_true(WIFSIGNALED(status));
    assert_non_null(strstr(text, "unreachable: state 7"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_failing_assertion_names_its_place_and_aborts),
        cmocka_unit_test(test_true_assertion_is_silent),
        cmocka_unit_test(test_unreachable_says_why),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
