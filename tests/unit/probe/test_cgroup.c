#include "probe/cgroup.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "base/file.h"

static void test_parsers(void **state)
{
    (void) state;
    double v = 0;
    br_str text = BR_STR("anon 1048576\nfile 77\nanon_thp 5\n");
    assert_true(br_cgroup_parse_flat(text, BR_STR("anon"), &v) && v == 1048576);
    assert_true(br_cgroup_parse_flat(text, BR_STR("anon_thp"), &v) && v == 5);
    assert_false(br_cgroup_parse_flat(text, BR_STR("ano"), &v));
    assert_false(br_cgroup_parse_flat(BR_STR("anon many"), BR_STR("anon"), &v));
    assert_true(br_cgroup_parse_cpu_max(BR_STR("50000 100000\n")) == 0.5);
    assert_true(br_cgroup_parse_cpu_max(BR_STR("max 100000\n")) == 0);
    assert_true(br_cgroup_parse_cpu_max(BR_STR("1 0")) == 0);
    assert_true(br_cgroup_parse_cpu_max(BR_STR("")) == 0);
}

static void put(const char *folder, const char *name, const char *text)
{
    char path[200];
    snprintf(path, sizeof(path), "%s/%s", folder, name);
    assert_int_equal(br_file_write(path, br_str_of(text), NULL), BR_OK);
}

static void drop(const char *folder, const char *name)
{
    char path[200];
    snprintf(path, sizeof(path), "%s/%s", folder, name);
    unlink(path);
}

static void test_folder(void **state)
{
    (void) state;
    char folder[] = "/tmp/brunt-cgroup-XXXXXX";
    br_err err = {0};
    br_cgroup_view v;
    assert_non_null(mkdtemp(folder));
    assert_int_equal(br_cgroup_read(br_str_of(folder), &v, &err), BR_ENOTFOUND);
    put(folder, "memory.stat", "anon 2000\nfile 500\n");
    put(folder, "memory.current", "3000\n");
    put(folder, "memory.max", "max\n");
    put(folder, "cpu.stat", "usage_usec 1500000\nuser_usec 1\nnr_throttled 3\nthrottled_usec 250000\n");
    assert_int_equal(br_cgroup_read(br_str_of(folder), &v, &err), BR_OK);
    assert_true(v.memory_bytes == 2000 && v.charged_bytes == 3000 && v.memory_limit == 0);
    assert_true(v.cpu_s == 1.5 && v.throttled_s == 0.25 && v.cpu_limit_cores == 0);
    put(folder, "memory.max", "536870912\n");
    put(folder, "cpu.max", "200000 100000\n");
    assert_int_equal(br_cgroup_read(br_str_of(folder), &v, &err), BR_OK);
    assert_true(v.memory_limit == 536870912 && v.cpu_limit_cores == 2);
    put(folder, "cpu.stat", "nothing\n");
    assert_int_equal(br_cgroup_read(br_str_of(folder), &v, &err), BR_ESYNTAX);
    static const char *const names[] = {"memory.stat", "memory.current", "memory.max", "cpu.stat", "cpu.max"};
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        drop(folder, names[i]);
    assert_int_equal(rmdir(folder), 0);
}

static void test_paths(void **state)
{
    (void) state;
    br_arena arena;
    br_str folder;
    br_err err = {0};
    br_arena_init(&arena, 256);
    assert_int_equal(br_cgroup_find(BR_STR("/no/such.service"), &arena, &folder, &err), BR_ENOTFOUND);
    assert_non_null(strstr(err.msg, "/sys/fs/cgroup/no/such.service"));
    assert_int_equal(br_cgroup_find(BR_STR("/../../etc"), &arena, &folder, &err), BR_EINVAL);
    br_arena_deinit(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_parsers),
        cmocka_unit_test(test_folder),
        cmocka_unit_test(test_paths),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
