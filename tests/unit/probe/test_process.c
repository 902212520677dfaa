#include "probe/process.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

static void test_status(void **state)
{
    (void) state;
    br_process_view v = {0};
    br_str text = BR_STR("Name:\tempire\nVmPeak:\t  20000 kB\nVmRSS:\t    1000 kB\nRssAnon:\t 900 kB\n"
                         "VmSwap:\t      24 kB\nThreads:\t7\nSigQ:\t0/31\n");
    assert_int_equal(br_process_parse_status(text, &v), BR_OK);
    assert_true(v.memory_bytes == 1024 * 1024.0);
    assert_int_equal(v.threads, 7);
    /* A zombie has no VmRSS; a number that is none is no memory. */
    assert_int_equal(br_process_parse_status(BR_STR("Name:\tx\nThreads:\t1\n"), &v), BR_ESYNTAX);
    assert_int_equal(br_process_parse_status(BR_STR("VmRSS:\t many kB\nThreads:\t1\n"), &v), BR_ESYNTAX);
    assert_int_equal(br_process_parse_status(BR_STR("VmRSS:\t 1 kB\nThreads:\tx\n"), &v), BR_ESYNTAX);
    assert_int_equal(br_process_parse_status(BR_STR(""), &v), BR_ESYNTAX);
}

static void test_stat(void **state)
{
    (void) state;
    br_process_view v = {0};
    br_str text = BR_STR(
        "4711 (a) S 1 (b) R 1 4711 4711 0 -1 4194304 1 2 3 4 250 150 0 0 20 0 7 0 123456 1 2\n");
    assert_int_equal(br_process_parse_stat(text, 100, &v), BR_OK);
    assert_true(v.cpu_s == 4);
    assert_int_equal(v.started, 123456);
    assert_int_equal(br_process_parse_stat(BR_STR("4711 (a) R 1 2"), 100, &v), BR_ESYNTAX);
    assert_int_equal(br_process_parse_stat(BR_STR(""), 100, &v), BR_ESYNTAX);
}

static void test_this_process(void **state)
{
    (void) state;
    enum { MORE = 32 << 20 };
    br_process_view before, after;
    br_err err;
    assert_int_equal(br_process_read(getpid(), &before, &err), BR_OK);
    char *memory = mmap(NULL, MORE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    assert_true(memory != MAP_FAILED);
    memset(memory, 1, MORE);
    int fd = open("/", O_RDONLY | O_CLOEXEC);
    assert_int_equal(br_process_read(getpid(), &after, &err), BR_OK);
    assert_true(after.memory_bytes - before.memory_bytes > 0.9 * MORE);
    assert_int_equal(after.descriptors, before.descriptors + 1);
    assert_int_equal(after.started, before.started);
    assert_true(after.cpu_s >= before.cpu_s);
    assert_true(br_process_descriptor_limit(getpid()) >= after.descriptors);
    close(fd);
    munmap(memory, MORE);
}

static void test_names(void **state)
{
    (void) state;
    br_arena arena;
    br_err err = {0};
    pid_t pid = 0;
    br_arena_init(&arena, 256);
    assert_true(br_str_is(br_process_name(getpid(), &arena), "test_probe_proc")); /* 15 bytes of it */
    assert_int_equal(br_process_find(BR_STR("test_probe_process"), &pid, &err), BR_OK);
    assert_int_equal(pid, getpid());
    assert_int_equal(br_process_find(BR_STR("no such process"), &pid, &err), BR_ENOTFOUND);
    assert_non_null(strstr(err.msg, "no process is called 'no such process'"));
    assert_int_equal(br_process_read(0x3ffffff, &(br_process_view){0}, &err), BR_ENOTFOUND);
    br_arena_deinit(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_status),
        cmocka_unit_test(test_stat),
        cmocka_unit_test(test_this_process),
        cmocka_unit_test(test_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
