/* The examples of FIPS 180-4 and, for lengths around a block, what sha256sum says. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/sha256.h"

static void check(br_str text, size_t step, const char *want)
{
    br_sha256 h;
    char hex[BR_SHA256_HEX + 1];
    br_sha256_init(&h);
    for (size_t at = 0; at < text.n; at += step)
        br_sha256_feed(&h, br_str_sub(text, at, at + step));
    br_sha256_finish(&h, hex);
    assert_string_equal(hex, want);
}

static void test_examples(void **state)
{
    (void) state;
    check(BR_STR(""), 1, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    check(BR_STR("abc"), 3, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    br_str two_blocks = BR_STR("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq");
    for (size_t step = 1; step <= 56; step++)
        check(two_blocks, step, "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
}

static void test_million(void **state)
{
    (void) state;
    static char text[1000000];
    memset(text, 'a', sizeof(text));
    const char *want = "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0";
    check((br_str){text, sizeof(text)}, sizeof(text), want);
    check((br_str){text, sizeof(text)}, 1013, want);
}

static void test_around_a_block(void **state)
{
    (void) state;
    static const struct {
        size_t n;
        const char *want;
    } cases[] = {
        {55, "d5e285683cd4efc02d021a5c62014694958901005d6f71e89e0989fac77e4072"},
        {56, "04c26261370ee7541549d16dee320c723e3fd14671e66a099afe0a377c16888e"},
        {57, "ae14a2563ccf969d99aca69ce6bb74981f734bbf9f655f73b8f06db68cab5217"},
        {63, "75220b47218278e656f2013bb8f0c455a25eaf01e86c64924e9d48d89776d6f2"},
        {64, "7ce100971f64e7001e8fe5a51973ecdfe1ced42befe7ee8d5fd6219506b5393c"},
        {65, "9537c5fdf120482f7d58d25e9ed583f52c02b4e304ea814db1633ad565aed7e9"},
        {119, "000b48d4edf0fa7bee3c6236ecd2785baa5db4eeb8bb54341b029e0d9fa5fb0c"},
        {120, "13f05a0b594787f5ecd315edc96141bd3243203d1b7d4f0836f37308b276ba98"},
        {128, "24da1b81d0b16df6428eee73c69fcb2a93c76bc6df706f0c6670fe6bfe800464"},
    };
    char text[130];
    memset(text, 'x', sizeof(text));
    for (size_t i = 0; i < BR_COUNT_OF(cases); i++)
        check((br_str){text, cases[i].n}, 17, cases[i].want);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_examples),
        cmocka_unit_test(test_million),
        cmocka_unit_test(test_around_a_block),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
