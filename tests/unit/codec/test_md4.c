/* MD4: the vectors of RFC 1320, appendix A.5, and lengths around the ends of blocks. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>
#include "codec/md4.h"

static void assert_md4(br_str text, const char *want)
{
    uint8_t raw[BR_MD4_BYTES];
    char hex[2 * BR_MD4_BYTES + 1];
    br_md4(text, raw);
    for (size_t i = 0; i < sizeof(raw); i++)
        snprintf(hex + 2 * i, 3, "%02x", raw[i]);
    assert_string_equal(hex, want);
}

static void gives_the_published_hashes(void **state)
{
    (void) state;
    assert_md4(BR_STR_NONE, "31d6cfe0d16ae931b73c59d7e0c089c0");
    assert_md4(BR_STR("a"), "bde52cb31de33e46245e05fbdbd6fb24");
    assert_md4(BR_STR("abc"), "a448017aaf21d8525fc10ae87aa6729d");
    assert_md4(BR_STR("message digest"), "d9130a8164549fe818874806e1c7014b");
    assert_md4(BR_STR("abcdefghijklmnopqrstuvwxyz"), "d79e1c308aa5bbcdeea8ed63df412da9");
    assert_md4(BR_STR("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"),
        "043f8582f241db351ce627e153e7f0e4");
    assert_md4(BR_STR("12345678901234567890123456789012345678901234567890123456789012345678901234567890"),
        "e33b4ddc9c38f2199c3e7b164fcc0536");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(gives_the_published_hashes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
