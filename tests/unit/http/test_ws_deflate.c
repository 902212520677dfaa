/* http/ws_deflate.h: the examples of RFC 7692, what comes back, limits, bytes that are no deflate. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include "base/random.h"
#include "http/ws_deflate.h"

#define BYTES(literal) ((br_str){"" literal, sizeof(literal) - 1})

static void expect(br_str packed, const char *want)
{
    br_buf out;
    br_buf_init(&out, 1000);
    assert_int_equal(br_ws_inflate(packed, &out), BR_OK);
    assert_string_equal(out.data ? out.data : "", want);
    br_buf_deinit(&out);
}

/* RFC 7692 section 7.2.3: compressed, stored, with the final bit, in two blocks. */
static void test_examples(void **state)
{
    (void) state;
    expect(BYTES("\xf2\x48\xcd\xc9\xc9\x07\x00"), "Hello");
    expect(BYTES("\x00\x05\x00\xfa\xff\x48\x65\x6c\x6c\x6f\x00"), "Hello");
    expect(BYTES("\xf3\x48\xcd\xc9\xc9\x07\x00\x00"), "Hello");
    expect(BYTES("\xf2\x48\x05\x00\x00\x00\xff\xff\xca\xc9\xc9\x07\x00"), "Hello");
    expect(BYTES("\x00"), "");
    expect(BYTES("\xf3\x48\xcd\xc9\xc9\x07\x00"), "Hello"); /* without the byte behind the last block */
}

static void there_and_back(br_str bytes)
{
    br_buf packed, out;
    br_buf_init(&packed, BR_BUF_NO_LIMIT);
    br_buf_init(&out, bytes.n);
    br_ws_deflate(bytes, &packed);
    assert_int_equal(br_ws_inflate(br_buf_view(&packed), &out), BR_OK);
    assert_true(br_str_eq(br_buf_view(&out), bytes));
    br_buf_deinit(&packed);
    br_buf_deinit(&out);
}

static void test_there_and_back(void **state)
{
    (void) state;
    br_random random;
    br_buf bytes;
    br_buf_init(&bytes, BR_BUF_NO_LIMIT);
    br_random_seed(&random, 1);
    there_and_back(BR_STR(""));
    there_and_back(BR_STR("a"));
    for (size_t n = 10; n < 1000000; n = n * 3) { /* half of it does not compress */
        while (bytes.len < n)
            assert_int_equal(
                br_buf_putc(&bytes, bytes.len % 64 < 32 ? 'x' : (char) br_random_u64(&random)), BR_OK);
        there_and_back(br_buf_view(&bytes));
    }
    br_buf_deinit(&bytes);
}

static void test_limits(void **state)
{
    (void) state;
    br_buf zeros, once, out;
    br_buf_init(&zeros, BR_BUF_NO_LIMIT);
    br_buf_init(&once, BR_BUF_NO_LIMIT);
    assert_int_equal(br_buf_reserve(&zeros, (size_t) 4 << 20), BR_OK);
    memset(zeros.data, 0, (size_t) 4 << 20);
    zeros.len = (size_t) 4 << 20;
    br_ws_deflate(br_buf_view(&zeros), &once);
    br_buf_init(&out, zeros.len); /* just enough; a ratio of 1000 is not possible with deflate's 1032 : 1 */
    br_code code = br_ws_inflate(br_buf_view(&once), &out);
    assert_int_equal(code, once.len * BR_WS_RATIO_MAX < zeros.len ? BR_ELIMIT : BR_OK);
    br_buf_deinit(&out);
    br_buf_init(&out, zeros.len - 1);
    assert_int_equal(br_ws_inflate(br_buf_view(&once), &out), BR_ELIMIT);
    br_buf_deinit(&out);
    br_buf_deinit(&zeros);
    br_buf_deinit(&once);
}

static void test_garbage(void **state)
{
    (void) state;
    br_buf out;
    br_buf_init(&out, 1000);
    assert_int_equal(br_ws_inflate(BR_STR("garbage is no deflate"), &out), BR_ESYNTAX);
    assert_int_equal(
        br_ws_inflate(BYTES("\x00\x32\x00\xcd\xff\x48"), &out), BR_ESYNTAX); /* a block that is cut */
    br_buf_deinit(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_examples),
        cmocka_unit_test(test_there_and_back),
        cmocka_unit_test(test_limits),
        cmocka_unit_test(test_garbage),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
