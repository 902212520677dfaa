/* codec/tar: what is written can be read, here and by tar; what is damaged is said. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "codec/tar.h"

typedef struct list {
    br_buf text; /* name=content; */
    size_t stop_after;
    size_t seen;
} list;

static bool note(void *ctx, br_str name, br_str content)
{
    list *l = ctx;
    (void) br_buf_printf(&l->text, BR_FMT "=" BR_FMT ";", BR_ARG(name), BR_ARG(content));
    return ++l->seen != l->stop_after;
}

static br_code walk(br_str bytes, list *l, br_err *err)
{
    br_arena arena;
    br_arena_init(&arena, 1024);
    br_buf_init(&l->text, BR_BUF_NO_LIMIT);
    br_code code = br_tar_walk(&arena, bytes, note, l, err);
    br_arena_deinit(&arena);
    return code;
}

/* Names of every form: short, cut at a folder, too long for either. */
static void names_and_contents_survive(void **state)
{
    (void) state;
    static const size_t lengths[] = {1, 99, 100, 101, 155, 200, 256, 257, 990, 1000, 4096};
    br_buf tar, expected;
    br_buf_init(&tar, BR_BUF_NO_LIMIT);
    br_buf_init(&expected, BR_BUF_NO_LIMIT);
    for (size_t i = 0; i < BR_COUNT_OF(lengths); i++) {
        for (size_t folder = 0; folder < 2; folder++) {
            char name[4097];
            memset(name, 'n', sizeof(name));
            name[lengths[i]] = '\0';
            if (folder && lengths[i] > 60) name[lengths[i] - 50] = '/';
            char content[600];
            memset(content, 'c', sizeof(content));
            content[i * 51] = '\0';
            assert_int_equal(br_tar_put(&tar, br_str_of(name), br_str_of(content), 1000 * BR_SEC), BR_OK);
            (void) br_buf_printf(&expected, "%s=%s;", name, content);
        }
    }
    assert_int_equal(br_tar_finish(&tar), BR_OK);
    assert_int_equal(tar.len % 512, 0);
    assert_true(br_tar_is(br_buf_view(&tar)));
    list l = {0};
    assert_int_equal(walk(br_buf_view(&tar), &l, NULL), BR_OK);
    assert_string_equal(l.text.data, expected.data);
    br_buf_deinit(&l.text);
    br_buf_deinit(&tar);
    br_buf_deinit(&expected);
}

static void damage_is_said(void **state)
{
    (void) state;
    br_buf tar;
    br_buf_init(&tar, BR_BUF_NO_LIMIT);
    assert_int_equal(br_tar_put(&tar, BR_STR("a"), BR_STR("content"), 0), BR_OK);
    assert_int_equal(br_tar_put(&tar, BR_STR("b"), BR_STR("more"), 0), BR_OK);
    br_str whole = br_buf_view(&tar);
    br_err err = {0};
    list l = {0};
    assert_int_equal(walk(br_str_sub(whole, 0, 515), &l, &err), BR_ESYNTAX);
    assert_non_null(strstr(err.msg, "ends within a file at offset 512"));
    br_buf_deinit(&l.text);
    tar.data[1024 + 3] = 'x'; /* in the second name: the sum is wrong then */
    assert_int_equal(walk(whole, &l, &err), BR_ESYNTAX);
    assert_string_equal(l.text.data, "a=content;");
    assert_non_null(strstr(err.msg, "no header at offset 1024"));
    br_buf_deinit(&l.text);
    l = (list){.stop_after = 1};
    assert_int_equal(walk(whole, &l, &err), BR_ECANCEL);
    br_buf_deinit(&l.text);
    assert_false(br_tar_is(BR_STR("export default function () {}")));
    br_buf_deinit(&tar);
}

static void limits_hold(void **state)
{
    (void) state;
    static char name[5000];
    memset(name, 'n', sizeof(name));
    br_buf tar;
    br_buf_init(&tar, 2000);
    assert_int_equal(br_tar_put(&tar, (br_str){name, sizeof(name)}, BR_STR(""), 0), BR_ELIMIT);
    assert_int_equal(br_tar_put(&tar, BR_STR("a"), (br_str){name, 3000}, 0), BR_ELIMIT);
    br_buf_deinit(&tar);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_and_contents_survive),
        cmocka_unit_test(damage_is_said),
        cmocka_unit_test(limits_hold),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
