/* codec/multipart.h: bodies of multipart/form-data, byte by byte as Go writes them. */
#include "codec/multipart.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

typedef struct form {
    br_multipart m;
    br_buf out;
} form;

static void form_init(form *f, size_t limit)
{
    br_buf_init(&f->out, limit);
    br_multipart_init(&f->m, &f->out);
}

/* In `want` a * stands for the boundary. Ends the form. */
static void assert_body(form *f, const char *want)
{
    char text[2000];
    size_t n = 0;
    assert_int_equal(br_multipart_end(&f->m), BR_OK);
    for (const char *p = want; *p; p++) {
        bool mark = *p == '*';
        memcpy(text + n, mark ? f->m.boundary : p, mark ? BR_BOUNDARY_BYTES : 1);
        n += mark ? BR_BOUNDARY_BYTES : 1;
    }
    assert_int_equal(f->out.len, n);
    assert_memory_equal(f->out.data, text, n);
    br_buf_deinit(&f->out);
}

static void fields(void **state)
{
    (void) state;
    form f;
    form_init(&f, BR_BUF_NO_LIMIT);
    assert_int_equal(br_multipart_put_field(&f.m, BR_STR("user"), BR_STR("jane")), BR_OK);
    assert_int_equal(br_multipart_put_field(&f.m, BR_STR("note"), BR_STR("two\r\nlines")), BR_OK);
    assert_int_equal(br_multipart_put_field(&f.m, BR_STR(""), BR_STR("")), BR_OK);
    assert_body(&f, "--*\r\nContent-Disposition: form-data; name=\"user\"\r\n\r\njane"
                    "\r\n--*\r\nContent-Disposition: form-data; name=\"note\"\r\n\r\ntwo\r\nlines"
                    "\r\n--*\r\nContent-Disposition: form-data; name=\"\"\r\n\r\n"
                    "\r\n--*--\r\n");
}

static void files(void **state)
{
    (void) state;
    form f;
    form_init(&f, BR_BUF_NO_LIMIT);
    assert_int_equal(br_multipart_put_file(&f.m, BR_STR("photo"), BR_STR("cat.png"), BR_STR("image/png"),
                         (br_str){"\x89P\0G", 4}),
        BR_OK);
    assert_int_equal(br_multipart_put_field(&f.m, BR_STR("n"), BR_STR("1")), BR_OK);
    assert_int_equal(br_multipart_end(&f.m), BR_OK);
    static const char head[] = "\r\nContent-Disposition: form-data; name=\"photo\"; filename=\"cat.png\"\r\n"
                               "Content-Type: image/png\r\n\r\n\x89P\0G\r\n--";
    assert_memory_equal(f.out.data + 2 + BR_BOUNDARY_BYTES, head, sizeof(head) - 1);
    br_buf_deinit(&f.out);
}

static void without_parts(void **state)
{
    (void) state;
    form f;
    form_init(&f, BR_BUF_NO_LIMIT);
    assert_body(&f, "--*--\r\n");
}

/* What a script gives as a name or type ends neither its quotes nor its line. */
static void names_are_escaped(void **state)
{
    (void) state;
    form f;
    form_init(&f, BR_BUF_NO_LIMIT);
    assert_int_equal(br_multipart_put_file(&f.m, BR_STR("a\"b\\c"), BR_STR("x\r\ny\""),
                         BR_STR("text/plain\r\nX-Evil: 1"), BR_STR("z")),
        BR_OK);
    assert_body(&f,
        "--*\r\nContent-Disposition: form-data; name=\"a\\\"b\\\\c\"; filename=\"x%0D%0Ay\\\"\"\r\n"
        "Content-Type: text/plainX-Evil: 1\r\n\r\nz\r\n--*--\r\n");
}

static void boundaries_differ(void **state)
{
    (void) state;
    form a, b;
    form_init(&a, BR_BUF_NO_LIMIT);
    form_init(&b, BR_BUF_NO_LIMIT);
    assert_string_not_equal(a.m.boundary, b.m.boundary);
    assert_int_equal(strlen(a.m.boundary), BR_BOUNDARY_BYTES);
    assert_int_equal(strspn(a.m.boundary, "0123456789abcdef"), BR_BOUNDARY_BYTES);
}

static void keeps_to_the_limit(void **state)
{
    (void) state;
    static const char big[5000];
    form f;
    form_init(&f, 1000);
    assert_int_equal(br_multipart_put_field(&f.m, BR_STR("n"), BR_STR("1")), BR_OK);
    assert_int_equal(br_multipart_put_field(&f.m, BR_STR("n"), (br_str){big, sizeof(big)}), BR_ELIMIT);
    br_buf_deinit(&f.out);
    form_init(&f, 100);
    assert_int_equal(
        br_multipart_put_file(&f.m, BR_STR("n"), BR_STR("f"), BR_STR("t"), BR_STR("1")), BR_ELIMIT);
    br_buf_deinit(&f.out);
    form_init(&f, 10);
    assert_int_equal(br_multipart_end(&f.m), BR_ELIMIT);
    br_buf_deinit(&f.out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(fields),
        cmocka_unit_test(files),
        cmocka_unit_test(without_parts),
        cmocka_unit_test(names_are_escaped),
        cmocka_unit_test(boundaries_differ),
        cmocka_unit_test(keeps_to_the_limit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
