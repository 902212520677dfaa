#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/mem.h"

static void test_zero_bytes_are_a_pointer(void **state)
{
    (void) state;
    void *p = br_malloc(0);
    assert_non_null(p);
    p = br_realloc(p, 0);
    assert_non_null(p);
    br_free(p);
    void *q = br_calloc(0, 8);
    assert_non_null(q);
    br_free(q);
    br_free(NULL);
}

static void test_calloc_zeroes_and_realloc_keeps(void **state)
{
    (void) state;
    uint32_t *v = BR_NEW_ARRAY(uint32_t, 100);
    for (size_t i = 0; i < 100; i++) {
        assert_int_equal(v[i], 0);
        v[i] = (uint32_t) i;
    }
    v = br_realloc(v, 10000 * sizeof(*v));
    for (size_t i = 0; i < 100; i++) {
        assert_int_equal(v[i], i);
    }
    br_free(v);
}

static void test_copies_of_strings(void **state)
{
    (void) state;
    char *s = br_strdup("hello");
    assert_string_equal(s, "hello");
    char *part = br_strndup(s + 1, 3);
    assert_string_equal(part, "ell");
    char *with_nul = br_strndup("a\0b", 3);
    assert_memory_equal(with_nul, "a\0b\0", 4);
    char *empty = br_strndup(NULL, 0);
    assert_string_equal(empty, "");
    br_free(s);
    br_free(part);
    br_free(with_nul);
    br_free(empty);
}

static void test_overflow_of_a_product_aborts(void **state)
{
    (void) state;
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        signal(SIGABRT, SIG_DFL);
        close(STDERR_FILENO);
        volatile size_t count = SIZE_MAX / 4;
        br_free(br_calloc(count, 8));
        _exit(0);
    }
    int status;
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_zero_bytes_are_a_pointer),
        cmocka_unit_test(test_calloc_zeroes_and_realloc_keeps),
        cmocka_unit_test(test_copies_of_strings),
        cmocka_unit_test(test_overflow_of_a_product_aborts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
